"""WARC captures: digests computed again, and what an observation says was returned is what its record holds.

Compressed files are hostile: what unpacks to more than the limit is a problem, not a full disk.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from manifests.errors import FormatError, ProblemKind, UnsafePath
from manifests.packages import CHUNK_BYTES, open_inside
from manifests.verifying.payloads import Entity, http_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from manifests.verifying.checks import Notes

CHECK: Final = "captures.digests"
MAX_UNPACKED: Final = 16 << 30  # of one capture file
MAX_HEADER: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one record holds: ``payload`` as stored, ``entity`` and ``bytes`` without its content coding; SHA-256 in hex.

    ``refers_to`` is the record that holds the payload of a revisit; ``status`` is None outside HTTP responses.
    """

    payload: str
    entity: str
    bytes: int
    status: int | None
    refers_to: str | None
    is_cut: bool


@dataclass(slots=True)
class Captures:
    """Every record of every capture file, by ``(file below data/, record id)``; an id alone names a record too."""

    records: dict[tuple[str, str], Held] = field(default_factory=dict)
    _by_id: dict[str, Held] = field(default_factory=dict)

    def add(self, path: str, record_id: str, held: Held) -> str | None:
        """Keep one record; what is wrong with it among the others, if anything is."""
        known = record_id in self._by_id
        self.records[path, record_id] = self._by_id[record_id] = held
        return "a second record of that id" if known else None

    def broken_revisits(self) -> Iterator[tuple[str, str]]:
        """``(file, what)`` of every revisit whose payload is in no record, or is another one."""
        for (path, record_id), held in self.records.items():
            if held.refers_to is not None:
                origin = self._by_id.get(held.refers_to)
                if origin is None or origin.refers_to is not None or origin.payload != held.payload:
                    yield path, f"{record_id}: the payload it names is not that of {held.refers_to}"

    def body(self, held: Held) -> tuple[str, int] | None:
        """Digest and length of the body a record stands for, without its coding; None where it was cut, or is not here."""
        origin = held if held.refers_to is None else self._by_id.get(held.refers_to)
        return None if origin is None or held.is_cut or origin.is_cut else (origin.entity, origin.bytes)

    def faults(self, seen: Mapping[str, Any]) -> Iterator[str]:
        """What a line of ``observations.jsonl`` says of its capture, and the capture does not."""
        named = seen["capture"]
        if named is None:
            return
        held = self.records.get((named["file"], named["record_id"]))
        if held is None:
            yield f"{named['file']} holds no record {named['record_id']}"
            return
        if held.status != seen["status"]:
            yield f"the captured status is {held.status}, the observation says {seen['status']}"
        body = self.body(held)  # None also for a row marked unsafe, whose picture was hashed and not stored
        if body is None or seen["content_sha256"] is None:
            return
        if body[0] != seen["content_sha256"]:
            yield f"the captured body has SHA-256 {body[0]}, the observation says {seen['content_sha256']}"
        elif seen["bytes"] not in {None, body[1]}:
            yield f"the captured body has {body[1]} bytes, the observation says {seen['bytes']}"


def check_captures(folder: Path, paths: Iterable[str], notes: Notes) -> Captures:
    """Check the digests of every record of the captures; returns what they hold."""
    notes.looked(CHECK, 0)
    captures = Captures()
    for path in paths:
        with notes.reading(CHECK, path):
            try:
                with open_inside(folder, path) as packed, gzip.GzipFile(fileobj=packed) as unpacked:
                    for record_id, held, faults in _records(cast("BinaryIO", unpacked)):
                        notes.looked(CHECK)
                        doubled = captures.add(path.removeprefix("data/"), record_id, held)
                        for what in (*faults, *filter(None, [doubled])):
                            notes.problem(CHECK, ProblemKind.DIGEST_DIFFERS, path, found=f"{record_id}: {what}")
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise FormatError(f"not gzip to its end: {error}") from error
    for path, what in captures.broken_revisits():
        notes.problem(CHECK, ProblemKind.REFERENCE, f"data/{path}", found=what)
    return captures


