"""The report: one file that loads nothing, runs nothing and stays usable for any number of findings."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import package_builder
import pytest

from manifests.exports.domains import domains_csv
from manifests.packages import Package, open_package
from manifests.report import write_report
from manifests.report.hosts import hosts_table
from manifests.report.markup import css_string, tag
from manifests.report.pictures import Album, bit_grid
from manifests.report.selection import MAX_SHOWN_OF_WORK, sections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manifests.words import Lang

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=https://evil.example/x onerror=alert(1)>',
    "javascript:alert(1)",
    "</style><style>@import url(https://evil.example)</style>",
    "\u202egnp.exe \x1b[31m\x00 &lt;b&gt;",
)
ALLOWED_TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "section",
    "footer",
    "div",
    "span",
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "ul",
    "li",
    "dl",
    "dt",
    "dd",
    "strong",
    "b",
    "small",
    "code",
    "bdi",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "article",
    "figure",
    "figcaption",
    "img",
    "svg",
    "path",
}


class Page(HTMLParser):
    """All tags and attributes of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def made(tmp_path: Path) -> Callable[[package_builder.World], Package]:
    def write(world: package_builder.World) -> Package:
        package_builder.write(world, tmp_path / "p")
        return open_package(tmp_path / "p")

    return write


def hostile_world(text: str) -> package_builder.World:
    """Every place where a stranger's text can stand, filled with it."""
    world = package_builder.world()
    for work in world.works:
        if work["status"] == "included":
            work["title"] = text
            work["published_urls"] = [text]
            work["first_published"] = text
    for match in world.matches:
        match["row"]["caption"] = text
        match["row"]["url"] = text
        match["review"] = {"decision": "confirmed", "by": text, "at": package_builder.FINISHED, "note": text}
        for basis in match["basis"]:
            if basis["kind"] in {"url_equal", "asset_equal", "host_equal", "caption_contains"}:
                basis["value"] = text
    for observation in world.observations:
        observation["opt_out"] = [{"signal": text, "value": text}]
    for dataset in world.datasets:
        dataset["statement"] = dataset["publisher"] = text
    for rows in world.rows.values():
        for row in rows:
            row["values"] = [[text, "string", text], *row["values"]]
    return world


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_others_becomes_markup(made: Callable[[package_builder.World], Package], text: str) -> None:
    package = made(hostile_world(text))
    page = Page(write_report(package, "en"))
    assert {name for name, _ in page.tags} <= ALLOWED_TAGS
    assert {key for _, attributes in page.tags for key in attributes if key.startswith("on")} == set()
    assert sum(name == "style" for name, _ in page.tags) == 1


def test_nothing_in_the_page_loads_or_links(made: Callable[[package_builder.World], Package]) -> None:
    world = package_builder.world()
    match = world.matches[0]
    world.files[f"thumbnails/{match['match_id']}-pair.jpg"] = b"\xff\xd8\xff\xe0 not read by anybody here"
    content = write_report(made(world), "en")
    page = Page(content)
    for name, attributes in page.tags:
        assert not {"href", "srcset", "action", "formaction", "background", "poster"} & set(attributes), name
        assert (attributes.get("src") or "data:image/").startswith("data:image/"), name
    assert b"url(" not in content
    assert b"@import" not in content
    assert any(attributes.get("src") for name, attributes in page.tags if name == "img")


def test_the_policy_of_the_page_allows_its_own_style_and_inlined_pictures_alone(
    made: Callable[[package_builder.World], Package],
) -> None:
    page = Page(write_report(made(package_builder.world()), "en"))
    policies = [a["content"] for name, a in page.tags if name == "meta" and a.get("http-equiv")]
    assert policies == ["default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"]


