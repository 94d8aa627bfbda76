"""Releases: which files a remote dataset has now, and what identifies each, asked cheaply: no shard is opened.

An edge.  What cannot be had is said as it is (``Release.gap``): gated, taken down and unreachable are gaps, never "no match".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.datasets import is_address
from scanner.errors import ShardUnreachable, UsageError
from scanner.releases.addresses import name_of
from scanner.releases.listed import Release

if TYPE_CHECKING:
    from scanner.datasets import Dataset
    from scanner.remote_policy import Access

__all__ = ["Release", "is_remote", "list_release", "name_of"]


def is_remote(source: str) -> bool:
    """Whether a dataset's source is a remote address and no path of this computer."""
    return is_address(source)


def list_release(dataset: Dataset, access: Access) -> Release:
    """The files of ``dataset.source`` as its host lists them now, by name; a moving revision is resolved to a commit.

    Raises:
        UsageError: not an address of a dataset, no such dataset, revision or file, or no shard among the files.
    """
    # What a scan of this computer's files does not need is imported where it is.
    from scanner.releases import buckets, hub, web  # noqa: PLC0415

    list_it = hub.list_hub if dataset.source.startswith("hf://") else web.list_web
    if dataset.source.startswith(("s3://", "gs://")):
        list_it = buckets.list_bucket
    try:
        release = list_it(dataset, access)
    except ShardUnreachable as error:
        return Release(dataset=dataset, gap=error.message)
    if not release.shards and release.gap is None:
        raise UsageError(
            f"{dataset.source.partition('?')[0]}: there is no shard in it.",
            hint="A remote dataset is made of parquet, csv, tsv, json, jsonl or tar files; the address may name one or their folder.",
        )
    return release
