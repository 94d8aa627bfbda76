"""Lists of an artist's own picture addresses: gallery exports as text or tables."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from scanner.errors import ConfigError
from scanner.urls import BadUrl, canonicalize_url

_URL_COLUMNS: Final = (
    "work_url", "published_url", "image_url", "img_url", "file_url", "media_url", "original_url", "download_url", "photo_url",
    "picture_url", "image_src", "image_link", "image", "images", "img", "photo", "picture", "media", "src", "url", "link", "href",
)  # fmt: skip
_BETWEEN: Final = re.compile(r"[\s,;|]+(?=https?://)")  # several addresses in one line or cell, as shops export them
_MARKS: Final = re.compile(r"^(?:[|*•-]\s+)?<?|[>,;]*$")  # of a list that was copied from a page or a program
UNUSABLE: Final = re.compile("[\x00-\x1f\x7f\ufffd\ud800-\udfff]")


def parse_url_list(text: str, *, where: str) -> tuple[str, ...]:
    """The URLs of a gallery export: a text file with one URL a line, or a CSV or TSV with a column of URLs.

    In text files empty lines and lines that begin with ``#`` are skipped, and so are the marks of lists (``- ``, ``<…>``, the ``| ``
    that gallery-dl puts before further addresses of one picture).  In tables the first known column is taken (``image_url``, ``src``,
    ``url`` …), or else every column that holds nothing but URLs.  Several addresses in one line or cell are taken apart.

    Raises:
        ConfigError: a line that is no http or https URL, or a table without such a column; with file and line.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1)]
    filled = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not filled:
        return ()
    first = filled[0][1]
    if first[0] in "{[" and first[1:2] in {"", '"', "{", "[", " "}:
        raise ConfigError(
            f"{where}: this is JSON, not a list of addresses",
            hint="Save it as a text file with one address a line, or as a table (csv) with a column url.",
        )
    if _is_table(first):
        return _urls_of_table(text, where=where)
    return tuple(dict.fromkeys(url for number, line in filled for url in _urls_in(line, f"{where}:{number}")))


def _is_table(first: str) -> bool:
    """Whether the first line is a header, or a row whose fields are not URLs alone."""
    return (
        isinstance(canonicalize_url(_without_marks(first)), BadUrl)
        or re.search(r"[\t\"]|,\s*https?:", first) is not None
    )


def _without_marks(line: str) -> str:
    return _MARKS.sub("", line)


def _urls_in(text: str, place: str) -> list[str]:
    """The addresses of one line or cell."""
    return [_checked_url(_without_marks(part), place) for part in _BETWEEN.split(_without_marks(text))]


def _checked_url(url: str, place: str) -> str:
    bad = canonicalize_url(url)
    if isinstance(bad, BadUrl) or UNUSABLE.search(url):
        raise ConfigError(
            f"{place}: not an http or https address: {url[:120]!r}",
            hint="An address begins with https://; one a line, or a table with a column url.",
        )
    return url


def _urls_of_table(text: str, *, where: str) -> tuple[str, ...]:
    before, said, rest = text.partition("\n")
    excel = re.fullmatch(r'"?sep=(.)"?\s*', before)  # what Excel writes above a table to name its delimiter
    delimiter = excel[1] if excel else max("\t;,", key=before.count)
    lines = f"{said}{rest}" if excel else text
    try:
        rows = [(number, row) for number, row in _numbered_rows(lines, delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ConfigError(f"{where}: not a readable table: {error}") from error
    names = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in rows[0][1]]
    known = [names.index(name) for name in _URL_COLUMNS if name in names][:1]
    columns = known or _columns_of_urls(rows)
    if not columns:
        raise ConfigError(
            f"{where}: no column of addresses among {', '.join(rows[0][1])}",
            hint="Name the column url, or give a text file with one address a line; an address begins with https://.",
        )
    has_header = bool(known) or any(isinstance(canonicalize_url(rows[0][1][column]), BadUrl) for column in columns)
    cells = [
        (number, row[column].strip()) for number, row in rows[has_header:] for column in columns if column < len(row)
    ]
    return tuple(dict.fromkeys(url for number, cell in cells if cell for url in _urls_in(cell, f"{where}:{number}")))


def _numbered_rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    number = 1
    for row in reader:
        rows.append((number, row))
        number = reader.line_num + 1
    return rows


def _columns_of_urls(rows: list[tuple[int, list[str]]]) -> list[int]:
    body = [row for _, row in (rows[1:] if len(rows) > 1 else rows)]
    width = len(rows[0][1])
    columns = []
    for column in range(width):
        cells = [row[column].strip() for row in body if column < len(row) and row[column].strip()]
        if cells and not any(isinstance(canonicalize_url(cell), BadUrl) for cell in cells):
            columns.append(column)
    return columns
