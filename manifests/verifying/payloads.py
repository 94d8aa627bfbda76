"""Bodies of captured HTTP answers: what stands before them, and their bytes without the coding they were sent in."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Any, Final

MAX_ENTITY: Final = 1 << 30  # bytes of one body without its coding: a capture of ours is cut far below
STEP_BYTES: Final = 1 << 20  # decompressed at a time: a bomb costs this much memory

_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: |$)")
_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})


def http_head(head: bytes) -> tuple[int | None, str]:
    """Status (None of a request) and content coding (lower case, ``""`` where there is none) of an HTTP message's head."""
    first, *fields = head.split(b"\r\n")
    status = _STATUS.match(first)
    codings = [
        value.strip().lower()
        for name, _, value in (field.decode("latin-1").partition(":") for field in fields)
        if name.strip().lower() == "content-encoding"
    ]
    return int(status[1]) if status else None, ",".join(coding for coding in codings if coding not in {"", "identity"})


class Entity:
    """Digest and length of a body, its coding undone while it passes; of the stored bytes where that cannot be done."""

    __slots__ = ("_begin", "_is_coded", "_plain", "_plain_size", "_stored", "_stored_size", "_unpacker")

    def __init__(self, coding: str) -> None:
        """``coding`` as ``http_head`` gives it."""
        self._stored, self._stored_size = hashlib.sha256(), 0
        self._plain, self._plain_size = hashlib.sha256(), 0
        self._is_coded = coding in _CODINGS  # any other is never undone, here or where pictures are fetched
        self._begin = b""
        self._unpacker: Any = None

    def add(self, chunk: bytes) -> None:
        """The next bytes as they were stored."""
        self._stored.update(chunk)
        self._stored_size += len(chunk)
        if not self._is_coded:
            return
        if self._unpacker is None:
            self._begin = chunk = self._begin + chunk
            if len(chunk) < 2:
                return
            self._unpacker = zlib.decompressobj(_window(chunk))
        try:
            self._unpack(chunk)
        except zlib.error:
            self._is_coded = False

    @property
    def stored(self) -> str:
        """Digest of the bytes as they were stored, in hex."""
        return self._stored.hexdigest()

    @property
    def entity(self) -> tuple[str, int]:
        """Digest in hex and length without the coding; as stored where there is none, or it cannot be undone."""
        if self._is_coded and self._unpacker is not None:
            return self._plain.hexdigest(), self._plain_size
        return self.stored, self._stored_size

    def _unpack(self, chunk: bytes) -> None:
        while chunk:
            plain = self._unpacker.decompress(chunk, STEP_BYTES)
            self._plain.update(plain)
            self._plain_size += len(plain)
            chunk = self._unpacker.unconsumed_tail
            if self._plain_size > MAX_ENTITY:
                self._is_coded = False
                return


def _window(begin: bytes) -> int:
    """Window bits for what begins so: gzip (RFC 1952), zlib (RFC 1950), or what some servers call deflate: neither."""
    is_zlib = begin[0] & 15 == zlib.DEFLATED and int.from_bytes(begin[:2], "big") % 31 == 0
    return zlib.MAX_WBITS | 32 if begin[:2] == b"\x1f\x8b" or is_zlib else -zlib.MAX_WBITS
