"""Sampled rows for people and for checks: a few values, printable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from scanner.layouts.references import type_class
from scanner.shards.verbatim import arrow_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_VALUES = 3
SHOWN_CHARACTERS = 60


def columns_with_samples(schema: pa.Schema, sample: pa.Table) -> str:
    """One line for each column: its name, its type and three values, control characters stripped."""
    lines = []
    for field in schema:
        values = sample.column(field.name).drop_null().slice(0, SHOWN_VALUES) if _is_single(sample, field.name) else []
        shown = " · ".join(printable(_spelled(value)) for value in values) or "(no values)"
        lines.append(f"  {printable(field.name)} ({field.type}): {shown}")
    return "\n".join(lines)


def cells_of(sample: pa.Table, path: str | None) -> Sequence[str | bytes | None]:
    """The cells of a text or binary column (or struct member) of the sample; empty for any other column or none."""
    if path is None:
        return []
    head, _, tail = path.partition(".")
    name = path if _is_single(sample, path) else head
    if not _is_single(sample, name):
        return []
    values = sample.column(name).combine_chunks()
    if name != path and pa.types.is_struct(values.type) and values.type.get_field_index(tail) >= 0:
        values = pa.compute.struct_field(values, tail)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = type_class(values.type)
    if kind == "text":
        raw = values.cast(pa.large_binary()).to_pylist()
        return [None if cell is None else cell.decode("utf-8", "replace") for cell in raw]
    return list(values.to_pylist()) if kind == "binary" else []


def printable(text: str, *, limit: int = SHOWN_CHARACTERS) -> str:
    """Text for a terminal: no control characters, at most ``limit`` characters."""
    clean = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[: limit + 1]
    )
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _is_single(sample: pa.Table, name: str) -> bool:
    return bool(sample.column_names.count(name) == 1)


def _spelled(value: pa.Scalar) -> str:
    return str(arrow_cells(pa.RecordBatch.from_arrays([pa.repeat(value, 1)], ["value"]))[0][2])
