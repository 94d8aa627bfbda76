"""Compiled loops over the bytes of a column: which cells could match at all.

Imported only when enough rows are to be looked at: numba costs half a second to load.  Each kernel writes 1 into ``out`` for a cell that
the plain functions have to look at.  They read what Arrow gives (any bytes, invalid UTF-8 included) and write nothing else.

Bytes are first sorted into classes, a block at a time, by loops that LLVM turns into vector code (0.04 ns a byte); the loops over rows
then look at 64 bytes in one step, and leave most rows after a few steps.  Only rows that hold the key of
a literal, escapes or characters beyond ASCII are spelled out and compared.

All of it stands in one file, because numba's cache looks at the text of one source file: a loop that calls into another file would go on
running what that file once said.
"""

# ruff: noqa: PLR0912, PLR0915, PLR0917, PLR1714, SIM102 - a loop is written out where a call would cost more than its work; arrays in tuples cost
# a reference count each

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# The same as in ``literals``, checked when this module is loaded.  They stand here because numba keeps compiled code as long as the text
# of this file does not change, with the constants it then had.
BITMAP_BITS = 20
MULTIPLIER, SECOND_MULTIPLIER = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
SURVIVES, NEEDS_LITERAL, WRAPS, EXACT = 1, 2, 4, 8
BLOCK_BYTES = 1 << 14  # classes of a block stay in the first caches
_MAX_URL = 8192
_MULTIPLIER, _SECOND_MULTIPLIER = np.uint64(MULTIPLIER), np.uint64(SECOND_MULTIPLIER)
_TO_BIT = np.uint64(64 - BITMAP_BITS)
_ZERO, _ONE, _THREE, _SEVEN, _EIGHT = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
_WORD, _BYTES, _INDEX = ir.IntType(64), ir.VectorType(ir.IntType(8), 64), ir.IntType(32)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_SPACES, _FOUR, _HTTP = np.uint64(0x2020202020202020), np.uint64(0xFFFFFFFF), np.uint64(0x70747468)
_LOWS, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


def compiled(function: Any) -> Any:
    """Compile to run without the GIL, kept on disk: beside this file or, where that is read-only, in the user cache."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither folder can be written: compile anew in each process
        return njit(nogil=True)(function)


def inlined(function: Any) -> Any:
    """Compile into each caller: arrays handed from function to function cost a reference count each, more than the work itself."""
    return njit(inline="always", nogil=True)(function)


def _trailing_zeros(_typing: Any, _value: Any) -> Any:
    """Count the zero bits below the lowest one of a 64-bit word that is not 0."""
    signature = types.uint64(types.uint64)

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return signature, codegen


trailing_zeros: Any = intrinsic(_trailing_zeros)


def _leading_zeros(_typing: Any, _value: Any) -> Any:
    """Count the zero bits above the highest one of a 64-bit word that is not 0."""
    signature = types.uint64(types.uint64)

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return signature, codegen


leading_zeros: Any = intrinsic(_leading_zeros)


def _load(_typing: Any, text: Any, _at: Any) -> Any:
    """Load eight bytes, little endian and unaligned; the caller sees to it that they are there."""
    signature = types.uint64(text, types.intp)

    def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        array = context.make_array(text)(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), _WORD.as_pointer())
        word = builder.load(place)
        word.align = 1
        return word

    return signature, codegen


load: Any = intrinsic(_load)


def _nonzero64(_typing: Any, text: Any, _at: Any) -> Any:
    """Tell of 64 bytes which are not 0, the first in the lowest bit."""
    signature = types.uint64(text, types.intp)

    def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        array = context.make_array(text)(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), _BYTES.as_pointer())
        found = builder.load(place)
        found.align = 1
        return builder.bitcast(builder.icmp_unsigned("!=", found, ir.Constant(_BYTES, None)), _WORD)

    return signature, codegen


nonzero64: Any = intrinsic(_nonzero64)


def _equal64(_typing: Any, text: Any, _at: Any, _byte: Any) -> Any:
    """Tell of 64 bytes which equal one byte, the first in the lowest bit."""
    signature = types.uint64(text, types.intp, types.uint8)

    def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        array = context.make_array(text)(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), _BYTES.as_pointer())
        found = builder.load(place)
        found.align = 1
        one = builder.insert_element(ir.Constant(_BYTES, ir.Undefined), arguments[2], _INDEX(0))
        same = builder.shuffle_vector(
            one, ir.Constant(_BYTES, ir.Undefined), ir.Constant(ir.VectorType(_INDEX, 64), None)
        )
        return builder.bitcast(builder.icmp_unsigned("==", found, same), _WORD)

    return signature, codegen


equal64: Any = intrinsic(_equal64)


def _fold(content: Any, out: Any) -> None:
    """Letters in lower case, digits, 255 for bytes beyond ASCII, 0 for the rest."""
    for position in range(len(content)):
        byte = content[position]
        low = np.uint8(byte | np.uint8(32))
        value = np.uint8(0)
        if np.uint8(low - np.uint8(97)) < np.uint8(26):
            value = low
        if np.uint8(byte - np.uint8(48)) < np.uint8(10):
            value = byte
        if byte >= np.uint8(128):
            value = np.uint8(255)
        out[position] = value


fold = compiled(_fold)


def _mark(content: Any, out: Any) -> None:
    """1 for the bytes that mean something in a URL but / and ., or may not stand in its host: controls # % & : ? @ [, backslash, beyond."""
    for position in range(len(content)):
        byte = content[position]
        found = (byte <= np.uint8(32)) | (byte == np.uint8(35)) | (byte == np.uint8(37)) | (byte == np.uint8(38))
        found |= (byte == np.uint8(58)) | (byte == np.uint8(63)) | (byte == np.uint8(64)) | (byte == np.uint8(91))
        found |= (byte == np.uint8(92)) | (byte >= np.uint8(127))
        out[position] = np.uint8(found)


