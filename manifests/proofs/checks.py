"""What ``verify`` says about the proofs of one package: ``signature``, and ``timestamp.<name>`` for each stamp.

Three-valued.  *Passed* only against something the user gave: the signer's fingerprint, the authority's root.  Without
it the mathematics is still checked and failures still fail, but whose key and whose clock it was stays *not checked*.
Asking for a signer or a root where the package holds no signature or stamp fails: an answer was wanted and there is
none.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manifests.errors import ManifestError, ProblemKind, UnsafePath
from manifests.packages import read_inside
from manifests.proofs.der import DerError
from manifests.proofs.issuers import (
    StampEvidence,
    client_version,
    read_certificates,
    verdict_by_client,
    verdict_by_openssl,
    without_self_named,
)
from manifests.proofs.keys import PublicKey, canonicalize_fingerprint, read_public_pem
from manifests.proofs.names import SEAL, SIGNATURE, SIGNER, STAMPS, covered_file, files_below, restamp_list
from manifests.proofs.openssl import OpenSsl, find_openssl
from manifests.proofs.signatures import verdict_on_signature
from manifests.proofs.stamping import mismatch
from manifests.proofs.stamps import MAX_STAMP_BYTES, Certificate, Stamp, parse_request, parse_response

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from manifests.verifying.checks import Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRoots:
    """The certificates the user gave: the self-named ones are roots, the others help to build chains."""

    roots: tuple[Certificate, ...] = ()
    intermediates: tuple[Certificate, ...] = ()


class _FaultError(Exception):
    """One thing that does not hold, on its way into the notes."""

    def __init__(self, kind: ProblemKind, path: str, found: str, expected: str | None = None) -> None:
        super().__init__(found)
        self.kind, self.path, self.found, self.expected = kind, path, found, expected


def read_trusted_roots(files: Sequence[Path]) -> TrustedRoots:
    """Read the files given with ``--tsa-root`` (PEM, several certificates allowed, or DER).

    Raises:
        ManifestError: a file cannot be read, holds no certificate, or none of them is a root; names the file.
    """
    given: list[Certificate] = []
    hint = "get the root certificate (PEM) from the time stamping authority itself"
    for file in files:
        try:
            certificates = read_certificates(file.read_bytes())
        except ValueError as error:
            raise ManifestError(f"{file.name}: {error}", hint=hint) from error
        except OSError as error:
            raise ManifestError(f"{file.name} cannot be read: {error.strerror}", hint=hint) from error
        if not any(certificate.is_self_named for certificate in certificates):
            raise ManifestError(f"{file.name}: no root certificate in it (issuer and subject differ)", hint=hint)
        given += certificates
    roots = tuple(dict.fromkeys(certificate for certificate in given if certificate.is_self_named))
    return TrustedRoots(roots=roots, intermediates=without_self_named(given))


def check_signature(package: Path, signer_fingerprint: str | None, notes: Notes) -> None:
    """Check the signature over the seal; against ``signer_fingerprint`` (SHA-256 of the public key) if given."""
    with _noting("signature", notes):
        _signature(package, signer_fingerprint, notes)


def _signature(package: Path, wanted: str | None, notes: Notes) -> None:
    if not _is_there(package, SIGNATURE):
        if wanted is not None:
            raise _FaultError(ProblemKind.MISSING, SIGNATURE, "no signature, although a signer was named")
        notes.skipped("signature", "the package is not signed")
        return
    signature, key = _read(package, SIGNATURE), _public_key(package)
    verdict = verdict_on_signature(key, _read(package, SEAL), signature, apart_from=package)
    if isinstance(verdict, str):
        notes.skipped("signature", verdict)
        return
    if not verdict.accepted:
        expected = "a signature over the seal by signer.pub.pem"
        raise _FaultError(ProblemKind.SIGNATURE, SIGNATURE, verdict.message, expected)
    if wanted is None:
        why = f"valid for the key {key.fingerprint}, but no signer was named to compare it with"
        notes.skipped("signature", why)
        return
    try:
        declared = canonicalize_fingerprint(wanted)
    except ValueError as error:
        raise _FaultError(ProblemKind.SIGNATURE, SIGNER, str(error)) from error
    if declared != key.fingerprint:
        raise _FaultError(ProblemKind.SIGNATURE, SIGNER, key.fingerprint, f"{declared} (the signer that was named)")
    notes.explained("signature", f"signed by the key {key.fingerprint} that was named ({verdict.message})")


def _public_key(package: Path) -> PublicKey:
    try:
        return read_public_pem(_read(package, SIGNER))
    except ValueError as error:
        raise _FaultError(ProblemKind.UNREADABLE, SIGNER, str(error)) from error


def check_timestamps(package: Path, trusted: TrustedRoots | None, notes: Notes) -> None:
    """Check every stamp below ``proofs/tsa/``, in the order of their names; one outcome ``timestamp.<name>`` each.

    With no stamp at all one outcome ``timestamp`` says so.  Imprint, nonce and policy are compared by the standard
    library; the issuer is asked of OpenSSL and rfc3161-client, only against the roots in ``trusted``.
    """
    trusted = trusted or TrustedRoots()
    responses: list[str] = []
    with _noting("timestamp", notes):
        responses += [path for path in _below(package, STAMPS) if path.endswith(".tsr")]
        if not responses:
            if trusted.roots:
                raise _FaultError(ProblemKind.MISSING, STAMPS, "no time stamp, although a root was given")
            notes.skipped("timestamp", "the package has no time stamp")
    for path in responses:
        name = path.rpartition("/")[2].removesuffix(".tsr")
        check = f"timestamp.{ascii(name)[1:-1]}"  # a name that no package may hold is refused below, and shown harmless
        with _noting(check, notes):
            _timestamp(package, name, trusted, check, notes)
    _check_unstamped_lists(package, responses, notes)


def _timestamp(package: Path, name: str, trusted: TrustedRoots, check: str, notes: Notes) -> None:
    evidence = _evidence(package, name, trusted)
    covers = covered_file(name)
    wrong = mismatch(evidence.stamp, evidence.request, evidence.covered)
    if wrong is not None:
        raise _FaultError(ProblemKind.TIMESTAMP, _tsr(name), wrong, f"a stamp over {covers}")
    if covers != SEAL:
        _check_list(package, covers, evidence.covered)
    states = f"states {evidence.stamp.stamped_at:%Y-%m-%dT%H:%M:%SZ} for {covers}"
    if evidence.request is None:
        states += "; no request was kept, so no nonce was compared"
    if not trusted.roots:
        notes.skipped(check, f"{states}; the issuer was not checked: no --tsa-root was given")
        return
    openssl = find_openssl(apart_from=package)
    if not isinstance(openssl, OpenSsl) and client_version() is None:
        notes.skipped(check, f"{states}; {openssl}, and rfc3161-client 1.0.9 or later is not installed")
        return
    by_whom = _issuer(name, evidence, trusted, openssl)
    notes.explained(check, f"{states}; issuer verified by {by_whom}; {_revocation(package, name)}")


def _evidence(package: Path, name: str, trusted: TrustedRoots) -> StampEvidence:
    response = _read(package, _tsr(name))
    stamp = _parsed_stamp(response, name)
    request_path, chain_path = f"{STAMPS}/{name}.tsq", f"{STAMPS}/{name}.chain.pem"
    request = _read(package, request_path) if _is_there(package, request_path) else None
    chain: tuple[Certificate, ...] = ()
    if _is_there(package, chain_path):
        try:
            chain = read_certificates(_read(package, chain_path))
        except ValueError as error:
            raise _FaultError(ProblemKind.UNREADABLE, chain_path, str(error)) from error
    try:
        asked = parse_request(request) if request is not None else None
    except DerError as error:
        raise _FaultError(ProblemKind.UNREADABLE, request_path, str(error)) from error
    return StampEvidence(
        covered=_read(package, covered_file(name)),
        response=response,
        stamp=stamp,
        request_bytes=request,
        request=asked,
        intermediates=without_self_named(dict.fromkeys((*chain, *trusted.intermediates))),
    )


def _parsed_stamp(response: bytes, name: str) -> Stamp:
    try:
        return parse_response(response)
    except DerError as error:
        raise _FaultError(ProblemKind.UNREADABLE, _tsr(name), str(error), "a full RFC 3161 response") from error


def _issuer(name: str, evidence: StampEvidence, trusted: TrustedRoots, openssl: OpenSsl | str) -> str:
    """Ask both about each root alone; return who accepted.  A split between them is a fault, as is refusal of all."""
    refusals: list[str] = []
    for root in trusted.roots:
        reference = verdict_by_openssl(openssl, evidence, root) if isinstance(openssl, OpenSsl) else None
        opinions = [one for one in (reference, verdict_by_client(evidence, root)) if one is not None]
        messages = "; ".join(one.message for one in opinions)
        if len({one.accepted for one in opinions}) > 1:
            raise _FaultError(ProblemKind.TIMESTAMP, _tsr(name), messages, "two verifiers of one opinion")
        if opinions and opinions[0].accepted:
            return " and by ".join(one.message.partition(":")[0] for one in opinions)
        refusals.append(messages or "rfc3161-client cannot read the stamp")
    expected = "a stamp issued under a root that was given"
    raise _FaultError(ProblemKind.TIMESTAMP, _tsr(name), " | ".join(refusals), expected)


def _revocation(package: Path, name: str) -> str:
    kept = [suffix for suffix in ("crl", "ocsp") if _is_there(package, f"{STAMPS}/{name}.{suffix}")]
    if kept:
        return f"revocation data is kept ({', '.join(kept)}), not evaluated"
    return "no revocation data was at hand"


def _check_list(package: Path, path: str, content: bytes) -> None:
    """A restamp list names the seal, and everything it names is there with that digest."""
    named: dict[str, str] = {}
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        found = re.fullmatch(rb"([0-9a-f]{64})  ([A-Za-z0-9._/-]{1,200})", line)
        if found is None:
            raise _FaultError(ProblemKind.SPELLING, path, f"line {number} is not '<sha256>  <path>'")
        named[found[2].decode()] = found[1].decode()
    number = int(path.removeprefix("proofs/restamp-").removesuffix(".txt"))
    for needed in (SEAL, *([restamp_list(number - 1)] if number > 1 else [])):
        if needed not in named:
            raise _FaultError(ProblemKind.MISSING, path, f"{needed} is not in the list")
    if content and not content.endswith(b"\n"):
        raise _FaultError(ProblemKind.SPELLING, path, "the last line has no line feed")
    for listed, digest in named.items():
        actual = hashlib.sha256(_read(package, listed)).hexdigest()
        if actual != digest:
            raise _FaultError(ProblemKind.DIGEST_DIFFERS, listed, actual, f"{digest} (stated in {path})")


def _check_unstamped_lists(package: Path, responses: Sequence[str], notes: Notes) -> None:
    """A list that nobody stamped yet proves nothing, but what it says has to hold."""
    stamped = {covered_file(path.rpartition("/")[2].removesuffix(".tsr")) for path in responses}
    lists: list[str] = []
    with _noting("timestamp", notes):
        lists += _below(package, "proofs")
    for path in lists:
        name = path.removeprefix("proofs/").removesuffix(".txt")
        if path in stamped or covered_file(name) != path:
            continue
        with _noting(f"timestamp.{name}", notes):
            _check_list(package, path, _read(package, path))
            notes.skipped(f"timestamp.{name}", "the list is not stamped yet")


def _tsr(name: str) -> str:
    return f"{STAMPS}/{name}.tsr"


def _below(package: Path, folder: str) -> list[str]:
    try:
        return list(files_below(package, folder))
    except UnsafePath as error:
        raise _FaultError(ProblemKind.UNSAFE, folder, error.message) from error
    except OSError as error:
        raise _FaultError(ProblemKind.UNREADABLE, folder, error.strerror or "cannot be listed") from error


def _is_there(package: Path, relative: str) -> bool:
    """Whether something of that name lies there: a link counts, so that reading it fails instead of passing it over."""
    place = package.joinpath(*relative.split("/"))
    return place.is_symlink() or place.exists()


def _read(package: Path, relative: str) -> bytes:
    limit = MAX_STAMP_BYTES if relative.startswith("proofs/") else 64 << 20
    try:
        return read_inside(package, relative, limit)
    except UnsafePath as error:
        raise _FaultError(ProblemKind.UNSAFE, relative, error.message) from error
    except FileNotFoundError as error:
        raise _FaultError(ProblemKind.MISSING, relative, "not there") from error
    except OSError as error:
        raise _FaultError(ProblemKind.UNREADABLE, relative, error.strerror or "cannot be read") from error


@contextmanager
def _noting(check: str, notes: Notes) -> Iterator[None]:
    """Turn a fault inside into a problem of ``check``."""
    try:
        yield
    except _FaultError as fault:
        path = ascii(fault.path)[1:-1]
        notes.problem(check, fault.kind, path, expected=fault.expected, found=fault.found)
        notes.explained(check, f"{path}: {fault.found}")
