"""Places that are taken, closed, full or empty: said in one sentence, nothing lost, and the same command goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from integration_world import ROOT, Ran, Run, command, environment, records
from small_disk import disk_of
from small_world import COPIED, COPY_ROW, NAMES, Scanned, assert_clear, assert_sound, scan, write_good, write_works

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FOUND = {("good.parquet", COPY_ROW, NAMES[COPIED])}


@pytest.fixture
def works(tmp_path: Path) -> Path:
    return write_works(tmp_path / "works")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_good(tmp_path / "d")


def arguments_of(works: Path, good: Path, out: Path | str) -> list[str | Path]:
    return ["scan", works, "--dataset", good, "--variants", "fast", "--workers", "1", "--out", out]


def refused(ran: Ran, code: int, *words: str) -> None:
    assert (ran.code, ran.out) == (code, ""), (ran.code, ran.out, ran.err)
    assert_clear(ran)
    for word in words:
        assert word in ran.err


def test_out_that_is_a_file_is_refused_and_kept(provscan: Run, works: Path, good: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("precious", encoding="utf-8")
    refused(provscan(*arguments_of(works, good, tmp_path / "out")), 2, "out is a file")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "precious"
    (tmp_path / "out.partial").write_text("precious", encoding="utf-8")
    refused(provscan(*arguments_of(works, good, tmp_path / "out")), 2)
    (tmp_path / "out").unlink()
    refused(provscan(*arguments_of(works, good, tmp_path / "out")), 2, "out.partial")
    assert (tmp_path / "out.partial").read_text(encoding="utf-8") == "precious"


def test_out_that_is_a_folder_holds_the_package_under_its_own_name(
    provscan: Run, works: Path, good: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("precious", encoding="utf-8")
    assert provscan(*arguments_of(works, good, out)).code == 0
    assert provscan(*arguments_of(works, good, out)).code == 0
    packages = sorted(path.name for path in out.iterdir())
    assert len(packages) == 3
    assert packages[-1] == "notes.txt"
    for name in packages[:2]:
        assert name.startswith("SCAN-")
        assert_sound(out / name)


def test_out_that_holds_strange_unfinished_work_is_refused(
    provscan: Run, works: Path, good: Path, tmp_path: Path
) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "thesis.txt").write_text("precious", encoding="utf-8")
    refused(provscan(*arguments_of(works, good, tmp_path / "out")), 2, "out.partial")
    assert (tmp_path / "out.partial" / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_a_damaged_ledger_is_named_and_its_removal_starts_again(
    provscan: Run, works: Path, good: Path, tmp_path: Path
) -> None:
    partial = tmp_path / "out.partial"
    partial.mkdir()
    (partial / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    ran = provscan(*arguments_of(works, good, tmp_path / "out"))
    refused(ran, ran.code, "out.partial")
    assert ran.code in {2, 3}
    shutil.rmtree(partial)
    assert scan(provscan, works, good, out=tmp_path / "out").found == FOUND


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({}, "no picture"),
        ({"a.txt": b"text"}, "no picture"),
        ({"a.jpg": b""}, "empty"),
        ({"works.csv": b"file,title\n"}, "no picture"),
        ({"works.csv": b""}, "works.csv"),
        ({"works.csv": b"titel,name\na,b\n"}, "file"),
        ({"works.csv": b"file,title\ngone.png,Gone\n"}, "gone.png"),
        ({"works.csv": b"file,title\nwork-0.png,One\nwork-0.png,Two\n"}, "line 3"),
        ({"works.csv": b"file,rendition_of\nwork-0.png,nothing.png\n"}, "nothing.png"),
        ({"works.csv": b"file,title\nwork-0.png,\xff\xfe\n"}, "UTF-8"),
        ({"works.csv": b"file,title\n../../../etc/passwd,me\n"}, "passwd"),
        ({"works.csv": b'file,title\nwork-0.png,"never closed\n'}, "works.csv"),
        ({"works.csv": b"PK\x03\x04" + bytes(range(256))}, "works.csv"),
    ],
)
def test_a_portfolio_of_nothing_or_a_wrong_list_is_said(
    provscan: Run, tmp_path: Path, good: Path, made: dict[str, bytes], said: str
) -> None:
    folder = tmp_path / "mine"
    if "works.csv" in made:
        write_works(folder)
    else:
        folder.mkdir()
    for name, content in made.items():
        (folder / name).write_bytes(content)
    source = folder / "works.csv" if "works.csv" in made else folder
    ran = provscan(*arguments_of(source, good, tmp_path / "out"))
    if ran.code == 0:
        assert said == "works.csv"
        return
    refused(ran, 2, said)
    assert not (tmp_path / "out.partial").exists()


# --- closed to us --------------------------------------------------------------------------------------------------------


@pytest.fixture
def without_rights() -> Run:
    """Run ``provscan`` bound by permissions: root is not, unless its right to pass over them is taken."""
    if sys.platform == "win32":
        pytest.skip("permissions of POSIX")
    bound: list[str] = []
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        bound = [setpriv or "", "--bounding-set=-dac_override,-dac_read_search"]
        if setpriv is None or subprocess.run([*bound, "true"], capture_output=True, check=False).returncode:
            pytest.skip("root reads everything, and cannot be bound here")

    def run(*arguments: str | Path) -> Ran:
        done = subprocess.run(
            [*bound, *command(arguments)], capture_output=True, env=environment(), check=False, timeout=900
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def test_unreadable_folders_and_files_are_named_and_the_rest_is_scanned(
    without_rights: Run, works: Path, good: Path, tmp_path: Path
) -> None:
    (works / "closed").mkdir()
    shutil.copy(works / NAMES[0], works / "closed" / "inside.png")
    shutil.copy(works / NAMES[0], works / "shut.png")
    shutil.copy(good, good.parent / "shut.parquet")
    (good.parent / "closed").mkdir()
    pictures = tmp_path / "pictures"
    (pictures / "closed").mkdir(parents=True)
    for name, mode in ((works / "shut.png", 0), (good.parent / "shut.parquet", 0), (pictures / "x.jpg", 0)):
        name.touch()
        name.chmod(mode)
    shutil.copy(works / NAMES[2], pictures / "y.png")
    closed = (works / "closed", good.parent / "closed", pictures / "closed")
    for folder in closed:
        folder.chmod(0)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    try:
        ran = without_rights(
            "scan", works, "--dataset", good.parent, "--dataset", pictures, "--variants", "fast", "--out", tmp_path / "open" / "out"
        )  # fmt: skip
        assert ran.code == 3, ran.err
        assert_clear(ran)
        scanned = Scanned(ran, tmp_path / "open" / "out")
        assert scanned.found > FOUND
        assert scanned.reasons == {
            "shut.parquet": "shut.parquet: its footer cannot be read: Permission denied",
            "closed": "cannot be read: Permission denied",
        }
        closed_shards = [one["dataset"] for one in records(scanned.package, "coverage") if one["shard"] == "closed"]
        assert closed_shards == ["d", "pictures"]  # gaps of the package, not only words on the screen
        assert "2 files of the portfolio could not be compared" in ran.out
        assert ran.err.count("Permission denied") >= 2  # the closed folders of both datasets
    finally:
        for folder in closed:
            folder.chmod(0o755)
    assert_sound(tmp_path / "open" / "out")


def test_a_place_that_cannot_be_written_is_said_before_the_scan(
    without_rights: Run, works: Path, good: Path, tmp_path: Path
) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    ran = without_rights(*arguments_of(works, good, tmp_path / "closed" / "out"))
    refused(ran, 3, "could not be made", "Permission denied", "--out")
    assert list((tmp_path / "closed").iterdir()) == []


# --- full ----------------------------------------------------------------------------------------------------------------


def limited(bytes_: int) -> Callable[[], None]:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))

    return limit


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("kib", [0, 8, 48])
def test_a_file_that_cannot_grow_is_an_error_of_one_sentence_and_the_same_command_completes(
    provscan: Run, works: Path, good: Path, tmp_path: Path, kib: int
) -> None:
    arguments = arguments_of(works, good, tmp_path / "out")
    done = subprocess.run(
        command(arguments), capture_output=True, env=environment(), check=False, cwd=tmp_path, preexec_fn=limited(kib << 10)
    )  # fmt: skip
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    refused(ran, 3, "the same command")
    assert not (tmp_path / "out").exists()
    assert scan(provscan, works, good, out=tmp_path / "out").found == FOUND
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("out")) == ["out"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 700 kB."""
    with disk_of("700k", tmp_path / "disk") as place:
        yield place


def test_a_full_disk_loses_nothing_and_room_is_enough_to_go_on(
    provscan: Run, works: Path, good: Path, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"
    for free_kib in (0, 20, 120):
        ballast.unlink(missing_ok=True)
        with ballast.open("wb") as file:
            room = shutil.disk_usage(small_disk).free - (free_kib << 10)
            file.write(bytes(max(room, 0)))
        refused(provscan(*arguments_of(works, good, small_disk / "out")), 3, "disk")
        assert not (small_disk / "out").exists()
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=50m", small_disk], check=True)
    assert scan(provscan, works, good, out=small_disk / "out").found == FOUND
    assert [path.name for path in small_disk.iterdir()] == ["out"]


def test_the_checkout_is_no_package(provscan: Run) -> None:
    refused(provscan("show", ROOT), 2)
