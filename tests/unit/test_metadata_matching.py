"""Metadata matching: which rule gives which hit, its wording's values, and what only the whole scan can tell."""

from collections import Counter
from decimal import Decimal

import pyarrow as pa
import pytest

from scanner.datasets import Role
from scanner.identity import Domain, Identity, Name
from scanner.metadata import (
    Identifiers,
    MetadataHit,
    compile_identifiers,
    count_terms,
    match_batch,
    trim_terms,
)
from scanner.metadata.statistics import furniture_of, is_shared_name
from scanner.works import Declared, Work


def work(*urls: str, title: str | None = None) -> Work:
    return Work(
        file="a.png", files=("a.png",), sha256="a" * 64, md5="b" * 32, bytes=1, format="PNG", width=1, height=1, detail=Decimal(1),
        fingerprints=(), declared=Declared(published_urls=urls, title=title),
    )  # fmt: skip


def hits_of(identifiers: Identifiers, *urls: str) -> list[MetadataHit]:
    return match_batch(pa.array(urls), None, None, identifiers)


def test_an_equal_cell_is_recorded_as_verbatim_and_a_normalised_one_as_canonical() -> None:
    identifiers = compile_identifiers(None, [work("http://www.e.example/a.jpg")])
    hits = [
        hit
        for hit in hits_of(identifiers, "http://www.e.example/a.jpg", "https://e.example/a.jpg?utm_source=x")
        if hit.kind == "url_equal"
    ]
    assert [(hit.index, hit.detail, hit.work) for hit in hits] == [(0, ("verbatim",), 0), (1, ("canonical",), 0)]
    assert hits[1].work_value == "http://www.e.example/a.jpg"
    assert hits[1].row_value == "https://e.example/a.jpg?utm_source=x"
    assert hits[1].metric == "url_rules/1"
    assert hits[1].caveats == {"url_declared"}
    assert hits[1].column is Role.URL


def test_a_cell_without_canonical_form_is_still_compared_byte_for_byte() -> None:
    identifiers = compile_identifiers(None, [work("http://u:p@e.example/a.jpg")])
    for load in (False, True):
        if load:
            identifiers.accelerator.load(identifiers)
        assert [
            hit.kind for hit in hits_of(identifiers, "http://u:p@e.example/a.jpg", "http://u:q@e.example/a.jpg")
        ] == ["url_equal"]
    assert identifiers.warnings


def test_another_size_is_the_same_asset_and_names_its_rule() -> None:
    identifiers = compile_identifiers(
        None, [work("https://i.pinimg.com/originals/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg")]
    )
    (hit,) = hits_of(identifiers, "http://i.pinimg.com/75x75_RS/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg")
    assert (hit.kind, hit.value, hit.strength) == (
        "asset_equal",
        "pinterest:40d30b62d2d2f088f68469937a0b57ee",
        "finding",
    )
    assert hit.detail == ("crop=yes", "rule=pinterest/1", "size=75x75", "strength=id")


def test_a_rendition_of_another_shape_says_so() -> None:
    identifiers = compile_identifiers(None, [work("http://e.example/banner-300x250.jpg")])
    hits = hits_of(
        identifiers,
        "http://e.example/banner-728x90.jpg",
        "http://e.example/banner-600x500.jpg",
        "https://i0.wp.com/e.example/banner.jpg?w=9",
    )
    assert [hit.detail for hit in hits if hit.kind == "asset_equal"] == [
        ("crop=maybe", "other_shape", "rule=generic/1", "size=728x90", "strength=path"),
        ("crop=maybe", "rule=generic/1", "size=600x500", "strength=path"),
        ("rule=generic/1", "strength=path", "wrapped_in=i0.wp.com"),
    ]


def test_a_slug_and_a_mockup_are_candidates_only() -> None:
    identifiers = compile_identifiers(
        None,
        [
            work(
                "https://images.fineartamerica.com/images-medium-large/fox-ada.jpg",
                "https://ih1.redbubble.net/image.3263941.5388/flat,800x800,075,f.jpg",
            )
        ],
    )
    hits = hits_of(
        identifiers,
        "https://images.fineartamerica.com/images-medium/fox-ada.jpg",
        "https://ih0.redbubble.net/image.3263941.1/fp,220x200.jpg",
        "https://ih0.redbubble.net/image.3263941.1/flat,135x135,075,t.jpg",
    )
    assert [(hit.index, hit.strength) for hit in hits if hit.kind == "asset_equal"] == [
        (0, "candidate"),
        (1, "candidate"),
        (2, "finding"),
    ]


