"""Which reader opens which kind of shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.datasets import Shard, ShardKind
from scanner.errors import UsageError
from scanner.shards.archives import open_tar
from scanner.shards.delimited import open_delimited
from scanner.shards.documents import open_json, open_json_lines
from scanner.shards.parquet import open_parquet, open_remote_parquet
from scanner.shards.picture_folders import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scanner.shards.readers import Sampled

_OPENERS: Mapping[ShardKind, Callable[[str, str], Sampled]] = {
    ShardKind.PARQUET: open_parquet,
    ShardKind.DELIMITED: open_delimited,
    ShardKind.JSONL: open_json_lines,
    ShardKind.JSON: open_json,
    ShardKind.TAR: open_tar,
    ShardKind.FOLDER: open_folder,
}


def open_reader(shard: Shard) -> Sampled:
    """The reader of the shard's format, with the rows its layout is recognised by.

    Raises:
        ShardDamaged: the file is not of that format, or its beginning cannot be read.
        UsageError: a kind that is not read here (a HashIndex has its own door; a remote csv or tar is downloaded first).
    """
    remote = shard.read_remotely
    if remote is not None and shard.kind is ShardKind.PARQUET:
        return open_remote_parquet(remote, shard.name)
    opener = _OPENERS.get(shard.kind)
    if opener is None or remote is not None:
        raise UsageError(f"{shard.name}: a file of kind {shard.kind} is not read as a shard.", hint="Leave it out.")
    return opener(shard.path, shard.name)
