"""The column rules: what a cell of a dataset means to us, column by column, without a loop over rows (datasets.md section 3).

Each rule takes an Arrow array as a reader gave it and returns the array of its role, of the same length, with the faults it
counted.  A cell that cannot be read becomes null and is counted; nothing raises because of what a row holds.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.datasets import RowFault
from scanner.layouts.hexadecimal import hex_bytes
from scanner.layouts.references import type_class

if TYPE_CHECKING:
    from collections.abc import Callable

    Ruled = tuple[pa.Array, Counter[RowFault]]

MAX_TEXT_BYTES = 1 << 20  # longer text is cut for matching; rows/ keeps the SHA-256 of the whole
MAX_URL_BYTES = 8_192  # identity.md rule 2: longer URLs are counted, not compared by key
_MAX_INT32 = 2**31 - 1
_SCHEMES = ("http://", "https://", "//")
_EXACT = 2**53  # doubles lose digits above


def text_column(values: pa.Array) -> Ruled:
    """Text as valid UTF-8 ``string``: invalid bytes replaced, values over 1 MiB cut on a character, both counted."""
    faults: Counter[RowFault] = Counter()
    texts = as_text(values)
    if not _is_ascii(texts):
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid:
            texts = _repair(texts, faults)
    lengths = pc.binary_length(texts)
    longest = pc.max(lengths).as_py() if len(texts) else None
    if longest is not None and longest > MAX_TEXT_BYTES:
        texts = _cut(texts, lengths, faults)
    return texts, faults


def url_column(values: pa.Array) -> Ruled:
    """As ``text_column``; empty becomes null and counts as ``no_url``; no http(s), or over 8,192 bytes, counts as ``bad_url``.

    A URL counted as bad keeps its text: byte equality still applies to it.
    """
    texts, faults = text_column(values)
    lengths = pc.binary_length(texts)
    empty = pc.equal(lengths, 0)
    if pc.any(empty).as_py():
        texts = pc.if_else(empty, pa.scalar(None, texts.type), texts)
    if texts.null_count:
        faults[RowFault.NO_URL] += texts.null_count
    bad = len(texts) - texts.null_count - _count_web(texts, lengths)
    if bad:
        faults[RowFault.BAD_URL] += bad
    return texts, faults


def decoded_text_column(values: pa.Array) -> Ruled:
    """Percent-encoded text (YFCC100M writes ``My+title%21``), decoded; then as ``text_column``."""
    texts = as_text(values)
    marked = pc.or_(
        pc.match_substring(texts.cast(pa.binary()), b"%"), pc.match_substring(texts.cast(pa.binary()), b"+")
    )
    return text_column(_rewrite(texts, pc.fill_null(marked, fill_value=False), _unquote))


def size_column(values: pa.Array) -> Ruled:
    """Pixels as ``int32``: null where not finite, not integral, not positive or over 2**31 - 1; each such value counted."""
    faults: Counter[RowFault] = Counter()
    if pa.types.is_integer(values.type):
        good = pc.and_(pc.greater(values, 0), pc.less_equal(values, pa.scalar(_MAX_INT32, pa.int64())))
        whole = pc.all(good, skip_nulls=True, min_count=0).as_py()
        if not whole:
            faults[RowFault.BAD_SIZE] += pc.sum(pc.invert(good)).as_py()
            values = pc.if_else(good, values, pa.scalar(None, values.type))
        return values.cast(pa.int32()), faults
    numbers, unreadable = _as_float64(values)
    exact = numbers.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(exact) & (exact > 0) & (exact <= _MAX_INT32) & (exact == np.floor(exact))
    bad = int(np.count_nonzero(~good)) - numbers.null_count + unreadable
    if bad:
        faults[RowFault.BAD_SIZE] += bad
    return pa.array(np.where(good, exact, 0).astype(np.int32), mask=~good), faults


def score_column(values: pa.Array) -> Ruled:
    """Similarity, aesthetic and the like, kept at the column's own width (``float`` or ``double``)."""
    if pa.types.is_float32(values.type) or pa.types.is_float64(values.type):
        return values, Counter()
    numbers, _ = _as_float64(values)
    return numbers, Counter()


