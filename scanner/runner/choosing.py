"""Which addresses are looked at: those of the rows that matching chose, or of every row; and the plan that is shown before."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from scanner.coverage import ShardStatus
from scanner.datasets import Role, RowRef
from scanner.errors import Incomplete, ShardError
from scanner.events import StageAdvanced, StageBegan, StageEnded, Watcher
from scanner.exhibits import ExhibitRequest
from scanner.processes import Died, Executor, Task
from scanner.runner import tasks
from scanner.runner.looked import listed_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.coverage import ScannedShard
    from scanner.runner.looked import ListedRow

PART_ROWS: Final = 1 << 16
ROWS_AT_ONCE: Final = 256  # of one task
CANDIDATE_RANK: Final = 50
"""Of a row that an equal file name or a title in its address speaks for: after every row with a match."""

LAST_RANK: Final = 90
"""Of a row that nothing but its address speaks for: after every row that a match would raise."""


def all_rows(shards: Sequence[ScannedShard], pool: Executor, watch: Watcher) -> list[ListedRow]:
    """Every row of every scanned shard that lists an address, in scan order; some 500 bytes of memory each.

    Raises:
        Incomplete: a shard that was scanned cannot be read any more.
    """
    return [row for index, table in address_tables(shards, pool, watch) for row in _rows(index, shards[index], table)]


def rows_of(
    places: Sequence[tuple[int, RowRef]], shards: Sequence[ScannedShard], pool: Executor, watch: Watcher
) -> list[ListedRow]:
    """The rows at these places (shard, row) that list an address, in scan order; a shard that cannot be read any more is left out."""
    by_shard: dict[int, dict[tuple[int, int | None], RowRef]] = {}
    for index, row in places:
        if shards[index].opened is None:  # of an earlier run of a case: its rows were chosen then
            continue
        by_shard.setdefault(index, {})[row.row_number, row.item] = row
    for index, rows in sorted(by_shard.items()):
        requests = [ExhibitRequest(row_number=number, item=item) for number, item in rows]
        for start in range(0, len(requests), ROWS_AT_ONCE):
            chunk = tuple(requests[start : start + ROWS_AT_ONCE])
            arguments = (shards[index].opened, shards[index].stamp, chunk)
            pool.submit(Task(key=(index, start), function=tasks.exhibit, arguments=arguments))
    watch(StageBegan(title="Reading candidates", total=len(places), unit=" rows"))
    found: list[ListedRow] = []
    for (index, _), result in pool.completed():
        for exhibit in result if isinstance(result, list) else ():
            row = by_shard[index][exhibit.row_number, exhibit.item]
            listed = listed_row(index, row, shards[index], exhibit.values)
            found += [] if listed is None else [listed]
        watch(StageAdvanced(done=len(found)))
    watch(StageEnded())
    return sorted(found, key=lambda row: row.place)


def address_tables(
    shards: Sequence[ScannedShard | None], pool: Executor, watch: Watcher
) -> Iterator[tuple[int, pa.Table]]:
    """The rows with an address of every scanned shard, one table a part with the columns of ``tasks.LISTED``, in scan order.

    Raises:
        Incomplete: a shard that was scanned cannot be read any more.
    """
    found: dict[tuple[int, int], bytes] = {}
    submitted = 0
    for index, each in enumerate(shards):
        if each is None or each.opened is None or each.status is not ShardStatus.SCANNED:
            continue
        if Role.URL not in each.opened.roles:
            continue
        for number, part in enumerate(each.opened.parts(PART_ROWS)):
            pool.submit(Task(key=(index, number), function=tasks.addresses, arguments=(each.opened, part, each.stamp)))
            submitted += 1
    watch(StageBegan(title="Reading addresses", total=submitted, unit=" parts"))
    for key, result in pool.completed(lambda: watch(StageAdvanced(done=len(found)))):
        if isinstance(result, ShardError | Died):
            why = "a worker process ended twice" if isinstance(result, Died) else result.message
            scanned = shards[key[0]]
            raise Incomplete(
                f"{scanned.shard.name if scanned else key[0]} was read, but its addresses could not be read again: {why}",
                hint="Nothing finished is lost: run the same command again when the file is readable.",
            )
        found[key] = result
    watch(StageEnded())
    for (index, _), content in sorted(found.items()):
        yield index, pa.ipc.open_stream(content).read_all()


def _rows(index: int, scanned: ScannedShard, table: pa.Table) -> Iterator[ListedRow]:
    """The rows of one part.  Each becomes a request, so each becomes an object: what a request costs hides that."""
    roles = [role for role in Role if role in table.column_names]
    columns = {name: table[name].to_pylist() for name in table.column_names}
    for at in range(table.num_rows):
        row = RowRef(
            row_number=columns["row"][at],
            item=columns["item"][at],
            row_group=columns["row_group"][at],
            row_in_group=columns["row_in_group"][at],
        )
        listed = listed_row(index, row, scanned, {role: columns[role][at] for role in roles})
        if listed is not None:
            yield listed


def years_since(rows: Iterable[ListedRow], now: str) -> float | None:
    """Years from the making of the youngest dataset among the rows until ``now``; None where nobody says when that was."""
    made = max((row.window.last for row in rows if row.window.last is not None), default=None)
    return None if made is None else (datetime.fromisoformat(now).date() - made).days / 365.25
