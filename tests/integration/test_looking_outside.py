"""Every row's address looked at: planned first, resumed after a kill with nothing asked twice, incomplete when a budget ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from fetch_world import picture
from hostile_server import HostileServer, answer
from integration_world import Ran, command, environment, records
from small_world import assert_sound, copy_bytes, work_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from hostile_server import Asked, Said

pytest.importorskip("warcio")
NUMBER = 30
COPIES = (4, 17)


def settings(**changes: Any) -> str:
    values = {"contact": '"test@example.org"', "archives": "false", "per_host_per_minute": 100_000, **changes}
    return "[fetch]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        for number in range(NUMBER):
            body = copy_bytes(0) if number in COPIES else picture(number)
            server.says(f"/{number}.jpg", answer(body))
        yield server


@pytest.fixture
def world(tmp_path: Path, server: HostileServer) -> list[str | Path]:
    """A list of addresses without any hash, two of which return a copy of the work."""
    (tmp_path / "works").mkdir()
    (tmp_path / "works" / "mine.png").write_bytes(work_bytes(0))
    lines = ["url,caption", *(f"{server.url(f'/{number}.jpg')},picture {number}" for number in range(NUMBER))]
    (tmp_path / "listed.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "settings.toml").write_text(settings(), encoding="utf-8")
    return [
        "scan", tmp_path / "works", "--dataset", f"listed={tmp_path / 'listed.csv'}", "--columns", "url=url,caption=caption",
        "--variants", "fast", "--workers", "1", "--config", tmp_path / "settings.toml", "--out", tmp_path / "package",
        "--fetch", "all", "--allow-network", "127.0.0.1/32",
    ]  # fmt: skip


def run(arguments: list[str | Path], cwd: Path) -> Ran:
    done = subprocess.run(command(arguments), capture_output=True, cwd=cwd, env=environment(), check=False, timeout=900)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_plan_is_shown_before_anything_is_asked_for(
    world: list[str | Path], server: HostileServer, tmp_path: Path
) -> None:
    planned = run([*world, "--dry-run", "--json"], tmp_path)
    assert planned.code == 0, planned.err
    plan = json.loads(planned.out)["fetch"]
    assert (plan["addresses"], plan["to_ask"], plan["sites"], plan["busiest_site"]) == (30, 30, 1, "127.0.0.1")
    assert server.asked == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["listed.csv", "settings.toml", "works"]


def test_a_scan_that_is_killed_while_it_looks_asks_for_nothing_again_that_it_knows(
    world: list[str | Path], server: HostileServer, tmp_path: Path
) -> None:
    genuine = dict(server.behaviours)
    gate = {"open": 12}

    def slowly(path: str) -> Any:
        async def behave(asked: Asked) -> AsyncIterator[Said]:
            if gate["open"] <= 0:
                yield 3600.0  # until the kill
            gate["open"] -= 1
            async for word in genuine[path](asked):
                yield word

        return behave

    for path in genuine:
        server.behaves(path, slowly(path))
    scan = subprocess.Popen(
        command(world), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 600
    while len([path for path in server.paths() if path.endswith(".jpg")]) < 14 and time.monotonic() < until:
        time.sleep(0.02)  # both connections of the host are waiting now: twelve looks are answered
    os.kill(scan.pid, signal.SIGKILL)
    scan.communicate()
    for path, behaviour in genuine.items():
        server.behaves(path, behaviour)
    answered = server.paths()[:-2]
    ran = run(world, tmp_path)
    assert ran.code == 0, ran.err
    assert "30 addresses of 30 rows" in ran.err
    assert "looked at before and are not asked again" in ran.err
    asked = Counter(server.paths())
    assert [path for path in answered if asked[path] != 1] == []
    assert set(asked) >= {f"/{number}.jpg" for number in range(NUMBER)}
    found = records(tmp_path / "package", "matches")
    assert sorted(each["row"]["row_number"] for each in found if each["tier"] == "live_image") == list(COPIES)
    assert_sound(tmp_path / "package")


def test_a_scan_whose_budget_ends_is_incomplete_and_the_same_command_completes_it(
    world: list[str | Path], server: HostileServer, tmp_path: Path
) -> None:
    (tmp_path / "settings.toml").write_text(settings(max_requests=20), encoding="utf-8")
    first = run(world, tmp_path)
    assert first.code == 3, first.err
    assert "gave no final answer" in first.out
    assert (tmp_path / "package.partial").exists()
    last = run(world, tmp_path)
    assert last.code == 0, last.err
    assert (tmp_path / "package.incomplete-1").exists()
    live = [each for each in records(tmp_path / "package", "observations") if each["kind"] == "live"]
    assert Counter(each["outcome"] for each in live) == {"image": NUMBER}
    assert all(count == 1 for path, count in Counter(server.paths()).items() if path.endswith(".jpg"))


def test_a_row_that_only_a_title_in_its_address_speaks_for_is_looked_at_and_never_listed_by_itself(
    world: list[str | Path], server: HostileServer, tmp_path: Path
) -> None:
    (tmp_path / "works" / "works.csv").write_text(
        "file,title,published_url\nmine.png,,https://mine.example/shop/harbour-at-dusk-0815.jpg\n", encoding="utf-8"
    )
    for name, body in (("copy", copy_bytes(0)), ("other", picture(3))):
        server.says(f"/{name}/harbour-at-dusk-0815.jpg", answer(body))
    listed = [server.url(f"/{name}/harbour-at-dusk-0815.jpg") for name in ("copy", "other")]
    rows = ["url,caption", *(f"{url},a picture" for url in (*listed, server.url("/5.jpg")))]
    (tmp_path / "listed.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    arguments = ["candidates" if argument == "all" else argument for argument in world]
    arguments[1] = tmp_path / "works" / "works.csv"
    ran = run(arguments, tmp_path)
    assert ran.code == 0, ran.err
    assert {path for path in server.paths() if path.endswith(".jpg")} == {
        url.removeprefix(server.url("")) for url in listed
    }
    found = records(tmp_path / "package", "matches")
    assert [(each["row"]["row_number"], each["tier"]) for each in found] == [(0, "live_image")]
    assert_sound(tmp_path / "package")
