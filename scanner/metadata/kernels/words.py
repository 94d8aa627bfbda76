"""Words of 64 bits: the numbers of the tables, masks, keys of the bytes that stand at a place."""

from __future__ import annotations

from typing import Any

import numpy as np

from scanner.metadata.kernels.compiling import inlined
from scanner.metadata.kernels.vectors import load

# The same as in ``literals``, checked before a compiled loop is trusted: numba keeps them as constants in what it compiled.
BITMAP_BITS = 20
MULTIPLIER, SECOND_MULTIPLIER = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
SURVIVES, NEEDS_LITERAL, WRAPS, EXACT = 1, 2, 4, 8

FIRST_FACTOR, SECOND_FACTOR = np.uint64(MULTIPLIER), np.uint64(SECOND_MULTIPLIER)
TO_BIT = np.uint64(64 - BITMAP_BITS)
ZERO, ONE, THREE, SEVEN, EIGHT = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
LOWS, HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


def _word_key(classes: Any, at: int, end: int) -> Any:
    """The key of the word that starts here in folded bytes: its first bytes up to 8, zeros behind."""
    word = load(classes, at)
    if end - at < 8:
        word &= (ONE << np.uint64(8 * (end - at))) - ONE
    zeros = (word - LOWS) & ~word & HIGHS
    return word & (((zeros & (~zeros + ONE)) >> SEVEN) - ONE)


word_key = inlined(_word_key)


def _below(count: int) -> Any:
    """A word with its lowest bits set: as many as ``count``, at most 64."""
    return ALL if count >= 64 else (ONE << np.uint64(count)) - ONE


below = inlined(_below)


def _lower(word: Any) -> Any:
    """Eight bytes with ASCII capitals in lower case."""
    low = word & ~HIGHS
    above = low + np.uint64(0x2525252525252525)  # high bit where the byte is beyond Z
    from_a = low + np.uint64(0x3F3F3F3F3F3F3F3F)  # high bit where it is A or beyond
    return word | (((from_a ^ above) & ~word & HIGHS) >> np.uint64(2))


lower = inlined(_lower)
