"""The host of a URL: where it begins and ends in the cell, and what it or a parent domain needs."""

# ruff: noqa: PLR0917, PLR1714 - a loop is written out where a call would cost more than its work; arrays in tuples cost
# a reference count each

from __future__ import annotations

from typing import Any

import numpy as np

from scanner.metadata.kernels.compiling import compiled, inlined
from scanner.metadata.kernels.vectors import equal64, load, nonzero64, trailing_zeros
from scanner.metadata.kernels.words import (
    EIGHT,
    FIRST_FACTOR,
    ONE,
    SECOND_FACTOR,
    SEVEN,
    THREE,
    TO_BIT,
    ZERO,
    below,
    lower,
)

_SPACES, _FOUR, _HTTP = np.uint64(0x2020202020202020), np.uint64(0xFFFFFFFF), np.uint64(0x70747468)


def _flags_at(raw: Any, at: int, end: int, last: Any, bitmap: Any, keys: Any, flags: Any) -> Any:
    """What a host, or a parent domain, between two places needs."""
    size = end - at
    first = lower(load(raw, at))
    if size < 8:
        first &= (ONE << np.uint64(8 * size)) - ONE
        last = first
    mixed = (first ^ (np.uint64(size) << np.uint64(56))) * FIRST_FACTOR
    mixed ^= mixed >> np.uint64(32)
    key = (mixed ^ last) * SECOND_FACTOR
    if key == ZERO:
        key = ONE
    bit = key >> TO_BIT
    if not (np.uint64(bitmap[bit >> THREE]) >> (bit & SEVEN)) & ONE:
        return 0
    mask = np.uint64(len(keys) - 1)
    slot = (key >> EIGHT) & mask
    while keys[slot] != key:
        if keys[slot] == ZERO:
            return 0
        slot = (slot + ONE) & mask
    return np.int64(flags[slot])


flags_at = compiled(_flags_at)


def _behind_scheme(raw: Any, at: Any, end: int) -> Any:
    """Where the host begins: behind ``http://``, ``https://`` or ``//``; -1 where the cell begins otherwise."""
    word = load(raw, at) | _SPACES
    if end - at >= 7 and (word & _FOUR) == _HTTP:
        # http and https come in any order: a sum, where a branch would be guessed wrongly every second time
        at += 4 + np.int64(((word >> np.uint64(32)) & np.uint64(0xFF)) == np.uint64(115))
        if raw[at] != 58:
            return -1
        at += 1
    if at + 2 > end or raw[at] != 47 or raw[at + 1] != 47:
        return -1
    return at + 2


behind_scheme = inlined(_behind_scheme)


def _host_end(raw: Any, marks: Any, begin: int, end: int) -> Any:
    """Where a host ends; -1 for a refused URL, -2 for one that the plain functions decide.

    Kept short: a loop for ports in here made every row three times as slow.
    """
    stops = (equal64(raw, begin, np.uint8(47)) | nonzero64(marks, begin)) & below(end - begin)
    if stops == ZERO:
        return -2 if end - begin > 64 else end
    finish = begin + np.int64(trailing_zeros(stops))
    byte = raw[finish]
    if byte == 47 or byte == 63 or byte == 35 or byte == 58:
        return finish
    return -2 if byte >= 127 or byte == 91 else -1  # beyond ASCII and addresses in brackets are rare


host_end = compiled(_host_end)


def _behind_port(raw: Any, at: int, end: int) -> int:
    """Where path, query or fragment begin behind a colon; whether a port stands there is for the plain functions."""
    while at < end and raw[at] != 47 and raw[at] != 63 and raw[at] != 35:
        at += 1
    return at


behind_port = compiled(_behind_port)
