"""Runs of a case that are killed, meet, find no room or a damaged ledger: what was finished stays, and the end is the same bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from case_world import CaseWorld, make_case
from integration_world import Run, command, environment, records
from small_disk import disk_of
from small_world import assert_clear, assert_sound

from scanner.errors import LedgerError
from scanner.runner.quarantine import DAYS
from scanner.runner.rescanning import RescanRequest, run_rescan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
KILLS = int(
    os.environ.get("PROVSCAN_KILLS", "6")
)  # by hand: PROVSCAN_KILLS=50 pytest tests/integration/test_killed_cases.py
FILES = ("matches", "negatives", "coverage", "portfolio", "changes")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> CaseWorld:
    """A case after its first run, with two new shards and a new work in its folders."""
    world = make_case(tmp_path_factory.mktemp("prepared"))
    world.rescan()
    for seed, name in enumerate(("c.parquet", "d.parquet"), 1):
        world.write_shard(name, seed)
    (world.works / "again.png").write_bytes((world.works / "work-2.png").read_bytes() + b"another file")
    return world


@pytest.fixture(scope="module")
def undisturbed(prepared: CaseWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a second run that nobody disturbed."""
    world = copied(prepared, tmp_path_factory.mktemp("undisturbed"))
    result = world.rescan()
    assert result.findings >= 2
    assert result.package is not None
    return result.package


def copied(world: CaseWorld, target: Path) -> CaseWorld:
    shutil.copytree(world.root, target, dirs_exist_ok=True)
    return CaseWorld(target)


