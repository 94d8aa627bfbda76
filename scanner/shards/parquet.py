"""Parquet shards: projected columns, coalesced row groups, damage named by its row group.

img2dataset writes row groups of 100 rows; 5,000 of them read one by one take five times as long as together.  So neighbouring
groups are read as one span of at least 262,144 rows or 32 MiB, and only a span that fails is read again group by group.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.references import type_class
from scanner.layouts.sampling import SAMPLE_ROWS
from scanner.shards.batches import BATCH_BYTES, BATCH_ROWS, Part, SourceBatch
from scanner.shards.readers import Sampled
from scanner.shards.verbatim import SourceRow, arrow_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SPAN_ROWS = 1 << 18
SPAN_BYTES = 32 << 20
SAMPLE_PICTURES = 50
_ARROW_ERRORS = (pa.ArrowException, OSError, MemoryError, UnicodeError, OverflowError, ValueError)


def open_parquet(path: str, name: str) -> Sampled:
    """Read the footer and the first rows.

    Raises:
        ShardDamaged: no parquet file, a damaged footer or first row group, encrypted columns.
    """
    reader = ParquetReader(path, name)
    return Sampled(reader=reader, sample=reader.sample())


class ParquetReader:
    """One parquet file.  See ``readers.Reader``."""

    types = Types.CLASSES
    headerless = False

    def __init__(self, path: str, name: str) -> None:
        """Read the footer of ``path``; ``name`` is what errors call it.

        Raises:
            ShardDamaged: no parquet file, a damaged footer, encrypted columns.
        """
        self._path = path
        self._name = name
        with self._mapped("its footer cannot be read"), self._open() as file:
            metadata = file.metadata
            self.schema: pa.Schema = file.schema_arrow
            groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
            self._lengths = np.array([group.num_rows for group in groups], dtype=np.int64)
            self._bytes = np.array([group.total_byte_size for group in groups], dtype=np.int64)
            if (self._lengths < 0).any() or int(self._lengths.sum()) != metadata.num_rows:
                raise ShardDamaged(f"{name}: its row groups do not add up to its {metadata.num_rows} rows")
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)])
        self.rows_total: int = int(self._starts[-1])

    def sample(self) -> pa.Table:
        """The first 1,000 rows; of binary and nested columns the first 50, then nulls."""
        names = list(self.schema.names)
        once = [field for field in self.schema if names.count(field.name) == 1]  # two of one name cannot be asked for
        heavy = [field.name for field in once if type_class(field.type) in {"binary", "struct", "list"}]
        light = [field.name for field in once if field.name not in heavy]
        last = max(int(np.searchsorted(self._starts, SAMPLE_ROWS)), 1)
        try:
            columns = self._heads(last, light, heavy)
        except ShardDamaged:
            if last == 1:
                raise
            columns = self._heads(1, light, heavy)
        longest = max((len(values) for values in columns.values()), default=0)
        return pa.table({name: _padded(columns[name], longest) for name in names if name in columns})

    def _heads(self, last: int, light: list[str], heavy: list[str]) -> dict[str, pa.ChunkedArray]:
        """First rows of the first ``last`` row groups: 1,000 of light columns, 50 of heavy ones."""
        groups = [group for group in range(min(last, len(self._lengths))) if self._lengths[group]]
        with self._mapped("its first rows cannot be read", row_group=0), self._open() as file:
            return {**self._head(file, groups, light, SAMPLE_ROWS), **self._head(file, groups, heavy, SAMPLE_PICTURES)}

    def _head(self, file: pq.ParquetFile, groups: list[int], names: list[str], rows: int) -> dict[str, pa.ChunkedArray]:
        batches = []
        read = 0
        for batch in file.iter_batches(rows, row_groups=groups, columns=names, use_threads=False) if groups else ():
            batches.append(batch)
            read += batch.num_rows
            if read >= rows:
                break
        schema = pa.schema([self.schema.field(name) for name in names])
        table = pa.Table.from_batches(batches) if batches else schema.empty_table()
        return dict(zip(table.schema.names, table.columns, strict=True))

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """Runs of row groups of at least ``max_rows`` rows (the last may be shorter)."""
        spans = _spans(self._lengths, self._bytes, max_rows, 1 << 62)
        return tuple(
            Part(
                index=index,
                first_row=int(self._starts[begin]),
                rows=int(self._starts[end] - self._starts[begin]),
                begin=begin,
                end=end,
            )
            for index, (begin, end) in enumerate(spans)
        )

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """Projected columns of the part's row groups."""
        with self._mapped("it cannot be opened again"):
            file = self._open()
        with file:
            lengths, sizes = self._lengths[part.begin : part.end], self._bytes[part.begin : part.end]
            for begin, end in _spans(lengths, sizes, SPAN_ROWS, SPAN_BYTES):
                yield from self._span(file, part.begin + begin, part.begin + end, paths)

    def _span(self, file: pq.ParquetFile, begin: int, end: int, paths: Sequence[str]) -> Iterator[SourceBatch]:
        done = 0
        try:
            for batch in self._groups(file, begin, end, paths):
                yield batch
                done += batch.columns.num_rows
        except ShardDamaged:
            if end - begin == 1:
                raise
            for group in range(begin, end):
                skip = int(self._starts[begin] + done - self._starts[group])
                for batch in self._groups(file, group, group + 1, paths):
                    yield from _after(batch, skip)
                    skip -= batch.columns.num_rows

    def _groups(self, file: pq.ParquetFile, begin: int, end: int, paths: Sequence[str]) -> Iterator[SourceBatch]:
        first, stop = int(self._starts[begin]), int(self._starts[end])
        row = first
        with self._mapped("its rows cannot be read", row_group=begin):
            batches = file.iter_batches(
                self._batch_rows(begin, end), row_groups=list(range(begin, end)), columns=list(paths)
            )
            for batch in batches:
                if row + batch.num_rows > stop:
                    break
                yield self._numbered(batch, row)
                row += batch.num_rows
        if row != stop:
            raise ShardDamaged(
                f"{self._name}: row group {begin} does not hold the rows its footer states", row_group=begin
            )

    def _numbered(self, batch: pa.RecordBatch, row: int) -> SourceBatch:
        rows = np.arange(row, row + batch.num_rows, dtype=np.int64)
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        return SourceBatch(columns=batch, rows=rows, groups=groups, in_group=rows - self._starts[groups])

    def _batch_rows(self, begin: int, end: int) -> int:
        """Rows of a batch, so that batches of average rows stay under ``BATCH_BYTES``.

        From the sizes of whole row groups: the metadata of a single column chunk must not be asked for, since a damaged footer then
        ends the process (pyarrow 26 turns no exception of ``RowGroupMetaData.column`` into a Python one; found by flipping bits).
        """
        rows = np.maximum(self._lengths[begin:end], 1)
        largest = float(np.max(self._bytes[begin:end] / rows, initial=1.0))
        return max(1, min(BATCH_ROWS, int(BATCH_BYTES / max(largest, 1.0))))

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """All columns of some rows; only their row groups are read, and no further than the last of them."""
        names = list(self.schema.names)
        wanted = np.asarray(rows, dtype=np.int64)
        groups = np.searchsorted(self._starts, wanted, side="right") - 1
        with self._mapped("it cannot be opened again"):
            file = self._open()
        with file:
            for group in np.unique(groups).tolist():
                inside = wanted[groups == group]
                for batch in self._groups(file, group, group + 1, names):
                    here = inside[(inside >= batch.rows[0]) & (inside <= batch.rows[-1])]
                    for row in here.tolist():
                        with self._mapped("a row cannot be read", row_group=group):
                            found = arrow_row(row, batch.columns.slice(row - int(batch.rows[0]), 1))
                        yield found
                    if batch.rows[-1] >= inside[-1]:
                        break

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(
            self._path,
            memory_map=False,
            buffer_size=1 << 20,
            pre_buffer=False,
            page_checksum_verification=True,
        )

    @contextmanager
    def _mapped(self, what: str, *, row_group: int | None = None) -> Iterator[None]:
        try:
            yield
        except _ARROW_ERRORS as error:
            where = "" if row_group is None else f" (from row group {row_group})"
            raise ShardDamaged(
                f"{self._name}: {what}{where}: {_first_line(error)}",
                hint="Download the file again and compare its digest with the publisher's.",
                row_group=row_group,
            ) from error


