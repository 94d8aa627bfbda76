"""Batches: the projected columns of a reader turned into the columns of roles.

A reader yields ``SourceBatch`` values: the columns it was asked for, as they stand in the file, and the numbers of their rows.
``ShardBatch`` is what the comparisons see: one column for each role, the same types for every format.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from scanner.datasets import Layout, Role, RowFault
from scanner.layouts import columns as rules
from scanner.layouts.items import Items, join_texts
from scanner.layouts.references import parts_of, paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BATCH_ROWS = 1 << 16
BATCH_BYTES = 64 << 20
_SIZES = frozenset({Role.WIDTH, Role.HEIGHT, Role.ORIGINAL_WIDTH, Role.ORIGINAL_HEIGHT})
_SCORES = frozenset({Role.SIMILARITY, Role.AESTHETIC, Role.PUNSAFE, Role.PWATERMARK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A span of a shard that can be read alone.  ``begin`` and ``end`` are in the format's own unit; parts are in file order.

    The unit: row groups of parquet, lines of a folder's list, bytes of a tar; 0 and -1 for a format that is read in one go.
    ``first_row`` is the number of its first row in the whole file, ``rows`` how many it has where that is known.
    """

    index: int
    first_row: int
    rows: int | None
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBatch:
    """Rows as the file holds them: one column for each asked top-level column; ``rows`` is int64[n], their numbers in the file.

    ``groups`` and ``in_group`` (int64[n]) are given by parquet alone; ``items`` (int64[n], -1 for none) where a row of an archive
    holds several pictures.  ``faults`` were found while the format was read.  ``chunks`` are the stretches of a remote file that
    were asked for: offset, bytes, SHA-256; the same for all batches of a span.
    """

    columns: pa.RecordBatch
    rows: np.ndarray
    groups: np.ndarray | None = None
    in_group: np.ndarray | None = None
    items: np.ndarray | None = None
    faults: Counter[RowFault] = field(default_factory=Counter)
    chunks: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardBatch:
    """Rows of a shard under the names of roles, in file order.

    ``rows`` has ``row`` int64, ``row_group`` int32, ``row_in_group`` int64, ``item`` int32 (null where they do not apply), then one
    column for each role that was asked and is there: ``string`` for texts (valid UTF-8, at most 1 MiB), ``int32`` for sizes,
    ``float`` or ``double`` for scores, ``fixed_size_binary[32]`` for sha256 and phash256, ``[16]`` for md5, ``uint64`` for phash64,
    ``large_binary`` for image.  ``read`` counts rows of the file; with exploded lists ``rows`` has another length.  ``chunks`` as of
    ``SourceBatch``.
    """

    rows: pa.RecordBatch
    faults: Counter[RowFault]
    read: int
    chunks: tuple[tuple[int, int, str], ...] = ()


def columns_needed(layout: Layout, roles: frozenset[Role]) -> tuple[str, ...]:
    """Paths to read for these roles, sorted; the exploded list is among them."""
    paths = {path for role, text in layout.columns.items() if role in roles for path in paths_of(text)}
    if layout.explode is not None:
        paths.add(layout.explode)
    return tuple(sorted(paths))


def shard_batches(source: SourceBatch, layout: Layout, roles: frozenset[Role]) -> Iterator[ShardBatch]:
    """Apply the column rules; cut what is larger than ``BATCH_BYTES`` (the first piece carries the faults)."""
    items = Items(source.columns, layout.explode, len(source.rows))
    faults = Counter(source.faults)
    numbers = [
        _number(items.spread(source.rows), pa.int64()),
        _number(items.spread(source.groups), pa.int32(), items.length),
        _number(items.spread(source.in_group), pa.int64(), items.length),
        _number(items.numbers if source.items is None else source.items, pa.int32(), items.length),
    ]
    named: dict[str, pa.Array] = dict(zip(("row", "row_group", "row_in_group", "item"), numbers, strict=True))
    for role in Role:
        if role in roles and role in layout.columns:
            values, counted = _ruled(role, layout, items)
            named[role.value] = values
            faults.update(counted)
    table = pa.RecordBatch.from_pydict(named)
    read = len(source.rows) if source.items is None else len(np.unique(source.rows))
    for start, stop in _cuts(table):
        first = start == 0
        yield ShardBatch(
            rows=table.slice(start, stop - start),
            faults=faults if first else Counter(),
            read=read if first else 0,
            chunks=source.chunks if first else (),
        )


def _ruled(role: Role, layout: Layout, items: Items) -> tuple[pa.Array, Counter[RowFault]]:
    parts = parts_of(layout.columns[role])
    encoded = any(part in layout.url_encoded for part in parts)
    if len(parts) > 1:
        rule = rules.decoded_text_column if encoded else rules.text_column
        texts, counts = zip(*(rule(items.values(part)) for part in parts), strict=True)
        return join_texts(texts), sum(counts, Counter())
    values = items.values(parts[0])
    return _rule(role, encoded=encoded)(values)


def _rule(role: Role, *, encoded: bool) -> Callable[[pa.Array], tuple[pa.Array, Counter[RowFault]]]:
    if role is Role.URL:
        return rules.url_column
    if role in _SIZES:
        return rules.size_column
    if role in _SCORES:
        return rules.score_column
    special: Mapping[Role, Callable[[pa.Array], tuple[pa.Array, Counter[RowFault]]]] = {
        Role.SHA256: lambda values: rules.digest_column(values, 32),
        Role.MD5: lambda values: rules.digest_column(values, 16),
        Role.PHASH64: rules.fingerprint_column,
        Role.PHASH256: rules.wide_fingerprint_column,
        Role.IMAGE: rules.picture_column,
        Role.ROW_KEY: rules.key_column,
    }
    return special.get(role, rules.decoded_text_column if encoded else rules.text_column)


def _number(values: np.ndarray | None, kind: pa.DataType, length: int = 0) -> pa.Array:
    if values is None:
        return pa.nulls(length, kind)
    return pa.array(values, mask=values < 0).cast(kind)


def _cuts(table: pa.RecordBatch) -> Iterator[tuple[int, int]]:
    """Spans of rows of at most ``BATCH_ROWS`` rows and, but for a single larger row, ``BATCH_BYTES`` bytes."""
    if table.num_rows <= BATCH_ROWS and table.nbytes <= BATCH_BYTES:
        yield 0, table.num_rows
        return
    sizes = np.full(table.num_rows, 64, dtype=np.int64)
    for values in table.columns:
        if pa.types.is_string(values.type) or pa.types.is_large_binary(values.type):
            lengths = pa.compute.fill_null(pa.compute.binary_length(values), 0)
            sizes += lengths.to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(sizes)
    start = 0
    while start < table.num_rows:
        before = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, before + BATCH_BYTES, side="right"))
        stop = min(max(stop, start + 1), start + BATCH_ROWS, table.num_rows)
        yield start, stop
        start = stop
