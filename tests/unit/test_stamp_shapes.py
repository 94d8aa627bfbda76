"""A response built by hand, right once and wrong in each of its parts; and the edges of roots, keys and files."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from manifests.errors import ManifestError, OutputError
from manifests.proofs import checks, pem, signatures, signing
from manifests.proofs.checks import check_timestamps, read_trusted_roots
from manifests.proofs.der import (
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    DerError,
    written,
)
from manifests.proofs.names import write_proof
from manifests.proofs.openssl import OpenSsl, find_openssl
from manifests.proofs.signing import sign
from manifests.proofs.stamping import attach, timestamp
from manifests.proofs.stamps import parse_certificate, parse_request, parse_response, request_nonce
from manifests.verifying.checks import Notes

SHA256 = bytes.fromhex("608648016503040201")
SHA1 = bytes.fromhex("2b0e03021a")
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d010910010 4".replace(" ", ""))
OTHER = bytes.fromhex("2a03")


def sequence(*parts: bytes) -> bytes:
    return written(SEQUENCE, *parts)


def response(**changed: Any) -> bytes:
    """A granted response without signature: enough for everything that only reads it."""
    part: dict[str, Any] = {
        "status": b"\0", "version": b"\1", "algorithm": SHA256, "imprint": b"d" * 32, "time": b"20261121101500Z",
        "signed": SIGNED_DATA, "content": TST_INFO, "token": True,
    } | changed  # fmt: skip
    imprint = sequence(sequence(written(OBJECT_IDENTIFIER, part["algorithm"])), written(OCTET_STRING, part["imprint"]))
    statement = sequence(
        written(INTEGER, part["version"]),
        written(OBJECT_IDENTIFIER, OTHER),
        imprint,
        written(INTEGER, b"\7"),
        written(GENERALIZED_TIME, part["time"]),
    )
    content = sequence(written(OBJECT_IDENTIFIER, part["content"]), written(0xA0, written(OCTET_STRING, statement)))
    signed = sequence(written(INTEGER, b"\3"), written(SET), content, written(SET))
    token = sequence(written(OBJECT_IDENTIFIER, part["signed"]), written(0xA0, signed))
    status = sequence(written(INTEGER, part["status"]))
    return sequence(status, token) if part["token"] else sequence(status)


@pytest.mark.parametrize(
    ("time", "epoch_s"),
    [(b"20261121101500Z", 1795256100), (b"20261121101500.999Z", 1795256100), (b"19700101000000Z", 0)],
)
def test_a_response_built_by_hand_reads(time: bytes, epoch_s: int) -> None:
    stamp = parse_response(response(time=time))
    assert (stamp.epoch_s, stamp.policy, stamp.nonce, stamp.certificates) == (epoch_s, "1.2.3", None, ())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"status": b"\2"}, "refused"),
        ({"token": False}, "without a token"),
        ({"version": b"\2"}, "version 1"),
        ({"algorithm": SHA1}, r"1\.3\.14\.3\.2\.26"),
        ({"imprint": b"d" * 31}, "wrong length"),
        ({"signed": OTHER}, "signed data"),
        ({"content": OTHER}, "not a time stamp"),
        ({"time": b"20261121101500+0100"}, "not UTC"),
        ({"time": b"20261121101500.Z"}, "not UTC"),
        ({"time": b"20261321101500Z"}, "not a time"),
        ({"time": "２０２６1121101500Z".encode()}, "not UTC"),
        ({"status": b""}, "without content"),
    ],
)
def test_each_wrong_part_of_a_response_is_named(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(DerError, match=why):
        parse_response(response(**changed))


def test_other_shapes_are_refused() -> None:
    for parse in (parse_response, parse_request):
        with pytest.raises(DerError, match="more than a time stamp"):
            parse(b"\x30" + b"\0" * (1 << 20))
    with pytest.raises(DerError, match="version 1"):
        parse_request(sequence(written(INTEGER, b"\2"), sequence()))
    with pytest.raises(DerError, match="without its fields"):
        parse_certificate(sequence(sequence(written(INTEGER, b"\1")), sequence(), sequence()))
    with pytest.raises(ValueError, match="8 random bytes"):
        request_nonce(b"x")


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"-----BEGIN X"]
)
def test_a_root_file_without_a_root_is_a_usage_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root.pem").write_bytes(content)
    for file in (tmp_path / "root.pem", tmp_path / "absent.pem"):
        with pytest.raises(ManifestError, match=file.name):
            read_trusted_roots([file])


def test_a_certificate_that_is_not_self_named_is_no_root(tmp_path: Path) -> None:
    names = sequence(written(SET)), sequence(), sequence(sequence())
    fields = written(INTEGER, b"\1"), sequence(), names[0], sequence(), names[2], sequence()
    (tmp_path / "leaf.pem").write_bytes(pem.wrapped(sequence(sequence(*fields), sequence(), sequence()), "CERTIFICATE"))
    with pytest.raises(ManifestError, match="no root certificate"):
        read_trusted_roots([tmp_path / "leaf.pem"])


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "package/proofs/tsa").mkdir(parents=True)
    (tmp_path / "package/tagmanifest-sha256.txt").write_bytes(b"seal")
    return tmp_path / "package"


def test_revocation_data_is_mentioned_never_evaluated(package: Path) -> None:
    assert "no revocation data" in checks._revocation(package, "x")
    (package / "proofs/tsa/x.crl").write_bytes(b"crl")
    (package / "proofs/tsa/x.ocsp").write_bytes(b"ocsp")
    assert checks._revocation(package, "x") == "revocation data is kept (crl, ocsp), not evaluated"


def test_an_unreadable_place_is_a_problem_not_a_crash(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(checks, "files_below", broken)
    notes = Notes()
    check_timestamps(package, None, notes)
    assert {problem.kind for problem in notes.problems} == {"unreadable"}
    monkeypatch.undo()
    (package / "proofs/tsa/x.tsr").write_bytes(response())
    monkeypatch.setattr(checks, "read_inside", broken)
    notes = Notes()
    check_timestamps(package, None, notes)
    assert {problem.kind for problem in notes.problems} == {"unreadable"}


def test_a_proof_is_never_replaced_and_a_full_disk_is_said(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_proof(package, "proofs/tsa/x.tsr", b"1")
    with pytest.raises(OutputError, match="there already"):
        write_proof(package, "proofs/tsa/x.tsr", b"2")

    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        write_proof(package, "proofs/tsa/y.tsr", b"2")
    assert (package / "proofs/tsa/x.tsr").read_bytes() == b"1"
    assert not (package / "proofs/tsa/y.tsr").exists()


def test_a_public_key_left_by_a_stopped_run_is_used_or_refused(package: Path, tmp_path: Path) -> None:
    if isinstance(find_openssl(), str):
        pytest.skip("needs something to sign with")
    first = sign(package, tmp_path / "a.pem", new_key=True)
    (package / "proofs/tagmanifest-sha256.txt.sig").unlink()
    assert sign(package, tmp_path / "a.pem").fingerprint == first.fingerprint
    (package / "proofs/tagmanifest-sha256.txt.sig").unlink()
    with pytest.raises(OutputError, match="another key's"):
        sign(package, tmp_path / "b.pem", new_key=True)
    assert signing.is_protected(tmp_path / "a.pem") is signing.is_protected(tmp_path / "none.pem") is False


def test_a_signature_that_does_not_verify_is_not_written(package: Path, tmp_path: Path) -> None:
    if isinstance(signer := find_openssl(), str):
        pytest.skip("needs OpenSSL")

    class Forgetful(signatures.OpenSslSigner):
        """Signs something else."""

        def sign(self, key_file: Path, passphrase: str | None, content: bytes) -> bytes:
            return signatures.OpenSslSigner(openssl=self.openssl).sign(key_file, passphrase, content + b"!")

    with pytest.raises(ManifestError, match="does not verify"):
        sign(package, tmp_path / "k.pem", new_key=True, signer=Forgetful(openssl=signer))
    assert not list((package / "proofs").glob("*.*"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        sign(package, tmp_path / "file/k.pem", new_key=True)


def test_damaged_requests_are_passed_over_and_a_new_one_is_made(package: Path, tmp_path: Path) -> None:
    (package / "proofs/tsa/PENDING-tsa.example.tsq").write_bytes(b"damaged")
    (tmp_path / "x.tsr").write_bytes(response())
    sent: list[bytes] = []

    def send(_: str, request: bytes) -> bytes:
        sent.append(request)
        return b""

    with pytest.raises(ManifestError, match="not a time stamp"):
        timestamp(package, "https://tsa.example/", send=send, random=lambda count: b"\x11" * count)
    assert parse_request(sent[0]).nonce == int.from_bytes(b"\x51" + b"\x11" * 7, "big")
    with pytest.raises(ManifestError, match="other bytes"):
        attach(package, tmp_path / "x.tsr")


def test_a_program_that_hangs_or_does_not_start_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*_: object, **__: object) -> Any:
        raise subprocess.TimeoutExpired("openssl", 60)

    program = OpenSsl(program=tmp_path / "openssl", version="3.0.0")
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "run", hangs)
        verdict = program.verdict(["version"], {})
        assert not verdict.accepted
        assert "no answer" in verdict.message
    (tmp_path / "openssl").write_bytes(b"\x7fELF not really")
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "does not start" in str(find_openssl())
