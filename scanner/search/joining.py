"""The exact sub-linear join: tables of the queries by piece, compiled.  Imported only when it is used.

See :mod:`scanner.search.planning` for why no pair within the radius can be missed.

What costs is waiting for memory, so both sides are arranged for it: a bitmap that fits the second-level cache turns
rows away before the table is touched, and those it knows are visited in the order of their keys, the table from front
to back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from scanner.search.kernel import compiled, popcount

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scanner.search.hits import Words
    from scanner.search.planning import Piece

Out: TypeAlias = tuple["NDArray[np.int32]", "NDArray[np.int64]", "NDArray[np.uint16]"]


class Table:
    """The queries by the keys of one piece: ``members[starts[key]:starts[key + 1]]`` are within the entered reach."""

    def __init__(self, piece: Piece, queries: Words) -> None:
        """Enter all queries; cost is their number times ``piece.entries``."""
        self._queries, self._words = queries.ravel(), queries.shape[1]
        self._key_at = np.int64(piece.offset // 64), np.uint64(piece.offset % 64), np.uint64(piece.width)
        self._probes = piece.keys(piece.probed)
        keys = piece.of(queries)
        order = np.argsort(keys)  # neighbours enter neighbouring buckets
        self._starts = np.zeros((1 << piece.width) + 1, np.uint32)
        self._members = np.empty(len(queries) * piece.entries, np.uint32)
        _enter(keys[order], order, piece.keys(piece.entered), self._starts, self._members)
        self._taken = np.packbits(np.diff(self._starts) > 0, bitorder="little").view(np.uint64)

    def look_up(self, rows: Words, radius: int, out: Out) -> int:
        """Write the pairs found under this piece; return how many there are, also when they do not fit into ``out``."""
        flat, found = rows.ravel(), 0
        passed = np.empty(len(rows), np.uint64)
        for mask in self._probes:
            left = _filter_rows(flat, self._words, (*self._key_at, mask), self._taken, passed)
            known = passed[:left]
            known.sort()  # the key stands above the row number; numpy's vectorised sort takes some 10 ns a row
            rest = tuple(array[found:] for array in out)
            sides = (self._queries, flat, self._words)
            found += int(_count_exactly(sides, known, (self._starts, self._members), np.uint64(radius), rest))
        return found


def enter(keys: Any, numbers: Any, masks: Any, starts: Any, members: Any) -> None:
    """Sort the queries into buckets by counting; ``keys`` are in order, ``numbers`` says whose they are."""
    for mask in masks:
        for place in range(len(keys)):
            starts[(keys[place] ^ mask) + np.uint64(1)] += np.uint32(1)
    for key in range(1, len(starts)):
        starts[key] += starts[key - 1]
    # From here starts[key + 1] is the end of the bucket; filling from the back moves it down to its start.
    for mask in masks:
        for place in range(len(keys)):
            key = (keys[place] ^ mask) + np.uint64(1)
            starts[key] -= np.uint32(1)
            members[starts[key]] = numbers[place]
    for key in range(len(starts) - 1):
        starts[key] = starts[key + 1]
    starts[len(starts) - 1] = len(members)


def key_of(rows: Any, words: Any, row: Any, key_at: Any) -> Any:
    """The piece ``(word, shift, width)`` of one row, also where it reaches into the next word."""
    word, shift, width = key_at
    value = rows[row * words + word] >> shift
    if shift + width > np.uint64(64):
        value |= rows[row * words + word + 1] << (np.uint64(64) - shift)
    return value & ((np.uint64(1) << width) - np.uint64(1))


def filter_rows(rows: Any, words: Any, key_at: Any, taken: Any, passed: Any) -> Any:
    """Pack key and number of the rows whose key the bitmap knows into ``passed``; return how many there are.

    Without branches: each row is written, and overwritten by the next when the bitmap does not know it.
    """
    word, shift, width, mask = key_at
    left = np.int64(0)
    for row in range(len(passed)):
        key = _key_of(rows, words, row, (word, shift, width)) ^ mask
        passed[left] = (key << np.uint64(32)) | np.uint64(row)
        left += np.int64((taken[key >> np.uint64(6)] >> (key & np.uint64(63))) & np.uint64(1))
    return left


def count_exactly(sides: Any, passed: Any, table: Any, radius: Any, out: Any) -> int:
    """Count the distance of each row in ``passed`` to the queries under its key; write those within the radius."""
    queries, rows, words = sides
    starts, members = table
    out_query, out_row, out_distance = out
    found = 0
    for packed in passed:
        row, key = np.int64(packed & np.uint64(0xFFFFFFFF)), packed >> np.uint64(32)
        for place in range(starts[key], starts[key + np.uint64(1)]):
            number = members[place]
            at = np.uint64(number) * np.uint64(words)
            distance = popcount(queries[at] ^ rows[row * words])
            for word in range(1, words):
                distance += popcount(queries[at + np.uint64(word)] ^ rows[row * words + word])
            if distance <= radius:
                if found < len(out_row):
                    out_query[found], out_row[found], out_distance[found] = number, row, distance
                found += 1
    return found


_enter = compiled(enter)
_key_of = compiled(key_of)
_filter_rows = compiled(filter_rows)
_count_exactly = compiled(count_exactly)
