"""A package is whole or not there; the same records give the same bytes."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path
from typing import Any

import package_builder
import pytest

from manifests.errors import FormatError, OutputError, UnsafePath
from manifests.verifying import verify_package
from manifests.writing import HostFacts, PackageWriter


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_records_give_the_same_bytes_but_for_the_nonce_of_the_request(tmp_path: Path) -> None:
    for name in ("a", "b"):
        package_builder.build_package(tmp_path / name)
    first, second = files_of(tmp_path / "a"), files_of(tmp_path / "b")
    assert {name for name in first if first[name] != second.get(name)} == {"proofs/tsa/PENDING-seal.tsq"}
    assert first.keys() == second.keys()


def test_a_package_in_chinese_differs_in_words_only(tmp_path: Path) -> None:
    for lang in ("en", "zh"):
        package_builder.build_package(tmp_path / lang, lang=lang)
        assert not verify_package(tmp_path / lang).failed
    english, chinese = files_of(tmp_path / "en"), files_of(tmp_path / "zh")
    for name in ("data/matches.jsonl", "data/coverage.jsonl", "data/portfolio.jsonl"):
        assert english[name] == chinese[name]
    assert "与作品文件" in chinese["data/exports/evidence.csv"].decode()


def test_nothing_is_left_where_the_writer_fails(tmp_path: Path) -> None:
    def records() -> Any:
        yield {"a": 1}
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError), PackageWriter(tmp_path / "p") as writer:
        writer.add_records("events", records())
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_was_not_sealed_leaves_nothing(tmp_path: Path) -> None:
    with PackageWriter(tmp_path / "p") as writer:
        writer.add_file("identity.json", b"{}")
    assert list(tmp_path.iterdir()) == []


def test_left_overs_of_a_killed_writer_are_replaced(tmp_path: Path) -> None:
    (tmp_path / ".p.writing/data").mkdir(parents=True)
    (tmp_path / ".p.writing/data/old").write_bytes(b"x")
    package_builder.build_package(tmp_path / "p")
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    assert not verify_package(tmp_path / "p").failed


class FullDisk(io.BytesIO):
    """A file on a disk with room for some bytes."""

    room = 40_000

    def write(self, content: Any, /) -> int:
        FullDisk.room -= len(content)
        if FullDisk.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


def test_a_full_disk_is_said_in_words_and_leaves_no_half_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = Path.open

    def opened(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        return FullDisk() if mode == "xb" else genuine(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OutputError, match="the disk is full") as caught:
        package_builder.build_package(tmp_path / "p")
    assert "Free some space" in caught.value.hint
    assert caught.value.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_and_an_empty_one_taken(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    package_builder.build_package(tmp_path / "p")
    with pytest.raises(OutputError, match="p is already there"):
        package_builder.build_package(tmp_path / "p")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="file is already there"):
        PackageWriter(tmp_path / "file")


@pytest.mark.parametrize("name", ["../x", "a b.txt", "é.txt", "x" * 121, "con.json", "a\\b", ""])
def test_names_that_not_every_system_can_hold_are_refused(tmp_path: Path, name: str) -> None:
    with PackageWriter(tmp_path / "p") as writer, pytest.raises(UnsafePath):
        writer.add_file(name, b"")


def test_a_name_is_written_once_whatever_its_letter_case(tmp_path: Path) -> None:
    with PackageWriter(tmp_path / "p") as writer:
        writer.add_file("captures/a.warc.gz", b"")
        with pytest.raises(OutputError, match="written before"):
            writer.add_file("captures/A.warc.gz", b"")
        with pytest.raises(FormatError, match="no records"):
            writer.add_records("findings", ())


def test_a_float_never_reaches_a_record(tmp_path: Path) -> None:
    with PackageWriter(tmp_path / "p") as writer, pytest.raises(FormatError, match="float"):
        writer.add_records("events", [{"seq": 1.0}])


def test_hosts_are_described_by_the_caller(tmp_path: Path) -> None:
    world = package_builder.world()
    world.matches = world.matches[:3]
    world.not_listed = {"fingerprint_lead": 2}
    described = HostFacts(domain="example.org", platform="a platform")
    sealed = package_builder.write(world, tmp_path / "p", describe_host=lambda _: described)
    assert not verify_package(tmp_path / "p").failed
    manifest = json.loads((sealed.path / "data/manifest.json").read_bytes())
    assert manifest["results"]["by_host"] == [
        {"host": "img.example.org", "domain": "example.org", "platform": "a platform", "findings": 3, "works": 2}
    ]
    assert manifest["results"]["not_listed"] == {"fingerprint_lead": 2}
    assert (
        b'"img.example.org","example.org","a platform","3","2","3","3"'
        in files_of(sealed.path)["data/exports/domains.csv"]
    )


def test_files_are_listed_where_they_belong(tmp_path: Path) -> None:
    package_builder.build_package(tmp_path / "p")
    manifest = json.loads((tmp_path / "p/data/manifest.json").read_bytes())
    of_the_run = [entry["path"] for entry in manifest["run"]["files"]]
    assert of_the_run == ["environment.json", "events.jsonl", "observations.jsonl"]
    listed = {entry["path"]: entry for entry in manifest["files"]}
    assert "matches.jsonl" in listed
    assert "schema/match.schema.json" in listed
    assert not {"manifest.json", "report.html", "exports/evidence.csv"} & listed.keys()
    assert listed["matches.jsonl"]["lines"] == manifest["results"]["findings"]
    assert listed["identity.json"]["merkle_root"] is None


def test_the_request_for_a_stamp_is_over_the_seal(tmp_path: Path) -> None:
    import hashlib

    package_builder.build_package(tmp_path / "p")
    request = (tmp_path / "p/proofs/tsa/PENDING-seal.tsq").read_bytes()
    assert len(request) == 69
    assert hashlib.sha256((tmp_path / "p/tagmanifest-sha256.txt").read_bytes()).digest() in request
