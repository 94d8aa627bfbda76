"""Grouping, chance, tiers, limits: on a chance model whose figures one can check in the head."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from manifests.tiers import Tier
from scanner.config import ScanConfig
from scanner.datasets import RowRef
from scanner.grading import Chance, Match, RowLook, group_hits, listed, tiers_not_listed, weigh_terms
from scanner.observations import ArchiveCopy, FetchOutcome, Observation
from scanner.outcomes import Checked, Hit
from scanner.pipeline import within_limits
from scanner.works import Portfolio, Work

CONFIG = ScanConfig(leads_per_work=2, leads_per_term=2, hits_per_work=3)


class TenfoldABit:
    """Expected rows: 0.00009 at distance 0, ten times as many each two bits; so 2 bits carry a claim and 4 do not."""

    def expected(self, work: int, distance: int, rows: int) -> float:
        return 0.9e-4 * 10 ** (distance / 2)

    def largest_distance(self, work: int, rows: int) -> int:
        return 2


CHANCE = Chance(models={name: TenfoldABit() for name in ("phash64", "phash256")}, rows={"phash64": 9, "phash256": 9})  # type: ignore[dict-item]


def portfolio(*details: str) -> Portfolio:
    works = [
        Work(
            file=f"w/{n}.png", files=(f"w/{n}.png",), sha256=f"{n:064x}", md5=f"{n:032x}", bytes=1, format="PNG",
            width=9, height=9, detail=Decimal(detail), fingerprints=(),
        )
        for n, detail in enumerate(details)
    ]  # fmt: skip
    return Portfolio(works=tuple(works))


def near(row: int, distance: int, *, work: int = 0, source: str = "compiler", **more: Any) -> Hit:
    metric = more.pop("metric", "hamming/phash64")
    return Hit(
        row=RowRef(row_number=row), work=work, kind="fingerprint_near", metric=metric, value=distance,
        source_of_hash=source, variant="original", work_value="phash64:00", row_value="phash64:00", **more,
    )  # fmt: skip


def graded(*hits: Hit, details: tuple[str, ...] = ("0.5", "0.5")) -> list[Match]:
    return group_hits([(0, hit) for hit in hits], portfolio(*details), CHANCE, CONFIG)


@pytest.mark.parametrize(
    ("distance", "tier"), [(0, "compiler_fingerprint"), (2, "compiler_fingerprint"), (4, "fingerprint_lead")]
)
def test_a_published_hash_carries_a_claim_only_while_chance_is_rare(distance: int, tier: str) -> None:
    (match,) = graded(near(1, distance))
    assert match.tier == tier
    assert match.basis[0]["threshold"] == (2 if tier == "compiler_fingerprint" else CONFIG.radius64)


@pytest.mark.parametrize(
    ("passed", "tier"), [(True, "packaged_image"), (False, "fingerprint_lead"), (None, "fingerprint_lead")]
)
def test_a_packaged_picture_needs_the_second_check(passed: bool | None, tier: str) -> None:
    checked = None if passed is None else Checked(method="m/1", value="0.9", threshold="0.6", passed=passed)
    (match,) = graded(near(1, 0, source="shard_bytes", checked=checked))
    assert match.tier == tier


def test_all_bases_of_a_row_are_kept_strongest_first() -> None:
    digest = Hit(
        row=RowRef(row_number=1), work=0, kind="digest_equal", metric="md5", value="ab", source_of_hash="compiler"
    )
    url = Hit(row=RowRef(row_number=1), work=0, kind="url_equal", metric="url_rules/1", value="https://a")
    (match,) = graded(url, near(1, 4), digest)
    assert [entry["kind"] for entry in match.basis] == ["digest_equal", "url_equal", "fingerprint_near"]
    assert match.tier is Tier.COMPILER_DIGEST
    assert match.expected_chance_matches == "0.00901"  # rounded up


def test_a_work_of_little_detail_says_so() -> None:
    plain, busy = graded(near(1, 0, work=0), near(2, 0, work=1), details=("0.0001", "0.5"))
    assert "low_detail" in plain.caveats
    assert "low_detail" not in busy.caveats


def test_two_works_as_near_to_one_row_say_so_and_a_farther_one_is_no_rival() -> None:
    both = graded(near(1, 2, work=0), near(1, 2, work=1))
    assert all("several_works" in match.caveats for match in both)
    nearer, farther = graded(near(1, 0, work=0), near(1, 2, work=1))
    assert "several_works" not in nearer.caveats
    assert "several_works" in farther.caveats


def test_a_picture_that_many_rows_are_as_near_to_is_called_common() -> None:
    matches = graded(*(near(row, 2) for row in range(30)), near(99, 0))
    assert "common_picture" not in next(match for match in matches if match.row[1] == 99).caveats
    assert all("common_picture" in match.caveats for match in matches if match.row[1] != 99)


def test_weak_leads_beyond_the_limit_are_counted_and_strong_findings_never_cut() -> None:
    kept, beyond = listed(graded(*(near(row, 4) for row in range(5)), *(near(row, 0) for row in range(10, 15))), CONFIG)
    assert Counter(match.tier for match in kept) == {Tier.COMPILER_FINGERPRINT: 5, Tier.FINGERPRINT_LEAD: 2}
    assert beyond == {Tier.FINGERPRINT_LEAD: 3}


def test_the_nearest_leads_are_the_ones_that_are_listed() -> None:
    kept, _ = listed(graded(near(1, 8), near(2, 6), near(3, 4), near(4, 8)), CONFIG)
    assert [match.row[1] for match in kept] == [2, 3]


def caption(row: int, *, shared: bool = False, work: int | None = None) -> Hit:
    caveats = ("name_shared",) if shared else ()
    return Hit(
        row=RowRef(row_number=row),
        work=work,
        kind="caption_contains",
        metric="url_rules/1",
        value="Ann",
        caveats=caveats,
    )


def test_a_name_that_others_bear_is_listed_only_where_another_rule_agrees() -> None:
    host = Hit(row=RowRef(row_number=2), work=None, kind="host_equal", metric="url_rules/1", value="ann.example")
    kept, beyond = listed(graded(caption(1, shared=True), caption(2, shared=True), host), CONFIG)
    assert [match.row[1] for match in kept] == [2]
    assert beyond == {Tier.CAPTION_NAMES: 1}


def test_of_a_shared_name_that_nothing_supports_one_row_is_listed_and_says_how_many_there_are() -> None:
    weighed, _ = weigh_terms(
        [(0, caption(row)) for row in range(30)], {"rows:caption_contains:Ann": 30}, rows_scanned=1000
    )
    kept, beyond = listed(graded(*(hit for _, hit in weighed)), CONFIG)
    assert [match.row[1] for match in kept] == [0]
    assert kept[0].basis[0]["detail"]["rows_with_name"] == "30"
    assert "name_shared" in kept[0].caveats
    assert beyond == {Tier.CAPTION_NAMES: 29}


def test_two_shared_names_on_one_row_do_not_support_each_other() -> None:
    both = [replace(caption(2, shared=True), value=name) for name in ("Ann", "Bob")]
    kept, beyond = listed(graded(caption(1, shared=True), replace(caption(0, shared=True), value="Bob"), *both), CONFIG)
    assert [match.row[1] for match in kept] == [0, 1]
    assert beyond == {Tier.CAPTION_NAMES: 1}


def test_a_logo_is_counted_by_rows_and_only_where_its_own_address_does_not_stand() -> None:
    counts = {"rows:asset_equal:logo": 2000, **{f"caption:logo:{n}": 1 for n in range(21)}}
    asset = Hit(row=RowRef(row_number=1), work=0, kind="asset_equal", metric="url_rules/1", value="logo")
    other = replace(asset, work=1)
    exact = replace(asset, row=RowRef(row_number=2), kind="url_equal", value="https://a.example/logo.png")
    hits = [(0, hit) for hit in (asset, other, replace(asset, row=RowRef(row_number=2)), exact)]
    kept, furniture = weigh_terms(hits, counts, rows_scanned=10**6)
    assert [hit.kind for _, hit in kept] == ["url_equal"]
    assert furniture == {Tier.ASSET_LISTED: 1}


def test_a_name_on_the_row_of_a_work_supports_its_finding_and_is_none_of_its_own() -> None:
    (match,) = graded(near(1, 0), caption(1))
    assert (match.work, [entry["kind"] for entry in match.basis]) == (0, ["fingerprint_near", "caption_contains"])
    (alone,) = graded(caption(1))
    assert alone.work is None


def test_a_name_in_many_rows_becomes_a_shared_name() -> None:
    hits = [(0, caption(row)) for row in range(3)]
    rare, _ = weigh_terms(hits, {"rows:caption_contains:Ann": 30}, rows_scanned=10**7)
    many, _ = weigh_terms(hits, {"rows:caption_contains:Ann": 30}, rows_scanned=1000)
    assert not any("name_shared" in hit.caveats for _, hit in rare)
    assert rare[0][1].detail["rows_with_name"] == "30"
    assert all("name_shared" in hit.caveats for _, hit in many)


def test_within_a_part_nothing_is_dropped_without_being_counted() -> None:
    hits = (
        [near(row, 8) for row in range(10)]
        + [near(row, 2) for row in range(20, 30)]
        + [caption(row) for row in range(5)]
    )
    counted: Counter[str] = Counter()
    kept = within_limits(hits, CONFIG, counted)
    assert len(kept) + counted.total() == len(hits)
    assert kept == sorted(kept, key=lambda hit: hit.row.row_number)
    assert tiers_not_listed(counted, CHANCE) == {
        Tier.COMPILER_FINGERPRINT: 7, Tier.FINGERPRINT_LEAD: 10, Tier.CAPTION_NAMES: 3,
    }  # fmt: skip


def test_confirmed_pictures_are_beyond_any_limit() -> None:
    passed = Checked(method="m/1", value="0.9", threshold="0.6", passed=True)
    hits = [near(row, 8, source="shard_bytes", checked=passed) for row in range(50)]
    assert within_limits(hits, CONFIG, Counter()) == hits


def test_the_order_of_hits_does_not_matter() -> None:
    hits = [near(row, distance, work=work) for row in range(4) for work in range(2) for distance in (2,)]
    assert graded(*hits) == graded(*reversed(hits))


def seen(kind: str = "live", **changed: Any) -> Observation:
    said: dict[str, Any] = {"outcome": FetchOutcome.IMAGE, "content_sha256": "c" * 64, **changed}
    archive = ArchiveCopy(name="a", captured_at="2020-01-01T00:00:00Z") if kind == "archive" else None
    return Observation(kind=kind, url=f"https://x/{kind}", requested_at="2026-11-30T00:00:00Z", archive=archive, **said)  # type: ignore[arg-type]


def check(passed: bool) -> Checked:
    return Checked(method="m/1", value="0.9" if passed else "0.1", threshold="0.6", passed=passed)


def looked(*hits: Hit, looks: list[RowLook]) -> Match:
    (match,) = group_hits([(0, hit) for hit in hits], portfolio("0.5", "0.5"), CHANCE, CONFIG, {(0, 1, -1): looks})
    return match


URL = Hit(row=RowRef(row_number=1), work=0, kind="url_equal", metric="url_rules/1", value="https://a")
LIVE, ARCHIVED = seen(), seen("archive")


@pytest.mark.parametrize(("passed", "tier"), [(True, "live_image"), (False, "url_listed"), (None, "url_listed")])
def test_a_fetched_picture_needs_the_second_check(passed: bool | None, tier: str) -> None:
    checks = {} if passed is None else {0: check(passed)}
    hit = near(1, 0, source="live_bytes", observation=LIVE.observation_id, picture_sha256="c" * 64)
    match = looked(URL, hit, looks=[RowLook(observation=LIVE, checks=checks)])
    assert match.tier == tier
    assert match.observation == LIVE
    assert len(match.basis) == 2


def test_a_listing_says_what_its_address_returned() -> None:
    gone = seen(outcome=FetchOutcome.GONE, content_sha256=None)
    match = looked(URL, looks=[RowLook(observation=gone)])
    assert (match.tier, match.observation, match.checked) == ("url_listed", gone, None)


def test_a_published_hash_keeps_its_tier_beside_another_picture() -> None:
    match = looked(near(1, 0), looks=[RowLook(observation=LIVE, checks={0: check(False)})])
    assert (match.tier, match.observation) == ("compiler_fingerprint", LIVE)
    assert match.checked == check(False)


def test_the_archive_speaks_where_the_live_look_does_not() -> None:
    hit = near(1, 0, source="archive_bytes", observation=ARCHIVED.observation_id, picture_sha256="c" * 64)
    gone = seen(outcome=FetchOutcome.GONE, content_sha256=None)
    looks = [
        RowLook(observation=gone),
        RowLook(observation=ARCHIVED, checks={0: check(True)}, said={"capture_gap_days": "3"}),
    ]
    match = looked(URL, hit, looks=looks)
    assert (match.tier, match.observation) == ("archived_image", ARCHIVED)
    assert match.basis[0]["detail"] == {"capture_gap_days": "3"}


def test_a_comparison_of_another_look_says_whose_it_is_and_an_equal_digest_stands_with_its_own_alone() -> None:
    live = near(1, 0, source="live_bytes", observation=LIVE.observation_id, picture_sha256="c" * 64)
    other = near(1, 2, source="archive_bytes", observation=ARCHIVED.observation_id, picture_sha256="d" * 64)
    equal = Hit(
        row=RowRef(row_number=1), work=0, kind="digest_equal", metric="sha256", value="d" * 64, source_of_hash="archive_bytes",
        observation=ARCHIVED.observation_id, picture_sha256="d" * 64,
    )  # fmt: skip
    archived = seen("archive", content_sha256="d" * 64)
    looks = [RowLook(observation=LIVE, checks={0: check(True)}), RowLook(observation=archived, checks={})]
    match = looked(live, other, equal, looks=looks)
    assert match.tier == "live_image"
    assert [entry["source_of_hash"] for entry in match.basis] == ["live_bytes", "archive_bytes"]
    assert match.basis[1]["detail"] == {"observation": ARCHIVED.observation_id}


def test_a_packaged_picture_is_not_weakened_by_a_look() -> None:
    match = looked(near(1, 0, source="shard_bytes", checked=check(True)), looks=[RowLook(observation=LIVE)])
    assert (match.tier, match.observation) == ("packaged_image", None)


def test_what_was_withheld_or_is_suspected_is_said() -> None:
    withheld = seen(outcome=FetchOutcome.WITHHELD_UNSAFE, content_sha256=None)
    assert looked(URL, looks=[RowLook(observation=withheld)]).caveats == {"withheld_unsafe"}
    assert looked(URL, looks=[RowLook(observation=LIVE, suspected=True)]).caveats == {"common_picture"}


def test_the_distance_of_one_capture_is_never_told_of_another() -> None:
    later = replace(seen("archive", content_sha256="e" * 64), requested_at="2026-12-01T00:00:00Z")
    far = near(1, 7, source="archive_bytes", observation=ARCHIVED.observation_id, picture_sha256="c" * 64)
    close = near(1, 1, source="archive_bytes", observation=later.observation_id, picture_sha256="e" * 64)
    looks = [
        RowLook(observation=ARCHIVED, checks={0: check(True)}),
        RowLook(observation=later, checks={0: check(False)}),
    ]
    match = looked(far, close, looks=looks)
    assert (match.tier, match.observation) == ("archived_image", ARCHIVED)
    assert [hit.value for hit in match.hits] == [7]
