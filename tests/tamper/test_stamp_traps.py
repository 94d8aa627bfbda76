"""Every trap of the evidence contract, section 7: against a local authority, with OpenSSL, with rfc3161-client, with both."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from local_tsa import LocalTsa, TsaRecipe, build_tsa

from manifests.errors import ManifestError
from manifests.proofs import checks, der, issuers, stamping
from manifests.proofs.checks import check_timestamps, read_trusted_roots
from manifests.proofs.openssl import OpenSsl, Verdict, find_openssl
from manifests.proofs.stamps import parse_response, pending_request, request_nonce, sorted_copy

if TYPE_CHECKING:
    from pathlib import Path
from manifests.verifying.checks import Check, Notes, Status

pytestmark = pytest.mark.skipif(
    not isinstance(find_openssl(), OpenSsl), reason="the local authority needs OpenSSL 3.0 or later on the path"
)

SEAL_TEXT = b"0" * 64 + b"  bagit.txt\n"
NONCE = request_nonce(b"\x01" * 8)
WITHOUT_OPENSSL = "no openssl program on the path"


def request_for(content: bytes, nonce: bytes = NONCE) -> bytes:
    return pending_request(hashlib.sha256(content).digest(), nonce)


def folder_with(path: Path, response: bytes, request: bytes | None = None, chain: bytes | None = None) -> Path:
    """What the proofs of a package are checked against: its seal, and one stamp named `x`."""
    (path / "proofs/tsa").mkdir(parents=True)
    (path / "tagmanifest-sha256.txt").write_bytes(SEAL_TEXT)
    for suffix, content in ((".tsr", response), (".tsq", request), (".chain.pem", chain)):
        if content is not None:
            (path / f"proofs/tsa/x{suffix}").write_bytes(content)
    return path


def only(package: Path, *roots: Path) -> Check:
    notes = Notes()
    check_timestamps(package, read_trusted_roots(roots), notes)
    (outcome,) = notes.verification().checks
    return outcome


@pytest.fixture(scope="session")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    return build_tsa(tmp_path_factory.mktemp("tsa") / "genuine")


@pytest.fixture(scope="session")
def forger(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    """The same names, other keys: its tokens carry its own root."""
    return build_tsa(tmp_path_factory.mktemp("tsa") / "forger")


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    """An authority with a certificate between root and leaf."""
    return build_tsa(tmp_path_factory.mktemp("tsa") / "deep", TsaRecipe(intermediate=True))


@pytest.fixture(scope="session")
def genuine(tsa: LocalTsa) -> bytes:
    return tsa.reply(request_for(SEAL_TEXT))


@pytest.fixture(params=["both", "openssl", "client"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three machines a verifier may sit at."""
    kind: str = request.param
    if kind in ("both", "client"):
        pytest.importorskip("rfc3161_client", reason="the extra `proofs` is not installed")
    if kind == "openssl":
        monkeypatch.setattr(issuers, "client_version", lambda: None)
        monkeypatch.setattr(checks, "client_version", lambda: None)
    if kind == "client":
        monkeypatch.setattr(checks, "find_openssl", lambda **_: WITHOUT_OPENSSL)
    return kind


def openssl_agrees(package: Path, root: Path, *options: str) -> bool:
    """The recipe of VERIFY.md, typed by hand: independent of the code under test."""
    command = [
        "openssl",
        "ts",
        "-verify",
        "-data",
        "tagmanifest-sha256.txt",
        "-in",
        "proofs/tsa/x.tsr",
        "-CAfile",
        str(root),
    ]
    return subprocess.run([*command, *options], cwd=package, capture_output=True, check=False).returncode == 0


