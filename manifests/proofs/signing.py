"""Sign a package: a detached signature over its seal, by a key that never comes near it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manifests.errors import AlreadyThere, ManifestError, OutputError
from manifests.packages import read_inside
from manifests.proofs.keys import KeyKind, PublicKey
from manifests.proofs.names import SEAL, SIGNATURE, SIGNER, require_sealed, write_proof
from manifests.proofs.openssl import Verdict
from manifests.proofs.signatures import Signer, find_signer, verdict_on_signature

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What was done; ``fingerprint`` is what the signer declares elsewhere, by letter or on a web page."""

    fingerprint: str
    kind: KeyKind
    new_key: bool


def sign(
    package: Path,
    key_file: Path,
    *,
    new_key: bool = False,
    kind: KeyKind = KeyKind.ED25519,
    passphrase: str | None = None,
    signer: Signer | None = None,
) -> Signed:
    """Sign the package with the private key in ``key_file``; make that key first if ``new_key``.

    Writes ``proofs/signer.pub.pem``, then ``proofs/tagmanifest-sha256.txt.sig``; the signature is checked before it is
    written.  A new key is an unencrypted PKCS#8 PEM file of mode 0600.

    Raises:
        ManifestError: an unfinished package; a key file inside the package; no key there, or one already there with
            ``new_key``; a key of another kind; nothing to sign with.
        OutputError: the package is signed already, or a file cannot be written.
    """
    require_sealed(package)
    _require_outside(package, key_file)
    if (package / SIGNATURE).exists():
        raise AlreadyThere(
            "this package is signed already", hint="Proofs are added, never replaced; sign a fresh copy of the package."
        )
    signer = signer or find_signer()
    if new_key:
        _write_private(key_file, signer.new_key(kind))
    elif not key_file.is_file():
        raise ManifestError(f"no key file {key_file.name}", hint="Make one with --new-key.")
    public = signer.public_key(key_file, passphrase)
    seal = read_inside(package, SEAL)
    signature = signer.sign(key_file, passphrase, seal)
    verdict = verdict_on_signature(public, seal, signature, apart_from=package)
    if isinstance(verdict, Verdict) and not verdict.accepted:
        raise ManifestError(f"the new signature does not verify: {verdict.message}")
    _write_public(package, public)
    write_proof(package, SIGNATURE, signature)
    return Signed(fingerprint=public.fingerprint, kind=public.kind, new_key=new_key)


def is_protected(key_file: Path) -> bool:
    """Whether a key file says that a passphrase opens it; false where it cannot be read."""
    try:
        return b"ENCRYPTED" in key_file.read_bytes()
    except OSError:
        return False


def _require_outside(package: Path, key_file: Path) -> None:
    """Compare the real places: a link or ``..`` must not lead the private key into a folder that is given away."""
    if key_file.resolve().is_relative_to(package.resolve()):
        raise ManifestError(
            "the key file lies inside the package, which is given to others", hint="Keep it in a folder of your own."
        )


def _write_private(key_file: Path, key: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        key_file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(key_file, flags, 0o600), "wb") as stream:
            stream.write(key)
    except OSError as error:
        if key_file.exists():
            raise AlreadyThere(f"{key_file.name} is there already", hint="Leave out --new-key to use it.") from error
        raise OutputError(f"{key_file.name} cannot be written: {error.strerror}") from error


def _write_public(package: Path, public: PublicKey) -> None:
    """Write the public key, or find it there: a run that stopped before the signature left it."""
    if (package / SIGNER).exists():
        if read_inside(package, SIGNER) != public.as_pem():
            raise AlreadyThere(f"{SIGNER} is another key's", hint="Sign with that key, or a fresh copy of the package.")
        return
    write_proof(package, SIGNER, public.as_pem())