mark = compiled(_mark)


def _copy(content: Any, out: Any) -> None:
    """The bytes themselves, where loads may run over the end."""
    for position in range(len(content)):
        out[position] = content[position]


copy = compiled(_copy)


def _slot_of(key: Any, bitmap: Any, keys: Any, shift: Any) -> Any:
    """Where a key stands in a table, or -1."""
    mixed = key * _MULTIPLIER
    bit = mixed >> _TO_BIT
    if not (np.uint64(bitmap[bit >> _THREE]) >> (bit & _SEVEN)) & _ONE:
        return -1  # leaving here at once, not with one return for all, makes the loop around three times as fast
    slot = mixed >> shift
    mask = np.uint64(len(keys) - 1)
    while keys[slot] != key:
        if keys[slot] == _ZERO:
            return -1
        slot = (slot + _ONE) & mask
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


def _word_key(classes: Any, at: int, end: int) -> Any:
    """The key of the word that starts here in folded bytes: its first bytes up to 8, zeros behind."""
    word = load(classes, at)
    if end - at < 8:
        word &= (_ONE << np.uint64(8 * (end - at))) - _ONE
    zeros = (word - _LOWS) & ~word & _HIGHS
    return word & (((zeros & (~zeros + _ONE)) >> _SEVEN) - _ONE)


word_key = inlined(_word_key)


def _below(count: int) -> Any:
    """A word with its lowest bits set: as many as ``count``, at most 64."""
    return _ALL if count >= 64 else (_ONE << np.uint64(count)) - _ONE


below = inlined(_below)


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


def _has_key(classes: Any, begin: int, end: int, bitmap: Any, keys: Any, shift: Any) -> bool:
    """Whether some word of folded bytes is the key of a literal."""
    before, found = _ZERO, False
    for chunk in range(begin, end, 64):
        words = nonzero64(classes, chunk) & below(end - chunk)
        places = words & ~((words << _ONE) | before)
        before = words >> np.uint64(63)
        while places != _ZERO and not found:
            at = chunk + np.int64(trailing_zeros(places))
            places &= places - _ONE
            found = slot_of(word_key(classes, at, end), bitmap, keys, shift) >= 0
        if found:
            break
    return found


