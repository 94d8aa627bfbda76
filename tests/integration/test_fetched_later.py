"""What a run could not finish, a later one does; what is dead, an archive may show; what is unsafe is not asked for."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from archive_server import ArchiveServer, ArchiveWorld, Captured
from hostile_server import HostileServer, answer
from integration_world import ROOT, Ran, command, environment, manifest, records
from small_world import assert_sound, copy_bytes, work_bytes
from synthetic_shards import table_of

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
[fetch]
robots = "record"
per_host_per_minute = 100000
archives = {archives}
unsafe = "{unsafe}"
cdx_url = "{base}/cdx"
playback_url = "{base}/web"
common_crawl_index = "{base}/crawls"
common_crawl_data = "{base}/data"
"""


@dataclass
class World:
    """Works, one dataset that lists addresses of theirs, and the command that looks at them."""

    folder: Path
    layout: str = "datacomp"
    unsafe: str = "withhold"
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)  # address to further cells of its row

    def write(self, archive: str | None = None) -> None:
        works = self.folder / "works"
        works.mkdir(parents=True)
        (works / "work-0.png").write_bytes(work_bytes(0))
        (works / "works.csv").write_text(f"file,published_url\nwork-0.png,{' '.join(self.listed)}\n", encoding="utf-8")
        names = {"datacomp": "url", "laion400m": "URL"}
        cells = {n: {names[self.layout]: url, **more} for n, (url, more) in enumerate(self.listed.items())}
        (self.folder / "rows").mkdir()
        pq.write_table(table_of(self.layout, len(cells), cells), self.folder / "rows" / "part.parquet")
        said = SETTINGS.format(
            archives="false" if archive is None else "true", base=archive or "http://127.0.0.1:9", unsafe=self.unsafe
        )
        (self.folder / "settings.toml").write_text(said, encoding="utf-8")

    def scan(self, code: int = 0) -> Ran:
        arguments: list[str | Path] = [
            "scan", self.folder / "works" / "works.csv", "--dataset", f"{self.layout}={self.folder / 'rows'}", "--variants", "fast",
            "--workers", "1", "--config", self.folder / "settings.toml", "--fetch", "candidates",
            "--allow-network", "127.0.0.1/32", "--out", self.folder / "package",
        ]  # fmt: skip
        done = subprocess.run(command(arguments), capture_output=True, env=environment(), check=False, timeout=900)
        assert done.returncode == code, (done.stdout.decode(), done.stderr.decode())
        assert_sound(self.folder / "package")
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def finding(self, url: str) -> dict[str, Any]:
        (one,) = [each for each in records(self.folder / "package", "matches") if each["row"]["url"] == url]
        return one


def test_what_failed_is_asked_again_and_nothing_else(tmp_path: Path) -> None:
    with HostileServer() as server:
        good = server.says("/good.jpg", answer(copy_bytes(0)))
        bad = server.says("/bad.jpg", answer(b"later", "503 Service Unavailable"))
        world = World(tmp_path, listed={good: {}, bad: {}})
        world.write()
        ran = world.scan(code=3)
        assert "1 listed addresses gave no final answer" in ran.out
        assert "incomplete" in manifest(tmp_path / "package")["limitations"]
        assert world.finding(bad)["observation"]["outcome"] == "server_error"
        before = world.finding(good)
        server.says("/bad.jpg", answer(copy_bytes(0, 160)))
        asked = server.paths().count("/good.jpg")
        world.scan()
        assert server.paths().count("/good.jpg") == asked
        after = world.finding(good)
        assert json.dumps(after, sort_keys=True) == json.dumps(before, sort_keys=True)
        assert world.finding(bad)["tier"] == "live_image"
        assert "incomplete" not in manifest(tmp_path / "package")["limitations"]
        assert not (tmp_path / "package.partial").exists()


