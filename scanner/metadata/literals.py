"""Literals: bytes that must occur in a cell if an identifier could match it, kept in tables that a compiled loop can look into.

A literal is found by a window of it: the (at most) 8 bytes at the start of one of its words, looked up wherever a word starts in the
cell; then the whole literal is compared.  The filter may let a row pass that does not match, never the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW: Final = 8
SHORTEST: Final = 2  # bytes of a window; shorter identifiers are looked for in every row
BITMAP_BITS: Final = 20  # 1 Mbit, 128 KiB: stays in the second-level cache; 10,000 windows fill 1 % of it
MULTIPLIER: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1
SURVIVES: Final = 1  # a row on this host or a sub-domain is looked at
NEEDS_LITERAL: Final = 2  # it is looked at if it holds a literal
WRAPS: Final = 4  # the host shows other addresses' pictures
EXACT: Final = 8  # a row on this host itself is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """Bytes that must occur, and where in them the window begins."""

    content: bytes
    offset: int

    @property
    def window(self) -> bytes:
        """The bytes that are looked up, 1 … 8."""
        return self.content[self.offset : self.offset + WINDOW]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralTable:
    """Literals by window.

    A window of L bytes is the key ``bytes`` (little endian) for L = 8, else ``bytes | L << 56``.  ``bitmap`` says quickly that a
    key is not there; ``keys`` and ``heads`` are an open-addressing table (0: free), ``following`` chains literals of one window.
    ``shift`` brings the top bits of a mixed key to a slot.
    """

    lengths: npt.NDArray[np.int64]
    bitmap: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.uint64]
    heads: npt.NDArray[np.int32]
    following: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int32]
    content: npt.NDArray[np.uint8]
    shift: np.uint64

    @property
    def arrays(self) -> tuple[npt.NDArray[np.generic] | np.uint64, ...]:
        """The fields in the order in which the compiled loops take them."""
        return (
            self.lengths, self.bitmap, self.keys, self.heads, self.following, self.starts, self.offsets, self.content, self.shift,
        )  # fmt: skip

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return len(self.following) == 0


def literal_at_word(
    content: bytes, words: Iterable[tuple[int, int]], common: frozenset[bytes] = frozenset()
) -> Literal | None:
    """The literal with the window that is likely the rarest; None where no window has ``SHORTEST`` bytes.

    Full windows before short ones, words that are not ``common`` before those that are, then the longest word, then the first.

    Args:
        content: the literal.
        words: where windows may begin, with the length of the word there.
        common: words that say nothing.
    """

    def rarity(word: tuple[int, int]) -> tuple[int, bool, int, int]:
        start, length = word
        return (min(WINDOW, len(content) - start), content[start : start + length] not in common, length, -start)

    best = max(words, key=rarity, default=None)
    if best is None or len(content) - best[0] < SHORTEST:
        return None
    return Literal(content=content, offset=best[0])


def literal_table(literals: Iterable[Literal]) -> LiteralTable:
    """The table of some literals; equal ones are kept once."""
    unique = sorted(set(literals), key=lambda one: (one.content, one.offset))
    keys = [window_key(one.window) for one in unique]
    size = 1 << max(4, (2 * len(unique)).bit_length())
    slots, heads = np.zeros(size, np.uint64), np.full(size, -1, np.int32)
    following = np.full(len(unique), -1, np.int32)
    bitmap = np.zeros(1 << (BITMAP_BITS - 3), np.uint8)
    shift = 64 - (size.bit_length() - 1)
    for number, key in enumerate(keys):
        mixed = (key * MULTIPLIER) & _MASK
        bit = mixed >> (64 - BITMAP_BITS)
        bitmap[bit >> 3] |= 1 << (bit & 7)
        slot = mixed >> shift
        while int(slots[slot]) not in (0, key):
            slot = (slot + 1) & (size - 1)
        slots[slot] = key
        following[number], heads[slot] = heads[slot], number
    return LiteralTable(
        lengths=np.asarray(sorted({len(one.window) for one in unique}, reverse=True), np.int64),
        bitmap=bitmap,
        keys=slots,
        heads=heads,
        following=following,
        starts=np.cumsum([0, *(len(one.content) for one in unique)]).astype(np.int32),
        offsets=np.asarray([one.offset for one in unique], np.int32),
        content=np.frombuffer(b"".join(one.content for one in unique) or b"\0", np.uint8),
        shift=np.uint64(shift),
    )


def window_key(window: bytes) -> int:
    """The table key of a window; never 0, because text holds no NUL where words are."""
    key = int.from_bytes(window, "little")
    return key if len(window) == WINDOW else key | len(window) << 56


def suffix_hash(host: bytes) -> int:
    """64-bit FNV-1a of a host from its end to its start, so that the hash of each parent domain is met on the way."""
    value = 0xCBF29CE484222325
    for byte in reversed(host):
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTable:
    """Hosts by hash with what a row on them, or on a sub-domain, needs: open addressing, ``keys`` 0 where free."""

    bitmap: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.uint64]
    flags: npt.NDArray[np.uint8]


def host_table(hosts: dict[str, int]) -> HostTable:
    """The table of hosts and flags."""
    merged: dict[int, int] = {}
    for host, flags in hosts.items():
        key = suffix_hash(host.encode("ascii"))
        merged[key] = merged.get(key, 0) | flags
    size = 1 << max(4, (2 * len(merged)).bit_length())
    slots, values = np.zeros(size, np.uint64), np.zeros(size, np.uint8)
    bitmap = np.zeros(1 << (BITMAP_BITS - 3), np.uint8)
    for key, flags in sorted(merged.items()):
        bit = key >> (64 - BITMAP_BITS)
        bitmap[bit >> 3] |= 1 << (bit & 7)
        slot = key & (size - 1)
        while slots[slot] != 0:
            slot = (slot + 1) & (size - 1)
        slots[slot], values[slot] = key, flags
    return HostTable(bitmap=bitmap, keys=slots, flags=values)
