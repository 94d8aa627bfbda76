"""One row of a parquet file spelled for ``values_sha256`` (evidence.md section 5): independent of the scanner's code.

Needs pyarrow; imported only where shards are re-read.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from manifests.records import float_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_TEXT_BYTES: Final = 1 << 20
_FORMS: Final = ("", ";base64", ";digest")  # how a cell's texts are given: one form for all texts of a cell


def parquet_rows(path: Path, numbers: Iterable[int]) -> Iterator[tuple[int, list[list[Any]]]]:
    """The rows of these numbers, ascending, as ``[[name, type, value], …]``; reads only their row groups.

    Raises:
        OSError, pa.ArrowException: not parquet, damaged.
    """
    with pq.ParquetFile(path) as file:
        wanted = sorted(set(numbers))
        begin = place = 0
        for group in range(file.num_row_groups):
            end = begin + file.metadata.row_group(group).num_rows
            table = None
            while place < len(wanted) and wanted[place] < end:
                table = file.read_row_group(group) if table is None else table
                row = table.slice(wanted[place] - begin, 1)
                yield wanted[place], [_cell(field, row.column(at)) for at, field in enumerate(row.schema)]
                place += 1
            begin = end


def _cell(field: Any, column: Any) -> list[Any]:
    value = column.combine_chunks().cast(_undecoded(field.type))[0].as_py()
    form = max(map(_form, _texts(field.type, value)), default=0)
    return [field.name, f"{field.type}{_FORMS[form]}", _spelled(field.type, value, form)]


def _undecoded(kind: Any) -> Any:
    """The type to read under: text as bytes, since it may be no UTF-8; times as the integers that are stored."""
    is_type = pa.types
    if is_type.is_dictionary(kind):
        return _undecoded(kind.value_type)
    if _is_text(kind):
        return pa.large_binary() if is_type.is_large_string(kind) else pa.binary()
    if is_type.is_date32(kind) or is_type.is_time32(kind):
        return pa.int32()
    if is_type.is_date64(kind) or is_type.is_time64(kind) or is_type.is_timestamp(kind) or is_type.is_duration(kind):
        return pa.int64()
    if is_type.is_map(kind):
        return pa.map_(_undecoded(kind.key_type), _undecoded(kind.item_type))
    if is_type.is_struct(kind):
        return pa.struct([member.with_type(_undecoded(member.type)) for member in kind])
    if is_type.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_undecoded(kind.value_type)), kind.list_size)
    if is_type.is_list(kind) or is_type.is_large_list(kind):
        made = pa.large_list if is_type.is_large_list(kind) else pa.list_
        return made(kind.value_field.with_type(_undecoded(kind.value_type)))
    return kind


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _members(kind: Any, value: Any) -> list[tuple[Any, Any]]:
    """The parts of a nested value with their types, in order."""
    if pa.types.is_map(kind):
        return [part for key, inner in value for part in ((kind.key_type, key), (kind.item_type, inner))]
    if pa.types.is_struct(kind):
        return [(member.type, value[member.name]) for member in kind]
    return [(kind.value_type, inner) for inner in value]


def _texts(kind: Any, value: Any) -> Iterator[bytes]:
    if value is None:
        return
    if pa.types.is_dictionary(kind):
        yield from _texts(kind.value_type, value)
    elif _is_text(kind):
        yield value
    elif pa.types.is_nested(kind):
        for inner_kind, inner in _members(kind, value):
            yield from _texts(inner_kind, inner)


def _form(text: bytes) -> int:
    if len(text) > MAX_TEXT_BYTES:
        return 2
    try:
        text.decode()
    except UnicodeDecodeError:
        return 1
    return 0


def _spelled(kind: Any, value: Any, form: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if pa.types.is_dictionary(kind):
        return _spelled(kind.value_type, value, form)
    if _is_text(kind) and form < 2:
        return value.decode() if form == 0 else base64.b64encode(value).decode()
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()}:{len(value)}"
    if pa.types.is_nested(kind):
        parts = [_spelled(inner_kind, inner, form) for inner_kind, inner in _members(kind, value)]
        if pa.types.is_map(kind):
            return [list(pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
        return (
            [[member.name, part] for member, part in zip(kind, parts, strict=True)]
            if pa.types.is_struct(kind)
            else parts
        )
    if pa.types.is_floating(kind):
        return float_text(value, {16: "e", 32: "f", 64: "d"}[kind.bit_width])
    return str(value)
