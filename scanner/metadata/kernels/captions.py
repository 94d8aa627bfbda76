"""Which captions could hold a declared name: words and pairs of words looked up, the skeleton only where a caption is not ASCII."""

# ruff: noqa: PLR0917 - a loop is written out where a call would cost more than its work; arrays in tuples cost
# a reference count each

from __future__ import annotations

from typing import Any

import numpy as np

from scanner.metadata.kernels.blocks import BLOCK_BYTES, block_end, fold, longest_of
from scanner.metadata.kernels.compiling import compiled
from scanner.metadata.kernels.skeletons import in_skeleton, skeleton
from scanner.metadata.kernels.tables import slot_of
from scanner.metadata.kernels.vectors import equal64, nonzero64, trailing_zeros
from scanner.metadata.kernels.words import ONE, SECOND_FACTOR, ZERO, below, word_key


def _stands(classes: Any, begin: int, end: int, at: int, content: Any, first: int, last: int, offset: int) -> bool:
    """Whether a literal stands in folded bytes around a word: a space of it is any run of bytes that are no word."""
    place, position = at, first + offset
    while position < last:
        if content[position] == 32:
            if place < end and classes[place] != 0:
                return False
            while place < end and classes[place] == 0:
                place += 1
        else:
            if place >= end or classes[place] != content[position]:
                return False
            place += 1
        position += 1
    place, position = at - 1, first + offset - 1
    while position >= first:
        if content[position] == 32:
            if place < begin or classes[place] != 0:
                return False
            while place >= begin and classes[place] == 0:
                place -= 1
        else:
            if place < begin or classes[place] != content[position]:
                return False
            place -= 1
        position -= 1
    return True


stands = compiled(_stands)


def _captions(content: Any, offsets: Any, unicode: Any, table: Any, out: Any) -> None:
    """Mark the captions whose skeleton holds a literal."""
    (bitmap, keys, shift), (heads, following, starts_of, offsets_of, literals) = table
    longest = longest_of(offsets)
    classes = np.zeros(max(longest, BLOCK_BYTES) + 80, np.uint8)
    text, starts = np.zeros(4 * longest + 256, np.uint8), np.empty(3 * longest + 64, np.int64)
    row = 0
    while row < len(offsets) - 1:
        behind, base = block_end(offsets, row), offsets[row]
        fold(content[base : offsets[behind]], classes)
        for number in range(row, behind):
            begin, end = offsets[number] - base, offsets[number + 1] - base
            before, before_key, beyond_ascii, found = ZERO, ZERO, False, False
            for chunk in range(begin, end, 64):
                inside = below(end - chunk)
                if equal64(classes, chunk, np.uint8(255)) & inside:
                    beyond_ascii = True
                    break
                words = nonzero64(classes, chunk) & inside
                places = words & ~((words << ONE) | before)
                before = words >> np.uint64(63)
                while places != ZERO:
                    at = chunk + np.int64(trailing_zeros(places))
                    places &= places - ONE
                    key = word_key(classes, at, end)
                    pair = (before_key * SECOND_FACTOR) ^ key
                    before_key = key
                    slot, other = slot_of(key, bitmap, keys, shift), slot_of(pair, bitmap, keys, shift)
                    while slot >= 0 or other >= 0:
                        literal = np.int64(heads[max(slot, other)])
                        while literal >= 0:
                            first, last = np.int64(starts_of[literal]), np.int64(starts_of[literal + 1])
                            found |= stands(
                                classes, begin, end, at, literals, first, last, np.int64(offsets_of[literal])
                            )
                            literal = np.int64(following[literal])
                        slot, other = min(slot, other), np.int64(-1)
            if beyond_ascii and not found:
                length, count = skeleton(content, offsets[number], offsets[number + 1], unicode, text, starts)
                found = length < 0 or in_skeleton(text, length, starts[:count], table)
            out[number] = found
        row = behind


captions = compiled(_captions)
