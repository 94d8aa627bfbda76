"""Looking into the tables of ``literals``: is a key there, and does its literal stand around it?"""

from __future__ import annotations

from typing import Any

import numpy as np

from scanner.metadata.kernels.compiling import compiled, inlined
from scanner.metadata.kernels.vectors import nonzero64, trailing_zeros
from scanner.metadata.kernels.words import FIRST_FACTOR, ONE, SEVEN, THREE, TO_BIT, ZERO, below, word_key


def _slot_of(key: Any, bitmap: Any, keys: Any, shift: Any) -> Any:
    """Where a key stands in a table, or -1."""
    mixed = key * FIRST_FACTOR
    bit = mixed >> TO_BIT
    if not (np.uint64(bitmap[bit >> THREE]) >> (bit & SEVEN)) & ONE:
        return -1  # leaving here at once, not with one return for all, makes the loop around three times as fast
    slot = mixed >> shift
    mask = np.uint64(len(keys) - 1)
    while keys[slot] != key:
        if keys[slot] == ZERO:
            return -1
        slot = (slot + ONE) & mask
    return np.int64(slot)


slot_of = compiled(_slot_of)


def _stands_around(text: Any, length: int, at: int, slot: int, chains: Any) -> bool:
    """Whether a literal whose key stands here stands around it."""
    heads, following, starts, offsets, content = chains
    literal = heads[slot]
    while literal >= 0:
        begin = at - offsets[literal]
        size = starts[literal + 1] - starts[literal]
        if begin >= 0 and begin + size <= length:
            first = starts[literal]
            same = True
            for position in range(size):
                if text[begin + position] != content[first + position]:
                    same = False
                    break
            if same:
                return True
        literal = following[literal]
    return False


stands_around = compiled(_stands_around)


def _has_key(classes: Any, begin: int, end: int, bitmap: Any, keys: Any, shift: Any) -> bool:
    """Whether some word of folded bytes is the key of a literal."""
    before, found = ZERO, False
    for chunk in range(begin, end, 64):
        words = nonzero64(classes, chunk) & below(end - chunk)
        places = words & ~((words << ONE) | before)
        before = words >> np.uint64(63)
        while places != ZERO and not found:
            at = chunk + np.int64(trailing_zeros(places))
            places &= places - ONE
            found = slot_of(word_key(classes, at, end), bitmap, keys, shift) >= 0
        if found:
            break
    return found


has_key = inlined(_has_key)
