"""Killed workers, killed scans, Ctrl-C, two at once, files that change: the same bytes in the end, and nobody waits for ever."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from integration_world import Ran, Run, command, environment, records
from PIL import Image
from small_world import (
    COPIED,
    NAMES,
    SEEDS,
    Scanned,
    assert_clear,
    assert_sound,
    copy_bytes,
    copy_hash,
    coyo,
    write_works,
)

from scanner.artwork import artwork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")

FILES = ("matches", "negatives", "coverage", "portfolio")
PICTURES = 180


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Works, and three shards that take some seconds: two of hashes, one of pictures."""
    folder = tmp_path_factory.mktemp("place")
    write_works(folder / "works")
    (folder / "d").mkdir()
    for name in ("a", "c"):
        pq.write_table(coyo(6000, {5000: {"image_phash": copy_hash()}}).replace_schema_metadata({"shard": name}), folder / "d" / f"{name}.parquet", row_group_size=500)  # fmt: skip
    strangers = [stranger(number) for number in range(6)]
    with tarfile.open(folder / "d" / "b.tar", "w") as archive:
        for number in range(PICTURES):
            content = copy_bytes(SEEDS[number % 3]) if number % 60 == 7 else strangers[number % 6]
            member = tarfile.TarInfo(f"{number:05d}.jpg")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return folder


