"""JSON values as Arrow columns: only the members that are asked for, scalars as text, lists and objects as the paths need them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from scanner.datasets import RowFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Document = Mapping[str, Any]


def parse_object(raw: bytes, faults: Counter[RowFault]) -> Document:
    """One JSON object; anything else is the empty object, counted as ``bad_json``.  Invalid UTF-8 is replaced and counted."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        faults[RowFault.INVALID_UTF8] += 1
        text = raw.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    faults[RowFault.BAD_JSON] += 1
    return {}


def schema_of(documents: Iterable[Document]) -> pa.Schema:
    """The columns that sampled objects have, in order of first appearance, with the type that fits all their values."""
    kinds: dict[str, pa.DataType] = {}
    for document in documents:
        for name, value in document.items():
            kinds[name] = _wider(kinds.get(name, pa.null()), _kind(value))
    return pa.schema([(_valid(name), kind) for name, kind in kinds.items()])


def record_batch(
    documents: Sequence[Document], schema: pa.Schema, paths: Sequence[str], faults: Counter[RowFault]
) -> pa.RecordBatch:
    """The top-level columns that ``paths`` lie in, one row for each document, scalars as text."""
    roots = list(dict.fromkeys(root for path in paths if (root := _root(path, schema)) is not None))
    columns = []
    for root in roots:
        inner = [path[len(root) + 1 :] for path in paths if path.startswith(f"{root}.")]
        kind = _target(schema.field(root).type, inner)
        columns.append(_array([_coerced(document.get(root), kind) for document in documents], kind, faults))
    return pa.RecordBatch.from_arrays(columns, names=roots)


def sample_table(documents: Sequence[Document], schema: pa.Schema) -> pa.Table:
    """All columns of sampled objects, whole."""
    faults: Counter[RowFault] = Counter()
    arrays = [
        _array(
            [_coerced(document.get(field.name), _target(field.type, [])) for document in documents],
            _target(field.type, []),
            faults,
        )
        for field in schema
    ]
    return pa.table(arrays, names=list(schema.names))


def fields_of(document: Document) -> Mapping[str, object]:
    """Top-level members as a row check reads them: text as bytes, numbers as they are."""
    return {
        name: value.encode("utf-8", "replace") if isinstance(value, str) else value for name, value in document.items()
    }


def _root(path: str, schema: pa.Schema) -> str | None:
    if path in schema.names:
        return path
    head = path.partition(".")[0]
    return head if head in schema.names else None


def _kind(value: Any) -> pa.DataType:
    if value is None:
        return pa.null()
    if isinstance(value, str):
        return pa.string()
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, (int, float)):
        return pa.int64() if isinstance(value, int) else pa.float64()
    if isinstance(value, list):
        inner = pa.null()
        for element in value[:20]:
            inner = _wider(inner, _kind(element))
        return pa.list_(inner)
    return pa.struct([(_valid(name), _kind(member)) for name, member in value.items()])


def _wider(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """A type for values of both; text where they have nothing in common."""
    if first.equals(second) or pa.types.is_null(second):
        return first
    if pa.types.is_null(first):
        return second
    if pa.types.is_list(first) and pa.types.is_list(second):
        return pa.list_(_wider(first.value_type, second.value_type))
    if pa.types.is_struct(first) and pa.types.is_struct(second):
        kinds = {field.name: field.type for field in first}
        for field in second:
            kinds[field.name] = _wider(kinds.get(field.name, pa.null()), field.type)
        return pa.struct(list(kinds.items()))
    numbers = (pa.int64(), pa.float64())
    return pa.float64() if first in numbers and second in numbers else pa.string()


def _target(kind: pa.DataType, paths: Sequence[str]) -> pa.DataType:
    """``kind`` with scalars as text, and structs without the members that no path leads to (all of them, without paths)."""
    if pa.types.is_list(kind):
        return pa.list_(_target(kind.value_type, paths))
    if not pa.types.is_struct(kind):
        return pa.string()
    chosen = [
        (
            field.name,
            _target(field.type, [path[len(field.name) + 1 :] for path in paths if path.startswith(f"{field.name}.")]),
        )
        for field in kind
        if not paths or any(path == field.name or path.startswith(f"{field.name}.") for path in paths)
    ]
    return pa.struct(chosen) if chosen else pa.string()


def _coerced(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_list(kind):
        return [_coerced(element, kind.value_type) for element in value] if isinstance(value, list) else None
    if pa.types.is_struct(kind):
        return (
            {field.name: _coerced(value.get(field.name), field.type) for field in kind}
            if isinstance(value, dict)
            else None
        )
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _array(values: list[Any], kind: pa.DataType, faults: Counter[RowFault]) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a lone surrogate, written as an escape
        repaired = [_valid_inside(value) for value in values]
        faults[RowFault.INVALID_UTF8] += sum(
            1 for before, after in zip(values, repaired, strict=True) if before != after
        )
        return pa.array(repaired, kind)


def _valid_inside(value: Any) -> Any:
    if isinstance(value, str):
        return _valid(value)
    if isinstance(value, list):
        return [_valid_inside(element) for element in value]
    return {name: _valid_inside(member) for name, member in value.items()} if isinstance(value, dict) else value


def _valid(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