def key_column(values: pa.Array) -> Ruled:
    """A row key as text: integers in decimal; a double above 2**53 is counted ``inexact_id`` and shown as the integer it became."""
    if not pa.types.is_floating(values.type):
        return text_column(values)
    faults: Counter[RowFault] = Counter()
    numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    inexact = int(np.count_nonzero(np.abs(numbers) > _EXACT))
    if inexact:
        faults[RowFault.INEXACT_ID] += inexact
    shown = [None if np.isnan(number) else _plain(float(number)) for number in numbers]
    return pa.array(shown, pa.string()), faults


def digest_column(values: pa.Array, size: int) -> Ruled:
    """Hex digests as ``fixed_size_binary[size]``: any case; null-like words are null; anything else counts as ``bad_digest``."""
    return _hex_column(values, size, RowFault.BAD_DIGEST)


def fingerprint_column(values: pa.Array) -> Ruled:
    """16 hex digits in imagehash's form as ``uint64``, first digit most significant; what is no such hex is ``bad_fingerprint``.

    A ``uint64`` column (of a HashIndex) is taken as it is.
    """
    if pa.types.is_uint64(values.type):
        return values, Counter()
    raw, faults = _hex_column(values, 8, RowFault.BAD_FINGERPRINT)
    numbers = np.frombuffer(raw.buffers()[1], dtype=">u8", count=len(raw)) if len(raw) else np.empty(0, dtype=">u8")
    return pa.array(numbers.astype(np.uint64), mask=np.asarray(raw.is_null())), faults


def wide_fingerprint_column(values: pa.Array) -> Ruled:
    """64 hex digits of ``phash256`` as ``fixed_size_binary[32]``; what is no such hex is ``bad_fingerprint``."""
    return _hex_column(values, 32, RowFault.BAD_FINGERPRINT)


def picture_column(values: pa.Array) -> Ruled:
    """The stored bytes of the packaged picture as ``large_binary``; no bytes at all are no picture, counted as undecodable."""
    if type_class(values.type) not in {"binary", "text", "null"}:
        return pa.nulls(len(values), pa.large_binary()), _counted(
            RowFault.IMAGE_UNDECODABLE, len(values) - values.null_count
        )
    plain = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    stored = plain.cast(pa.large_binary())
    empty = pc.equal(pc.binary_length(stored), 0)
    count = pc.sum(empty).as_py() or 0
    if not count:
        return stored, Counter()
    return pc.if_else(empty, pa.scalar(None, stored.type), stored), Counter({RowFault.IMAGE_UNDECODABLE: count})


