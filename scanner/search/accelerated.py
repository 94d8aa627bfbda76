"""The one edge to numba: loads the compiled paths on demand, and does without where they do not work here."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from scanner.search.hits import Hits, Words, in_order
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
    """The compiled kernels; None where numba is missing, too old for this Python or numpy, or computes wrongly."""
    try:
        from scanner.search import kernel as module  # noqa: PLC0415 - half a second, only when it pays

        return module if _agrees(module) else None
    # What a broken numba, llvmlite, cache folder or cache file is known to raise; the numpy path gives the same result.
    except (ImportError, OSError, RuntimeError, SystemError, AttributeError, EOFError, NotImplementedError):
        return None


def kernel_for(comparisons: int, pays_from: int) -> ModuleType | None:
    """The kernels if they are loaded already, or if so many comparisons of words pay for loading them."""
    return kernel() if comparisons >= pays_from or kernel.cache_info().currsize else None


def _agrees(module: ModuleType) -> bool:
    """Compare kernel and reference on a few words before anything is trusted to the compiler."""
    words = np.arange(1, 301, dtype=np.uint64)[:, np.newaxis] * np.uint64(0x9E3779B97F4A7C15)
    queries, radius = words[::50], 24
    ours, reference = brute_force(module, queries, words, radius), search_reference(queries, words, radius)
    return all(np.array_equal(getattr(ours, name), getattr(reference, name)) for name in Hits.__slots__)


def brute_force(module: ModuleType, queries: Words, rows: Words, radius: int, threads: int = 1) -> Hits:
    """Compare all pairs, block by block."""
    words = queries.shape[1]
    asked, lead = queries.ravel(), _lead(words, radius)

    def chunk(part: Words, out: Out) -> int:
        return int(module.compiled_search(asked, part.ravel(), (words, lead), np.uint64(radius), out))

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
