"""What sampled values look like: URLs, sentences, hex digests, pictures.  Looks at a few hundred rows, never at a whole shard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from scanner.layouts.references import type_class

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_ROWS = 1_000
_URL = re.compile(r"\s*https?://[^\s/]", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-fA-F]+")
_NULLISH = frozenset({"", "null", "none", "nan"})
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ")


@dataclass(frozen=True, slots=True, kw_only=True)
class HexColumn:
    """A text column that looks like digests: offered to the user, never assumed."""

    column: str
    digits: int
    algorithm: Literal["md5", "sha256", "phash64"]


def texts_of(sample: pa.Table, column: str) -> list[str]:
    """The non-null values of a text column of the sample, invalid UTF-8 replaced."""
    values = sample.column(column)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if type_class(values.type) != "text":
        return []
    raw = values.cast(pa.large_binary()).drop_null().slice(0, SAMPLE_ROWS).to_pylist()
    return [value.decode("utf-8", "replace") for value in raw]


def share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    """The part of ``values`` that begins with ``pattern``; 0.0 for none at all."""
    return sum(1 for value in values if pattern.match(value)) / len(values) if values else 0.0


def url_share(values: Sequence[str]) -> float:
    """The part of ``values`` that are ``http(s)`` URLs."""
    return share(values, _URL)


def sentence_share(values: Sequence[str]) -> float:
    """The part of ``values`` that hold a space between other characters: text, not keys."""
    return sum(1 for value in values if " " in value.strip()) / len(values) if values else 0.0


def is_nullish(value: str) -> bool:
    """Whether a digest cell means "none": empty, ``null``, ``None``, ``nan``."""
    return value.strip().lower() in _NULLISH


def hex_digits(values: Sequence[str]) -> int | None:
    """The common number of hex digits of all values that are not null-like; None where they differ or are no hex."""
    lengths = {len(value) if _HEX.fullmatch(value) else -1 for value in values if not is_nullish(value)}
    return lengths.pop() if len(lengths) == 1 and min(lengths) > 0 else None


def looks_like_picture(value: bytes) -> bool:
    """Whether stored bytes begin like a picture file: JPEG, PNG, GIF, BMP, TIFF, WebP, AVIF, HEIC, JPEG 2000."""
    if value.startswith(_MAGIC):
        return True
    return (value[:4] == b"RIFF" and value[8:12] == b"WEBP") or value[4:8] == b"ftyp"


def hex_columns(sample: pa.Table, names: Sequence[str]) -> tuple[HexColumn, ...]:
    """Text columns of ``names`` that hold nothing but 16, 32 or 64 hex digits, in file order."""
    known: dict[int, Literal["md5", "sha256", "phash64"]] = {16: "phash64", 32: "md5", 64: "sha256"}
    found = []
    for name in names:
        digits = hex_digits(texts_of(sample, name))
        if digits in known:
            found.append(HexColumn(column=name, digits=digits, algorithm=known[digits]))
    return tuple(found)


def unique_names(schema: pa.Schema) -> tuple[str, ...]:
    """Column names that stand in the schema once, in file order."""
    names = list(schema.names)
    return tuple(name for name in names if names.count(name) == 1)
