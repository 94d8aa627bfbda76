"""LAION's row self-check in the standard library: MurmurHash3 x64 128 (Appleby, public domain), first half, signed.

``hash = mmh3.hash64((URL + TEXT).encode("utf-8"))[0]``: it finds damage and mixed-up columns, not copies.
"""

from __future__ import annotations

from typing import Final

_MASK: Final = 2**64 - 1
_C1: Final = 0x87C37B91114253D5
_C2: Final = 0x4CF5AD432745937F


def hash64(content: bytes) -> int:
    """First 64 bits of MurmurHash3_x64_128 with seed 0, as a signed integer.

    >>> hash64(b"")
    0
    """
    h1 = h2 = 0
    whole = len(content) - len(content) % 16
    for start in range(0, whole, 16):
        k1 = int.from_bytes(content[start : start + 8], "little")
        k2 = int.from_bytes(content[start + 8 : start + 16], "little")
        h1 = ((_rotated(h1 ^ _mixed1(k1), 27) + h2) * 5 + 0x52DCE729) & _MASK
        h2 = ((_rotated(h2 ^ _mixed2(k2), 31) + h1) * 5 + 0x38495AB5) & _MASK
    h1 ^= _mixed1(int.from_bytes(content[whole : whole + 8], "little"))
    h2 ^= _mixed2(int.from_bytes(content[whole + 8 :], "little"))
    h1, h2 = h1 ^ len(content), h2 ^ len(content)
    h1 = (h1 + h2) & _MASK
    h2 = (h2 + h1) & _MASK
    h1, h2 = _finished(h1), _finished(h2)
    h1 = (h1 + h2) & _MASK
    return h1 - 2**64 if h1 >> 63 else h1


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK


def _mixed1(block: int) -> int:
    return _rotated(block * _C1 & _MASK, 31) * _C2 & _MASK


def _mixed2(block: int) -> int:
    return _rotated(block * _C2 & _MASK, 33) * _C1 & _MASK


def _finished(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33
