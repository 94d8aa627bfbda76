"""What programs call: the same things the command does, with values instead of options."""

from __future__ import annotations

import re
from collections import abc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import ScanConfig
from scanner.datasets import Dataset, Role, is_address
from scanner.errors import UsageError
from scanner.events import Watcher, unwatched
from scanner.releases import name_of
from scanner.runner.scanning import ScanRequest, ScanResult, check_names, run_scan
from scanner.runner.sources import open_shards
from scanner.shards import ShardBatch, scan_shard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from manifests.words import Lang
    from scanner.coverage import ScannedShard
    from scanner.identity import Identity

Source = str | Path


def scan(
    portfolio: Sequence[Source] | Source,
    datasets: Mapping[str, Source] | Sequence[Dataset] | Source,
    *,
    identity: Identity | None = None,
    config: ScanConfig | None = None,
    out: Source | None = None,
    workers: int | None = None,
    lang: Lang = "en",
    watch: Watcher = unwatched,
) -> ScanResult:
    """Compare works with datasets and write an evidence package.

    Worker processes are spawned, so a script calls this under ``if __name__ == "__main__":``.

    Args:
        portfolio: folders of pictures, picture files, ``works.csv`` lists.
        datasets: sources by name, or one source, named after its last component; ``Dataset`` values where a layout, columns
            or a release are to be said as well.
        identity: what the artist declares (``scanner.identity.parse_identity``).
        config: settings; the defaults where left out.
        out: where the package goes (``runner.destination``); the current folder where left out.
        workers: processes; one for each core where left out.
        lang: language of report and tables.
        watch: is told of the progress (``scanner.events``).

    Raises:
        ScannerError: see ``scanner.errors``; a scan with gaps is no error, ``result.incomplete`` names them.
    """
    sources = [portfolio] if isinstance(portfolio, str | Path) else portfolio
    chosen = tuple(_chosen(datasets))
    check_names(chosen)
    request = ScanRequest(
        portfolio=tuple(str(source) for source in sources),
        datasets=chosen,
        identity=identity,
        config=config or ScanConfig(),
        out=None if out is None else Path(out),
        workers=workers,
        lang=lang,
        command=("scanner.scan",),
    )
    return run_scan(request, watch)


def _chosen(datasets: Mapping[str, Source] | Sequence[Dataset] | Source) -> Iterator[Dataset]:
    if isinstance(datasets, str | Path):
        datasets = {dataset_name(datasets): datasets}
    if not isinstance(datasets, abc.Mapping):
        yield from datasets
        return
    yield from (Dataset(name=name, source=str(source)) for name, source in datasets.items())


def dataset_name(source: Source) -> str:
    """The name of a dataset given without one: its last component, other characters than ``[A-Za-z0-9._-]`` as ``-``.

    >>> dataset_name("data/laion 400m/")
    'laion-400m'
    """
    if is_address(str(source)):
        return name_of(str(source))
    return re.sub(r"[^A-Za-z0-9._-]", "-", Path(source).absolute().name) or "dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDataset:
    """A dataset whose shards are found and their layouts recognised; reading begins with ``batches``."""

    dataset: Dataset
    shards: tuple[ScannedShard, ...]

    @property
    def roles(self) -> frozenset[Role]:
        """What at least one shard has a column for."""
        return frozenset().union(*(each.opened.roles for each in self.shards if each.opened is not None))

    def batches(self, roles: Collection[Role | str]) -> Iterator[ShardBatch]:
        """All rows of all shards, in file order, under the names of ``roles``; columns that a shard lacks are left out.

        Raises:
            ValueError: an unknown role.
            ShardError: a shard is damaged; after the rows before the damage.
        """
        wanted = frozenset(Role(role) for role in roles)
        for each in self.shards:
            if each.opened is not None:
                for part in each.opened.parts(1 << 20):
                    yield from scan_shard(each.opened, part, wanted & each.opened.roles)


def open_dataset(
    source: Source,
    *,
    name: str | None = None,
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    config: ScanConfig | None = None,
) -> OpenDataset:
    """Find the shards of a dataset and recognise their layout.

    Args:
        source: a file, folder or glob on this machine, or the address of a remote dataset of parquet files.
        name: what the evidence calls it; its last component where left out.
        layout: read it as this layout (``scanner.layouts.LAYOUTS``).
        columns: role -> column, over what the layout says.
        config: how remote addresses are reached.

    Raises:
        UsageError: it is not there, or no layout fits (``LayoutUnknown``, with the columns and how to map them).
    """
    dataset = Dataset(name=name or dataset_name(source), source=str(source), layout=layout, columns=dict(columns or {}))
    shards = open_shards((dataset,), unwatched, config)
    for each in shards:
        if each.to_download:
            raise UsageError(
                f"{each.shard.name} cannot be read where it is: of remote files only parquet can be read in part",
                hint="Download it and give the file; a scan does so itself.",
            )
    return OpenDataset(dataset=shards[0].shard.dataset if shards else dataset, shards=tuple(shards))
