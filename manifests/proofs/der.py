"""DER, as much of it as a time stamp needs (X.690; definite lengths only).

The input is hostile: a stamp is whatever somebody laid beside the package.  So the reader is strict (minimal lengths,
no indefinite form, no trailing bytes), works on slices without copying, and nests only as deep as the caller
descends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31


class DerError(ValueError):
    """The bytes are not the DER that was expected; the message says what was found where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One tag, length, value.  ``whole`` includes tag and length, as digests and re-assembly need it."""

    tag: int
    whole: bytes
    content: bytes

    def children(self) -> tuple[Element, ...]:
        """Read the content as a sequence of elements; raises ``DerError`` if it is not one."""
        return tuple(read_all(self.content))

    def integer(self) -> int:
        """Return the two's-complement value of an INTEGER."""
        self.expect(INTEGER)
        if not self.content:
            raise DerError("an INTEGER without content")
        return int.from_bytes(self.content, "big", signed=True)

    def dotted(self) -> str:
        """Return an OBJECT IDENTIFIER in its dotted spelling (``1.2.840.113549``)."""
        self.expect(OBJECT_IDENTIFIER)
        # 64 bytes: those of certificates have 3 to 12, and reading one takes the square of its length
        if not 1 <= len(self.content) <= 64 or self.content[-1] & 0x80:
            raise DerError("an OBJECT IDENTIFIER that is too long or ends within an arc")
        arcs, value = [], 0
        for byte in self.content:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))

    def expect(self, tag: int) -> Element:
        """Return the element itself if it has ``tag``; raises ``DerError`` otherwise."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#04x} where {tag:#04x} was expected")
        return self


def read_one(encoded: bytes) -> Element:
    """Read exactly one element; raises ``DerError`` on anything after it."""
    elements = list(read_all(encoded))
    if len(elements) != 1:
        raise DerError(f"{len(elements)} elements where one was expected")
    return elements[0]


def read_all(encoded: bytes) -> Iterator[Element]:
    """Yield the elements laid end to end in ``encoded``; raises ``DerError`` where they break off."""
    at = 0
    while at < len(encoded):
        element = _read_at(encoded, at)
        yield element
        at += len(element.whole)


def _read_at(encoded: bytes, at: int) -> Element:
    if at + 2 > len(encoded):
        raise DerError(f"cut off at byte {at}")
    tag, first = encoded[at], encoded[at + 1]
    if tag & 0x1F == 0x1F:
        raise DerError("a tag number above 30: not part of a time stamp")
    start, length = at + 2, first
    if first >= 0x80:
        size = first & 0x7F
        digits = encoded[start : start + size]
        length = int.from_bytes(digits, "big")
        # 4 bytes of length: a stamp of 4 GiB is none.  Shorter forms are mandatory in DER (X.690, 10.1).
        if not 1 <= size <= 4 or len(digits) < size or length < 0x80 or digits[0] == 0:
            raise DerError(f"a length that is not DER at byte {at}")
        start += size
    if start + length > len(encoded):
        raise DerError(f"cut off at byte {at}: {length} bytes announced, {len(encoded) - start} there")
    return Element(tag=tag, whole=encoded[at : start + length], content=encoded[start : start + length])


def written(tag: int, *parts: bytes) -> bytes:
    """Encode one element with the given content parts joined."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    digits = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content
