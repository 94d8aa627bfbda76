"""Each export: nothing in it runs, nothing is lost, and the same package gives the same bytes."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

import package_builder
import pytest

from manifests.errors import OutputError, VerificationError
from manifests.exports import FORMATS, ExportError, export
from manifests.exports.cells import unescape
from manifests.exports.choice import Choice, parse_choice
from manifests.exports.dat import LOAD_COLUMNS, QUOTE, SEPARATOR, dat
from manifests.exports.drafts import FIRST_LINE, drafts
from manifests.exports.evidence_csv import COLUMNS, raw_rows
from manifests.exports.sheets import BLANK
from manifests.exports.stricter import escape_also
from manifests.packages import Package, open_package

ROOT = Path(__file__).resolve().parents[2]
PREFIXES = {name: prefix for name, prefix, *_ in COLUMNS}
NASTY = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "＝1",
    "þ®\x14 \\u00fe \\",
    "<r><t>rich</t></r>",
    "_x0041_ & <b> ]]>",
    "\ufffe\uffff",
    "a\r\nb\tc\x00\u202e",
    "'quoted",
    "2020-01-02",
    "1e5",
    "油画，“狐狸” 🦊",
)


def nasty_world() -> package_builder.World:
    """Captions that try every format; each stands in its own row."""
    world = package_builder.world()
    rows = sorted(world.matches, key=lambda match: match["match_id"])
    for match, caption in zip(rows, NASTY, strict=False):
        match["row"]["caption"] = caption
    return world


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("exports") / "p"
    package_builder.write(package_builder.world(), folder)
    return open_package(folder)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("nasty") / "p"
    package_builder.write(nasty_world(), folder)
    return open_package(folder)


def undone(row: dict[str, str]) -> dict[str, str]:
    """Raw values of a line, its escapes undone."""
    steps = dict(entry.split(":", 1) for entry in row["escaped_fields"].split(";") if entry)
    return {name: unescape(value, steps.get(name, ""), PREFIXES.get(name, "")) for name, value in row.items()}


def as_text(raw: dict[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in raw.items()}


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "drafts"])
def test_an_export_made_twice_is_equal(package: Package, format_: str) -> None:
    first, second = export(package.path, format_), export(package.path, format_)
    assert isinstance(first, bytes)
    assert first == second


@pytest.mark.parametrize(
    ("format_", "path"), [("csv", "exports/evidence.csv"), ("jsonl", "matches.jsonl"), ("html", "report.html")]
)
def test_an_export_of_everything_is_the_packages_own_file(package: Package, format_: str, path: str) -> None:
    assert export(package.path, format_) == package.read_bytes(f"data/{path}")


def read_dat(content: bytes) -> list[dict[str, str]]:
    head, *lines = content.decode("utf-8-sig").split("\r\n")[:-1]
    names = [cell.strip(QUOTE) for cell in head.split(SEPARATOR)]
    return [dict(zip(names, (cell[1:-1] for cell in line.split(SEPARATOR)), strict=True)) for line in lines]


def test_a_load_file_gives_back_every_value(nasty: Package) -> None:
    rows = read_dat(b"".join(chunk for _, chunk in dat(nasty, Choice())))
    for row, raw in zip(rows, raw_rows(nasty), strict=True):
        assert {name: undone(row)[name] for name in raw} == as_text(raw)


def test_a_load_file_has_its_columns_first_and_its_marks_nowhere_else(nasty: Package) -> None:
    content = b"".join(chunk for _, chunk in dat(nasty, Choice())).decode("utf-8-sig")
    lines = content.split("\r\n")
    assert lines[0].startswith(SEPARATOR.join(f"{QUOTE}{name}{QUOTE}" for name in LOAD_COLUMNS))
    fields = len(LOAD_COLUMNS) + len(COLUMNS)
    assert {line.count(SEPARATOR) for line in lines[:-1]} == {fields - 1}
    assert {line.count(QUOTE) for line in lines[:-1]} == {2 * fields}
    assert "®" not in content


def test_a_load_file_begins_a_new_volume_when_one_is_full(package: Package) -> None:
    names = [name for name, _ in dat(package, Choice(), rows_per_volume=10)]
    assert [names.count(name) for name in ("evidence.dat", "evidence-2.dat")] == [11, 9]


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet_rows(content: bytes, number: int = 1) -> list[list[tuple[str, str]]]:
    """``(type, text)`` of every cell of one sheet; read with the standard library, as strangers would."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    rows = []
    for row in root.iter(f"{SHEET}row"):
        cells: dict[int, tuple[str, str]] = {}
        for cell in row:
            letters = re.match("[A-Z]+", cell.attrib["r"])
            assert letters is not None
            column = 0
            for letter in letters[0]:
                column = column * 26 + ord(letter) - 64
            text = "".join(part.text or "" for part in cell.iter() if part.tag in {f"{SHEET}t", f"{SHEET}v"})
            cells[column - 1] = (cell.attrib.get("t", "n"), re.sub("_x005F_", "_", text))
        rows.append([cells.get(column, ("", "")) for column in range(max(cells) + 1)])
    return rows


