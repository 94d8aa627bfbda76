"""Which shard this is: SHA-256 over all its bytes, or over the list of a folder's files; and whether it is still the same."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from scanner.datasets import Shard, ShardDigest, ShardKind
from scanner.errors import ShardChanged, ShardDamaged
from scanner.shards.folders import folder_files, sort_key

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 20
UNREADABLE = "0" * 64  # stands in a folder's list for a file that cannot be read


def digest_shard(shard: Shard, progress: Callable[[int], None] | None = None) -> ShardDigest:
    r"""Hash the whole shard; ``progress`` is called with the number of bytes of each chunk.

    Of a folder: SHA-256 of its list ``<hex>␠␠<relative path>\n``, sorted by path bytes, of the pictures and of the ``.json`` and
    ``.txt`` files beside them.  A file that cannot be read stands there with 64 zeros, and its picture is counted as undecodable.

    Raises:
        ShardDamaged: the file or the folder cannot be read.
    """
    try:
        if shard.kind is ShardKind.FOLDER:
            digest, size = _folder(shard.path, progress)
        else:
            digest, size = _file(shard.path, progress)
    except OSError as error:
        raise ShardDamaged(f"{shard.name}: it cannot be read: {error.strerror or error}") from error
    publisher = None if shard.remote is None else shard.remote.publisher
    return ShardDigest(
        shard_id=f"sha256:{digest}", sha256=digest, digest_by="computed", bytes=size, publisher=publisher
    )


def described_digest(shard: Shard) -> ShardDigest | None:
    """Which shard a remote one is, from what its publisher or host says of it; None for a file of this computer: hash it."""
    remote = shard.read_remotely
    if remote is None:
        return None
    publisher = remote.publisher
    return ShardDigest(
        shard_id=remote.shard_id,
        sha256=None if publisher is None else publisher.value,
        digest_by="none" if publisher is None else "publisher",
        bytes=remote.bytes,
        publisher=publisher,
    )


def stamp_shard(shard: Shard) -> str:
    """Size and modification time of the file, of a folder those of all its files: what differs once somebody wrote to it.

    Raises:
        ShardDamaged: it is not there any more, or a folder cannot be listed.
    """
    remote = shard.read_remotely
    if remote is not None:  # every reading of it makes sure itself
        return remote.shard_id
    try:
        if shard.kind is not ShardKind.FOLDER:
            return _stamp(shard.path)
        state = hashlib.sha256()
        for relative, whole, _ in folder_files(shard.path):
            state.update(sort_key(relative) + f" {_stamp_or_none(whole)}\n".encode())
        return state.hexdigest()
    except OSError as error:
        raise ShardDamaged(f"{shard.name}: it cannot be read: {error.strerror or error}") from error


def check_unchanged(shard: Shard, stamp: str) -> None:
    """Make sure that ``shard`` is what it was when ``stamp`` was taken.

    Raises:
        ShardChanged: it is not, or is gone.
    """
    try:
        unchanged = stamp_shard(shard) == stamp
    except ShardDamaged:
        unchanged = False
    if not unchanged:
        raise ShardChanged(
            f"{shard.name}: it changed while it was scanned.", hint="Run the same command again: it reads it anew."
        )


def _stamp(path: str) -> str:
    status = os.stat(path)  # noqa: PTH116 - keeps names that are not UTF-8
    return f"{status.st_size}:{status.st_mtime_ns}"


def _stamp_or_none(path: str) -> str | None:
    try:
        return _stamp(path)
    except OSError:
        return None


def _file(path: str, progress: Callable[[int], None] | None) -> tuple[str, int]:
    state, size = hashlib.sha256(), 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - keeps names that are not UTF-8
        while chunk := file.read(_CHUNK):
            state.update(chunk)
            size += len(chunk)
            if progress is not None:
                progress(len(chunk))
    return state.hexdigest(), size


def _folder(path: str, progress: Callable[[int], None] | None) -> tuple[str, int]:
    state, total = hashlib.sha256(), 0
    for relative, whole, _ in folder_files(path):
        try:
            digest, size = _file(whole, progress)
        except OSError:
            digest, size = UNREADABLE, 0
        state.update(f"{digest}  ".encode() + sort_key(relative) + b"\n")
        total += size
    return state.hexdigest(), total
