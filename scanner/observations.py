"""Dated looks at the outside world: values only.

An Observation says what one address returned at one moment, or why it returned nothing (fetching.md section 5).  A failed look is
unknown, never "not there".  Whether a picture matches is a Match's business, not an outcome.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

ObservationKind = Literal["live", "archive", "index", "robots"]


class FetchOutcome(StrEnum):
    """What came of one look; exactly one for each Observation."""

    IMAGE = "image"
    NOT_IMAGE = "not_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    UNDECODABLE = "undecodable"
    OVER_PIXEL_LIMIT = "over_pixel_limit"
    DECODE_CRASH = "decode_crash"
    PLACEHOLDER = "placeholder"
    GONE = "gone"
    DENIED = "denied"
    HTTP_OTHER = "http_other"
    REDIRECT_REFUSED = "redirect_refused"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TOO_LARGE = "too_large"
    ENCODED_BODY = "encoded_body"
    TRUNCATED = "truncated"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    DNS_FAILED = "dns_failed"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    TOO_SLOW = "too_slow"
    PROTOCOL_ERROR = "protocol_error"
    BAD_URL = "bad_url"
    ADDRESS_REFUSED = "address_refused"
    ROBOTS_DISALLOWED = "robots_disallowed"
    WITHHELD_UNSAFE = "withheld_unsafe"
    OVER_BUDGET = "over_budget"
    HOST_PARKED = "host_parked"
    TEXT_READ = "text_read"
    NOT_ARCHIVED = "not_archived"
    ARCHIVE_LIMITED = "archive_limited"


LATER_PERHAPS = frozenset(  # another try may give another outcome: a run that ends with one of these is incomplete
    {FetchOutcome.RATE_LIMITED, FetchOutcome.SERVER_ERROR, FetchOutcome.ARCHIVE_LIMITED, FetchOutcome.OVER_BUDGET}
    | {FetchOutcome.HOST_PARKED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One hop: what was asked, what it answered, from which address."""

    url: str
    status: int
    location: str
    ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Where the answer is kept: a file below ``data/`` of the package and the id of its WARC record."""

    file: str
    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCopy:
    """Whose capture was retrieved, and of when the archive says it is (``2026-11-21T10:15:00Z``)."""

    name: str
    captured_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One dated look; the fields of ``observations.jsonl`` (evidence.md section 5).

    Attributes:
        kind: ``live``, ``archive`` (a capture played back), ``index`` (a list of captures), ``robots``.
        url: as it was sent; of an ``archive`` observation the address of the playback.
        requested_at: UTC, whole seconds, before the first byte is sent.
        outcome: what came of it.
        status: of the last answer; None where nothing answered.
        redirects: the hops before the last.
        final_url: the address that gave the last answer.
        ip: the address connected to, checked by the guard.
        content_type: as declared, never trusted.
        bytes: length of the body kept, content_sha256: its digest.
        capture: where the exchange is kept in the package.
        archive: of an ``archive`` observation.
        opt_out: signals of that day, ``(signal, value)``, values verbatim.
    """

    kind: ObservationKind
    url: str
    requested_at: str
    outcome: FetchOutcome
    status: int | None = None
    redirects: tuple[Redirect, ...] = ()
    final_url: str | None = None
    ip: str | None = None
    content_type: str | None = None
    bytes: int | None = None
    content_sha256: str | None = None
    capture: Capture | None = None
    archive: ArchiveCopy | None = None
    opt_out: tuple[tuple[str, str], ...] = ()

    @property
    def observation_id(self) -> str:
        """``o-`` and the first 32 hex digits of SHA-256 of kind, address and time, a line each."""
        said = f"{self.kind}\n{self.url}\n{self.requested_at}\n"
        return "o-" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def is_final(self) -> bool:
        """Whether asking again in this scan would be pointless."""
        return self.outcome not in LATER_PERHAPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back, as raw as HTTP/1.1 lets us keep it: what a WARC file records of one hop.

    ``request_fields`` and ``fields`` are header fields in sent and received order and spelling.  ``body`` is the de-chunked,
    never decompressed entity, cut at the cap where ``cut`` says so.
    """

    url: str
    requested_at: str
    method: str
    request_fields: tuple[tuple[bytes, bytes], ...]
    http_version: str
    status: int
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes
    cut: bool = False
    ip: str = ""
    tls_version: str | None = None
    certificate_sha256: str | None = None
    milliseconds: int = 0
    received: int = 0  # bytes of the body that came, kept or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An Observation with what it rests on: every hop, and the facts the ledger keeps (tries, digests, picture facts)."""

    observation: Observation
    exchanges: tuple[Exchange, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> bytes | None:
        """The entity of the last answer; None where nothing answered."""
        return self.exchanges[-1].body if self.exchanges else None
