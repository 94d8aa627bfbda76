"""Bytes of a file in order, decompressed under limits.  What was decompressed before damage is handed out before the error.

A file's first bytes say how it is compressed, not its name.  A stream that expands more than 200-fold (the first 64 MiB are free)
or to more than 64 GiB is refused.
"""

from __future__ import annotations

import bz2
import os
import zlib
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import zstandard

from scanner.errors import ShardDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Value = TypeVar("Value")
CHUNK_BYTES = 1 << 18
MAX_RATIO = 200
FREE_BYTES = 64 << 20
MAX_BYTES = 64 << 30
_ERRORS = (OSError, EOFError, zlib.error, zstandard.ZstdError, MemoryError)


class _Decoder(Protocol):
    """A decompressor of the standard library, or one that behaves like it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def pieces(self, data: bytes) -> Iterator[bytes]: ...


def is_compressed(path: str) -> bool:
    """Whether the file begins like gzip, bzip2 or Zstandard.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - keeps names that are not UTF-8
        return _decoder_for(file.read(4)) is not None


def chunks(path: str, name: str) -> Iterator[bytes]:
    """The content of a file in pieces, decompressed where it is compressed; pieces may be of any size up to some MiB.

    Raises:
        ShardDamaged: while iterating: unreadable, truncated, corrupt, or larger than the limits.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - keeps names that are not UTF-8
            make = _decoder_for(file.read(4))
            file.seek(0)
            raw = iter(lambda: file.read(CHUNK_BYTES), b"")
            if make is None:
                yield from raw
            else:
                yield from _limited(_decompressed(raw, make, name), os.fstat(file.fileno()).st_size, name)
    except _ERRORS as error:
        raise ShardDamaged(
            f"{name}: it cannot be read to its end: {str(error) or type(error).__name__}",
            hint="Download the file again and compare its digest with the publisher's.",
        ) from error


def _decompressed(raw: Iterator[bytes], make: Callable[[], _Decoder], name: str) -> Iterator[bytes]:
    decoder = make()
    fresh = True  # nothing of this member was seen yet: the file may end here
    for block in raw:
        data = block
        while data:
            if fresh and not data.strip(b"\0"):  # padding behind the last member, as some archivers leave it
                break
            fresh = False
            yield from decoder.pieces(data)
            if not decoder.eof:
                break
            data = decoder.unused_data
            decoder, fresh = make(), True
    if not fresh:
        raise EOFError(f"{name}: the compressed data ends too early")


def _limited(pieces: Iterator[bytes], size: int, name: str) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > MAX_BYTES or (total > FREE_BYTES and total > MAX_RATIO * size):
            raise ShardDamaged(
                f"{name}: it expands to more than {MAX_RATIO} times its size or {MAX_BYTES >> 30} GiB.",
                hint="Decompress it yourself if you trust it, and give the result.",
            )
        yield piece


def _decoder_for(head: bytes) -> Callable[[], _Decoder] | None:
    if head.startswith(b"\x1f\x8b"):
        return _Gzip
    if head.startswith(b"BZh"):
        return _Bzip2
    return _Zstandard if head.startswith(b"\x28\xb5\x2f\xfd") else None


class _Gzip:
    def __init__(self) -> None:
        self._state = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._state.eof

    @property
    def unused_data(self) -> bytes:
        return self._state.unused_data

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data and not self._state.eof:
            yield self._state.decompress(data, CHUNK_BYTES)
            data = self._state.unconsumed_tail


class _Bzip2:
    def __init__(self) -> None:
        self._state = bz2.BZ2Decompressor()

    @property
    def eof(self) -> bool:
        return self._state.eof

    @property
    def unused_data(self) -> bytes:
        return self._state.unused_data

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield self._state.decompress(data, CHUNK_BYTES)
        while not self._state.eof and not self._state.needs_input:
            yield self._state.decompress(b"", CHUNK_BYTES)


class _Zstandard:
    """Fed in small pieces: 4 bytes of Zstandard may stand for 128 KiB, so 1 KiB of input is at most 32 MiB of output."""

    def __init__(self) -> None:
        self._state = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        self._unused = b""

    @property
    def eof(self) -> bool:
        return bool(self._state.eof)

    @property
    def unused_data(self) -> bytes:
        return self._unused

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), 1024):
            yield self._state.decompress(data[start : start + 1024])
            if self._state.eof:
                self._unused = self._state.unused_data + data[start + 1024 :]
                return


class UntilDamage(Generic[Value]):
    """An iterator that ends at damage instead of raising, so that its user can hand out what it still holds.

    ``damage`` is what ended it, None otherwise; ``raise_damage`` is called when the loop over it has ended.
    """

    def __init__(self, values: Iterator[Value]) -> None:
        """Iterate over ``values``."""
        self._values = values
        self.damage: ShardDamaged | None = None

    def __iter__(self) -> Iterator[Value]:
        """The values before the damage."""
        try:
            yield from self._values
        except ShardDamaged as error:
            self.damage = error

    def raise_damage(self) -> None:
        """Raise what ended the iteration, if it was damage.

        Raises:
            ShardDamaged: that damage.
        """
        if self.damage is not None:
            raise self.damage


class Lines:
    """Blocks of whole lines: cut at line feeds only, since captions hold U+2028 and U+0085."""

    def __init__(
        self, pieces: Iterator[bytes], name: str, *, block_bytes: int = 4 << 20, max_line: int = 64 << 20
    ) -> None:
        """Join ``pieces`` to blocks of about ``block_bytes``; a line longer than ``max_line`` is damage."""
        self._pieces, self._name = pieces, name
        self._block, self._max = block_bytes, max_line

    def blocks(self) -> Iterator[bytes]:
        """Bytes that end with a line feed, but for the last block if the file does not.

        Raises:
            ShardDamaged: while iterating, after the whole lines before the damage.
        """
        held: list[bytes] = []
        size = 0
        pieces = UntilDamage(self._bounded())
        for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size >= self._block and b"\n" in piece:
                whole, _, rest = b"".join(held).rpartition(b"\n")
                yield whole + b"\n"
                held, size = [rest], len(rest)
        left = b"".join(held)
        if pieces.damage is not None:  # the last line is not whole
            left = left[: left.rfind(b"\n") + 1]
        if left:
            yield left
        pieces.raise_damage()

    def _bounded(self) -> Iterator[bytes]:
        """The pieces, until a line grows too long."""
        length = 0
        for piece in self._pieces:
            newest = piece.rfind(b"\n")
            length = length + len(piece) if newest < 0 else len(piece) - newest
            if length > self._max:
                raise ShardDamaged(f"{self._name}: a line is longer than {self._max >> 20} MiB.")
            yield piece


class Cursor:
    """Bytes read in exact amounts, for archives; seeks in a plain file, skips by reading in a compressed one."""

    def __init__(self, path: str, name: str, *, start: int = 0) -> None:
        """Open ``path`` at byte ``start`` (0 for a compressed file).

        Raises:
            ShardDamaged: it cannot be opened.
        """
        self._name = name
        self.position = start
        self._held = memoryview(b"")
        try:
            self._pieces = chunks(path, name) if is_compressed(path) else None
            # 8 KiB: a header with its json and text; pictures are read past the buffer
            self._file = open(path, "rb", buffering=1 << 13) if self._pieces is None else None  # noqa: PTH123, SIM115
            if self._file is not None:
                self._size = os.fstat(self._file.fileno()).st_size
                self._file.seek(start)
        except OSError as error:
            raise self._damaged(error) from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def read(self, count: int) -> bytes:
        """Exactly ``count`` bytes, fewer only at the end of the file.

        Raises:
            ShardDamaged: unreadable, or the compressed stream is damaged.
        """
        if self._file is not None:
            try:
                data = self._file.read(count)
            except (OSError, MemoryError, OverflowError) as error:
                raise self._damaged(error) from error
        else:
            gathered = bytearray()
            while len(gathered) < count and self._more():
                taken = self._held[: count - len(gathered)]
                gathered += taken
                self._held = self._held[len(taken) :]
            data = bytes(gathered)
        self.position += len(data)
        return data

    def skip(self, count: int) -> bool:
        """Move on by ``count`` bytes; False where the file ends before that."""
        if self._file is not None:
            self.position += count
            if self.position > self._size:
                return False
            try:
                self._file.seek(self.position)
            except (OSError, OverflowError) as error:
                raise self._damaged(error) from error
            return True
        left = count
        while left and self._more():
            taken = min(left, len(self._held))
            self._held = self._held[taken:]
            left -= taken
        self.position += count - left
        return not left

    def _more(self) -> bool:
        while not self._held:
            piece = next(self._pieces, None) if self._pieces is not None else None
            if piece is None:
                return False
            self._held = memoryview(piece)
        return True

    def _damaged(self, error: BaseException) -> ShardDamaged:
        return ShardDamaged(f"{self._name}: it cannot be read: {error}")