def test_a_genuine_stamp_passes_under_its_root(tmp_path: Path, tsa: LocalTsa, genuine: bytes, machine: str) -> None:
    package = folder_with(tmp_path / "p", genuine, request_for(SEAL_TEXT))
    outcome = only(package, tsa.root)
    assert outcome.status is Status.PASSED, outcome.why
    assert ("rfc3161-client" in outcome.why) == (machine != "openssl")
    assert ("OpenSSL" in outcome.why) == (machine != "client")
    assert "no revocation data was at hand" in outcome.why
    assert openssl_agrees(package, tsa.root)


def test_without_a_root_the_issuer_is_not_checked(tmp_path: Path, genuine: bytes, machine: str) -> None:
    outcome = only(folder_with(tmp_path / "p", genuine))
    assert outcome.status is Status.NOT_CHECKED
    assert "--tsa-root" in outcome.why


def test_the_imprint_is_checked_without_root_and_without_programs(
    tmp_path: Path, tsa: LocalTsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "find_openssl", lambda **_: WITHOUT_OPENSSL)
    monkeypatch.setattr(issuers, "client_version", lambda: None)
    monkeypatch.setattr(checks, "client_version", lambda: None)
    other = tsa.reply(request_for(b"another seal"))
    assert only(folder_with(tmp_path / "p", other)).status is Status.FAILED
    assert only(folder_with(tmp_path / "q", tsa.reply(request_for(SEAL_TEXT))), tsa.root).status is Status.NOT_CHECKED


def test_forged_stamp_with_its_own_root_embedded_fails(
    tmp_path: Path, tsa: LocalTsa, forger: LocalTsa, machine: str
) -> None:
    forged = forger.reply(request_for(SEAL_TEXT))
    assert any(certificate.is_self_named for certificate in parse_response(forged).certificates)
    package = folder_with(tmp_path / "p", forged, request_for(SEAL_TEXT))
    assert only(package, tsa.root).status is Status.FAILED
    assert not openssl_agrees(package, tsa.root)


def test_forged_stamp_through_intermediates_fails(
    tmp_path: Path, tsa: LocalTsa, forger: LocalTsa, machine: str
) -> None:
    forged = forger.reply(request_for(SEAL_TEXT))
    package = folder_with(tmp_path / "p", forged, None, forger.root.read_bytes())
    assert only(package, tsa.root).status is Status.FAILED


def test_forged_stamp_through_an_intermediate_that_names_the_genuine_root_fails(
    tmp_path: Path, tsa: LocalTsa, machine: str
) -> None:
    """Subject and issuer differ, so the rule `subject != issuer` alone would let it in; its signature does not follow."""
    recipe = TsaRecipe(intermediate=True)  # its own root carries the genuine root's name
    forger = build_tsa(tmp_path / "forger", recipe)
    forged = forger.reply(request_for(SEAL_TEXT))
    assert not any(certificate.is_self_named for certificate in parse_response(forged).certificates)
    package = folder_with(tmp_path / "p", forged, None, forger.chain.read_bytes())
    assert only(package, tsa.root).status is Status.FAILED
    assert not openssl_agrees(package, tsa.root, "-untrusted", "proofs/tsa/x.chain.pem")


def test_forged_stamp_whose_leaf_lies_in_the_chain_file_fails(
    tmp_path: Path, tsa: LocalTsa, forger: LocalTsa, machine: str
) -> None:
    """The client takes every certificate it is handed for trusted: a leaf must not vouch for itself."""
    forged = forger.reply(request_for(SEAL_TEXT))
    package = folder_with(tmp_path / "p", forged, None, (forger.folder / "tsa.crt").read_bytes())
    assert only(package, tsa.root).status is Status.FAILED


def test_a_genuine_chain_through_an_intermediate_passes(tmp_path: Path, deep: LocalTsa, machine: str) -> None:
    package = folder_with(tmp_path / "p", deep.reply(request_for(SEAL_TEXT)), request_for(SEAL_TEXT))
    outcome = only(package, deep.root)
    assert outcome.status is Status.PASSED, outcome.why
    assert openssl_agrees(package, deep.root)


