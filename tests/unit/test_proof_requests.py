"""The bytes of a time stamp request, the DER reader under them, and the two spellings of keys."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.proofs import der, pem
from manifests.proofs.der import DerError
from manifests.proofs.keys import canonicalize_fingerprint, read_public_pem
from manifests.proofs.names import covered_file, stamp_name
from manifests.proofs.openssl import OpenSsl, find_openssl
from manifests.proofs.stamps import parse_request, parse_response, pending_request, request_nonce

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = bytes(range(32))
NONCE = bytes.fromhex("4011223344556677")


def test_a_request_is_the_bytes_of_the_contract() -> None:
    assert pending_request(DIGEST, NONCE).hex() == (
        "30430201013031300d060960864801650304020105000420" + DIGEST.hex() + "0208" + NONCE.hex() + "0101ff"
    )


def test_openssl_reads_the_request(tmp_path: Path) -> None:
    if not isinstance(find_openssl(), OpenSsl):
        pytest.skip("no OpenSSL 3.0 or later on the path")
    (tmp_path / "x.tsq").write_bytes(pending_request(DIGEST, NONCE))
    command = ["openssl", "ts", "-query", "-in", "x.tsq", "-text"]
    text = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "Hash Algorithm: sha256" in text
    assert "Certificate required: yes" in text
    assert f"Nonce: 0x{NONCE.hex().upper()}" in text


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=32, max_size=32))
@settings(deadline=None, max_examples=100)
def test_every_random_nonce_gives_a_request_that_reads_back(random_bytes: bytes, digest: bytes) -> None:
    nonce = request_nonce(random_bytes)
    assert 0x40 <= nonce[0] <= 0x7F
    request = parse_request(pending_request(digest, nonce))
    assert (request.imprint, request.nonce) == (digest, int.from_bytes(nonce, "big"))
    assert (request.digest_name, request.policy) == ("sha256", None)


@pytest.mark.parametrize(("digest", "nonce"), [(b"x" * 31, NONCE), (DIGEST, b"\x80" + NONCE[1:]), (DIGEST, NONCE[:7])])
def test_a_request_of_other_lengths_is_refused(digest: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        pending_request(digest, nonce)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
def test_any_bytes_read_as_der_or_raise_one_error(content: bytes) -> None:
    for parse in (parse_response, parse_request):
        with pytest.raises(DerError):
            parse(content)


@given(st.integers(0, 255).filter(lambda tag: tag & 0x1F != 0x1F), st.binary(max_size=70_000))
@settings(deadline=None, max_examples=60)
def test_what_is_written_reads_back(tag: int, content: bytes) -> None:
    element = der.read_one(der.written(tag, content))
    assert (element.tag, element.content) == (tag, content)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "30",
        "3001",
        "3080020100 0000",  # indefinite
        "308100",  # not minimal
        "30820001ff",
        "300100 ff",  # trailing
        "1f810100",  # high tag number
        "30850000000001ff",
    ],
)
def test_what_is_not_der_is_refused(encoded: str) -> None:
    with pytest.raises(DerError):
        der.read_one(bytes.fromhex(encoded))


def test_object_identifiers_are_spelled_with_dots() -> None:
    assert der.read_one(bytes.fromhex("06092a864886f70d010702")).dotted() == "1.2.840.113549.1.7.2"
    assert der.read_one(bytes.fromhex("0603883703")).dotted() == "2.999.3"


def test_a_refusal_is_reported_in_the_authoritys_words() -> None:
    text = der.written(der.SEQUENCE, der.written(0x0C, b"go away"))
    refusal = der.written(der.SEQUENCE, der.written(der.SEQUENCE, der.written(der.INTEGER, b"\x02"), text))
    with pytest.raises(DerError, match="go away"):
        parse_response(refusal)


def test_a_fingerprint_is_read_as_people_write_it() -> None:
    digits = "0f" * 32
    written = ":".join(digits[at : at + 2].upper() for at in range(0, 64, 2))
    assert canonicalize_fingerprint(f" {written}\n") == canonicalize_fingerprint(f"sha256:{digits}") == digits
    with pytest.raises(ValueError, match="64 hex digits"):
        canonicalize_fingerprint(digits[:-1])


def test_a_key_file_with_two_keys_or_another_kind_is_refused() -> None:
    ed25519 = bytes.fromhex("302a300506032b6570032100") + DIGEST
    good = pem.wrapped(ed25519, "PUBLIC KEY")
    assert read_public_pem(good).encoded == ed25519
    for wrong in (
        good + good,
        b"",
        pem.wrapped(ed25519 + b"\0", "PUBLIC KEY"),
        b"-----BEGIN PUBLIC KEY-----\n=\n-----END PUBLIC KEY-----",
    ):
        with pytest.raises(ValueError, match=r"key|base64"):
            read_public_pem(wrong)


@given(st.text(max_size=100))
@settings(deadline=None, max_examples=200)
def test_a_stamps_name_is_always_a_safe_file_name(host: str) -> None:
    name = stamp_name(host)
    assert name == stamp_name(name)
    assert 1 <= len(name) <= 64
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert covered_file(name) == "tagmanifest-sha256.txt"


@pytest.mark.parametrize("host", ["con", "NUL.example", "com1", "..", "restamp-1.example", ""])
def test_names_with_a_meaning_get_another(host: str) -> None:
    assert stamp_name(host).startswith("tsa")


def test_a_restamp_name_covers_its_list() -> None:
    assert covered_file("restamp-2-freetsa.org") == "proofs/restamp-2.txt"
    assert covered_file("freetsa.org") == "tagmanifest-sha256.txt"


def test_an_endless_object_identifier_costs_no_time() -> None:
    with pytest.raises(DerError, match="too long"):
        der.read_one(der.written(der.OBJECT_IDENTIFIER, b"\xff" * 900_000 + b"\x01")).dotted()
