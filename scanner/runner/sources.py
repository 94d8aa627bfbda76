"""The shards of the datasets, opened: which files are shards, which layout each has, which cannot be had and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.coverage import ScannedShard, ShardStatus
from scanner.errors import LayoutUnknown, ShardError, UsageError
from scanner.events import Noticed, Watcher
from scanner.shards import list_shards, open_shard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.datasets import Dataset


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
        opened: list[ScannedShard] = []
        unknown: LayoutUnknown | None = None
        for shard in listed:
            try:
                opened.append(ScannedShard(shard=shard, opened=open_shard(shard)))
            except LayoutUnknown as error:
                unknown = unknown or error
                opened.append(
                    ScannedShard(
                        shard=shard, opened=None, status=ShardStatus.SKIPPED, reason="columns of no known layout"
                    )
                )
            except ShardError as error:
                opened.append(ScannedShard(shard=shard, opened=None, status=ShardStatus.FAILED, reason=error.message))
        if unknown is not None and not any(each.opened for each in opened):
            raise unknown
        if not opened:
            raise UsageError(
                f"{dataset.source} holds no dataset file",
                hint="Give a parquet, csv, jsonl or tar file, a folder of them, or a folder of pictures.",
            )
        found += opened
    return found
