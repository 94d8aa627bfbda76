"""`python -m manifests` from the outside: sign, timestamp, disclose, review, and what verify says afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import package_builder
import pytest

from manifests.__main__ import VERBS, main
from manifests.packages import open_package

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package_builder.build_package(tmp_path / "package")
    return tmp_path / "package"


def first_match(package: Path) -> str:
    return str(next(open_package(package).records("matches"))["match_id"])


def verdict(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    main(["verify", *words, "--json"])
    return {check["id"]: check["status"] for check in json.loads(capsys.readouterr().out)["checks"]}


def test_a_package_signed_from_the_command_line_verifies_for_the_printed_fingerprint(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key.pem"
    assert main(["sign", str(package), "--key", str(key), "--new-key"]) == 0
    fingerprint = capsys.readouterr().out.strip()
    checks = verdict(capsys, str(package), "--signer", fingerprint)
    assert checks["signature"] == "passed"
    assert "failed" not in checks.values()
    assert verdict(capsys, str(package), "--signer", "0" * 64)["signature"] == "failed"
    assert main(["sign", str(package), "--key", str(key)]) != 0


def test_the_key_never_enters_the_package(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", str(package), "--key", str(package / "key.pem"), "--new-key"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "inside the package" in shown.err


def test_timestamp_says_how_to_send_what_waits(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timestamp", str(package)]) == 0
    assert "PENDING-seal.tsq" in capsys.readouterr().err
    assert main(["timestamp", str(package), "--restamp"]) == 0
    assert capsys.readouterr().out == "proofs/restamp-1.txt\n"


def test_a_file_that_is_no_stamp_is_refused(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.tsr").write_bytes(b"<html>")
    assert main(["timestamp", str(package), "--attach", str(tmp_path / "x.tsr")]) == 2
    assert "not a time stamp response" in capsys.readouterr().err


def test_a_disclosure_verifies_by_the_same_verb(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["disclose", str(package), first_match(package), "--out", str(tmp_path / "exhibit")]) == 0
    capsys.readouterr()
    checks = verdict(capsys, str(tmp_path / "exhibit"))
    assert [status for check, status in checks.items() if check.startswith("disclosure.")] == ["passed"] * 5
    assert main(["disclose", str(package), "m-" + "0" * 32, "--out", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()


def test_a_review_is_a_package_that_verifies_against_the_one_it_names(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decisions = tmp_path / "decisions.csv"
    decisions.write_text(f"match_id,decision,note\n{first_match(package)},confirmed,=1+1\n", encoding="utf-8-sig")
    words = ["review", str(package), "--from", str(decisions), "--out", str(tmp_path / "reviewed")]
    assert main(words) == 2  # nobody is named who decided
    assert main([*words, "--by", "R. Viewer", "--at", "2026-11-22T09:00:00Z"]) == 0
    capsys.readouterr()
    checks = verdict(capsys, str(tmp_path / "reviewed"), "--previous", str(package))
    assert "failed" not in checks.values()
    assert checks["previous"] == "passed"
    assert verdict(capsys, str(package), "--previous", str(tmp_path / "reviewed"))["previous"] == "failed"


def test_every_verb_explains_itself_in_isolation(tmp_path: Path) -> None:
    """`-I -S`: no site packages, no environment; signing alone would need more than the standard library."""
    for verb in VERBS:
        command = [sys.executable, "-I", "-S", str(ROOT / "manifests"), verb, "--help"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "PACKAGE" in done.stdout
