"""The compiled form of Pillow's Lanczos resize of a grey picture.  Imported only when it is used: numba takes a while.

The arithmetic is Pillow's own for eight-bit pictures (``Resample.c``): weights from a double-precision Lanczos window of
three lobes, rounded to 22 bits; sums in 32-bit integers from one half upwards; across first, then down, each pass
rounded to eight bits.  Integer sums come out the same in any order, so vector instructions change nothing but the time.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

_BITS = 22  # of a weight: 32 less 8 of the pixel less 2 of head room, because weights may be negative
_LOBES = 3.0


@njit(nogil=True, cache=True)
def _sinc(x: float) -> float:
    return 1.0 if x == 0.0 else math.sin(x * math.pi) / (x * math.pi)


@njit(nogil=True, cache=True)
def _weights(length: int, side: int) -> Any:
    """First pixel, number of pixels and their weights for each of ``side`` points over ``length`` pixels."""
    scale = length / side
    stretch = max(scale, 1.0)
    reach = _LOBES * stretch
    first, count = np.empty(side, np.int64), np.empty(side, np.int64)
    weights = np.zeros((side, math.ceil(reach) * 2 + 1), np.int32)
    exact = np.empty(weights.shape[1])
    for point in range(side):
        centre = (point + 0.5) * scale
        low = max(0, int(centre - reach + 0.5))
        high = min(length, int(centre + reach + 0.5))
        first[point], count[point] = low, high - low
        total = 0.0
        for at in range(high - low):
            x = (at + low - centre + 0.5) * (1.0 / stretch)
            exact[at] = _sinc(x) * _sinc(x / _LOBES) if -_LOBES <= x < _LOBES else 0.0
            total += exact[at]
        for at in range(high - low):
            weight = exact[at] / total * (1 << _BITS)
            weights[point, at] = int(weight - 0.5) if weight < 0 else int(weight + 0.5)
    return first, count, weights


@lru_cache(maxsize=32)  # 25 kB each for 1,000 pixels; the pictures of one dataset often have one size
def _kept_weights(length: int, side: int) -> Any:
    """``_weights``, which take as long as the sums of a picture of 640 x 480, kept for the next picture; read only."""
    return _weights(length, side)


def shrink(grey: Any, side: int) -> Any:
    """``uint8[height, width]`` to ``uint8[side, side]``; both sides of ``grey`` are longer than ``side``."""
    height, width = grey.shape
    return _shrunk(grey, side, _kept_weights(width, side), _kept_weights(height, side))


@njit(nogil=True, cache=True)
def _shrunk(grey: Any, side: int, weights_across: Any, weights_down: Any) -> Any:
    height = grey.shape[0]
    half = np.int32(1 << (_BITS - 1))
    first, count, weights = weights_across
    across = np.empty((height, side), np.uint8)
    for y in range(height):
        for point in range(side):
            pixels = grey[y, first[point] : first[point] + count[point]]
            line = weights[point, : count[point]]
            total = half
            for x in range(len(pixels)):
                # Kept at 32 bits by the casts; numba would widen to 64 and use half as many lanes.
                total = np.int32(total + np.int32(np.int32(pixels[x]) * line[x]))
            across[y, point] = min(max(total >> _BITS, 0), 255)
    first, count, weights = weights_down
    square = np.empty((side, side), np.uint8)
    totals = np.empty(side, np.int32)
    for point in range(side):
        totals[:] = half
        for at in range(count[point]):
            row, weight = across[first[point] + at], weights[point, at]
            for x in range(side):
                totals[x] = np.int32(totals[x] + np.int32(np.int32(row[x]) * weight))
        for x in range(side):
            square[point, x] = min(max(totals[x] >> _BITS, 0), 255)
    return square
