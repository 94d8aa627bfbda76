"""The tables as LibreOffice opens them: values unchanged, nothing calculated.  Skipped where there is no LibreOffice."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import package_builder
import pytest

from manifests.exports.cells import unescape
from manifests.exports.choice import Choice
from manifests.exports.evidence_csv import COLUMNS, raw_rows
from manifests.exports.xlsx import xlsx
from manifests.packages import Package, open_package

if TYPE_CHECKING:
    from pathlib import Path

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
PREFIXES = {name: prefix for name, prefix, *_ in COLUMNS}
CAPTIONS = (
    "=1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '+HYPERLINK("https://evil.example","x")',
    "-2+3",
    "＝1+1",
    "\t=1+1",
    "0012",
    "1e5",
    "2020-01-02",
    "'quoted",
    "<r><t>rich</t></r>",
    "油画，“狐狸” 🦊\r\nsecond line\u202e",
    "  two  spaces  ",
)

pytestmark = pytest.mark.skipif(OFFICE is None, reason="no LibreOffice (soffice) on the path")


@dataclass(frozen=True)
class Sheet:
    """A table after LibreOffice has opened it and written it as its own flat XML."""

    rows: list[list[str]]
    formulas: int


def opened(file: Path, *options: str) -> Sheet:
    """Open ``file`` headless and read what came of it."""
    out = file.parent / f"opened {file.name}"
    profile = (file.parent / "profile").as_uri()
    command = [str(OFFICE), f"-env:UserInstallation={profile}", "--headless", *options]
    command += ["--convert-to", "fods", "--outdir", str(out), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    root = ET.parse(out / f"{file.stem}.fods").getroot()
    table = next(root.iter(f"{TABLE}table"))
    rows = [cells for row in table.iter(f"{TABLE}table-row") if any(cells := _cells(row))]
    formulas = sum(f"{TABLE}formula" in cell.attrib for cell in root.iter(f"{TABLE}table-cell"))
    return Sheet(rows, formulas)


def _cells(row: ET.Element) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{TABLE}table-cell"):
        times = int(cell.attrib.get(f"{TABLE}number-columns-repeated", "1"))
        text = "\n".join(_text(paragraph) for paragraph in cell.iter(f"{TEXT}p"))
        cells += [text] * (times if text or times < len(COLUMNS) else 1)
    return cells


def _text(node: ET.Element) -> str:
    parts = [node.text or ""]
    for child in node:
        if child.tag == f"{TEXT}s":
            parts.append(" " * int(child.attrib.get(f"{TEXT}c", "1")))
        parts += [_text(child) if child.tag != f"{TEXT}s" else "", child.tail or ""]
    return "".join(parts)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    world = package_builder.world()
    for match, caption in zip(world.matches, CAPTIONS, strict=False):
        match["row"]["caption"] = caption
    folder = tmp_path_factory.mktemp("office") / "p"
    package_builder.write(world, folder)
    return open_package(folder)


def raw_values(package: Package) -> list[dict[str, str]]:
    return [{name: "" if value is None else str(value) for name, value in raw.items()} for raw in raw_rows(package)]


def undone(sheet: Sheet) -> list[dict[str, str]]:
    """Raw values of a table, from what LibreOffice made of it."""
    head, *rows = sheet.rows
    names = [name for name in head if name]
    found = []
    for cells in rows:
        row: dict[str, Any] = dict(zip(names, [*cells, *[""] * len(names)], strict=False))
        steps = dict(entry.split(":", 1) for entry in row.pop("escaped_fields").split(";") if entry)
        row.pop("truncated_fields")
        found.append({name: unescape(row[name], steps.get(name, ""), PREFIXES[name]) for name in row})
    return found


def test_a_workbook_opens_with_its_values_and_without_a_formula(package: Package, tmp_path: Path) -> None:
    (tmp_path / "evidence.xlsx").write_bytes(xlsx(package, Choice()))
    sheet = opened(tmp_path / "evidence.xlsx")
    assert sheet.formulas == 0
    assert undone(sheet) == raw_values(package)


def test_a_csv_opens_with_its_values_and_without_a_formula(package: Package, tmp_path: Path) -> None:
    shutil.copy(package.path / "data/exports/evidence.csv", tmp_path / "evidence.csv")
    # separator, quote, UTF-8, first line, column formats, language, "quoted field as text"
    sheet = opened(tmp_path / "evidence.csv", "--infilter=CSV:44,34,76,1,,0,true")
    assert sheet.formulas == 0
    assert undone(sheet) == raw_values(package)


def test_a_csv_opened_carelessly_calculates_nothing(package: Package, tmp_path: Path) -> None:
    shutil.copy(package.path / "data/exports/evidence.csv", tmp_path / "evidence.csv")
    sheet = opened(tmp_path / "evidence.csv")
    assert sheet.formulas == 0
    captions = [dict(zip(sheet.rows[0], row, strict=False))["caption"] for row in sheet.rows[1:]]
    assert "2" not in captions
    assert any(caption.startswith("'=1+1") for caption in captions)
