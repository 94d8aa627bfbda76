"""The shards of the datasets, opened: which files are shards, which layout each has, which cannot be had and why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from scanner.config import ScanConfig
from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Shard, ShardKind, is_address
from scanner.errors import LayoutUnknown, NetworkOff, ShardError, UsageError
from scanner.events import Noticed, Watcher
from scanner.releases import list_release
from scanner.shards import list_shards, open_shard
from scanner.shards.folders import sort_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.datasets import Dataset, Role
    from scanner.shards import OpenShard, Skipped

OPENED_AT_ONCE = 8  # remote shards


def say_what_cannot_be_compared(shards: Sequence[ScannedShard], wanted: frozenset[Role], watch: Watcher) -> None:
    """Tell the user, before the scan, of columns and shards in which nothing can be looked for; equal sentences once."""
    said: dict[tuple[str, str], list[str]] = {}
    for each in shards:
        for sentence in _not_compared(each.opened, wanted) if each.opened is not None else ():
            said.setdefault((each.shard.dataset.name, sentence), []).append(each.shard.name)
    for (dataset, sentence), names in said.items():
        others = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        watch(Noticed(text=f"{dataset}/{names[0]}{others}: {sentence}"))


def _not_compared(opened: OpenShard, wanted: frozenset[Role]) -> Iterator[str]:
    yield from opened.warnings
    for checked in opened.checked:
        if checked.refused is not None:
            yield f"column {checked.column} is not compared: {checked.refused}."
    for offer in opened.offers:
        option = f"--columns {offer.algorithm}={offer.column}"
        yield f"column {offer.column} is not compared; if it is a hash of the pictures, say so: {option}"
    if not wanted & opened.roles:
        yield (
            "it holds neither hashes nor pictures, so nothing in it can be compared with the works. "
            "Declare where they were published: --identity FILE, or published_url in a works.csv."
        )


def open_shards(datasets: Sequence[Dataset], watch: Watcher, config: ScanConfig | None = None) -> list[ScannedShard]:
    """Open every shard of every dataset, in scan order (datasets as given, shards by name).

    A shard that cannot be opened is a gap; one file of a folder that is no dataset at all is skipped and named.  A remote dataset is
    listed by its host: its parquet files are opened where they are, other files wait for ``downloading`` (``to_download``), and what
    is not given to us is a gap with its reason.

    Raises:
        UsageError: a dataset that is not there or holds no shard.
        LayoutUnknown: no shard of a dataset has a known layout.
        NetworkOff: a remote dataset while the configuration says offline.
    """
    found: list[ScannedShard] = []
    for given in datasets:
        dataset, listed, skipped, gaps = _listed(given, config or ScanConfig())
        for each in skipped:
            watch(Noticed(text=f"{dataset.name}/{each.name}: not read ({each.reason})"))
        opened = [*gaps, *(_not_read(dataset, each) for each in skipped if not each.beside)]
        unknown: LayoutUnknown | None = None
        for one in _opened(listed, config or ScanConfig()):
            if isinstance(one, ScannedShard):
                opened.append(one)
                continue
            shard, error = one
            unknown = unknown or error
            opened.append(unknown_layout(shard, error, watch))
        if unknown is not None and not any(each.opened or each.to_download for each in opened):
            raise unknown
        if not listed and not gaps:
            raise UsageError(
                f"{dataset.source} holds no dataset file",
                hint="Give a parquet, csv, jsonl or tar file, a folder of them, or a folder of pictures.",
            )
        found += sorted(opened, key=lambda each: sort_key(each.shard.name))
    return found


def unknown_layout(shard: Shard, error: LayoutUnknown, watch: Watcher) -> ScannedShard:
    """A shard whose columns nobody described: skipped, and said."""
    columns = ", ".join(error.columns[:8])
    watch(Noticed(text=f"{shard.dataset.name}/{shard.name}: not read (columns of no known layout: {columns})"))
    return ScannedShard(shard=shard, opened=None, status=ShardStatus.SKIPPED, reason="columns of no known layout")


def _listed(dataset: Dataset, config: ScanConfig) -> tuple[Dataset, list[Shard], list[Skipped], list[ScannedShard]]:
    """A dataset as its host resolves it, its shards, what is none, and what is not given to us."""
    if not is_address(dataset.source):
        return dataset, *list_shards(dataset), []
    if config.offline:
        raise NetworkOff(
            f"{dataset.source.partition('?')[0]}: the configuration says offline = true",
            hint="Remove that line to let provscan ask this host, or give a dataset on this computer.",
        )
    release = list_release(dataset, config.access)
    gaps = [_gap(release.dataset, name, reason) for name, reason in release.refused]
    if release.gap is None:
        return release.dataset, list(release.shards), list(release.skipped), gaps
    names = [shard.name for shard in release.shards] or [dataset.source.partition("?")[0]]
    gaps = gaps or [_gap(release.dataset, name, release.gap) for name in names]
    return release.dataset, [], list(release.skipped), gaps


def _gap(dataset: Dataset, name: str, reason: str) -> ScannedShard:
    shard = Shard(dataset=dataset, name=name, path="", kind=ShardKind.OTHER, bytes=0)
    return ScannedShard(shard=shard, opened=None, status=ShardStatus.FAILED, reason=reason)


def _opened(listed: Sequence[Shard], config: ScanConfig) -> Iterator[ScannedShard | tuple[Shard, LayoutUnknown]]:
    """Each shard opened, in order; several remote ones at once, for each costs a few answers from afar."""
    with ThreadPoolExecutor(OPENED_AT_ONCE) as threads:
        remote = any(shard.remote is not None for shard in listed)
        yield from (threads.map if remote else map)(partial(_open, config=config), listed)


def _open(shard: Shard, *, config: ScanConfig) -> ScannedShard | tuple[Shard, LayoutUnknown]:
    remote = shard.remote
    if remote is not None and (config.verify_shards or not remote.ranged or shard.kind is not ShardKind.PARQUET):
        reason = f"read from a copy of {remote.bytes:,} bytes that a scan downloads first"
        return ScannedShard(shard=shard, opened=None, to_download=True, reason=reason)
    try:
        return ScannedShard(shard=shard, opened=open_shard(shard))
    except LayoutUnknown as error:
        return shard, error
    except ShardError as error:
        return ScannedShard(shard=shard, opened=None, status=ShardStatus.FAILED, reason=error.message)


def _not_read(dataset: Dataset, skipped: Skipped) -> ScannedShard:
    """What may hold rows and is not read stands in coverage; a folder that is closed to us is a gap."""
    shard = Shard(dataset=dataset, name=skipped.name, path="", kind=ShardKind.OTHER, bytes=0)
    status = ShardStatus.FAILED if skipped.closed else ShardStatus.SKIPPED
    return ScannedShard(shard=shard, opened=None, status=status, reason=skipped.reason)
