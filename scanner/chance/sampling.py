"""Which rows measure chance: about one in so many, by a hash of where the row stands and of nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_ROWS: Final = 200_000
"""From here more rows change the figures little: the fit uses counts of some hundreds for each work."""


def one_in(rows_total: int, sample_rows: int = SAMPLE_ROWS) -> int:
    """Say of how many rows one is sampled, to have about ``sample_rows`` of ``rows_total``; 1 (every row) when fewer."""
    return max(1, -(-rows_total // max(1, sample_rows)))


def sampled(row_numbers: NDArray[np.int64], shard_id: str, every: int) -> NDArray[np.bool_]:
    """Choose about one row in ``every``.

    The choice depends on the shard's identity and the row's number alone: batch size, order and workers change nothing.
    """
    if every <= 1:
        return np.ones(len(row_numbers), np.bool_)
    seed = np.uint64(int.from_bytes(hashlib.sha256(shard_id.encode()).digest()[:8], "big"))
    mixed = _mixed(np.asarray(row_numbers).astype(np.uint64) ^ seed)
    return np.asarray(mixed < np.uint64((1 << 64) // every))


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014); overflow is meant."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
