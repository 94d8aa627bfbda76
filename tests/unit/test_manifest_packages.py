"""The door: hostile folders are read under guard, records one by one, everything else is an error with its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import package_builder
import pytest

from manifests.canonical import canonical_bytes
from manifests.errors import FormatError, UnsafePath, UnsupportedVersion
from manifests.packages import lines_inside, open_package, read_inside, safe_parts, shard16

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "..", "a/../b", "a//b", "./a", "a\\b", "c:/x", "a b", "é", "a/", "NUL", "data/con.txt", "lpt1",
     "x" * 2000, "a\n", "data/x."],
)  # fmt: skip
def test_a_path_that_leaves_the_package_is_refused(path: str) -> None:
    with pytest.raises(UnsafePath):
        safe_parts(path)


def test_plain_paths_are_taken_apart() -> None:
    assert safe_parts("data/rows/0123456789abcdef.jsonl") == ("data", "rows", "0123456789abcdef.jsonl")
    assert shard16("etag:" + "c" * 64) == "c" * 16


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    package = tmp_path / "package"
    (package / "data").mkdir(parents=True)
    (package / "data" / "link").symlink_to(tmp_path / "outside")
    (package / "folder").symlink_to(tmp_path, target_is_directory=True)
    for relative in ("data/link", "folder/outside"):
        with pytest.raises(UnsafePath, match="a link"):
            read_inside(package, relative)


def test_only_plain_files_below_their_limit_are_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"12345")
    assert read_inside(tmp_path, "file", 5) == b"12345"
    with pytest.raises(UnsafePath, match="more than 4 bytes"):
        read_inside(tmp_path, "file", 4)
    with pytest.raises(UnsafePath, match="not a plain file"):
        read_inside(tmp_path, "folder")
    with pytest.raises(FileNotFoundError):
        read_inside(tmp_path, "nothing")


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes("a\u2028b\u0085c\rd\n\ne\n".encode())
    assert [line.decode() for line in lines_inside(tmp_path, "x")] == ["a\u2028b\u0085c\rd", "", "e"]
    (tmp_path / "x").write_bytes(b"a\nb")
    with pytest.raises(FormatError, match="x:2: the last line"):
        list(lines_inside(tmp_path, "x"))
    (tmp_path / "x").write_bytes(b"a\nbcdefgh\n")
    with pytest.raises(UnsafePath, match="line 2 has more than 3 bytes"):
        list(lines_inside(tmp_path, "x", 3))


def test_a_package_gives_its_manifest_records_and_rows(tmp_path: Path) -> None:
    sealed = package_builder.build_package(tmp_path / "p")
    package = open_package(str(tmp_path / "p"))
    assert package.manifest_sha256 == sealed.manifest_sha256
    matches = list(package.records("matches"))
    assert len(matches) == package.manifest["results"]["findings"]
    assert list(map(canonical_bytes, matches)) == list(package.lines("matches"))
    rows = list(package.rows(shard16(matches[0]["row"]["shard_id"])))
    assert matches[0]["row"]["row_number"] in {row["row_number"] for row in rows}
    assert list(package.records("changes")) == []
    assert package.exists("data/report.html")
    assert not package.exists("data")
    assert not package.exists("data/../data/report.html")
    assert package.read_bytes("bagit.txt").startswith(b"BagIt")


def test_what_is_no_package_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="this is not a package"):
        open_package(tmp_path)
    (tmp_path / "data").mkdir()
    manifest = tmp_path / "data" / "manifest.json"
    manifest.write_bytes(b'{"schema":"provscan.manifest/2"}')
    with pytest.raises(UnsupportedVersion, match=r"provscan\.manifest/2"):
        open_package(tmp_path)
    manifest.write_bytes(b"[]")
    with pytest.raises(FormatError, match="not an object"):
        open_package(tmp_path)
    manifest.write_bytes(b'{"schema": "x"}')
    with pytest.raises(FormatError, match="not the canonical spelling"):
        open_package(tmp_path)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    package_builder.build_package(tmp_path / "p")
    path = tmp_path / "p/data/events.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[1] = b'{"a":1.5}'
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(FormatError, match=r"events\.jsonl:2: 1\.5 is a float"):
        list(open_package(tmp_path / "p").records("events"))


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"é": 1}, 2**53, b"x", {"a": {1, 2}}, "\ud800", [float("nan")]])
def test_what_is_outside_the_profile_is_not_written(value: object) -> None:
    with pytest.raises(FormatError):
        canonical_bytes(value)


def test_more_than_32_levels_are_refused() -> None:
    deep: list[object] = []
    for _ in range(31):
        deep = [deep]
    assert canonical_bytes(deep)
    with pytest.raises(FormatError, match="levels"):
        canonical_bytes([deep])
