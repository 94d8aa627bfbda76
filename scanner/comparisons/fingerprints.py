"""Perceptual hashes: all rows of a batch against all variants of all works, with the distances that measure chance.

Of the variants of one Work the nearest speaks for it (the first named of equals), so that a row is one hit for a Work.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scanner.chance import nearest_histogram
from scanner.search import Searcher

if TYPE_CHECKING:
    from scanner.outcomes import Histogram
    from scanner.queries import FingerprintQueries


@dataclass(frozen=True, slots=True)
class Near:
    """Rows near to works: positions in the batch, Work indices, query positions and bits; ordered by row, then Work."""

    row: npt.NDArray[np.int64]
    work: npt.NDArray[np.int32]
    query: npt.NDArray[np.int32]
    distance: npt.NDArray[np.uint16]


class FingerprintComparison:
    """The queries of one algorithm, compiled for the batches of a part, with running sums.

    Attributes:
        nearest: int64[works, bits + 1] over the sampled rows (see ``chance.nearest_histogram``).
        control: the same for the decoys.
        sampled: rows in them.
        compared: rows whose fingerprint was compared.
        control_near: decoy hits as ``(work, distance)`` counts.
    """

    def __init__(self, queries: FingerprintQueries, works: int, radius: int, *, threads: int = 1) -> None:
        """Compile ``queries`` for a search within ``radius`` bits."""
        self.queries = queries
        self._works = works
        self._searcher = Searcher(queries.words, radius, threads=threads)
        self._decoys = Searcher(queries.decoys, radius, threads=threads)
        shape = (works, queries.bits + 1)
        self.nearest: Histogram = np.zeros(shape, np.int64)
        self.control: Histogram = np.zeros((queries.decoy_works, queries.bits + 1), np.int64)
        self.sampled = 0
        self.compared = 0
        self.control_near: Counter[tuple[int, int]] = Counter()

    def near(self, words: npt.NDArray[np.uint64], sample: npt.NDArray[np.bool_]) -> Near:
        """Search ``words`` (uint64[n, bits / 64]); the rows under ``sample`` also feed the histograms."""
        self.compared += len(words)
        chosen = words[sample]
        if len(chosen):
            self.sampled += len(chosen)
            self.nearest += nearest_histogram(self.queries.words, self.queries.work, self._works, chosen)
            self.control += nearest_histogram(
                self.queries.decoys, self.queries.decoy_work, self.queries.decoy_works, chosen
            )
        false = self._best(self._decoys, words, self.queries.decoy_work)
        self.control_near.update(zip(false.work.tolist(), false.distance.tolist(), strict=True))
        return self._best(self._searcher, words, self.queries.work)

    @staticmethod
    def _best(searcher: Searcher, words: npt.NDArray[np.uint64], owner: npt.NDArray[np.int32]) -> Near:
        hits = searcher.search(words)
        work = owner[hits.query] if len(hits) else np.empty(0, np.int32)
        order = np.lexsort((hits.query, hits.distance, work, hits.row))
        row, work, query, distance = hits.row[order], work[order], hits.query[order], hits.distance[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (row[1:] != row[:-1]) | (work[1:] != work[:-1])
        return Near(row[first], work[first], query[first], distance[first])
