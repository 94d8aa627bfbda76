"""What a search gives back, and how its arguments are brought into one shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words: TypeAlias = NDArray[np.uint64]
"""Fingerprints as ``uint64[n, bits / 64]``, C-contiguous, most significant word first."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Every (query, row) pair within the radius, ordered by row, then by query.

    ``query``: int32[k], position among the queries; ``row``: int64[k], position among the rows searched (no
    row number of a shard); ``distance``: uint16[k], number of differing bits.
    """

    query: NDArray[np.int32]
    row: NDArray[np.int64]
    distance: NDArray[np.uint16]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.row)


def as_words(fingerprints: ArrayLike) -> Words:
    """Bring ``uint64[n]`` or ``uint64[n, words]`` into the second shape.

    Raises:
        ValueError: another shape or dtype (signed or float columns are converted where their meaning is known).
    """
    words = np.asarray(fingerprints)
    if words.size == 0 and words.ndim == 1:
        return np.empty((0, 1), np.uint64)
    if words.dtype != np.uint64:
        raise ValueError(f"fingerprints must be uint64, not {words.dtype}")
    if words.ndim == 1:
        words = words[:, np.newaxis]
    if words.ndim != 2 or words.shape[1] == 0:
        raise ValueError(f"fingerprints must have the shape [n] or [n, words], not {words.shape}")
    return np.ascontiguousarray(words)


def in_order(query: NDArray[np.int32], row: NDArray[np.int64], distance: NDArray[np.uint16]) -> Hits:
    """Sort by row, then query, and drop pairs that were found twice: the one form every path returns."""
    if len(row) > 1:
        order = np.lexsort((query, row))
        query, row, distance = query[order], row[order], distance[order]
        first = np.concatenate(([True], (row[1:] != row[:-1]) | (query[1:] != query[:-1])))
        if not first.all():
            query, row, distance = query[first], row[first], distance[first]
    return Hits(query, row, distance)


def no_hits() -> Hits:
    """Nothing found."""
    return Hits(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.uint16))
