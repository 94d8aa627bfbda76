"""The tier table, row by row, and what it refuses to grade."""

from __future__ import annotations

from typing import Any

import pytest

from manifests.tiers import (
    GRADE_OF,
    TIER_OF,
    Caveat,
    RowSource,
    StatementCode,
    Tier,
    UngradableError,
    chance_of,
    chance_text,
    derive_grading,
)

LISTED = RowSource(lists_url=True, holds_image=False, shard_confirmed=True, shard_read_whole=True)
PICTURE = RowSource(lists_url=True, holds_image=True, shard_confirmed=True, shard_read_whole=True)
PASSED = {"method": "m/1", "value": "0.9", "threshold": "0.6", "passed": True}
FAILED = {**PASSED, "value": "0.1", "passed": False}
LIVE = {"kind": "live"}
ARCHIVE = {"kind": "archive"}


def entry(
    kind: str, metric: str = "url_rules/1", source: str | None = None, value: Any = 4, threshold: Any = 8
) -> dict[str, Any]:
    return {"kind": kind, "metric": metric, "value": value, "threshold": threshold, "source_of_hash": source}


def digest(source: str, metric: str = "sha256") -> dict[str, Any]:
    return entry("digest_equal", metric, source)


def near(source: str) -> dict[str, Any]:
    return entry("fingerprint_near", "hamming/phash64", source)


def graded(
    *basis: dict[str, Any],
    chance: str | None = None,
    check: dict[str, Any] | None = None,
    seen: dict[str, Any] | None = None,
    source: RowSource = LISTED,
) -> tuple[str, str, str]:
    made = derive_grading(
        basis=basis, expected_chance_matches=chance, second_check=check, observation=seen, row_source=source
    )
    assert made.tier is TIER_OF[made.statement_code]
    assert made.grade is GRADE_OF[made.tier]
    return made.statement_code.value, made.grade.value, ";".join(made.caveats)


LOW, HIGH = "0.001", "0.00101"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (graded(digest("shard_bytes"), source=PICTURE), ("packaged_digest_equal", "A", "")),
        (graded(near("shard_bytes"), chance=LOW, check=PASSED, source=PICTURE), ("packaged_matched", "A", "copy_not_equal")),
        (graded(digest("compiler")), ("compiler_sha256_equal", "A", "hash_column_assumed;url_not_image")),
        (graded(digest("compiler", "md5")), ("compiler_md5_equal", "A", "hash_column_assumed;md5_collision;url_not_image")),
        (graded(near("compiler"), chance=LOW), ("compiler_fingerprint_near", "B", "hash_column_assumed;url_not_image")),
        (graded(digest("live_bytes"), seen=LIVE), ("live_digest_equal", "B", "content_today;url_not_image")),
        (graded(near("live_bytes"), chance=HIGH, check=PASSED, seen=LIVE), ("live_matched", "B", "content_today;copy_not_equal;url_not_image")),
        (graded(digest("archive_bytes"), seen=ARCHIVE), ("archived_digest_equal", "B", "archive_third_party;url_not_image")),
        (graded(near("archive_bytes"), chance=HIGH, check=PASSED, seen=ARCHIVE), ("archived_matched", "B", "archive_third_party;copy_not_equal;url_not_image")),
        (graded(entry("url_equal")), ("url_listed", "C", "url_declared;url_not_image")),
        (graded(entry("asset_equal"), source=PICTURE), ("asset_listed", "C", "url_declared")),
        (graded(near("compiler"), chance=HIGH), ("lead_by_chance", "D", "chance_matches_high")),
        (graded(near("compiler"), chance=HIGH, check=FAILED, seen=LIVE), ("lead_check_failed", "D", "chance_matches_high;second_check_failed")),
        (graded(near("shard_bytes"), chance=LOW), ("lead_unchecked", "D", "second_check_not_run")),
        (graded(near("shard_bytes"), chance=HIGH, check=FAILED), ("lead_check_failed", "D", "chance_matches_high;second_check_failed")),
        (graded(near("index"), chance=LOW), ("lead_unchecked", "D", "index_hash;second_check_not_run")),
        (graded(near("index"), chance=HIGH), ("lead_by_chance", "D", "chance_matches_high;index_hash")),
        (graded(entry("host_equal")), ("host_listed", "D", "url_not_image")),
        (graded(entry("caption_contains")), ("caption_names", "D", "url_not_image")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)  # fmt: skip
