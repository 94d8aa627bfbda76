"""Captures: digests of WARC blocks and payloads, the records that are named, and files that unpack without end."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING

import package_builder
import pytest

from manifests.verifying import captures, payloads, verify_package
from manifests.verifying.checks import Notes
from manifests.verifying.payloads import Entity, http_head

if TYPE_CHECKING:
    from pathlib import Path

HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
BODY = b"\xff\xd8 picture \r\n\r\n bytes"


def sha256(data: bytes, *, base32: bool = False) -> str:
    digest = hashlib.sha256(data).digest()
    return f"sha256:{base64.b32encode(digest).decode() if base32 else digest.hex()}"


def record(record_id: str, block: bytes, *, kind: str = "application/http; msgtype=response", **fields: str) -> bytes:
    payload = block.partition(b"\r\n\r\n")[2] if kind.startswith("application/http") else block
    stated = {
        "WARC-Type": "response",
        "WARC-Record-ID": record_id,
        "WARC-Block-Digest": sha256(block),
        "WARC-Payload-Digest": sha256(payload),
        "Content-Type": kind,
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in stated.items() if value)
    return b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def problems(tmp_path: Path, content: bytes) -> list[str]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.warc.gz").write_bytes(content)
    notes = Notes()
    captures.check_captures(tmp_path, ["data/x.warc.gz"], notes)
    return [f"{problem.kind}: {problem.found}" for problem in notes.problems]


def test_sound_records_pass_in_hex_and_base32_and_are_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    members = [
        record("<urn:a>", b"software: provscan\r\n", kind="application/warc-fields"),
        record("<urn:b>", HTTP + BODY),
        record("<urn:c>", HTTP + BODY, WARC_Block_Digest=sha256(HTTP + BODY, base32=True)),
        record("<urn:d>", HTTP + b"x" * (3 << 20)),
        record("<urn:e>", b"", WARC_Payload_Digest=""),
    ]
    (tmp_path / "data/x.warc.gz").write_bytes(b"".join(map(gzip.compress, members)))
    notes = Notes()
    found = captures.check_captures(tmp_path, ["data/x.warc.gz"], notes)
    assert not notes.problems
    assert set(found.records) == {("x.warc.gz", f"<urn:{name}>") for name in "abcde"}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (gzip.compress(record("<urn:b>", HTTP + BODY, WARC_Block_Digest=sha256(b"other"))), "warc-block-digest"),
        (gzip.compress(record("<urn:b>", HTTP + BODY, WARC_Payload_Digest=sha256(b"other"))), "warc-payload-digest"),
        (gzip.compress(record("<urn:b>", HTTP + BODY, WARC_Block_Digest="sha1:ABC"), mtime=0), "warc-block-digest"),
        (gzip.compress(record("<urn:b>", HTTP + BODY, WARC_Block_Digest="sha256:!!"), mtime=0), "warc-block-digest"),
        (gzip.compress(record("<urn:b>", HTTP + BODY, WARC_Block_Digest=""), mtime=0), "no WARC-Block-Digest"),
        (gzip.compress(record("<urn:b>", BODY, Content_Length="99999"), mtime=0), "shorter than its length"),
        (gzip.compress(record("<urn:b>", BODY, Content_Length="-1"), mtime=0), "without a length"),
        (gzip.compress(record("<urn:b>", BODY, Content_Length="3"), mtime=0), "two line ends"),
        (gzip.compress(record("<urn:b>", HTTP + BODY), mtime=0)[:-9], "not gzip to its end"),
        (b"WARC/1.1\r\n", "not gzip to its end"),
        (gzip.compress(b"hello", mtime=0), "does not begin with WARC"),
        (gzip.compress(b"WARC/1.1\r\nA: b", mtime=0), "do not end"),
        (gzip.compress(record("<urn:b>", b"HTTP/1.1 200 OK\r\n" + b"a" * (3 << 20))), "HTTP fields do not end"),
    ],
)  # fmt: skip
def test_a_damaged_capture_is_found(tmp_path: Path, content: bytes, found: str) -> None:
    said = problems(tmp_path, content)
    assert said
    assert found in said[0]


def test_a_capture_that_unpacks_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "MAX_UNPACKED", 1 << 20)
    said = problems(tmp_path, gzip.compress(record("<urn:b>", b"\0" * (2 << 20), kind="text/plain")))
    assert "unpacks to more than" in said[0]


def test_a_match_names_a_record_that_is_there(tmp_path: Path) -> None:
    world = package_builder.world()
    seen = next(match for match in world.matches if match["observation"])
    body = b"fox.png"  # what the builder takes for the file of that name
    world.files["captures/0001.warc.gz"] = gzip.compress(record("<urn:b>", HTTP + body), mtime=0)
    capture = {"file": "captures/0001.warc.gz", "record_id": "<urn:b>"}
    for part in (seen["observation"], world.observations[0]):
        part["capture"] = capture
    world.observations[0]["bytes"] = len(body)
    package_builder.write(world, tmp_path / "sound")
    assert not verify_package(tmp_path / "sound").problems
    for part in (seen["observation"], world.observations[0]):
        part["capture"] = {**capture, "record_id": "<urn:z>"}
    package_builder.write(world, tmp_path / "forged")
    found = [problem.check for problem in verify_package(tmp_path / "forged").problems]
    assert found == ["captures.digests", "matches.references"]


@pytest.mark.parametrize(
    ("head", "status", "coding"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: GZIP", 200, "gzip"),
        (b"HTTP/1.1 404\r\ncontent-encoding: identity", 404, ""),
        (b"HTTP/1.0 301 Moved\r\nContent-Encoding: gzip\r\nContent-Encoding: br", 301, "gzip,br"),
        (b"GET /a HTTP/1.1\r\nHost: x", None, ""),
        (b"", None, ""),
    ],
)  # fmt: skip
def test_status_and_coding_stand_in_the_head(head: bytes, status: int | None, coding: str) -> None:
    assert http_head(head) == (status, coding)


@pytest.mark.parametrize("step", [1, 5, 1 << 20])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw deflate", "br", ""])
def test_a_coding_is_undone_however_the_bytes_arrive(coding: str, step: int) -> None:
    plain = b"picture " * 1000
    packed = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}.get(coding, bytes)(plain)
    if coding == "raw deflate":
        packed = zlib.compress(plain, wbits=-zlib.MAX_WBITS)
    entity = Entity(coding.removeprefix("raw "))
    for start in range(0, len(packed), step):
        entity.add(packed[start : start + step])
    assert entity.entity == (hashlib.sha256(plain).hexdigest(), len(plain))
    assert entity.stored == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize(
    "content", [b"no gzip at all", b"x\x9c damaged", gzip.compress(b"0" * 99, mtime=0)[:-20] + b"damaged end of it all"]
)
def test_a_coding_that_cannot_be_undone_leaves_the_stored_bytes(content: bytes) -> None:
    entity = Entity("gzip")
    entity.add(content)
    assert entity.entity == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_bomb_is_not_unpacked_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MAX_ENTITY", 1 << 20)
    packed = gzip.compress(b"\0" * (64 << 20), mtime=0)
    entity = Entity("gzip")
    entity.add(packed)
    assert entity.entity == (hashlib.sha256(packed).hexdigest(), len(packed))
