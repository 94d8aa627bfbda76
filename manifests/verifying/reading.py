"""Reading records for verification: each fault is noted with its line, the well-formed ones go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manifests.errors import FormatError, ProblemKind
from manifests.packages import lines_inside, parse_record
from manifests.records import ORDER_OF
from manifests.verifying.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from manifests.verifying.checks import Notes

# Record files: their schema, and the check that answers for their order.
RECORDS: Final = {
    "portfolio": ("portfolio", "matches.references"),
    "coverage": ("coverage", "coverage.sums"),
    "observations": ("observation", "matches.references"),
    "matches": ("match", "matches.order"),
    "negatives": ("negative", "negatives.complete"),
    "events": ("event", "events.chain"),
    "changes": ("change", "matches.references"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One well-formed record and where it stands: ``number`` counts from 1, ``offset`` in bytes from the file's start."""

    path: str
    number: int
    offset: int
    raw: bytes
    record: dict[str, Any]


def read_records(folder: Path, name: str, notes: Notes) -> Iterator[Line]:
    """The well-formed records of ``data/<name>.jsonl``; canonical form, schema and order are checked on the way."""
    schema, order_check = RECORDS[name]
    canonical = "matches.canonical" if name == "matches" else "manifest.canonical"
    lines = _well_formed(folder, f"data/{name}.jsonl", (canonical, schema), notes)
    return _ordered(lines, ORDER_OF.get(name), order_check, notes)


def read_rows(folder: Path, path: str, order: Callable[[Any], tuple[Any, ...]], notes: Notes) -> Iterator[Line]:
    """The well-formed verbatim rows of one ``data/rows/….jsonl``."""
    return _ordered(_well_formed(folder, path, ("rows.values", "row"), notes), order, "rows.values", notes)


def _well_formed(folder: Path, path: str, rules: tuple[str, str], notes: Notes) -> Iterator[Line]:
    canonical, schema = rules
    shape = shape_of(schema)
    number = after = 0
    with notes.reading(canonical, path):
        for number, raw in enumerate(lines_inside(folder, path), 1):
            offset, after = after, after + len(raw) + 1
            try:
                record = parse_record(raw, "")
            except FormatError as error:
                notes.problem(canonical, ProblemKind.NOT_CANONICAL, path, number, found=error.message)
                continue
            faults = shape(record)
            for where, what in faults:
                notes.problem("manifest.schema", ProblemKind.SCHEMA, path, number, found=f"{where}: {what}")
            if not faults:
                yield Line(path=path, number=number, offset=offset, raw=raw, record=record)
    notes.looked(canonical, number)
    notes.looked("manifest.schema", number)


def _ordered(
    lines: Iterator[Line], key: Callable[[Any], tuple[Any, ...]] | None, check: str, notes: Notes
) -> Iterator[Line]:
    """Note lines that do not come after the one before; equal keys are a record twice."""
    before: tuple[Any, ...] | None = None
    for line in lines:
        if key is not None:
            notes.looked(check)
            this = key(line.record)
            if before is not None and this <= before:
                what = "twice" if this == before else "before the line above it"
                notes.problem(check, ProblemKind.ORDER, line.path, line.number, found=what)
            before = this
        yield line