def test_a_dead_address_is_shown_by_an_archive_with_the_archives_own_date(tmp_path: Path) -> None:
    with HostileServer() as server:
        dead, never = server.url("/dead.jpg"), server.url("/never.jpg")
        captures = [
            Captured("20150601000000", dead, copy_bytes(0)),
            Captured("20200707080910", dead, copy_bytes(0, 180)),
            Captured("20240101000000", dead, work_bytes(1)),
        ]
        archive_world = ArchiveWorld(captures=captures, original_fields=(("X-Robots-Tag", "noai"),))
        with ArchiveServer(archive_world) as archive:
            world = World(tmp_path, layout="laion400m", listed={dead: {}, never: {}})
            world.write(archive.url)
            world.scan()
    finding = world.finding(dead)
    assert (finding["tier"], finding["statement_code"]) == ("archived_image", "archived_matched")
    assert finding["observation"]["archive"] == {"name": "127.0.0.1", "captured_at": "2020-07-07T08:09:10Z"}
    assert finding["basis"][0]["detail"]["capture_gap_days"] == "0"
    assert {"archive_third_party", "copy_not_equal"} <= set(finding["caveats"])
    assert "content_today" not in finding["caveats"]
    kinds = {each["kind"] for each in records(tmp_path / "package", "observations")}
    assert kinds == {"live", "archive", "index", "robots"}
    (index,) = [each for each in records(tmp_path / "package", "observations") if each["outcome"] == "not_archived"]
    assert "never.jpg" in index["url"]
    assert world.finding(never)["tier"] == "url_listed"
    (played,) = [each for each in records(tmp_path / "package", "observations") if each["kind"] == "archive"]
    assert played["opt_out"] == [{"signal": "x-robots-tag", "value": "noai"}]
    second = [sys.executable, str(ROOT / "tests" / "tamper" / "second_verifier.py"), str(tmp_path / "package")]
    done = subprocess.run(second, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_an_archive_that_asks_to_be_left_alone_leaves_the_scan_incomplete(tmp_path: Path) -> None:
    with HostileServer() as server:
        dead = server.url("/dead.jpg")
        with ArchiveServer(
            ArchiveWorld(captures=[Captured("20200707080910", dead, copy_bytes(0))], limited_at=1)
        ) as archive:
            world = World(tmp_path, layout="laion400m", listed={dead: {}})
            world.write(archive.url)
            ran = world.scan(code=3)
            assert "1 addresses are still to be asked about at 127.0.0.1" in ran.out
            assert (tmp_path / "package.partial" / "archives.sqlite").is_file()
            assert archive.world.index_requests == 1


def test_a_row_marked_unsafe_is_asked_for_nowhere(tmp_path: Path) -> None:
    with HostileServer() as server, ArchiveServer(ArchiveWorld()) as archive:
        unsafe, safe = (server.says(path, answer(copy_bytes(0))) for path in ("/unsafe.jpg", "/safe.jpg"))
        world = World(tmp_path, layout="laion400m", listed={unsafe: {"NSFW": "NSFW"}, safe: {"NSFW": "UNLIKELY"}})
        world.write(archive.url)
        world.scan()
        finding = world.finding(unsafe)
        assert finding["observation"]["outcome"] == "withheld_unsafe"
        assert "withheld_unsafe" in finding["caveats"]
        assert "/unsafe.jpg" not in server.paths()
        names = [path.name for path in (tmp_path / "package" / "data" / "thumbnails").iterdir()]
        assert [name for name in names if name.startswith(finding["match_id"])] == [f"{finding['match_id']}-work.jpg"]
        assert world.finding(safe)["tier"] == "live_image"
        assert archive.world.asked == []


def test_an_unsafe_picture_may_be_hashed_and_forgotten(tmp_path: Path) -> None:
    with HostileServer() as server:
        url = server.says("/art.png", answer(work_bytes(0)))
        world = World(tmp_path, layout="laion400m", unsafe="digest", listed={url: {"NSFW": "NSFW"}})
        world.write()
        world.scan()
    finding = world.finding(url)
    assert (finding["statement_code"], finding["observation"]["capture"]) == ("live_digest_equal", None)
    pictures = [path.name for path in (tmp_path / "package" / "data" / "thumbnails").iterdir()]
    assert pictures == [f"{finding['match_id']}-work.jpg"]
    for path in (tmp_path / "package" / "data" / "captures").iterdir():
        assert work_bytes(0) not in gzip.decompress(path.read_bytes())
