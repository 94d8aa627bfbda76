"""JSON shards: objects by line (jsonl), arrays of objects (RedCaps), objects of arrays (SBU).

They are read as they stream by; one value is held at a time.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from scanner.datasets import RowFault
from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.sampling import SAMPLE_ROWS
from scanner.shards.batches import BATCH_ROWS, Part, SourceBatch
from scanner.shards.json_text import MAX_VALUE_BYTES, JsonText
from scanner.shards.json_values import fields_of, parse_object, record_batch, sample_table, schema_of
from scanner.shards.readers import Sampled
from scanner.shards.streams import Lines, UntilDamage, chunks
from scanner.shards.verbatim import SourceRow, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.shards.json_values import Document

_BATCH_BYTES = 16 << 20


class JsonLinesReader:
    """One object a line; a line that is none keeps its row number and is counted.  See ``readers.Reader``."""

    types = Types.SCALARS
    headerless = False
    rows_total: int | None = None

    def __init__(self, path: str, name: str, schema: pa.Schema) -> None:
        """Read ``path`` as objects with the columns of ``schema``; ``name`` is what errors call it."""
        self._path, self._name, self.schema = path, name, schema

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """One part: lines are found by reading from the start."""
        del max_rows
        return (Part(index=0, first_row=0, rows=None, begin=0, end=-1),)

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """The asked members of each object, scalars as text."""
        number = part.first_row
        held: list[Document] = []
        faults: Counter[RowFault] = Counter()
        size = 0
        raws = UntilDamage(self.raw_rows())
        for raw in raws:
            held.append(self._parsed(raw, faults))
            size += len(raw)
            if len(held) >= BATCH_ROWS or size >= _BATCH_BYTES:
                yield self._batch(held, number, paths, faults)
                number, held, faults, size = number + len(held), [], Counter(), 0
        if held:
            yield self._batch(held, number, paths, faults)
        raws.raise_damage()

    def _batch(
        self, held: Sequence[Document], number: int, paths: Sequence[str], faults: Counter[RowFault]
    ) -> SourceBatch:
        columns = record_batch(held, self.schema, paths, faults)
        return SourceBatch(columns=columns, rows=np.arange(number, number + len(held), dtype=np.int64), faults=faults)

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """Each row is one cell: the line or array element as it stands."""
        wanted, last = set(rows), max(rows, default=-1)
        for number, raw in enumerate(self.raw_rows()):
            if number in wanted:
                document = parse_object(raw, Counter())
                yield SourceRow(number=number, cells=(text_cell("", self._word, raw),), fields=fields_of(document))
            if number >= last:
                return

    _word = "line"

    def _parsed(self, raw: bytes, faults: Counter[RowFault]) -> Document:
        if not raw.strip():
            faults[RowFault.EMPTY_ROW] += 1
            return {}
        return parse_object(raw, faults)

    def raw_rows(self) -> Iterator[bytes]:
        """The rows as they stand in the file.

        Raises:
            ShardDamaged: while iterating.
        """
        for block in Lines(chunks(self._path, self._name), self._name, max_line=MAX_VALUE_BYTES).blocks():
            for line in block.removesuffix(b"\n").split(b"\n"):
                yield line.removesuffix(b"\r")


class JsonArrayReader(JsonLinesReader):
    """The elements of an array of objects, at the top or under the first key that holds one; or objects one after another."""

    _word = "element"

    def raw_rows(self) -> Iterator[bytes]:
        """The elements as they stand in the file.

        Raises:
            ShardDamaged: while iterating.
        """
        text = JsonText(chunks(self._path, self._name), self._name)
        for raw, _ in text.rows():
            yield raw.encode("utf-8", "surrogatepass")


class JsonColumnsReader:
    """An object of arrays (SBU): row n is made of the n-th element of each array.  See ``readers.Reader``."""

    types = Types.SCALARS
    headerless = False
    rows_total: int | None = None

    def __init__(self, path: str, name: str, schema: pa.Schema) -> None:
        """Read ``path`` as arrays called as ``schema`` says; ``name`` is what errors call it."""
        self._path, self._name, self.schema = path, name, schema

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """One part."""
        del max_rows
        return (Part(index=0, first_row=0, rows=None, begin=0, end=-1),)

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """Rows of the asked arrays; they are held as Arrow columns, since one array ends before the next begins."""
        faults: Counter[RowFault] = Counter()
        held: dict[str, list[pa.Array]] = {}
        longest = 0
        columns = UntilDamage(self.arrays())
        elements: UntilDamage[tuple[str, Any]] = UntilDamage(iter(()))
        for key, values in columns:
            pieces = held.setdefault(key, [])
            elements = UntilDamage(values)
            pairs = iter(elements)
            count = 0
            while piece := list(itertools.islice(pairs, BATCH_ROWS)):
                count += len(piece)
                longest = max(longest, count)
                if key in paths:
                    documents = [{key: value} for _, value in piece]
                    pieces.append(record_batch(documents, self.schema, [key], faults).column(0))
            if elements.damage is not None:
                break
        for start in range(0, longest, BATCH_ROWS):
            stop = min(start + BATCH_ROWS, longest)
            sliced = [_slice(held.get(path, []), start, stop) for path in paths]
            rows = np.arange(part.first_row + start, part.first_row + stop, dtype=np.int64)
            yield SourceBatch(
                columns=pa.RecordBatch.from_arrays(sliced, names=list(paths)),
                rows=rows,
                faults=faults if start == 0 else Counter(),
            )
        elements.raise_damage()
        columns.raise_damage()

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """One cell for each array: its element as it stands; null where the array is shorter."""
        wanted = set(rows)
        found: dict[int, dict[str, tuple[str, Any]]] = {row: {} for row in rows}
        keys = []
        for key, values in self.arrays():
            keys.append(key)
            for number, pair in enumerate(values):
                if number in wanted:
                    found[number][key] = pair
        for row in rows:
            if not found[row]:
                continue
            cells = tuple(
                text_cell(
                    key, "element", found[row][key][0].encode("utf-8", "surrogatepass") if key in found[row] else None
                )
                for key in keys
            )
            yield SourceRow(
                number=row, cells=cells, fields=fields_of({key: pair[1] for key, pair in found[row].items()})
            )

    def arrays(self) -> Iterator[tuple[str, Iterator[tuple[str, Any]]]]:
        """``(key, elements)`` of each array; an element is its raw text and its value."""
        return JsonText(chunks(self._path, self._name), self._name).columns()


def open_json_lines(path: str, name: str) -> Sampled:
    """Read the first 1,000 lines for the columns.

    Raises:
        ShardDamaged: unreadable, or empty.
    """
    return _sampled(JsonLinesReader, path, name)


def open_json(path: str, name: str) -> Sampled:
    """Read the beginning of a ``.json`` file for its form and its columns.

    Raises:
        ShardDamaged: unreadable, empty, or none of the forms.
    """
    if not JsonText(chunks(path, name), name).is_columnar():
        return _sampled(JsonArrayReader, path, name)
    arrays = UntilDamage(JsonColumnsReader(path, name, pa.schema([])).arrays())
    columns = {
        key: [value for _, value in itertools.islice(UntilDamage(values), SAMPLE_ROWS)] for key, values in arrays
    }
    head = [dict(zip(columns, values, strict=True)) for values in itertools.zip_longest(*columns.values())]
    schema = schema_of(head) if head else pa.schema([(key, pa.null()) for key in columns])
    reader = JsonColumnsReader(path, name, schema)
    return Sampled(reader=reader, sample=sample_table(head, schema), damage=arrays.damage)


def _sampled(kind: type[JsonLinesReader], path: str, name: str) -> Sampled:
    kept = UntilDamage(kind(path, name, pa.schema([])).raw_rows())
    head = [parse_object(raw, Counter()) for raw in itertools.islice(kept, SAMPLE_ROWS)]
    if not head:
        kept.raise_damage()
        raise ShardDamaged(f"{name}: it is empty.", hint="Download the file again.")
    schema = schema_of(head)
    return Sampled(reader=kind(path, name, schema), sample=sample_table(head, schema), damage=kept.damage)


def _slice(pieces: Sequence[pa.Array], start: int, stop: int) -> pa.Array:
    whole = pa.chunked_array(pieces or [pa.nulls(0, pa.string())]).slice(start, stop - start)
    padded = [*whole.chunks, pa.nulls(stop - start - len(whole), whole.type)]
    return pa.concat_arrays(padded)
