"""``exports/*.csv`` made again from the records and compared byte for byte."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Final

from manifests.errors import ProblemKind
from manifests.exports.domains import EDITIONS, domains_csv
from manifests.exports.evidence_csv import COLUMNS_EDITIONS, columns_csv, evidence_csv
from manifests.packages import open_inside, read_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from manifests.packages import Package
    from manifests.verifying.checks import Notes

CHECK: Final = "exports.csv"


def check_exports(package: Package, csv_files: set[str], notes: Notes) -> None:
    """Compare every table; ``csv_files``: those that are there, as ``data/exports/….csv``."""
    made = {"data/exports/domains.csv", "data/exports/columns.csv"}
    _check_editions(package, notes)
    for name, chunks in _tables(package):
        path = f"data/exports/{name}"
        made.add(path)
        with notes.reading(CHECK, path):
            line = _first_difference(package.path, path, chunks)
            if line is not None:
                notes.problem(CHECK, ProblemKind.VALUE_DIFFERS, path, line, found="not what the records give")
        for _ in chunks:  # the next table begins where this one ends
            pass
    for path in sorted(csv_files - made):
        notes.problem(CHECK, ProblemKind.UNEXPECTED, path, found="a table that the records do not give")
    notes.looked(CHECK, len(made))


def _check_editions(package: Package, notes: Notes) -> None:
    """The two small tables, as some version wrote them: a package stays sound when a later one says more."""
    path = "data/exports/domains.csv"
    with notes.reading(CHECK, path):
        written = read_inside(package.path, path)
        if written not in [domains_csv(package.manifest, columns=columns) for columns in EDITIONS]:
            line = _first_difference(package.path, path, iter([domains_csv(package.manifest)]))
            notes.problem(CHECK, ProblemKind.VALUE_DIFFERS, path, line, found="not what the records give")
    path = "data/exports/columns.csv"
    with notes.reading(CHECK, path):
        if hashlib.sha256(read_inside(package.path, path)).hexdigest() not in COLUMNS_EDITIONS:
            line = _first_difference(package.path, path, iter([columns_csv()]))
            notes.problem(CHECK, ProblemKind.VALUE_DIFFERS, path, line, found="no edition of this table")


def _tables(package: Package) -> Iterator[tuple[str, Iterator[bytes]]]:
    source = evidence_csv(package)
    following: list[tuple[str, bytes]] = [next(source)]
    while following:
        name, first = following.pop()
        yield name, _one_table(name, first, source, following)


def _one_table(
    name: str, first: bytes, source: Iterator[tuple[str, bytes]], following: list[tuple[str, bytes]]
) -> Iterator[bytes]:
    """The chunks of one table; the chunk that begins the next one is left in ``following``."""
    yield first
    for chunk in source:
        if chunk[0] != name:
            following.append(chunk)
            return
        yield chunk[1]


def _first_difference(folder: Path, path: str, chunks: Iterator[bytes]) -> int | None:
    """Line (from 1) of the first difference between a file and what it should be; None where there is none."""
    line = 1
    with ExitStack() as stack:
        stream: BinaryIO = stack.enter_context(open_inside(folder, path))
        for chunk in chunks:
            if stream.read(len(chunk)) != chunk:
                return line
            line += chunk.count(b"\n")
        return line if stream.read(1) else None
