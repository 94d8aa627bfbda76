"""Compiled loops over the bytes of a column: which cells could match at all.

Imported only when enough rows are to be looked at: numba costs half a second to load.  Each kernel writes 1 into ``out`` for a cell that
the plain functions have to look at.  They read what Arrow gives (any bytes, invalid UTF-8 included) and write nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from scanner.metadata.literals import BITMAP_BITS, EXACT, MULTIPLIER, NEEDS_LITERAL, SURVIVES, WRAPS

_MULTIPLIER = np.uint64(MULTIPLIER)
_TO_BIT = np.uint64(64 - BITMAP_BITS)
_ONE, _THREE, _SEVEN, _EIGHT = np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
_FNV, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_MAX_URL = 8192


def compiled(function: Any) -> Any:
    """Compile to run without the GIL, kept on disk: beside this file or, where that is read-only, in the user cache."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither folder can be written: compile anew in each process
        return njit(nogil=True)(function)


def _load(text: Any, at: int) -> Any:
    """Eight bytes, little endian; the buffer has eight bytes behind its last."""
    word = np.uint64(text[at])
    word |= np.uint64(text[at + 1]) << np.uint64(8)
    word |= np.uint64(text[at + 2]) << np.uint64(16)
    word |= np.uint64(text[at + 3]) << np.uint64(24)
    word |= np.uint64(text[at + 4]) << np.uint64(32)
    word |= np.uint64(text[at + 5]) << np.uint64(40)
    word |= np.uint64(text[at + 6]) << np.uint64(48)
    word |= np.uint64(text[at + 7]) << np.uint64(56)
    return word


load = compiled(_load)


def _holds(text: Any, length: int, at: int, table: Any) -> bool:
    """Whether a literal has its window at this place of the text and stands around it."""
    lengths, bitmap, keys, heads, following, starts, offsets, content, shift = table
    word = load(text, at)
    mask = np.uint64(len(keys) - 1)
    for number in range(len(lengths)):
        size = np.uint64(lengths[number])
        key = word
        if size < _EIGHT:
            key = (word & ((_ONE << (size * _EIGHT)) - _ONE)) | (size << np.uint64(56))
        mixed = key * _MULTIPLIER
        bit = mixed >> _TO_BIT
        if not (np.uint64(bitmap[bit >> _THREE]) >> (bit & _SEVEN)) & _ONE:
            continue
        slot = mixed >> shift
        while keys[slot] != np.uint64(0) and keys[slot] != key:
            slot = (slot + _ONE) & mask
        if keys[slot] == np.uint64(0):
            continue
        literal = heads[slot]
        while literal >= 0:
            begin = at - offsets[literal]
            size_of = starts[literal + 1] - starts[literal]
            if begin >= 0 and begin + size_of <= length:
                first = starts[literal]
                same = True
                for position in range(size_of):
                    if text[begin + position] != content[first + position]:
                        same = False
                        break
                if same:
                    return True
            literal = following[literal]
    return False


holds = compiled(_holds)


def _put(code: int, kind: int, last: int, out: Any, length: int, starts: Any, count: int) -> Any:
    """Append one character of a skeleton; returns the new last kind, length and number of window starts."""
    if kind == 0:
        if last != 0:
            out[length] = 32
            length += 1
        return 0, length, count
    if last != 0 and last != kind:
        out[length] = 32
        length += 1
    if last != kind or kind == 2:
        starts[count] = length
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


put = compiled(_put)


def _decode(text: Any, at: int, end: int) -> Any:
    """The code point at a place and its length; -1 and 1 where the bytes are no UTF-8 (RFC 3629)."""
    lead = np.int64(text[at])
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


decode = compiled(_decode)


