"""``provscan index build`` as a user runs it: what a scan finds in the dataset, a scan finds in its index, as leads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from integration_world import Ran, Run, command, environment, manifest, records

from manifests.verifying.matches import column_fault

if TYPE_CHECKING:
    from scanner.demo import DemoWorld

Found = set[tuple[object, ...]]
BUILT = ("coyo-demo", "img2dataset-demo")


@pytest.fixture(scope="module")
def indexes(world: DemoWorld, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The indexes of the demonstration's datasets."""
    folder = tmp_path_factory.mktemp("indexes")
    made = {name: folder / f"{name}.hashindex" for name in BUILT}
    for name, path in made.items():
        arguments = ["index", "build", f"{name}={world.datasets[name]}", "--out", path, "--quiet"]
        subprocess.run(command(arguments), capture_output=True, env=environment(), check=True)
    return made


def scanned(provscan: Run, world: DemoWorld, out: Path, sources: dict[str, Path], *more: str) -> Ran:
    datasets = [f"--dataset={name}={path}" for name, path in sources.items()]
    ran = provscan("scan", world.works, *datasets, "--out", out, "--json", "--quiet", *more)
    assert ran.code == 0, ran.err
    return ran


def near(package: Path) -> Found:
    """Every near fingerprint: work, row of the dataset, metric, bits, look of the work."""
    rows = {}
    for path in (package / "data" / "rows").glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            record = json.loads(line)
            cells = {name: value for name, _, value in record["values"]}
            rows[path.stem, record["row_number"]] = int(cells.get("row", record["row_number"]))
    return {
        (
            match["work_file"],
            match["row"]["dataset"],
            rows[match["row"]["shard_id"][7:23], match["row"]["row_number"]],
            match["row"]["key"],
            entry["metric"],
            entry["value"],
            entry["variant"],
            match["expected_chance_matches"],
        )
        for match in records(package, "matches")
        for entry in match["basis"]
        if entry["kind"] == "fingerprint_near"
    }


def test_the_index_gives_the_matches_of_the_dataset_as_leads(
    provscan: Run, world: DemoWorld, indexes: dict[str, Path], tmp_path: Path
) -> None:
    scanned(provscan, world, tmp_path / "whole", {name: world.datasets[name] for name in BUILT})
    ran = scanned(provscan, world, tmp_path / "indexed", indexes)
    found = near(tmp_path / "indexed")
    assert len(found) >= 8
    assert found == near(tmp_path / "whole")
    assert {tier for tier, count in ran.json["findings_by_tier"].items() if count} == {"fingerprint_lead"}
    for match in records(tmp_path / "indexed", "matches"):
        assert match["grade"] == "D"
        assert "index_hash" in match["caveats"]
        assert all(entry["source_of_hash"] == "index" for entry in match["basis"])
    assert provscan("verify", tmp_path / "indexed").code == 0


def test_the_pictures_confirm_the_lead_in_the_same_scan(
    provscan: Run, world: DemoWorld, indexes: dict[str, Path], tmp_path: Path
) -> None:
    both = {"idx": indexes["img2dataset-demo"], "pictures": world.datasets["img2dataset-demo"]}
    scanned(provscan, world, tmp_path / "out", both, "--variants", "fast")
    matches = records(tmp_path / "out", "matches")
    confirmed = {
        (match["work_id"], match["row"]["shard_id"], str(match["row"]["row_number"]))
        for match in matches
        if match["tier"] == "packaged_image"
    }
    origins = [
        (match["work_id"], detail["indexed_shard_id"], detail["indexed_row"])
        for match in matches
        if match["tier"] == "fingerprint_lead"
        for detail in [match["basis"][0]["detail"]]
    ]
    assert origins
    assert set(origins) <= confirmed


@pytest.mark.parametrize("forged", ["row_value", "indexed_row", "indexed_shard_id", "indexed_source"])
def test_a_lead_that_names_another_row_or_hash_than_the_index_is_refused(
    provscan: Run, world: DemoWorld, indexes: dict[str, Path], tmp_path: Path, forged: str
) -> None:
    scanned(provscan, world, tmp_path / "out", {"coyo": indexes["coyo-demo"]}, "--variants", "fast")
    match = records(tmp_path / "out", "matches")[0]
    rows = next((tmp_path / "out" / "data" / "rows").glob("*.jsonl")).read_bytes().splitlines()
    row = next(kept for kept in map(json.loads, rows) if kept["row_number"] == match["row"]["row_number"])
    entry: dict[str, Any] = match["basis"][0]
    assert column_fault(entry, row) is None
    if forged == "row_value":
        entry["row_value"] = "phash64:" + "0" * 16
    else:
        entry["detail"][forged] = "1"
    assert column_fault(entry, row)


def test_any_number_of_workers_builds_the_same_bytes(
    provscan: Run, world: DemoWorld, indexes: dict[str, Path], tmp_path: Path
) -> None:
    for workers in ("1", "3"):
        for name, path in indexes.items():
            out = tmp_path / f"{name}-{workers}"
            source = f"{name}={world.datasets[name]}"
            ran = provscan("index", "build", source, "--out", out, "--workers", workers, "--json")
            assert ran.code == 0, ran.err
            assert out.read_bytes() == path.read_bytes()
            assert not out.with_name(out.name + ".partial").exists()
            assert ran.json["index_sha256"]
            assert ran.json["rows"] == ran.json["pictures"] + ran.json["published"]


