"""``python -m manifests verify``: exit codes, its two outputs, bare Python, one file, a quick start."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import package_builder
import pytest

from manifests.__main__ import VERBS, main
from manifests.errors import Problem, ProblemKind, VerificationError
from manifests.verifying import Asked, verify_package
from manifests.verifying.checks import Check, Notes, Status
from manifests.verifying.zipped import zipapp_bytes

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {
    "bag.seal", "bag.sha256", "bag.sha512", "bag.unlisted", "bag.spelling", "manifest.canonical", "manifest.schema",
    "manifest.files", "manifest.counts", "matches.canonical", "matches.order", "matches.ids", "matches.tier",
    "matches.references", "rows.values", "coverage.sums", "negatives.complete", "events.chain", "captures.digests",
    "exports.csv", "signature", "timestamp", "previous", "shards", "works", "fingerprints",
}  # fmt: skip


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "package"
    package_builder.build_package(folder)
    return folder


@pytest.fixture
def package(sealed: Path, tmp_path: Path) -> Path:
    shutil.copytree(sealed, tmp_path / "package")
    return tmp_path / "package"


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["verify", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_sound_package_exits_0_and_strictly_1(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, str(sealed))
    assert (code, err) == (0, "")
    assert "passed       bag.seal" in out
    assert "not checked  signature" in out
    assert "No check failed" in out.splitlines()[-1]
    assert printed(capsys, str(sealed), "--strict")[0] == 1


def test_json_is_one_object_of_the_stated_form(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = printed(capsys, str(package), "--json")
    said = json.loads(out)
    assert code == 0
    assert list(said) == ["schema", "verdict", "checks", "problems"]
    assert (said["schema"], said["verdict"], said["problems"]) == ("provscan.verification/1", "passed", [])
    assert {check["id"] for check in said["checks"]} == CHECKS
    assert all(set(check) == {"id", "status", "why", "count"} for check in said["checks"])
    (package / "data/events.jsonl").write_bytes(b"{}\n")
    code, out, _ = printed(capsys, str(package), "--json")
    said = json.loads(out)
    assert (code, said["verdict"]) == (1, "failed")
    assert len(said["problems"]) > 3
    assert all(list(one) == ["check", "kind", "path", "line", "expected", "found"] for one in said["problems"])


def test_all_problems_are_listed_not_the_first(package: Path) -> None:
    (package / "README-FIRST.txt").unlink()
    (package / "data/matches.jsonl").write_bytes((package / "data/matches.jsonl").read_bytes().replace(b"fox", b"owl"))
    (package / "extra").write_bytes(b"")
    found = {problem.check for problem in verify_package(package).problems}
    assert {"bag.seal", "bag.unlisted", "bag.sha256", "bag.sha512", "manifest.files", "matches.references"} <= found


@pytest.mark.parametrize(
    "missing", ["tagmanifest-sha256.txt", "manifest-sha256.txt", "bagit.txt", "data/manifest.json"]
)
def test_without_seal_list_or_manifest_a_package_has_failed(package: Path, missing: str) -> None:
    (package / missing).unlink()
    assert verify_package(package).failed


def test_an_empty_folder_has_failed_and_no_folder_is_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, str(tmp_path))[0] == 1
    code, out, err = printed(capsys, str(tmp_path / "nothing"))
    assert (code, out) == (2, "")
    assert "no such folder" in err
    (tmp_path / "package.zip").write_bytes(b"PK")
    assert printed(capsys, str(tmp_path / "package.zip"))[0] == 2
    with pytest.raises(SystemExit) as caught:
        main(["verify"])
    assert caught.value.code == 2


def test_a_root_that_cannot_be_read_is_usage(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, str(sealed), "--tsa-root", str(sealed / "bagit.txt"))
    assert (code, out) == (2, "")
    assert "bagit.txt" in err


def bare_python(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", "-S", *words], cwd=cwd, capture_output=True, text=True, check=False)


def test_verify_runs_on_bare_python_from_a_checkout(sealed: Path) -> None:
    """``-I`` takes the current folder off the path, so the folder itself is what Python is given."""
    done = bare_python("manifests", "verify", str(sealed), "--json", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    why = {check["id"]: check["why"] for check in json.loads(done.stdout)["checks"]}
    assert why["fingerprints"] == "imagehash is not installed"


def test_verify_runs_as_one_file_anywhere(sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["zipapp", str(tmp_path / "verify.pyz")]) == 0
    assert main(["zipapp", str(tmp_path / "verify.pyz")]) == 2
    assert capsys.readouterr().err.splitlines()[1:] == ["Choose another name, or move it away."]
    done = bare_python(str(tmp_path / "verify.pyz"), "verify", str(sealed), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert zipapp_bytes() == (tmp_path / "verify.pyz").read_bytes()


def test_verify_starts_without_heavy_libraries(sealed: Path) -> None:
    program = (
        "import sys; from manifests.__main__ import main; import manifests.verifying.command;"
        "print([name for name in ('numpy', 'PIL', 'pyarrow', 'cryptography', 'scanner', 'click') if name in sys.modules])"
    )
    begun = time.process_time()
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert time.process_time() - begun < 0.3


def test_every_verb_has_its_module(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        with pytest.raises(SystemExit) as caught:
            main([verb, "--help"])
        assert caught.value.code == 0
    assert "--strict" in capsys.readouterr().out or "verify" in VERBS


def test_the_reading_half_imports_the_standard_library_alone() -> None:
    allowed = set(sys.stdlib_module_names) | {"manifests"}
    program = (
        "import sys, manifests.verifying.command, manifests.disclosures, manifests.exports.evidence_csv;"
        "print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, env={}
    )
    assert set(done.stdout.split()) - allowed <= {"__main__"}


def test_the_originals_are_compared_where_given(package: Path, tmp_path: Path) -> None:
    works = tmp_path / "works"
    (works / "deep").mkdir(parents=True)
    for name in ("fox.png", "owl.png", "hen.png"):
        (works / "deep" / name).write_bytes(name.encode())  # the builder's digests are those of the names
    verification = verify_package(package, Asked(works=works))
    assert [(one.check, one.expected) for one in verification.problems] == [("works", "portfolio/elk.png")]
    (works / "elk.png").write_bytes(b"elk.png")
    assert not verify_package(package, Asked(works=works)).failed


def test_the_earlier_package_is_followed_where_given(package: Path, tmp_path: Path) -> None:
    world = package_builder.world()
    earlier = package_builder.write(world, tmp_path / "earlier")
    world.kind = "rescan"
    root = json.loads((earlier.path / "data/manifest.json").read_bytes())["files"]
    merkle_root = next(entry["merkle_root"] for entry in root if entry["path"] == "matches.jsonl")
    world.previous = {"manifest_sha256": earlier.manifest_sha256, "kind": "scan", "merkle_root": merkle_root}
    world.changes = [package_builder.appeared(match) for match in world.matches]
    later = package_builder.write(world, tmp_path / "later").path
    status = {check.id: check.status for check in verify_package(later, Asked(previous=(earlier.path,))).checks}
    assert status["previous"] == "passed"
    assert verify_package(package, Asked(previous=(later,))).failed
    (tmp_path / "empty").mkdir()
    problems = verify_package(later, Asked(previous=(tmp_path / "empty",))).problems
    assert [problem.check for problem in problems] == ["previous"]


def test_renditions_are_hashed_again_where_imagehash_is_installed(package: Path) -> None:
    pytest.importorskip("imagehash")
    status = {check.id: (check.status, check.count) for check in verify_package(package).checks}
    assert status["fingerprints"] == ("passed", 2)


@pytest.mark.parametrize("broken", ["pixels", "size", "no png", "other hash"])
def test_a_rendition_that_does_not_give_its_fingerprint_is_found(tmp_path: Path, broken: str) -> None:
    pytest.importorskip("imagehash")
    world = package_builder.world()
    name = next(name for name in world.files if name.startswith("renditions/"))
    pixels = package_builder.grey_pattern(9)
    content: dict[str, Any] = {
        "pixels": package_builder.grey_png(pixels),
        "size": package_builder.grey_png(pixels[:16]),
        "no png": b"GIF89a",
        "other hash": package_builder.grey_png(pixels),
    }
    if broken == "other hash":
        del world.files[name]
        name = name.replace("phash64", "dhash64")
    world.files[name] = content[broken]
    package_builder.write(world, tmp_path / "p")
    assert {problem.check for problem in verify_package(tmp_path / "p").problems} == {"fingerprints"}


def test_a_problem_cannot_act_on_a_terminal_and_is_short() -> None:
    notes = Notes()
    notes.problem("x", ProblemKind.SCHEMA, "p", 3, found="\x1b[31m\u202e" + "a" * 1000)
    found = notes.problems[0].found
    assert found is not None
    assert found.startswith("\\u001b[31m\\u202e")
    assert len(found) < 400


def test_problems_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("manifests.verifying.checks.MAX_PROBLEMS", 3)
    notes = Notes()
    for number in range(5):
        notes.problem("x", ProblemKind.ORDER, "p", number)
    verification = notes.verification()
    assert len(verification.problems) == 3
    assert verification.checks == (
        Check(id="x", status=Status.FAILED, why="5 problem(s), 2 of them not listed", count=5),
    )


def test_the_error_of_a_failed_verification_names_its_problems() -> None:
    problem = Problem(check="bag.seal", kind=ProblemKind.MISSING)
    assert "1 problem(s), first bag.seal" in str(VerificationError((problem,)))
    assert VerificationError((problem,)).exit_code == 1


@pytest.mark.parametrize(
    ("gone", "unchecked"),
    [
        ("data/events.jsonl", {"events.chain"}),
        ("data/negatives.jsonl", {"negatives.complete"}),
        ("data/matches.jsonl", {"matches.order", "matches.ids", "matches.tier"}),
        ("data/manifest.json", {"manifest.schema", "manifest.files", "manifest.counts"}),
    ],
)
def test_what_is_not_there_is_never_called_passed(
    package: Path, capsys: pytest.CaptureFixture[str], gone: str, unchecked: set[str]
) -> None:
    (package / gone).unlink()
    code, out, _ = printed(capsys, str(package), "--json")
    status = {check["id"]: check["status"] for check in json.loads(out)["checks"]}
    assert code == 1
    assert {check for check in unchecked if status[check] == "passed"} == set()


def test_an_error_is_two_sentences_on_two_lines(
    sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    match_id = json.loads((sealed / "data" / "matches.jsonl").read_text(encoding="utf-8").split("\n")[0])["match_id"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept", encoding="utf-8")
    assert main(["disclose", str(sealed), match_id, "--out", str(tmp_path / "out")]) == 2  # a place taken is usage
    assert capsys.readouterr().err.splitlines() == [
        "out is already there",
        "Choose another --out, or move it away.",
    ]