def _captions(content: Any, offsets: Any, ascii_kind: Any, unicode: Any, table: Any, out: Any) -> None:
    """Mark the captions whose skeleton holds a literal."""
    kinds, first, count_of, pool = unicode
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    # One character may become 18 (U+FDFA); a caption that grows fourfold is not looked at here but passed on.  ASCII adds at most
    # two bytes and one start for each of its own, so the arrays cannot overflow behind the last check.
    room, places = 4 * longest, 2 * longest
    text = np.zeros(room + 2 * longest + 256, np.uint8)
    starts = np.empty(places + longest + 64, np.int64)
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        last, length, count = 0, 0, 0
        full = False
        while at < end:
            byte = content[at]
            if byte < 0x80:
                kind = ascii_kind[byte]
                if kind == 0:
                    if last != 0:
                        text[length] = 32
                        length += 1
                        last = 0
                else:
                    if last != 1:
                        if last != 0:
                            text[length] = 32
                            length += 1
                        starts[count] = length
                        count += 1
                        last = 1
                    text[length] = kind
                    length += 1
                at += 1
                continue
            code, size = decode(content, at, end)
            at += size
            if length > room or count > places:
                full = True
                break
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
        if full:
            out[row] = 1
            continue
        if last == 1:
            text[length] = 32
            length += 1
        for behind in range(8):
            text[length + behind] = 0
        for number in range(count):
            if holds(text, length, starts[number], table):
                out[row] = 1
                break


captions = compiled(_captions)


def _hex(byte: int) -> int:
    """The value of a hex digit, or -1."""
    if 48 <= byte < 58:
        return byte - 48
    byte |= 0x20
    return byte - 87 if 97 <= byte < 103 else -1


hex_value = compiled(_hex)


def _is_word(byte: int) -> bool:
    """Letters, digits and everything beyond ASCII, in lower-cased text."""
    return 97 <= byte < 123 or 48 <= byte < 58 or byte >= 128


is_word = compiled(_is_word)


def _stream(content: Any, at: int, end: int, text: Any) -> int:
    """Write the bytes in lower case with every escape decoded, however deeply, and ``&amp;`` as ``&``; returns the length."""
    length = 0
    while at < end:
        byte = np.int64(content[at])
        at += 1
        if byte == 37:
            while at + 1 < end and hex_value(np.int64(content[at])) >= 0 and hex_value(np.int64(content[at + 1])) >= 0:
                byte = 16 * hex_value(np.int64(content[at])) + hex_value(np.int64(content[at + 1]))
                at += 2
                if byte != 37:
                    break
        if 65 <= byte < 91:
            byte += 32
        text[length] = byte
        length += 1
        if byte == 59 and length >= 5:  # ;
            if (
                text[length - 2] == 112
                and text[length - 3] == 109
                and text[length - 4] == 97
                and text[length - 5] == 38
            ):
                length -= 4
    for behind in range(8):
        text[length + behind] = 0
    return length


stream = compiled(_stream)


def _host_flags(content: Any, at: int, end: int, hosts: Any) -> int:
    """What a host and its parent domains need, or-ed together."""
    bitmap, keys, flags = hosts
    mask = np.uint64(len(keys) - 1)
    value, found = _FNV, 0
    for position in range(end - 1, at - 1, -1):
        byte = np.int64(content[position])
        if 65 <= byte < 91:
            byte += 32
        value = (value ^ np.uint64(byte)) * _FNV_PRIME
        if position > at and content[position - 1] != 46:
            continue
        bit = value >> _TO_BIT
        if not (np.uint64(bitmap[bit >> _THREE]) >> (bit & _SEVEN)) & _ONE:
            continue
        slot = value & mask
        while keys[slot] != np.uint64(0) and keys[slot] != value:
            slot = (slot + _ONE) & mask
        if keys[slot] == value:
            flag = np.int64(flags[slot])
            if flag & EXACT and position - at <= 6:  # www.m. is the longest prefix that may stand before
                flag |= SURVIVES
            found |= flag
    return found


host_flags = compiled(_host_flags)


def _lower(word: Any) -> Any:
    """Eight bytes with ASCII capitals in lower case."""
    low = word & np.uint64(0x7F7F7F7F7F7F7F7F)
    above = low + np.uint64(0x2525252525252525)  # high bit where the byte is beyond Z
    from_a = low + np.uint64(0x3F3F3F3F3F3F3F3F)  # high bit where it is A or beyond
    capital = (from_a ^ above) & ~word & np.uint64(0x8080808080808080)
    return word | (capital >> np.uint64(2))


lower = compiled(_lower)