def test_a_workbook_gives_back_every_value(nasty: Package) -> None:
    content = export_without_checks(nasty, "xlsx")
    names, *rows = sheet_rows(content)
    for row, raw in zip(rows, raw_rows(nasty), strict=True):
        shown = {
            name[1]: cell[1] for name, cell in zip(names, [*row, *[("", "")] * (len(names) - len(row))], strict=True)
        }
        assert {name: undone(shown)[name] for name in raw} == as_text(raw)


def test_a_workbook_holds_text_and_integers_and_no_formula(nasty: Package) -> None:
    content = export_without_checks(nasty, "xlsx")
    for number in range(1, 6):
        for row in sheet_rows(content, number):
            assert {kind for kind, _ in row} <= {"", "inlineStr", "n"}
            assert all(text.lstrip("-").isdigit() for kind, text in row if kind == "n" and text)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert not any(b"<f>" in book.read(name) or b"hyperlink" in book.read(name) for name in book.namelist())


def test_a_workbook_begins_a_new_sheet_when_one_is_full(package: Package) -> None:
    from manifests.exports.xlsx import xlsx

    with zipfile.ZipFile(io.BytesIO(xlsx(package, Choice(), rows_per_sheet=10))) as book:
        names = re.findall(r'<sheet name="([^"]*)"', book.read("xl/workbook.xml").decode())
    assert names[:2] == ["Matches", "Matches 2"]


def export_without_checks(package: Package, format_: str) -> bytes:
    """Made from records that were changed after the fact, so that they would not verify."""
    from manifests.exports.pdf import pdf
    from manifests.exports.xlsx import xlsx

    return {"xlsx": xlsx, "pdf": pdf}[format_](package, Choice())


def test_a_pdf_has_a_page_for_each_exhibit_and_no_date(package: Package) -> None:
    content = export_without_checks(package, "pdf")
    assert content.count(b"/Type /Page\n") >= 18 + 2
    assert b"/JavaScript" not in content
    assert b"/URI" not in content
    assert b"20261121" not in re.sub(rb"stream.*?endstream", b"", content, flags=re.DOTALL).replace(
        b"20261121T101500Z", b""
    )


def test_a_pdf_takes_any_text(nasty: Package) -> None:
    assert export_without_checks(nasty, "pdf").startswith(b"%PDF-")


def test_a_pdf_prints_chinese_in_a_chinese_font(package: Package) -> None:
    from manifests.exports.typesetting import runs

    assert runs("a狐狸") == [("Helvetica", "a"), ("STSong-Light", "狐狸")]
    assert runs("🦊\u202e") == [("Helvetica", r"\U0001f98a\u202e")]
    assert b"STSong-Light" in export_without_checks(package, "pdf")


def test_drafts_begin_with_what_they_are_and_leave_persons_blank(package: Package) -> None:
    made = drafts(package, Choice())
    assert sorted(made) == [
        "certification-902-13.md",
        "certification-902-14.md",
        "notice-dmca-512c3.md",
        "tongzhishu.zh.md",
    ]
    for name, content in made.items():
        assert content.decode().splitlines()[0] == FIRST_LINE, name
        assert BLANK in content.decode(), name


def test_a_notice_names_copies_only(package: Package) -> None:
    notice = drafts(package, Choice())["notice-dmca-512c3.md"].decode()
    tiers = {f"PROV{line:08d}": match["tier"] for line, match in enumerate(package.records("matches"), 1)}
    named = set(re.findall(r"PROV\d{8}", notice))
    assert {tiers[exhibit] for exhibit in named} == {"packaged_image", "live_image"}


def test_a_notice_without_copies_says_that_there_is_nothing_to_send(package: Package) -> None:
    listed = next(match["match_id"] for match in package.records("matches") if match["tier"] == "url_listed")
    notice = drafts(package, parse_choice(package, [listed]))["notice-dmca-512c3.md"].decode()
    assert "holds no facts for such a notice" in notice
    assert "## Host" not in notice


