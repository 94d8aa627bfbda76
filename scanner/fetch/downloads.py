"""Whole remote files onto this computer: resumed where they broke off, checked, and under their name only when complete."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from scanner.errors import OutputError, ShardChanged, ShardUnreachable
from scanner.fetch.client import Asking
from scanner.fetch.hub import refusal_of
from scanner.fetch.ranges import PIECE, pieces
from scanner.fetch.web_ranges import ASKING, Door, page_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from scanner.datasets import RemoteFile
    from scanner.fetch.ranges import ByteSource

_WHOLE_S = 7 * 86_400.0  # of one answer: minimum rate and silence end it sooner


def download(
    remote: RemoteFile, target: Path, open_ranges: Callable[[], ByteSource], beat: Callable[[int], None]
) -> None:
    """Have the whole of ``remote`` at ``target``; nothing is asked where it is there already.

    What was received stands in ``<target>.incomplete`` and is gone on with, also by a later run: any beginning of the file will do.
    A host that does not give parts is asked for the whole again.  ``beat`` hears the number of bytes of each piece.

    Raises:
        ShardChanged: it is not the file that was described: another size, or not the publisher's digest.
        ShardUnreachable: it is not given to us.
        OutputError: disk full, read-only folder.
    """
    if target.exists():
        beat(remote.bytes)
        return
    incomplete = target.with_name(f"{target.name}.incomplete")
    try:
        with incomplete.open("ab") as file:
            if remote.ranged:
                _in_pieces(remote, file, open_ranges, beat)
            else:
                _at_once(remote, file, beat)
            file.flush()
            os.fsync(file.fileno())
        _check(remote, incomplete)
        incomplete.replace(target)
    except OSError as error:
        raise OutputError(
            f"{target.name} could not be downloaded: {error.strerror or error}",
            hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
        ) from error


def _in_pieces(
    remote: RemoteFile, file: BinaryIO, open_ranges: Callable[[], ByteSource], beat: Callable[[int], None]
) -> None:
    have = file.tell()
    if have > remote.bytes:  # not ours
        file.truncate(have := 0)
    beat(have)
    with closing(open_ranges()) as source:
        for start, stop in pieces([(have, remote.bytes)], PIECE):
            file.write(source.read(start, stop))
            beat(stop - start)


def _at_once(remote: RemoteFile, file: BinaryIO, beat: Callable[[int], None]) -> None:
    """From the beginning: the answer of a host without parts says nothing of where we stopped."""
    file.truncate(0)

    def sink(piece: bytes) -> None:
        file.write(piece)
        beat(len(piece))

    limits = replace(ASKING, max_bytes=max(remote.bytes, 1), total_s=_WHOLE_S)
    with closing(Door(remote.access)) as door:
        answered = door.ask(remote.asked, Asking(sink=sink), limits=limits, name=remote.address)
    if answered.last.status != 200:
        raise ShardUnreachable(f"{remote.address}: {refusal_of(answered.last, page_of(remote))}")


def _check(remote: RemoteFile, incomplete: Path) -> None:
    size = incomplete.stat().st_size
    digest = remote.publisher
    if size == remote.bytes and digest is None:
        return
    with incomplete.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest() if size == remote.bytes else None
    if digest is not None and found == digest.value:
        return
    incomplete.unlink()  # a beginning of something else is of no use
    if found is None:
        raise ShardChanged(f"{remote.address}: {size:,} bytes arrived instead of {remote.bytes:,}")
    stated = "" if digest is None else digest.value
    raise ShardChanged(
        f"{remote.address}: its SHA-256 is {found}, its publisher states {stated}",
        hint="It was changed or damaged on the way; the same command downloads it again.",
    )
