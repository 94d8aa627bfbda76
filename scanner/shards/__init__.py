"""Shards: listing, digesting, opening and reading the files of a dataset, whatever their format.

An edge: errors of libraries and of the operating system become ``ShardError`` or ``UsageError`` here, around the iteration.
"""

from __future__ import annotations

from scanner.shards.batches import Part, ShardBatch
from scanner.shards.describing import Description, describe
from scanner.shards.digesting import check_unchanged, described_digest, digest_shard, stamp_shard
from scanner.shards.listing import Skipped, list_shards
from scanner.shards.opening import OpenShard, open_shard
from scanner.shards.reading import read_rows, scan_shard

__all__ = [
    "Description",
    "OpenShard",
    "Part",
    "ShardBatch",
    "Skipped",
    "check_unchanged",
    "describe",
    "described_digest",
    "digest_shard",
    "list_shards",
    "open_shard",
    "read_rows",
    "scan_shard",
    "stamp_shard",
]
