"""``works.csv``: the artist's own list of works, and what they declare about each.

Spreadsheets save it in many ways: with a byte order mark, as UTF-16, with semicolons or tabs.  All of them are read;
what remains wrong is an error that names the line.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.errors import PortfolioError
from scanner.portfolios.listing import ListedFile, shown_name
from scanner.works import Declared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COLUMNS: Final = (
    "file",
    "title",
    "registration_no",
    "registration_date",
    "registration_office",
    "first_published",
    "published_url",
    "iscc",
    "rendition_of",
)
"""The columns that mean something here; ``file`` is needed, others are left alone (price, medium …)."""

_SHOWN_PROBLEMS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of the list: its number (as an editor counts them) and its fields by column."""

    number: int
    fields: dict[str, str]

    @property
    def path(self) -> str:
        return self.fields["file"]


def read_works_csv(path: Path) -> tuple[ListedFile, ...]:
    """Read the list; each file is there, none is named twice, each rendition belongs to a listed work.

    Files are relative to the csv; with ``published_url`` several addresses are separated by spaces or line breaks.
    ``file`` in the evidence is relative to the csv's folder, or the bare name for a file outside of it.

    Raises:
        PortfolioError: with the line and what is wrong with it; of several problems the first ten.
    """
    lines = tuple(_lines(path))
    by_place: dict[str, _Line] = {}
    problems: list[str] = []
    for line in lines:
        place = _place(path, line.path)
        if not os.path.isfile(place):  # noqa: PTH113 - a name may hold what Path refuses
            kind = "is a folder" if os.path.isdir(place) else "is not there"  # noqa: PTH112
            problems.append(f"line {line.number}: {line.path!r} {kind}")
        elif place in by_place:
            problems.append(f"line {line.number}: {line.path!r} was listed in line {by_place[place].number}")
        by_place.setdefault(place, line)
    problems += [problem for line in lines if (problem := _rendition_problem(path, line, by_place))]
    if problems:
        shown, more = problems[:_SHOWN_PROBLEMS], len(problems) - _SHOWN_PROBLEMS
        listed = "; ".join(shown) + (f"; and {more} more" if more > 0 else "")
        raise PortfolioError(f"{path.name}: {listed}", hint="Correct these lines, then run the command again.")
    return tuple(_listed(path, place, line) for place, line in by_place.items())


def _rendition_problem(path: Path, line: _Line, by_place: dict[str, _Line]) -> str | None:
    named = line.fields.get("rendition_of")
    if not named:
        return None
    parent = by_place.get(_place(path, named))
    if parent is None:
        return f"line {line.number}: rendition_of {named!r} is not the file of any line"
    if parent is line:
        return f"line {line.number}: {named!r} is given as a rendition of itself"
    if parent.fields.get("rendition_of"):
        return f"line {line.number}: rendition_of {named!r} is itself a rendition (line {parent.number}); name the work"
    return None


def _listed(path: Path, place: str, line: _Line) -> ListedFile:
    said = {name: value for name, value in line.fields.items() if value}
    parent = said.get("rendition_of")
    return ListedFile(
        path=place,
        file=_shown(path, place),
        rendition_of=_shown(path, _place(path, parent)) if parent else None,
        declared=Declared(
            title=said.get("title"),
            registration_no=said.get("registration_no"),
            registration_date=said.get("registration_date"),
            registration_office=said.get("registration_office"),
            first_published=said.get("first_published"),
            published_urls=tuple(said.get("published_url", "").split()),
            iscc=said.get("iscc"),
        ),
    )


def _place(path: Path, named: str) -> str:
    folder = os.path.abspath(path.parent)  # noqa: PTH100 - resolve() would follow a linked works.csv
    place = os.path.normpath(os.path.join(folder, named))  # noqa: PTH118
    if not os.path.exists(place) and "\\" in named:  # noqa: PTH110 - written on Windows, read elsewhere
        place = os.path.normpath(os.path.join(folder, named.replace("\\", "/")))  # noqa: PTH118
    return place


def _shown(path: Path, place: str) -> str:
    folder = os.path.abspath(path.parent)  # noqa: PTH100
    outside = os.path.basename(place)  # noqa: PTH119
    try:
        relative = os.path.relpath(place, folder)
    except ValueError:  # another drive
        return shown_name(outside)
    return shown_name(outside if relative.startswith("..") else relative.replace(os.sep, "/"))


def _lines(path: Path) -> Iterator[_Line]:
    text = _text(path)
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    number = 1
    try:
        for values in reader:
            if columns is None:
                columns = _columns(path, values)
            elif any(value.strip() for value in values):
                yield _Line(number=number, fields=_fields(path, number, columns, values))
            number = reader.line_num + 1
    except csv.Error as error:
        raise PortfolioError(
            f"{path.name} line {number}: {error}", hint="Put fields that hold commas or line breaks in quotation marks."
        ) from error
    if columns is None:
        raise PortfolioError(f"{path.name} is empty", hint="Its first line names the columns, the first being: file")


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PortfolioError(f"{path.name}: {error.strerror or 'cannot be read'}") from error
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PortfolioError(
            f"{path.name} line {line}: not UTF-8 text", hint="Save it again as “CSV UTF-8” from the spreadsheet."
        ) from error


def _columns(path: Path, names: Sequence[str]) -> list[str]:
    columns = [name.strip().casefold() for name in names]
    if "file" not in columns:
        raise PortfolioError(
            f"{path.name} line 1: no column “file” among: {', '.join(columns)}",
            hint="The first line names the columns; “file” is the picture's path, relative to the csv.",
        )
    for name in columns:
        if name in COLUMNS and columns.count(name) > 1:
            raise PortfolioError(f"{path.name} line 1: two columns “{name}”")
        near = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.8)
        if name not in COLUMNS and near and near[0] not in columns:
            raise PortfolioError(f"{path.name} line 1: unknown column “{name}”", hint=f"Did you mean “{near[0]}”?")
    return columns


def _fields(path: Path, number: int, columns: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if any(value.strip() for value in values[len(columns) :]):
        raise PortfolioError(
            f"{path.name} line {number}: {len(values)} fields for {len(columns)} columns",
            hint="Put fields that hold commas in quotation marks.",
        )
    fields = {name: value.strip() for name, value in zip(columns, values, strict=False) if name in COLUMNS}
    if not fields.get("file"):
        raise PortfolioError(f"{path.name} line {number}: the file is not named")
    return fields