def _padded(values: pa.ChunkedArray, length: int) -> pa.ChunkedArray:
    """Nulls behind the few sampled values of heavy columns, so that the sample stays one table with aligned rows."""
    return pa.chunked_array([*values.chunks, pa.nulls(length - len(values), values.type)], values.type)


def _first_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno:  # Arrow's own sentence names the path, and a path names a user
        return os.strerror(error.errno)
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def _spans(lengths: np.ndarray, sizes: np.ndarray, min_rows: int, min_bytes: int) -> Iterator[tuple[int, int]]:
    """Runs ``[begin, end)`` of groups that hold at least ``min_rows`` rows or ``min_bytes`` bytes; the last may hold less."""
    begin, rows, size = 0, 0, 0
    for index in range(len(lengths)):
        rows += int(lengths[index])
        size += int(sizes[index])
        if rows >= min_rows or size >= min_bytes:
            yield begin, index + 1
            begin, rows, size = index + 1, 0, 0
    if begin < len(lengths):
        yield begin, len(lengths)


def _after(batch: SourceBatch, skip: int) -> Iterator[SourceBatch]:
    """What is left of ``batch`` without its first ``skip`` rows."""
    count = batch.columns.num_rows
    if skip <= 0:
        yield batch
    elif skip < count and batch.groups is not None and batch.in_group is not None:
        yield SourceBatch(
            columns=batch.columns.slice(skip),
            rows=batch.rows[skip:],
            groups=batch.groups[skip:],
            in_group=batch.in_group[skip:],
        )