def test_wrong_root_fails(tmp_path: Path, deep: LocalTsa, genuine: bytes, machine: str) -> None:
    package = folder_with(tmp_path / "p", genuine)
    assert only(package, deep.root).status is Status.FAILED
    assert not openssl_agrees(package, deep.root)


def test_one_of_several_roots_is_enough_and_roots_do_not_mix(
    tmp_path: Path, tsa: LocalTsa, deep: LocalTsa, forger: LocalTsa, machine: str
) -> None:
    """Copies of one builder share their root list: a root asked about first must not help the next question."""
    package = folder_with(tmp_path / "p", tsa.reply(request_for(SEAL_TEXT)))
    assert only(package, deep.root, tsa.root).status is Status.PASSED
    assert only(package, tsa.root).status is Status.PASSED
    assert only(package, deep.root).status is Status.FAILED
    assert only(package, deep.root, forger.root).status is Status.FAILED


def test_other_nonce_fails(tmp_path: Path, tsa: LocalTsa, genuine: bytes, machine: str) -> None:
    """A replay: a genuine answer laid beside a request it does not answer."""
    package = folder_with(tmp_path / "p", genuine, request_for(SEAL_TEXT, request_nonce(b"\x02" * 8)))
    outcome = only(package, tsa.root)
    assert outcome.status is Status.FAILED
    assert "nonce" in outcome.why


def test_other_imprint_fails(tmp_path: Path, tsa: LocalTsa, machine: str) -> None:
    package = folder_with(tmp_path / "p", tsa.reply(request_for(b"other")), request_for(b"other"))
    outcome = only(package, tsa.root)
    assert outcome.status is Status.FAILED
    assert "imprint" in outcome.why
    assert not openssl_agrees(package, tsa.root)


def test_other_policy_fails(tmp_path: Path, tsa: LocalTsa, machine: str) -> None:
    (tmp_path / "seal").write_bytes(SEAL_TEXT)
    for policy in ("1.2.3.4.1", "1.2.3.4.2"):
        tsa.run(f"ts -query -data {tmp_path}/seal -sha256 -cert -tspolicy {policy} -out {tmp_path}/{policy}.tsq")
    response = tsa.reply((tmp_path / "1.2.3.4.1.tsq").read_bytes())
    asked_other = pending_policy((tmp_path / "1.2.3.4.2.tsq").read_bytes(), response)
    package = folder_with(tmp_path / "p", response, asked_other)
    outcome = only(package, tsa.root)
    assert outcome.status is Status.FAILED
    assert "policy" in outcome.why
    kept = folder_with(tmp_path / "q", response, (tmp_path / "1.2.3.4.1.tsq").read_bytes())
    assert only(kept, tsa.root).status is Status.PASSED


