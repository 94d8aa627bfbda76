"""The shards of the datasets, opened: which files are shards, which layout each has, which cannot be had and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Shard, ShardKind
from scanner.errors import LayoutUnknown, ShardError, UsageError
from scanner.events import Noticed, Watcher
from scanner.shards import list_shards, open_shard
from scanner.shards.folders import sort_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.datasets import Dataset, Role
    from scanner.shards import OpenShard, Skipped


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


def open_shards(datasets: Sequence[Dataset], watch: Watcher) -> list[ScannedShard]:
    """Open every shard of every dataset, in scan order (datasets as given, shards by name).

    A shard that cannot be opened is a gap; one file of a folder that is no dataset at all is skipped and named.

    Raises:
        UsageError: a dataset that is not there or holds no shard.
        LayoutUnknown: no shard of a dataset has a known layout.
    """
    found: list[ScannedShard] = []
    for dataset in datasets:
        listed, skipped = list_shards(dataset)
        for each in skipped:
            watch(Noticed(text=f"{dataset.name}/{each.name}: not read ({each.reason})"))
        opened = [_not_read(dataset, each) for each in skipped if not each.beside]
        unknown: LayoutUnknown | None = None
        for shard in listed:
            try:
                opened.append(ScannedShard(shard=shard, opened=open_shard(shard)))
            except LayoutUnknown as error:
                unknown = unknown or error
                columns = ", ".join(error.columns[:8])
                watch(Noticed(text=f"{dataset.name}/{shard.name}: not read (columns of no known layout: {columns})"))
                opened.append(
                    ScannedShard(
                        shard=shard, opened=None, status=ShardStatus.SKIPPED, reason="columns of no known layout"
                    )
                )
            except ShardError as error:
                opened.append(ScannedShard(shard=shard, opened=None, status=ShardStatus.FAILED, reason=error.message))
        if unknown is not None and not any(each.opened for each in opened):
            raise unknown
        if not listed:
            raise UsageError(
                f"{dataset.source} holds no dataset file",
                hint="Give a parquet, csv, jsonl or tar file, a folder of them, or a folder of pictures.",
            )
        found += sorted(opened, key=lambda each: sort_key(each.shard.name))
    return found


def _not_read(dataset: Dataset, skipped: Skipped) -> ScannedShard:
    """What may hold rows and is not read stands in coverage; a folder that is closed to us is a gap."""
    shard = Shard(dataset=dataset, name=skipped.name, path="", kind=ShardKind.OTHER, bytes=0)
    status = ShardStatus.FAILED if skipped.closed else ShardStatus.SKIPPED
    return ScannedShard(shard=shard, opened=None, status=status, reason=skipped.reason)
