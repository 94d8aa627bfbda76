"""Delimited shards: tsv as the corpora write it (no quoting, one record a line) and csv (quoted, records may span lines).

Lone quotes stand in real captions, so a tab-separated file is never unquoted.  A first line that holds a URL is no header: the
columns are then called ``f0``, ``f1`` … and told apart by what they hold.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.datasets import RowFault
from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.sampling import SAMPLE_ROWS, url_share
from scanner.shards.batches import BATCH_ROWS, Part, SourceBatch
from scanner.shards.readers import Sampled
from scanner.shards.streams import Lines, UntilDamage, chunks
from scanner.shards.verbatim import SourceRow, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Record = list[bytes]

MAX_RECORD_BYTES = 64 << 20
_BOM = b"\xef\xbb\xbf"
_HEADER_BYTES = 200  # longer first fields are captions, not names


def open_delimited(path: str, name: str) -> Sampled:
    """Look at the first lines: delimiter, header or none.

    Raises:
        ShardDamaged: empty, unreadable, or UTF-16.
    """
    first = _head(path, name).split(b"\n", 1)[0].rstrip(b"\r")
    delimiter = _delimiter(name, first)
    kept = UntilDamage(DelimitedReader(path, name, delimiter, (), headerless=True).records())
    records = list(itertools.islice(kept, SAMPLE_ROWS + 1))
    if not records:
        kept.raise_damage()
    names = [field.decode("utf-8", "replace").strip() for field in records[0]]
    headerless = not _is_header(names, records[1:])
    if headerless:
        names = [f"f{index}" for index in range(len(names))]
    reader = DelimitedReader(path, name, delimiter, names, headerless=headerless)
    sampled = records[:SAMPLE_ROWS] if headerless else records[1:]
    batch = _batch(sampled, names, range(len(names)), 0).columns
    return Sampled(reader=reader, sample=pa.Table.from_batches([batch]), damage=kept.damage)


class DelimitedReader:
    """One csv or tsv file.  See ``readers.Reader``."""

    types = Types.NONE
    rows_total: int | None = None

    def __init__(self, path: str, name: str, delimiter: bytes, names: Sequence[str], *, headerless: bool) -> None:
        """Read ``path`` as columns called ``names``; ``name`` is what errors call it."""
        self._path, self._name = path, name
        self._delimiter = delimiter
        self._quoted = delimiter != b"\t"
        self.headerless = headerless
        self.schema: pa.Schema = pa.schema([(field, pa.string()) for field in names])

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """One part: records are found by reading from the start."""
        del max_rows
        return (Part(index=0, first_row=0, rows=None, begin=0, end=-1),)

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """Text columns, in blocks of whole records."""
        if self._quoted:
            yield from self._batches(self._data(), part, paths, BATCH_ROWS)
        else:
            yield from self._tabbed(part, paths)

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """The fields of some records; fields beyond the header are called ``fN``, missing ones are null."""
        wanted = set(rows)
        names = list(self.schema.names)
        for number, record in enumerate(self._data()):
            if number in wanted:
                shown = names + [f"f{index}" for index in range(len(names), len(record))]
                values = [*record, *[None] * (len(names) - len(record))]
                yield SourceRow(
                    number=number,
                    cells=tuple(text_cell(name, "text", value) for name, value in zip(shown, values, strict=True)),
                    fields=dict(zip(shown, values, strict=True)),
                )
                wanted.discard(number)
                if not wanted:
                    return

    def _data(self) -> Iterator[Record]:
        """Records without the header."""
        return itertools.islice(self.records(), 0 if self.headerless else 1, None)

    def _blocks(self) -> Iterator[bytes]:
        blocks = Lines(chunks(self._path, self._name), self._name, max_line=MAX_RECORD_BYTES).blocks()
        for index, block in enumerate(blocks):
            yield block if index else block.removeprefix(_BOM)

    def records(self) -> Iterator[Record]:
        """All records, the header among them.

        Raises:
            ShardDamaged: while iterating.
        """
        if not self._quoted:
            for block in self._blocks():
                for line in block.removesuffix(b"\n").split(b"\n"):
                    yield line.removesuffix(b"\r").split(self._delimiter)
            return
        csv.field_size_limit(MAX_RECORD_BYTES)
        text = (
            line
            for block in self._blocks()
            for line in io.StringIO(block.decode("utf-8", "surrogateescape"), newline="\n")
        )
        try:
            for record in csv.reader(text, delimiter=self._delimiter.decode()):
                yield [field.encode("utf-8", "surrogateescape") for field in record]
        except csv.Error as error:
            raise ShardDamaged(
                f"{self._name}: a record cannot be read: {error}", hint="Check the quotes in the file."
            ) from error

    def _batches(
        self, records: Iterator[Record], part: Part, paths: Sequence[str], batch_rows: int
    ) -> Iterator[SourceBatch]:
        """Batches of parsed records, of at most ``batch_rows`` rows and about 32 MiB."""
        places = [self.schema.names.index(path) for path in paths]
        number = part.first_row
        held: list[Record] = []
        size = 0
        kept = UntilDamage(records)
        for record in kept:
            held.append(record)
            size += sum(map(len, record))
            if len(held) >= batch_rows or size >= MAX_RECORD_BYTES // 2:
                yield _batch(held, paths, places, number)
                number += len(held)
                held, size = [], 0
        if held:
            yield _batch(held, paths, places, number)
        kept.raise_damage()

    def _tabbed(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """Tab-separated blocks cut into columns without a loop over lines."""
        places = [self.schema.names.index(path) for path in paths]
        number = part.first_row
        blocks = self._blocks()
        if not self.headerless:
            blocks = _without_first_line(blocks)
        for block in blocks:
            fields = TabbedBlock(block, len(self.schema.names))
            for start in range(0, fields.lines, BATCH_ROWS):
                stop = min(start + BATCH_ROWS, fields.lines)
                columns = [fields.column(place, start, stop) for place in places]
                empty = int(np.count_nonzero(fields.empty[start:stop]))
                yield SourceBatch(
                    columns=_record_batch(columns, paths),
                    rows=np.arange(number + start, number + stop, dtype=np.int64),
                    faults=_empty_rows(empty),
                )
            number += fields.lines


class TabbedBlock:
    """The fields of a block of whole lines, found by the positions of tabs and line feeds.

    A line with too few fields has nulls at its end; fields too many are left out here (``rows/`` keeps them).
    """

    def __init__(self, block: bytes, width: int) -> None:
        """Find all fields of ``block`` for a table of ``width`` columns."""
        whole = block if block.endswith(b"\n") else block + b"\n"
        letters = np.frombuffer(whole, dtype=np.uint8)
        ends = np.flatnonzero(letters == 0x0A)
        begins = np.concatenate([[0], ends[:-1] + 1])
        returned = (ends > begins) & (letters[np.maximum(ends - 1, 0)] == 0x0D)
        stops = ends - returned
        tabs = np.flatnonzero(letters == 0x09)
        line = np.searchsorted(ends, tabs)
        counts = np.bincount(line, minlength=len(ends)).astype(np.int64)
        rank = np.arange(len(tabs)) - (np.cumsum(counts) - counts)[line]
        self.lines = len(ends)
        self.empty = stops == begins
        self._buffer = pa.py_buffer(whole)
        self._counts = counts
        self._begins = np.repeat(stops[:, None], width, axis=1)
        self._ends = np.repeat(stops[:, None], width, axis=1)
        self._begins[:, 0] = begins
        inner = rank < width
        self._ends[line[inner], rank[inner]] = tabs[inner]
        next_field = rank + 1 < width
        self._begins[line[next_field], rank[next_field] + 1] = tabs[next_field] + 1

    def column(self, place: int, start: int, stop: int) -> pa.Array:
        """Fields number ``place`` of some lines as ``string``, not yet checked for valid UTF-8."""
        edges = np.empty(2 * (stop - start), dtype=np.int32)
        edges[0::2] = self._begins[start:stop, place]
        edges[1::2] = self._ends[start:stop, place]
        # Fields and the gaps between them are one Arrow array over the block; every second value is a field.
        both = pa.Array.from_buffers(pa.binary(), len(edges) - 1, [None, pa.py_buffer(edges), self._buffer])
        fields = both.take(pa.array(np.arange(0, len(edges) - 1, 2)))
        missing = (self._counts[start:stop] < place) | self.empty[start:stop]
        if missing.any():
            fields = pc.if_else(pa.array(missing), pa.scalar(None, pa.binary()), fields)
        return fields.view(pa.string())


def _head(path: str, name: str) -> bytes:
    head = next(Lines(chunks(path, name), name, max_line=MAX_RECORD_BYTES).blocks(), b"")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ShardDamaged(f"{name}: it is UTF-16 text: save it as UTF-8.")
    if not head.removeprefix(_BOM).strip():
        raise ShardDamaged(f"{name}: it is empty.", hint="Download the file again.")
    return head.removeprefix(_BOM)


def _batch(records: Sequence[Record], paths: Sequence[str], places: Sequence[int], number: int) -> SourceBatch:
    columns = []
    for place in places:
        fields = [record[place] if place < len(record) else None for record in records]
        columns.append(pa.array(fields, pa.binary()).view(pa.string()))
    empty = sum(1 for record in records if not any(record))
    return SourceBatch(
        columns=_record_batch(columns, paths),
        rows=np.arange(number, number + len(records), dtype=np.int64),
        faults=_empty_rows(empty),
    )


def _record_batch(columns: Sequence[pa.Array], paths: Sequence[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(list(columns), names=list(paths))


def _empty_rows(count: int) -> Counter[RowFault]:
    return Counter({RowFault.EMPTY_ROW: count} if count else {})


def _without_first_line(blocks: Iterator[bytes]) -> Iterator[bytes]:
    for index, block in enumerate(blocks):
        rest = block if index else block.partition(b"\n")[2]
        if rest:
            yield rest


def _delimiter(name: str, first: bytes) -> bytes:
    """Tab for tsv and for any file whose first line holds one; a ``.txt`` of URLs has one column; else the most frequent mark."""
    stem = name.casefold()
    for suffix in (".gz", ".bz2", ".zst"):
        stem = stem.removesuffix(suffix)
    if b"\t" in first or os.path.splitext(stem)[1] != ".csv":  # noqa: PTH122 - a name, not a path
        return b"\t"
    return max((b",", b";", b"|"), key=first.count)


def _is_header(names: list[str], records: list[Record]) -> bool:
    """Whether the first record names columns: no URL in it, and its fields are short, different and not empty.

    Where it is doubtful, it is a header unless a column below it holds URLs.
    """
    if any(url_share([name]) for name in names):
        return False
    if all(name and len(name) <= _HEADER_BYTES for name in names) and len(set(names)) == len(names):
        return True
    columns = (
        [record[place].decode("utf-8", "replace") for record in records if place < len(record)]
        for place in range(len(names))
    )
    return not any(url_share(values) >= 0.9 for values in columns)