def test_a_url_declared_for_two_works_is_found_for_both_with_a_caveat() -> None:
    identifiers = compile_identifiers(None, [work("http://e.example/a.jpg"), work("http://e.example/a.jpg")])
    hits = [hit for hit in hits_of(identifiers, "http://e.example/a.jpg") if hit.kind == "url_equal"]
    assert [hit.work for hit in hits] == [0, 1]
    assert all(hit.caveats == {"url_declared", "several_works"} for hit in hits)


def test_a_url_of_the_identity_belongs_to_no_work_unless_a_work_declares_it() -> None:
    identity = Identity(work_urls=("http://e.example/a.jpg", "http://e.example/b.jpg"))
    hits = hits_of(
        compile_identifiers(identity, [work("http://e.example/b.jpg")]),
        "http://e.example/a.jpg",
        "http://e.example/b.jpg",
    )
    assert [(hit.index, hit.work) for hit in hits if hit.kind == "url_equal"] == [(0, None), (1, 0)]


def test_a_domain_matches_itself_and_its_sub_domains_only() -> None:
    identifiers = compile_identifiers(Identity(domains=(Domain(domain="example.art"),)))
    hits = hits_of(
        identifiers,
        "http://example.art/1",
        "https://a.b.example.art/2",
        "http://notexample.art/3",
        "http://example.art.evil.example/4",
        "http://e.example/example.art",
    )
    assert [(hit.index, hit.value) for hit in hits] == [(0, "example.art"), (1, "example.art")]


def test_a_sold_domain_is_not_matched_in_a_release_outside_its_time() -> None:
    identity = Identity(domains=(Domain(domain="old.example", until="2018-06-30"),))
    identifiers = compile_identifiers(identity)
    (hit,) = hits_of(identifiers, "http://old.example/1")
    assert identifiers.domains_outside("2018-01-01") == frozenset()
    assert identifiers.domains_outside(None) == frozenset()
    assert identifiers.domains_outside("2021-08-20") == {hit.value}


def test_a_profile_on_a_shared_host_says_so() -> None:
    identifiers = compile_identifiers(Identity(profile_urls=("https://www.deviantart.com/ada-example",)))
    hits = hits_of(
        identifiers,
        "https://ada-example.deviantart.com/x",
        "http://orig00.deviantart.net/a/fox_by_ada_example-d89pkep.jpg",
        "http://x.deviantart.com/ada-example",
    )
    assert [(hit.index, "host_shared" in hit.caveats) for hit in hits] == [(0, False), (1, True)]
    assert not any("url_declared" in hit.caveats for hit in hits)  # a page was declared, no address of a picture
    assert {hit.value for hit in hits} == {"https://www.deviantart.com/ada-example"}


def test_a_page_on_any_other_host_is_matched_by_whole_path_segments() -> None:
    identifiers = compile_identifiers(Identity(profile_urls=("https://uni.example/~ada",)))
    hits = hits_of(
        identifiers,
        "http://www.uni.example/~ada/fox.jpg",
        "http://uni.example/~adam/fox.jpg",
        "http://uni.example/~ada",
        "http://a.uni.example/~ada/x",
    )
    assert [hit.index for hit in hits] == [0, 2]


def test_a_profile_that_no_picture_address_shows_is_warned_about() -> None:
    warnings = compile_identifiers(
        Identity(profile_urls=("https://www.artstation.com/ada", "https://www.deviantart.com/ada"))
    ).warnings
    assert len(warnings) == 1
    assert "work_urls" in warnings[0]


def test_a_distinctive_file_name_on_another_host_is_a_candidate() -> None:
    identifiers = compile_identifiers(
        None,
        [
            work(
                "https://e.example/art/the-red-fox-in-winter.jpg",
                "https://e.example/IMG_20140102_123456.jpg",
                "https://e.example/fox.jpg",
            )
        ],
    )
    assert list(identifiers.file_names) == ["the-red-fox-in-winter"]
    hits = hits_of(
        identifiers,
        "http://x.example/wp-content/uploads/The-Red-Fox-in-Winter-300x200.jpg",
        "http://x.example/IMG_20140102_123456.jpg",
        "http://x.example/fox.jpg",
    )
    assert [(hit.index, hit.kind, hit.strength) for hit in hits] == [(0, "file_name_equal", "candidate")]


