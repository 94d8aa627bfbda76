"""Every byte changed, inserted, deleted; every file added, removed, renamed, linked; lines reordered: all found."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import package_builder
import pytest
import second_verifier

from manifests.bag import SEAL
from manifests.verifying import verify_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHA256SUM = shutil.which("sha256sum")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "package"
    package_builder.build_package(folder)
    return folder


@pytest.fixture
def package(sealed: Path, tmp_path: Path) -> Path:
    shutil.copytree(sealed, tmp_path / "package")
    return tmp_path / "package"


def covered(folder: Path) -> list[Path]:
    """Every file but the proofs, which are made after the seal."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if path.relative_to(folder).parts[0] != "proofs"]


def is_found(folder: Path) -> bool:
    return verify_package(folder).failed


def is_found_by_second(folder: Path) -> bool:
    try:
        second_verifier.verify(folder)
    except Exception:  # noqa: BLE001 - every failure of the second verifier is the same verdict
        return True
    return False


def is_found_by_sha256sum(folder: Path) -> bool:
    """Step 1 of VERIFY.md, as printed there."""
    for name in (SEAL, "manifest-sha256.txt"):
        done = subprocess.run(["sha256sum", "-c", name], cwd=folder, capture_output=True, check=False)
        if done.returncode:
            return True
    lines = (folder / "manifest-sha256.txt").read_bytes().count(b"\n")
    return lines != sum(path.is_file() for path in (folder / "data").rglob("*"))


def mutations(content: bytes, dice: random.Random) -> Iterator[bytes]:
    """One byte changed, one inserted, one deleted, each at some place; both ends always."""
    for place in {0, len(content) - 1, dice.randrange(len(content))}:
        changed = bytearray(content)
        changed[place] ^= 1 << dice.randrange(8)
        yield bytes(changed)
    place = dice.randrange(len(content) + 1)
    yield content[:place] + bytes([dice.randrange(256)]) + content[place:]
    place = dice.randrange(len(content))
    yield content[:place] + content[place + 1 :]
    yield content[: len(content) // 2]


def test_the_untouched_package_passes_with_both_verifiers_and_sha256sum(package: Path) -> None:
    verification = verify_package(package)
    assert not verification.problems
    assert not verification.failed
    assert not is_found_by_second(package)
    if SHA256SUM:
        assert not is_found_by_sha256sum(package)


def test_every_changed_inserted_and_deleted_byte_is_found(package: Path) -> None:
    dice = random.Random(20261121)
    for path in covered(package):
        original = path.read_bytes()
        for place, content in enumerate(mutations(original, dice)):
            path.write_bytes(content)
            assert is_found(package), path
            if place == 2:
                assert is_found_by_second(package), path
        path.write_bytes(original)
    assert not is_found(package)


@pytest.mark.skipif(SHA256SUM is None, reason="no sha256sum on this machine")
def test_sha256sum_finds_a_changed_byte_in_every_file(package: Path) -> None:
    dice = random.Random(7)
    for path in covered(package):
        original = path.read_bytes()
        place = dice.randrange(len(original))
        path.write_bytes(original[:place] + b"\x01" + original[place + 1 :])
        assert is_found_by_sha256sum(package), path
        path.write_bytes(original)


def test_another_letter_case_in_the_seal_is_found_although_sha256sum_accepts_it(package: Path) -> None:
    seal = package / SEAL
    digest, _, rest = seal.read_bytes().partition(b" ")
    seal.write_bytes(digest.upper() + b" " + rest)
    if SHA256SUM:
        assert not is_found_by_sha256sum(package)
    assert "bag.spelling" in {problem.check for problem in verify_package(package).problems}
    assert is_found_by_second(package)


def test_every_removed_file_is_found(package: Path) -> None:
    for path in covered(package):
        original = path.read_bytes()
        path.unlink()
        assert is_found(package), path
        assert is_found_by_second(package), path
        path.write_bytes(original)


def test_every_renamed_file_is_found(package: Path) -> None:
    for path in covered(package):
        other = path.with_name(path.name.swapcase() if path.name.swapcase() != path.name else "_" + path.name)
        path.rename(other)
        assert is_found(package), path
        other.rename(path)
    assert not is_found(package)


@pytest.mark.parametrize("place", [".", "data", "data/rows", "data/exports", "data/renditions", "data/captures"])
@pytest.mark.parametrize("name", ["added.txt", ".hidden", "evidence-2.csv", "NOTES.md"])
def test_every_added_file_is_found(package: Path, place: str, name: str) -> None:
    (package / place).mkdir(exist_ok=True)
    (package / place / name).write_bytes(b"more")
    assert is_found(package)
    assert is_found_by_second(package)


def test_files_in_proofs_may_be_added(package: Path) -> None:
    (package / "proofs" / "note.txt").write_bytes(b"later")
    assert not is_found(package)


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_every_file_replaced_by_a_link_is_found_and_not_followed(package: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    for path in covered(package):
        shutil.copy(path, outside)
        path.rename(path.with_name(path.name + ".kept"))
        path.symlink_to(outside)
        assert any(problem.kind == "unsafe" for problem in verify_package(package).problems), path
        path.unlink()
        path.with_name(path.name + ".kept").rename(path)
    (package / "data" / "rows2").symlink_to(package / "data" / "rows", target_is_directory=True)
    assert is_found(package)
    assert is_found_by_second(package)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this machine")
def test_a_pipe_in_place_of_a_file_is_found_and_not_opened(package: Path) -> None:
    for name in ("data/matches.jsonl", SEAL, "data/manifest.json"):
        original = (package / name).read_bytes()
        (package / name).unlink()
        os.mkfifo(package / name)
        assert is_found(package)
        (package / name).unlink()
        (package / name).write_bytes(original)


@pytest.mark.parametrize("name", ["matches", "negatives", "coverage", "portfolio", "observations", "events"])
def test_reordered_repeated_and_removed_lines_are_found(package: Path, name: str) -> None:
    path = package / f"data/{name}.jsonl"
    original = path.read_bytes()
    lines = original.split(b"\n")[:-1]
    for changed in (lines[::-1], [*lines, lines[-1]], lines[:-1]):
        path.write_bytes(b"".join(line + b"\n" for line in changed))
        if changed != lines:
            assert is_found(package)
            assert is_found_by_second(package)
