"""A URL's path and query spelled out: lower case, without escapes, and the literals and file names in it."""

# ruff: noqa: PLR0912, SIM102 - a loop is written out where a call would cost more than its work; arrays in tuples cost
# a reference count each

from __future__ import annotations

from typing import Any

import numpy as np

from scanner.metadata.kernels.compiling import compiled, inlined
from scanner.metadata.kernels.tables import slot_of, stands_around
from scanner.metadata.kernels.vectors import load
from scanner.metadata.kernels.words import ALL


def _hex(byte: int) -> int:
    """The value of a hex digit, or -1."""
    if 48 <= byte < 58:
        return byte - 48
    byte |= 0x20
    return byte - 87 if 97 <= byte < 103 else -1


hex_value = inlined(_hex)


def _is_word(byte: int) -> bool:
    """Letters, digits and everything beyond ASCII, in lower-cased text."""
    return 97 <= byte < 123 or 48 <= byte < 58 or byte >= 128


is_word = inlined(_is_word)


def _stream(content: Any, at: int, end: int, text: Any) -> int:
    """Write the bytes in lower case with every escape decoded, however deeply, and ``&amp;`` as ``&``; returns the length."""
    length = 0
    while at < end:
        byte = np.int64(content[at])
        at += 1
        while (
            byte == 37
            and at + 1 < end
            and hex_value(np.int64(content[at])) >= 0
            and hex_value(np.int64(content[at + 1])) >= 0
        ):
            byte = 16 * hex_value(np.int64(content[at])) + hex_value(np.int64(content[at + 1]))
            at += 2
        if 65 <= byte < 91:
            byte += 32
        text[length] = byte
        length += 1
        if byte == 59 and length >= 5 and text[length - 2] == 112 and text[length - 3] == 109:
            if text[length - 4] == 97 and text[length - 5] == 38:
                length -= 4
    for behind in range(8):
        text[length + behind] = 0
    return length


stream = compiled(_stream)


def _spelled_out(raw: Any, at: int, stop: int, text: Any, asked: Any, rules: Any) -> bool:
    """Whether a path and query hold a literal they need, or a file name, in lower case and without escapes."""
    needed, wrapped = asked
    ((bitmap, keys, shift), chains), ((name_bitmap, name_keys, name_shift), name_chains), has_names, wrapped_survive = (
        rules
    )
    length = stream(raw, at, stop, text)
    query, dots = False, False
    for place in range(length):
        byte = text[place]
        if byte == 63:
            query = True
        elif byte == 58:
            wrapped = True
        elif byte == 47:
            if query and place > 0 and text[place - 1] == 47:
                wrapped = True
            if has_names:
                slot = slot_of(load(text, place + 1), name_bitmap, name_keys, name_shift)
                if slot >= 0 and stands_around(text, length, place + 1, slot, name_chains):
                    return True
        elif byte == 46 and place > 0 and text[place - 1] == 47:
            dots = True
    if not (needed or wrapped):
        return False
    if dots or (wrapped and wrapped_survive):  # a/../b: pieces of the canonical path need not stand together here
        return True
    place = 0
    while place < length:
        behind = place
        while behind < length and is_word(text[behind]):
            behind += 1
        if behind > place:
            key = load(text, place) & (ALL >> np.uint64(64 - 8 * min(8, behind - place)))
            slot = slot_of(key, bitmap, keys, shift)
            if slot >= 0 and stands_around(text, length, place, slot, chains):
                return True
        place = behind + 1
    return False


spelled_out = compiled(_spelled_out)
