"""Looks as WARC 1.1 files (ISO 28500:2017): what we asked, what came back, byte for byte as HTTP/1.1 lets it be kept.

One gzip member a record.  Each file begins with ``warcinfo``.  For each hop of a look a ``response`` and a ``request``, linked by
``WARC-Concurrent-To``; for each look a ``metadata`` record with times, TLS, outcome and tries, also where nobody answered.  All
digests are SHA-256.  An entity seen before in these files is a ``revisit`` that names the record which holds it.

Pictures are compressed already: packing them again takes most of the time that a capture takes and saves one per cent, so a
record that holds one is stored in its gzip member as it is.

Nothing here is random: record ids are derived from what is recorded, so equal looks in equal order give equal bytes (with one
version of zlib).  Records are written by hand: warcio's writer takes header fields apart and puts them together again, leaves out
what a server sent beyond the letter of HTTP, and digests with SHA-1.  Its reader and its ``check`` are what the tests use.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from typing import TYPE_CHECKING, Final

from scanner.observations import Capture
from scanner.sniffing import sniff_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scanner.observations import Exchange, Look

MAX_FILE_BYTES: Final = 1 << 30  # a new file is begun when this much was written
_NAMESPACE: Final = uuid.UUID("6f2b2c0e-6a0d-5a62-9a3e-2d8a3a1f7c55")  # of our record ids (RFC 4122 version 5)
_PACKED: Final = frozenset(
    {"JPEG", "PNG", "WEBP", "GIF", "AVIF"}
)  # formats whose files no general packer makes smaller
_CREDENTIALS: Final = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
_CONFORMS_TO: Final = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
_REVISIT: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_CONTENT_TYPES: Final = {
    "warcinfo": "application/warc-fields",
    "response": "application/http; msgtype=response",
    "revisit": "application/http; msgtype=response",
    "request": "application/http; msgtype=request",
    "metadata": "application/warc-fields",
}


class CaptureWriter:
    """Writes looks into capture files; ``captures`` then says where each was kept, by observation id."""

    def __init__(self, info: Mapping[str, str], *, max_file_bytes: int = MAX_FILE_BYTES) -> None:
        """``info`` goes into every ``warcinfo``: software, agent, settings; names as the WARC specification has them."""
        self.captures: dict[str, Capture] = {}
        self._info = info
        self._max_file_bytes = max_file_bytes
        self._held: dict[str, tuple[str, str, str]] = {}  # payload digest -> record id, address, date of who holds it
        self._number = -1
        self._bytes = 0

    def files(self, looks: Iterable[Look]) -> Iterator[tuple[str, bytes]]:
        """``(path below data/, gzip member)`` of every record, in the order of ``looks``; files follow one another.

        One look is in memory at a time.  A look without an exchange has a metadata record and no Capture.
        """
        for look in looks:
            if self._number < 0 or self._bytes >= self._max_file_bytes:
                self._number += 1
                self._bytes = 0
                yield self._kept(self._warcinfo(look.observation.requested_at))
            for record in self._records(look):
                yield self._kept(record)

    @property
    def _path(self) -> str:
        return f"captures/{self._number:04}.warc.gz"

    def _kept(self, record: bytes) -> tuple[str, bytes]:
        self._bytes += len(record)
        return self._path, record

    def _warcinfo(self, date: str) -> bytes:
        fields = {
            **self._info,
            "format": "WARC File Format 1.1",
            "conformsTo": _CONFORMS_TO,
            "description": (
                "Status lines and header fields in received order and letter case; folded lines and surplus spaces are not kept. "
                "Bodies are de-chunked and never decompressed."
            ),
        }
        block = _warc_fields(fields.items())
        headers = {"WARC-Filename": self._path.rpartition("/")[2]}
        return _record("warcinfo", _record_id("warcinfo", self._path, block), date, block, headers)

    def _records(self, look: Look) -> Iterator[bytes]:
        observation = look.observation
        concurrent = None
        for hop, exchange in enumerate(look.exchanges):
            response_id = _record_id(observation.observation_id, str(hop), "response")
            last = hop == len(look.exchanges) - 1
            yield self._response(exchange, response_id)
            yield self._request(exchange, _record_id(observation.observation_id, str(hop), "request"), response_id)
            if last:
                concurrent = response_id
            if last and not (
                exchange.cut and observation.content_sha256 is not None
            ):  # else hashed and forgotten: not kept
                self.captures[observation.observation_id] = Capture(file=self._path, record_id=response_id)
        yield _metadata(look, concurrent)

    def _response(self, exchange: Exchange, record_id: str) -> bytes:
        head = _response_head(exchange)
        body = b"" if exchange.cut else exchange.body
        digest = _sha256(body)
        headers = _about(exchange)
        if exchange.cut:  # over the cap: what was read of it is nobody's picture
            headers["WARC-Truncated"] = "length"
        elif body and digest in self._held:
            held_id, held_url, held_date = self._held[digest]
            headers |= {
                "WARC-Profile": _REVISIT,
                "WARC-Refers-To": held_id,
                "WARC-Refers-To-Target-URI": held_url,
                "WARC-Refers-To-Date": held_date,
                "WARC-Payload-Digest": digest,
            }
            return _record("revisit", record_id, exchange.requested_at, head, headers)
        elif body:
            self._held[digest] = (record_id, exchange.url, exchange.requested_at)
        headers["WARC-Payload-Digest"] = digest
        is_packed = sniff_format(body[:64]) in _PACKED
        return _record("response", record_id, exchange.requested_at, head + body, headers, is_packed=is_packed)

    def _request(self, exchange: Exchange, record_id: str, response_id: str) -> bytes:
        headers = _about(exchange)
        headers["WARC-Concurrent-To"] = response_id
        headers["WARC-Payload-Digest"] = _sha256(b"")
        return _record("request", record_id, exchange.requested_at, _request_head(exchange), headers)


def _about(exchange: Exchange) -> dict[str, str]:
    headers = {"WARC-Target-URI": exchange.url}
    if exchange.ip:
        headers["WARC-IP-Address"] = exchange.ip
    return headers


def _response_head(exchange: Exchange) -> bytes:
    """Status line and fields as received; what says that the transfer was chunked is renamed, for the body no longer is."""
    lines = [f"{exchange.http_version} {exchange.status} ".encode("latin-1") + exchange.reason]
    for name, value in exchange.fields:
        shown = b"X-Archive-Orig-Transfer-Encoding" if name.lower() == b"transfer-encoding" else name
        lines.append(shown + b": " + value)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _request_head(exchange: Exchange) -> bytes:
    """The request without anything that is a credential."""
    rest = exchange.url.partition("://")[2]  # cut by hand: urlsplit forgets a question mark that nothing follows
    begin = min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))
    target = rest[begin:] if rest[begin:].startswith("/") else f"/{rest[begin:]}"
    lines = [f"{exchange.method} {target} HTTP/1.1".encode("utf-8", "replace")]
    lines += [name + b": " + value for name, value in exchange.request_fields if name.lower() not in _CREDENTIALS]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _metadata(look: Look, concurrent: str | None) -> bytes:
    observation = look.observation
    fields = [("outcome", observation.outcome.value), ("observation", observation.observation_id)]
    fields += [(name, str(look.facts[name])) for name in ("tries", "error") if look.facts.get(name) is not None]
    for hop, exchange in enumerate(look.exchanges):
        fields.append((f"hop-{hop}-fetchTimeMs", str(exchange.milliseconds)))
        if exchange.tls_version is not None:
            fields.append((f"hop-{hop}-tls-version", exchange.tls_version))
        if exchange.certificate_sha256 is not None:
            fields.append((f"hop-{hop}-tls-certificate-sha256", exchange.certificate_sha256))
    headers = {"WARC-Target-URI": observation.url}
    if concurrent is not None:
        headers["WARC-Concurrent-To"] = concurrent
    record_id = _record_id(observation.observation_id, "metadata")
    return _record("metadata", record_id, observation.requested_at, _warc_fields(fields), headers)


def _warc_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """``application/warc-fields``: a value with a line end would begin a field of its own."""
    lines = (f"{name}: {' '.join(value.split())}\r\n" for name, value in fields if value)
    return "".join(lines).encode("utf-8", "replace")


def _record(
    kind: str, record_id: str, date: str, block: bytes, headers: Mapping[str, str], *, is_packed: bool = False
) -> bytes:
    """One record as a gzip member of its own, stored where the block ``is_packed`` already."""
    stated = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Date": date,
        **headers,
        "WARC-Block-Digest": _sha256(block),
        "Content-Type": _CONTENT_TYPES[kind],
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in stated.items())
    return _member(
        b"WARC/1.1\r\n" + head.encode("utf-8", "replace") + b"\r\n" + block + b"\r\n\r\n", is_packed=is_packed
    )


def _member(data: bytes, *, is_packed: bool) -> bytes:
    packer = zlib.compressobj(
        0 if is_packed else 6, zlib.DEFLATED, zlib.MAX_WBITS + 16
    )  # a gzip header without time or name
    return packer.compress(data) + packer.flush()


def _record_id(*of: str | bytes) -> str:
    """``<urn:uuid:…>`` derived from what the record is."""
    said = b"\n".join(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass") for part in of)
    return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, hashlib.sha256(said).hexdigest())}>"


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