def test_titles_cannot_break_out_of_a_drafts_table(tmp_path: Path) -> None:
    world = package_builder.world()
    world.works[0]["title"] = "a|b\n# c <script> [x](https://evil.example) `d`"
    package_builder.write(world, tmp_path / "p")
    text = drafts(open_package(tmp_path / "p"), Choice())["notice-dmca-512c3.md"].decode()
    assert r"“a\|b\u000a# c &lt;script&gt; \[x\](https\://evil.example) \`d\`”" in text.replace("\\\\u000a", r"\u000a")


def test_drafts_are_not_written_over(package: Package, tmp_path: Path) -> None:
    paths = export(package.path, "drafts", out=tmp_path / "d")
    assert isinstance(paths, tuple)
    assert [path.name for path in paths] == sorted(path.name for path in (tmp_path / "d").iterdir())
    with pytest.raises(ExportError, match="is there already"):
        export(package.path, "drafts", out=tmp_path / "d")


def test_only_chosen_findings_are_exported_under_their_own_numbers(package: Package) -> None:
    third = list(package.records("matches"))[2]
    table = export(package.path, "csv", only=[third["match_id"]], bates_prefix="ACME-1_")
    assert isinstance(table, bytes)
    lines = table.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith('"ACME-1_00000003","')


def test_only_confirmed_findings_are_exported(tmp_path: Path) -> None:
    world = package_builder.world()
    for match, decision in zip(world.matches, ("confirmed", "rejected"), strict=False):
        match["review"] = {"decision": decision, "by": "A", "at": package_builder.FINISHED, "note": ""}
    package_builder.write(world, tmp_path / "p")
    package = open_package(tmp_path / "p")
    rows = list(dat(package, parse_choice(package, ["confirmed"])))
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("only", "said"),
    [
        (["m-" + "0" * 32], "no finding m-0"),
        (["../x"], "neither 'confirmed' nor"),
        (["confirmed"], "no finding of this package is confirmed"),
    ],
)
def test_an_unknown_choice_is_an_error(package: Package, only: list[str], said: str) -> None:
    with pytest.raises(ExportError, match=said):
        export(package.path, "csv", only=only)


@pytest.mark.parametrize("prefix", ["", "a b", "x" * 17, "é", "../"])
def test_a_prefix_with_other_characters_is_refused(package: Package, prefix: str) -> None:
    with pytest.raises(ExportError, match="--bates-prefix"):
        export(package.path, "csv", bates_prefix=prefix)


def test_an_unknown_format_is_an_error(package: Package) -> None:
    with pytest.raises(ExportError, match="no format of an export"):
        export(package.path, "docx")


def test_a_package_that_does_not_verify_is_not_exported(tmp_path: Path) -> None:
    package_builder.write(package_builder.world(), tmp_path / "p")
    report = tmp_path / "p" / "data" / "report.html"
    report.write_bytes(report.read_bytes() + b" ")
    with pytest.raises(VerificationError):
        export(tmp_path / "p", "jsonl", out=tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_nothing_is_written_into_the_package(package: Package) -> None:
    with pytest.raises(ExportError, match="inside the package"):
        export(package.path, "jsonl", out=package.path / "data" / "x.jsonl")


def test_an_export_into_a_folder_has_its_usual_name(package: Package, tmp_path: Path) -> None:
    assert export(package.path, "dat", out=tmp_path) == (tmp_path / "evidence.dat",)


def test_a_place_that_cannot_be_written_is_an_error(package: Package, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        export(package.path, "jsonl", out=tmp_path / "file" / "x.jsonl")


@pytest.mark.parametrize(("format_", "module"), [("xlsx", "xlsxwriter"), ("pdf", "reportlab")])
def test_a_missing_extra_is_named(package: Package, format_: str, module: str) -> None:
    program = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from manifests.exports import export, ExportError\n"
        f"try: export({str(package.path)!r}, {format_!r})\n"
        "except ExportError as error: print(error.message, error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert f"needs {module}, which is not installed" in done.stdout
    assert "provscan[exports]" in done.stdout


def test_a_stricter_escape_is_undone_like_the_tables_own() -> None:
    for value in NASTY:
        cell = escape_also(value, "þ®<\ufffe\uffff", "id:")
        assert unescape(cell.text, cell.escaped, "id:") == value
