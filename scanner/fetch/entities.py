"""What an answer means: the entity inside its body, its status, its kind.  Pure."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from scanner.fetch.client import field_of
from scanner.observations import FetchOutcome
from scanner.sniffing import ROW_FORMATS, sniff_format

if TYPE_CHECKING:
    from scanner.observations import Exchange, ObservationKind

_GZIP: Final = 16 + zlib.MAX_WBITS
_GONE: Final = frozenset({404, 410})
_DENIED: Final = frozenset({401, 403, 451})
_LATER: Final = frozenset({408, 425})


def entity(exchange: Exchange, max_bytes: int) -> bytes | None:
    """The body with gzip or deflate undone, never more than ``max_bytes`` of it in memory.

    None: it unpacks to more, or not at all.
    """
    encoding = (field_of(exchange, "content-encoding") or "identity").strip().lower()
    if encoding in ("", "identity"):
        return exchange.body
    if encoding in ("gzip", "x-gzip"):
        return _unpacked(exchange.body, _GZIP, max_bytes)
    if encoding == "deflate":  # with the header of zlib, as RFC 9110 has it, or bare, as some servers send it
        unpacked = _unpacked(exchange.body, zlib.MAX_WBITS, max_bytes)
        return _unpacked(exchange.body, -zlib.MAX_WBITS, max_bytes) if unpacked is None else unpacked
    return None


def _unpacked(body: bytes, window: int, max_bytes: int) -> bytes | None:
    unpacker = zlib.decompressobj(window)
    try:
        plain = unpacker.decompress(body, max_bytes + 1)
    except zlib.error:
        return None
    return plain if unpacker.eof and len(plain) <= max_bytes else None


def outcome_of(exchange: Exchange, kind: ObservationKind, body: bytes | None) -> FetchOutcome:
    """What a whole answer came to; ``body`` is its entity, None where that could not be had.

    ``image`` is said of bytes that begin like a picture of a format that is compared: whether they are one, a decoder says.
    """
    status = exchange.status
    if status == 429:
        return FetchOutcome.RATE_LIMITED
    if status >= 500 or status in _LATER:
        return FetchOutcome.SERVER_ERROR
    if status in _GONE:
        return FetchOutcome.GONE
    if status in _DENIED:
        return FetchOutcome.DENIED
    if status not in (200, 203):
        return FetchOutcome.HTTP_OTHER
    if body is None:
        return FetchOutcome.ENCODED_BODY
    if kind in ("robots", "index"):
        return FetchOutcome.TEXT_READ
    found = sniff_format(body[:64])
    if found is None:
        return FetchOutcome.NOT_IMAGE
    return FetchOutcome.IMAGE if found in ROW_FORMATS else FetchOutcome.UNSUPPORTED_FORMAT
