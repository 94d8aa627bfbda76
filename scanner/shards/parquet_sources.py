"""Where a parquet shard's bytes come from: a file of this computer, or the few ranges of a remote one that are needed.

A source is a value: it may cross a process border, and holds open files only inside ``opened`` and ``session``.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from scanner.fetch.ranges import Held, RangeFile
from scanner.shards.parquet_footer import TAIL, ColumnChunk, chosen, column_chunks, footer_bytes
from scanner.shards.remote import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from scanner.datasets import RemoteFile

WHOLE_BYTES = 64 << 20
FIRST_ASKED = 64 << 10  # of the end of a remote file: most footers are shorter
SAMPLED_BYTES = 256 << 10  # of each column chunk of the first row groups, to recognise a layout by
SAMPLED_GAP = 64 << 10  # what lies between them is never needed

Chunk = tuple[int, int, str]
"""Offset, bytes, SHA-256 of a stretch of a remote file that was read."""
Span = tuple[int, int]
"""Row groups ``[begin, end)``."""


class OpenParquet(Protocol):
    """A parquet file, open."""

    file: pq.ParquetFile
    frugal: bool  # whether each column that is read costs a request

    @property
    def again(self) -> object:
        """What pyarrow may open a second time, with other options."""
        ...

    def sample(self, paths: Sequence[str]) -> None:
        """Have the beginnings of these columns of the first row group at hand."""
        ...

    def spans(self, spans: Sequence[Span], paths: Sequence[str]) -> Iterator[tuple[Span, tuple[Chunk, ...]]]:
        """Each of ``spans`` when its columns are at hand, with the digests of what was asked for."""
        ...


class ParquetSource(Protocol):
    """A parquet file that can be opened again and again."""

    def opened(self) -> AbstractContextManager[OpenParquet]:
        """Open it.

        Raises:
            OSError, pyarrow.ArrowException: it cannot be read.
            ShardError: a remote file changed or is not given.
        """
        ...

    def session(self) -> AbstractContextManager[None]:
        """Inside, what is opened stays at hand."""
        ...


class _Local:
    """An open file of this computer."""

    def __init__(self, path: str, file: pq.ParquetFile) -> None:
        self.file, self.again, self.frugal = file, path, False

    def sample(self, paths: Sequence[str]) -> None:
        pass

    def spans(self, spans: Sequence[Span], paths: Sequence[str]) -> Iterator[tuple[Span, tuple[Chunk, ...]]]:  # noqa: ARG002 - the Protocol's
        for span in spans:
            yield span, ()


class LocalParquet:
    """A file of this computer.  See ``ParquetSource``."""

    def __init__(self, path: str) -> None:
        """Open nothing yet."""
        self._path = path

    @contextmanager
    def opened(self) -> Iterator[OpenParquet]:
        """A small file is read whole, which saves thousands of small reads where row groups are small."""
        source: object = self._path
        if os.path.getsize(self._path) < WHOLE_BYTES:  # noqa: PTH202 - keeps names that are not UTF-8
            with open(self._path, "rb") as file:  # noqa: PTH123
                source = pa.BufferReader(file.read())
        with parquet_file(source) as opened:
            yield _Local(self._path, opened)

    def session(self) -> AbstractContextManager[None]:
        """Nothing stays open."""
        return nullcontext()


class _Ranged:
    """An open remote file."""

    def __init__(self, file: pq.ParquetFile, ranges: RangeFile, chunks: Sequence[ColumnChunk], footer: Chunk) -> None:
        self.file, self.again, self.frugal = file, ranges, True
        self._ranges, self._chunks, self._footer = ranges, chunks, footer

    def spans(self, spans: Sequence[Span], paths: Sequence[str]) -> Iterator[tuple[Span, tuple[Chunk, ...]]]:
        """The columns of a span are fetched before it is decoded, those of the next one meanwhile."""
        wanted = chosen(self._chunks, paths)
        needed = [[each for each in wanted if begin <= each.group < end] for begin, end in spans]
        for index, span in enumerate(spans):
            self._ranges.hold(_ranges(needed[index]))
            if index + 1 < len(spans):
                self._ranges.hold_ahead(_ranges(needed[index + 1]))
            digests = (
                (each.start, each.bytes, self._ranges.sha256(each.start, each.start + each.bytes))
                for each in needed[index]
            )
            yield span, (self._footer, *((start, size, known) for start, size, known in digests if known is not None))

    def sample(self, paths: Sequence[str]) -> None:
        """Fetch them; what of a sample lies further on is asked for where it is read."""
        first = [each for each in chosen(self._chunks, paths) if each.group == self._chunks[0].group]
        self._ranges.hold(
            [(each.start, each.start + min(each.bytes, SAMPLED_BYTES)) for each in first], gap=SAMPLED_GAP
        )


class RemoteParquet:
    """A remote file, its footer at hand.  See ``ParquetSource``."""

    def __init__(self, remote: RemoteFile) -> None:
        """Fetch and read the footer.

        Raises:
            ValueError: no parquet file.
            ShardError: it changed or is not given.
        """
        self._remote = remote
        self._session: _Ranged | None = None
        source = open_source(remote)
        try:
            start = max(0, remote.bytes - FIRST_ASKED)
            tail = source.read(start, remote.bytes) if remote.bytes else b""
            length = footer_bytes(tail[-TAIL:])
            if length > remote.bytes:
                raise ValueError("its footer is longer than the file")
            if length > len(tail):
                tail = source.read(remote.bytes - length, start) + tail
        finally:
            source.close()
        self._tail = tail  # pyarrow asks for 64 KiB too
        self._footer_bytes = length
        self._chunks = column_chunks(tail[-length:-TAIL], remote.bytes)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is open here."""
        return {**self.__dict__, "_session": None}

    @contextmanager
    def opened(self) -> Iterator[OpenParquet]:
        """The footer is not asked for again."""
        if self._session is not None:
            yield self._session
            return
        known = _Known(self._remote.bytes - len(self._tail), self._tail)
        footer = Held(known, [(known.start, self._remote.bytes)])
        ranges = RangeFile(open_source(self._remote), [footer])
        try:
            start = self._remote.bytes - self._footer_bytes
            digest = footer.sha256(start, self._remote.bytes) or ""
            with parquet_file(ranges, buffer_size=1 << 16) as file:
                yield _Ranged(file, ranges, self._chunks, (start, self._footer_bytes, digest))
        finally:
            ranges.close()
            footer.close()

    @contextmanager
    def session(self) -> Iterator[None]:
        """Inside, everything reads through one open file, which keeps the last row groups it fetched."""
        with self.opened() as opened:
            assert isinstance(opened, _Ranged)
            self._session = opened
            try:
                yield
            finally:
                self._session = None


class _Known:
    """Bytes that are at hand, as a ``ByteSource``."""

    def __init__(self, start: int, content: bytes) -> None:
        self.start, self._content = start, content
        self.size = start + len(content)

    def read(self, start: int, stop: int) -> bytes:
        return self._content[start - self.start : stop - self.start]

    def close(self) -> None:
        pass


def parquet_file(source: object, *, buffer_size: int = 1 << 20) -> pq.ParquetFile:
    """The file as pyarrow reads it; damaged pages are noticed."""
    return pq.ParquetFile(
        source, memory_map=False, buffer_size=buffer_size, pre_buffer=False, page_checksum_verification=True
    )


def _ranges(chunks: Sequence[ColumnChunk]) -> list[tuple[int, int]]:
    return [(each.start, each.start + each.bytes) for each in chunks if each.bytes]
