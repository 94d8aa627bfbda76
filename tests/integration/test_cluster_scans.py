"""Scans on a real Dask cluster: killed workers, a shard that kills them, a lost scheduler; the bytes of a scan on one computer."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from integration_world import Run, command, environment, records
from PIL import Image
from small_world import COPIED, assert_sound, copy_bytes, copy_hash, coyo, write_works

from scanner.artwork import artwork

pytest.importorskip("distributed", reason="the extra cluster is not installed")
from dask_cluster import DaskCluster, wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")

PICTURES = 60
SAME = ("matches", "negatives", "coverage", "portfolio")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Works, two shards of hashes and one of pictures that takes a while, and the package of a scan on this computer alone."""
    folder = tmp_path_factory.mktemp("place")
    write_works(folder / "works")
    (folder / "d").mkdir()
    for name in ("a", "c"):
        table = coyo(3000, {2500: {"image_phash": copy_hash()}}).replace_schema_metadata({"shard": name})
        pq.write_table(table, folder / "d" / f"{name}.parquet", row_group_size=500)
    stream = io.BytesIO()
    artwork(50, (640, 480)).resize((1600, 1200), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    with tarfile.open(folder / "d" / "b.tar", "w") as archive:
        for number in range(PICTURES):
            content = copy_bytes(COPIED) if number == 7 else stream.getvalue()
            member = tarfile.TarInfo(f"{number:05d}.jpg")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    done = subprocess.run(
        command(arguments(folder, folder / "alone")), capture_output=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def arguments(place: Path, out: Path, *options: str) -> list[str | Path]:
    return ["scan", place / "works", "--dataset", place / "d", "--variants", "fast", "--workers", "1", "--out", out, *options]  # fmt: skip


def start(place: Path, out: Path, cluster: DaskCluster) -> subprocess.Popen[bytes]:
    words = command(arguments(place, out, "--cluster", cluster.address))
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())


def counted(out: Path, table: str) -> int:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{out}.partial/ledger.sqlite?mode=ro", uri=True)) as ledger:
            return int(ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.Error:
        return 0


def readers(cluster: DaskCluster, path: Path) -> list[int]:
    """Worker processes that have ``path`` open."""
    found = []
    for worker in cluster.worker_processes():
        with contextlib.suppress(OSError):
            if str(path) in {str(link.readlink()) for link in Path(f"/proc/{worker}/fd").iterdir()}:
                found.append(worker)
    return found


def assert_same(one: Path, other: Path) -> None:
    for name in SAME:
        assert (one / "data" / f"{name}.jsonl").read_bytes() == (other / "data" / f"{name}.jsonl").read_bytes(), name
    for folder in ("rows", "renditions", "thumbnails"):
        files = {path.name: path.read_bytes() for path in (one / "data" / folder).iterdir()}
        assert files == {path.name: path.read_bytes() for path in (other / "data" / folder).iterdir()}, folder
    assert_sound(other)


def test_a_worker_killed_in_mid_shard_and_a_scheduler_killed_and_restarted_change_no_byte(
    place: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with DaskCluster(tmp_path / "first") as cluster:
        running = start(place, out, cluster)
        reading: list[int] = []
        wait_until(
            lambda: reading.extend(readers(cluster, place / "d" / "b.tar")) or reading or running.poll() is not None
        )
        os.kill(reading[0], signal.SIGKILL)
        wait_until(lambda: counted(out, "outcomes") >= 1)
        cluster.kill_scheduler()
        said = running.communicate(timeout=900)[1].decode()
        assert (running.returncode, out.exists()) == (3, False), said
        assert "the same command goes on from here" in said
        assert "Traceback" not in said
    finished = counted(out, "outcomes")
    with DaskCluster(tmp_path / "second", port=cluster.port) as restarted:
        again = start(place, out, restarted)
        said = again.communicate(timeout=900)[1].decode()
        assert again.returncode == 0, said
    assert 1 <= finished < 3
    assert_same(place / "alone", out)


def test_a_shard_that_kills_its_workers_is_a_gap_and_the_rest_is_scanned(
    place: Path, provscan: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    killed = 0
    with DaskCluster(tmp_path / "cluster") as cluster:
        running = start(place, out, cluster)
        wait_until(lambda: counted(out, "digests") == 3 or running.poll() is not None)
        while running.poll() is None:
            for worker in readers(cluster, place / "d" / "b.tar"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    killed += 1
            time.sleep(0.002)
        said = running.communicate()[1].decode()
        assert running.returncode == 3, said
        assert "Traceback" not in said
    assert killed >= 2
    assert_sound(out)
    reasons = {line["shard"]: line["reason"] for line in records(out, "coverage") if line["status"] != "scanned"}
    assert reasons == {"b.tar": "a worker process ended twice while reading it"}
    found = {(one["row"]["shard"], one["row"]["row_number"]) for one in records(out, "matches")}
    assert found == {("a.parquet", 2500), ("c.parquet", 2500)}
    completed = provscan(*arguments(place, out))  # on this computer, from what the cluster finished
    assert completed.code == 0, completed.err
    assert_same(place / "alone", out)
