"""Hex text to bytes for whole columns: a table of 256 nibbles instead of a loop."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.layouts.sampling import is_nullish

_NIBBLE = np.full(256, 0xFF, dtype=np.uint8)
for _value, _digit in enumerate(b"0123456789abcdef"):
    _NIBBLE[_digit] = _value
for _value, _digit in enumerate(b"ABCDEF"):
    _NIBBLE[_digit] = 10 + _value


def hex_bytes(texts: pa.Array, size: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Decode cells of ``2 * size`` hex digits.

    Returns:
        ``uint8[n, size]`` (zeros where not valid), ``bool[n]``, and the number of cells that are neither hex of that length nor
        null-like (null, empty, ``null``, ``None``, ``nan``).
    """
    count = len(texts)
    raw = texts.cast(pa.binary())
    whole = pc.fill_null(pc.equal(pc.binary_length(raw), 2 * size), fill_value=False)
    fitting = np.asarray(whole)
    decoded = np.zeros((count, size), dtype=np.uint8)
    picked = raw if fitting.all() else raw.filter(whole)
    good = np.zeros(count, dtype=bool)
    if len(picked):
        nibbles = _NIBBLE[_characters(picked, 2 * size)]
        rows_good = (nibbles <= 0x0F).all(axis=1)
        good[fitting] = rows_good
        decoded[fitting] = np.where(rows_good[:, None], (nibbles[:, 0::2] << 4) | nibbles[:, 1::2], 0)
    odd = pa.array(~good)
    others = raw.filter(odd).drop_null().to_pylist() if not good.all() else []
    bad = sum(1 for value in others if not is_nullish(value.decode("utf-8", "replace")))
    return decoded, good, bad


def _characters(values: pa.Array, width: int) -> np.ndarray:
    """``uint8[n, width]`` view of binary values that are all ``width`` long and not null."""
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)[values.offset : values.offset + 1]
    body = np.frombuffer(values.buffers()[2], dtype=np.uint8, count=len(values) * width, offset=int(offsets[0]))
    return body.reshape(len(values), width)
