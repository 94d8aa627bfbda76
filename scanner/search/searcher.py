"""Chooses the path of a search by its size; the result is the same on every path."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from scanner.search import accelerated
from scanner.search.hits import Hits, Words, as_words, no_hits
from scanner.search.planning import COMPARE_S, cheapest_plan
from scanner.search.reference import search_reference

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from scanner.search.joining import Table
    from scanner.search.planning import Plan

# Comparisons of words until the compiled path is loaded: about the half second that loading costs (a second the first
# time), so that no scan, however it is cut into batches, takes more than twice the time of the better choice.
_NUMPY_UNTIL = 1_500_000_000
# What numpy's calls for one query and one batch cost beyond the comparisons, in comparisons: pictures come a few at a time.
_CALL_ROWS = 4096
_TABLE_BYTES = 384 << 20  # 100,000 queries at radius 8 take 330 MiB


class Path(StrEnum):
    """A way to compute the hits."""

    NUMPY = "numpy"  # the reference: small scans, and where numba does not work
    KERNEL = "kernel"  # compiled brute force
    JOIN = "join"  # compiled look-up by pieces: less than queries times rows


class Searcher:
    """Compiled queries, reusable over the batches of a scan.

    It remembers how many rows it has seen and builds what pays by then: nothing, a compiled kernel, tables.  ``path``
    is the way the last batch went.  Not safe for several threads at once; each worker process makes its own.
    """

    def __init__(
        self,
        queries: ArrayLike,
        radius: int,
        *,
        threads: int = 1,
        path: Path | None = None,
        table_bytes: int = _TABLE_BYTES,
        lead: int | None = None,
    ) -> None:
        """Prepare ``queries``, ``uint64[q]`` or ``uint64[q, words]``, for searches within ``radius`` bits, inclusive.

        ``threads`` is the number of processor cores one search may use: one inside worker processes.  ``path`` is for
        measuring and testing: without numba it is the reference all the same, and a radius too wide for tables is
        searched by brute force.  ``lead`` is how many leading words decide whether single rows are looked at, where the bits
        of unrelated fingerprints hang together; left out, it is chosen as for independent bits.  It changes the time alone.

        Raises:
            ValueError: queries of another dtype or shape, a negative radius, no thread.
        """
        if radius < 0 or threads < 1:
            raise ValueError(f"radius {radius} and threads {threads} make no search")
        self._queries = as_words(queries)
        self._radius = min(radius, 64 * self._queries.shape[1])
        self._threads = threads
        self._asked_path = path
        self._table_bytes = table_bytes
        self._lead = lead
        self._rows_seen = 0
        self._batches_seen = 0
        self._planned_at = 0
        self._plan: Plan | None = None
        self._tables: tuple[Table, ...] | None = None
        self.path = path or Path.NUMPY

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
        hits = self._search(words[kept]) if len(kept) else no_hits()
        return Hits(hits.query, kept[hits.row], hits.distance)

    def _search(self, rows: Words) -> Hits:
        self._rows_seen += len(rows)
        self._batches_seen += 1
        self.path = self._choose(rows)
        compiled = None if self.path is Path.NUMPY else accelerated.kernel()
        if compiled is None:
            self.path = Path.NUMPY
            return search_reference(self._queries, rows, self._radius)
        if self.path is Path.JOIN and self._tables is not None:
            return accelerated.join(self._tables, rows, self._radius, self._threads)
        return accelerated.brute_force(compiled, self._queries, rows, self._radius, self._threads, lead=self._lead)

    def _choose(self, rows: Words) -> Path:
        """The cheapest path if as many rows are still to come as were seen, this batch included; builds the tables once they pay."""
        forced = self._asked_path
        if forced is Path.NUMPY or forced is Path.KERNEL:
            return forced
        words = self._rows_seen * self._queries.size
        if forced is None and words + self._batches_seen * _CALL_ROWS * self._queries.size < _NUMPY_UNTIL:
            # Another search of this process may have loaded it: each part of a scan has searchers of its own.
            return Path.KERNEL if accelerated.is_loaded() else Path.NUMPY
        if self._rows_seen >= 2 * self._planned_at and accelerated.kernel() is not None:
            self._planned_at = self._rows_seen
            plan = cheapest_plan(self._queries, rows, self._radius, self._rows_seen, self._table_bytes)
            if plan is not None and self._pays(plan, forced):
                self._plan, self._tables = plan, None  # first the old tables go, then the new ones are made
                self._tables = accelerated.tables(self._queries, plan, self._threads)
        return Path.KERNEL if self._tables is None else Path.JOIN

    def _pays(self, plan: Plan, forced: Path | None) -> bool:
        """Whether making the plan's tables is cheaper than to search as many rows as were seen as they are searched now."""
        if self._plan is not None:
            going_on_s = self._plan.row_s * self._rows_seen
            return plan.pieces != self._plan.pieces and plan.cost_s(self._rows_seen) < going_on_s
        return forced is Path.JOIN or plan.cost_s(self._rows_seen) < self._rows_seen * self._queries.size * COMPARE_S


def search(
    queries: ArrayLike, rows: ArrayLike, radius: int, *, valid: NDArray[np.bool_] | None = None, threads: int = 1
) -> Hits:
    """Find every pair with a distance of at most ``radius`` bits, in one call; see :class:`Searcher`."""
    return Searcher(queries, radius, threads=threads).search(rows, valid=valid)
