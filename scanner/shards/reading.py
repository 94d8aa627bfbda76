"""Reading an open shard: batches for the comparisons, single rows for the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.datasets import Role, RowCheck, VerbatimRow
from scanner.layouts import row_hash
from scanner.shards.batches import Part, ShardBatch, columns_needed, shard_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scanner.shards.opening import OpenShard


def scan_shard(opened: OpenShard, part: Part, roles: frozenset[Role]) -> Iterator[ShardBatch]:
    """The rows of one part under the names of roles, in file order, bounded to 64 Ki rows or 64 MiB a batch.

    Roles that the shard does not have are left out.  Columns not asked for are not decoded.  Equal for any cutting into parts.

    Raises:
        ShardDamaged: while iterating, after the rows before the damage.
    """
    asked = roles & opened.roles
    for source in opened.reader.read(part, columns_needed(opened.layout, asked)):
        yield from shard_batches(source, opened.layout, asked)


def read_rows(
    opened: OpenShard, rows: Sequence[tuple[int, int | None]]
) -> Mapping[tuple[int, int | None], VerbatimRow]:
    """The asked ``(row number, item)`` entries as they stand in the shard, every column; numbers beyond the file are left out.

    All items of one row hold the whole row.  Only the row groups or members that are needed are read.

    Raises:
        ShardDamaged: a row that was read before cannot be read now.
    """
    items: dict[int, list[int | None]] = {}
    for row, item in rows:
        items.setdefault(row, []).append(item)
    total = opened.rows_total
    wanted = sorted(row for row in items if row >= 0 and (total is None or row < total))
    found: dict[tuple[int, int | None], VerbatimRow] = {}
    for source in opened.reader.cells(wanted) if wanted else ():
        check = _row_check(opened.layout.row_check, source.fields)
        number = source.number
        for item in items[number]:
            found[number, item] = VerbatimRow(
                row_number=number, item=item, row_check=check, values=source.cells, chunks=source.chunks
            )
    return found


def _row_check(check: RowCheck | None, fields: Mapping[str, object]) -> Mapping[str, object] | None:
    """The publisher's hash of the row's own text, recomputed; integers as strings.  None where nothing was recorded."""
    if check is None or fields.get(check.column) is None or not fields.keys() >= set(check.of):
        return None
    value = fields[check.column]
    recorded = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    url, text = (field if isinstance(field, bytes) else None for field in (fields.get(name) for name in check.of))
    computed = str(row_hash(url, text))
    return {
        "method": check.method,
        "column": check.column,
        "recorded": recorded,
        "computed": computed,
        "equal": recorded == computed,
    }