def test_each_row_of_the_table_gives_its_statement_grade_and_caveats(
    found: tuple[str, str, str], expected: tuple[str, str, str]
) -> None:
    assert found == expected


def test_the_first_tier_whose_condition_holds_is_taken_whatever_the_order_of_the_basis() -> None:
    strong, weak = digest("compiler"), entry("caption_contains")
    assert graded(strong, weak) == graded(weak, strong)
    assert graded(digest("compiler", "md5"), digest("compiler"))[0] == "compiler_sha256_equal"


def test_a_second_check_of_other_pixels_raises_nothing() -> None:
    """It speaks about the observation if there is one, else about the shard's picture."""
    assert graded(near("shard_bytes"), chance=LOW, check=PASSED, seen=LIVE)[0] == "lead_unchecked"
    assert graded(near("live_bytes"), chance=LOW, check=PASSED)[0] == "lead_unchecked"
    assert graded(near("live_bytes"), chance=LOW, check=PASSED, seen=ARCHIVE)[0] == "lead_unchecked"


def test_a_recorded_hash_stays_when_todays_picture_is_another() -> None:
    code, _, caveats = graded(near("compiler"), near("live_bytes"), chance=LOW, check=FAILED, seen=LIVE)
    assert code == "compiler_fingerprint_near"
    assert "live_image_differs" in caveats
    assert "live_image_differs" not in graded(near("compiler"), chance=LOW, check=FAILED, seen=ARCHIVE)[2]


def test_a_row_without_a_url_is_not_said_to_list_one() -> None:
    bare = RowSource(lists_url=False, holds_image=False, shard_confirmed=True, shard_read_whole=True)
    assert graded(entry("caption_contains"), source=bare)[2] == ""


def test_what_is_not_known_of_the_shard_is_said() -> None:
    dim = RowSource(lists_url=False, holds_image=False, shard_confirmed=False, shard_read_whole=False)
    assert graded(entry("caption_contains"), source=dim)[2] == "shard_digest_unconfirmed;shard_read_in_part"


@pytest.mark.parametrize(
    "arguments",
    [
        {"basis": []},
        {"basis": [near("compiler")]},
        {"basis": [near("compiler")], "expected_chance_matches": "lots"},
        {"basis": [near("compiler")], "expected_chance_matches": "-1"},
        {"basis": [entry("fingerprint_near", "hamming/phash64", "compiler", value=9)], "expected_chance_matches": "1"},
        {
            "basis": [entry("fingerprint_near", "hamming/phash64", "compiler", value="4")],
            "expected_chance_matches": "1",
        },
        {
            "basis": [entry("fingerprint_near", "hamming/phash64", "compiler", threshold=None)],
            "expected_chance_matches": "1",
        },
        {"basis": [near("somebody")], "expected_chance_matches": "1"},
        {"basis": [near("somebody")], "expected_chance_matches": "0"},
        {"basis": [digest("shard_bytes", "md5")]},
        {"basis": [digest("live_bytes")]},
        {"basis": [digest("live_bytes")], "observation": ARCHIVE},
        {"basis": [digest("archive_bytes")], "observation": LIVE},
        {"basis": [entry("url_equal", source="compiler")]},
        {"basis": [entry("looks_alike")]},
    ],
)
def test_what_was_not_compared_cannot_be_graded(arguments: dict[str, Any]) -> None:
    given = {"expected_chance_matches": None, "second_check": None, "observation": None, "row_source": LISTED}
    with pytest.raises(UngradableError):
        derive_grading(**{**given, **arguments})


def test_a_chance_figure_is_rounded_up_and_never_zero() -> None:
    assert chance_text(0.0009999) == "0.001"
    assert chance_text(0) == "0.000001"
    assert chance_of("0.00034") * 100_000 == 34
    with pytest.raises(UngradableError):
        chance_text(float("nan"))


def test_every_tier_has_a_grade_and_every_statement_a_tier() -> None:
    assert set(GRADE_OF) == set(Tier)
    assert set(TIER_OF) == set(StatementCode) - {StatementCode.NO_MATCH}
    assert len(Caveat) == 22
