"""WARC captures: block and payload digests computed again, and every record that a match or observation names is there.

Compressed files are hostile: what unpacks to more than the limit is a problem, not a full disk.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from manifests.errors import FormatError, ProblemKind, UnsafePath
from manifests.packages import CHUNK_BYTES, open_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from manifests.verifying.checks import Notes

CHECK: Final = "captures.digests"
MAX_UNPACKED: Final = 16 << 30  # of one capture file
MAX_HEADER: Final = 1 << 20


def check_captures(folder: Path, paths: Iterable[str], notes: Notes) -> set[tuple[str, str]]:
    """Check every record of the captures; returns ``(file below data/, record id)`` of each."""
    notes.looked(CHECK, 0)
    ids: set[tuple[str, str]] = set()
    for path in paths:
        with notes.reading(CHECK, path):
            try:
                with open_inside(folder, path) as packed, gzip.GzipFile(fileobj=packed) as unpacked:
                    for record_id, faults in _records(cast("BinaryIO", unpacked)):
                        notes.looked(CHECK)
                        ids.add((path.removeprefix("data/"), record_id))
                        for what in faults:
                            notes.problem(CHECK, ProblemKind.DIGEST_DIFFERS, path, found=f"{record_id}: {what}")
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise FormatError(f"not gzip to its end: {error}") from error
    return ids


def _records(stream: BinaryIO) -> Iterator[tuple[str, list[str]]]:
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
        faults = list(_block_faults(stream, int(length), fields))
        if stream.read(4) != b"\r\n\r\n":
            raise FormatError("a record does not end with two line ends")
        yield fields.get("warc-record-id", ""), faults


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


def _block_faults(stream: BinaryIO, length: int, fields: dict[str, str]) -> Iterator[str]:
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
            head += chunk
            before, in_payload, chunk = _split_head(head)
            head = b"" if in_payload else before
        if in_payload:
            payload.update(chunk)
    for name, found in (("warc-block-digest", block), ("warc-payload-digest", payload)):
        stated = fields.get(name)
        if stated is None:
            if name == "warc-block-digest":
                yield "no WARC-Block-Digest"
        elif not _is_digest(stated, found.digest()):
            yield f"{name} is {stated}, found sha256:{found.hexdigest()}"


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
