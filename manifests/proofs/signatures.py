"""One detached signature over the seal, made and checked.

Made by ``cryptography`` (extra ``proofs``) or, without it, by the ``openssl`` program; checked by ``openssl``, the
reference, or, without it, by ``cryptography``.  Ed25519 signs the bytes themselves, ECDSA P-256 their SHA-256; the
private key is an unwrapped or passphrase-protected PKCS#8 file that stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from manifests.errors import ManifestError
from manifests.proofs.keys import KeyKind, PublicKey, parse_public_key
from manifests.proofs.openssl import Answer, OpenSsl, Verdict, find_openssl

if TYPE_CHECKING:
    from pathlib import Path

_ASK_FOR_ONE = "install provscan[proofs], or OpenSSL 3.0 or later"


class Signer(Protocol):
    """What makes keys and signatures."""

    def new_key(self, kind: KeyKind) -> bytes:
        """Return a new private key as an unencrypted PKCS#8 PEM file."""
        ...

    def public_key(self, key_file: Path, passphrase: str | None) -> PublicKey:
        """Return the public half; raises ``ManifestError`` for another kind of key or a wrong passphrase."""
        ...

    def sign(self, key_file: Path, passphrase: str | None, content: bytes) -> bytes:
        """Return the detached signature: 64 bytes for Ed25519, DER for ECDSA."""
        ...


def find_signer() -> Signer:
    """Return what this machine can sign with.

    Raises:
        ManifestError: neither ``cryptography`` nor a usable ``openssl`` is there.
    """
    if find_spec("cryptography") is not None:
        return CryptographySigner()
    program = find_openssl()
    if isinstance(program, str):
        raise ManifestError(
            f"nothing to sign with: {program}, and the package cryptography is not installed", hint=_ASK_FOR_ONE
        )
    return OpenSslSigner(openssl=program)


def verdict_on_signature(key: PublicKey, content: bytes, signature: bytes, *, apart_from: Path) -> Verdict | str:
    """Ask OpenSSL, or without it ``cryptography``, whether ``key`` signed ``content``; a sentence if neither is there.

    ``apart_from`` is the package's folder: no program is started out of it.
    """
    program = find_openssl(apart_from=apart_from)
    if isinstance(program, OpenSsl):
        return _by_openssl(program, key, content, signature)
    if find_spec("cryptography") is not None:
        return _by_cryptography(key, content, signature)
    return f"{program}, and the package cryptography is not installed"


def _by_openssl(program: OpenSsl, key: PublicKey, content: bytes, signature: bytes) -> Verdict:
    files = {"signer.pub.pem": key.as_pem(), "seal": content, "seal.sig": signature}
    command = {
        KeyKind.ED25519: "pkeyutl -verify -pubin -inkey signer.pub.pem -rawin -in seal -sigfile seal.sig",
        KeyKind.ECDSA_P256: "dgst -sha256 -verify signer.pub.pem -signature seal.sig seal",
    }
    return program.verdict(command[key.kind].split(), files)


def _by_cryptography(key: PublicKey, content: bytes, signature: bytes) -> Verdict:
    exceptions = import_module("cryptography.exceptions")
    serialization = import_module("cryptography.hazmat.primitives.serialization")
    name = f"cryptography {import_module('cryptography').__version__}"
    try:
        loaded = serialization.load_der_public_key(key.encoded)
        loaded.verify(signature, content, *_ecdsa_arguments(key.kind))
    except exceptions.InvalidSignature:
        return Verdict(accepted=False, message=f"{name}: invalid signature")
    except ValueError as error:
        return Verdict(accepted=False, message=f"{name}: {error}")
    return Verdict(accepted=True, message=f"{name}: signature verified")


def _ecdsa_arguments(kind: KeyKind) -> tuple[Any, ...]:
    if kind is KeyKind.ED25519:
        return ()
    ec = import_module("cryptography.hazmat.primitives.asymmetric.ec")
    hashes = import_module("cryptography.hazmat.primitives.hashes")
    return (ec.ECDSA(hashes.SHA256()),)


