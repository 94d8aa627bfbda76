"""Chooses the path of a search by its size; the result is the same on every path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scanner.search.hits import Hits, as_words, no_hits
from scanner.search.reference import search_reference

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Searcher:
    """Compiled queries, reusable over the batches of a scan.

    Not safe for use by several threads at once; each worker process makes its own.
    """

    def __init__(self, queries: ArrayLike, radius: int, *, threads: int = 1) -> None:
        """Prepare ``queries`` (``uint64[q]`` or ``uint64[q, words]``) for searches within ``radius`` bits, inclusive.

        ``threads`` is the number of processor cores one search may use: one inside worker processes.

        Raises:
            ValueError: queries of another dtype or shape, a negative radius, no thread.
        """
        if radius < 0 or threads < 1:
            raise ValueError(f"radius {radius} and threads {threads} make no search")
        self._queries = as_words(queries)
        self._radius = radius
        self._threads = threads

    def search(self, rows: ArrayLike, *, valid: NDArray[np.bool_] | None = None) -> Hits:
        """Find all pairs within the radius; rows where ``valid`` is False are not compared.

        Raises:
            ValueError: rows of another dtype or width than the queries.
        """
        words = as_words(rows)
        if not len(words) or not len(self._queries):
            return no_hits()
        if words.shape[1] != self._queries.shape[1]:
            raise ValueError(f"queries have {64 * self._queries.shape[1]} bits, rows {64 * words.shape[1]}")
        if valid is None or valid.all():
            return self._search(words)
        kept = np.flatnonzero(valid)
        hits = self._search(words[kept])
        return Hits(hits.query, kept[hits.row], hits.distance)

    def _search(self, rows: NDArray[np.uint64]) -> Hits:
        return search_reference(self._queries, rows, self._radius)


def search(
    queries: ArrayLike, rows: ArrayLike, radius: int, *, valid: NDArray[np.bool_] | None = None, threads: int = 1
) -> Hits:
    """Find every pair with a distance of at most ``radius`` bits, in one call; see :class:`Searcher`."""
    return Searcher(queries, radius, threads=threads).search(rows, valid=valid)
