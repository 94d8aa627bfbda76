"""From counts to the expected number of chance rows, for each work.

What is expected of a work is the sum of its variants' rates (:mod:`scanner.chance.rates`): for small rates the chance
that *any* comes near is at most that.  Datasets and works differ, so the sum is corrected by the work's own
histogram:

    p(work, d)  =  (1 - exp(-sum of rates(d))) * exp(level + tilt * (d0 - d) / step)

``level`` and ``tilt`` are fitted by Poisson regression to the rows sampled at 10 to 16 bits (72 to 90 of 256), with
normal priors around 0, chosen wider than the differences seen between works and between sets of rows.  Nearer rows are
left out: they are few by chance, and true copies are there.  For an assumed spread of copies (most within 6 bits, 7 %
beyond 10) a hundred of them in thirty thousand rows raise the estimate at 4 bits by a quarter, three hundred by four
fifths: against the claim.  Only a work with a nearly blank look has its figure from all rows, also the nearest: copies of it
cannot be told from other blank pictures, which datasets are full of.

Without any row the priors stand alone, and what is printed is an upper figure: 95 % one-sided, with the doubt about the
shape growing with the distance it is carried beyond the counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from scanner.chance.rates import TAILS, Tail, rates
from scanner.chance.structure import structure
from scanner.search.hits import as_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike, NDArray

LIMIT: Final = 0.001
"""Tier table version 1: up to so many expected chance rows a fingerprint carries a claim alone."""

# Chosen by judgement, wider than what was measured in natural logarithms: level 0.16 between works, up to 0.7 between sets
# of rows; tilt 0.14 to 0.23 between works.  The last three were not measured.
_LEVEL_SD: Final = 0.7
_TILT_SD: Final = 0.25  # a step nearer
_SHAPE_SD: Final = 0.15  # a step beyond the counts, added up: the table itself may be wrong
_UPPER: Final = 1.645  # standard deviations of a one-sided 95 % bound
_TWO_SIDED: Final = 1.96
_OVERLAP: Final = 3.0  # rows near to several variants are counted for each: lowers the lower bound, set after a trial
_CLUMP: Final = 3.0  # rows to a picture that datasets repeat: widens the interval of what may be observed


@dataclass(frozen=True, slots=True)
class ChanceModel:
    """The fitted lower tails.  ``probability[work, d]``: upper figure for one row; ``doubt``: sd of its logarithm."""

    bits: int
    sample_rows: int
    probability: NDArray[np.float64]
    doubt: NDArray[np.float64]
    correction: NDArray[np.float64]

    def expected(self, work: int, distance: int, rows_scanned: int) -> float:
        """Rows among ``rows_scanned`` expected to come within ``distance`` of this work by chance, at most."""
        return float(self.probability[work, distance]) * rows_scanned

    def largest_distance(self, work: int, rows_scanned: int, limit: float = LIMIT) -> int | None:
        """Largest distance with less than ``limit`` chance rows; None where not even distance 0 is rare enough."""
        within = np.flatnonzero(self.probability[work] * rows_scanned < limit)
        return int(within[-1]) if len(within) else None

    def total(self, distances: Iterable[int | None], rows_scanned: int) -> tuple[float, float, float]:
        """Chance rows expected within ``distances[work]`` of the works, and between what numbers 95 % of scans lie.

        The bounds hold the doubt of the estimate, the play of chance, and that datasets repeat pictures.
        """
        mean = least = most = 0.0
        for work, near in enumerate(distances):
            if near is not None:
                figure, doubt = self.expected(work, near, rows_scanned), float(self.doubt[work, near])
                mean += figure
                least += figure * exp(-(_UPPER + _TWO_SIDED) * doubt) / _OVERLAP
                most += figure * exp((_TWO_SIDED - _UPPER) * doubt)
        return mean, float(_CLUMP * _quantile(least / _CLUMP, 0.025)), float(_CLUMP * _quantile(most / _CLUMP, 0.975))

    @property
    def params(self) -> Mapping[str, str]:
        """What the manifest says about the estimate: decimals as strings; of the works' corrections the quartiles."""
        quartiles = np.percentile(self.correction, (25, 50, 75), axis=0) if len(self.correction) else np.zeros((3, 2))
        return {
            "cells": ",".join(str(edge) for edge in TAILS[self.bits].edges),
            "level": ",".join(f"{value:.3f}" for value in quartiles[:, 0]),
            "tilt": ",".join(f"{value:.3f}" for value in quartiles[:, 1]),
            "prior_sd": f"{_LEVEL_SD},{_TILT_SD},{_SHAPE_SD}",
            "upper": f"{_UPPER}",
        }


