"""Literals: bytes that must occur in a cell if an identifier could match it, kept in tables that a compiled loop can look into.

A literal is found by one of its words, or two in a row: the key is made of their first (at most) 8 bytes and looked up wherever a word
starts in the cell; then the whole literal is compared around it.  The filter may let a row pass that does not match, never the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_BYTES: Final = 8
BITMAP_BITS: Final = 20  # 1 Mbit, 128 KiB: stays in the second-level cache; 10,000 keys fill 1 % of it
MULTIPLIER: Final = 0x9E3779B97F4A7C15
SECOND_MULTIPLIER: Final = 0xD6E8FEB86659FD93
_MASK: Final = (1 << 64) - 1
SURVIVES: Final = 1  # a row on this host or a sub-domain is looked at
NEEDS_LITERAL: Final = 2  # it is looked at if it holds a literal
WRAPS: Final = 4  # the host shows other addresses' pictures
EXACT: Final = 8  # a row on this host itself is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """Bytes that must occur; ``key`` is what is looked up at the place ``offset`` of them: ``word_key`` or ``pair_key``."""

    content: bytes
    offset: int
    key: int


def word_key(word: bytes) -> int:
    """The key of a word: its first 8 bytes as a little-endian number."""
    return int.from_bytes(word[:KEY_BYTES], "little")


def pair_key(before: bytes, word: bytes) -> int:
    """The key of a word behind another one: names share words, seldom two in a row."""
    return ((word_key(before) * SECOND_MULTIPLIER) & _MASK) ^ word_key(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralTable:
    """Literals by key.

    ``bitmap`` says quickly that a key is not there; ``keys`` and ``heads`` are an
    open-addressing table (key 0: free), ``following`` chains literals of one key.  ``shift`` brings the top bits of a mixed key to
    a slot.
    """

    bitmap: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.uint64]
    heads: npt.NDArray[np.int32]
    following: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int32]
    content: npt.NDArray[np.uint8]
    shift: np.uint64

    @property
    def arrays(self) -> tuple[tuple[npt.NDArray[np.generic] | np.uint64, ...], tuple[npt.NDArray[np.generic], ...]]:
        """The fields as the compiled loops take them: what a probe needs, and the literals behind."""
        return (
            (self.bitmap, self.keys, self.shift),
            (self.heads, self.following, self.starts, self.offsets, self.content),
        )

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return len(self.following) == 0


def literal_table(literals: Iterable[Literal]) -> LiteralTable:
    """The table of some literals; equal ones are kept once."""
    unique = sorted(set(literals), key=lambda one: (one.content, one.offset, one.key))
    keys = [one.key for one in unique]
    size = 1 << max(4, (2 * len(unique)).bit_length())
    slots, heads = [0] * size, np.full(size, -1, np.int32)
    following = np.full(len(unique), -1, np.int32)
    bitmap = np.zeros(1 << (BITMAP_BITS - 3), np.uint8)
    shift = 64 - (size.bit_length() - 1)
    for number, key in enumerate(keys):
        mixed = (key * MULTIPLIER) & _MASK
        bit = mixed >> (64 - BITMAP_BITS)
        bitmap[bit >> 3] |= 1 << (bit & 7)
        slot = mixed >> shift
        while slots[slot] not in (0, key):
            slot = (slot + 1) & (size - 1)
        slots[slot] = key
        following[number], heads[slot] = heads[slot], number
    return LiteralTable(
        bitmap=bitmap,
        keys=np.asarray(slots, np.uint64),
        heads=heads,
        following=following,
        starts=np.cumsum([0, *(len(one.content) for one in unique)]).astype(np.int32),
        offsets=np.asarray([one.offset for one in unique], np.int32),
        content=np.frombuffer(b"".join(one.content for one in unique) or b"\0", np.uint8),
        shift=np.uint64(shift),
    )


def host_key(host: bytes) -> int:
    """64 bits of a host from its first and last 8 bytes and its length; hosts that share all three only cost time."""
    first = int.from_bytes(host[:8], "little")
    last = int.from_bytes(host[-8:], "little")
    mixed = ((first ^ (len(host) << 56)) * MULTIPLIER) & _MASK
    mixed ^= mixed >> 32
    return (((mixed ^ last) * SECOND_MULTIPLIER) & _MASK) or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTable:
    """Hosts by hash with what a row on them, or on a sub-domain, needs: open addressing, ``keys`` 0 where free.

    ``single_labels``: some host has no dot, so the last label of a row's host has to be looked up as well.
    """

    bitmap: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.uint64]
    flags: npt.NDArray[np.uint8]
    single_labels: bool


def host_table(hosts: dict[str, int]) -> HostTable:
    """The table of hosts and flags."""
    merged: dict[int, int] = {}
    for host, flags in hosts.items():
        key = host_key(host.encode("ascii"))
        merged[key] = merged.get(key, 0) | flags
    size = 1 << max(4, (2 * len(merged)).bit_length())
    slots, values = np.zeros(size, np.uint64), np.zeros(size, np.uint8)
    bitmap = np.zeros(1 << (BITMAP_BITS - 3), np.uint8)
    for key, flags in sorted(merged.items()):
        bit = key >> (64 - BITMAP_BITS)
        bitmap[bit >> 3] |= 1 << (bit & 7)
        slot = (key >> 8) & (size - 1)
        while slots[slot] != 0:
            slot = (slot + 1) & (size - 1)
        slots[slot], values[slot] = key, flags
    return HostTable(bitmap=bitmap, keys=slots, flags=values, single_labels=any("." not in host for host in hosts))
