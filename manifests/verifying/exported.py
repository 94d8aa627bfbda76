"""``exports/*.csv`` made again from the records and compared byte for byte."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Final

from manifests.errors import ProblemKind
from manifests.exports.domains import domains_csv
from manifests.exports.evidence_csv import columns_csv, evidence_csv
from manifests.packages import open_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from manifests.packages import Package
    from manifests.verifying.checks import Notes

CHECK: Final = "exports.csv"


def check_exports(package: Package, csv_files: set[str], notes: Notes) -> None:
    """Compare every table; ``csv_files``: those that are there, as ``data/exports/….csv``."""
    made: set[str] = set()
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


def _tables(package: Package) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield "domains.csv", iter([domains_csv(package.manifest)])
    yield "columns.csv", iter([columns_csv()])
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
