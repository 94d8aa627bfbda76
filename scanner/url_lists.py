"""Lists of an artist's own picture addresses: gallery exports as text or tables."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from scanner.errors import ConfigError
from scanner.urls import BadUrl, canonicalize_url

_URL_COLUMNS: Final = (
    "work_url", "published_url", "image_url", "img_url", "file_url", "media_url", "image", "src", "url", "link", "href",
)  # fmt: skip
UNUSABLE: Final = re.compile("[\x00-\x1f\x7f\ufffd\ud800-\udfff]")


def parse_url_list(text: str, *, where: str) -> tuple[str, ...]:
    """The URLs of a gallery export: a text file with one URL a line, or a CSV or TSV with a column of URLs.

    In text files empty lines and lines that begin with ``#`` are skipped, and so is the ``| `` that gallery-dl puts before further
    addresses of one picture.  In tables the first known column is taken (``url``, ``image_url``, ``src`` …), or else every column
    that holds nothing but URLs.

    Raises:
        ConfigError: a line that is no http or https URL, or a table without such a column; with file and line.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1)]
    filled = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not filled:
        return ()
    if _is_table([line for _, line in filled]):
        return _urls_of_table(text.removeprefix("\ufeff"), where=where)
    urls: list[str] = []
    for number, line in filled:
        url = line.removeprefix("| ").strip()
        urls.append(_checked_url(url, f"{where}:{number}"))
    return tuple(dict.fromkeys(urls))


def _is_table(lines: list[str]) -> bool:
    """Whether the first line is a header, or a row whose fields are not one URL."""
    return (
        isinstance(canonicalize_url(lines[0].removeprefix("| ")), BadUrl)
        or re.search(r"[\t\"]|,\s*https?:", lines[0]) is not None
    )


def _checked_url(url: str, place: str) -> str:
    bad = canonicalize_url(url)
    if isinstance(bad, BadUrl) or UNUSABLE.search(url):
        raise ConfigError(
            f"{place}: not an http or https address: {url[:120]!r}",
            hint="One address a line, or a table with a url column.",
        )
    return url


def _urls_of_table(text: str, *, where: str) -> tuple[str, ...]:
    first = text.split("\n", 1)[0]
    delimiter = max("\t;,", key=first.count)
    try:
        rows = [(number, row) for number, row in _numbered_rows(text, delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ConfigError(f"{where}: not a readable table: {error}") from error
    names = [cell.strip().casefold() for cell in rows[0][1]]
    known = [names.index(name) for name in _URL_COLUMNS if name in names][:1]
    columns = known or _columns_of_urls(rows)
    if not columns:
        raise ConfigError(
            f"{where}: no column of addresses among {', '.join(rows[0][1])}",
            hint=f"Name the column {_URL_COLUMNS[1]} or url, or give a text file with one address a line.",
        )
    has_header = bool(known) or any(isinstance(canonicalize_url(rows[0][1][column]), BadUrl) for column in columns)
    cells = [
        (number, row[column].strip()) for number, row in rows[has_header:] for column in columns if column < len(row)
    ]
    return tuple(dict.fromkeys(_checked_url(cell, f"{where}:{number}") for number, cell in cells if cell))


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