def pending_policy(request: bytes, response: bytes) -> bytes:
    """The request with the nonce of the response, so that the policy alone differs."""
    nonce = parse_response(response).nonce
    assert nonce is not None
    parts = [
        der.written(der.INTEGER, nonce.to_bytes((nonce.bit_length() + 8) // 8, "big"))
        if part.tag == der.INTEGER and len(part.content) > 1
        else part.whole
        for part in der.read_one(request).children()
    ]
    return der.written(der.SEQUENCE, *parts)


def test_bare_token_is_not_a_response(tmp_path: Path, tsa: LocalTsa, machine: str) -> None:
    token = tsa.token(request_for(SEAL_TEXT))
    package = folder_with(tmp_path / "p", token)
    outcome = only(package, tsa.root)
    assert outcome.status is Status.FAILED
    assert "bare token" in outcome.why
    assert not openssl_agrees(package, tsa.root)
    assert openssl_agrees(package, tsa.root, "-token_in")
    (tmp_path / "bare.tsr").write_bytes(token)
    with pytest.raises(ManifestError, match="bare token"):
        stamping.attach(folder_with(tmp_path / "q", b""), tmp_path / "bare.tsr")


def reversed_certificates(response: bytes) -> bytes:
    """The response with its certificate SET in descending order, as a genuine one of DigiCert was seen."""
    certificates = sorted(one.encoded for one in parse_response(response).certificates)
    return response.replace(b"".join(certificates), b"".join(reversed(certificates)))


def test_unsorted_certificate_set_passes_and_the_file_keeps_its_bytes(
    tmp_path: Path, tsa: LocalTsa, genuine: bytes, machine: str
) -> None:
    unsorted = reversed_certificates(genuine)
    assert unsorted != genuine
    assert sorted_copy(unsorted) == genuine
    package = folder_with(tmp_path / "p", unsorted, request_for(SEAL_TEXT))
    outcome = only(package, tsa.root)
    assert outcome.status is Status.PASSED, outcome.why
    assert openssl_agrees(package, tsa.root)
    assert (package / "proofs/tsa/x.tsr").read_bytes() == unsorted


def test_the_client_alone_refuses_an_unsorted_set(genuine: bytes) -> None:
    """Why a sorted copy is made; when this fails the client has learnt to read it and the copy can go."""
    client = pytest.importorskip("rfc3161_client")
    client.decode_timestamp_response(genuine)
    with pytest.raises(ValueError, match=r"(?i)InvalidSetOrdering"):
        list(client.decode_timestamp_response(reversed_certificates(genuine)).signed_data.certificates)


def issue_leaf(tsa: LocalTsa, starts: datetime, ends: datetime) -> None:
    """Issue the leaf anew with a validity to the second, which only `openssl ca` can write."""
    (tsa.folder / "index.txt").write_text("", encoding="utf-8")
    (tsa.folder / "rand.srl").write_text("77\n", encoding="utf-8")
    configuration = (
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nserial=rand.srl\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=any\nunique_subject=no\n[any]\norganizationName=optional\ncommonName=supplied\n"
    )
    (tsa.folder / "issue.cnf").write_text(configuration, encoding="utf-8")
    tsa.run(
        "ca -batch -config issue.cnf -in tsa.csr -cert ca.crt -keyfile ca.key -notext -out tsa.crt "
        f"-extfile tsa.cnf -extensions tsa_ext -startdate {starts:%Y%m%d%H%M%SZ} -enddate {ends:%Y%m%d%H%M%SZ}"
    )


@pytest.fixture(scope="session")
def expired(tsa: LocalTsa, tmp_path_factory: pytest.TempPathFactory) -> tuple[LocalTsa, bytes, bytes]:
    """The root with a stamp made while the leaf was valid, and one made by a leaf that had expired."""
    folder = tmp_path_factory.mktemp("tsa") / "expired"
    shutil.copytree(tsa.folder, folder)
    short_lived = LocalTsa(folder)
    now = datetime.now(UTC).replace(microsecond=0)
    issue_leaf(short_lived, now - timedelta(days=2), now - timedelta(days=1))
    too_late = short_lived.reply(request_for(SEAL_TEXT))
    for seconds in (2, 10, 60):  # as short as this machine, today, is fast
        ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
        issue_leaf(short_lived, now - timedelta(days=2), ends)
        in_time = short_lived.reply(request_for(SEAL_TEXT))
        if parse_response(in_time).epoch_s <= ends.timestamp():
            break
    time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()) + 1.1)
    return short_lived, in_time, too_late


def test_expired_tsa_certificate_passes_at_the_stamps_own_time(
    tmp_path: Path, expired: tuple[LocalTsa, bytes, bytes], machine: str
) -> None:
    authority, in_time, _ = expired
    package = folder_with(tmp_path / "p", in_time, request_for(SEAL_TEXT))
    outcome = only(package, authority.root)
    assert outcome.status is Status.PASSED, outcome.why
    assert not openssl_agrees(package, authority.root)
    assert openssl_agrees(package, authority.root, "-attime", str(parse_response(in_time).epoch_s))


