"""Which URLs could equal, or name the asset, host, profile or file name of, something declared."""

# ruff: noqa: PLR0912, PLR0915 - a loop is written out where a call would cost more than its work; arrays in tuples cost
# a reference count each

from __future__ import annotations

from typing import Any

import numpy as np

from scanner.metadata.kernels.blocks import BLOCK_BYTES, block_end, copy, fold, longest_of, mark
from scanner.metadata.kernels.compiling import compiled
from scanner.metadata.kernels.hosts import behind_port, behind_scheme, flags_at, host_end
from scanner.metadata.kernels.paths import spelled_out
from scanner.metadata.kernels.tables import has_key, slot_of
from scanner.metadata.kernels.vectors import equal64, leading_zeros, load, nonzero64, trailing_zeros
from scanner.metadata.kernels.words import EXACT, NEEDS_LITERAL, ONE, SURVIVES, WRAPS, ZERO, below, lower

_MAX_URL = 8192


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
                if dots == ZERO and label != at and not single_labels:
                    break  # the top-level domain alone
                flag = flags_at(raw, label, finish, last, host_bitmap, host_keys, host_flags)
                if flag & EXACT and label - at <= 6:  # www.m. is the longest that may stand before
                    flag |= SURVIVES
                flags |= flag
                if dots == ZERO:
                    break
                label = at + np.int64(trailing_zeros(dots)) + 1
                dots &= dots - ONE
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
                while odd != ZERO:
                    place = np.int64(trailing_zeros(odd))
                    odd &= odd - ONE
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
