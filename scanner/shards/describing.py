"""What an open shard is, for people: layout, columns, rows, what can be compared in it and what not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.datasets import Role
from scanner.shards.samples import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.layouts.digest_checks import CheckedColumn
    from scanner.shards.opening import OpenShard


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One shard, described; ``lines`` is the same as text.

    ``compared`` and ``not_compared`` are sentences, the latter with the reason; ``columns`` maps roles to column names.
    """

    shard: str
    kind: str
    layout: str
    source: str
    also: tuple[str, ...]
    rows: int | None
    columns: Mapping[str, str]
    unused_columns: tuple[str, ...]
    compared: tuple[str, ...]
    not_compared: tuple[str, ...]
    offers: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The description, one printable line for each fact."""
        found = [
            f"{self.shard}: {self.kind}, layout {self.layout}" + (f" (or {', '.join(self.also)})" if self.also else ""),
            f"  described by: {self.source}",
            f"  rows: {'not known without reading it' if self.rows is None else f'{self.rows:,}'}",
            *(f"  {role}: {column}" for role, column in self.columns.items()),
        ]
        if self.unused_columns:
            found.append(f"  not read: {', '.join(self.unused_columns)}")
        found += [f"  can be compared: {sentence}" for sentence in self.compared]
        found += [f"  not compared: {sentence}" for sentence in self.not_compared]
        found += [f"  offered: {sentence}" for sentence in self.offers]
        found += [f"  note: {sentence}" for sentence in self.warnings]
        return tuple(printable(line, limit=400) for line in found)


def describe(opened: OpenShard) -> Description:
    """Say what ``opened`` is and what a scan can and cannot compare in it."""
    used = {name.partition(".")[0] for column in opened.columns.values() for name in _names(column)} | {
        name for column in opened.columns.values() for name in _names(column)
    }
    return Description(
        shard=opened.shard.name,
        kind=str(opened.shard.kind),
        layout=opened.layout.id,
        source=opened.layout.source,
        also=opened.also,
        rows=opened.rows_total,
        columns={str(role): opened.columns[role] for role in Role if role in opened.columns},
        unused_columns=tuple(name for name in opened.names if name not in used),
        compared=tuple(_compared(opened)),
        not_compared=tuple(_not_compared(opened)),
        offers=tuple(
            f"{offer.column} holds {offer.digits} hex digits; if it is a digest of the pictures, use "
            f"--columns {offer.algorithm}={offer.column}"
            for offer in opened.offers
        ),
        warnings=opened.warnings,
    )


def _names(column: str) -> list[str]:
    return column.replace("[beside]", "").replace("[", " + ").replace("]", "").split(" + ")


def _compared(opened: OpenShard) -> Iterator[str]:
    if Role.IMAGE in opened.roles:
        yield f"the pictures in the shard ({opened.columns[Role.IMAGE]}): digest and fingerprints"
    for checked in opened.checked:
        if checked.refused is None:
            yield f"{checked.algorithm} of {_of(checked)} ({checked.column}){_counted(checked)}"
    for role, what in ((Role.URL, "URLs"), (Role.CAPTION, "captions"), (Role.MACHINE_CAPTION, "machine-made captions")):
        if role in opened.roles:
            yield f"{what} ({opened.columns[role]})"
    if opened.layout.row_check is not None:
        yield f"the row's own check value ({opened.layout.row_check.column}), of matched rows"


def _of(checked: CheckedColumn) -> str:
    return {
        "served_bytes": "the file its maker received",
        "stored_bytes": "the file stored in the shard",
        "picture": "the picture its maker received",
        "indexed": "the pictures, as the index has them: leads",
    }[checked.of]


def _counted(checked: CheckedColumn) -> str:
    if checked.stored_compared:
        return f"; equal to the stored picture in {checked.stored_equal} of {checked.stored_compared} sampled rows"
    return "" if checked.values else "; no value in the sampled rows"


def _not_compared(opened: OpenShard) -> Iterator[str]:
    for checked in opened.checked:
        if checked.refused is not None:
            yield f"{checked.algorithm} column {checked.column}: {checked.refused}"
    if not opened.digests:
        yield "digests: no column of them"
    if not opened.fingerprints:
        yield "published fingerprints: no column of them"
    if Role.IMAGE not in opened.roles:
        yield "pictures: none in the shard"
    for role, what in ((Role.URL, "URLs"), (Role.CAPTION, "captions")):
        if role not in opened.roles:
            yield f"{what}: no column of them"