def begun(world: CaseWorld) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(["rescan", world.case, "--quiet"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )


def counted(world: CaseWorld, query: str) -> int:
    try:
        place = f"file:{world.case / 'ledger.sqlite'}?mode=ro"
        with contextlib.closing(sqlite3.connect(place, uri=True)) as ledger:
            return int(ledger.execute(query).fetchone()[0])
    except sqlite3.Error:
        return 0


def killed(world: CaseWorld, moment: Callable[[], bool], after_s: float) -> bool:
    """Begin a run and kill all of it at a moment; False when it ended before."""
    process = begun(world)
    end = time.monotonic() + 600
    while process.poll() is None and not moment() and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(after_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def assert_same(one: Path, other: Path) -> None:
    for name in FILES:
        assert (one / "data" / f"{name}.jsonl").read_bytes() == (other / "data" / f"{name}.jsonl").read_bytes(), name
    assert_sound(other)


def moments(world: CaseWorld) -> list[Callable[[], bool]]:
    """Moments of a run, spread over all that it does."""
    return [
        lambda: True,
        lambda: counted(world, "SELECT count(*) FROM runs WHERE number = 2") == 1,
        lambda: counted(world, "SELECT count(*) FROM compared WHERE run = 2") >= 1,
        lambda: counted(world, "SELECT count(*) FROM compared WHERE run = 2") >= 3,
        lambda: any((world.case / "packages").glob(".*.writing")),
        lambda: counted(world, "SELECT count(*) FROM compared WHERE run = 2") >= 5,
    ]


def test_kill_9_at_random_moments_ends_with_the_same_bytes(
    prepared: CaseWorld, undisturbed: Path, tmp_path: Path
) -> None:
    """Only kills of a run that had its package still to write count; whenever one was written, the case begins from its copy."""
    chosen = random.Random(20261130)
    kills, ends = 0, 0
    world = copied(prepared, tmp_path / "w0")
    for attempt in range(4 * KILLS):
        if kills == KILLS:
            break
        moment = moments(world)[attempt % 6]
        if killed(world, moment, chosen.random() * 0.8) and not sealed(world):
            kills += 1
        elif sealed(world):
            ends += finished_as(undisturbed, world)
            world = copied(prepared, tmp_path / f"w{ends}")
    ends += finished_as(undisturbed, world)
    assert kills >= KILLS // 2
    sys.stderr.write(f"{kills} runs were killed with their work undone; {ends} cases ended with the same bytes\n")


def sealed(world: CaseWorld) -> bool:
    """Whether the second package is there, listed or not yet."""
    return len(list((world.case / "packages").glob("SCAN-*/tagmanifest-sha256.txt"))) == 2


def finished_as(undisturbed: Path, world: CaseWorld) -> int:
    """Go on until nothing is new; the package must be that of the undisturbed run, and nothing else must lie about."""
    assert run_rescan(RescanRequest(folder=world.case)).incomplete == ()
    assert run_rescan(RescanRequest(folder=world.case)).kind is None
    assert len(world.packages) == 2
    assert_same(undisturbed, world.packages[-1])
    left = {path.name for path in (world.case / "packages").iterdir()}
    assert left == {"PACKAGES.txt", *(package.name for package in world.packages)}
    shutil.rmtree(world.root)
    return 1


def test_a_second_run_is_refused_and_told_whose_the_first_is(
    prepared: CaseWorld, provscan: Run, tmp_path: Path
) -> None:
    world = copied(prepared, tmp_path / "w")
    process = begun(world)
    end = time.monotonic() + 600
    while counted(world, "SELECT count(*) FROM runs WHERE number = 2") == 0 and time.monotonic() < end:
        assert process.poll() is None
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGSTOP)  # it cannot be done before the second one asks
    try:
        second = provscan("rescan", world.case)
    finally:
        os.killpg(process.pid, signal.SIGCONT)
    assert (second.code, second.out) == (3, "")
    assert f"another scan is at work in case (process {process.pid}, since 20" in second.err
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, (out, err)
    assert len(world.packages) == 2


def test_a_shard_that_killed_its_workers_in_two_runs_is_quarantined_for_a_week(
    prepared: CaseWorld, tmp_path: Path
) -> None:
    world = copied(prepared, tmp_path / "w")
    first = run_rescan(RescanRequest(folder=world.case))
    assert first.incomplete == ()
    path = world.write_shard("e.parquet", 0)
    shard_id = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    stamp = f"{path.stat().st_size}:{path.stat().st_mtime_ns}"
    record = (str(world.case / "../d/e.parquet"), path.stat().st_size, stamp, shard_id, shard_id[7:])
    died = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with contextlib.closing(sqlite3.connect(world.case / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?)", record)
        ledger.execute("INSERT INTO deaths VALUES (?, 2, 2, ?)", (shard_id, died))
    kept_away = run_rescan(RescanRequest(folder=world.case))
    assert [gap.partition(" in ")[0] for gap in kept_away.incomplete] == [
        "coyo/e.parquet: quarantined: it ended the worker processes that read it"
    ]
    assert kept_away.package is not None
    (line,) = [line for line in records(kept_away.package, "coverage") if line["shard"] == "e.parquet"]
    assert (line["status"], line["rows_scanned"]) == ("failed", 0)
    again = run_rescan(RescanRequest(folder=world.case))
    assert (again.kind, len(again.incomplete)) == (None, 1)
    week = time.gmtime(time.time() - DAYS * 86400 - 60)
    with contextlib.closing(sqlite3.connect(world.case / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE deaths SET last_at = ?", (time.strftime("%Y-%m-%dT%H:%M:%SZ", week),))
    tried = run_rescan(RescanRequest(folder=world.case))
    assert (tried.incomplete, tried.findings) == ((), 1)
    assert counted(world, "SELECT count(*) FROM deaths") == 0


@pytest.mark.parametrize("damage", ["bytes", "newer"])
def test_a_ledger_that_cannot_be_used_is_named_and_packages_stay(
    prepared: CaseWorld, tmp_path: Path, damage: str
) -> None:
    world = copied(prepared, tmp_path / "w")
    ledger = world.case / "ledger.sqlite"
    if damage == "bytes":
        content = bytearray(ledger.read_bytes())
        content[100:6000] = b"\xff" * 5900
        ledger.write_bytes(content)
    else:
        with contextlib.closing(sqlite3.connect(ledger)) as connection, connection:
            connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="damaged" if damage == "bytes" else "newer version"):
        run_rescan(RescanRequest(folder=world.case))
    assert_sound(world.packages[0])


def test_a_case_folder_that_cannot_be_written_is_said(prepared: CaseWorld, provscan: Run, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    world = copied(prepared, tmp_path / "w")
    world.case.chmod(0o555)
    try:
        ran = provscan("rescan", world.case)
    finally:
        world.case.chmod(0o755)
    assert (ran.code, ran.out) == (3, "")
    assert_clear(ran)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB."""
    with disk_of("40m", tmp_path / "disk") as place:
        yield place


def test_a_full_disk_costs_nothing_that_was_finished(
    prepared: CaseWorld, undisturbed: Path, provscan: Run, small_disk: Path
) -> None:
    world = copied(prepared, small_disk)
    ballast = small_disk / "ballast"
    for free_kib in (0, 150):
        ballast.unlink(missing_ok=True)
        with ballast.open("wb") as file:
            file.write(bytes(max(shutil.disk_usage(small_disk).free - (free_kib << 10), 0)))
        full = provscan("rescan", world.case, "--quiet")
        assert (full.code, full.out) == (3, ""), full
        assert_clear(full)
        assert len(world.packages) == 1
    ballast.unlink()
    assert provscan("rescan", world.case).code == 0
    assert_same(undisturbed, world.packages[-1])