def test_control_characters_and_bidi_marks_are_shown_as_codes(made: Callable[[package_builder.World], Package]) -> None:
    text = write_report(made(hostile_world(HOSTILE[-1])), "en").decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069]", text)
    assert r"\u202egnp.exe \u001b[31m\u0000" in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_page_says_that_it_is_an_aid(made: Callable[[package_builder.World], Package], lang: Lang) -> None:
    package = made(package_builder.world())
    text = write_report(package, lang).decode()
    aid = {"en": "Illustrative aid, not the evidence", "zh": "示意性辅助材料，非证据本身"}[lang]
    assert aid in text
    rules = text[text.index("<style>") : text.index("</style>")]
    printed = rules[rules.rindex("@page {") :]
    assert css_string(aid)[1:-1] in printed
    assert package.manifest_sha256 in printed


def test_each_work_prints_its_exhibit_numbers_on_its_pages(made: Callable[[package_builder.World], Package]) -> None:
    text = write_report(made(package_builder.world()), "en").decode()
    assert "@page w0 { @top-right { content: " in text
    assert "Exhibits PROV00000001 to PROV00000008" in text


def test_a_report_made_twice_is_equal(made: Callable[[package_builder.World], Package]) -> None:
    package = made(package_builder.world())
    assert write_report(package, "zh") == write_report(package, "zh")
    assert (package.path / "data" / "report.html").read_bytes() == write_report(package, "en")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_report_without_findings_says_so_and_what_was_compared(
    made: Callable[[package_builder.World], Package], lang: Lang
) -> None:
    world = package_builder.world()
    world.matches, world.rows, world.observations = [], {}, []
    text = write_report(made(world), lang).decode()
    assert {"en": "No match was found for any of the 4 works.", "zh": "未发现与这 4 件作品匹配的行。"}[lang] in text
    assert "coyo700m 1.0.0" in text
    assert {"en": "No findings.", "zh": "没有发现。"}[lang] in text


def busy_world(count: int) -> package_builder.World:
    """One work that ``count`` rows of one fingerprint are near to."""
    world = package_builder.World()
    fox = package_builder.work("fox.png", 3)
    world.works = [fox, package_builder.work("owl.png", 5)]
    shard = package_builder.shard("coyo700m", "a.parquet", rows=count)
    world.coverage, world.datasets = [shard], [package_builder.dataset("coyo700m", 1, rows=count)]
    entry = package_builder.near(fox, 4, "compiler", column="image_phash")
    extra: list[list[Any]] = [["image_phash", "string", entry["row_value"].partition(":")[2]]]
    kept = world.rows
    for number in range(count):
        world.rows = {}  # the builder sorts what it has after each row
        row = package_builder.row(world, shard, number, extra)
        for name, rows in world.rows.items():
            kept.setdefault(name, []).extend(rows)
        package_builder.match(world, fox, row, [entry], chance="0.00034")
    world.rows = kept
    return world


def test_many_findings_of_one_work_are_counted_and_only_the_first_shown(
    made: Callable[[package_builder.World], Package],
) -> None:
    package = made(busy_world(300))
    content = write_report(package, "en")
    text = content.decode()
    assert "300 rows with the fingerprint" in text
    assert text.count('class="says"') == MAX_SHOWN_OF_WORK
    assert f"{300 - MAX_SHOWN_OF_WORK} further findings of this work are not shown here" in text
    assert len(content) < 400_000


def test_no_work_disappears_behind_a_busy_one(made: Callable[[package_builder.World], Package]) -> None:
    package = made(package_builder.world())
    found = sections(package, limit=1)
    assert [section.work_file for section in found] == ["portfolio/fox.png", "portfolio/owl.png", None]
    assert [len(section.shown) for section in found] == [1, 1, 1]
    assert sum(section.total for section in found) == package.manifest["results"]["findings"]


def test_chosen_findings_keep_their_exhibit_numbers(made: Callable[[package_builder.World], Package]) -> None:
    package = made(package_builder.world())
    third = list(package.records("matches"))[2]["match_id"]
    text = write_report(package, "en", chosen=lambda match: match["match_id"] == third, exhibit_prefix="A-").decode()
    assert "A-00000003" in text
    assert "A-00000001" not in text
    assert "This copy shows 1 chosen findings of 18." in text


