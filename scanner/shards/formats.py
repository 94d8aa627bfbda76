"""Which reader opens which kind of shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.datasets import Shard, ShardKind
from scanner.errors import UsageError
from scanner.shards.archives import TarReader
from scanner.shards.delimited import DelimitedReader
from scanner.shards.documents import JsonLinesReader, open_json
from scanner.shards.parquet import ParquetReader
from scanner.shards.picture_folders import FolderReader

if TYPE_CHECKING:
    from scanner.shards.readers import Reader


def open_reader(shard: Shard) -> Reader:
    """The reader of the shard's format.

    Raises:
        ShardDamaged: the file is not of that format, or its beginning cannot be read.
        UsageError: a kind that is not read here (a HashIndex has its own door).
    """
    if shard.kind is ShardKind.PARQUET:
        return ParquetReader(shard.path, shard.name)
    if shard.kind is ShardKind.DELIMITED:
        return DelimitedReader(shard.path, shard.name)
    if shard.kind is ShardKind.JSONL:
        return JsonLinesReader(shard.path, shard.name)
    if shard.kind is ShardKind.JSON:
        return open_json(shard.path, shard.name)
    if shard.kind is ShardKind.TAR:
        return TarReader(shard.path, shard.name)
    if shard.kind is ShardKind.FOLDER:
        return FolderReader(shard.path, shard.name)
    raise UsageError(
        f"{shard.name}: a {shard.kind} is not read as a shard.", hint="Give it with the option it is made for."
    )
