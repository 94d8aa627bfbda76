"""What ``provscan show`` prints: honest words, the difference first, nothing that moves a cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import package_builder
import pytest

from manifests.packages import open_package
from manifests.showing import MAX_FINDINGS, lines

if TYPE_CHECKING:
    from pathlib import Path

    from manifests.words import Lang


def shown(world: package_builder.World, folder: Path, lang: Lang = "en") -> list[str]:
    package_builder.write(world, folder / "p")
    return list(lines(open_package(folder / "p"), lang))


def test_the_summary_comes_first(tmp_path: Path) -> None:
    printed = shown(package_builder.world(), tmp_path)
    assert printed[0] == "There are findings for 2 of 4 works."
    assert printed[1].startswith("18 findings in 3 000 rows scanned of coyo700m 1.0.0")


def test_chinese_is_chinese(tmp_path: Path) -> None:
    printed = shown(package_builder.world(), tmp_path, "zh")
    assert printed[0] == "4 件作品中，有 2 件有发现。"


def test_each_finding_has_its_exhibit_number_sentence_and_caveats(tmp_path: Path) -> None:
    text = "\n".join(shown(package_builder.world(), tmp_path))
    for number in range(1, 19):
        assert f"PROV{number:08d}  " in text
    assert "in 4 of 64 bits of the phash64 fingerprint, limit 8; by estimate 0.00034 rows" in text
    assert "The row lists a URL; it holds no image." in text


def test_what_was_not_found_and_not_read_is_said(tmp_path: Path) -> None:
    world = package_builder.world()
    world.coverage[0] |= {"rows_scanned": 700, "reason": "damaged"}
    text = "\n".join(shown(world, tmp_path))
    assert "Works without a match: 2" in text
    assert "portfolio/broken.png (undecodable)" in text
    assert "data/part-00000.parquet: 700 of 1 000 rows damaged" in text


def test_no_control_character_or_bidi_mark_reaches_the_screen(tmp_path: Path) -> None:
    world = package_builder.world()
    for match in world.matches:
        match["row"]["url"] = "https://a.example/\x1b]0;owned\x07\u202egpj"
        match["row"]["caption"] = "\x1b[2J\r\nerased\x9b31m\u2066"
    printed = shown(world, tmp_path)
    assert not [
        line for line in printed if re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", line)
    ]
    assert any(r"\u001b[2J\u000d\u000aerased" in line for line in printed)


@pytest.mark.parametrize(
    ("lang", "first"),
    [
        ("en", "New in this run: 1 appeared, 1 vanished, 0 changed."),
        ("zh", "本次运行的变化：新增 1 项，消失 1 项，变更 0 项。"),
    ],
)
def test_a_rescan_begins_with_the_difference(tmp_path: Path, lang: Lang, first: str) -> None:
    world = package_builder.world()
    match = world.matches[0]
    side = {"match_id": match["match_id"], "tier": match["tier"], "row": match["row"]}
    world.kind = "rescan"
    world.previous = {"manifest_sha256": "0" * 64, "kind": "scan", "merkle_root": "1" * 64}
    world.changes = [
        {"change": "appeared", "work_id": match["work_id"], "before": None, "after": side},
        {"change": "vanished", "work_id": None, "before": side, "after": None},
    ]
    printed = shown(world, tmp_path, lang)
    assert printed[0] == first
    assert "portfolio/fox.png" in printed[1]


def test_a_rescan_without_difference_says_so(tmp_path: Path) -> None:
    world = package_builder.world()
    world.kind, world.changes = "rescan", []
    world.previous = {"manifest_sha256": "0" * 64, "kind": "scan", "merkle_root": "1" * 64}
    assert shown(world, tmp_path)[0] == "Nothing new in this run."


@pytest.mark.parametrize(("lang", "here", "case"), [("en", "3 000 rows", "5 000 rows"), ("zh", "3 000 行", "5 000 行")])
def test_a_rescan_counts_its_own_rows_and_says_which_its_chance_figures_count(
    tmp_path: Path, lang: Lang, here: str, case: str
) -> None:
    world = package_builder.world()
    world.kind, world.changes, world.earlier_rows = "rescan", [], 2000
    world.previous = {"manifest_sha256": "0" * 64, "kind": "scan", "merkle_root": "1" * 64}
    package_builder.write(world, tmp_path / "package", lang=lang)
    printed = "\n".join(lines(open_package(tmp_path / "package"), lang))
    words = (tmp_path / "package/data/report.html").read_text(encoding="utf-8").replace("\u202f", " ")
    for text in (printed, words):
        assert here in text
        assert case in text
    assert "5 000" not in (tmp_path / "package/README-FIRST.txt").read_text(encoding="utf-8").replace("\u202f", " ")


def test_a_screen_has_an_end(tmp_path: Path) -> None:
    world = package_builder.world()
    laion = world.coverage[1]
    fox = world.works[0]
    for number in range(60, 160):
        url = f"https://artist.example/{number}.jpg"
        listed = package_builder.basis("url_equal", "url_rules/1", url, column="URL", work_value=url, row_value=url)
        package_builder.match(world, fox, package_builder.row(world, laion, number, [], url=url), [listed])
    printed = shown(world, tmp_path)
    assert sum("PROV" in line for line in printed) < MAX_FINDINGS
    assert any("and 68 more, see exports/evidence.csv" in line for line in printed)