def test_a_finding_shows_where_what_how_near_and_by_chance(made: Callable[[package_builder.World], Package]) -> None:
    text = write_report(made(package_builder.world()), "en").decode()
    for said in (
        "4 of 64 bits differ (phash64), limit 8",
        "0.00034 rows of this scan, or fewer, are expected to come as near by chance",
        "data/part-00000.parquet",
        "The row lists a URL; it holds no image.",
        "x-robots-tag=noai",
        "VA0002123456",
    ):
        assert said in text, said


def test_a_fingerprint_is_drawn_with_as_many_rings_as_bits_differ() -> None:
    drawn = bit_grid("phash64:00000000000000ff", "phash64:000000000000000f")
    ones, rings = re.findall(r'class="(?:ones|differ)" d="([^"]*)"', drawn)
    assert (ones.count("M"), rings.count("M")) == (8, 4)


def test_a_picture_that_is_no_jpeg_or_png_is_left_out(made: Callable[[package_builder.World], Package]) -> None:
    world = package_builder.world()
    match = world.matches[0]
    world.files[f"thumbnails/{match['match_id']}-pair.jpg"] = b"<svg onload=alert(1)>"
    album = Album(made(world))
    assert [album.bytes_of(picture) for picture in album.of(match)] == [None]


def test_pictures_beyond_the_budget_are_counted(made: Callable[[package_builder.World], Package]) -> None:
    world = package_builder.world()
    match = world.matches[0]
    for view in ("pair", "overlay"):
        world.files[f"thumbnails/{match['match_id']}-{view}.jpg"] = b"\xff\xd8\xff" + bytes(97)
    album = Album(made(world), max_bytes=150)
    assert [album.bytes_of(picture) is None for picture in album.of(match)] == [False, True]
    assert album.left_out == 1


def test_style_and_words_hold_no_share_of_anything(made: Callable[[package_builder.World], Package]) -> None:
    assert b"%" not in write_report(made(package_builder.world()), "en")


def test_attributes_are_escaped() -> None:
    assert tag("p", class_='"><x') == '<p class="&quot;&gt;&lt;x"></p>'
    assert css_string('"} </style>') == '"\\22 \\7d  \\3c \\2f style\\3e "'


def test_filters_that_a_row_meets_are_shown_and_the_others_folded(
    made: Callable[[package_builder.World], Package],
) -> None:
    world = package_builder.world()
    world.matches[0]["subsets"] = [
        {"rule": "laion-art/2", "state": "unknown"},
        {"rule": "laion-aesthetics-v2-5plus/1", "state": "eligible"},
    ]
    text = write_report(made(world), "en").decode()
    card = text[text.index("laion-aesthetics-v2-5plus/1") : text.index("laion-art/2")]
    assert "the row&#x27;s columns meet the filter" in card
    assert "model card, v1-2: original size" in text
    assert "laion-aesthetic.md: pwatermark &lt; 0.8, punsafe &lt; 0.5, score &gt; 8" in text
    assert '<details class="verbatim">' in card


def test_addresses_are_rolled_up_by_platform_and_by_domain() -> None:
    hosts = [
        ("a.tumblr.com", "tumblr.com", "tumblr", 2),
        ("b.tumblr.com", "tumblr.com", "tumblr", 3),
        ("64.media.tumblr.com", "tumblr.com", "tumblr", 1),
        ("a.example", "a.example", None, 4),
    ]
    manifest = {
        "results": {
            "by_host": [
                {"host": host, "domain": domain, "platform": platform, "findings": findings, "works": 1}
                for host, domain, platform, findings in hosts
            ]
        }
    }
    page = str(hosts_table(manifest, "en"))
    assert "<tr><td>tumblr</td><td>6</td></tr><tr><td>Other sites</td><td>4</td></tr>" in page
    assert page.index("tumblr.com") < page.index("a.example")
    lines = domains_csv(manifest).decode("utf-8-sig").splitlines()
    assert lines[2] == '"b.tumblr.com","tumblr.com","tumblr","3","1","6","6"'
    assert lines[4] == '"a.example","a.example","","4","1","4",""'
