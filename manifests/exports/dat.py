"""Concordance load files: what review platforms of litigation read.

U+0014 between fields, ``þ`` around them, UTF-8 with byte order mark, CRLF.  A finding is a document of one page; its
native file is the capture of what was fetched, where the package holds one.  Every cell is escaped as in the CSV,
then ``þ`` and ``®`` (Concordance's mark for a line feed) become codes, so no value can end its field or its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from manifests.exports.evidence_csv import BYTE_ORDER_MARK, COLUMNS, Raw, raw_rows
from manifests.exports.stricter import cells_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from manifests.exports.choice import Choice
    from manifests.packages import Package
    from manifests.words import Lang

ROWS_PER_VOLUME: Final = 50_000
SEPARATOR: Final = "\x14"
QUOTE: Final = "\N{LATIN SMALL LETTER THORN}"
LOAD_COLUMNS: Final = (
    "BEGBATES",
    "ENDBATES",
    "BEGATTACH",
    "ENDATTACH",
    "CUSTODIAN",
    "FILENAME",
    "FILEPATH",
    "FILESIZE",
    "FILEEXTENSION",
    "MD5HASH",
    "SHA256HASH",
    "DATECREATED",
    "DATEMODIFIED",
    "NATIVELINK",
)
_PREFIXES: Final = {name: prefix for name, prefix, *_ in COLUMNS}
_NAMES: Final = tuple(name for name, *_ in COLUMNS[:-2])
MARKS: Final = QUOTE + "\N{REGISTERED SIGN}"


def dat(
    package: Package,
    choice: Choice,
    *,
    exhibit_prefix: str | None = None,
    lang: Lang | None = None,
    rows_per_volume: int = ROWS_PER_VOLUME,
) -> Iterator[tuple[str, bytes]]:
    """The load file as ``(file name, chunk)`` in writing order: ``evidence.dat``, then ``evidence-2.dat`` …; lazily."""
    custodian = package.manifest["subject"]["claimant"]
    captured = _captured(package)
    rows = raw_rows(package, exhibit_prefix=exhibit_prefix, lang=lang)
    count = 0
    yield "evidence.dat", _head()
    name = "evidence.dat"
    for raw, match in zip(rows, package.records("matches"), strict=True):
        if not choice(match):
            continue
        if count and count % rows_per_volume == 0:
            name = f"evidence-{count // rows_per_volume + 1}.dat"
            yield name, _head()
        count += 1
        yield name, _line(raw, _document(raw, match, custodian, captured))


def _head() -> bytes:
    return BYTE_ORDER_MARK + _joined((*LOAD_COLUMNS, *_NAMES, "escaped_fields", "truncated_fields"))


def _captured(package: Package) -> dict[str, tuple[int | None, str]]:
    """Bytes and date of what was fetched, by observation."""
    return {
        record["observation_id"]: (record["bytes"], record["requested_at"])
        for record in package.records("observations")
        if record["capture"] is not None
    }


def _document(
    raw: Raw, match: Mapping[str, Any], custodian: str | None, captured: Mapping[str, tuple[int | None, str]]
) -> dict[str, str | int | None]:
    """The load columns: the native file is the captured one; without a capture there is none, and the columns are blank."""
    exhibit = raw["exhibit_no"]
    cells: dict[str, str | int | None] = dict.fromkeys(LOAD_COLUMNS)
    cells |= {"BEGBATES": exhibit, "ENDBATES": exhibit, "CUSTODIAN": custodian}
    seen = match["observation"]
    if seen is None or seen["capture"] is None:
        return cells
    size, date = captured.get(seen["observation_id"], (None, None))
    path = f"data/{seen['capture']['file'].removeprefix('data/')}"
    return cells | {
        "FILENAME": path.rpartition("/")[2],
        "FILEPATH": path,
        "FILESIZE": size,
        "FILEEXTENSION": "warc.gz",
        "SHA256HASH": seen["content_sha256"],
        "DATECREATED": date,
        "DATEMODIFIED": date,
        "NATIVELINK": path,
    }


def _line(raw: Raw, document: Mapping[str, str | int | None]) -> bytes:
    cells = cells_of((*LOAD_COLUMNS, *_NAMES), {**raw, **document}, _PREFIXES, lambda _value: MARKS)
    return _joined("" if cell is None else str(cell) for cell in cells)


def _joined(cells: Iterable[str]) -> bytes:
    return (SEPARATOR.join(f"{QUOTE}{cell}{QUOTE}" for cell in cells) + "\r\n").encode()