def test_stamp_by_an_already_expired_certificate_fails(
    tmp_path: Path, expired: tuple[LocalTsa, bytes, bytes], machine: str
) -> None:
    authority, _, too_late = expired
    package = folder_with(tmp_path / "p", too_late, request_for(SEAL_TEXT))
    assert only(package, authority.root).status is Status.FAILED


def test_disagreement_fails_with_both_messages(
    tmp_path: Path, tsa: LocalTsa, genuine: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> Verdict:
        return Verdict(accepted=False, message="rfc3161-client 9.9.9: says no")

    monkeypatch.setattr(checks, "verdict_by_client", refuses)
    outcome = only(folder_with(tmp_path / "p", genuine), tsa.root)
    assert outcome.status is Status.FAILED
    assert "OpenSSL" in outcome.why
    assert "says no" in outcome.why


def test_a_client_below_the_floor_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuers, "version", lambda _: "1.0.8")
    assert issuers.client_version() is None
    monkeypatch.setattr(issuers, "version", lambda _: "1.0.10")
    assert issuers.client_version() == "1.0.10"


def test_a_root_that_is_missing_its_stamp_fails(tmp_path: Path, tsa: LocalTsa) -> None:
    package = folder_with(tmp_path / "p", b"")
    (package / "proofs/tsa/x.tsr").unlink()
    assert only(package).status is Status.NOT_CHECKED
    assert only(package, tsa.root).status is Status.FAILED


def test_a_linked_stamp_is_not_followed(tmp_path: Path, tsa: LocalTsa, genuine: bytes) -> None:
    package = folder_with(tmp_path / "p", genuine)
    outside = tmp_path / "outside.tsr"
    (package / "proofs/tsa/x.tsr").rename(outside)
    (package / "proofs/tsa/x.tsr").symlink_to(outside)
    notes = Notes()
    check_timestamps(package, read_trusted_roots([tsa.root]), notes)
    assert [problem.kind for problem in notes.problems] == ["unsafe"]


def test_an_openssl_inside_the_package_is_never_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "openssl"
    planted.write_text(f"#!/bin/sh\n: > {tmp_path}/started\necho OpenSSL 3.9.9\n", encoding="utf-8")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert isinstance(find_openssl(), OpenSsl)
    (tmp_path / "started").unlink()
    assert isinstance(find_openssl(apart_from=tmp_path), str)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    assert isinstance(find_openssl(), str)
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("banner", ["LibreSSL 3.3.6", "OpenSSL 1.1.1w  11 Sep 2023", ""])
def test_an_unfit_openssl_is_reported_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, banner: str
) -> None:
    program = tmp_path / "openssl"
    program.write_text(f"#!/bin/sh\necho '{banner}'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = find_openssl()
    assert isinstance(reason, str)
    assert banner in reason


@pytest.mark.parametrize("step", range(40))
def test_a_changed_byte_never_passes_and_never_crashes(
    tmp_path: Path, tsa: LocalTsa, genuine: bytes, step: int
) -> None:
    """A sample over the whole response; openssl's verdict is the reference for each."""
    at = step * len(genuine) // 40
    changed = genuine[:at] + bytes((genuine[at] ^ 0x01,)) + genuine[at + 1 :]
    package = folder_with(tmp_path / "p", changed, request_for(SEAL_TEXT))
    outcome = only(package, tsa.root)
    if outcome.status is Status.PASSED:
        assert openssl_agrees(package, tsa.root), at
    assert outcome.status is not Status.NOT_CHECKED


@pytest.mark.parametrize("length", [0, 1, 2, 5, 9, 100, 1000])
def test_a_truncated_response_fails(tmp_path: Path, tsa: LocalTsa, genuine: bytes, length: int) -> None:
    assert only(folder_with(tmp_path / "p", genuine[:length]), tsa.root).status is Status.FAILED
