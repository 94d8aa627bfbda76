"""Each check on its own: a package that the real writer sealed over records that do not hold together."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import mmh3
import package_builder
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from package_builder import World

from manifests import bag
from manifests.canonical import parse_canonical
from manifests.errors import FormatError
from manifests.exports.domains import EDITIONS, domains_csv
from manifests.exports.evidence_csv import COLUMNS_EDITIONS, columns_csv
from manifests.packages import open_package, shard16
from manifests.records import host_of, match_order, values_sha256
from manifests.verifying import verify_package
from manifests.verifying.murmur import hash64
from manifests.writing import PackageWriter

sys.path.insert(0, str(package_builder.HERE / "tamper"))
import forging

if TYPE_CHECKING:
    from pathlib import Path

Change = Callable[[World], object]


def problems(tmp_path: Path, change: Change) -> list[str]:
    world = package_builder.world()
    change(world)
    package_builder.write(world, tmp_path / "package")
    return [f"{problem.check}: {problem.found}" for problem in verify_package(tmp_path / "package").problems]


def on_shard(**changed: Any) -> Change:
    return lambda world: world.coverage[0].update(changed)


def on_dataset(**changed: Any) -> Change:
    return lambda world: world.datasets[0].update(changed)


def on_match(code: str, change: Callable[[dict[str, Any]], object]) -> Change:
    return lambda world: change(next(match for match in world.matches if match["statement_code"] == code))


PUBLISHED = {"value": "0" * 64, "source": "hf", "equal": True}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (on_shard(rows_scanned=1001), "1001 rows scanned of 1000"),
        (on_shard(status="skipped", reason="budget"), "status is skipped, but 1000 rows were scanned"),
        (on_shard(reason="odd"), "status scanned with reason odd"),
        (on_shard(status="failed"), "status failed with reason None"),
        (on_shard(shard_id=None), "a scanned shard without shard_id"),
        (on_shard(publisher_digest=PUBLISHED), "publisher_digest is called equal and is not"),
        (on_dataset(name="other"), "datasets of coverage.jsonl and Manifest differ"),
        (on_dataset(name="other"), "the dataset is not in the Manifest"),
        (on_dataset(rows_total=10), "more rows scanned than there are"),
        (lambda world: world.coverage.pop(), "the shard is not in coverage.jsonl"),
        (lambda world: world.works[0].update(work_id="w-" + "0" * 16), "the work is not in portfolio.jsonl"),
        (lambda world: world.works[0].update(md5=None), "w-3e099d679a837594"),
        (lambda world: world.works[0].update(published_urls=[]), "is declared nowhere"),
        (lambda world: world.works[0].update(fingerprints=[]), "the work has no fingerprint phash64"),
        (on_match("compiler_md5_equal", lambda match: match["basis"][0].update(metric="sha256")), "digests are not equal"),
        (on_match("compiler_md5_equal", lambda match: match["basis"][0].update(column="URL")), "column URL of the row does not hold"),
        (on_match("compiler_sha256_equal", lambda match: match["basis"][0].update(detail={"file": "x"})), "the digest is that of portfolio/fox.png"),
        (on_match("packaged_digest_equal", lambda match: match["basis"][0].update(row_value="sha256:" + "1" * 64)), "no cell of the row holds bytes"),
        (on_match("live_digest_equal", lambda match: match["basis"][0].update(row_value="sha256:" + "1" * 64)), "the observation returned another digest"),
        (on_match("url_listed", lambda match: match["basis"][0].update(row_value="https://b.example/")), "column URL of the row does not hold"),
        (on_match("url_listed", lambda match: match["caveats"].reverse()), "caveats are not sorted"),
        (on_match("url_listed", lambda match: match["basis"].insert(0, package_builder.basis("host_equal", "url_rules/1", "h"))), "basis is not in tier order"),
        (on_match("lead_by_chance", lambda match: match["basis"][0].update(metric="hamming/phash256")), "not of the algorithm"),
        (on_match("packaged_matched", lambda match: match["second_check"].update(value="0.59")), "second check passed with 0.59"),
        (on_match("packaged_matched", lambda match: match["second_check"].update(method="other/1")), "is not that of the Manifest"),
        (on_match("live_matched", lambda match: match["observation"].update(observation_id="o-9")), "the observation is not, or not so"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_does_not_hold_together_is_found(tmp_path: Path, change: Change, found: str) -> None:
    said = problems(tmp_path, change)
    assert any(found in one for one in said), said


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda match: match["caveats"].append("a"), ".caveats[2]: is a, not one of 22 known values"),
        (lambda match: match["basis"][0].update(row_value="phash64:XYZ"), "not of the algorithm"),
        (lambda match: match["basis"][0].update(row_value=None), "not of the algorithm"),
        (lambda match: match.update(expected_chance_matches=None), "expected_chance_matches is null"),
    ],
)
def test_what_the_writer_could_not_have_written_is_found(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], found: str
) -> None:
    package_builder.build_package(tmp_path / "p")
    code = "lead_by_chance"
    forging.edit(
        tmp_path / "p", "matches", lambda all_of: change(next(m for m in all_of if m["statement_code"] == code))
    )
    forging.reseal(tmp_path / "p")
    said = [str(problem.found) for problem in verify_package(tmp_path / "p").problems]
    assert any(found in one for one in said), said


def test_a_work_with_a_finding_is_in_no_negative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = package_builder.negatives
    monkeypatch.setattr(
        package_builder,
        "negatives",
        lambda world: [*genuine(world), {**genuine(world)[0], "work_id": world.works[0]["work_id"], "work_file": "portfolio/fox.png"}],
    )  # fmt: skip
    assert any("the work has findings in matches.jsonl" in one for one in problems(tmp_path, lambda _: None))


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("run.finished_at", "2026-11-20T00:00:00Z", "the run finished before it began"),
        ("run.method_fixed_at", "2026-11-22T00:00:00Z", "the run finished before it began"),
        ("results.by_host.0.domain", "other.example", "is no domain of"),
        ("contents.captures", True, "contents.captures is True"),
        ("contents.thumbnails", True, "contents.thumbnails is True"),
        ("portfolio.works", 9, "portfolio:"),
        ("results.reviewed", {"confirmed": 1, "rejected": 0, "undecided": 0, "unreviewed": 0}, "reviewed:"),
    ],
)
def test_what_the_manifest_says_of_itself_is_checked(tmp_path: Path, path: str, value: Any, found: str) -> None:
    package_builder.build_package(tmp_path / "p")

    def change(manifest: Any) -> None:
        *way, last = path.split(".")
        for key in way:
            manifest = manifest[int(key) if isinstance(manifest, list) else key]
        manifest[last] = value

    forging.edit_manifest(tmp_path / "p", change)
    forging.reseal(tmp_path / "p")
    said = [str(problem.found) for problem in verify_package(tmp_path / "p").problems]
    assert any(found in one for one in said), said


def test_files_listed_out_of_order_twice_or_in_the_wrong_place_are_found(tmp_path: Path) -> None:
    package_builder.build_package(tmp_path / "p")

    def change(manifest: Any) -> None:
        manifest["files"].reverse()
        manifest["files"].append(manifest["run"]["files"].pop())

    forging.edit_manifest(tmp_path / "p", change)
    forging.reseal(tmp_path / "p")
    said = [str(problem.found) for problem in verify_package(tmp_path / "p").problems]
    assert "files is not sorted, or names a file twice" in said
    assert said.count("against files of the Manifest") == said.count("against run.files of the Manifest") == 1


def test_a_rescan_may_have_searched_more_rows_than_it_lists(tmp_path: Path) -> None:
    world = package_builder.world()
    world.kind, world.previous = "rescan", {"manifest_sha256": "0" * 64, "kind": "scan", "merkle_root": "0" * 64}
    world.changes = [package_builder.appeared(match) for match in sorted(world.matches, key=match_order)]
    package_builder.write(world, tmp_path / "p")
    assert list(open_package(tmp_path / "p").records("changes")) == world.changes
    forging.edit_manifest(tmp_path / "p", lambda manifest: manifest["search"].update(rows_scanned=10**6))
    forging.reseal(tmp_path / "p")
    assert not verify_package(tmp_path / "p").problems
    forging.edit_manifest(tmp_path / "p", lambda manifest: manifest["search"].update(rows_scanned=10))
    forging.reseal(tmp_path / "p")
    assert {problem.check for problem in verify_package(tmp_path / "p").problems} == {
        "coverage.sums",
        "negatives.complete",
    }


@pytest.mark.parametrize(
    "path", ["data/a b.txt", "data/é.txt", "data/" + "x" * 121, "data/MATCHES.jsonl", "data/con.txt"]
)
def test_names_that_not_every_system_can_hold_are_found(tmp_path: Path, path: str) -> None:
    package_builder.build_package(tmp_path / "p")
    (tmp_path / "p" / path).write_bytes(b"")
    assert "bag.spelling" in {problem.check for problem in verify_package(tmp_path / "p").problems}


@pytest.mark.skipif(os.name == "nt", reason="such depth is refused there before we look")
def test_folders_in_folders_without_end_are_found(tmp_path: Path) -> None:
    package_builder.build_package(tmp_path / "p")
    (tmp_path / "p" / "/".join(["deep"] * 40)).mkdir(parents=True)
    assert any("too many folders" in str(problem.found) for problem in verify_package(tmp_path / "p").problems)


def test_what_lists_may_not_look_like() -> None:
    digest = "0" * 64
    listed = f"{digest}  b\n{digest}  a\n{digest}  b\n{digest} *c\n{digest.upper()[:-1]}A  d\n{digest}  é\n{digest}  e"
    digests, faults = bag.parse_list(listed.encode(), "sha256")
    assert list(digests) == ["b", "a"]
    assert [line for line, _ in faults] == [7, 2, 3, 4, 5, 6]


def test_a_match_without_its_file_of_rows_is_found(tmp_path: Path) -> None:
    package_builder.build_package(tmp_path / "p")
    shutil.rmtree(tmp_path / "p/data/rows")
    said = {
        str(problem.found)
        for problem in verify_package(tmp_path / "p").problems
        if problem.path == "data/matches.jsonl"
    }
    assert said == {"the row is not in rows/"}


def test_many_shards_of_rows_are_not_all_open_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("manifests.verifying.tables.MAX_OPEN", 1)
    package_builder.build_package(tmp_path / "p")
    assert not verify_package(tmp_path / "p").problems


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_the_row_check_is_the_hash_that_laion_used(content: bytes) -> None:
    assert hash64(content) == mmh3.hash64(content)[0]


def row_checked(world: World, computed: str, recorded: str, *, equal: bool) -> None:
    row = world.matches[0]["row"]
    kept = next(one for one in world.rows[shard16(row["shard_id"])] if one["row_number"] == row["row_number"])
    kept["values"].append(["hash", "int64", recorded])
    kept["row_check"] = {
        "method": "mmh3/url+text/1", "column": "hash", "recorded": recorded, "computed": computed, "equal": equal,
    }  # fmt: skip
    row["values_sha256"] = values_sha256(kept["values"])


def test_the_row_check_is_computed_again(tmp_path: Path) -> None:
    row = package_builder.world().matches[0]["row"]
    right = str(mmh3.hash64((row["url"] + row["caption"]).encode())[0])
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    (tmp_path / "3").mkdir()
    assert not problems(tmp_path / "1", lambda world: row_checked(world, right, right, equal=True))
    assert not problems(tmp_path / "2", lambda world: row_checked(world, right, "5", equal=False))
    assert problems(tmp_path / "3", lambda world: row_checked(world, "5", "5", equal=True)) == [
        f"rows.values: row_check computes to {right}"
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example/x", "a.example"),
        ("HTTP://user:pw@A.Example.:8080/x", "a.example"),
        ("ftp://[2001:DB8::1]:21/x", "[2001:db8::1]"),
        ("//a.example/x", None),
        ("https:///x", None),
        ("not a url", None),
        ("https://狐.example?q", "狐.example"),
        ("https://a.example\\@b.example/", "a.example"),
        ("", None),
        (None, None),
    ],
)
def test_the_host_of_a_listed_url(url: str | None, host: str | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize("text", ["[" * 20_000, '{"a":' * 5000 + "1" + "}" * 5000, '["' + "[" * 40 + '"]'])
def test_depth_is_counted_outside_strings(text: str) -> None:
    if text.startswith('["'):
        assert parse_canonical(text.encode())
    else:
        with pytest.raises(FormatError, match="levels"):
            parse_canonical(text.encode())


def test_a_table_of_many_files_is_written_and_checked_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from manifests import writing
    from manifests.exports import evidence_csv
    from manifests.verifying import exported

    def short(package: Any) -> Any:
        return evidence_csv.evidence_csv(package, rows_per_file=7)

    monkeypatch.setattr(writing, "evidence_csv", short)
    monkeypatch.setattr(exported, "evidence_csv", short)
    package_builder.build_package(tmp_path / "p")
    tables = sorted(path.name for path in (tmp_path / "p/data/exports").iterdir())
    assert tables == ["columns.csv", "domains.csv", "evidence-2.csv", "evidence-3.csv", "evidence.csv"]
    assert not verify_package(tmp_path / "p").problems
    last = tmp_path / "p/data/exports/evidence-3.csv"
    last.write_bytes(last.read_bytes() + b"more")
    forging.reseal_bag(tmp_path / "p")
    assert [problem.path for problem in verify_package(tmp_path / "p").problems] == ["data/exports/evidence-3.csv"]


def test_a_capture_in_chunks_is_written_as_one_file(tmp_path: Path) -> None:
    with PackageWriter(tmp_path / "p") as writer:
        writer.add_stream("captures/0001.warc.gz", iter([b"a", b"b"]))
        assert (tmp_path / ".p.writing/data/captures/0001.warc.gz").read_bytes() == b"ab"


def test_a_manifest_that_cannot_be_opened_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package_builder.build_package(tmp_path / "p")

    def refused(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(FormatError, match="cannot be read: Permission denied"):
        open_package(tmp_path / "p")
    unreadable = {problem.kind for problem in verify_package(tmp_path / "p").problems}
    assert "unreadable" in unreadable


@pytest.mark.parametrize("name", ["width", "height", "key"])
def test_size_and_key_of_a_match_are_those_of_its_row(tmp_path: Path, name: str) -> None:
    world = package_builder.World(
        works=[package_builder.work("fox.png", 3, published_urls=["https://a.example/1.jpg"])]
    )
    world.coverage = [package_builder.shard("d", "a.parquet")]
    known = package_builder.dataset("d", 1)
    known["columns"] |= {"width": "W", "height": "H", "row_key": "ID"}
    world.datasets = [known]
    extra = [["W", "int64", "800"], ["H", "uint16", "600"], ["ID", "string", str(8589934592 + 5)]]
    url = "https://a.example/1.jpg"
    row = package_builder.row(world, world.coverage[0], 5, extra, url=url)
    entry = package_builder.basis("url_equal", "url_rules/1", url, column="URL", work_value=url, row_value=url)
    package_builder.match(world, world.works[0], row, [entry])
    package_builder.write(world, tmp_path / "sound")
    assert not verify_package(tmp_path / "sound").problems
    row[name] = "8" if name == "key" else 8
    package_builder.write(world, tmp_path / "forged")
    found = verify_package(tmp_path / "forged").problems
    assert [(problem.check, str(problem.found).partition(" ")[0]) for problem in found] == [("rows.values", name)]


@pytest.mark.parametrize("chance", ["0.0003401", "0.000340", "0.0000001"])
def test_a_chance_figure_has_three_digits_and_a_floor(tmp_path: Path, chance: str) -> None:
    world = package_builder.world()
    next(found for found in world.matches if found["tier"] == "fingerprint_lead")["expected_chance_matches"] = chance
    package_builder.write(world, tmp_path / "p")
    assert "matches.tier" in {problem.check for problem in verify_package(tmp_path / "p").problems}


def test_the_small_tables_of_every_version_stay_sound(tmp_path: Path) -> None:
    """Whoever changes a column's words adds the digest of the new edition: packages are sealed with the old ones."""
    assert hashlib.sha256(columns_csv()).hexdigest() == COLUMNS_EDITIONS[-1]
    package_builder.build_package(tmp_path / "p")
    manifest = open_package(tmp_path / "p").manifest
    assert len({domains_csv(manifest, columns=columns) for columns in EDITIONS}) == len(EDITIONS)
    for content, failed in ((domains_csv(manifest, columns=EDITIONS[0]), False), (b"host\r\n", True)):
        (tmp_path / "p/data/exports/domains.csv").write_bytes(content)
        forging.reseal(tmp_path / "p", tables=False)
        assert ("exports.csv" in {problem.check for problem in verify_package(tmp_path / "p").problems}) is failed
