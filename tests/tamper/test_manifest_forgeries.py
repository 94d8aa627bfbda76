"""Packages forged consistently: records changed and every digest computed again.  Only what the records mean can tell."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import package_builder
import pytest
import second_verifier
from forging import Record, edit, edit_manifest, reseal, reseal_bag

from manifests.records import match_id, match_order, values_sha256, work_id
from manifests.verifying import verify_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "package"
    package_builder.build_package(folder)
    return folder


@pytest.fixture
def package(sealed: Path, tmp_path: Path) -> Path:
    shutil.copytree(sealed, tmp_path / "package")
    return tmp_path / "package"


def of(records: list[Record], code: str) -> Record:
    """The first match with a statement."""
    return next(record for record in records if record["statement_code"] == code)


def raised(record: Record, tier: str, grade: str, code: str) -> None:
    record.update(tier=tier, grade=grade, statement_code=code)


def set_in(record: Any, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for key in way:
        record = record[int(key) if isinstance(record, list) else key]
    record[last] = value


def change(code: str, path: str, value: Any) -> Callable[[list[Record]], None]:
    return lambda records: set_in(of(records, code), path, value)


def tier_raised(records: list[Record]) -> None:
    raised(of(records, "lead_by_chance"), "compiler_fingerprint", "B", "compiler_fingerprint_near")


def grade_raised(records: list[Record]) -> None:
    of(records, "url_listed")["grade"] = "A"


def statement_raised(records: list[Record]) -> None:
    of(records, "packaged_matched")["statement_code"] = "packaged_digest_equal"


def lead_called_live(records: list[Record]) -> None:
    raised(of(records, "lead_unchecked"), "live_image", "B", "live_matched")


def second_check_invented(records: list[Record]) -> None:
    record = next(r for r in records if r["second_check"] and not r["second_check"]["passed"])
    record["second_check"]["passed"] = True
    raised(record, "live_image", "B", "live_matched")


def second_check_lowered(records: list[Record]) -> None:
    record = next(r for r in records if r["second_check"] and not r["second_check"]["passed"])
    record["second_check"] = {"method": "structure/1", "value": "0.12", "threshold": "0.10", "passed": True}
    kind = record["observation"]["kind"]
    raised(
        record,
        *{"live": ("live_image", "B", "live_matched"), "archive": ("archived_image", "B", "archived_matched")}[kind],
    )
    record["caveats"] = sorted(
        {*record["caveats"], "content_today", "archive_third_party", "copy_not_equal", "url_not_image"}
    )


def distance_lowered(records: list[Record]) -> None:
    of(records, "compiler_fingerprint_near")["basis"][0]["value"] = 1


def distance_lowered_with_its_fingerprint(records: list[Record]) -> None:
    entry = of(records, "compiler_fingerprint_near")["basis"][0]
    entry.update(value=0, row_value=entry["work_value"])


def distance_lowered_with_the_works_fingerprint(records: list[Record]) -> None:
    entry = of(records, "compiler_fingerprint_near")["basis"][0]
    entry.update(value=0, work_value=entry["row_value"])


def row_moved(records: list[Record]) -> None:
    of(records, "url_listed")["row"]["row_number"] += 1


def row_moved_with_its_id(records: list[Record]) -> None:
    record = of(records, "url_listed")
    record["row"]["row_number"] = 77
    record["match_id"] = match_id(record["work_sha256"], record["row"]["shard_id"], 77)
    records.sort(key=match_order)


def row_moved_beyond_the_shard(records: list[Record]) -> None:
    record = of(records, "url_listed")
    record["row"]["row_number"] = 5_000
    record["match_id"] = match_id(record["work_sha256"], record["row"]["shard_id"], 5_000)
    records.sort(key=match_order)


def shard_swapped(records: list[Record]) -> None:
    first, other = of(records, "url_listed")["row"], of(records, "compiler_fingerprint_near")["row"]
    for key in ("shard_id", "shard_sha256"):
        first[key] = other[key]


def work_swapped(records: list[Record]) -> None:
    record, other = of(records, "url_listed"), of(records, "live_matched")
    for key in ("work_id", "work_file", "work_sha256"):
        record[key] = other[key]
    record["match_id"] = match_id(record["work_sha256"], record["row"]["shard_id"], record["row"]["row_number"])
    records.sort(key=match_order)


def caveat_dropped(records: list[Record]) -> None:
    of(records, "url_listed")["caveats"] = []


def due_caveat_swapped(records: list[Record]) -> None:
    of(records, "live_matched")["caveats"].remove("content_today")


def url_shown_differs(records: list[Record]) -> None:
    of(records, "compiler_fingerprint_near")["row"]["url"] = "https://artist.example/fox.jpg"


def caption_shown_differs(records: list[Record]) -> None:
    of(records, "url_listed")["row"]["caption"] = "by Ada Fox"


def fetched_on_another_day(records: list[Record]) -> None:
    of(records, "live_matched")["observation"]["fetched_at"] = "2021-01-01T00:00:00Z"


def digest_of_another_file(records: list[Record]) -> None:
    entry = of(records, "compiler_sha256_equal")["basis"][0]
    for key in ("value", "work_value", "row_value"):
        entry[key] = "sha256:" + "0" * 64


def match_added_twice(records: list[Record]) -> None:
    records.append(dict(records[-1]))


def match_removed(records: list[Record]) -> None:
    records.pop()


def order_changed(records: list[Record]) -> None:
    records[0], records[1] = records[1], records[0]


FORGED_MATCHES = [
    tier_raised,
    grade_raised,
    statement_raised,
    lead_called_live,
    second_check_invented,
    second_check_lowered,
    distance_lowered,
    distance_lowered_with_its_fingerprint,
    distance_lowered_with_the_works_fingerprint,
    row_moved,
    row_moved_with_its_id,
    row_moved_beyond_the_shard,
    shard_swapped,
    work_swapped,
    caveat_dropped,
    due_caveat_swapped,
    url_shown_differs,
    caption_shown_differs,
    fetched_on_another_day,
    digest_of_another_file,
    match_added_twice,
    match_removed,
    order_changed,
]


def failed_checks(folder: Path) -> set[str]:
    return {check.id for check in verify_package(folder).checks if check.status == "failed"}


def second_agrees(folder: Path) -> bool:
    try:
        second_verifier.verify(folder)
    except Exception:  # noqa: BLE001 - every failure of the second verifier is the same verdict
        return True
    return False


@pytest.mark.parametrize("forge", FORGED_MATCHES, ids=lambda forge: forge.__name__)
def test_a_forged_match_is_found_though_every_digest_is_right(
    package: Path, forge: Callable[[list[Record]], None]
) -> None:
    edit(package, "matches", forge)
    reseal(package)
    failed = failed_checks(package)
    assert failed
    assert not {check for check in failed if check.startswith("bag.")} | (failed & {"manifest.files"})
    assert second_agrees(package)


def test_an_untouched_package_resealed_still_passes(package: Path) -> None:
    reseal(package)
    assert not failed_checks(package)
    assert not second_agrees(package)


def test_the_forged_row_is_found_by_the_digest_of_its_values(package: Path) -> None:
    name = next((package / "data/rows").iterdir()).stem
    edit(package, f"rows/{name}", lambda rows: set_in(rows[0], "values", [["URL", "string", "https://x.example/"]]))
    reseal(package)
    assert "rows.values" in failed_checks(package)
    assert second_agrees(package)


def test_a_removed_row_is_found(package: Path) -> None:
    name = next((package / "data/rows").iterdir()).stem
    edit(package, f"rows/{name}", list.clear)
    reseal(package)
    assert "matches.references" in failed_checks(package)
    assert second_agrees(package)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("results.findings", 17),
        ("results.by_tier.packaged_image", 9),
        ("results.by_grade.A", 9),
        ("results.works_with_findings", 4),
        ("results.works_without", 0),
        ("results.by_host.0.findings", 99),
        ("search.rows_scanned", 2_999_999),
        ("datasets.0.rows_scanned", 2_000),
        ("datasets.0.shards.scanned", 2),
        ("config.radius", 4),
        ("config_sha256", "0" * 64),
        ("subject.identity_sha256", None),
        ("previous", {"manifest_sha256": "0" * 64, "kind": "scan", "merkle_root": "0" * 64}),
        ("kind", "review"),
        ("limitations", ["no_recorded_hash", "chosen_by_claimant"]),
        ("search.rows_with_fingerprint", 2_999_999),
        ("search.interval95", ["0.3", "0.2"]),
        ("tool.self_test.passed", 999),
        ("tool.version", "9.9.9"),
        ("run.run_id", "20261121T101500Z-00000000"),
    ],
)
def test_a_forged_manifest_is_found(package: Path, path: str, value: Any) -> None:
    edit_manifest(package, lambda manifest: set_in(manifest, path, value))
    reseal(package)
    assert failed_checks(package)
    assert second_agrees(package)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("coverage", "rows_scanned", 999),
        ("coverage", "compared", {"digest": 0, "fingerprint": 1001, "image": 0, "url": 0, "caption": 0}),
        ("coverage", "shard_sha256", "0" * 64),
        ("coverage", "rows", 10),
        ("portfolio", "sha256", "0" * 64),
        ("portfolio", "work_id", "w-" + "0" * 16),
        ("negatives", "rows_scanned", 1),
        ("negatives", "compared", {"digest": 0, "fingerprint": 0, "image": 0, "url": 0, "caption": 0}),
        ("events", "action", "nothing_happened"),
        ("events", "at", "2020-01-01T00:00:00Z"),
        ("observations", "content_sha256", "0" * 64),
        ("observations", "outcome", "gone"),
    ],
)
def test_a_forged_record_is_found(package: Path, name: str, path: str, value: Any) -> None:
    edit(package, name, lambda records: set_in(records[1 if name == "portfolio" else 0], path, value))
    reseal(package)
    assert failed_checks(package)
    assert second_agrees(package)


@pytest.mark.parametrize("name", ["negatives", "coverage", "portfolio", "observations", "events"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_removed_record_is_found(package: Path, name: str, which: int) -> None:
    edit(package, name, lambda records: records.__delitem__(which))
    reseal(package)
    assert failed_checks(package)
    assert second_agrees(package)


def test_a_forged_table_is_found_to_the_line(package: Path) -> None:
    table = package / "data/exports/evidence.csv"
    table.write_bytes(table.read_bytes().replace(b'"fingerprint_lead"', b'"compiler_digest"', 1))
    reseal_bag(package)
    problem = verify_package(package).problems[0]
    assert (problem.check, problem.path) == ("exports.csv", "data/exports/evidence.csv")
    assert second_agrees(package)


def test_an_added_table_is_found(package: Path) -> None:
    (package / "data/exports/evidence-2.csv").write_bytes(b"more")
    reseal_bag(package)
    assert failed_checks(package) == {"exports.csv"}


def test_a_work_that_was_left_out_of_the_negatives_is_found(package: Path) -> None:
    edit(package, "negatives", list.clear)
    reseal(package)
    assert "negatives.complete" in failed_checks(package)


def test_a_work_added_without_a_result_is_found(package: Path) -> None:
    def add(records: list[Record]) -> None:
        sha256 = "f" * 64
        records.append({**records[1], "sha256": sha256, "work_id": work_id(sha256), "files": ["portfolio/zoo.png"]})

    edit(package, "portfolio", add)
    reseal(package)
    assert "negatives.complete" in failed_checks(package)
    assert second_agrees(package)


def test_changed_values_with_a_new_digest_still_contradict_what_the_match_shows(package: Path) -> None:
    """The forger rewrites the row and its digest in the match; the URL shown and the recorded hash no longer agree."""
    changed: dict[str, str] = {}

    def rewrite(rows: list[Record]) -> None:
        rows[0]["values"][0][2] = "https://other.example/"
        changed[str(rows[0]["row_number"])] = values_sha256(rows[0]["values"])

    def follow(records: list[Record]) -> None:
        record = of(records, "compiler_fingerprint_near")
        record["row"]["values_sha256"] = changed[str(record["row"]["row_number"])]

    shard_id = next(r for r in package_builder.world().matches if r["statement_code"] == "compiler_fingerprint_near")
    edit(package, f"rows/{shard_id['row']['shard_id'][7:23]}", rewrite)
    edit(package, "matches", follow)
    reseal(package)
    assert "rows.values" in failed_checks(package)
    assert second_agrees(package)
