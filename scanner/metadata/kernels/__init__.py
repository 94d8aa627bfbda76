"""Compiled loops over the bytes of a column: which cells could match at all.

Imported only when enough rows are to be looked at: numba costs half a second to load.  Each kernel writes 1 into ``out`` for a cell that
the plain functions have to look at.  They read what Arrow gives (any bytes, invalid UTF-8 included) and write nothing else.

Bytes are first sorted into classes, a block at a time (``blocks``); the loops over rows (``urls``, ``captions``) then look at 64 bytes in
one step, and leave most rows after a few steps.  Only rows that hold the key of a literal, escapes or characters beyond ASCII are spelled
out (``paths``, ``skeletons``) and compared (``tables``).
"""

from __future__ import annotations

from scanner.metadata.kernels.blocks import BLOCK_BYTES
from scanner.metadata.kernels.captions import captions
from scanner.metadata.kernels.paths import stream
from scanner.metadata.kernels.skeletons import skeleton
from scanner.metadata.kernels.urls import urls
from scanner.metadata.kernels.words import (
    BITMAP_BITS,
    EXACT,
    MULTIPLIER,
    NEEDS_LITERAL,
    SECOND_MULTIPLIER,
    SURVIVES,
    WRAPS,
)

__all__ = [
    "BITMAP_BITS",
    "BLOCK_BYTES",
    "EXACT",
    "MULTIPLIER",
    "NEEDS_LITERAL",
    "SECOND_MULTIPLIER",
    "SURVIVES",
    "WRAPS",
    "captions",
    "skeleton",
    "stream",
    "urls",
]
