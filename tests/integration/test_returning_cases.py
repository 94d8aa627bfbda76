"""What was withdrawn and comes back is stated again: a case that turns back to what it was loses no finding."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from case_world import ROWS, CaseWorld, make_case, run_here
from integration_world import records
from PIL import Image
from small_world import copy_hash, coyo

from manifests.exports import export_case
from manifests.exports.chain import merge, open_chain
from scanner.ledger import Run
from scanner.runner.case_files import read_chain
from scanner.runner.rescanning import plan_rescan

ADDRESS = "https://img.example.org/0.jpg"
IDENTITY = f'[identity]\nwork_urls = ["{ADDRESS}", "https://img.example.org/only.jpg"]\n'
OTHER = '\n[[datasets]]\nname = "other"\nsource = "../e"\n'


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> CaseWorld:
    """A case after its first run, with a declared address in it; tests work on copies."""
    world = make_case(tmp_path_factory.mktemp("begun"))
    table = coyo(
        ROWS, {50: {"image_phash": copy_hash(0), "url": ADDRESS}, 60: {"url": "https://img.example.org/only.jpg"}}
    )
    pq.write_table(table, world.data / "a.parquet")
    near = f"{int(copy_hash(1), 16) ^ 3:016x}"  # two bits off
    pq.write_table(coyo(ROWS, {50: {"image_phash": near}}), world.data / "b.parquet")
    world.write_toml(identity=IDENTITY)
    with pytest.MonkeyPatch.context() as patch:
        run_here(patch)
        assert world.rescan().findings == 3
    return world


@pytest.fixture
def world(begun: CaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseWorld:
    run_here(monkeypatch)
    shutil.copytree(begun.root, tmp_path / "copy")
    return CaseWorld(tmp_path / "copy")


def stated(world: CaseWorld) -> set[tuple[str, str, str]]:
    """All that the chain states as of today: what it rests on, dataset and shard."""
    with closing(sqlite3.connect(world.case / "ledger.sqlite")) as connection:
        rows = connection.execute("SELECT number, run_id, started_at, package, finished_at, manifest_sha256 FROM runs")
        names = ("number", "run_id", "started_at", "package", "finished_at", "manifest_sha256")
        runs = [Run(**dict(zip(names, row, strict=True))) for row in rows]
    chain = read_chain(world.case, runs)
    return {(each.tier, each.row["dataset"], each.row["shard"]) for each in chain.stated.values()}


def changes(before: int = 0, after: int = 0, between: int = 0) -> dict[str, int]:
    return {"appeared": after, "vanished": before, "changed": between}


def test_a_withdrawn_shard_that_is_back_has_its_findings_stated_again(world: CaseWorld) -> None:
    first = stated(world)
    shutil.move(world.data / "a.parquet", world.root / "aside.parquet")
    assert world.rescan().changes == changes(before=2)
    assert {shard for _, _, shard in stated(world)} == {"b.parquet"}
    shutil.move(world.root / "aside.parquet", world.data / "back.parquet")
    assert plan_rescan(world.case).record()["returned"] == ["coyo/back.parquet"]
    result = world.rescan()
    assert (result.kind, result.opened, result.changes) == ("rescan", 1, changes(after=2))
    assert len(stated(world)) == len(first)
    again = world.rescan()
    assert (again.kind, again.opened) == (None, 0)


def test_a_declaration_that_is_taken_back_and_made_again_vanishes_and_appears(world: CaseWorld) -> None:
    first = stated(world)
    world.write_toml()
    assert world.rescan().changes == changes(before=1, between=1)
    assert len(stated(world)) == len(first) - 1
    assert world.rescan().kind is None
    world.write_toml(identity=IDENTITY)
    result = world.rescan()
    assert result.changes == changes(after=1, between=1)
    assert stated(world) == first
    again = world.rescan()
    assert (again.kind, again.opened) == (None, 0)


def test_settings_that_are_taken_back_bring_their_findings_back(world: CaseWorld) -> None:
    first = stated(world)
    toml = world.case / "case.toml"
    was = toml.read_text(encoding="utf-8")
    toml.write_text(was.replace("[scan]\n", "[scan]\nradius64 = 0\n"), encoding="utf-8")
    assert world.rescan().changes["vanished"] == 1
    toml.write_text(was, encoding="utf-8")
    assert world.rescan().changes["appeared"] == 1
    assert stated(world) == first
    assert world.rescan().kind is None


def test_a_file_that_leaves_one_dataset_and_stays_in_another_is_stated_of_that_one(world: CaseWorld) -> None:
    (world.root / "e").mkdir()
    shutil.copy(world.data / "a.parquet", world.root / "e" / "same.parquet")
    world.write_toml(identity=IDENTITY, dataset=OTHER)
    assert world.rescan().findings == 0
    (world.data / "a.parquet").unlink()
    result = world.rescan()
    assert result.changes == changes(between=2)
    assert result.package is not None
    assert {line["after"]["row"]["dataset"] for line in records(result.package, "changes")} == {"other"}
    assert {(dataset, shard) for _, dataset, shard in stated(world)} == {
        ("coyo", "b.parquet"),
        ("other", "same.parquet"),
    }
    assert world.rescan().kind is None


def test_a_renamed_and_an_edited_picture_are_exported_with_the_findings_of_each(world: CaseWorld) -> None:
    (world.works / "work-0.png").rename(world.works / "renamed.png")
    with Image.open(world.works / "work-1.png") as picture:
        edited = picture.crop((2, 2, 318, 238))
    edited.save(world.works / "work-1.png")  # another work now, at the path of the one that a package speaks of
    assert world.rescan().kind == "rescan"
    with tempfile.TemporaryDirectory() as folder:
        whole = merge(open_chain(world.case), Path(folder))
        portfolio = list(whole.records("portfolio"))
        matches = list(whole.records("matches"))
    works = [line["work_id"] for line in portfolio]
    assert len(works) == len(set(works))
    assert {match["work_id"] for match in matches} - {None} <= set(works)
    assert [line["files"] for line in portfolio].count(["works/work-1.png"]) == 2
    assert ["works/renamed.png"] in [line["files"] for line in portfolio]
    assert export_case(world.case, "html")


def test_the_same_new_file_in_two_datasets_is_compared_and_stated_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_here(monkeypatch)
    world = make_case(tmp_path)
    (world.root / "e").mkdir()
    shutil.copy(world.data / "a.parquet", world.root / "e" / "same.parquet")
    world.write_toml(dataset=OTHER)
    result = world.rescan()
    assert (result.findings, result.rows_scanned) == (2, 240)
    assert world.rescan().kind is None
    (world.data / "a.parquet").unlink()
    assert world.rescan().changes == changes(between=1)
