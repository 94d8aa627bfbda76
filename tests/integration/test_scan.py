"""``provscan scan`` as a user runs it: what is planted is found, nothing else is claimed, and nothing is lost when it stops."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from integration_world import Run, command, environment, manifest, records

from scanner.demo import IN_COYO, IN_SHARD, DemoWorld

DETERMINISTIC = ("matches", "negatives", "coverage", "portfolio")


def scan_arguments(world: DemoWorld, out: Path, *more: str) -> list[str | Path]:
    datasets = [f"--dataset={name}={path}" for name, path in world.datasets.items()]
    return ["scan", world.works, *datasets, "--identity", world.identity, "--out", out, *more]


@pytest.fixture(scope="session")
def package(world: DemoWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished package of the whole world."""
    out = tmp_path_factory.mktemp("package") / "result"
    done = subprocess.run(command(scan_arguments(world, out)), capture_output=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr.decode()
    return out


def test_what_was_planted_is_found_and_nothing_else(package: Path) -> None:
    tiers = Counter(record["tier"] for record in records(package, "matches"))
    assert tiers == {
        "packaged_image": len(IN_SHARD),
        "compiler_fingerprint": len(IN_COYO),
        "url_listed": 1,
        "asset_listed": 1,
        "host_listed": 1,
        "caption_names": 1,
    }


def test_every_work_is_accounted_for(package: Path) -> None:
    works = {record["work_id"] for record in records(package, "portfolio")}
    found = {record["work_id"] for record in records(package, "matches")} - {None}
    without = {record["work_id"] for record in records(package, "negatives")}
    assert found | without == works
    assert not found & without


def test_the_package_verifies_with_both_commands(package: Path, provscan: Run) -> None:
    assert provscan("verify", package).code == 0
    bare = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); import runpy; sys.argv = ['manifests', 'verify', {str(package)!r}]; runpy.run_module('manifests', run_name='__main__')",
    ]
    assert subprocess.run(bare, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("workers", ["1", "3"])
def test_any_number_of_workers_gives_the_same_bytes(
    package: Path, world: DemoWorld, provscan: Run, tmp_path: Path, workers: str
) -> None:
    assert provscan(*scan_arguments(world, tmp_path / "again", "--workers", workers)).code == 0
    assert same_evidence(package, tmp_path / "again")


def same_evidence(one: Path, other: Path) -> bool:
    for name in DETERMINISTIC:
        assert (one / "data" / f"{name}.jsonl").read_bytes() == (other / "data" / f"{name}.jsonl").read_bytes(), name
    for folder in ("rows", "renditions", "thumbnails", "schema"):
        files = {path.name: path.read_bytes() for path in (one / "data" / folder).iterdir()}
        assert files == {path.name: path.read_bytes() for path in (other / "data" / folder).iterdir()}, folder
    ours, theirs = manifest(one), manifest(other)
    assert ours.pop("run") != theirs.pop("run")
    return bool(ours == theirs)


def test_json_is_one_object_and_the_exit_code_tells_of_findings(
    world: DemoWorld, provscan: Run, tmp_path: Path
) -> None:
    ran = provscan(*scan_arguments(world, tmp_path / "out", "--json", "--quiet", "--exit-code"))
    assert ran.code == 10
    assert ran.json["schema"] == "provscan.scan/1"
    assert ran.json["works"] == 12
    assert ran.json["findings"] == sum(ran.json["findings_by_tier"].values())
    assert ran.json["shards"] == {"scanned": 4, "skipped": 0, "failed": 0}
    assert ran.json["manifest_sha256"]
    assert isinstance(ran.json["comparisons"], str)
    assert not (tmp_path / "out.partial").exists()


def test_a_finished_package_is_never_overwritten(package: Path, world: DemoWorld, provscan: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*")}
    ran = provscan(*scan_arguments(world, package))
    assert (ran.code, ran.out) == (2, "")
    assert "finished package" in ran.err
    assert before == {path: path.stat().st_mtime_ns for path in package.rglob("*")}


def test_no_path_of_this_machine_stands_in_a_package(package: Path, world: DemoWorld) -> None:
    home = str(world.works.parent.parent.parent)
    for path in package.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert home.encode() not in content, path
            assert os.uname().nodename.encode() not in content if len(os.uname().nodename) > 6 else True, path


def damaged_copy(world: DemoWorld, folder: Path) -> Path:
    source = next(world.datasets["coyo-demo"].glob("*.parquet"))
    folder.mkdir()
    table = pq.read_table(source)
    pq.write_table(table, folder / "a.parquet", row_group_size=1000)
    content = bytearray((folder / "a.parquet").read_bytes())
    pq.write_table(table.slice(0, 3000), folder / "b.parquet")
    (folder / "a.parquet").write_bytes(content[: len(content) // 2])
    return folder


def test_a_damaged_shard_is_a_named_gap_and_the_rest_is_scanned_then_completed(
    world: DemoWorld, provscan: Run, tmp_path: Path
) -> None:
    folder = damaged_copy(world, tmp_path / "shards")
    arguments: list[str | Path] = [
        "scan",
        world.works,
        f"--dataset=coyo={folder}",
        "--variants",
        "fast",
        "--out",
        tmp_path / "out",
    ]
    ran = provscan(*arguments, "--json")
    assert ran.code == 3
    assert ran.json["shards"] == {"scanned": 1, "skipped": 0, "failed": 1}
    assert "incomplete" in manifest(tmp_path / "out")["limitations"]
    failed = next(line for line in records(tmp_path / "out", "coverage") if line["status"] == "failed")
    assert failed["shard"] == "a.parquet"
    assert failed["reason"]
    assert provscan("verify", tmp_path / "out").code == 0
    shutil.copy(next(world.datasets["coyo-demo"].glob("*.parquet")), folder / "a.parquet")
    again = provscan(*arguments, "--json")
    assert again.code == 0, again.err
    assert again.json["shards"] == {"scanned": 2, "skipped": 0, "failed": 0}
    assert (tmp_path / "out.incomplete-1" / "tagmanifest-sha256.txt").is_file()
    assert not (tmp_path / "out.partial").exists()


def test_a_shard_given_twice_is_scanned_once(world: DemoWorld, provscan: Run, tmp_path: Path) -> None:
    source = next(world.datasets["coyo-demo"].glob("*.parquet"))
    shutil.copy(source, tmp_path / "renamed.parquet")
    ran = provscan(
        "scan",
        world.works,
        f"--dataset=one={source}",
        f"--dataset=two={tmp_path / 'renamed.parquet'}",
        "--variants",
        "fast",
        "--out",
        tmp_path / "out",
        "--json",
    )
    assert ran.json["shards"] == {"scanned": 1, "skipped": 1, "failed": 0}
    assert ran.json["rows_scanned"] == pq.read_metadata(source).num_rows
    skipped = next(line for line in records(tmp_path / "out", "coverage") if line["status"] == "skipped")
    assert skipped["dataset"] == "two"
    assert "same file as one/" in skipped["reason"]


def test_an_unknown_file_is_an_error_that_shows_its_columns(world: DemoWorld, provscan: Run, tmp_path: Path) -> None:
    pq.write_table(pa.table({"colour": ["red"] * 9, "taste": ["sour"] * 9}), tmp_path / "odd.parquet")
    ran = provscan("scan", world.works, "--dataset", tmp_path / "odd.parquet", "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    for word in ("colour", "taste", "red", "--columns"):
        assert word in ran.err
    assert not (tmp_path / "out").exists()


def test_columns_may_be_mapped_by_hand(world: DemoWorld, provscan: Run, tmp_path: Path) -> None:
    table = pq.read_table(next(world.datasets["coyo-demo"].glob("*.parquet")))
    odd = pa.table({"where": table["url"], "fp": table["image_phash"]})
    pq.write_table(odd, tmp_path / "odd.parquet")
    ran = provscan(
        "scan",
        world.works,
        "--dataset",
        tmp_path / "odd.parquet",
        "--columns",
        "url=where,phash64=fp",
        "--variants",
        "fast",
        "--out",
        tmp_path / "out",
        "--json",
    )
    assert ran.code == 0, ran.err
    assert ran.json["findings_by_tier"]["compiler_fingerprint"] == len(IN_COYO)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan", "nowhere", "--dataset", "rows.csv"], "nowhere"),
        (["scan", ".", "--dataset", "nowhere.parquet"], "nowhere.parquet"),
        (["scan", "."], "--dataset"),
        (["scan", ".", "--dataset", "a=x", "--dataset", "a=y"], "two datasets are called a"),
        (["scan", ".", "--dataset", "hf://datasets/a"], "hf://datasets/ORG/NAME"),
        (["scan", ".", "--dataset", "http://data.example/rows.csv"], "http:// is not encrypted"),
        (["scan", ".", "--dataset", ".", "--workers", "0"], "--workers"),
        (["scan", ".", "--dataset", ".", "--columns", "nonsense"], "ROLE=NAME"),
        (["scan", ".", "--dataset", ".", "--config", "nowhere.toml"], "nowhere.toml"),
        (["scan", ".", "--dataset", "rows.csv", "--allow-network", "nonsense"], "--allow-network"),
        (["export", "nowhere", "--format", "csv"], "nowhere"),
        (["show", "nowhere"], "nowhere"),
        (["hash", "nowhere.png"], "nowhere.png"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_a_command_that_makes_no_sense_says_why_and_prints_nothing(
    provscan: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "rows.csv").write_text("url,caption\nhttps://a.example/b.jpg,a boat\n", encoding="utf-8")
    ran = provscan(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_dry_run_compares_and_writes_nothing(world: DemoWorld, provscan: Run, tmp_path: Path) -> None:
    ran = provscan(*scan_arguments(world, tmp_path / "out", "--dry-run", "--json"))
    assert ran.code == 0
    plan: dict[str, Any] = ran.json
    assert plan["works"] == 12
    assert {shard["dataset"] for shard in plan["shards"]} == set(world.datasets)
    assert next(shard for shard in plan["shards"] if shard["dataset"] == "coyo-demo")["compared"] == [
        "caption",
        "phash64",
        "url",
    ]
    assert list(tmp_path.iterdir()) == []
