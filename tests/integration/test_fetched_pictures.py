"""From listed addresses on loopback to a sealed package: every outcome a fact of its own, every claim on what was received."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hostile_server import HostileServer, answer
from integration_world import ROOT, Ran, command, environment, manifest, records
from PIL import Image, ImageDraw
from small_world import assert_sound, copy_bytes, copy_hash, coyo, work_bytes
from synthetic_shards import table_of

from scanner.artwork import artwork

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("warcio")

SETTINGS = """
[fetch]
contact = "test@example.org"
archives = false
per_host_per_minute = 100000
per_host_connections = 8
"""


def jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return stream.getvalue()


def unavailable() -> bytes:
    picture = Image.new("RGB", (240, 180), (210, 210, 205))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 40, 180, 120), outline=(90, 90, 90), width=5)
    pen.line((60, 40, 180, 120), fill=(90, 90, 90), width=5)
    pen.ellipse((20, 130, 70, 170), fill=(150, 140, 160))
    return jpeg(picture)


@dataclass(frozen=True)
class Fetched:
    """A scan of listed addresses, with what the server was asked."""

    folder: Path
    package: Path
    ran: Ran
    asked: tuple[str, ...]
    base: str

    def finding(self, path: str, dataset: str = "listed") -> dict[str, Any]:
        (one,) = [
            each for each in records(self.package, "matches")
            if each["row"]["url"] == f"{self.base}{path}" and each["row"]["dataset"] == dataset
        ]  # fmt: skip
        return one


PATHS = {
    "/art/copy.jpg": "work-0.png",
    "/art/equal.png": "work-0.png",
    "/art/changed.jpg": "work-0.png",
    "/art/gone.jpg": "work-1.png",
    "/art/denied.jpg": "work-1.png",
    "/art/moved.jpg": "work-1.png",
    "/art/page.jpg": "work-2.png",
    "/art/scene.jpg": "work-2.png",
    "/dead/1.jpg": "work-2.png",
    "/dead/2.jpg": "work-2.png",
    "/dead/3.jpg": "work-2.png",
    "/art/private/secret.jpg": "work-1.png",
}


def serve(server: HostileServer) -> None:
    placeholder = answer(unavailable())
    server.says(
        "/robots.txt", answer(b"User-agent: GPTBot\nDisallow: /art\n\nUser-agent: provscan\nDisallow: /art/private\n")
    )
    server.says("/.well-known/tdmrep.json", answer(json.dumps([{"location": "/art/*", "tdm-reservation": 1}]).encode()))
    server.says(
        "/art/copy.jpg", answer(copy_bytes(0), fields="X-Robots-Tag: noai\r\nSet-Cookie: planted=secret; Path=/")
    )
    server.says("/art/equal.png", answer(work_bytes(0)))
    server.says("/art/changed.jpg", answer(jpeg(artwork(41, (300, 220)))))
    server.says("/art/denied.jpg", answer(b"no", "403 Forbidden"))
    server.says("/art/moved.jpg", answer(b"", "302 Found", "Location: /new/place.jpg"))
    server.says("/new/place.jpg", answer(copy_bytes(1)))
    server.says("/art/page.jpg", answer(b"<html>welcome</html>", fields="Content-Type: image/jpeg"))
    server.says("/art/other.jpg", answer(jpeg(artwork(57, (300, 220)))))
    server.says("/art/again.jpg", answer(copy_bytes(1)))

    async def folder(asked: Any) -> Any:
        yield placeholder

    for path in ("/dead/1.jpg", "/dead/2.jpg", "/dead/3.jpg"):
        server.behaves(path, folder)


def write_world(folder: Path, base: str) -> list[str | Path]:
    works = folder / "works"
    works.mkdir(parents=True)
    for seed in range(3):
        (works / f"work-{seed}.png").write_bytes(work_bytes(seed))
    said = {name: " ".join(base + path for path, work in PATHS.items() if work == name) for name in PATHS.values()}
    lines = ["file,published_url", *(f"{name},{urls}" for name, urls in said.items())]
    (works / "works.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    cells: dict[int, dict[str, Any]] = {
        number: {"url": base + path, "text": f"picture number {number} of many"} for number, path in enumerate(PATHS)
    }
    cells[list(PATHS).index("/art/changed.jpg")]["sha256"] = hashlib.sha256(work_bytes(0)).hexdigest()
    cells[list(PATHS).index("/art/copy.jpg")]["sha256"] = hashlib.sha256(copy_bytes(0)).hexdigest()
    table = table_of("datacomp", len(PATHS), cells)
    (folder / "listed").mkdir()
    pq.write_table(table, folder / "listed" / "part.parquet")
    planted = {
        3: {"image_phash": copy_hash(1), "url": f"{base}/art/other.jpg"},
        5: {"image_phash": copy_hash(1), "url": f"{base}/art/again.jpg"},
    }
    (folder / "hashed").mkdir()
    pq.write_table(coyo(200, planted), folder / "hashed" / "part.parquet")
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    return [
        "scan", works / "works.csv", "--dataset", f"listed={folder / 'listed'}", "--dataset", f"hashed={folder / 'hashed'}",
        "--variants", "fast", "--workers", "1", "--config", folder / "settings.toml",
        "--fetch", "candidates", "--allow-network", "127.0.0.1/32",
    ]  # fmt: skip


def run(arguments: list[str | Path], cwd: Path) -> Ran:
    done = subprocess.run(command(arguments), capture_output=True, cwd=cwd, env=environment(), check=False, timeout=900)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetched]:
    folder = tmp_path_factory.mktemp("fetched")
    with HostileServer() as server:
        serve(server)
        base = server.url("")
        arguments = write_world(folder, base)
        placeholder = answer(unavailable())

        async def soft_404(asked: Any) -> Any:
            yield placeholder

        from scanner.placeholders import control_url

        server.behaves(control_url(f"{base}/dead/1.jpg").removeprefix(base), soft_404)
        ran = run([*arguments, "--out", folder / "package"], folder)
        assert ran.code == 0, (ran.out, ran.err)
        yield Fetched(folder, folder / "package", ran, tuple(server.paths()), base)


def test_the_package_passes_both_verifiers(fetched: Fetched) -> None:
    assert_sound(fetched.package)
    second = [sys.executable, str(ROOT / "tests" / "tamper" / "second_verifier.py"), str(fetched.package)]
    done = subprocess.run(second, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_warcio_accepts_the_captures(fetched: Fetched) -> None:
    for path in sorted((fetched.package / "data" / "captures").iterdir()):
        done = subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize(
    ("path", "tier", "outcome", "status"),
    [
        ("/art/copy.jpg", "live_image", "image", 200),
        ("/art/equal.png", "live_image", "image", 200),
        ("/art/changed.jpg", "compiler_digest", "image", 200),
        ("/art/gone.jpg", "url_listed", "gone", 404),
        ("/art/denied.jpg", "url_listed", "denied", 403),
        ("/art/moved.jpg", "live_image", "image", 200),
        ("/art/page.jpg", "url_listed", "not_image", 200),
        ("/art/private/secret.jpg", "url_listed", "robots_disallowed", None),
        ("/dead/1.jpg", "url_listed", "placeholder", 200),
        ("/dead/3.jpg", "url_listed", "placeholder", 200),
    ],
)
def test_each_outcome_is_a_fact_of_its_own(
    fetched: Fetched, path: str, tier: str, outcome: str, status: int | None
) -> None:
    finding = fetched.finding(path)
    seen = finding["observation"]
    assert (finding["tier"], seen["outcome"], seen["status"]) == (tier, outcome, status)


def test_a_copy_is_claimed_with_its_second_check_and_its_caveats(fetched: Fetched) -> None:
    finding = fetched.finding("/art/copy.jpg")
    assert finding["statement_code"] == "live_matched"
    assert finding["second_check"]["passed"]
    assert {"content_today", "copy_not_equal", "url_not_image"} <= set(finding["caveats"])
    assert finding["observation"]["content_sha256"] == hashlib.sha256(copy_bytes(0)).hexdigest()
    assert finding["basis"][0]["detail"]["recorded_sha256"] == "equals the bytes returned"
    equal = fetched.finding("/art/equal.png")
    assert equal["statement_code"] == "live_digest_equal"
    assert "copy_not_equal" not in equal["caveats"]


def test_a_changed_picture_is_no_match_and_says_so(fetched: Fetched) -> None:
    finding = fetched.finding("/art/changed.jpg")
    assert {entry["source_of_hash"] for entry in finding["basis"]} == {"compiler", None}
    assert finding["second_check"] is not None
    assert not finding["second_check"]["passed"]
    assert finding["basis"][0]["detail"]["recorded_sha256"] == "differs from the bytes returned"


def test_a_published_hash_stays_when_its_address_shows_something_else(fetched: Fetched) -> None:
    other = fetched.finding("/art/other.jpg", "hashed")
    assert other["tier"] == "compiler_fingerprint"
    assert "live_image_differs" in other["caveats"]
    again = fetched.finding("/art/again.jpg", "hashed")
    assert again["tier"] == "compiler_fingerprint"
    assert again["second_check"]["passed"]
    assert "live_image_differs" not in again["caveats"]
    assert {"compiler", "live_bytes"} == {entry["source_of_hash"] for entry in again["basis"]}


def test_a_confirmed_placeholder_matches_nothing_and_its_rows_stay(fetched: Fetched) -> None:
    for path in ("/dead/1.jpg", "/dead/2.jpg", "/dead/3.jpg"):
        finding = fetched.finding(path)
        assert "common_picture" in finding["caveats"]
        assert finding["second_check"] is None
    assert sum(path.startswith("/dead/") for path in fetched.asked) == 4  # three rows and one control probe


def test_signals_of_the_day_are_recorded_verbatim(fetched: Fetched) -> None:
    (line,) = [each for each in records(fetched.package, "observations") if each["url"].endswith("/art/copy.jpg")]
    assert line["opt_out"] == [
        {"signal": "x-robots-tag", "value": "noai"},
        {"signal": "tdmrep.json:tdm-reservation", "value": "1"},
        {"signal": "robots:GPTBot", "value": "Disallow: /art"},
    ]
    table = (fetched.package / "data" / "exports" / "evidence.csv").read_text("utf-8-sig")
    assert "x-robots-tag=noai" in table
    assert "robots:GPTBot=Disallow: /art" in (fetched.package / "data" / "report.html").read_text("utf-8")


def test_what_robots_txt_forbids_says_what_it_said(fetched: Fetched) -> None:
    (line,) = [each for each in records(fetched.package, "observations") if each["url"].endswith("/secret.jpg")]
    assert {"signal": "robots:GPTBot", "value": "Disallow: /art"} in line["opt_out"]
    assert not any(path.endswith("/secret.jpg") for path in fetched.asked)
    report = (fetched.package / "data" / "report.html").read_text("utf-8")
    assert report.count("Not asked for") == 1


def test_every_attempt_is_an_observation_and_cookies_stay_in_the_capture(fetched: Fetched) -> None:
    urls = {each["url"] for each in records(fetched.package, "observations")}
    assert {f"{fetched.base}{path}" for path in PATHS} <= urls
    assert f"{fetched.base}/robots.txt" in urls
    assert manifest(fetched.package)["contents"]["captures"]
    assert "fetch_off" not in manifest(fetched.package)["limitations"]
    planted = [path for path in fetched.package.rglob("*") if path.is_file() and b"planted=secret" in path.read_bytes()]
    # A capture may hold it as it stands: deflate stores what it cannot shrink, a picture and the head before it.
    assert {path.parent.name for path in planted} <= {"captures"}


def test_the_eye_is_shown_both_pictures_and_the_table_says_where_the_capture_is(fetched: Fetched) -> None:
    finding = fetched.finding("/art/copy.jpg")
    for view in ("pair", "overlay", "difference"):
        assert (fetched.package / "data" / "thumbnails" / f"{finding['match_id']}-{view}.jpg").is_file()
    capture = finding["observation"]["capture"]
    assert capture["file"] == "captures/0000.warc.gz"
    assert capture["record_id"] in (fetched.package / "data" / "exports" / "evidence.csv").read_text("utf-8-sig")


def test_what_is_counted_as_compared_includes_the_fetched(fetched: Fetched) -> None:
    coverage = {line["dataset"]: line["compared"]["image"] for line in records(fetched.package, "coverage")}
    assert coverage == {"listed": 4, "hashed": 2}
    asked = Counter(known["id"] for work in records(fetched.package, "portfolio") for known in work["fingerprints"])
    decided = (200 + 6) * asked["phash64"] + 6 * asked["phash256"]
    assert manifest(fetched.package)["search"]["comparisons"] == str(decided)


def test_the_printed_step_6_runs_and_names_every_digest(fetched: Fetched) -> None:
    text = (fetched.package / "VERIFY.md").read_text("utf-8")
    begin = text.index("for capture in data/captures")
    shown = text[begin : text.index("```", begin)]
    script = f"PATH={Path(sys.executable).parent}:$PATH\n{shown}"
    done = subprocess.run(["bash", "-euc", script], cwd=fetched.package, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    first_words = {line.split()[0] for line in done.stdout.decode().splitlines()}
    stated = {each["content_sha256"] for each in records(fetched.package, "observations")} - {None}
    assert stated <= first_words
