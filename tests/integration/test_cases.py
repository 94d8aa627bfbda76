"""Cases over time: only what is new is compared, only what is new is stated, and together it is what one scan would have said."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from case_world import ROWS, CaseWorld, make_case, run_here, statuses
from hostile_server import HostileServer, answer
from integration_world import Run, manifest, records
from PIL import Image
from remote_hosts import FileHost, Host
from small_world import assert_clear, copy_bytes

from manifests.chaining import merged_matches, ordered_chain
from manifests.errors import VerificationError
from manifests.exports import export_case
from manifests.packages import open_package
from manifests.verifying import Asked, verify_package
from scanner.artwork import artwork
from scanner.errors import ConfigError, LedgerError, UsageError
from scanner.runner.rescanning import RescanRequest, plan_rescan, run_rescan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> CaseWorld:
    """A case after its first run; tests work on copies."""
    world = make_case(tmp_path_factory.mktemp("begun"))
    first = world.rescan()
    assert (first.kind, first.previous, first.findings) == ("scan", None, 2)
    assert world.found(first.package) == {("a.parquet", 50, "work-0.png"), ("b.parquet", 50, "work-1.png")}
    return world


@pytest.fixture
def world(begun: CaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseWorld:
    """A copy on another path: an artist may copy a case to another computer and go on.  Its runs need no worker processes."""
    run_here(monkeypatch)
    shutil.copytree(begun.root, tmp_path / "moved")
    return CaseWorld(tmp_path / "moved")


def test_an_unchanged_case_opens_no_shard_and_says_nothing_new(begun: CaseWorld) -> None:
    again = begun.rescan()
    assert (again.kind, again.opened, again.compared, again.incomplete) == (None, 0, 0, ())
    assert plan_rescan(begun.case).record()["new"] == []


def test_a_case_that_was_moved_with_renamed_and_downloaded_again_shards_opens_none(world: CaseWorld) -> None:
    (world.data / "a.parquet").rename(world.data / "z.parquet")
    (world.data / "sub").mkdir()
    shutil.move(world.data / "b.parquet", world.data / "sub" / "b.parquet")
    os.utime(world.data / "z.parquet", (1, 1))
    (world.works / "work-0.png").rename(world.works / "renamed.png")
    again = world.rescan()
    assert (again.kind, again.opened, again.withdrawn) == (None, 0, ())


def test_one_new_shard_costs_one_shard_and_states_its_findings_alone(world: CaseWorld) -> None:
    world.write_shard("c.parquet", 2)
    result = world.rescan()
    assert (result.kind, result.opened, result.compared, result.rows_scanned) == ("rescan", 1, 1, ROWS)
    assert world.found(result.package) == {("c.parquet", 50, "work-2.png")}
    assert result.changes == {"appeared": 1, "vanished": 0, "changed": 0}
    assert statuses(result.package) == {"a.parquet": "skipped", "b.parquet": "skipped", "c.parquet": "scanned"}
    assert result.package is not None
    stated = manifest(result.package)["search"]
    assert (stated["rows_scanned"], stated["rows_with_fingerprint"]) == (3 * ROWS, 3 * ROWS)
    assert {line["rows_scanned"] for line in records(result.package, "negatives")} == {ROWS}
    assert world.rescan().kind is None


def test_one_new_work_costs_one_work_and_every_shard(world: CaseWorld) -> None:
    world.write_shard("c.parquet", 2)
    world.rescan()
    first = manifest(world.packages[0])["search"]
    artwork(9, (320, 240)).save(world.works / "new.png")
    result = world.rescan()
    assert (result.kind, result.opened, result.compared, result.findings) == ("rescan", 3, 3, 0)
    looks = result.comparisons // (3 * ROWS)
    assert result.comparisons == looks * 3 * ROWS
    assert looks * 3 < first["queries"]  # of one work of four
    assert result.package is not None
    negatives = {line["work_file"]: line["rows_scanned"] for line in records(result.package, "negatives")}
    assert negatives == {"works/new.png": 3 * ROWS, **{f"works/work-{seed}.png": 0 for seed in range(3)}}


def test_the_chain_says_what_one_scan_of_everything_says(world: CaseWorld, tmp_path: Path) -> None:
    """New shards, a new work and a new declaration, one after the other; then the same world scanned at once."""
    world.write_shard("c.parquet", 2, url="https://img.example.org/2.jpg", text="by Ada Example")
    world.rescan()
    with Image.open(world.works / "work-1.png") as picture:
        picture.rotate(180).save(world.works / "turned.png")  # near to the same row as work 1
    assert world.rescan().findings
    identity = '[identity]\nnames = ["Ada Example"]\nwork_urls = ["https://img.example.org/2.jpg"]\n'
    world.write_toml(identity=identity)
    declared = world.rescan()
    assert declared.opened == 3
    assert declared.comparisons == 0  # addresses and captions alone
    fresh = CaseWorld(tmp_path / "fresh")
    fresh.case.mkdir(parents=True)
    shutil.copytree(world.works, fresh.works)
    shutil.copytree(world.data, fresh.data)
    fresh.write_toml(identity=identity)
    once = fresh.rescan()
    chain = ordered_chain([open_package(package) for package in world.packages])
    assert once.package is not None
    merged = {one["match_id"]: one for one in merged_matches(chain)}
    assert {name: stand(one) for name, one in merged.items()} == {
        one["match_id"]: stand(one) for one in records(once.package, "matches")
    }
    assert manifest(world.packages[-1])["search"]["rows_scanned"] == manifest(once.package)["search"]["rows_scanned"]


def stand(match: dict[str, Any]) -> object:
    """What a finding says, figures of chance and what is said about company aside."""
    return match["tier"], match["work_id"], match["row"], [{**entry, "threshold": None} for entry in match["basis"]]


def test_a_withdrawn_shard_is_reported_once_with_its_dates_and_its_findings_vanish(world: CaseWorld) -> None:
    (world.data / "a.parquet").unlink()
    result = world.rescan()
    assert (result.opened, result.withdrawn) == (0, ("coyo/a.parquet",))
    assert result.changes == {"appeared": 0, "vanished": 1, "changed": 0}
    assert result.package is not None
    (line,) = [line for line in records(result.package, "coverage") if line["shard"] == "a.parquet"]
    assert line["status"] == "skipped"
    assert line["reason"].startswith("not in the dataset any more: first seen 20")
    (change,) = records(result.package, "changes")
    assert change["before"]["row"]["shard"] == "a.parquet"
    assert manifest(result.package)["search"]["rows_scanned"] == 2 * ROWS
    assert world.rescan().kind is None


def test_a_row_of_a_new_release_is_paired_with_its_row_of_the_old_one(world: CaseWorld) -> None:
    before = {one["row"]["shard"]: one for one in records(world.packages[0], "matches")}
    key, url = before["a.parquet"]["row"]["key"], before["a.parquet"]["row"]["url"]
    world.write_shard("a.parquet", 0, row=7, id=int(key), url=url)
    result = world.rescan()
    assert result.changes == {"appeared": 0, "vanished": 0, "changed": 1}
    assert result.package is not None
    (change,) = records(result.package, "changes")
    assert (change["before"]["row"]["row_number"], change["after"]["row"]["row_number"]) == (50, 7)
    assert change["before"]["match_id"] == before["a.parquet"]["match_id"]
    assert {name for name in statuses(result.package) if name.startswith("a.parquet@")}


def test_the_chain_verifies_link_by_link(world: CaseWorld) -> None:
    world.write_shard("c.parquet", 2)
    world.rescan()
    (world.data / "b.parquet").unlink()
    world.rescan()
    first, second, third = world.packages
    assert not verify_package(third, Asked(previous=(first, second))).failed
    gap = verify_package(third, Asked(previous=(first,)))
    assert [problem.check for problem in gap.problems] == ["previous"]


def test_a_package_that_is_missing_or_changed_stops_the_chain_with_a_clear_error(world: CaseWorld) -> None:
    world.write_shard("c.parquet", 2)
    package = world.packages[0]
    package.rename(world.root / "elsewhere")
    with pytest.raises(LedgerError, match="is missing or damaged"):
        run_rescan(RescanRequest(folder=world.case))
    shutil.copytree(world.root / "elsewhere", package)
    with (package / "data" / "matches.jsonl").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(LedgerError, match="is not what it was"):
        run_rescan(RescanRequest(folder=world.case))
    shutil.rmtree(package)
    shutil.move(world.root / "elsewhere", package)
    assert world.rescan().findings == 1


@pytest.mark.parametrize("remains", ["nothing", "an older ledger"])
def test_a_ledger_that_does_not_know_a_listed_package_begins_no_second_chain(world: CaseWorld, remains: str) -> None:
    shutil.copy(world.case / "ledger.sqlite", world.root / "older.sqlite")
    world.write_shard("c.parquet", 2)
    world.rescan()
    listed = (world.case / "packages" / "PACKAGES.txt").read_bytes()
    for file in world.case.glob("ledger.sqlite*"):
        file.unlink()
    if remains != "nothing":
        shutil.copy(world.root / "older.sqlite", world.case / "ledger.sqlite")
    with pytest.raises(LedgerError, match="the ledger knows nothing of it"):
        run_rescan(RescanRequest(folder=world.case))
    assert (world.case / "packages" / "PACKAGES.txt").read_bytes() == listed


def test_a_dataset_that_cannot_be_reached_is_a_gap_and_nothing_is_taken_for_withdrawn(world: CaseWorld) -> None:
    world.data.rename(world.root / "unplugged")
    result = world.rescan()
    assert (result.withdrawn, len(result.incomplete)) == ((), 2)
    assert statuses(result.package) == {"a.parquet": "failed", "b.parquet": "failed"}
    assert world.rescan().kind is None  # said once
    (world.root / "unplugged").rename(world.data)
    assert world.rescan().incomplete == ()


def test_a_damaged_outcome_is_made_again(world: CaseWorld) -> None:
    for outcome in (world.case / "outcomes").iterdir():
        outcome.write_bytes(b"{}")
    world.write_shard("c.parquet", 2)
    result = world.rescan()
    assert world.found(result.package) == {("c.parquet", 50, "work-2.png")}
    assert world.rescan().kind is None


@pytest.mark.parametrize("recorded", [False, True])
def test_a_run_that_was_killed_after_the_seal_is_listed_and_told_of(world: CaseWorld, recorded: bool) -> None:
    keep = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
    world.write_toml(top=f"on_findings = {json.dumps([sys.executable, '-c', keep, str(world.root / 'told.json')])}")
    with closing(sqlite3.connect(world.case / "ledger.sqlite")) as ledger, ledger:
        if recorded:
            ledger.execute("INSERT INTO meta VALUES ('untold', '1')")
        else:
            ledger.execute("UPDATE runs SET finished_at = NULL, manifest_sha256 = NULL, gaps = NULL")
    (world.case / "packages" / "PACKAGES.txt").write_bytes(b"")
    result = run_rescan(RescanRequest(folder=world.case))
    assert (result.kind, result.package, result.findings) == ("scan", world.packages[0], 2)
    assert json.loads((world.root / "told.json").read_bytes())["findings"] == 2
    assert len(world.packages) == 1
    assert world.rescan().kind is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('webhok = "https://x.example"', "unknown key webhok"),
        ("lang = 3", "lang must be one of en, zh"),
        ("workers = 0", "workers must be a whole number"),
        ('on_findings = "sh -c"\nportfolio = 4', "portfolio"),
    ],
)
def test_a_faulty_case_file_names_the_key(tmp_path: Path, line: str, words: str) -> None:
    text = f'{line}\n[[datasets]]\nname = "a"\nsource = "b"\n'
    text = text if "portfolio" in line else f'portfolio = ["x"]\n{text}'
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        run_rescan(RescanRequest(folder=tmp_path))


def test_a_folder_without_a_case_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no case\.toml"):
        run_rescan(RescanRequest(folder=tmp_path))


def test_the_command_says_what_is_new_and_exits_with_it(provscan: Run, world: CaseWorld) -> None:
    plan = provscan("rescan", world.case, "--dry-run")
    assert (plan.code, "Nothing new." in plan.out) == (0, True)
    nothing = provscan("rescan", world.case, "--exit-code", "--quiet")
    assert (nothing.code, nothing.err) == (0, "")
    assert nothing.out.startswith("Nothing new: 3 works, 2 files of the datasets, 0 opened")
    world.write_shard("c.parquet", 2)
    found = provscan("rescan", world.case, "--exit-code", "--json")
    assert found.code == 10
    assert_clear(found)
    assert found.json["schema"] == "provscan.rescan/1"
    assert found.json["changes"]["appeared"] == 1
    shown = provscan("show", world.packages[-1])
    assert shown.out.startswith("New in this run: 1 appeared, 0 vanished, 0 changed.")
    of_case = provscan("show", world.case).out
    assert [package.name in of_case for package in world.packages] == [True, True]
    assert of_case.endswith(shown.out)


def test_init_makes_a_case_that_only_has_to_be_filled_in(provscan: Run, tmp_path: Path) -> None:
    made = provscan("init", tmp_path / "case")
    assert made.code == 0
    assert {path.name for path in (tmp_path / "case").iterdir()} >= {"case.toml", "index", "ledger.sqlite", "packages"}
    empty = provscan("rescan", tmp_path / "case")
    assert (empty.code, "portfolio is empty" in empty.err) == (2, True)
    assert provscan("init", tmp_path / "case").code == 2


def test_the_whole_case_is_exported_as_one_statement(provscan: Run, world: CaseWorld, tmp_path: Path) -> None:
    world.write_shard("c.parquet", 2)
    world.rescan()
    (world.data / "a.parquet").unlink()
    world.rescan()
    csv = provscan("export", world.case, "--all", "--format", "csv")
    assert csv.code == 0, csv.err
    header, *lines = (line.split('","') for line in csv.out.lstrip("\ufeff").splitlines())
    stated = [manifest(package) for package in world.packages]
    column = {name.strip('"'): place for place, name in enumerate(header)}
    assert [line[column["exhibit_no"]].strip('"') for line in lines] == ["CASE00000001", "CASE00000002", "CASE00000003"]
    runs = {line[column["shard_file"]]: line[column["run_id"]] for line in lines}
    assert runs == {
        "a.parquet": stated[0]["run"]["run_id"],
        "b.parquet": stated[0]["run"]["run_id"],
        "c.parquet": stated[1]["run"]["run_id"],
    }
    for form in ("jsonl", "html", "xlsx", "pdf", "dat", "drafts"):
        assert export_case(world.case, form, out=tmp_path / f"all.{form}"), form
    assert b"No match was found for any" not in (tmp_path / "all.html").read_bytes()
    (world.packages[1] / "data" / "matches.jsonl").write_bytes(b"")
    broken = provscan("export", world.case, "--all", "--format", "csv")
    assert (broken.code, broken.out) == (1, "")
    shutil.rmtree(world.packages[1])
    with pytest.raises(VerificationError) as gap:
        export_case(world.case, "csv")
    assert [problem.check for problem in gap.value.problems] == ["previous"]


def test_a_remote_dataset_is_followed_without_opening_what_is_known(world: CaseWorld) -> None:
    content = {f"/d/{name}": (world.data / name).read_bytes() for name in ("a.parquet", "b.parquet")}
    files = FileHost(dict(content))
    with Host(files) as host:
        text = (world.case / "case.toml").read_text(encoding="utf-8").replace('"../d"', f'"{host.url}/d/"')
        (world.case / "case.toml").write_text(f'{text}allow_network = ["127.0.0.1/32"]\n', encoding="utf-8")
        first = world.rescan()
        assert (first.kind, first.findings, first.incomplete) == ("rescan", 2, ())
        assert first.package is not None
        assert all(line["parts"] for line in records(first.package, "coverage") if line["status"] == "scanned")
        asked = len(host.requests)
        again = world.rescan()
        assert (again.kind, again.opened) == (None, 0)
        assert {each.range for each in host.requests[asked:] if each.path.endswith(".parquet")} == {"bytes=0-3"}
        files.files["/d/c.parquet"] = world.write_shard("c.parquet", 2).read_bytes()
        new = world.rescan()
        assert (new.opened, world.found(new.package)) == (1, {("c.parquet", 50, "work-2.png")})
        del files.files["/d/a.parquet"]
        assert world.rescan().withdrawn == ("coyo/a.parquet",)
    silent = world.rescan()
    assert (silent.withdrawn, len(silent.incomplete)) == ((), 2)


def test_listed_addresses_of_new_findings_are_looked_at(world: CaseWorld) -> None:
    with HostileServer() as server:
        url = server.says("/art/2.jpg", answer(copy_bytes(2)))
        text = (world.case / "case.toml").read_text(encoding="utf-8")
        more = 'fetch = "candidates"\nallow_network = ["127.0.0.1/32"]\n[fetch]\ncontact = "t@example.org"\narchives = false\n'
        (world.case / "case.toml").write_text(text + more, encoding="utf-8")
        assert world.rescan().kind is None  # what may be fetched compares nothing anew
        assert server.asked == []
        world.write_shard("c.parquet", 2, url=url)
        result = world.rescan()
    assert result.package is not None
    (match,) = records(result.package, "matches")
    assert (match["tier"], match["observation"]["status"]) == ("compiler_fingerprint", 200)
    assert any(entry["source_of_hash"] == "live_bytes" for entry in match["basis"])
    assert records(result.package, "observations")


def test_a_remote_file_that_is_read_from_a_copy_is_downloaded_once(world: CaseWorld) -> None:
    contents = [b"stranger %d" % row for row in range(50)]
    contents[7] = (world.works / "work-2.png").read_bytes()
    digests = [hashlib.md5(content).hexdigest() for content in contents]
    rows = "".join(f"https://x.example/{row}.jpg,words {row},{digest}\n" for row, digest in enumerate(digests))
    world.write_toml(dataset='columns = { md5 = "md5" }')
    files = FileHost({"/d/a.csv.gz": gzip.compress(f"url,caption,md5\n{rows}".encode())})
    with Host(files) as host:
        text = (world.case / "case.toml").read_text(encoding="utf-8").replace('"../d"', f'"{host.url}/d/"')
        (world.case / "case.toml").write_text(f'{text}allow_network = ["127.0.0.1/32"]\n', encoding="utf-8")
        first = world.rescan()
        assert world.found(first.package) == {("a.csv.gz", 7, "work-2.png")}
        assert not (world.case / "downloads").exists()
        asked = len(host.requests)
        again = world.rescan()
        assert (again.kind, again.opened) == (None, 0)
        assert {each.range for each in host.requests[asked:] if each.path.endswith(".gz")} == {"bytes=0-3"}
        artwork(9, (320, 240)).save(world.works / "new.png")
        assert world.rescan().rows_scanned == 50  # a new work needs the copy again
