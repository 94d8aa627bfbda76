"""Plans the sub-linear join: which pieces of a fingerprint to look up, and how far from the row's own.

Two fingerprints within ``radius`` bits, cut into pieces, agree to within ``reach[i]`` bits in at least one piece ``i``
whenever the ``reach[i] + 1`` add up to more than the radius: the pigeonhole principle in the general form of Qin et
al., "GPH", ICDE 2018; its even form is multi-index hashing, Norouzi, Punjani and Fleet, CVPR 2012.  A piece that may
be left out has the reach -1.  So tables of the queries by piece, each query entered under all keys within the reach,
give every true pair at one look-up a piece and row.  The reach can be shared between both sides, for smaller tables
and more look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, expm1
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scanner.search.hits import Words

_WIDEST = 24  # bits a piece may have: its table of 2**24 starts takes 64 MiB
_FARTHEST = 5  # bits of reach in one piece; beyond, the tables grow faster than what they save
_SAMPLE_ROWS = 64
_SAMPLE_QUERIES = 4096

# Seconds on one core of the machine of the design's figures; only their ratios matter, and never for the result.
COMPARE_S = 0.065e-9  # one pair of words by brute force
_ENTER_S = 20e-9  # one entry of a table
_SLOT_S = 3e-9  # one key a table can have
_FILTER_S = 1.2e-9  # one key of a row asked of the bitmap
_VISIT_S = 40e-9  # one key of a row that the bitmap knows: sorted, and its bucket opened, which is out of the cache
_CANDIDATE_S = 1.8e-9  # one candidate counted exactly


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bits ``offset`` to ``offset + width`` of a fingerprint, counted from the least significant bit of its first word.

    A query is entered under all keys within ``entered`` bits of its own, a row looked up under all within ``probed``.
    """

    offset: int
    width: int
    entered: int
    probed: int

    @property
    def entries(self) -> int:
        """Keys a query is entered under."""
        return _ball(self.width, self.entered)

    @property
    def probes(self) -> int:
        """Keys a row is looked up under."""
        return _ball(self.width, self.probed)

    def keys(self, reach: int) -> NDArray[np.uint64]:
        """All differences of at most ``reach`` bits, as masks to be xor-ed to a key."""
        masks = [
            sum(1 << bit for bit in bits) for ones in range(reach + 1) for bits in combinations(range(self.width), ones)
        ]
        return np.array(masks, np.uint64)

    def of(self, fingerprints: Words) -> NDArray[np.uint64]:
        """This piece of each fingerprint."""
        word, shift = divmod(self.offset, 64)
        value = fingerprints[:, word] >> np.uint64(shift)
        if shift + self.width > 64:
            value = value | fingerprints[:, word + 1] << np.uint64(64 - shift)
        return np.asarray(value & np.uint64((1 << self.width) - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Pieces to look up, and what that is estimated to cost in seconds on one core."""

    pieces: tuple[Piece, ...]
    build_s: float
    row_s: float

    def cost_s(self, rows: int) -> float:
        """For tables that are made for so many rows."""
        return self.build_s + rows * self.row_s


def cheapest_plan(queries: Words, rows: Words, radius: int, rows_expected: int, memory_bytes: int) -> Plan | None:
    """The plan that costs least for ``rows_expected`` rows like these; None where no table fits the memory.

    A sample of the rows and queries shows how uneven real fingerprints are: one key may belong to thousands.
    """
    some_rows = rows[:: max(1, len(rows) // _SAMPLE_ROWS)][:_SAMPLE_ROWS]
    some_queries = queries[:: max(1, len(queries) // _SAMPLE_QUERIES)][:_SAMPLE_QUERIES]
    plans = [
        _costed(pieces, len(queries), some_queries, some_rows)
        for pieces in _divisions(64 * queries.shape[1], radius, len(queries), memory_bytes)
    ]
    return min(plans, key=lambda plan: plan.cost_s(rows_expected), default=None)


def _divisions(bits: int, radius: int, queries: int, memory_bytes: int) -> Iterator[tuple[Piece, ...]]:
    """Even cuts into more and more pieces, each with every share of the reach between queries and rows."""
    for count in range(-(-bits // _WIDEST), bits // 8 + 1):
        edges = [bits * number // count for number in range(count + 1)]
        # Sum of (reach + 1) = radius + 1: the last pieces get the smaller reach, or none.
        reaches = [(radius + 1) // count - 1 + (number < (radius + 1) % count) for number in range(count)]
        if reaches[0] > _FARTHEST:
            continue
        for probed in range(reaches[0] + 1):
            pieces = tuple(
                Piece(offset=low, width=high - low, entered=max(0, reach - probed), probed=min(probed, reach))
                for low, high, reach in zip(edges, edges[1:], reaches, strict=False)
                if reach >= 0
            )
            if _bytes(pieces, queries) <= memory_bytes:
                yield pieces


def _bytes(pieces: tuple[Piece, ...], queries: int) -> int:
    """Size of the tables: four bytes an entry, four a slot and a bit of the bitmap."""
    return sum(4 * queries * piece.entries + 5 * (1 << piece.width) for piece in pieces)


def _costed(pieces: tuple[Piece, ...], queries: int, some_queries: Words, some_rows: Words) -> Plan:
    row_s = 0.0
    for piece in pieces:
        apart = np.bitwise_count(piece.of(some_queries)[:, np.newaxis] ^ piece.of(some_rows))
        # A pair this near in the piece is found once for each way to split the difference between the two sides.
        candidates = float((apart <= piece.entered + piece.probed).mean()) * queries * (1 + piece.probed)
        known = piece.probes * -expm1(-candidates / piece.probes)
        row_s += piece.probes * _FILTER_S + known * _VISIT_S + candidates * _CANDIDATE_S
    entries = sum(piece.entries for piece in pieces) * queries
    slots = sum(1 << piece.width for piece in pieces)
    return Plan(pieces=pieces, build_s=entries * _ENTER_S + slots * _SLOT_S, row_s=row_s)


def _ball(width: int, reach: int) -> int:
    """Keys within ``reach`` bits of a key of ``width`` bits."""
    return sum(comb(width, ones) for ones in range(reach + 1))