has_key = inlined(_has_key)


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
    before_key = _ZERO
    for number in range(len(starts)):
        at, size = starts[number], 0
        if at >= 0:
            while size < 8 and at + size < length and text[at + size] != 32:
                size += 1
            key = load(text, at) & (_ALL >> np.uint64(64 - 8 * size))
            pair = (before_key * _SECOND_MULTIPLIER) ^ key
            before_key = key
            slot = slot_of(key, bitmap, keys, shift)
            if slot >= 0 and stands_around(text, length, at, slot, chains):
                return True
            slot = slot_of(pair, bitmap, keys, shift)
            if slot >= 0 and stands_around(text, length, at, slot, chains):
                return True
            continue
        at, before_key = -at - 1, _ZERO
        for _ in range(2):
            if at + size < length and text[at + size] != 32:
                lead = text[at + size]
                size += 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
                slot = slot_of(load(text, at) & (_ALL >> np.uint64(64 - 8 * size)), bitmap, keys, shift)
                if slot >= 0 and stands_around(text, length, at, slot, chains):
                    return True
    return False


in_skeleton = compiled(_in_skeleton)


def _block_end(offsets: Any, row: int) -> int:
    """The row behind the last of a block that begins here: as many as BLOCK_BYTES hold, at least one."""
    begin, behind = offsets[row], row + 1
    while behind < len(offsets) - 1 and offsets[behind + 1] - begin <= BLOCK_BYTES:
        behind += 1
    return behind


block_end = compiled(_block_end)


def _longest(offsets: Any) -> int:
    """The most bytes of a cell."""
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    return longest


longest_of = compiled(_longest)


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
            before, before_key, beyond_ascii, found = _ZERO, _ZERO, False, False
            for chunk in range(begin, end, 64):
                inside = below(end - chunk)
                if equal64(classes, chunk, np.uint8(255)) & inside:
                    beyond_ascii = True
                    break
                words = nonzero64(classes, chunk) & inside
                places = words & ~((words << _ONE) | before)
                before = words >> np.uint64(63)
                while places != _ZERO:
                    at = chunk + np.int64(trailing_zeros(places))
                    places &= places - _ONE
                    key = word_key(classes, at, end)
                    pair = (before_key * _SECOND_MULTIPLIER) ^ key
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


def _lower(word: Any) -> Any:
    """Eight bytes with ASCII capitals in lower case."""
    low = word & ~_HIGHS
    above = low + np.uint64(0x2525252525252525)  # high bit where the byte is beyond Z
    from_a = low + np.uint64(0x3F3F3F3F3F3F3F3F)  # high bit where it is A or beyond
    return word | (((from_a ^ above) & ~word & _HIGHS) >> np.uint64(2))


lower = inlined(_lower)


def _flags_at(raw: Any, at: int, end: int, last: Any, bitmap: Any, keys: Any, flags: Any) -> Any:
    """What a host, or a parent domain, between two places needs."""
    size = end - at
    first = lower(load(raw, at))
    if size < 8:
        first &= (_ONE << np.uint64(8 * size)) - _ONE
        last = first
    mixed = (first ^ (np.uint64(size) << np.uint64(56))) * _MULTIPLIER
    mixed ^= mixed >> np.uint64(32)
    key = (mixed ^ last) * _SECOND_MULTIPLIER
    if key == _ZERO:
        key = _ONE
    bit = key >> _TO_BIT
    if not (np.uint64(bitmap[bit >> _THREE]) >> (bit & _SEVEN)) & _ONE:
        return 0
    mask = np.uint64(len(keys) - 1)
    slot = (key >> _EIGHT) & mask
    while keys[slot] != key:
        if keys[slot] == _ZERO:
            return 0
        slot = (slot + _ONE) & mask
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
    if stops == _ZERO:
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
            key = load(text, place) & (_ALL >> np.uint64(64 - 8 * min(8, behind - place)))
            slot = slot_of(key, bitmap, keys, shift)
            if slot >= 0 and stands_around(text, length, place, slot, chains):
                return True
        place = behind + 1
    return False


spelled_out = compiled(_spelled_out)


