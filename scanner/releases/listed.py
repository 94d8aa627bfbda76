"""What a host said it has: values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from scanner.datasets import Shard, ShardKind
from scanner.shards.folders import is_picture_name
from scanner.shards.listing import Skipped, kind_of, not_a_shard, passed_over

if TYPE_CHECKING:
    from scanner.datasets import Dataset, RemoteFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The files of a dataset as of now.

    ``dataset`` has its ``revision`` and ``release`` filled in where the host says them.  ``refused`` are shards that are listed but
    not given, with the reason.  ``gap`` is why nothing of it can be read; shards are listed all the same where the list was given.
    """

    dataset: Dataset
    shards: tuple[Shard, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    gap: str | None = None


def judged(name: str, *, alone: bool = False) -> ShardKind | Skipped:
    """The kind of shard that a remote file's name says, or why it is none; ``alone``: it was given by itself."""
    if not name.isprintable() or {".", ".."} & set(name.split("/")):
        return Skipped(name=quote(name), reason="a name that screens and paths cannot be trusted with")
    kind = kind_of(name.rpartition("/")[2])
    if not_a_shard(name) is None and kind is not None and (alone or not name.casefold().endswith(".txt")):
        return kind
    picture = "a picture outside an archive: remote folders of pictures are not read"
    return passed_over(name, picture if is_picture_name(name) else None)


def shard_of(dataset: Dataset, name: str, kind: ShardKind, remote: RemoteFile) -> Shard:
    """A remote shard, before it is opened."""
    return Shard(dataset=dataset, name=name, path=remote.address, kind=kind, bytes=remote.bytes, remote=remote)