def composition(queries: ArrayLike, work_of_query: NDArray[np.int32], works: int) -> NDArray[np.int64]:
    """Count each work's variants by class of structure: ``int64[works, classes]``, as :func:`fit` wants them.

    A fingerprint with far from half its bits set is that of a nearly blank picture, and counts in the first class.
    """
    words = as_words(queries)
    bits = 64 * words.shape[1]
    tail = TAILS[bits]
    classes = np.searchsorted(tail.structures, structure(words))
    ones = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    classes[np.abs(ones - bits // 2) > bits // 8] = 0
    counts = np.zeros((works, len(tail.level)), np.int64)
    np.add.at(counts, (work_of_query, classes), 1)
    return counts


def fit(histogram: NDArray[np.int64], bits: int, made_of: NDArray[np.int64]) -> ChanceModel:
    """Fit each work's lower tail to its histogram of nearest distances.

    Args:
        histogram: ``int64[works, bits + 1]`` of :func:`nearest_histogram`, over the sampled rows; zeros if none are.
        bits: 64 or 256.
        made_of: ``int64[works, classes]`` of :func:`composition`.
    """
    tail = TAILS[bits]
    prior = -np.expm1(-made_of.astype(np.float64) @ rates(bits))
    below = np.cumsum(histogram, axis=1)
    correction, covariance = _regression(tail, prior, below)
    steps = (tail.edges[-1] - np.arange(bits + 1)) / tail.step
    basis = np.stack([np.ones(bits + 1), steps], axis=1)
    beyond = np.maximum(steps - (len(tail.edges) - 2), 0.0)
    doubt = np.sqrt(np.einsum("di,wij,dj->wd", basis, covariance, basis) + (_SHAPE_SD * beyond) ** 2)
    upper = np.minimum(prior * np.exp(np.minimum(correction @ basis.T + _UPPER * doubt, 60.0)), 1.0)
    # What comes near to a nearly blank picture is chance, however near, and no copy that could be told from it.
    blank = made_of[:, 0] > 0
    counted = (below + _UPPER * np.sqrt(below)) / np.maximum(below[:, -1:], 1)
    upper[blank] = np.maximum(upper, counted)[blank]
    # Farther than the last cell the counts themselves are the better figure; and never less than nearer.
    rows = np.maximum(below[:, -1:], 1)
    upper[:, tail.edges[-1] + 1 :] = np.maximum(upper, below / rows)[:, tail.edges[-1] + 1 :]
    probability = np.minimum(np.maximum.accumulate(upper, axis=1), 1.0)
    return ChanceModel(bits, int(below[:, -1].max(initial=0)), probability, doubt, correction)


def _regression(
    tail: Tail, prior: NDArray[np.float64], below: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Level and tilt of each work (``[works, 2]``) and their covariance, by Newton's method on the log posterior."""
    edges = np.array(tail.edges)
    basis = np.stack([np.ones(len(edges) - 1), (edges[-1] - edges[1:]) / tail.step], axis=1)
    counted = np.diff(below[:, edges], axis=1)
    expected = np.diff(prior[:, edges], axis=1) * below[:, -1:] + 1e-12
    precision = np.diag([_LEVEL_SD**-2, _TILT_SD**-2])
    found = np.zeros((len(below), 2))
    for _ in range(50):
        means = expected * np.exp(found @ basis.T)
        slope = (counted - means) @ basis - found @ precision
        curvature = np.einsum("wc,ci,cj->wij", means, basis, basis) + precision
        found += np.clip(np.linalg.solve(curvature, slope[..., np.newaxis])[..., 0], -1.0, 1.0)
    means = expected * np.exp(found @ basis.T)
    return found, np.linalg.inv(np.einsum("wc,ci,cj->wij", means, basis, basis) + precision)


def _quantile(mean: float, share: float) -> int:
    """Smallest count that a Poisson variable does not exceed with probability ``share``."""
    if mean > 1e4:  # the normal approximation is good to a thousandth here
        return max(0, round(mean + (_TWO_SIDED if share > 0.5 else -_TWO_SIDED) * sqrt(mean)))
    count, total = 0, exp(-mean)
    while total < share:
        count += 1
        total += exp(count * log(mean) - mean - lgamma(count + 1))
    return count
