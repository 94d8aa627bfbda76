"""WARC captures: block and payload digests computed again, and every record that a match or observation names is there.

Compressed files are hostile: what unpacks to more than the limit is a problem, not a full disk.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from manifests.errors import FormatError, ProblemKind, UnsafePath
from manifests.packages import CHUNK_BYTES, open_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from manifests.verifying.checks import Notes

CHECK: Final = "captures.digests"
MAX_UNPACKED: Final = 16 << 30  # of one capture file
MAX_HEADER: Final = 1 << 20


def check_captures(folder: Path, paths: Iterable[str], notes: Notes) -> dict[tuple[str, str], str | None]:
    """Check every record of the captures.

    Returns ``(file below data/, record id)`` of each, and the SHA-256 of the entity it holds: of a revisit that of the record it
    refers to; None where the entity was cut or is stored compressed, so that its digest is not the look's.
    """
    notes.looked(CHECK, 0)
    found: dict[tuple[str, str], str | None] = {}
    payloads: dict[str, str] = {}  # record id to payload, over all files: a revisit may refer to an earlier one
    for path in paths:
        with notes.reading(CHECK, path):
            try:
                with open_inside(folder, path) as packed, gzip.GzipFile(fileobj=packed) as unpacked:
                    for record in _records(cast("BinaryIO", unpacked), payloads):
                        notes.looked(CHECK)
                        found[path.removeprefix("data/"), record.record_id] = record.entity
                        for what in record.faults:
                            notes.problem(CHECK, ProblemKind.DIGEST_DIFFERS, path, found=f"{record.record_id}: {what}")
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise FormatError(f"not gzip to its end: {error}") from error
    return found


def capture_faults(seen: Mapping[str, Any], captured: Mapping[tuple[str, str], str | None]) -> Iterator[str]:
    """The capture that an observation names is there, and holds the entity whose digest the observation states."""
    capture, content = seen["capture"], seen["content_sha256"]
    if capture is None:
        return
    place = (capture["file"], capture["record_id"])
    if place not in captured:
        yield f"the capture {capture['file']} holds no record {capture['record_id']}"
    elif content is not None and captured[place] not in {None, content}:
        yield f"the capture {capture['record_id']} holds another entity than the observation states"


@dataclass(frozen=True, slots=True)
class _Record:
    record_id: str
    entity: str | None
    faults: list[str]


def _records(stream: BinaryIO, payloads: dict[str, str]) -> Iterator[_Record]:
    total = 0
    while first := stream.readline(MAX_HEADER):
        if not first.startswith(b"WARC/1."):
            raise FormatError("a record does not begin with WARC/1.")
        fields = _fields(stream)
        length = fields.get("content-length", "")
        if not length.isascii() or not length.isdigit() or len(length) > 15:
            raise FormatError("a record without a length")
        total += int(length)
        if total > MAX_UNPACKED:
            raise UnsafePath(f"unpacks to more than {MAX_UNPACKED} bytes")
        block = _read_block(stream, int(length), fields)
        if stream.read(4) != b"\r\n\r\n":
            raise FormatError("a record does not end with two line ends")
        record_id, payload = fields.get("warc-record-id", ""), block.payload
        if fields.get("warc-type") == "revisit":  # its block holds no entity: the record it refers to does
            payload = payloads.get(fields.get("warc-refers-to", ""), "")
        faults = list(_digest_faults(fields, block.digest, payload))
        payloads[record_id] = payload
        whole = "warc-truncated" not in fields and not block.encoded
        yield _Record(record_id, payload if whole and payload else None, faults)


def _fields(stream: BinaryIO) -> dict[str, str]:
    fields: dict[str, str] = {}
    room = MAX_HEADER
    while (line := stream.readline(MAX_HEADER)) not in {b"\r\n", b"\n"}:
        room -= len(line)
        if not line or room < 0:
            raise FormatError("a record's fields do not end")
        name, _, value = line.decode("utf-8", "replace").partition(":")
        fields[name.strip().lower()] = value.strip()
    return fields


@dataclass(frozen=True, slots=True)
class _Block:
    digest: str
    payload: str
    encoded: bool  # the entity is stored compressed, as it was sent


def _read_block(stream: BinaryIO, length: int, fields: dict[str, str]) -> _Block:
    block, payload = hashlib.sha256(), hashlib.sha256()
    is_http = fields.get("content-type", "").replace(" ", "").startswith("application/http")
    head = b""
    in_payload = not is_http
    while length:
        chunk = stream.read(min(length, CHUNK_BYTES))
        if not chunk:
            raise FormatError("a record is shorter than its length")
        length -= len(chunk)
        block.update(chunk)
        if not in_payload:
            head, in_payload, chunk = _split_head(head + chunk)
        if in_payload:
            payload.update(chunk)
    return _Block(block.hexdigest(), payload.hexdigest(), b"\ncontent-encoding:" in head.lower())


def _digest_faults(fields: dict[str, str], block: str, payload: str) -> Iterator[str]:
    for name, found in (("warc-block-digest", block), ("warc-payload-digest", payload)):
        stated = fields.get(name)
        if stated is None:
            if name == "warc-block-digest":
                yield "no WARC-Block-Digest"
        elif not found:
            yield f"{name} is {stated}, but the record that holds the entity is not here"
        elif not _is_digest(stated, bytes.fromhex(found)):
            yield f"{name} is {stated}, found sha256:{found}"


def _split_head(head: bytes) -> tuple[bytes, bool, bytes]:
    before, end, after = head.partition(b"\r\n\r\n")
    if not end and len(head) > MAX_HEADER:
        raise FormatError("HTTP fields do not end")
    return before, bool(end), after


def _is_digest(stated: str, digest: bytes) -> bool:
    """Hex or, as warcio writes it, base32."""
    algorithm, _, value = stated.partition(":")
    if algorithm.lower() != "sha256":
        return False
    try:
        return value.lower() == digest.hex() or base64.b32decode(value.upper()) == digest
    except binascii.Error:
        return False
