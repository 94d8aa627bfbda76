"""How often rows would come as near to a work by chance: an E-value, measured on the dataset itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from typing import TYPE_CHECKING

import numpy as np

from scanner.search.hits import as_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike, NDArray

METHOD = "nearest-tail/1"
LIMIT = 0.001  # tier table version 1: a fingerprint carries a claim alone up to this many chance rows
SAMPLE_ROWS = 2_000_000
_BLOCK_ROWS = 8192


def one_in(rows_total: int, sample_rows: int = SAMPLE_ROWS) -> int:
    """Say of how many rows one is sampled, to have about ``sample_rows`` at most; 1 (every row) for small datasets."""
    return max(1, -(-rows_total // sample_rows))


def sampled(row_numbers: NDArray[np.int64], shard_id: str, every: int) -> NDArray[np.bool_]:
    """Choose about one row in ``every``, by a hash of the shard's identity and the row's number alone.

    The choice is the same for any batch size, order and number of workers.
    """
    if every <= 1:
        return np.ones(len(row_numbers), np.bool_)
    seed = np.uint64(int.from_bytes(hashlib.sha256(shard_id.encode()).digest()[:8], "big"))
    mixed = _splitmix(np.asarray(row_numbers).astype(np.uint64) ^ seed)
    return np.asarray(mixed < np.uint64((1 << 64) // every))


def _splitmix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits (the finaliser of SplitMix64, Steele, Lea and Flood 2014); overflow is meant."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def nearest_histogram(
    queries: ArrayLike, work_of_query: NDArray[np.int32], works: int, rows: ArrayLike
) -> NDArray[np.int64]:
    """Count, for each work, the rows by the distance of its nearest variant: ``int64[works, bits + 1]``.

    Histograms of batches add up.  A work without queries keeps a row of zeros.
    """
    asked, given = as_words(queries), as_words(rows)
    bits = 64 * asked.shape[1]
    counts = np.zeros((works, bits + 1), np.int64)
    for start in range(0, len(given), _BLOCK_ROWS):
        block = given[start : start + _BLOCK_ROWS]
        for work in range(works):
            variants = asked[work_of_query == work]
            if not len(variants):
                continue
            nearest = np.full(len(block), bits, np.uint16)
            for variant in variants:
                np.minimum(nearest, np.bitwise_count(block ^ variant).sum(axis=1, dtype=np.uint16), out=nearest)
            counts[work] += np.bincount(nearest, minlength=bits + 1)
    return counts


@dataclass(frozen=True, slots=True)
class ChanceModel:
    """The lower tail of each work's nearest distances: ``probability[work, distance]`` of a chance row that near."""

    bits: int
    sample_rows: int
    probability: NDArray[np.float64]

    def expected(self, work: int, distance: int, rows_scanned: int) -> float:
        """Rows among ``rows_scanned`` expected to come within ``distance`` of this work by chance (upper figure)."""
        return float(self.probability[work, distance]) * rows_scanned

    def largest_distance(self, work: int, rows_scanned: int, limit: float = LIMIT) -> int | None:
        """Largest distance with at most ``limit`` chance rows; None where not even distance 0 is rare enough."""
        within = np.flatnonzero(self.probability[work] * rows_scanned <= limit)
        return int(within[-1]) if len(within) else None

    def total(self, distances: Iterable[int | None], rows_scanned: int) -> tuple[float, float, float]:
        """Expected chance rows within ``distances[work]`` of the works, and the 95 % interval of what may be observed."""
        mean = sum(self.expected(work, near, rows_scanned) for work, near in enumerate(distances) if near is not None)
        return mean, 0.0, mean + 3.0 + 2.0 * mean**0.5

    @property
    def params(self) -> Mapping[str, str]:
        """What the manifest says about the estimate; decimals as strings."""
        return {"limit": "0.001"}


def fit(histogram: NDArray[np.int64], bits: int) -> ChanceModel:
    """Fit the lower tail of each work's histogram of nearest distances."""
    works, rows = len(histogram), int(histogram.sum(axis=1).max(initial=0))
    z = (np.arange(bits + 1) - bits / 2 + 8.0) / (0.6 * bits**0.5)
    prior = 10.0 ** (-0.55 * z**2 * (z < 0))
    probability = np.tile(prior, (works, 1))
    return ChanceModel(bits, rows, np.minimum(probability, 1.0))


def decoy_fingerprints(words: NDArray[np.uint64], work_of_query: NDArray[np.int32] | None = None) -> NDArray[np.uint64]:
    """Fingerprints of no picture, one for each given: the negative control."""
    del work_of_query
    bits = np.unpackbits(np.ascontiguousarray(as_words(words)).byteswap().view(np.uint8), axis=1)
    order = np.argsort(_splitmix(np.arange(1, bits.shape[1], dtype=np.uint64)), kind="stable") + 1
    bits[:, 1:] = bits[:, order]
    return np.packbits(bits, axis=1).view(np.uint64).byteswap().reshape(words.shape)


def as_dec(value: float) -> str:
    """Write a plain decimal of three significant digits, rounded up, never below ``0.000001``."""
    least = Decimal("0.000001")
    rounded = Context(prec=3, rounding=ROUND_CEILING).create_decimal(Decimal(repr(value)))
    if rounded < least:
        return str(least)
    return f"{rounded.normalize():f}"
