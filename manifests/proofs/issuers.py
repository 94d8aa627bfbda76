"""Who issued a time stamp: OpenSSL's answer, the reference, beside that of rfc3161-client, the substitute.

A root is trusted because the user gave it, never because the package or the token carries it.  Each root is asked
about alone, with a fresh verifier: copies of one ``VerifierBuilder`` share their root list.  Certificates that name
themselves as issuer are never passed on as intermediates: the client takes each of those for a root.  The expiry of
the authority's certificate is judged at the stamp's own time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from manifests.proofs import pem
from manifests.proofs.openssl import OpenSsl, Verdict
from manifests.proofs.stamps import Certificate, Stamp, StampRequest, parse_certificate, sorted_copy

if TYPE_CHECKING:
    from collections.abc import Iterable

CLIENT: Final = "rfc3161-client"
CLIENT_FLOOR: Final = (1, 0, 9)  # 1.0.7 and 1.0.8 accept a forged stamp that embeds its own root


@dataclass(frozen=True, slots=True, kw_only=True)
class StampEvidence:
    """All bytes one stamp is judged by, read once; ``request`` is null where none was kept."""

    covered: bytes
    response: bytes
    stamp: Stamp
    request_bytes: bytes | None
    request: StampRequest | None
    intermediates: tuple[Certificate, ...]  # of the chain file and the user's files; none that names itself as issuer


def read_certificates(text: bytes) -> tuple[Certificate, ...]:
    """Read a PEM file of certificates, or one DER certificate.

    Raises:
        ValueError: there is none in it, or one is damaged.
    """
    blocks = pem.unwrapped(text, "CERTIFICATE") if b"-----BEGIN" in text else [text]
    if not blocks:
        raise ValueError("no certificate in it")
    return tuple(parse_certificate(block) for block in blocks)


def without_self_named(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Drop certificates with subject = issuer: a root reaches a verifier only from the user, as a root."""
    return tuple(certificate for certificate in certificates if not certificate.is_self_named)


def as_pem(certificates: Iterable[Certificate]) -> bytes:
    """Join certificates into one PEM file."""
    return b"".join(pem.wrapped(certificate.encoded, "CERTIFICATE") for certificate in certificates)


def verdict_by_openssl(program: OpenSsl, evidence: StampEvidence, root: Certificate) -> Verdict:
    """Ask OpenSSL twice: about the covered bytes, and, where a request was kept, about nonce, imprint and policy."""
    files = {"stamp.tsr": evidence.response, "covered": evidence.covered, "root.pem": as_pem([root])}
    trust = ["-in", "stamp.tsr", "-CAfile", "root.pem", "-attime", str(evidence.stamp.epoch_s)]
    if evidence.intermediates:
        files["chain.pem"] = as_pem(evidence.intermediates)
        trust += ["-untrusted", "chain.pem"]
    verdict = program.verdict(["ts", "-verify", "-data", "covered", *trust], files)
    if verdict.accepted and evidence.request_bytes is not None:
        files["stamp.tsq"] = evidence.request_bytes
        verdict = program.verdict(["ts", "-verify", "-queryfile", "stamp.tsq", *trust], files)
    return verdict


def client_version() -> str | None:
    """Return the version of the installed rfc3161-client, null if it is absent or older than the floor."""
    try:
        found = version(CLIENT)
    except PackageNotFoundError:
        return None
    numbers = tuple(int(part) for part in re.findall(r"\d+", found)[:3])
    return found if numbers >= CLIENT_FLOOR else None


def verdict_by_client(evidence: StampEvidence, root: Certificate) -> Verdict | None:
    """Ask rfc3161-client; null where it is absent or cannot read the stamp, which is no opinion about the issuer.

    It reads a sorted copy: 1.0.9 refuses a certificate SET in another order, which genuine responses have.
    """
    installed = client_version()
    if installed is None:
        return None
    client, x509 = import_module("rfc3161_client"), import_module("cryptography.x509")
    try:
        response = client.decode_timestamp_response(sorted_copy(evidence.response))
        trusted = x509.load_der_x509_certificate(root.encoded)
    except ValueError:
        return None
    builder = client.VerifierBuilder(nonce=evidence.request.nonce if evidence.request else None)
    if evidence.request is not None and evidence.request.policy is not None:
        builder = builder.policy_id(x509.ObjectIdentifier(evidence.request.policy))
    builder = builder.add_root_certificate(trusted)
    try:
        for certificate in dict.fromkeys((*evidence.stamp.certificates, *evidence.intermediates)):
            if not certificate.is_self_named:  # the client takes a self-named one for a root
                builder = builder.add_intermediate_certificate(x509.load_der_x509_certificate(certificate.encoded))
        builder.build().verify_message(response, evidence.covered)
    except (client.VerificationError, ValueError) as error:
        return Verdict(accepted=False, message=f"{CLIENT} {installed}: {error}"[:300])
    return Verdict(accepted=True, message=f"{CLIENT} {installed}: verified")
