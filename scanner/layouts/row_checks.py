"""LAION's ``hash`` column, recomputed from the row's own text: finds damage and mixed-up columns, never copies.

The rule is LAION-prepro ``laion5B/safety/compute_hashes.py``; it reproduces 4 of 4 published rows (datasets.md section 2).
"""

from __future__ import annotations

import mmh3


def row_hash(url: str | bytes | None, text: str | bytes | None) -> int:
    """MurmurHash3 x64, first 64 bits, seed 0, signed, of URL and TEXT joined without a separator; null counts as empty.

    Bytes are taken as they stand, so a row whose text is not valid UTF-8 is hashed as the publisher's file holds it.
    """
    first, _ = mmh3.hash64(_bytes(url) + _bytes(text), signed=True)
    return int(first)


def _bytes(value: str | bytes | None) -> bytes:
    if value is None:
        return b""
    return value if isinstance(value, bytes) else value.encode()