def stranger(seed: int) -> bytes:
    stream = io.BytesIO()
    artwork(50 + seed, (640, 480)).resize((1600, 1200), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def arguments_of(place: Path, out: Path, workers: int = 2) -> list[str | Path]:
    return ["scan", place / "works", "--dataset", place / "d", "--variants", "fast", "--workers", str(workers), "--out", out]  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(place: Path) -> Path:
    """The package of a scan that nobody disturbed."""
    out = place / "undisturbed"
    done = subprocess.run(command(arguments_of(place, out)), capture_output=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    found = {(one["row"]["shard"], one["row"]["row_number"]) for one in records(out, "matches")}
    assert found == {("a.parquet", 5000), ("c.parquet", 5000)} | {("b.tar", row) for row in range(7, PICTURES, 60)}
    return out


class Running:
    """A scan in a process group of its own."""

    def __init__(self, arguments: list[str | Path]) -> None:
        self.process = subprocess.Popen(
            command(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )

    def workers(self) -> list[int]:
        """Its worker processes."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, IndexError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and b"spawn_main" in (stat.parent / "cmdline").read_bytes():
                    found.append(int(stat.parent.name))
        return found

    def group(self) -> list[int]:
        """All living processes of its group."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, IndexError):
                state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
                if int(group) == self.process.pid and state != "Z":
                    found.append(int(stat.parent.name))
        return found

    def until(self, moment: Callable[[], bool], timeout_s: float = 900) -> bool:
        """Wait for a moment; False when the scan ended before it."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            if moment():
                return True
            time.sleep(0.005)
        pytest.fail("the moment never came")

    def ended(self, timeout_s: float = 900) -> Ran:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=timeout_s)
        return Ran(self.process.returncode, out.decode(), err.decode())

    def leaves_nobody(self) -> bool:
        """Whether all its processes go with it."""
        end = time.monotonic() + 600
        while time.monotonic() < end and self.group():
            time.sleep(0.05)
        return not self.group()


def finished(out: Path) -> int:
    """Parts of shards that the record holds as finished."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{out}.partial/ledger.sqlite?mode=ro", uri=True)) as ledger:
            return int(ledger.execute("SELECT count(*) FROM outcomes").fetchone()[0])
    except sqlite3.Error:
        return 0


def digested(out: Path) -> int:
    """Shards whose digest the record holds."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{out}.partial/ledger.sqlite?mode=ro", uri=True)) as ledger:
            return int(ledger.execute("SELECT count(*) FROM digests").fetchone()[0])
    except sqlite3.Error:
        return 0


def assert_same(one: Path, other: Path) -> None:
    for name in FILES:
        assert (one / "data" / f"{name}.jsonl").read_bytes() == (other / "data" / f"{name}.jsonl").read_bytes(), name
    for folder in ("rows", "renditions", "thumbnails"):
        files = {path.name: path.read_bytes() for path in (one / "data" / folder).iterdir()}
        assert files == {path.name: path.read_bytes() for path in (other / "data" / folder).iterdir()}, folder
    assert_sound(other)


@pytest.mark.parametrize("moment", ["first task", "comparing"])
def test_a_killed_worker_costs_nothing(place: Path, undisturbed: Path, tmp_path: Path, moment: str) -> None:
    out = tmp_path / "out"
    running = Running(arguments_of(place, out))
    if moment == "first task":
        assert running.until(lambda: bool(running.workers()))
    else:
        assert running.until(lambda: digested(out) == 3 and bool(running.workers()))
    os.kill(running.workers()[0], signal.SIGKILL)
    ran = running.ended()
    assert ran.code == 0, ran.err
    assert_clear(ran)
    assert_same(undisturbed, out)
    assert running.leaves_nobody()


def readers(running: Running, shard: Path) -> Iterator[int]:
    """Workers that have the shard open."""
    for worker in running.workers():
        with contextlib.suppress(OSError):
            links = [str(link.readlink()) for link in Path(f"/proc/{worker}/fd").iterdir()]
            if str(shard) in links:
                yield worker


def test_a_shard_that_kills_whoever_reads_it_is_a_gap_and_the_rest_is_scanned(
    place: Path, undisturbed: Path, provscan: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = Running(arguments_of(place, out))
    poison = place / "d" / "b.tar"
    killed = 0
    assert running.until(lambda: digested(out) == 3)
    while running.process.poll() is None:
        for worker in readers(running, poison):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
                killed += 1
        time.sleep(0.002)
    ran = running.ended()
    assert killed >= 2
    assert ran.code == 3, ran.err
    assert_clear(ran)
    assert_sound(out)
    scanned = Scanned(ran, out)
    assert scanned.reasons == {"b.tar": "a worker process ended twice while reading it"}
    assert scanned.found == {(f"{name}.parquet", 5000, NAMES[COPIED]) for name in "ac"}
    again = provscan(*arguments_of(place, out))
    assert again.code == 0, again.err
    assert_same(undisturbed, out)


def test_kill_9_at_any_moment_many_times_in_a_row_changes_no_byte(
    place: Path, undisturbed: Path, provscan: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    chosen = random.Random(11)
    moments: list[Callable[[], bool]] = [
        lambda: out.with_name("out.partial").exists(),
        lambda: digested(out) >= 1,
        lambda: digested(out) == 3,
        lambda: finished(out) >= 1,
        lambda: finished(out) >= 2,
        lambda: finished(out) >= 3,
        lambda: finished(out) >= 3,
        lambda: bool(list(tmp_path.glob("*out*.tmp*")) + list(tmp_path.glob(".*"))) or finished(out) >= 3,
    ]
    for moment in moments:
        running = Running(arguments_of(place, out))
        if running.until(moment):
            time.sleep(chosen.random() * 0.3)
        running.process.kill()
        running.ended()
        assert running.leaves_nobody()
        if out.exists():
            break
    if not out.exists():
        assert finished(out) == 3
        assert provscan(*arguments_of(place, out)).code == 0
    assert_same(undisturbed, out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_ctrl_c_at_any_moment_says_how_to_go_on(place: Path, undisturbed: Path, provscan: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    moments: list[Callable[[Running], bool]] = [
        lambda running: bool(running.workers()),
        lambda running: digested(out) >= 1 and bool(running.workers()),
        lambda running: finished(out) >= 1,
        lambda running: finished(out) >= 3,
    ]
    for moment in moments:
        running = Running(arguments_of(place, out))
        reached = running.until(lambda wait=moment, scan=running: wait(scan))  # type: ignore[misc]
        os.killpg(running.process.pid, signal.SIGINT)  # a terminal sends Ctrl-C to the whole group
        ran = running.ended()
        assert running.leaves_nobody()
        if out.exists():
            break
        assert reached
        assert (ran.code, ran.out) == (3, "")
        assert_clear(ran)
        assert "the same command goes on" in ran.err
    if not out.exists():
        assert provscan(*arguments_of(place, out)).code == 0
    assert_same(undisturbed, out)


def test_two_scans_of_one_place_do_not_meet(place: Path, undisturbed: Path, provscan: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    running = Running(arguments_of(place, out))
    assert running.until(lambda: digested(out) >= 1)
    second = provscan(*arguments_of(place, out))
    assert (second.code, second.out) == (3, "")
    assert "another scan is at work in out.partial" in second.err
    assert running.ended().code == 0
    assert_same(undisturbed, out)


@pytest.mark.parametrize("shard", ["a.parquet", "b.tar"])
def test_a_shard_that_changes_during_the_scan_is_a_gap_until_it_rests(
    place: Path, provscan: Run, tmp_path: Path, shard: str
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "works").symlink_to(place / "works")
    (copy / "d").mkdir()
    for path in (place / "d").iterdir():
        (copy / "d" / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "out"
    running = Running(arguments_of(copy, out, workers=1))
    # The pictures of b.tar, some seconds of work, are still to come: a.parquet may be compared already, but is read once more.
    assert running.until(lambda: digested(out) == 2)
    with (copy / "d" / shard).open("ab") as file:
        file.write(b"more")
    ran = running.ended()
    assert ran.code == 3, ran.err
    assert_clear(ran)
    (copy / "d" / shard).write_bytes((place / "d" / shard).read_bytes())
    again = provscan(*arguments_of(copy, out, workers=1))
    assert again.code == 0, again.err
    assert_sound(out)
    assert len(records(out, "matches")) == 2 + len(range(7, PICTURES, 60))
