"""Rows as they stand in the shard, spelled for ``values_sha256`` (evidence.md section 5).

A cell is ``(name, type, value)``.  Integers are strings, floats the shortest decimal that reads back at the column's own width,
binary ``sha256:HEX:bytes``, times the stored integer, decimals as written, lists and structs nested (a struct is a list of
``[name, value]``, a map of ``[key, value]``).  Text over 1 MiB becomes ``sha256:HEX:bytes`` with ``;digest`` behind the type, text
that is not valid UTF-8 base64 with ``;base64``; in a nested cell either spelling then holds for every text in it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping  # noqa: TC003 - used in dataclass field types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manifests.records import float_text
from scanner.layouts.columns import MAX_TEXT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

Cell = tuple[str, str, object]
Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One row as the file holds it: ``cells`` for the records, ``fields`` (text as bytes) for recomputing the row check.

    ``chunks`` are the stretches of a remote file that were asked for it: offset, bytes, SHA-256.
    """

    number: int
    cells: Cells
    fields: Mapping[str, object]
    chunks: tuple[tuple[int, int, str], ...] = ()


_PLAIN, _BASE64, _DIGEST = "", ";base64", ";digest"


def digest_of(value: bytes) -> str:
    """``sha256:HEX:bytes``, the spelling of binary cells and of members."""
    return f"sha256:{hashlib.sha256(value).hexdigest()}:{len(value)}"


def text_cell(name: str, kind: str, value: bytes | None) -> Cell:
    """One cell of text given as its bytes."""
    if value is None:
        return (name, kind, None)
    form = _form(value)
    return (name, kind + form, _text(value, form))


def arrow_row(number: int, row: pa.RecordBatch) -> SourceRow:
    """A batch of one row as a ``SourceRow``."""
    fields = {
        field.name: row.column(place).cast(_raw_type(field.type))[0].as_py() for place, field in enumerate(row.schema)
    }
    return SourceRow(number=number, cells=arrow_cells(row), fields=fields)


def arrow_cells(row: pa.RecordBatch) -> Cells:
    """The cells of a batch of one row, in its column order."""
    return tuple(_arrow_cell(field, row.column(position)) for position, field in enumerate(row.schema))


def _arrow_cell(field: pa.Field, column: pa.Array) -> Cell:
    value = column.cast(_raw_type(field.type))[0].as_py()
    form = max(
        (_form(text) for text in _texts(field.type, value)), default=_PLAIN, key=(_PLAIN, _BASE64, _DIGEST).index
    )
    return (field.name, str(field.type) + form, _spelled(field.type, value, form))


def _raw_type(kind: pa.DataType) -> pa.DataType:
    """The type under which a value is read without decoding: text as bytes, times as integers, dictionaries as their values."""
    types = pa.types
    if types.is_dictionary(kind):
        return _raw_type(kind.value_type)
    if types.is_string(kind) or types.is_string_view(kind):
        return pa.binary()
    if types.is_large_string(kind):
        return pa.large_binary()
    if types.is_date32(kind) or types.is_time32(kind):
        return pa.int32()
    if types.is_date64(kind) or types.is_time64(kind) or types.is_timestamp(kind) or types.is_duration(kind):
        return pa.int64()
    if types.is_map(kind):
        return pa.map_(_raw_type(kind.key_type), _raw_type(kind.item_type))
    if types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_raw_type(kind.value_type)), kind.list_size)
    if types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_raw_type(kind.value_type)))
    if types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_raw_type(kind.value_type)))
    if types.is_struct(kind):
        return pa.struct([field.with_type(_raw_type(field.type)) for field in kind])
    return kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _texts(kind: pa.DataType, value: Any) -> Iterator[bytes]:
    """All texts inside a value, as bytes."""
    if value is None:
        return
    if pa.types.is_dictionary(kind):
        yield from _texts(kind.value_type, value)
    elif _is_text(kind):
        yield value
    elif pa.types.is_map(kind):
        for key, inner in value:
            yield from _texts(kind.key_type, key)
            yield from _texts(kind.item_type, inner)
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from _texts(field.type, value[field.name])
    elif pa.types.is_nested(kind):
        for inner in value:
            yield from _texts(kind.value_type, inner)


def _spelled(kind: pa.DataType, value: Any, form: str) -> object:
    types = pa.types
    if value is None or types.is_boolean(kind):
        return value
    if types.is_dictionary(kind):
        return _spelled(kind.value_type, value, form)
    if _is_text(kind):
        return _text(value, form)
    if types.is_floating(kind):
        return _float(kind, value)
    if isinstance(value, bytes):
        return digest_of(value)
    if types.is_map(kind):
        return [[_spelled(kind.key_type, key, form), _spelled(kind.item_type, inner, form)] for key, inner in value]
    if types.is_struct(kind):
        return [[field.name, _spelled(field.type, value[field.name], form)] for field in kind]
    if types.is_nested(kind):
        return [_spelled(kind.value_type, inner, form) for inner in value]
    return str(value)


def _float(kind: pa.DataType, value: float) -> str:
    width = "f" if pa.types.is_float32(kind) else "e" if pa.types.is_float16(kind) else "d"
    return float_text(float(value), width)


def _form(value: bytes) -> str:
    if len(value) > MAX_TEXT_BYTES:
        return _DIGEST
    try:
        value.decode()
    except UnicodeDecodeError:
        return _BASE64
    return _PLAIN


def _text(value: bytes, form: str) -> str:
    if form == _DIGEST:
        return digest_of(value)
    return base64.b64encode(value).decode() if form == _BASE64 else value.decode()