def as_text(values: pa.Array) -> pa.Array:
    """Any column as ``string``: dictionaries decoded, numbers spelled, nested and binary values null (they are no text)."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_text(values.dictionary_decode())
    if pa.types.is_string(kind):
        return values
    if type_class(kind) in {"text", "number", "bool", "time"}:
        return values.cast(pa.string())
    return pa.nulls(len(values), pa.string())


# --- inside ------------------------------------------------------------------------------------------------------------------


def _hex_column(values: pa.Array, size: int, fault: RowFault) -> Ruled:
    if type_class(values.type) == "binary":  # some tools store the 32 bytes themselves
        raw = (values.dictionary_decode() if pa.types.is_dictionary(values.type) else values).cast(pa.binary())
        good = pc.equal(pc.binary_length(raw), size)
        kept = pc.if_else(pc.fill_null(good, fill_value=False), raw, pa.scalar(None, pa.binary()))
        bad = pc.sum(pc.invert(pc.fill_null(good, fill_value=True))).as_py() or 0
        return kept.cast(pa.binary(size)), _counted(fault, bad)
    digits, valid, bad = hex_bytes(as_text(values), size)
    buffer = pa.py_buffer(digits.tobytes())
    mask = pa.array(valid)
    whole = pa.Array.from_buffers(pa.binary(size), len(digits), [mask.buffers()[1], buffer], offset=0)
    return whole, _counted(fault, bad)


def _counted(fault: RowFault, count: int) -> Counter[RowFault]:
    return Counter({fault: count} if count else {})


def _as_float64(values: pa.Array) -> tuple[pa.Array, int]:
    """Numbers as double, and how many cells were no numbers at all."""
    if pa.types.is_dictionary(values.type):
        return _as_float64(values.dictionary_decode())
    if type_class(values.type) == "number":
        return values.cast(pa.float64(), safe=False), 0
    if type_class(values.type) != "text":
        return pa.nulls(len(values), pa.float64()), len(values) - values.null_count
    plain = as_text(values)
    texts = pc.if_else(pc.equal(pc.binary_length(plain), 0), pa.scalar(None, plain.type), plain)
    try:
        return texts.cast(pa.float64()), 0
    except pa.ArrowInvalid:
        numbers = [_number(raw) for raw in texts.cast(pa.large_binary()).to_pylist()]
        read = pa.array(numbers, pa.float64())
        return read, read.null_count - texts.null_count


def _number(raw: bytes | None) -> float | None:
    try:
        return None if raw is None else float(raw)
    except ValueError:
        return None


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _repair(texts: pa.Array, faults: Counter[RowFault]) -> pa.Array:
    raw = texts.cast(pa.binary())
    repaired: list[bytes | None] = []
    for value in raw.to_pylist():  # only batches that hold invalid UTF-8 come here
        try:
            if value is not None:
                value.decode()
            repaired.append(value)
        except UnicodeDecodeError:
            faults[RowFault.INVALID_UTF8] += 1
            repaired.append(value.decode("utf-8", "replace").encode())
    return pa.array(repaired, pa.binary()).cast(pa.string())


def _cut(texts: pa.Array, lengths: pa.Array, faults: Counter[RowFault]) -> pa.Array:
    long = pc.fill_null(pc.greater(lengths, MAX_TEXT_BYTES), fill_value=False)
    faults[RowFault.VALUE_TRUNCATED] += pc.sum(long).as_py()
    return _rewrite(texts, long, lambda raw: raw[:MAX_TEXT_BYTES].decode("utf-8", "ignore").encode())


def _rewrite(texts: pa.Array, chosen: pa.Array, rule: Callable[[bytes], bytes]) -> pa.Array:
    """``texts`` with ``rule`` applied to the bytes of the chosen, non-null cells; the others are not touched."""
    places = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
    if not len(places):
        return texts
    raw = texts.cast(pa.binary())
    changed = pa.array([rule(value) for value in raw.take(pa.array(places)).to_pylist()], pa.binary())
    return pc.replace_with_mask(raw, chosen, changed).cast(pa.string())


def _unquote(raw: bytes) -> bytes:
    return unquote_plus(raw.decode("utf-8", "replace"), errors="replace").encode()


def _count_web(texts: pa.Array, lengths: pa.Array) -> int:
    """How many values begin with ``http://``, ``https://`` or ``//`` in any case, and are short enough."""
    web = pc.or_(pc.starts_with(texts, "http://"), pc.starts_with(texts, "https://"))
    longest = pc.max(lengths).as_py()
    if longest is not None and longest > MAX_URL_BYTES:
        web = pc.and_(web, pc.less_equal(lengths, MAX_URL_BYTES))
    found = pc.sum(web).as_py() or 0
    if found < len(texts) - texts.null_count:
        others = texts.filter(pc.invert(pc.fill_null(web, fill_value=True))).to_pylist()  # few: unusual spellings
        found += sum(1 for url in others if url.lower().startswith(_SCHEMES) and len(url.encode()) <= MAX_URL_BYTES)
    return int(found)


def _is_ascii(texts: pa.Array) -> bool:
    """Whether no byte of the values' buffer has its first bit set: 12 times faster than checking UTF-8, and true of most URLs."""
    body = texts.buffers()[2]
    if body is None:
        return True
    letters = np.frombuffer(body, dtype=np.uint8)
    whole = len(letters) & ~7
    eights = int(np.bitwise_or.reduce(letters[:whole].view(np.uint64), initial=0))
    return not (eights & 0x8080808080808080) and not (letters[whole:] & 0x80).any()
