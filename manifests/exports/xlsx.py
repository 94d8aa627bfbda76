"""A workbook: the table of the CSV and the lists behind it.  Text is written as text, so nothing in it can run.

Needs xlsxwriter.  Equal packages give equal bytes: the times inside the file are those of the zip format's first day.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from manifests.exports.choice import Choice, extra
from manifests.exports.evidence_csv import COLUMNS, raw_rows
from manifests.exports.stricter import cells_of, plain_cells
from manifests.report import chapters
from manifests.texts.labels import label
from manifests.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from manifests.packages import Package
    from manifests.words import Lang

ROWS_PER_SHEET: Final = 1_048_575  # and one line of headings: the limit of Excel
NO_XML: Final = "\ufffe\uffff"  # no characters at all; XML 1.0 refuses them
EPOCH: Final = datetime(1980, 1, 1, tzinfo=UTC)

_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDE: Final = {"statement": 60, "listed_url": 40, "caption": 40, "work_file": 30, "work_title": 24}
_PREFIXES: Final = {name: prefix for name, prefix, *_ in COLUMNS}
_NAMES: Final = tuple(name for name, *_ in COLUMNS)

Cell = str | int | None


def xlsx(
    package: Package,
    choice: Choice,
    *,
    exhibit_prefix: str | None = None,
    lang: Lang | None = None,
    rows_per_sheet: int = ROWS_PER_SHEET,
) -> bytes:
    """The workbook.  Memory is one row and the compressed file.

    Raises:
        ExportError: xlsxwriter is not installed.
    """
    module = extra("xlsxwriter", "exports")
    lang = lang or package.manifest["contents"]["locale"]
    target = io.BytesIO()
    book = module.Workbook(target, _OPTIONS)
    book.set_properties({"created": EPOCH.replace(tzinfo=None), "title": package.manifest["run"]["run_id"]})
    heading = book.add_format({"bold": True, "text_wrap": False, "bottom": 1})
    text = book.add_format({"num_format": "@"})  # so that a cell stays text when someone edits it
    sheets = (
        ("matches", _NAMES, _matches(package, choice, exhibit_prefix, lang)),
        ("negatives", _NEGATIVES, _negatives(package, lang)),
        ("coverage", _COVERAGE, _coverage(package)),
        ("columns", ("column", "english", "中文"), ((name, en, zh) for name, _, en, zh in COLUMNS)),
        ("about", (label("sheet_about", lang), ""), _about(package, lang)),
    )
    for code, names, rows in sheets:
        _write(book, label(f"sheet_{code}", lang), names, rows, (heading, text), rows_per_sheet)
    book.close()
    return target.getvalue()


def _write(
    book: Any, title: str, names: Sequence[str], rows: Iterable[Sequence[Cell]], formats: tuple[Any, Any], limit: int
) -> None:
    """One sheet, and further ones where the rows do not fit."""
    sheet, line, number = _sheet(book, title, names, formats[0]), 0, 1
    for row in rows:
        if line == limit:
            number += 1
            sheet, line = _sheet(book, f"{title} {number}", names, formats[0]), 0
        line += 1
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(line, column, value)
            elif value:
                sheet.write_string(line, column, value, formats[1])


def _sheet(book: Any, title: str, names: Sequence[str], heading: Any) -> Any:
    sheet = book.add_worksheet(title)
    for column, name in enumerate(names):
        sheet.set_column(column, column, _WIDE.get(name, 16))
        sheet.write_string(0, column, name, heading)
    sheet.freeze_panes(1, 1)
    return sheet


def _matches(package: Package, choice: Choice, exhibit_prefix: str | None, lang: Lang) -> Iterator[list[Cell]]:
    rows = raw_rows(package, exhibit_prefix=exhibit_prefix, lang=lang)
    for raw, match in zip(rows, package.records("matches"), strict=True):
        if choice(match):
            yield cells_of(_NAMES[:-2], raw, _PREFIXES, forbidden)


def forbidden(value: str) -> str:
    """Characters that a cell of ``value`` must not hold.

    xlsxwriter takes a string that begins with ``<r>`` and ends with ``</r>`` for its own markup and writes it raw.
    """
    return NO_XML + "<" if value.startswith("<r>") else NO_XML


def _plain(*values: Cell) -> list[Cell]:
    return plain_cells(values, forbidden)


_NEGATIVES: Final = ("work_id", "work_file", "statement", "rows_scanned", *chapters.COMPARISONS, "caveats")


def _negatives(package: Package, lang: Lang) -> Iterator[list[Cell]]:
    for record in package.records("negatives"):
        compared = [record["compared"][code] for code in chapters.COMPARISONS]
        said = sentence(record, lang)
        caveats = ";".join(record["caveats"])
        yield _plain(record["work_id"], record["work_file"], said, record["rows_scanned"], *compared, caveats)


_COVERAGE: Final = (
    "dataset",
    "release",
    "shard",
    "shard_sha256",
    "shard_digest_by",
    "publisher_digest_equal",
    "bytes",
    "rows",
    "rows_scanned",
    "status",
    "reason",
    *chapters.COMPARISONS,
    "row_faults",
)


def _coverage(package: Package) -> Iterator[list[Cell]]:
    for record in package.records("coverage"):
        publisher = record["publisher_digest"]
        equal = None if publisher is None or publisher["equal"] is None else str(publisher["equal"]).lower()
        digest = None if record["shard_sha256"] is None else f"sha256:{record['shard_sha256']}"
        yield _plain(
            record["dataset"],
            record["release"],
            record["shard"],
            digest,
            record["shard_digest_by"],
            equal,
            record["bytes"],
            record["rows"],
            record["rows_scanned"],
            record["status"],
            record["reason"],
            *(record["compared"][code] for code in chapters.COMPARISONS),
            ";".join(f"{code}={count}" for code, count in sorted(record["row_faults"].items())),
        )


def _about(package: Package, lang: Lang) -> Iterator[list[Cell]]:
    """What the workbook is, and the figures of the scan."""
    manifest = package.manifest
    for line in (label("table_about", lang), *chapters.lead(manifest, lang)):
        yield _plain(line)
    yield _plain(label("manifest_sha256", lang), f"sha256:{package.manifest_sha256}")
    yield _plain(label("run", lang), manifest["run"]["run_id"])
    for fact in chapters.method_facts(manifest, lang):
        yield _plain(fact.label, fact.value)
    for code in (1, 2, 3, 4):
        yield _plain(label("says_not", lang), label(f"says_not_{code}", lang))