def _records(stream: BinaryIO) -> Iterator[tuple[str, Held, list[str]]]:
    total = 0
    while first := stream.readline(MAX_HEADER):
        if not first.startswith(b"WARC/1."):
            raise FormatError("a record does not begin with WARC/1.")
        fields, size = _fields(stream)
        length = fields.get("content-length", "")
        if not length.isascii() or not length.isdigit() or len(length) > 15:
            raise FormatError("a record without a length")
        total += size + int(length)
        if total > MAX_UNPACKED:
            raise UnsafePath(f"unpacks to more than {MAX_UNPACKED} bytes")
        held, faults = _block(stream, int(length), fields)
        if stream.read(4) != b"\r\n\r\n":
            raise FormatError("a record does not end with two line ends")
        yield fields.get("warc-record-id", ""), held, faults


def _fields(stream: BinaryIO) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    size = 0
    while (line := stream.readline(MAX_HEADER)) not in {b"\r\n", b"\n"}:
        size += len(line)
        if not line or size > MAX_HEADER:
            raise FormatError("a record's fields do not end")
        name, _, value = line.decode("utf-8", "replace").partition(":")
        fields[name.strip().lower()] = value.strip()
    return fields, size


def _block(stream: BinaryIO, length: int, fields: Mapping[str, str]) -> tuple[Held, list[str]]:
    """Read one block to its end: what it holds, and which stated digests are not those of its bytes."""
    block = hashlib.sha256()
    is_http = fields.get("content-type", "").replace(" ", "").startswith("application/http")
    head, status = b"", None
    body, in_body = Entity(""), not is_http
    while length:
        chunk = stream.read(min(length, CHUNK_BYTES))
        if not chunk:
            raise FormatError("a record is shorter than its length")
        length -= len(chunk)
        block.update(chunk)
        if not in_body:
            head, end, chunk = (head + chunk).partition(b"\r\n\r\n")
            in_body = bool(end)
            if in_body:
                status, coding = http_head(head)
                body = Entity(coding)
            elif len(head) > MAX_HEADER:
                raise FormatError("HTTP fields do not end")
        if in_body:
            body.add(chunk)
    return _held(fields, body, status), list(_digest_faults(fields, block.hexdigest(), body.stored))


def _held(fields: Mapping[str, str], body: Entity, status: int | None) -> Held:
    is_revisit = fields.get("warc-type") == "revisit"
    entity, size = body.entity
    return Held(
        payload=_digest_of(fields.get("warc-payload-digest", "")) if is_revisit else body.stored,
        entity=entity,
        bytes=size,
        status=status,
        refers_to=fields.get("warc-refers-to", "") if is_revisit else None,
        is_cut="warc-truncated" in fields,
    )


def _digest_faults(fields: Mapping[str, str], block: str, payload: str) -> Iterator[str]:
    """Stated against found; the payload of a revisit is in the record that it refers to (WARC 1.1, section 6.7.2)."""
    found = {"warc-block-digest": block}
    if fields.get("warc-type") != "revisit":
        found["warc-payload-digest"] = payload
    for name, digest in found.items():
        stated = fields.get(name)
        if stated is None:
            if name == "warc-block-digest":
                yield "no WARC-Block-Digest"
        elif _digest_of(stated) != digest:
            yield f"{name} is {stated}, found sha256:{digest}"


def _digest_of(stated: str) -> str:
    """A SHA-256, in hex or, as warcio writes it, base32, as hex; empty for anything else."""
    algorithm, _, value = stated.partition(":")
    if algorithm.lower() != "sha256":
        return ""
    try:
        return bytes.fromhex(value).hex() if len(value) == 64 else base64.b32decode(value.upper()).hex()
    except (binascii.Error, ValueError):
        return ""
