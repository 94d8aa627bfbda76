"""How often one unrelated row comes within ``d`` bits of one fingerprint: the shape of the lower tail.

The bits of a pHash of a real picture are not independent, but their differences behave like fewer bits that are
(Daugman found the same for iris codes: IEEE Trans. CSVT 14, 2004).  So the tail is that of a binomial of ``n`` fair
bits, stretched to the fingerprint's length and continued between whole numbers by the incomplete beta function:

    rate(d)  =  level * I(n - x, x + 1) / I(n - x0, x0 + 1)        x = d * n / bits,  I regularised, at 1/2

``n`` and the level at ``d0`` depend on the structure of the fingerprint (:mod:`scanner.chance.structure`) and on
little else.  The table was fitted to 20,000 variants of 140 works (photographs, paintings, engravings, digital art)
against 210,000 rows of *other* pictures (crops of 8 to 60 % of the side, simpler than whole pictures and so nearer to
everything), at 4 to 16 bits of 64 and 50 to 90 of 256.  Observed and fitted, log10 of the rate at 64 bits:

===========  ============  ============  ============  ============  ============
structure    d = 6         d = 8         d = 10        d = 12        d = 16
===========  ============  ============  ============  ============  ============
7 and 8      -6.2 / -6.1   -5.3 / -5.4   -4.8 / -4.8   -4.4 / -4.3   -3.4 / -3.4
9 and 10     -6.8 / -6.9   -6.2 / -6.1   -5.4 / -5.4   -4.8 / -4.7   -3.5 / -3.6
11 and 12    -8.1 / -8.2   -7.1 / -7.0   -6.0 / -6.0   -5.1 / -5.1   -3.6 / -3.6
13 and 14    -8.6 / -8.8   -7.5 / -7.5   -6.4 / -6.4   -5.4 / -5.4   -3.7 / -3.8
15 and more  -8.8 / -9.4   -7.9 / -8.0   -6.8 / -6.8   -5.7 / -5.7   -3.9 / -3.9
===========  ============  ============  ============  ============  ============

What the table does not know: among 2.8 thousand million pairs of structure 15 and more there were 4 within 6 bits (the fit says
one) and none within 4, so what stands there for 0 to 4 bits is carried on, not counted.  The classes below structure 9 hold few
queries (6 to 218); their values were smoothed by hand, so that rates fall with structure, as were those of 256 bits below
structure 61.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import lgamma, log
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The table of one fingerprint length.

    ``edges``: upper bounds of the cells that are counted, in bits; the last is ``d0``.  ``structures``: largest
    structure of each class but the last.  ``effective_bits``, ``level``: ``n`` and log10 of the rate at ``d0``, for
    each class.
    """

    edges: tuple[int, ...]
    structures: tuple[int, ...]
    effective_bits: tuple[float, ...]
    level: tuple[float, ...]

    @property
    def step(self) -> int:
        """Width of a cell in bits."""
        return self.edges[1] - self.edges[0]


TAILS: Final = {
    64: Tail(
        edges=(10, 12, 14, 16),
        structures=(0, 2, 4, 6, 8, 10, 12, 14),
        effective_bits=(2.25, 20.0, 22.0, 22.0, 25.0, 31.0, 42.0, 46.5, 50.5),
        level=(-2.5, -3.1, -3.2, -3.2, -3.4, -3.53, -3.64, -3.75, -3.87),
    ),
    256: Tail(
        edges=(72, 78, 84, 90),
        structures=(8, 30, 40, 50, 60, 66, 72, 78),
        effective_bits=(3.7, 14.0, 17.0, 42.0, 45.0, 60.0, 100.0, 106.0, 141.0),
        level=(-2.8, -3.1, -3.6, -4.3, -4.4, -4.5, -4.69, -5.04, -5.27),
    ),
}


@cache
def rates(bits: int) -> NDArray[np.float64]:
    """``float64[classes, bits + 1]``: the chance that one row comes within ``d`` bits of one fingerprint of the class."""
    tail = TAILS[bits]
    distances = np.arange(bits + 1)
    logs = np.array([_log_binomial(n, distances * n / bits) for n in tail.effective_bits])
    levels = np.array(tail.level)[:, np.newaxis] * log(10)
    table: NDArray[np.float64] = np.exp(np.minimum(logs - logs[:, tail.edges[-1], np.newaxis] + levels, 0.0))
    table = np.maximum.accumulate(table, axis=1)  # the last bit of the quadrature
    table.setflags(write=False)
    return table


def _log_binomial(n: float, differing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the chance of at most ``differing`` ones among ``n`` fair bits, both real: ``I(n - x, x + 1)`` at 1/2.

    With ``t = exp(-u) / 2`` the integral of the beta density becomes smooth and is summed by trapezoids.
    """
    found = np.empty(len(differing))
    for place, x in enumerate(np.minimum(differing, n - 0.5)):
        u = np.linspace(0.0, 60.0 / (n - x), 4001)
        density = np.exp(-u * (n - x) + x * np.log1p(-np.exp(-u) / 2))
        beta = lgamma(n - x) + lgamma(x + 1) - lgamma(n + 1)
        found[place] = log(np.trapezoid(density, u)) - (n - x) * log(2) - beta
    return found
