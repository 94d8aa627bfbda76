"""Public keys: which of the two kinds, and the fingerprint a signer declares.

The fingerprint is the SHA-256 of the key's DER SubjectPublicKeyInfo, as ``openssl pkey -pubin -outform DER |
sha256sum`` prints it.  A key that lies in the package says nothing about whose it is: only the comparison with a
fingerprint that came from the signer does.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from manifests.proofs import pem


class KeyKind(StrEnum):
    """The two kinds of signature a package may carry."""

    ED25519 = "ed25519"
    ECDSA_P256 = "ecdsa-p256"


# SubjectPublicKeyInfo up to the key's own bytes (RFC 8410; RFC 5480 with the uncompressed point), and their number
_PREFIXES = {
    KeyKind.ED25519: (bytes.fromhex("302a300506032b6570032100"), 32),
    KeyKind.ECDSA_P256: (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), 64),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that may sign a package; ``encoded`` is its DER SubjectPublicKeyInfo."""

    kind: KeyKind
    encoded: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the encoded key, 64 lower-case hex digits."""
        return hashlib.sha256(self.encoded).hexdigest()

    def as_pem(self) -> bytes:
        """The file ``signer.pub.pem``."""
        return pem.wrapped(self.encoded, "PUBLIC KEY")


def parse_public_key(encoded: bytes) -> PublicKey:
    """Recognise a DER SubjectPublicKeyInfo; raises ``ValueError`` unless it is Ed25519 or ECDSA on P-256."""
    for kind, (prefix, length) in _PREFIXES.items():
        if encoded.startswith(prefix) and len(encoded) == len(prefix) + length:
            return PublicKey(kind=kind, encoded=encoded)
    raise ValueError("neither an Ed25519 key nor an ECDSA key on P-256")


def read_public_pem(text: bytes) -> PublicKey:
    """Read the file ``signer.pub.pem``.

    Raises:
        ValueError: it is not exactly one key of a known kind, spelled as ``as_pem`` and OpenSSL spell it.
    """
    keys = pem.unwrapped(text, "PUBLIC KEY")
    if len(keys) != 1:
        raise ValueError(f"{len(keys)} public keys where one was expected")
    key = parse_public_key(keys[0])
    if key.as_pem() != text:
        raise ValueError("something else stands beside the key, or it is spelled another way")
    return key


def canonicalize_fingerprint(text: str) -> str:
    """Return 64 lower-case hex digits of what people write: colons, spaces, capitals, a ``sha256:`` before it.

    Raises:
        ValueError: it is no SHA-256 fingerprint.
    """
    digits = re.sub(r"[:\s]", "", text.strip().lower().removeprefix("sha256:"))
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ValueError(f"not a SHA-256 fingerprint of 64 hex digits: {text[:80]!r}")
    return digits
