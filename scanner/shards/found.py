"""The few rows that were found, whole: verbatim for the evidence, by role for the record, with the picture they hold."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scanner.datasets import Role, VerbatimRow
from scanner.errors import ShardChanged, ShardDamaged
from scanner.shards.reading import read_rows, scan_shard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scanner.shards.batches import Part
    from scanner.shards.opening import OpenShard

Number = tuple[int, int | None]  # row number, item


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRow:
    """One row: ``values`` by role (all roles of the layout but the picture), ``picture`` the bytes inside the shard."""

    verbatim: VerbatimRow
    values: Mapping[Role, object]
    picture: bytes | None


def read_found(opened: OpenShard, wanted: Sequence[Number]) -> dict[Number, FoundRow]:
    """Read the wanted rows once more; only the smallest spans that hold them are decoded.

    Raises:
        ShardChanged: a wanted row is not there any more.
        ShardDamaged: the file cannot be read any more.
    """
    left = set(wanted)
    found: dict[Number, FoundRow] = {}
    with opened.session():
        for part, here in _parts_of(opened, wanted):
            verbatim = read_rows(opened, here)
            for number, values in _whole_rows(opened, part, set(here)):
                picture = values.pop(Role.IMAGE, None)
                found[number] = FoundRow(
                    verbatim=verbatim[number], values=values, picture=picture if isinstance(picture, bytes) else None
                )
                left.discard(number)
    if left:
        raise ShardChanged(f"{opened.shard.name}: row {min(left)[0]} is not there any more")
    return found


def _parts_of(opened: OpenShard, wanted: Sequence[Number]) -> Iterator[tuple[Part, list[Number]]]:
    """The smallest parts that hold wanted rows, each with those rows."""
    ordered = sorted(wanted, key=lambda number: (number[0], -1 if number[1] is None else number[1]))
    rows = [row for row, _ in ordered]
    parts = opened.parts(1)
    for part, following in zip(parts, (*parts[1:], None), strict=True):
        begin = bisect_left(rows, part.first_row)
        end = len(rows) if following is None else bisect_left(rows, following.first_row)
        if begin < end:
            yield part, ordered[begin:end]


def _whole_rows(opened: OpenShard, part: Part, wanted: set[Number]) -> Iterator[tuple[Number, dict[Role, object]]]:
    """The wanted rows of a part with all roles; where the shard is damaged, a role whose column is lost is None."""
    try:
        yield from list(_rows(opened, part, wanted, opened.roles))
    except ShardDamaged:
        salvaged: dict[Number, dict[Role, object]] = {}
        for role in opened.roles:
            try:
                for number, values in _rows(opened, part, wanted, frozenset({role})):
                    salvaged.setdefault(number, dict.fromkeys(opened.roles)).update(values)
            except ShardDamaged:
                continue  # this is the lost one
        yield from salvaged.items()


def _rows(
    opened: OpenShard, part: Part, wanted: set[Number], roles: frozenset[Role]
) -> Iterator[tuple[Number, dict[Role, object]]]:
    left = {number for number in wanted if number[0] >= part.first_row}
    for batch in scan_shard(opened, part, roles):
        rows = batch.rows
        items = rows.column("item")
        numbers = rows.column("row").to_numpy()
        for index in np.flatnonzero(np.isin(numbers, [row for row, _ in left])).tolist():
            number = (int(numbers[index]), items[index].as_py())
            if number in left:
                left.discard(number)
                yield number, {role: rows.column(role.value)[index].as_py() for role in roles}
        if not left:  # read no further: what lies behind may be damaged
            return
