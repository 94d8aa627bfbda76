"""Rows and the items of an exploded list, column by column.

A document of OBELICS or mmc4 is one row with a list of pictures.  Every picture becomes an entry with the row's number and its own
0-based place in the list; an element that is null is no picture and yields no entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.layouts.references import split_index, type_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Items:
    """The entries of one batch: its rows, or the elements of its exploded list.

    ``length`` is the number of entries, ``numbers`` (int64[length]) the place of each in its list, None without a list.
    """

    def __init__(self, columns: pa.RecordBatch, explode: str | None, length: int) -> None:
        """Number the elements of the list column ``explode`` of ``columns``, which has ``length`` rows (and may have no column)."""
        self._columns = columns
        self._explode = explode
        self.numbers: np.ndarray | None = None
        self._parents: np.ndarray | None = None
        self.length = length
        if explode is not None:
            listed = _as_list(columns.column(explode))
            elements = _elements(listed)
            parents, places = _parents(listed)
            keep = np.asarray(elements.is_valid())
            self._elements = elements.filter(pa.array(keep))
            self._parents = parents[keep]
            self.numbers = places[keep]
            self.length = len(self._parents)

    def spread(self, values: np.ndarray | None) -> np.ndarray | None:
        """One value of each row, repeated for its items."""
        return values if values is None or self._parents is None else values[self._parents]

    def values(self, part: str) -> pa.Array:
        """The values of one resolved column reference, one for each entry."""
        indexed = split_index(part)
        if indexed is not None:
            return self._texts(*indexed)
        if self._explode is not None and (part == self._explode or part.startswith(f"{self._explode}.")):
            return _descend(self._elements, part[len(self._explode) + 1 :])
        values = _path(self._columns, part)
        return values if self._parents is None else values.take(pa.array(self._parents))

    def _texts(self, texts: str, index: str) -> pa.Array:
        """The text that belongs to each item: at ``index``, or (``beside``) those before and after it, joined."""
        if self._parents is None or self.numbers is None or not self.length:
            return pa.nulls(self.length, pa.string())
        listed = _as_list(_path(self._columns, texts))
        if index != "beside":
            places = self.values(index).cast(pa.int64(), safe=False)
            return _pick(listed, self._parents, np.asarray(pc.fill_null(places, -1)))
        around = [_pick(listed, self._parents, self.numbers + step) for step in (-1, 1)]
        return join_texts(around)


def join_texts(texts: Sequence[pa.Array]) -> pa.Array:
    """The texts of each entry joined by line feeds; nulls are left out, and null stays where all are null.

    Two at a time and without ``null_handling="skip"``, which returns too few values where all are null (pyarrow 26).
    """
    joined = texts[0]
    for other in texts[1:]:
        both = pc.binary_join_element_wise(joined, other, "\n", null_handling="replace", null_replacement="")
        joined = pc.if_else(joined.is_null(), other, pc.if_else(other.is_null(), joined, both))
    return joined


def _path(columns: pa.RecordBatch, dotted: str) -> pa.Array:
    if dotted in columns.schema.names:
        return columns.column(dotted)
    head, _, tail = dotted.partition(".")
    return _descend(columns.column(head), tail)


def _descend(values: pa.Array, dotted: str) -> pa.Array:
    for name in _names(values.type, dotted):
        values = pc.struct_field(values, name)
    return values


def _names(kind: pa.DataType, dotted: str) -> Iterator[str]:
    """Split a path into field names; a name may itself hold a dot."""
    while dotted:
        name = next(
            candidate
            for candidate in (field.name for field in kind)
            if dotted == candidate or dotted.startswith(f"{candidate}.")
        )
        yield name
        kind = kind.field(name).type
        dotted = dotted[len(name) + 1 :]


def _as_list(values: pa.Array) -> pa.LargeListArray:
    if type_class(values.type) != "list":
        return pa.nulls(len(values), pa.large_list(pa.string()))
    return values.cast(pa.large_list(values.type.value_type))


def _elements(listed: pa.LargeListArray) -> pa.Array:
    return listed.flatten()


def _lengths(listed: pa.LargeListArray) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.list_value_length(listed), 0)).astype(np.int64)


def _parents(listed: pa.LargeListArray) -> tuple[np.ndarray, np.ndarray]:
    """For each element of ``listed.flatten()``: its row in the batch, its place in the row's list."""
    lengths = _lengths(listed)
    parents = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    return parents, np.arange(len(parents)) - starts[parents]


def _pick(listed: pa.LargeListArray, rows: np.ndarray, places: np.ndarray) -> pa.Array:
    """``listed[row][place]`` for each pair; null where there is no such place."""
    lengths = _lengths(listed)
    starts = np.cumsum(lengths) - lengths
    inside = (places >= 0) & (places < lengths[rows])
    flat = _elements(listed)
    if not len(flat):
        return pa.nulls(len(rows), pa.string())
    taken = flat.take(pa.array(np.where(inside, starts[rows] + places, 0), mask=~inside))
    return taken.cast(pa.string())
