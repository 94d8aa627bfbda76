"""Parts of a remote file as a file: seekable, with what will be needed asked for ahead, merged, once.

Which bytes will be needed is the caller's knowledge (``hold``); anything else that is read is asked for where it is read, so a wrong
plan costs requests and never a wrong byte.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
from bisect import bisect_right
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Range = tuple[int, int]  # start, stop

MERGE_GAP: Final = 1 << 20  # bytes between two ranges that cost less than another request
PIECE: Final = 32 << 20  # of one request
AHEAD: Final = 64 << 10  # least that is asked for where nobody said what will be needed
IN_MEMORY: Final = 64 << 20  # what is held beyond this lies in a temporary file


class ByteSource(Protocol):
    """A remote file of which parts can be had."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Exactly the bytes ``[start, stop)`` of the file as it was described.

        Raises:
            ShardChanged: it is another file by now.
            ShardUnreachable: it is not given to us.
        """
        ...

    def close(self) -> None:
        """Close connections."""
        ...


def merged(ranges: Iterable[Range], gap: int = MERGE_GAP) -> tuple[Range, ...]:
    """The same bytes in fewer ranges, sorted: those that overlap, or lie no further apart than ``gap``, become one."""
    found: list[Range] = []
    for start, stop in sorted(ranges):
        if found and start - found[-1][1] <= gap:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        elif stop > start:
            found.append((start, stop))
    return tuple(found)


def pieces(ranges: Iterable[Range], most: int = PIECE) -> Iterator[Range]:
    """The ranges cut into requests of at most ``most`` bytes."""
    for start, stop in ranges:
        for begin in range(start, stop, most):
            yield begin, min(begin + most, stop)


class Held:
    """Some ranges of a file, fetched; in memory, or in a temporary file where they are large."""

    def __init__(self, source: ByteSource, ranges: Iterable[Range], gap: int = MERGE_GAP) -> None:
        """Fetch them, and what lies between two that are no further apart than ``gap``.

        Raises:
            ShardChanged, ShardUnreachable: as ``ByteSource.read``.
        """
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by ``close``
        self._lock = threading.Lock()
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._places: list[int] = []
        try:
            for start, stop in pieces(merged(ranges, gap)):
                place = self._file.tell()
                self._file.write(source.read(start, stop))
                if self._stops and self._stops[-1] == start:
                    self._stops[-1] = stop
                else:
                    self._starts.append(start)
                    self._stops.append(stop)
                    self._places.append(place)
        except BaseException:
            self._file.close()
            raise

    def read(self, start: int, stop: int) -> bytes | None:
        """The bytes ``[start, stop)``; None where not all of them are held."""
        if not self.holds(start, stop):
            return None
        at = bisect_right(self._starts, start) - 1
        with self._lock:
            self._file.seek(self._places[at] + start - self._starts[at])
            return self._file.read(stop - start)

    def holds(self, start: int, stop: int) -> bool:
        """Whether all of ``[start, stop)`` is held."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and stop <= self._stops[at]

    def sha256(self, start: int, stop: int) -> str | None:
        """The digest of the bytes ``[start, stop)``; None where not all of them are held."""
        state = hashlib.sha256()
        for begin, end in pieces([(start, stop)], 1 << 22):
            piece = self.read(begin, end)
            if piece is None:
                return None
            state.update(piece)
        return state.hexdigest()

    def close(self) -> None:
        """Forget everything."""
        self._file.close()


class RangeFile(io.RawIOBase):
    """A remote file to read and seek in, with what was fetched of it kept for a while.

    ``hold`` fetches ranges that will be needed, ``hold_ahead`` does so in the background; the last two sets are kept, and ``kept``
    (such as a footer) for good.
    """

    def __init__(self, source: ByteSource, kept: Sequence[Held] = ()) -> None:
        """Ask for nothing yet."""
        super().__init__()
        self._source = source
        self._kept = list(kept)
        self._held: deque[Held] = deque(maxlen=2)
        self._small: deque[Held] = deque(maxlen=8)
        self._ahead: tuple[tuple[Range, ...], Future[Held]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._at = 0

    def hold(self, ranges: Iterable[Range], gap: int = MERGE_GAP) -> None:
        """Have these ranges at hand; ``gap`` as of ``merged``.

        Raises:
            ShardChanged, ShardUnreachable: as ``ByteSource.read``.
        """
        wanted = tuple(sorted(ranges))
        if self._ahead is not None and self._ahead[0] == wanted:
            held = self._ahead[1].result()
            self._ahead = None
        elif all(self._find(start, stop) for start, stop in wanted):
            return
        else:
            held = Held(self._source, wanted, gap)
        if len(self._held) == self._held.maxlen:
            self._held[0].close()
        self._held.append(held)

    def hold_ahead(self, ranges: Iterable[Range]) -> None:
        """Begin to fetch what the next ``hold`` will ask for."""
        wanted = tuple(sorted(ranges))
        if self._ahead is None and wanted:
            self._ahead = wanted, self._thread.submit(Held, self._source, wanted)

    def sha256(self, start: int, stop: int) -> str | None:
        """The digest of bytes that are held; None where they are not."""
        held = self._find(start, stop)
        return None if held is None else held.sha256(start, stop)

    def _find(self, start: int, stop: int) -> Held | None:
        return next((held for held in (*self._kept, *self._held, *self._small) if held.holds(start, stop)), None)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The place of the next read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move the place of the next read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """The next ``size`` bytes, fewer at the end.

        Raises:
            ShardChanged, ShardUnreachable: as ``ByteSource.read``.
        """
        start = self._at
        stop = self._source.size if size < 0 else min(start + size, self._source.size)
        if stop <= start:
            return b""
        self._at = stop
        for held in (*self._kept, *self._held, *self._small):
            found = held.read(start, stop)
            if found is not None:
                return found
        ahead = min(max(stop, start + AHEAD), self._source.size)
        if len(self._small) == self._small.maxlen:
            self._small[0].close()
        self._small.append(Held(self._source, [(start, ahead)]))
        return self._small[-1].read(start, stop) or b""

    def close(self) -> None:
        """Forget everything and close the connections; ``kept`` stays with whoever gave it."""
        if not self.closed:
            if self._ahead is not None:
                self._ahead[1].cancel()
            self._thread.shutdown(wait=True)
            if self._ahead is not None and not self._ahead[1].cancelled() and self._ahead[1].exception() is None:
                self._ahead[1].result().close()
            for held in (*self._held, *self._small):
                held.close()
            self._source.close()
        super().close()