class CryptographySigner:
    """Signs with the package ``cryptography``."""

    def new_key(self, kind: KeyKind) -> bytes:
        """Return a new private key (see ``Signer``)."""
        serialization = import_module("cryptography.hazmat.primitives.serialization")
        if kind is KeyKind.ED25519:
            made = import_module("cryptography.hazmat.primitives.asymmetric.ed25519").Ed25519PrivateKey.generate()
        else:
            ec = import_module("cryptography.hazmat.primitives.asymmetric.ec")
            made = ec.generate_private_key(ec.SECP256R1())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        encoded: bytes = made.private_bytes(*form)
        return encoded

    def public_key(self, key_file: Path, passphrase: str | None) -> PublicKey:
        """Return the public half (see ``Signer``)."""
        serialization = import_module("cryptography.hazmat.primitives.serialization")
        public = self._loaded(key_file, passphrase).public_key()
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return _known_kind(public.public_bytes(*form))

    def sign(self, key_file: Path, passphrase: str | None, content: bytes) -> bytes:
        """Return the detached signature (see ``Signer``)."""
        kind = self.public_key(key_file, passphrase).kind
        signature: bytes = self._loaded(key_file, passphrase).sign(content, *_ecdsa_arguments(kind))
        return signature

    def _loaded(self, key_file: Path, passphrase: str | None) -> Any:
        serialization = import_module("cryptography.hazmat.primitives.serialization")
        unsupported = import_module("cryptography.exceptions").UnsupportedAlgorithm
        try:
            secret = None if passphrase is None else passphrase.encode("utf-8")
            return serialization.load_pem_private_key(key_file.read_bytes(), secret)
        except (ValueError, TypeError, unsupported) as error:  # TypeError: a passphrase missing, or given for none
            raise ManifestError(f"the private key cannot be read: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSslSigner:
    """Signs with the ``openssl`` program, which reads the key where it lies."""

    openssl: OpenSsl

    def new_key(self, kind: KeyKind) -> bytes:
        """Return a new private key (see ``Signer``)."""
        choice = {
            KeyKind.ED25519: ["-algorithm", "ed25519"],
            KeyKind.ECDSA_P256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        }[kind]
        return self._output(self.openssl.run(["genpkey", *choice], {}), "no key could be made")

    def public_key(self, key_file: Path, passphrase: str | None) -> PublicKey:
        """Return the public half (see ``Signer``)."""
        arguments = ["pkey", "-in", str(key_file.resolve()), "-pubout", "-outform", "DER", "-passin", "stdin"]
        answer = self.openssl.run(arguments, {}, stdin=_first_line(passphrase))
        return _known_kind(self._output(answer, "the private key cannot be read"))

    def sign(self, key_file: Path, passphrase: str | None, content: bytes) -> bytes:
        """Return the detached signature (see ``Signer``)."""
        if self.public_key(key_file, passphrase).kind is KeyKind.ED25519:
            arguments = [
                "pkeyutl",
                "-sign",
                "-rawin",
                "-in",
                "seal",
                "-inkey",
                str(key_file.resolve()),
                "-passin",
                "stdin",
            ]
        else:
            arguments = ["dgst", "-sha256", "-sign", str(key_file.resolve()), "-passin", "stdin", "seal"]
        answer = self.openssl.run(arguments, {"seal": content}, stdin=_first_line(passphrase))
        return self._output(answer, "the seal could not be signed")

    def _output(self, answer: Answer, failure: str) -> bytes:
        if answer.code != 0 or not answer.output:
            raise ManifestError(f"{failure}: {answer.messages.strip().splitlines()[-1:]}")
        return answer.output


def _known_kind(encoded: bytes) -> PublicKey:
    try:
        return parse_public_key(encoded)
    except ValueError as error:
        raise ManifestError(f"this key cannot sign a package: {error}", hint="Make one with --new-key.") from error


def _first_line(passphrase: str | None) -> bytes:
    return (passphrase or "").encode("utf-8") + b"\n"
