"""An index of what a list of addresses returns: built politely, resumed, scanned like any other, never more than a lead."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from fetch_world import picture
from hostile_server import HostileServer, answer
from integration_world import Ran, command, environment, records
from small_world import copy_bytes, work_bytes

if TYPE_CHECKING:
    from pathlib import Path


def run(arguments: list[str | Path], cwd: Path) -> Ran:
    done = subprocess.run(command(arguments), capture_output=True, cwd=cwd, env=environment(), check=False, timeout=900)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_an_index_holds_what_the_addresses_returned_and_is_completed_by_the_same_command(tmp_path: Path) -> None:
    with HostileServer() as server:
        bodies = [picture(0), copy_bytes(0), b"<html>no</html>", picture(3)]
        for number, body in enumerate(bodies):
            server.says(f"/{number}", answer(body))
        lines = ["url,nsfw", *(f"{server.url(f'/{number}')},{'NSFW' if number == 3 else ''}" for number in range(4))]
        (tmp_path / "listed.csv").write_text("\n".join([*lines, "not a url,", f"{server.url('/1')},"]) + "\n")
        (tmp_path / "few.toml").write_text("[fetch]\nper_host_per_minute = 100000\nmax_requests = 3\n")
        build: list[str | Path] = [
            "index", "build", f"listed={tmp_path / 'listed.csv'}", "--columns", "url=url,nsfw=nsfw", "--out", tmp_path / "a.hashindex",
            "--workers", "1", "--fetch", "--allow-network", "127.0.0.1/32", "--config", tmp_path / "few.toml", "--json",
        ]  # fmt: skip
        first = run(build, tmp_path)
        assert first.code == 3, first.err
        assert json.loads(first.out)["fetched"]["outcomes"]["over_budget"] == 1
        last = run(build, tmp_path)
        assert last.code == 0, last.err
        assert len(server.asked) == 4  # robots.txt and three addresses, each once
    result = json.loads(last.out)
    assert result["looked"] == 3
    assert result["fetched"]["outcomes"] == {"bad_url": 1, "image": 3, "not_image": 1, "withheld_unsafe": 1}
    table = pq.read_table(tmp_path / "a.hashindex")
    assert table["row"].to_pylist() == [0, 1, 5]
    assert set(table["source"].to_pylist()) == {"live_bytes"}
    assert not (tmp_path / "a.hashindex.partial").exists()

    (tmp_path / "works").mkdir()
    (tmp_path / "works" / "mine.png").write_bytes(work_bytes(0))
    scan: list[str | Path] = [
        "scan", tmp_path / "works", "--dataset", f"listed={tmp_path / 'a.hashindex'}", "--variants", "fast", "--workers", "1",
        "--out", tmp_path / "package",
    ]  # fmt: skip
    scanned = run(scan, tmp_path)
    assert scanned.code == 0, scanned.err
    found = records(tmp_path / "package", "matches")
    assert [each["tier"] for each in found] == ["fingerprint_lead"] * 2
    assert all("index_hash" in each["caveats"] for each in found)
