"""One RFC 3161 time stamp as values: the request that was sent, the response that came back.

Nothing here decides whether a stamp is genuine (``issuers`` does); these are the statements inside it: which digest,
when, under which policy, in answer to which nonce.  The bytes on disk stay as received; ``sorted_copy`` exists for
the one reader that refuses a certificate SET in another order.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from manifests.proofs import der
from manifests.proofs.der import DerError, Element

MAX_STAMP_BYTES: Final = 1 << 20  # responses with their chain measure 2-8 KB; a megabyte is no stamp

DIGEST_NAMES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
CONTEXT_0: Final = 0xA0

# version 1, message imprint of SHA-256 over 32 bytes, nonce of 8 bytes, certReq true: the bytes of section 7
_REQUEST: Final = (
    bytes.fromhex("30430201013031300d060960864801650304020105000420"),
    bytes.fromhex("0208"),
    bytes.fromhex("0101ff"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampRequest:
    """What was asked: the imprint, and what the answer has to repeat."""

    digest_name: str  # "sha256"
    imprint: bytes
    policy: str | None  # dotted; None leaves the choice to the authority
    nonce: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate in the token, as far as chains need it; Names are compared as their DER bytes."""

    encoded: bytes
    serial: int
    issuer: bytes
    subject: bytes

    @property
    def is_self_named(self) -> bool:
        """Whether it names itself as issuer, as roots do: never to be trusted because a token carries it."""
        return self.issuer == self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a granted response states, and the certificates it carries."""

    digest_name: str
    imprint: bytes
    policy: str
    serial: int
    stamped_at: datetime  # UTC; fractions of a second are cut
    nonce: int | None
    certificates: tuple[Certificate, ...]

    @property
    def epoch_s(self) -> int:
        """The stamp's own time for ``openssl ts -verify -attime``."""
        return int(self.stamped_at.timestamp())

    def covers(self, content: bytes) -> bool:
        """Whether the imprint is the digest of ``content``."""
        return hashlib.new(self.digest_name, content).digest() == self.imprint


def request_nonce(random_bytes: bytes) -> bytes:
    """Make a nonce (8 bytes, first one 40 to 7f) of 8 random bytes.

    The first byte keeps the INTEGER positive and of full length, so every request has 69 bytes.
    """
    if len(random_bytes) != 8:
        raise ValueError("a nonce is made of 8 random bytes")
    return bytes((random_bytes[0] & 0x3F | 0x40,)) + random_bytes[1:]


def pending_request(seal_digest: bytes, nonce: bytes) -> bytes:
    """Return the time stamp request of section 7 for the SHA-256 ``seal_digest`` (32 bytes), as DER of 69 bytes.

    ``nonce`` is what ``request_nonce`` returns.  The same arguments give the same bytes; ``openssl ts -query -in FILE
    -text`` reads them.
    """
    if len(seal_digest) != 32:
        raise ValueError("the imprint is a SHA-256 digest of 32 bytes")
    if len(nonce) != 8 or not 0x40 <= nonce[0] <= 0x7F:
        raise ValueError("the nonce has 8 bytes, the first from 40 to 7f")
    head, before_nonce, tail = _REQUEST
    return head + seal_digest + before_nonce + nonce + tail


def parse_request(encoded: bytes) -> StampRequest:
    """Read a TimeStampReq; raises ``DerError`` if it is none, or asks for another digest than SHA-256, 384 or 512."""
    _bounded(encoded)
    version, imprint, *rest = _at_least(der.read_one(encoded).expect(der.SEQUENCE), 2)
    if version.integer() != 1:
        raise DerError("not a request of version 1")
    name, digest = _imprint(imprint)
    policy = next((element.dotted() for element in rest if element.tag == der.OBJECT_IDENTIFIER), None)
    nonce = next((element.integer() for element in rest if element.tag == der.INTEGER), None)
    return StampRequest(digest_name=name, imprint=digest, policy=policy, nonce=nonce)


def parse_response(encoded: bytes) -> Stamp:
    """Read a full TimeStampResp that was granted; raises ``DerError`` for a refusal, a bare token, or anything else."""
    _bounded(encoded)
    status, *token = _at_least(der.read_one(encoded).expect(der.SEQUENCE), 1)
    if status.tag == der.OBJECT_IDENTIFIER:
        raise DerError("a bare token, not the full response of the time stamping authority")
    code = _at_least(status.expect(der.SEQUENCE), 1)[0].integer()
    if code not in (0, 1):  # granted, grantedWithMods
        raise DerError(f"the authority refused (status {code}{_status_text(status)})")
    if len(token) != 1:
        raise DerError("a response without a token")
    signed = _signed_data(token[0])
    return _stamp(_content(signed), tuple(_certificates(signed)))


