"""The one edge to numba: loads the compiled paths on demand, and does without where they do not work here."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from pickle import UnpicklingError  # raised by numba's cache; nothing is pickled here
from typing import TYPE_CHECKING

import numpy as np

from scanner.search.hits import Hits, Words, in_order
from scanner.search.planning import Piece
from scanner.search.reference import search_reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from scanner.search.joining import Out, Table
    from scanner.search.planning import Plan

_CHUNK_ROWS = 1 << 19  # rows of one task: 4 MiB, enough to sort by key, little enough to share out evenly
_ROOM = 4096  # pairs a chunk has room for before it is asked again with as much as it needs


@functools.cache
def kernel() -> ModuleType | None:
    """The compiled kernels; None where numba is missing, does not fit this Python or numpy, or computes wrongly.

    The first call of a process takes half a second; the first on a machine, which compiles, one or two.
    """
    try:
        from scanner.search import joining  # noqa: PLC0415 - half a second, only when it pays
        from scanner.search import kernel as module  # noqa: PLC0415 - as above
    except (ImportError, OSError, RuntimeError, SystemError, AttributeError):  # a library missing, or built for another
        return None
    try:
        return module if _agrees(module, joining) else None
    # A compiler that rejects the kernels, a full disk, a damaged file in numba's cache: numpy gives the same result.
    except (module.NumbaError, OSError, RuntimeError, EOFError, UnpicklingError):
        return None


def is_loaded() -> bool:
    """Whether asking for the kernels costs nothing any more in this process."""
    return kernel.cache_info().currsize > 0


def kernel_for(comparisons: int, pays_from: int) -> ModuleType | None:
    """The kernels if they are loaded already, or if so many comparisons of words pay for loading them."""
    return kernel() if comparisons >= pays_from or is_loaded() else None


def _agrees(module: ModuleType, joining: ModuleType) -> bool:
    """Compare everything compiled with plain numpy on a few words before anything is trusted to the compiler."""
    words = np.arange(1, 301, dtype=np.uint64)[:, np.newaxis] * np.uint64(0x9E3779B97F4A7C15)
    words[7::9] ^= words[::50][np.arange(len(words[7::9])) % 6] ^ np.uint64(0b101)
    queries, radius = words[::50], 9
    reference = search_reference(queries, words, radius)
    pieces = [Piece(offset=offset, width=16, entered=1, probed=1) for offset in (0, 16, 32, 48)]
    ready = tuple(joining.Table(piece, queries) for piece in pieces)
    histogram = np.zeros((1, 65), np.int64)
    module.compiled_nearest(queries.ravel(), np.array([0, len(queries)]), words.ravel(), 1, histogram)
    nearest = np.bitwise_count(words ^ queries.ravel()).min(axis=1)
    return (
        _equal(brute_force(module, queries, words, radius), reference)
        and _equal(join(ready, words, radius), reference)
        and np.array_equal(histogram[0], np.bincount(nearest, minlength=65))
    )


def _equal(one: Hits, other: Hits) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Hits.__slots__)


def brute_force(
    module: ModuleType, queries: Words, rows: Words, radius: int, threads: int = 1, *, lead: int | None = None
) -> Hits:
    """Compare all pairs, block by block; ``lead`` as of ``Searcher``."""
    words = queries.shape[1]
    asked, deciding = queries.ravel(), min(lead or _lead(words, radius), words, 4)

    def chunk(part: Words, out: Out) -> int:
        return int(module.compiled_search(asked, part.ravel(), (words, deciding), np.uint64(radius), out))

    return _in_chunks(chunk, rows, threads)


def tables(queries: Words, plan: Plan, threads: int = 1) -> tuple[Table, ...]:
    """Make the tables of a plan."""
    from scanner.search.joining import Table  # noqa: PLC0415 - loads numba

    with ThreadPoolExecutor(threads) as pool:
        return tuple(pool.map(lambda piece: Table(piece, queries), plan.pieces))


def join(ready: tuple[Table, ...], rows: Words, radius: int, threads: int = 1) -> Hits:
    """Look all rows up in all tables."""

    def chunk(part: Words, out: Out) -> int:
        found = 0
        for table in ready:
            query, row, distance = out
            found += table.look_up(part, radius, (query[found:], row[found:], distance[found:]))
        return found

    return _in_chunks(chunk, rows, threads)


def _lead(words: int, radius: int) -> int:
    """How many leading words decide about a block: so many that unrelated fingerprints seldom pass them."""
    for lead in range(1, min(words, 4)):
        if radius < 32 * lead - 3 * 4 * lead**0.5:  # mean and three standard deviations of that many fair bits
            return lead
    return min(words, 4)


def _in_chunks(compare: Callable[[Words, Out], int], rows: Words, threads: int) -> Hits:
    """Share the rows out to threads; the kernels let go of the GIL."""
    starts = range(0, len(rows), _CHUNK_ROWS)

    def one(start: int) -> Hits:
        part = rows[start : start + _CHUNK_ROWS]
        out = _room(_ROOM)
        found = compare(part, out)
        if found > _ROOM:
            out = _room(found)
            compare(part, out)
        query, row, distance = out
        return in_order(query[:found], row[:found] + start, distance[:found])

    if threads == 1 or len(starts) == 1:
        parts = [one(start) for start in starts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(one, starts))
    return Hits(
        np.concatenate([part.query for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.distance for part in parts]),
    )


def _room(size: int) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint16]]:
    return np.empty(size, np.int32), np.empty(size, np.int64), np.empty(size, np.uint16)
