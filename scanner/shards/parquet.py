"""Parquet shards: projected columns, coalesced row groups, damage named by its row group.

img2dataset writes row groups of 100 rows; 5,000 of them read one by one take five times as long as together.  So neighbouring
groups are read as one span of at least 262,144 rows or 32 MiB, and only a span that fails is read again group by group.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.references import type_class
from scanner.layouts.sampling import SAMPLE_ROWS
from scanner.shards.batches import BATCH_BYTES, BATCH_ROWS, Part, SourceBatch
from scanner.shards.expansion import longest_value
from scanner.shards.parquet_sources import LocalParquet, OpenParquet, ParquetSource, RemoteParquet
from scanner.shards.readers import Sampled
from scanner.shards.streams import UntilDamage
from scanner.shards.verbatim import SourceRow, arrow_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.datasets import RemoteFile

SPAN_ROWS = 1 << 18
SPAN_BYTES = 32 << 20
SAMPLE_PICTURES = 50
PEEKED_BYTES = 4 << 20  # smaller row groups are too many to look at one by one
MAX_DECODED_BYTES = 256 << 20
GATHERED_BYTES = 16 << 20
_ARROW_ERRORS = (pa.ArrowException, OSError, MemoryError, UnicodeError, OverflowError, ValueError)


def open_parquet(path: str, name: str) -> Sampled:
    """Read the footer and the first rows of a file of this computer.

    Raises:
        ShardDamaged: no parquet file, a damaged footer or first row group, encrypted columns.
    """
    return _sampled(LocalParquet(path), name)


def open_remote_parquet(remote: RemoteFile, name: str) -> Sampled:
    """Read the footer and the first rows of a remote file; nothing else of it is asked for.

    Raises:
        ShardDamaged: as ``open_parquet``.
        ShardChanged, ShardUnreachable: as ``fetch.ranges.ByteSource.read``.
    """
    with _mapped(name, "its footer cannot be read"):
        source = RemoteParquet(remote)
    return _sampled(source, name)


def _sampled(source: ParquetSource, name: str) -> Sampled:
    with ExitStack() as stack:
        with _mapped(name, "its footer cannot be read"):
            opened = stack.enter_context(source.opened())
        reader = ParquetReader(source, name, opened)
        with _mapped(name, "its first rows cannot be read", row_group=0):
            try:
                sample = _sample(opened, reader.groups_of(SAMPLE_ROWS))
            except _ARROW_ERRORS:
                sample = _sample(opened, reader.groups_of(1))  # a later group is damaged: the scan will say so
    return Sampled(reader=reader, sample=sample)


class ParquetReader:
    """One parquet file.  See ``readers.Reader``."""

    types = Types.CLASSES
    headerless = False

    def __init__(self, source: ParquetSource, name: str, opened: OpenParquet | None = None) -> None:
        """Keep what the footer of ``source`` (as ``opened``, if it is open already) says of its row groups.

        ``name`` is what errors call it.

        Raises:
            ShardDamaged: no parquet file, a damaged footer, encrypted columns.
        """
        self.source = source
        self._name = name
        with _mapped(name, "its footer cannot be read"), nullcontext(opened) if opened else source.opened() as here:
            metadata = here.file.metadata
            self.schema: pa.Schema = metadata.schema.to_arrow_schema()
            groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
            self._lengths = np.array([group.num_rows for group in groups], dtype=np.int64)
            self._bytes = np.array([group.total_byte_size for group in groups], dtype=np.int64)
        if (self._lengths < 0).any() or int(self._lengths.sum()) != metadata.num_rows:
            raise ShardDamaged(f"{name}: its row groups do not add up to its {metadata.num_rows} rows")
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)])
        self.rows_total: int = int(self._starts[-1])

    def groups_of(self, rows: int) -> list[int]:
        """The first row groups that hold ``rows`` rows, or as many as there are; empty groups left out."""
        last = max(int(np.searchsorted(self._starts, rows)), 1)
        return [group for group in range(min(last, len(self._lengths))) if self._lengths[group]]

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
        lengths, sizes = self._lengths[part.begin : part.end], self._bytes[part.begin : part.end]
        spans = [(part.begin + begin, part.begin + end) for begin, end in _spans(lengths, sizes, SPAN_ROWS, SPAN_BYTES)]
        with self._opened() as opened:
            for (begin, end), chunks in opened.spans(spans, paths):
                for batch in self._span(opened, begin, end, paths):
                    yield replace(batch, chunks=chunks)

    @contextmanager
    def _opened(self) -> Iterator[OpenParquet]:
        with ExitStack() as stack:
            with _mapped(self._name, "it cannot be opened again"):
                opened = stack.enter_context(self.source.opened())
            yield opened

    def _span(self, file: OpenParquet, begin: int, end: int, paths: Sequence[str]) -> Iterator[SourceBatch]:
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

    def _groups(self, file: OpenParquet, begin: int, end: int, paths: Sequence[str]) -> Iterator[SourceBatch]:
        row = int(self._starts[begin])
        for batch in _gathered(self._decoded(file, begin, end, paths)):
            yield self._numbered(batch, row)
            row += batch.num_rows

    def _decoded(self, file: OpenParquet, begin: int, end: int, paths: Sequence[str]) -> Iterator[pa.RecordBatch]:
        row, stop = int(self._starts[begin]), int(self._starts[end])
        with _mapped(self._name, "its rows cannot be read", row_group=begin):
            batches = file.file.iter_batches(
                self._batch_rows(file, begin, end, paths),
                row_groups=list(range(begin, end)),
                columns=list(paths),
            )
            for batch in batches:
                if row + batch.num_rows > stop:
                    break
                yield batch
                row += batch.num_rows
        if row != stop:
            raise ShardDamaged(
                f"{self._name}: row group {begin} does not hold the rows its footer states", row_group=begin
            )

    def _numbered(self, batch: pa.RecordBatch, row: int) -> SourceBatch:
        rows = np.arange(row, row + batch.num_rows, dtype=np.int64)
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        return SourceBatch(columns=batch, rows=rows, groups=groups, in_group=rows - self._starts[groups])

    def _batch_rows(self, file: OpenParquet, begin: int, end: int, paths: Sequence[str]) -> int:
        """Rows of a batch, so that average rows stay under ``BATCH_BYTES`` and the worst that a dictionary allows under 256 MiB.

        From the sizes of whole row groups: the metadata of a single column chunk must not be asked for, since a damaged footer then
        ends the process (pyarrow 26 turns no exception of ``RowGroupMetaData.column`` into a Python one; found by flipping bits).
        """
        sizes = np.maximum(self._bytes[begin:end], 1)
        average = float(np.max(sizes / np.maximum(self._lengths[begin:end], 1), initial=1.0))
        longest = int(np.max(sizes, initial=1))  # no value of a row group is longer than all of it
        if longest > PEEKED_BYTES:
            longest = max(1, longest_value(file.again, file.file.metadata, range(begin, end), paths))
        return max(1, min(BATCH_ROWS, int(BATCH_BYTES / average), MAX_DECODED_BYTES // longest))

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """All columns of some rows; only their row groups are read, and no further than the last of them.

        The damage that ended the comparison of a shard may lie in a column that was not compared: what was found stays found, and
        the damaged cell is null, its type followed by ``;unreadable``.
        """
        names = list(self.schema.names)
        wanted = np.asarray(rows, dtype=np.int64)
        groups = np.searchsorted(self._starts, wanted, side="right") - 1
        spans = [(group, group + 1) for group in np.unique(groups).tolist()]
        with self._opened() as opened:
            for (group, _), chunks in opened.spans(spans, names):
                left = wanted[groups == group].tolist()
                try:
                    for found in self._cells(opened, group, left, names):
                        yield replace(found, chunks=chunks)
                        left = left[1:]
                except ShardDamaged:
                    for found in self._salvaged(opened, group, left):
                        yield replace(found, chunks=chunks)

    def _cells(self, file: OpenParquet, group: int, rows: Sequence[int], names: Sequence[str]) -> Iterator[SourceRow]:
        """Some columns of ``rows`` of one row group, in their order."""
        inside = np.asarray(rows, dtype=np.int64)
        for batch in self._groups(file, group, group + 1, names):
            here = inside[(inside >= batch.rows[0]) & (inside <= batch.rows[-1])]
            for row in here.tolist():
                with _mapped(self._name, "a row cannot be read", row_group=group):
                    found = arrow_row(row, batch.columns.slice(row - int(batch.rows[0]), 1))
                yield found
            if batch.rows[-1] >= inside[-1]:
                return

    def _salvaged(self, file: OpenParquet, group: int, rows: Sequence[int]) -> Iterator[SourceRow]:
        """``rows`` of a damaged row group, read column by column."""
        whole: dict[int, list[SourceRow]] = {row: [] for row in rows}
        for field in self.schema:
            try:
                found = {one.number: one for one in self._cells(file, group, rows, [field.name])}
            except ShardDamaged:
                found = {}
            lost = (field.name, f"{field.type};unreadable", None)
            for row in rows:
                whole[row].append(found.get(row) or SourceRow(number=row, cells=(lost,), fields={}))
        for row, parts in whole.items():
            cells = tuple(cell for part in parts for cell in part.cells)
            yield SourceRow(
                number=row, cells=cells, fields={key: part.fields[key] for part in parts for key in part.fields}
            )


@contextmanager
def _mapped(name: str, what: str, *, row_group: int | None = None) -> Iterator[None]:
    """Every error of pyarrow and of the file system as ``ShardDamaged``."""
    try:
        yield
    except _ARROW_ERRORS as error:
        where = "" if row_group is None else f" (from row group {row_group})"
        raise ShardDamaged(
            f"{name}: {what}{where}: {_first_line(error)}",
            hint="Download the file again and compare its digest with the publisher's.",
            row_group=row_group,
        ) from error


def _sample(opened: OpenParquet, groups: list[int]) -> pa.Table:
    """The first 1,000 rows of some row groups; of binary and nested columns the first 50, then nulls.

    Of a remote file numbers are nulls throughout: no layout is recognised by their values, and each column costs a request.
    """
    file = opened.file
    schema = file.schema_arrow
    names = list(schema.names)
    once = [field for field in schema if names.count(field.name) == 1]  # two of one name cannot be asked for
    heavy = [field for field in once if type_class(field.type) in {"binary", "struct", "list"}]
    light = [field for field in once if field not in heavy and (not opened.frugal or type_class(field.type) == "text")]
    opened.sample([field.name for field in (*light, *heavy)])
    longest = longest_value(opened.again, file.metadata, groups[:1], [field.name for field in light])
    rows = max(1, min(SAMPLE_ROWS, BATCH_BYTES // max(longest, 1)))
    columns = {**_first_rows(file, groups, light, rows), **_first_rows(file, groups, heavy, SAMPLE_PICTURES)}
    most = max((len(values) for values in columns.values()), default=0)
    none = pa.chunked_array([], pa.null())
    return pa.table({field.name: _padded(columns.get(field.name, none.cast(field.type)), most) for field in once})


def _first_rows(
    file: pq.ParquetFile, groups: list[int], fields: list[pa.Field], rows: int
) -> dict[str, pa.ChunkedArray]:
    batches: list[pa.RecordBatch] = []
    names = [field.name for field in fields]
    for batch in file.iter_batches(rows, row_groups=groups, columns=names, use_threads=False) if groups else ():
        batches.append(batch)
        if sum(one.num_rows for one in batches) >= rows:
            break
    table = pa.Table.from_batches(batches) if batches else pa.schema(fields).empty_table()
    return dict(zip(table.schema.names, table.columns, strict=True))


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches that had to be decoded in small steps, joined to large ones: each costs its comparisons a fixed price."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    kept = UntilDamage(batches)
    for batch in kept:
        full = rows + batch.num_rows > BATCH_ROWS or size + batch.nbytes > GATHERED_BYTES
        if held and (full or not batch.num_columns):  # rows without columns cannot be joined
            yield _joined(held)
            held, rows, size = [], 0, 0
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
    if held:
        yield _joined(held)
    kept.raise_damage()


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    (joined,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return joined


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
