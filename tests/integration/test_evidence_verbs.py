"""sign, timestamp, disclose, review, export, show, hash, datasets: as a user calls them, on a package of a real scan."""

from __future__ import annotations

import csv
import json
import os
import select
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from integration_world import command, environment, records

from manifests.packages import open_package
from manifests.reviewing import Choice, Decision, Journal
from scanner.artwork import artwork
from scanner.hashers import fingerprints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from integration_world import Run

    from scanner.demo import DemoWorld

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")


@pytest.fixture(scope="module")
def finished(world: DemoWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("verbs") / "result"
    datasets = [f"--dataset={name}={path}" for name, path in world.datasets.items()]
    done = subprocess.run(
        command(["scan", world.works, *datasets, "--variants", "fast", "--out", out]),
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return out


@pytest.fixture
def package(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "package")


def test_show_prints_the_findings_in_words(package: Path, provscan: Run) -> None:
    ran = provscan("show", package)
    assert ran.code == 0
    assert "bits of the phash64 fingerprint" in ran.out


@pytest.mark.parametrize("form", ["csv", "jsonl", "html"])
def test_exports_are_the_same_bytes_each_time(package: Path, provscan: Run, tmp_path: Path, form: str) -> None:
    for name in ("a", "b"):
        ran = provscan("export", package, "--format", form, "--out", tmp_path / name)
        assert ran.code == 0, ran.err
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert provscan("export", package, "--format", form).out.encode() == (tmp_path / "a").read_bytes()


def test_a_changed_package_is_not_exported(package: Path, provscan: Run) -> None:
    with (package / "data" / "matches.jsonl").open("ab") as stream:
        stream.write(b"{}\n")
    ran = provscan("export", package, "--format", "csv")
    assert (ran.code, ran.out) == (1, "")


def test_verify_says_it_in_json_and_by_exit_code(package: Path, provscan: Run) -> None:
    ran = provscan("verify", package, "--json")
    assert (ran.code, ran.json["verdict"]) == (0, "passed")
    (package / "data" / "report.html").write_bytes(b"")
    ran = provscan("verify", package, "--json")
    assert (ran.code, ran.json["verdict"]) == (1, "failed")
    assert provscan("verify", package / "nowhere").code == 2


@needs_openssl
def test_a_signed_package_verifies_with_its_fingerprint(package: Path, provscan: Run, tmp_path: Path) -> None:
    ran = provscan("sign", package, "--key", tmp_path / "key.pem", "--new-key")
    assert ran.code == 0, ran.err
    checks = {check["id"]: check["status"] for check in provscan("verify", package, "--json").json["checks"]}
    assert checks["signature"] == "passed" or checks["signature"] == "not_checked"
    assert provscan("sign", package, "--key", package / "key.pem", "--new-key").code != 0


def test_an_exhibit_is_disclosed_and_verified_alone(package: Path, provscan: Run, tmp_path: Path) -> None:
    match_id = records(package, "matches")[0]["match_id"]
    assert provscan("disclose", package, match_id, "--out", tmp_path / "exhibit").code == 0
    shutil.rmtree(package)
    assert provscan("verify", tmp_path / "exhibit").code == 0
    assert provscan("disclose", tmp_path / "exhibit", "m-0", "--out", tmp_path / "other").code == 2


def test_decisions_of_a_file_make_a_new_package_and_exports_can_take_the_confirmed(
    package: Path, provscan: Run, tmp_path: Path
) -> None:
    ids = [record["match_id"] for record in records(package, "matches")]
    with (tmp_path / "decisions.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["match_id", "decision", "by", "at", "note"])
        rows.writerow([ids[0], "confirmed", "A. Expert", "2026-11-21T10:15:00Z", "seen"])
        rows.writerow([ids[1], "rejected", "A. Expert", "2026-11-21T10:16:00Z", ""])
    ran = provscan("review", package, "--from", tmp_path / "decisions.csv", "--out", tmp_path / "reviewed")
    assert ran.code == 0, ran.err
    assert provscan("verify", tmp_path / "reviewed", "--previous", package).code == 0
    confirmed = provscan("export", tmp_path / "reviewed", "--format", "jsonl", "--only", "confirmed").out
    assert [json.loads(line)["match_id"] for line in confirmed.splitlines()] == [ids[0]]


def test_review_without_a_keyboard_asks_for_a_file(package: Path, provscan: Run, tmp_path: Path) -> None:
    ran = provscan("review", package, "--out", tmp_path / "reviewed")
    assert (ran.code, ran.out) == (2, "")
    assert "--from" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is POSIX")
def test_findings_are_decided_by_key_and_a_left_review_goes_on(package: Path, tmp_path: Path) -> None:
    count = len(records(package, "matches"))
    arguments = command(["review", package, "--out", tmp_path / "reviewed", "--by", "A. Expert"])
    typed(arguments, "crq")
    assert not (tmp_path / "reviewed").exists()
    typed(arguments, "u" * (count - 2), answer="y\n")
    decisions = [record["review"]["decision"] for record in records(tmp_path / "reviewed", "matches")]
    assert decisions == ["confirmed", "rejected", *["undecided"] * (count - 2)]


@pytest.mark.parametrize("keys", ["w", ""])
def test_a_package_is_written_of_what_is_decided_and_offered_again_where_all_is(
    package: Path, tmp_path: Path, keys: str
) -> None:
    """``w`` makes it with findings still open; a review whose every finding was decided before begins with the question."""
    out = tmp_path / "reviewed"
    journal = Journal(tmp_path / "reviewed.review.jsonl", open_package(package).manifest_sha256)
    ids = [record["match_id"] for record in records(package, "matches")]
    for match_id in ids[:1] if keys else ids:
        at = "2026-11-21T10:15:00Z"
        journal.append(Decision(match_id=match_id, choice=Choice.CONFIRMED, by="A. Expert", at=at, note=""))
    typed(command(["review", package, "--out", out, "--by", "A. Expert"]), keys, answer="y\n")
    reviews = [record["review"] for record in records(out, "matches")]
    assert sum(review is not None for review in reviews) == (1 if keys else len(ids))


def test_a_review_into_a_folder_that_is_there_is_refused_before_anybody_decides(package: Path, tmp_path: Path) -> None:
    (tmp_path / "reviewed").mkdir()
    (tmp_path / "reviewed/note.txt").write_bytes(b"mine")
    typed(command(["review", package, "--out", tmp_path / "reviewed"]), "")
    assert not list(tmp_path.glob("*.review.jsonl"))


def typed(arguments: list[str], keys: str, answer: str = "") -> None:
    """Type ``keys`` one by one, each when the program waits for it, then a line in ``answer`` to its question."""
    pty = pytest.importorskip("pty")
    termios = pytest.importorskip("termios")
    child, terminal = pty.fork()
    if child == 0:
        os.execve(arguments[0], arguments, {**environment(), "TERM": "dumb"})
    said = bytearray()

    def hear(timeout_s: float) -> bool:
        ready, _, _ = select.select([terminal], [], [], timeout_s)
        said.extend(os.read(terminal, 65536) if ready else b"")
        return bool(ready)

    for key in keys:
        while termios.tcgetattr(terminal)[3] & termios.ICANON:  # it takes single keys only while lines are off
            hear(0.02)
        while hear(0):
            pass
        os.write(terminal, key.encode())
        assert hear(120), said  # it answers after it has taken the key and put lines on again
    if answer:
        while b"?" not in said[-40:]:
            assert hear(120), said
        os.write(terminal, answer.encode())
    try:
        while hear(120):
            pass
    except OSError:  # the child has left
        pass
    os.waitpid(child, 0)


class WrongAuthority(BaseHTTPRequestHandler):
    """Answers with a page instead of a stamp."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture
def wrong_authority() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), WrongAuthority)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_that_is_no_stamp_is_not_kept(package: Path, provscan: Run, wrong_authority: str) -> None:
    ran = provscan("timestamp", package, "--tsa", wrong_authority)
    assert (ran.code, ran.out) == (3, "")
    assert "not with a time stamp" in ran.err
    assert not list((package / "proofs" / "tsa").glob("*.tsr"))


def test_without_an_authority_the_line_to_send_by_hand_is_printed(package: Path, provscan: Run) -> None:
    ran = provscan("timestamp", package)
    assert ran.code == 0
    assert "PENDING-seal.tsq" in ran.err


def test_an_authority_that_is_not_there_is_a_clear_error(package: Path, provscan: Run) -> None:
    ran = provscan("timestamp", package, "--tsa", "http://127.0.0.1:9/")
    assert ran.code == 3
    assert "Traceback" not in ran.err


def test_hash_prints_what_a_scan_would_record(provscan: Run, tmp_path: Path) -> None:
    picture = artwork(1, (200, 150))
    picture.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    ran = provscan("hash", tmp_path / "a.png", tmp_path / "b.png")
    assert ran.code == 3
    good, bad = (json.loads(line) for line in ran.out.splitlines())
    assert [good["phash64"], good["phash256"]] == [known.hex for known in fingerprints(picture)]
    assert good["error"] is None
    assert bad["error"]


def test_datasets_says_what_a_file_is(world: DemoWorld, provscan: Run) -> None:
    listed = provscan("datasets", "list")
    assert listed.code == 0
    assert "coyo700m/1" in listed.out
    ran = provscan("datasets", "inspect", world.datasets["coyo-demo"])
    assert ran.code == 0
    assert "coyo700m" in ran.out
    assert json.loads(provscan("datasets", "inspect", world.datasets["coyo-demo"], "--json").out)["rows"] == 10_000


def test_datasets_says_what_of_a_folder_cannot_be_read(provscan: Run, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "excel.csv").write_text("url,caption\nhttps://a.example/1.jpg,one\n", encoding="utf-16")
    (tmp_path / "d" / "good.csv").write_text("url,caption\nhttps://a.example/1.jpg,one\n", encoding="utf-8")
    ran = provscan("datasets", "inspect", tmp_path / "d")
    assert ran.code == 3
    assert "excel.csv: it is UTF-16 text: save it as UTF-8." in ran.out
    assert "good.csv: delimited, layout url-caption/1" in ran.out


def test_a_case_made_by_init_can_be_scanned_with(world: DemoWorld, provscan: Run, tmp_path: Path) -> None:
    ran = provscan("init", tmp_path / "case")
    assert ran.code == 0
    case = tmp_path / "case" / "case.toml"
    text = case.read_text(encoding="utf-8")
    case.write_text(text.replace("domains = [", 'domains = [\n  "mara-lindqvist.example",'), encoding="utf-8")
    dataset = world.datasets["laion-demo"]
    ran = provscan(
        "scan", world.works.parent, "--identity", case, "--dataset", dataset, "--variants", "fast",
        "--out", tmp_path / "case" / "packages", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert ran.json["findings_by_tier"]["host_listed"] == 3
    assert provscan("init", tmp_path / "case").code == 2


def test_a_dataset_in_which_nothing_can_be_looked_for_is_said_to_be_one(
    world: DemoWorld, provscan: Run, tmp_path: Path
) -> None:
    ran = provscan(
        "scan",
        world.works.parent,
        "--dataset",
        world.datasets["laion-demo"],
        "--variants",
        "fast",
        "--out",
        tmp_path / "out",
    )
    assert ran.code == 0
    assert "neither hashes nor pictures" in ran.err
    assert "--identity" in ran.err


def test_a_package_is_shown_in_its_own_language_and_one_is_no_plural(
    world: DemoWorld, provscan: Run, tmp_path: Path
) -> None:
    picture = next(path for path in sorted(world.works.parent.iterdir()) if path.suffix in {".png", ".jpg"})
    dataset = world.datasets["laion-demo"]
    out = tmp_path / "out"
    ran = provscan("scan", picture, "--dataset", dataset, "--variants", "fast", "--lang", "zh", "--out", out)
    assert ran.code == 0
    assert "1 work, " in ran.out
    assert "0 findings on 0 works." in ran.out
    own, english = provscan("show", out).out, provscan("show", out, "--lang", "en").out
    assert "作品" in own
    assert "作品" not in english
