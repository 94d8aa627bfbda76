"""Pictures and archives made to exhaust or escape: refused by name, with the good picture beside them still found."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import zlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from integration_world import Run, command, environment, records
from PIL import Image
from small_world import COPIED, NAMES, copy_bytes, scan, work_bytes, write_works

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def works(tmp_path: Path) -> Path:
    return write_works(tmp_path / "works")


def png_bomb(side: int, *, body: bool = True) -> bytes:
    """A grey PNG of ``side`` x ``side`` pixels: a few kB that unpack to gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    line = b"\0" * (1 + side // 8)
    packed = b"".join(packer.compress(line * 1000) for _ in range(side // 1000 if body else 0)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def one_pixel() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (1, 1), (200, 10, 10)).save(stream, "PNG")
    return stream.getvalue()


def odd_pictures() -> Mapping[str, bytes]:
    good = copy_bytes(COPIED)
    return {
        "a-bomb.png": png_bomb(40_000),
        "b-lying-size.png": png_bomb(60_000, body=False),
        "c-cut.jpg": good[: len(good) // 2],
        "d-empty.jpg": b"",
        "e-page.jpg": b"<html><body>404</body></html>",
        "f-one.png": one_pixel(),
        "g-good.jpg": good,
        "h-icon.jpg": b"\0\0\1\0" + bytes(60),
        "i-eps.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(ls) system\n",
        "j-svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    }


def peak_mib(arguments: list[str | Path], cwd: Path) -> tuple[int, int, str]:
    """Exit code, peak of the largest process in MiB, what was said."""
    watcher = (
        "import json, resource, subprocess, sys\n"
        "done = subprocess.run(json.loads(sys.argv[1]), capture_output=True)\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // (1 if sys.platform == 'linux' else 1024)\n"
        "print(json.dumps([done.returncode, peak // 1024, (done.stdout + done.stderr).decode()]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", watcher, json.dumps(command(arguments))],
        capture_output=True, cwd=cwd, env=environment(), check=True,
    )  # fmt: skip
    code, peak, said = json.loads(done.stdout)
    return code, peak, said


@pytest.mark.parametrize("form", ["folder", "tar", "parquet"])
def test_odd_pictures_in_a_dataset_are_counted_and_the_good_one_is_found(
    provscan: Run, works: Path, tmp_path: Path, form: str
) -> None:
    pictures = odd_pictures()
    dataset = tmp_path / "d"
    dataset.mkdir()
    if form == "folder":
        for name, content in pictures.items():
            (dataset / name).write_bytes(content)
    elif form == "tar":
        with tarfile.open(dataset / "d.tar", "w") as archive:
            for name, content in pictures.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        stored = [{"bytes": content, "path": name} for name, content in pictures.items()]
        pq.write_table(pa.table({"image": stored, "text": list(pictures)}), dataset / "d.parquet")
    scanned = scan(provscan, works, dataset, out=tmp_path / "out")
    (found,) = scanned.found
    assert found[1:] == (list(pictures).index("g-good.jpg"), NAMES[COPIED])
    (line,) = scanned.coverage.values()
    assert line["rows_scanned"] == len(pictures)
    assert line["compared"]["image"] == 2  # the good one and the single pixel
    assert sum(line["row_faults"].values()) == len(pictures) - 2
    assert line["row_faults"]["image_over_limit"] == 2


def test_odd_pictures_in_the_portfolio_are_named_and_the_works_are_compared(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    for name, content in odd_pictures().items():
        (works / name).write_bytes(content)
    (works / "g-good.jpg").unlink()
    dataset = tmp_path / "d"
    dataset.mkdir()
    (dataset / "copy.jpg").write_bytes(copy_bytes(COPIED))
    (dataset / "one.png").write_bytes(one_pixel())
    scanned = scan(provscan, works, dataset, out=tmp_path / "out")
    assert ("d", 0, NAMES[COPIED]) in scanned.found
    assert ("d", 1, "f-one.png") in scanned.found  # the very same file
    portfolio = {one["files"][0].rpartition("/")[2]: one for one in records(scanned.package, "portfolio")}
    reasons = {name: one["reason"].split(":")[0] for name, one in portfolio.items() if one["status"] == "excluded"}
    assert reasons == {
        "a-bomb.png": "over_limit",
        "b-lying-size.png": "over_limit",
        "c-cut.jpg": "truncated",
        "d-empty.jpg": "empty",
        "e-page.jpg": "not_a_picture",
        "h-icon.jpg": "unsupported_format",
        "i-eps.jpg": reasons["i-eps.jpg"],
        "j-svg.png": "unsupported_format",
    }
    assert reasons["i-eps.jpg"] in {"not_a_picture", "unsupported_format"}
    assert "8 files of the portfolio could not be compared" in scanned.ran.out


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked as POSIX has it")
def test_a_picture_of_20000_by_20000_is_a_work_within_memory(works: Path, tmp_path: Path) -> None:
    (works / "huge.png").write_bytes(png_bomb(20_000))
    dataset = tmp_path / "d"
    dataset.mkdir()
    (dataset / "copy.jpg").write_bytes(copy_bytes(COPIED))
    code, peak, said = peak_mib(
        ["scan", works, "--dataset", dataset, "--variants", "fast", "--out", tmp_path / "out"], tmp_path
    )
    assert code == 0, said
    assert peak < 1500, peak
    assert {one["width"] for one in records(tmp_path / "out", "portfolio")} == {320, 20_000}
    assert len(records(tmp_path / "out", "matches")) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked as POSIX has it")
def test_bombs_of_compressed_text_are_refused_within_memory(works: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "d"
    dataset.mkdir()
    zeros = b"\0" * (1 << 20)
    with gzip.open(dataset / "line.csv.gz", "wb", compresslevel=1) as file:
        file.write(b"url,caption\nhttps://a.example/b.jpg,")
        for _ in range(400):
            file.write(zeros)
    rows = b'{"url":"https://a.example/b.jpg","caption":"' + b"a" * 900 + b'"}\n'
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    with (dataset / "rows.jsonl.zst").open("wb") as file:
        for _ in range(200):
            file.write(packer.compress(rows * 1000))
        file.write(packer.flush())
    packed = gzip.compress(b"\0" * (1 << 28), compresslevel=9)
    (dataset / "nothing.tar.gz").write_bytes(packed)
    (dataset / "copy.tar").write_bytes(tar_of({"000000001.jpg": copy_bytes(COPIED)}))
    code, peak, said = peak_mib(
        ["scan", works, "--dataset", dataset, "--variants", "fast", "--out", tmp_path / "out"], tmp_path
    )
    assert code == 3, said
    assert "Traceback" not in said
    assert peak < 1000, peak
    assert {one["row"]["shard"] for one in records(tmp_path / "out", "matches")} == {"copy.tar"}
    reasons = {line["shard"]: line["reason"] for line in records(tmp_path / "out", "coverage") if line["reason"]}
    assert "64 MiB" in reasons["line.csv.gz"] or "200 times" in reasons["line.csv.gz"]
    assert "200 times" in reasons["rows.jsonl.zst"]
    assert set(reasons) >= {"line.csv.gz", "rows.jsonl.zst"}


def tar_of(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def test_an_archive_that_wants_out_writes_nothing_and_keeps_its_rows(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    dataset = tmp_path / "deep" / "d"
    dataset.mkdir(parents=True)
    with tarfile.open(dataset / "out.tar", "w") as archive:
        for name in (
            "../../escaped.jpg",
            str(tmp_path / "absolute.jpg"),
            "C:\\windows\\x.jpg",
            "n\0l.jpg",
            "e" * 300 + ".jpg",
        ):
            member = tarfile.TarInfo(name)
            member.size = len(copy_bytes(0))
            archive.addfile(member, io.BytesIO(copy_bytes(0)))
        for kind, name in (
            (tarfile.SYMTYPE, "link.jpg"),
            (tarfile.LNKTYPE, "hard.jpg"),
            (tarfile.FIFOTYPE, "fifo.jpg"),
            (tarfile.CHRTYPE, "dev.jpg"),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("good.jpg")
        member.size = len(copy_bytes(COPIED))
        archive.addfile(member, io.BytesIO(copy_bytes(COPIED)))
    before = {path for path in tmp_path.rglob("*") if "out" not in path.parts}
    scanned = scan(provscan, works, dataset, out=tmp_path / "package")
    assert {row for _, row, name in scanned.found if name == NAMES[COPIED]} == {5}
    assert {row for _, row, name in scanned.found if name == NAMES[0]} == {0, 1, 2, 3, 4}
    assert scanned.coverage["out.tar"]["rows_scanned"] == 6
    after = {path for path in tmp_path.rglob("*") if (tmp_path / "package") not in (path, *path.parents)}
    assert after == before
    rows = "".join(json.dumps(one) for one in records(scanned.package, "matches"))
    assert "root:" not in rows


@pytest.mark.parametrize("lie", ["beyond the end", "negative", "pax", "checksum"])
def test_an_archive_that_lies_about_sizes_keeps_the_rows_before_the_lie(
    provscan: Run, works: Path, tmp_path: Path, lie: str
) -> None:
    content = bytearray(tar_of({"1.jpg": copy_bytes(COPIED), "2.jpg": copy_bytes(0), "3.jpg": copy_bytes(2)}))
    second = content.index(b"2.jpg")
    if lie == "beyond the end":
        content[second + 124 : second + 136] = b"77777777777\0"
    elif lie == "negative":
        content[second + 124 : second + 136] = b"\xff" * 12
    elif lie == "pax":
        content[second + 156] = ord("x")
        content[second + 124 : second + 136] = b"77777777777\0"
    else:
        content[second + 148 : second + 156] = b"0000000\0"
    if lie != "checksum":
        block = bytes(content[second : second + 512])
        total = sum(block[:148]) + 8 * 32 + sum(block[156:])
        content[second + 148 : second + 156] = f"{total:06o}\0 ".encode()
    (tmp_path / "lie.tar").write_bytes(content)
    scanned = scan(provscan, works, tmp_path / "lie.tar", out=tmp_path / "out", code=3)
    assert scanned.found == {("lie.tar", 0, NAMES[COPIED])}
    assert "at byte" in scanned.reasons["lie.tar"]


def test_a_picture_in_the_last_whole_sample_of_a_cut_archive_is_found(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    whole = tar_of({"1.jpg": copy_bytes(0), "1.txt": b"one", "2.jpg": copy_bytes(COPIED), "2.txt": b"two" * 400})
    (tmp_path / "cut.tar").write_bytes(whole[: whole.index(b"two") + 100])
    scanned = scan(provscan, works, tmp_path / "cut.tar", out=tmp_path / "out", code=3)
    assert scanned.found == {("cut.tar", 0, NAMES[0]), ("cut.tar", 1, NAMES[COPIED])}


def test_the_portfolio_itself_as_a_dataset_is_found_whole(provscan: Run, works: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in works.iterdir()}
    scanned = scan(provscan, works, works, out=tmp_path / "out")
    assert {(row, name) for _, row, name in scanned.found} >= set(enumerate(NAMES))
    assert {one["tier"] for one in records(scanned.package, "matches")} == {"packaged_image"}
    assert before == {path: path.stat().st_mtime_ns for path in works.iterdir()}


def test_a_package_written_into_the_scanned_folder_is_no_part_of_it(provscan: Run, works: Path, tmp_path: Path) -> None:
    scanned = scan(provscan, works, works, out=works / "out")
    assert scanned.ran.out.startswith("3 works")


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="these file systems refuse such names")
def test_names_that_are_not_utf8_are_works_rows_and_shards(provscan: Run, tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9")
    works = tmp_path / f"works-{odd}"
    works.mkdir()
    (works / f"{odd}.png").write_bytes(work_bytes(COPIED))
    dataset = tmp_path / f"d-{odd}"
    (dataset / odd).mkdir(parents=True)
    (dataset / odd / f"{odd}\n.jpg").write_bytes(copy_bytes(COPIED))
    (dataset / f"{odd}.tar").write_bytes(tar_of({f"x{odd}.jpg": copy_bytes(COPIED)}))
    scanned = scan(provscan, works, dataset, out=tmp_path / "out")
    assert len(scanned.found) == 2
    assert {name for _, _, name in scanned.found} == {"caf%E9.png"}
    assert {shard for shard, _, _ in scanned.found} == {"caf\\xe9", "caf\\xe9.tar"}
    out = tmp_path / f"out-{odd}"
    assert provscan("scan", works, "--dataset", dataset, "--variants", "fast", "--out", out).code == 0
    assert provscan("verify", out).code == 0
    assert provscan("show", out).code == 0


def test_equal_names_in_two_portfolio_folders_are_told_apart(provscan: Run, tmp_path: Path) -> None:
    for seed, folder in enumerate(("a/works", "b/works")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "untitled.png").write_bytes(work_bytes(seed))
    dataset = tmp_path / "d"
    dataset.mkdir()
    for seed in (0, 1):
        (dataset / f"{seed}.jpg").write_bytes(copy_bytes(seed))
    scanned = scan(provscan, [tmp_path / "a/works", tmp_path / "b/works"], dataset, out=tmp_path / "out")
    found = {(one["row"]["row_number"], one["work_file"]) for one in records(scanned.package, "matches")}
    assert found == {(0, "works/untitled.png"), (1, "works-2/untitled.png")}