def test_a_caption_names_no_work_but_a_title_does() -> None:
    identifiers = compile_identifiers(Identity(names=(Name(name="Ada Example"),)), [work(title="The Red Fox")])
    hits = match_batch(
        None, pa.array(["The Red Fox by Ada Example"]), pa.array(["a painting by Adá Example"]), identifiers
    )
    assert [(hit.column, hit.value, hit.work, hit.metric) for hit in hits] == [
        (Role.CAPTION, "Ada Example", None, "url_rules/1"),
        (Role.MACHINE_CAPTION, "Ada Example", None, "url_rules/1;folded"),
        (Role.CAPTION, "The Red Fox", 0, "url_rules/1"),
    ]
    assert hits[1].caveats == {"machine_caption"}


def test_only_columns_that_are_asked_for_are_named() -> None:
    assert compile_identifiers(None).roles == frozenset()
    assert compile_identifiers(Identity(domains=(Domain(domain="e.example"),))).roles == {Role.URL}
    assert compile_identifiers(Identity(handles=("loish",))).roles == {Role.CAPTION, Role.MACHINE_CAPTION}


NAMES = compile_identifiers(Identity(names=(Name(name="John Smith"),), domains=(Domain(domain="e.example"),)))


def test_terms_are_counted_over_all_rows_and_batches_add_up() -> None:
    captions = pa.array(["by John Smith", "John Smith, John Smith", "style of John Smith", None])
    urls = pa.array(["http://e.example/1", "http://x.example/2", None, "http://e.example/4"])
    hits = match_batch(urls, captions, None, NAMES)
    counts = count_terms(hits, captions)
    assert counts["rows:caption_contains:John Smith"] == 3
    assert counts["styled:caption_contains:John Smith"] == 1
    assert counts["hosts:caption_contains:John Smith"] == 1
    assert counts["rows:host_equal:e.example"] == 2
    halves = Counter[str]()
    for start in (0, 2):
        part = match_batch(urls[start : start + 2], captions[start : start + 2], None, NAMES)
        halves += count_terms(part, captions[start : start + 2])
    assert halves == counts


@pytest.mark.parametrize(
    ("rows", "scanned", "shared"), [(11, 1_000_000, True), (11, 1_100_000, False), (10, 10, False), (11, 11, True)]
)
def test_a_name_in_more_than_one_of_100000_rows_is_shared_and_a_few_rows_never_make_it_so(
    rows: int, scanned: int, shared: bool
) -> None:
    captions = pa.array(["by John Smith"] * rows)
    counts = count_terms(match_batch(None, captions, None, NAMES), captions)
    assert is_shared_name("John Smith", counts, scanned) is shared


def furniture(rows: int, captions: int) -> Counter[str]:
    counts = Counter({"rows:asset_equal:generic:e.example/logo.png": rows})
    counts.update(f"caption:generic:e.example/logo.png:{number:016x}" for number in range(captions))
    return counts


@pytest.mark.parametrize(
    ("rows", "captions", "logo"), [(1_001, 21, True), (1_000, 21, False), (1_001, 20, False), (5, 5, False)]
)
def test_a_logo_is_what_many_rows_show_under_many_captions(rows: int, captions: int, logo: bool) -> None:
    identifiers = compile_identifiers(None, [work("http://e.example/logo.png")])
    (hit,) = [hit for hit in hits_of(identifiers, "http://e.example/logo.png?w=30") if hit.kind == "asset_equal"]
    assert (hit.value in furniture_of(furniture(rows, captions))) is logo


def test_distinct_captions_are_kept_only_as_far_as_the_rule_needs() -> None:
    trimmed = trim_terms(furniture(5, 300))
    assert sum(key.startswith("caption:") for key in trimmed) == 21
    assert trim_terms(trimmed) == trimmed
    merged = trim_terms(furniture(5, 300) + trimmed)
    assert {key for key in merged if key.startswith("caption:")} == {
        key for key in trimmed if key.startswith("caption:")
    }