def _urls(content: Any, offsets: Any, hosts: Any, rules: Any, out: Any) -> None:
    """Mark the URLs that could equal, or name the asset, host, profile or file name of, something declared."""
    ((bitmap, keys, shift), _), ((name_bitmap, name_keys, name_shift), _), has_names, wrapped_survive = rules
    host_bitmap, host_keys, host_flags, single_labels = hosts
    room = max(longest_of(offsets), BLOCK_BYTES) + 96
    raw, marks, classes = np.zeros(room, np.uint8), np.zeros(room, np.uint8), np.zeros(room, np.uint8)
    text = np.zeros(_MAX_URL + 64, np.uint8)
    row = 0
    while row < len(offsets) - 1:
        behind = block_end(offsets, row)
        part = content[offsets[row] : offsets[behind]]
        copy(part, raw[16:])
        mark(part, marks[16:])
        fold(part, classes[16:])
        base = offsets[row] - 16  # what stands before a host's last eight bytes may be the block's edge
        for number in range(row, behind):
            at, end = offsets[number] - base, offsets[number + 1] - base
            while at < end and raw[at] <= 32:
                at += 1
            while end > at and raw[end - 1] <= 32:
                end -= 1
            if end - at > _MAX_URL:
                continue
            at = behind_scheme(raw, at, end)
            if at < 0:
                continue
            # the host and its parent domains
            finish = host_end(raw, marks, at, end)
            if finish < 0:
                out[number] = finish == -2
                continue
            rest = finish
            if finish < end and raw[finish] == 58:
                rest = behind_port(raw, finish, end)
            if raw[finish - 1] == 46:
                finish -= 1
            if finish <= at:
                continue
            last = lower(load(raw, finish - 8))
            flags, label = np.int64(0), at
            dots = equal64(raw, at, np.uint8(46)) & below(finish - at)
            while True:
                if dots == _ZERO and label != at and not single_labels:
                    break  # the top-level domain alone
                flag = flags_at(raw, label, finish, last, host_bitmap, host_keys, host_flags)
                if flag & EXACT and label - at <= 6:  # www.m. is the longest that may stand before
                    flag |= SURVIVES
                flags |= flag
                if dots == _ZERO:
                    break
                label = at + np.int64(trailing_zeros(dots)) + 1
                dots &= dots - _ONE
            if flags & SURVIVES:
                out[number] = 1
                continue
            # the rest, to a fragment or the end: escapes, another address, the beginning of a file name
            escaped, wrapped, named, query = False, (flags & WRAPS) != 0, False, False
            name = rest
            for chunk in range(rest, end, 64):
                inside = below(end - chunk)
                slashes = equal64(raw, chunk, np.uint8(47)) & inside
                odd = nonzero64(marks, chunk) & inside
                if query and slashes:
                    wrapped, named = True, has_names  # perhaps //host in a parameter
                while odd != _ZERO:
                    place = np.int64(trailing_zeros(odd))
                    odd &= odd - _ONE
                    byte = raw[chunk + place]
                    if byte == 35:
                        end = chunk + place
                        slashes &= below(place)
                        break
                    if byte == 37 or byte >= 127:
                        escaped = True
                    elif byte == 38:
                        escaped |= raw[chunk + place + 1] == 97 and raw[chunk + place + 2] == 109
                    elif byte == 58:
                        wrapped = True
                        named |= query and has_names
                    elif byte == 63 and not query:
                        query = True
                        if slashes & ~below(place):
                            wrapped, named = True, has_names
                        if slashes & below(place):
                            name = chunk + 64 - np.int64(leading_zeros(slashes & below(place)))
                if not query and slashes:
                    name = chunk + 64 - np.int64(leading_zeros(slashes))
                if chunk + 64 >= end:
                    break
            named |= has_names and slot_of(lower(load(raw, name)), name_bitmap, name_keys, name_shift) >= 0
            needed = (flags & NEEDS_LITERAL) != 0 or wrapped
            if not (needed or escaped or named):
                continue
            if escaped or named or (wrapped and wrapped_survive) or has_key(classes, rest, end, bitmap, keys, shift):
                out[number] = spelled_out(raw, rest, end, text, (needed, wrapped), rules)
        row = behind


urls = compiled(_urls)
