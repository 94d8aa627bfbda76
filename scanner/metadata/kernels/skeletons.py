"""The skeleton of a caption (``metadata.skeleton``), made from its bytes in one loop, and the literals in it."""

# ruff: noqa: PLR0912, PLR0917, SIM102 - a loop is written out where a call would cost more than its work; arrays in tuples cost
# a reference count each

from __future__ import annotations

from typing import Any

import numpy as np

from scanner.metadata.kernels.compiling import compiled, inlined
from scanner.metadata.kernels.tables import slot_of, stands_around
from scanner.metadata.kernels.vectors import load
from scanner.metadata.kernels.words import ALL, SECOND_FACTOR, ZERO


def _put(code: int, kind: int, last: int, out: Any, length: int, starts: Any, count: int) -> Any:
    """Append one character of a skeleton; returns the new last kind, length and number of places where a key may begin."""
    if kind == 0:
        if last != 0:
            out[length] = 32
            length += 1
        return 0, length, count
    if last not in (0, kind):
        out[length] = 32
        length += 1
    if last != kind or kind == 2:
        starts[count] = length if kind == 1 else -length - 1  # negative: a script without spaces
        count += 1
    if code < 0x80:
        out[length] = code
        length += 1
    elif code < 0x800:
        out[length] = 0xC0 | (code >> 6)
        out[length + 1] = 0x80 | (code & 0x3F)
        length += 2
    elif code < 0x10000:
        out[length] = 0xE0 | (code >> 12)
        out[length + 1] = 0x80 | ((code >> 6) & 0x3F)
        out[length + 2] = 0x80 | (code & 0x3F)
        length += 3
    else:
        out[length] = 0xF0 | (code >> 18)
        out[length + 1] = 0x80 | ((code >> 12) & 0x3F)
        out[length + 2] = 0x80 | ((code >> 6) & 0x3F)
        out[length + 3] = 0x80 | (code & 0x3F)
        length += 4
    return kind, length, count


put = inlined(_put)


def _decode(text: Any, at: int, end: int) -> Any:
    """The code point at a place and its length; -1 and 1 where the bytes are no UTF-8 (RFC 3629)."""
    lead = np.int64(text[at])
    if lead < 0x80:
        return lead, 1
    if 0xC2 <= lead < 0xE0:
        if at + 1 < end and 0x80 <= text[at + 1] < 0xC0:
            return ((lead & 0x1F) << 6) | (np.int64(text[at + 1]) & 0x3F), 2
    elif 0xE0 <= lead < 0xF0:
        if at + 2 < end and 0x80 <= text[at + 1] < 0xC0 and 0x80 <= text[at + 2] < 0xC0:
            code = ((lead & 0x0F) << 12) | ((np.int64(text[at + 1]) & 0x3F) << 6) | (np.int64(text[at + 2]) & 0x3F)
            if code >= 0x800 and not 0xD800 <= code < 0xE000:
                return code, 3
    elif 0xF0 <= lead < 0xF5 and at + 3 < end:
        if 0x80 <= text[at + 1] < 0xC0 and 0x80 <= text[at + 2] < 0xC0 and 0x80 <= text[at + 3] < 0xC0:
            code = ((lead & 0x07) << 18) | ((np.int64(text[at + 1]) & 0x3F) << 12)
            code |= ((np.int64(text[at + 2]) & 0x3F) << 6) | (np.int64(text[at + 3]) & 0x3F)
            if 0x10000 <= code < 0x110000:
                return code, 4
    return -1, 1


decode = inlined(_decode)


def _skeleton(content: Any, at: int, end: int, unicode: Any, text: Any, starts: Any) -> Any:
    """Write the skeleton of a caption; returns its length and the number of places where a key may begin, -1 if it has no room."""
    kinds, first, count_of, pool = unicode
    room, places = len(text) - 160, len(starts) - 32  # one character becomes at most 18 (U+FDFA)
    last, length, count = 0, 0, 0
    while at < end:
        if length > room or count > places:
            return -1, 0
        byte = content[at]
        if byte < 128:  # most characters, also here
            low = byte | np.uint8(32)
            if 48 <= byte < 58 or 97 <= low < 123:
                if last != 1:
                    if last == 2:
                        text[length] = 32
                        length += 1
                    starts[count] = length
                    count += 1
                text[length] = byte if byte < 58 else low
                length += 1
                last = 1
            elif last != 0:
                text[length] = 32
                length += 1
                last = 0
            at += 1
            continue
        code, size = decode(content, at, end)
        at += size
        if code < 0:
            last, length, count = put(32, 0, last, text, length, starts, count)
        elif code >= 0x30000:
            if code < 0x40000:
                last, length, count = put(code, 2, last, text, length, starts, count)
            elif not (code == 0xE0001 or 0xE0020 <= code <= 0xE007F or 0xE0100 <= code <= 0xE01EF):
                last, length, count = put(32, 0, last, text, length, starts, count)
        elif kinds[code] < 3:
            last, length, count = put(code, np.int64(kinds[code]), last, text, length, starts, count)
        elif kinds[code] == 4:
            for part in range(first[code], first[code] + count_of[code]):
                one = np.int64(pool[part])
                last, length, count = put(one, np.int64(kinds[one]), last, text, length, starts, count)
    if last == 1:
        text[length] = 32
        length += 1
    for behind in range(8):
        text[length + behind] = 0
    return length, count


skeleton = compiled(_skeleton)


def _in_skeleton(text: Any, length: int, starts: Any, table: Any) -> bool:
    """Whether a literal stands in a skeleton: keys are words, pairs of words, one or two characters of a script without spaces."""
    (bitmap, keys, shift), chains = table
    before_key = ZERO
    for number in range(len(starts)):
        at, size = starts[number], 0
        if at >= 0:
            while size < 8 and at + size < length and text[at + size] != 32:
                size += 1
            key = load(text, at) & (ALL >> np.uint64(64 - 8 * size))
            pair = (before_key * SECOND_FACTOR) ^ key
            before_key = key
            slot = slot_of(key, bitmap, keys, shift)
            if slot >= 0 and stands_around(text, length, at, slot, chains):
                return True
            slot = slot_of(pair, bitmap, keys, shift)
            if slot >= 0 and stands_around(text, length, at, slot, chains):
                return True
            continue
        at, before_key = -at - 1, ZERO
        for _ in range(2):
            if at + size < length and text[at + size] != 32:
                lead = text[at + size]
                size += 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
                slot = slot_of(load(text, at) & (ALL >> np.uint64(64 - 8 * size)), bitmap, keys, shift)
                if slot >= 0 and stands_around(text, length, at, slot, chains):
                    return True
    return False


in_skeleton = compiled(_in_skeleton)