def _urls(
    content: Any, offsets: Any, hosts: Any, table: Any, names: Any, has_names: bool, wrapped_survive: bool, out: Any
) -> None:
    """Mark the URLs that could equal, or name the asset, host, profile or file name of, something declared."""
    name_bitmap = names[1]
    text = np.zeros(_MAX_URL + 64, np.uint8)
    size = len(content)
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        while at < end and content[at] <= 32:
            at += 1
        while end > at and content[end - 1] <= 32:
            end -= 1
        if end - at > _MAX_URL or end - at < 4:
            continue
        if (content[at] | 32) == 104:  # h
            if (
                end - at < 8
                or (content[at + 1] | 32) != 116
                or (content[at + 2] | 32) != 116
                or (content[at + 3] | 32) != 112
            ):
                continue
            at += 4
            if (content[at] | 32) == 115:
                at += 1
            if content[at] != 58:
                continue
            at += 1
        if at + 2 > end or content[at] != 47 or content[at + 1] != 47:
            continue
        at += 2
        # the host: to / ? # or the end, its port cut off
        begin, finish, refused, strange = at, np.int64(-1), False, False
        while at < end:
            byte = content[at]
            if byte == 47 or byte == 63 or byte == 35:
                break
            if byte >= 128 or byte == 91:
                strange = True
            elif byte <= 32 or byte == 64 or byte == 92:
                refused = True
            elif byte == 58 and finish < 0:
                finish = at
            at += 1
        if strange:  # beyond ASCII or an address in brackets: rare, and left to the plain functions
            out[row] = 1
            continue
        if finish < 0:
            finish = at
        if finish > begin and content[finish - 1] == 46:
            finish -= 1
        if refused or finish == begin:
            continue
        flags = host_flags(content, begin, finish, hosts)
        if flags & SURVIVES:
            out[row] = 1
            continue
        # one look at the raw bytes; most rows end here
        rest = at
        escaped, wrapped, query, near_name = False, (flags & WRAPS) != 0, False, False
        while at < end:
            byte = content[at]
            if byte == 35:
                break
            if byte == 47:
                if query and content[at - 1] == 47:
                    wrapped = True
                if has_names:
                    if at + 9 > size:
                        near_name = True
                    else:
                        bit = (lower(load(content, at + 1)) * _MULTIPLIER) >> _TO_BIT
                        if (np.uint64(name_bitmap[bit >> _THREE]) >> (bit & _SEVEN)) & _ONE:
                            near_name = True
            elif byte == 37:
                escaped = True
            elif byte == 63:
                query = True
            elif byte == 38:
                if at + 1 < end and content[at + 1] == 97:
                    escaped = True
            elif (byte | 32) == 112 and at >= rest + 3:
                if (content[at - 1] | 32) == 116 and (content[at - 2] | 32) == 116 and (content[at - 3] | 32) == 104:
                    wrapped = True
            at += 1
        needed = (flags & NEEDS_LITERAL) != 0 or wrapped
        if not (needed or escaped or near_name):
            continue
        # the same in lower case without escapes
        length = stream(content, rest, at, text)
        query, dots, found = False, False, False
        for place in range(length):
            byte = text[place]
            if byte == 63:
                query = True
            elif byte == 47:
                if query and place > 0 and text[place - 1] == 47:
                    wrapped = True
                if has_names and holds(text, length, place + 1, names):
                    found = True
                    break
            elif byte == 46:
                if place > 0 and text[place - 1] == 47:
                    dots = True
            elif byte == 112 and place >= 3:
                if text[place - 1] == 116 and text[place - 2] == 116 and text[place - 3] == 104:
                    wrapped = True
        if found or (wrapped and wrapped_survive):
            out[row] = 1
            continue
        if not ((flags & NEEDS_LITERAL) != 0 or wrapped):
            continue
        if dots:  # a/../b: pieces of the canonical path need not stand together here
            out[row] = 1
            continue
        for place in range(length):
            if (
                is_word(text[place])
                and (place == 0 or not is_word(text[place - 1]))
                and holds(text, length, place, table)
            ):
                out[row] = 1
                break


urls = compiled(_urls)