def many_tars(world: DemoWorld, folder: Path, count: int = 8) -> Path:
    """The demonstration's tar several times, each with another name inside: shards that differ."""
    folder.mkdir()
    source = next(world.datasets["img2dataset-demo"].glob("*.tar"))
    for number in range(count):
        with tarfile.open(source) as tar, tarfile.open(folder / f"{number:05}.tar", "w") as copy:
            for member in tar.getmembers():
                content = tar.extractfile(member)
                member.name = f"{number}{member.name}"
                copy.addfile(member, content)
    return folder


def test_a_killed_build_resumes_to_the_same_bytes(provscan: Run, world: DemoWorld, tmp_path: Path) -> None:
    dataset = many_tars(world, tmp_path / "tars")
    arguments = ["index", "build", dataset, "--workers", "1", "--quiet", "--out"]
    assert provscan(*arguments, tmp_path / "whole").code == 0
    out = tmp_path / "killed"
    kept: set[str] = set()
    for least in (1, 3):
        running = subprocess.Popen(command([*arguments, out]), stderr=subprocess.DEVNULL, env=environment())
        outcomes = out.with_name("killed.partial") / "outcomes"
        until = time.monotonic() + 300
        while len(finished(outcomes)) < least and running.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        running.kill()
        running.wait()
        if out.exists():  # a starved test: it was faster than the kill
            break
        assert kept <= finished(outcomes)
        kept = finished(outcomes)
        assert len(kept) >= least
    if not out.exists():
        resumed = provscan(*arguments, out)
        assert resumed.code == 0, resumed.err
    assert out.read_bytes() == (tmp_path / "whole").read_bytes()
    assert not out.with_name("killed.partial").exists()


def finished(outcomes: Path) -> set[str]:
    return {path.name for path in outcomes.glob("*") if path.suffix != ".tmp"} if outcomes.is_dir() else set()


def test_a_damaged_shard_is_a_gap_that_the_same_command_closes(provscan: Run, world: DemoWorld, tmp_path: Path) -> None:
    dataset = many_tars(world, tmp_path / "tars", 3)
    good = (dataset / "00001.tar").read_bytes()
    assert provscan("index", "build", dataset, "--out", tmp_path / "whole", "--quiet").code == 0
    (dataset / "00001.tar").write_bytes(good[: len(good) // 2])
    arguments = ["index", "build", dataset, "--out", tmp_path / "i", "--json", "--quiet"]
    ran = provscan(*arguments)
    assert ran.code == 3
    assert ran.json["shards"] == {"scanned": 2, "skipped": 0, "failed": 1}
    said = provscan("datasets", "inspect", tmp_path / "i").out
    assert "not, or not wholly, in this index: 00001.tar" in said
    (dataset / "00001.tar").write_bytes(good)
    again = provscan(*arguments)
    assert again.code == 0, again.err
    assert (tmp_path / "i").read_bytes() == (tmp_path / "whole").read_bytes()
    assert (tmp_path / "i.incomplete-1").is_file()
    assert not (tmp_path / "i.partial").exists()


def test_a_damaged_index_is_a_named_gap_of_the_scan(
    provscan: Run, world: DemoWorld, indexes: dict[str, Path], tmp_path: Path
) -> None:
    content = indexes["coyo-demo"].read_bytes()
    (tmp_path / "cut.hashindex").write_bytes(content[: len(content) // 2])
    (tmp_path / "flipped.hashindex").write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    for name in ("cut", "flipped"):
        source = f"{name}={tmp_path / f'{name}.hashindex'}"
        arguments = ["scan", world.works, "--dataset", source, "--variants", "fast", "--out", tmp_path / name]
        ran = provscan(*arguments, "--json", "--quiet")
        assert ran.code == 3
        assert "Traceback" not in ran.err
        (line,) = records(tmp_path / name, "coverage")
        assert line["status"] == "failed"
        assert f"{name}.hashindex" in line["reason"]
        assert "incomplete" in manifest(tmp_path / name)["limitations"]


def test_what_makes_no_sense_is_said_and_nothing_is_written(
    provscan: Run, world: DemoWorld, indexes: dict[str, Path], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    shutil.copy(indexes["coyo-demo"], taken)
    before = taken.read_bytes()
    for arguments, said in (
        ((indexes["coyo-demo"], "--out", tmp_path / "i"), "is an index already"),
        ((world.datasets["laion-demo"], "--out", tmp_path / "i"), "neither pictures nor published"),
        ((tmp_path / "nowhere", "--out", tmp_path / "i"), "nowhere"),
        ((world.datasets["coyo-demo"], "--out", taken), "never overwritten"),
        ((world.datasets["coyo-demo"], "--out", tmp_path), "exists already"),
        ((world.datasets["coyo-demo"],), "--out"),
    ):
        ran = provscan("index", "build", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
    assert taken.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits of POSIX")
def test_a_full_disk_is_said_and_the_same_command_goes_on(
    world: DemoWorld, indexes: dict[str, Path], provscan: Run, tmp_path: Path
) -> None:
    arguments = ["index", "build", f"coyo-demo={world.datasets['coyo-demo']}", "--out", tmp_path / "i", "--quiet"]
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (72_000, 72_000)); "
    interpreter, flag, start, *rest = command(arguments)
    ran = subprocess.run(
        [interpreter, flag, limited + start, *rest], capture_output=True, env=environment(), check=False
    )
    assert ran.returncode == 3
    assert b"Free some disk space" in ran.stderr
    assert b"Traceback" not in ran.stderr
    assert not (tmp_path / "i").exists()
    assert provscan(*arguments).code == 0
    assert (tmp_path / "i").read_bytes() == indexes["coyo-demo"].read_bytes()