def sorted_copy(encoded: bytes) -> bytes:
    """Return the response with its certificate SET in DER order (by encoded bytes), for rfc3161-client 1.0.9.

    A genuine DigiCert response carries it unsorted; OpenSSL reads it, the client does not.  Signatures do not cover
    the order.  For use in memory: the file keeps the bytes that were received.
    """
    status, token = _at_least(der.read_one(encoded), 2)
    content_type, wrapped = _at_least(token, 2)
    rebuilt = b"".join(
        der.written(CONTEXT_0, *sorted(part.whole for part in element.children()))
        if element.tag == CONTEXT_0
        else element.whole
        for element in _signed_data(token).children()
    )
    signed = der.written(wrapped.tag, der.written(der.SEQUENCE, rebuilt))
    return der.written(der.SEQUENCE, status.whole, der.written(der.SEQUENCE, content_type.whole, signed))


def parse_certificate(encoded: bytes) -> Certificate:
    """Read serial, issuer and subject of an X.509 certificate; raises ``DerError`` if it has another shape."""
    signed = _at_least(der.read_one(encoded).expect(der.SEQUENCE), 3)[0].expect(der.SEQUENCE).children()
    fields = signed[1:] if signed and signed[0].tag == CONTEXT_0 else signed
    if len(fields) < 6:
        raise DerError("a certificate without its fields")
    return Certificate(encoded=encoded, serial=fields[0].integer(), issuer=fields[2].whole, subject=fields[4].whole)


def _signed_data(token: Element) -> Element:
    content_type, wrapped = _at_least(token.expect(der.SEQUENCE), 2)
    if content_type.dotted() != SIGNED_DATA:
        raise DerError("the token is not CMS signed data")
    return der.read_one(wrapped.expect(CONTEXT_0).content).expect(der.SEQUENCE)


def _content(signed: Element) -> Element:
    encapsulated = _at_least(_at_least(signed, 4)[2].expect(der.SEQUENCE), 2)
    if encapsulated[0].dotted() != TST_INFO:
        raise DerError("the signed content is not a time stamp")
    octets = der.read_one(encapsulated[1].expect(CONTEXT_0).content).expect(der.OCTET_STRING)
    return der.read_one(octets.content).expect(der.SEQUENCE)


def _certificates(signed: Element) -> list[Certificate]:
    carried = [element for element in signed.children() if element.tag == CONTEXT_0]
    return [parse_certificate(part.whole) for element in carried for part in element.children()]


def _stamp(statement: Element, certificates: tuple[Certificate, ...]) -> Stamp:
    version, policy, imprint, serial, stamped_at, *rest = _at_least(statement, 5)
    if version.integer() != 1:
        raise DerError("not a time stamp of version 1")
    name, digest = _imprint(imprint)
    return Stamp(
        digest_name=name,
        imprint=digest,
        policy=policy.dotted(),
        serial=serial.integer(),
        stamped_at=_time(stamped_at),
        nonce=next((element.integer() for element in rest if element.tag == der.INTEGER), None),
        certificates=certificates,
    )


def _imprint(element: Element) -> tuple[str, bytes]:
    algorithm, digest = _at_least(element.expect(der.SEQUENCE), 2)
    dotted = _at_least(algorithm.expect(der.SEQUENCE), 1)[0].dotted()
    name = DIGEST_NAMES.get(dotted)
    if name is None:
        raise DerError(f"an imprint by algorithm {dotted}; only SHA-256, SHA-384 and SHA-512 are accepted")
    if len(digest.expect(der.OCTET_STRING).content) != hashlib.new(name).digest_size:
        raise DerError("an imprint of the wrong length")
    return name, digest.content


def _time(element: Element) -> datetime:
    text = element.expect(der.GENERALIZED_TIME).content.decode("ascii", "replace")
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if not (text.endswith("Z") and whole.isdigit() and len(whole) == 14 and (fraction.isdigit() or "." not in text)):
        raise DerError(f"a time that is not UTC to the second: {text!r}")
    try:
        return datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise DerError(f"not a time: {text!r}") from error


def _status_text(status: Element) -> str:
    """The authority's own words, harmless on a terminal, at most 200 characters."""
    texts = [part.content.decode("utf-8", "replace") for outer in status.children()[1:2] for part in outer.children()]
    words = "".join(mark if mark.isprintable() else "?" for mark in "; ".join(texts)[:200])
    return f": {words}" if words else ""


def _at_least(element: Element, count: int) -> tuple[Element, ...]:
    children = element.children()
    if len(children) < count:
        raise DerError(f"{len(children)} parts where at least {count} were expected")
    return children


def _bounded(encoded: bytes) -> None:
    if len(encoded) > MAX_STAMP_BYTES:
        raise DerError(f"{len(encoded)} bytes: more than a time stamp can have ({MAX_STAMP_BYTES})")
