"""Signing and stamping a package by the functions behind the command line, and what its check then says."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from typing import TYPE_CHECKING

import package_builder
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_tsa import LocalTsa, build_tsa

from manifests.__main__ import main
from manifests.errors import ManifestError, OutputError
from manifests.proofs import signatures
from manifests.proofs.checks import check_signature, check_timestamps, read_trusted_roots
from manifests.proofs.keys import KeyKind
from manifests.proofs.openssl import OpenSsl, Verdict, find_openssl
from manifests.proofs.signatures import CryptographySigner, OpenSslSigner, Signer, verdict_on_signature
from manifests.proofs.signing import sign
from manifests.proofs.stamping import attach, restamp, timestamp
from manifests.proofs.stamps import parse_request, pending_request, request_nonce
from manifests.verifying.checks import Check, Notes, Status

if TYPE_CHECKING:
    from pathlib import Path

OPENSSL = find_openssl()
pytestmark = pytest.mark.skipif(not isinstance(OPENSSL, OpenSsl), reason="needs OpenSSL 3.0 or later on the path")
SEAL = "tagmanifest-sha256.txt"
URL = "https://tsa.example.org/tsr"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """What proofs see of a package: a seal, and the request that every scan leaves."""
    folder = tmp_path / "package"
    (folder / "proofs/tsa").mkdir(parents=True)
    (folder / SEAL).write_bytes(b"1" * 64 + b"  bagit.txt\n")
    digest = hashlib.sha256((folder / SEAL).read_bytes()).digest()
    (folder / "proofs/tsa/PENDING-seal.tsq").write_bytes(pending_request(digest, request_nonce(b"\x09" * 8)))
    return folder


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    return build_tsa(tmp_path_factory.mktemp("tsa") / "local")


@pytest.fixture(params=["cryptography", "openssl"])
def signer(request: pytest.FixtureRequest) -> Signer:
    if request.param == "cryptography":
        pytest.importorskip("cryptography", reason="the extra `proofs` is not installed")
        return CryptographySigner()
    assert isinstance(OPENSSL, OpenSsl)
    return OpenSslSigner(openssl=OPENSSL)


def signature_check(package: Path, fingerprint: str | None = None) -> Check:
    notes = Notes()
    check_signature(package, fingerprint, notes)
    (outcome,) = notes.verification().checks
    return outcome


def stamp_checks(package: Path, *roots: Path) -> dict[str, Check]:
    notes = Notes()
    check_timestamps(package, read_trusted_roots(roots), notes)
    return {outcome.id: outcome for outcome in notes.verification().checks}


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_signed_package_passes_for_its_signer_and_for_nobody_else(
    package: Path, tmp_path: Path, signer: Signer, kind: KeyKind
) -> None:
    signed = sign(package, tmp_path / "keys/me.pem", new_key=True, kind=kind, signer=signer)
    assert signed.kind is kind
    assert signature_check(package, signed.fingerprint).status is Status.PASSED
    assert signature_check(package, signed.fingerprint.upper()).status is Status.PASSED
    assert signature_check(package, "0" * 64).status is Status.FAILED
    assert signature_check(package, "nonsense").status is Status.FAILED
    unnamed = signature_check(package)
    assert unnamed.status is Status.NOT_CHECKED
    assert signed.fingerprint in unnamed.why


@pytest.mark.parametrize("kind", list(KeyKind))
def test_the_lines_of_verify_md_agree(package: Path, tmp_path: Path, signer: Signer, kind: KeyKind) -> None:
    """Typed as printed there, without the code under test."""
    signed = sign(package, tmp_path / "me.pem", new_key=True, kind=kind, signer=signer)
    public, signature = "proofs/signer.pub.pem", "proofs/tagmanifest-sha256.txt.sig"
    line = (
        f"openssl dgst -sha256 -verify {public} -signature {signature} {SEAL}"
        if kind is KeyKind.ECDSA_P256
        else f"openssl pkeyutl -verify -pubin -inkey {public} -rawin -in {SEAL} -sigfile {signature}"
    )
    assert subprocess.run(line.split(), cwd=package, capture_output=True, check=False).returncode == 0
    spki = subprocess.run(
        f"openssl pkey -pubin -in {public} -outform DER".split(), cwd=package, capture_output=True, check=True
    ).stdout
    assert hashlib.sha256(spki).hexdigest() == signed.fingerprint


@pytest.mark.parametrize("kind", list(KeyKind))
@pytest.mark.parametrize("target", [SEAL, "proofs/signer.pub.pem", "proofs/tagmanifest-sha256.txt.sig"])
def test_every_changed_byte_fails_the_signature(package: Path, tmp_path: Path, kind: KeyKind, target: str) -> None:
    signed = sign(package, tmp_path / "me.pem", new_key=True, kind=kind)
    original = (package / target).read_bytes()
    for at in range(0, len(original), max(1, len(original) // 8)):
        (package / target).write_bytes(original[:at] + bytes((original[at] ^ 0x04,)) + original[at + 1 :])
        assert signature_check(package, signed.fingerprint).status is Status.FAILED, at


def test_the_key_is_private_and_never_in_the_package(package: Path, tmp_path: Path) -> None:
    key_file = tmp_path / "me.pem"
    sign(package, key_file, new_key=True)
    if os.name == "posix":
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    secret = b"".join(key_file.read_bytes().splitlines()[1:-1])
    assert all(secret not in file.read_bytes() for file in package.rglob("*") if file.is_file())


def test_a_key_file_inside_the_package_is_refused_by_its_real_place(package: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(package)
    for inside in (package / "key.pem", tmp_path / "link/proofs/key.pem", tmp_path / "other/../package/key.pem"):
        with pytest.raises(ManifestError, match="inside the package"):
            sign(package, inside, new_key=True)
    assert not list(package.rglob("*.pem"))


def test_a_package_is_signed_once_and_a_key_is_never_overwritten(package: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no key file"):
        sign(package, tmp_path / "me.pem")
    sign(package, tmp_path / "me.pem", new_key=True)
    with pytest.raises(OutputError, match="signed already"):
        sign(package, tmp_path / "me.pem")
    other = tmp_path / "other"
    other.mkdir()
    (other / SEAL).write_bytes(b"x")
    with pytest.raises(OutputError, match="there already"):
        sign(other, tmp_path / "me.pem", new_key=True)
    assert sign(other, tmp_path / "me.pem").new_key is False


def test_both_signers_make_the_same_ed25519_signature(package: Path, tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="the extra `proofs` is not installed")
    assert isinstance(OPENSSL, OpenSsl)
    key = tmp_path / "me.pem"
    sign(package, key, new_key=True)
    by_program = OpenSslSigner(openssl=OPENSSL)
    content = (package / SEAL).read_bytes()
    assert by_program.sign(key, None, content) == CryptographySigner().sign(key, None, content)
    assert by_program.public_key(key, None) == CryptographySigner().public_key(key, None)


def test_a_protected_key_opens_with_its_passphrase_only(package: Path, tmp_path: Path, signer: Signer) -> None:
    key = tmp_path / "me.pem"
    command = f"openssl genpkey -algorithm ed25519 -aes256 -pass pass:hush -out {key}"
    subprocess.run(command.split(), capture_output=True, check=True)
    for wrong in (None, "other"):
        with pytest.raises(ManifestError, match="cannot be read"):
            sign(package, key, passphrase=wrong, signer=signer)
    signed = sign(package, key, passphrase="hush", signer=signer)
    assert signature_check(package, signed.fingerprint).status is Status.PASSED


def test_another_kind_of_key_is_refused(package: Path, tmp_path: Path, signer: Signer) -> None:
    key = tmp_path / "rsa.pem"
    subprocess.run(f"openssl genpkey -algorithm RSA -out {key}".split(), capture_output=True, check=True)
    with pytest.raises(ManifestError, match="cannot sign"):
        sign(package, key, signer=signer)


def test_without_openssl_cryptography_answers_and_without_both_nothing_is_claimed(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cryptography", reason="the extra `proofs` is not installed")
    for kind in KeyKind:
        key = tmp_path / f"{kind}.pem"
        key.write_bytes(CryptographySigner().new_key(kind))
        public = CryptographySigner().public_key(key, None)
        signature = CryptographySigner().sign(key, None, b"seal")
        with monkeypatch.context() as patched:
            patched.setattr(signatures, "find_openssl", lambda **_: "no openssl program on the path")
            good = verdict_on_signature(public, b"seal", signature, apart_from=package)
            assert isinstance(good, Verdict)
            assert good.accepted
            for wrong in (signature[:-1], signature[:-1] + b"\0\0", b"", signature + b"x"):
                bad = verdict_on_signature(public, b"seal", wrong, apart_from=package)
                assert isinstance(bad, Verdict)
                assert not bad.accepted
    signed = sign(package, tmp_path / "me.pem", new_key=True)
    monkeypatch.setattr(signatures, "find_openssl", lambda **_: "no openssl program on the path")
    monkeypatch.setattr(signatures, "find_spec", lambda _: None)
    assert signature_check(package, signed.fingerprint).status is Status.NOT_CHECKED
    with pytest.raises(ManifestError, match="nothing to sign with"):
        signatures.find_signer()


def test_asking_for_a_signer_of_an_unsigned_package_fails(package: Path) -> None:
    assert signature_check(package).status is Status.NOT_CHECKED
    assert signature_check(package, "0" * 64).status is Status.FAILED


def test_an_unfinished_folder_is_neither_signed_nor_stamped(tmp_path: Path) -> None:
    for act in (
        lambda: sign(tmp_path, tmp_path / "k.pem", new_key=True),
        lambda: timestamp(tmp_path, URL, send=lambda *_: b""),
        lambda: attach(tmp_path, tmp_path / "x.tsr"),
    ):
        with pytest.raises(ManifestError, match="not a finished package"):
            act()


def test_two_authorities_give_two_stamps_that_pass(package: Path, local: LocalTsa, tmp_path: Path) -> None:
    other = build_tsa(tmp_path / "second")
    sent: list[bytes] = []

    def send(url: str, request: bytes) -> bytes:
        sent.append(request)
        return (other if "second" in url else local).reply(request)

    first = timestamp(package, URL, send=send)
    timestamp(package, "http://Second.example:8080/x", send=send)
    again = timestamp(package, URL, send=send)
    assert (first.name, again.name) == ("tsa.example.org", "tsa.example.org-2")
    assert len({parse_request(request).nonce for request in sent}) == 3
    outcomes = stamp_checks(package, local.root, other.root)
    assert {name: outcome.status for name, outcome in outcomes.items()} == dict.fromkeys(
        ("timestamp.second.example", "timestamp.tsa.example.org", "timestamp.tsa.example.org-2"), Status.PASSED
    )
    tsr = package / "proofs/tsa/tsa.example.org.tsr"
    assert tsr.read_bytes() != sent[0]
    assert b"BEGIN CERTIFICATE" in tsr.with_name("tsa.example.org.chain.pem").read_bytes()


def test_only_a_digest_and_a_nonce_leave_the_machine(package: Path, local: LocalTsa) -> None:
    sent: list[bytes] = []

    def send(_: str, request: bytes) -> bytes:
        sent.append(request)
        return local.reply(request)

    timestamp(package, URL, send=send)
    assert [len(request) for request in sent] == [69]
    assert sent[0][24:56] == hashlib.sha256((package / SEAL).read_bytes()).digest()


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "tsa.example.org", "https://", ""])
def test_what_is_no_address_is_not_sent_to(package: Path, url: str) -> None:
    with pytest.raises(ManifestError, match="not an address"):
        timestamp(package, url, send=lambda *_: pytest.fail("sent"))


def test_an_answer_to_another_request_is_not_kept(package: Path, local: LocalTsa) -> None:
    before = sorted(package.rglob("*"))
    other = local.reply(pending_request(b"\1" * 32, request_nonce(b"\2" * 8)))
    replay = local.reply((package / "proofs/tsa/PENDING-seal.tsq").read_bytes())
    for answer, why in ((other, "imprint"), (replay, "nonce"), (b"<html>", "not a time stamp")):
        with pytest.raises(ManifestError, match=why):
            timestamp(package, URL, send=lambda _url, _request, answer=answer: answer)  # type: ignore[misc]
    assert sorted(package.rglob("*")) == before


def test_offline_a_response_is_attached_under_the_name_of_its_request(
    package: Path, local: LocalTsa, tmp_path: Path
) -> None:
    """The recipe of README-FIRST: carry the .tsq away, bring the .tsr back."""
    response = local.reply((package / "proofs/tsa/PENDING-seal.tsq").read_bytes())
    (tmp_path / "download.tsr").write_bytes(response)
    kept = attach(package, tmp_path / "download.tsr")
    assert (kept.name, kept.covers) == ("seal", SEAL)
    assert (package / "proofs/tsa/seal.tsr").read_bytes() == response
    assert stamp_checks(package, local.root)["timestamp.seal"].status is Status.PASSED


def test_a_response_to_an_unknown_request_is_attached_and_says_so(
    package: Path, local: LocalTsa, tmp_path: Path
) -> None:
    digest = hashlib.sha256((package / SEAL).read_bytes()).digest()
    (tmp_path / "Notary 1.tsr").write_bytes(local.reply(pending_request(digest, request_nonce(b"\7" * 8))))
    assert attach(package, tmp_path / "Notary 1.tsr").name == "notary-1"
    outcome = stamp_checks(package, local.root)["timestamp.notary-1"]
    assert outcome.status is Status.PASSED
    assert "no nonce was compared" in outcome.why


def test_a_response_about_other_bytes_is_not_attached(package: Path, local: LocalTsa, tmp_path: Path) -> None:
    (tmp_path / "x.tsr").write_bytes(local.reply(pending_request(b"\1" * 32, request_nonce(b"\2" * 8))))
    with pytest.raises(ManifestError, match="other bytes"):
        attach(package, tmp_path / "x.tsr")
    with pytest.raises(ManifestError, match="cannot be read"):
        attach(package, tmp_path / "absent.tsr")


def test_a_restamp_covers_seal_signature_and_stamps(package: Path, local: LocalTsa, tmp_path: Path) -> None:
    sign(package, tmp_path / "me.pem", new_key=True)
    timestamp(package, URL, send=lambda _, request: local.reply(request))
    listed = restamp(package)
    assert restamp(package) == listed == "proofs/restamp-1.txt"
    lines = (package / listed).read_text(encoding="ascii").splitlines()
    names = [line.partition("  ")[2] for line in lines]
    assert names == sorted(names)
    assert {
        SEAL,
        "proofs/tagmanifest-sha256.txt.sig",
        "proofs/signer.pub.pem",
        "proofs/tsa/tsa.example.org.tsr",
    } <= set(names)
    command = ["sha256sum", "--strict", "-c", listed]
    assert subprocess.run(command, cwd=package, capture_output=True, check=False).returncode == 0
    assert stamp_checks(package, local.root)["timestamp.restamp-1"].status is Status.NOT_CHECKED

    stamped = timestamp(package, URL, send=lambda _, request: local.reply(request), restamp=True)
    assert (stamped.name, stamped.covers) == ("restamp-1-tsa.example.org", listed)
    (tmp_path / "second.tsr").write_bytes(local.reply((package / "proofs/tsa/PENDING-restamp-1-seal.tsq").read_bytes()))
    assert attach(package, tmp_path / "second.tsr").name == "restamp-1-seal"
    outcomes = stamp_checks(package, local.root)
    assert {outcome.status for outcome in outcomes.values()} == {Status.PASSED}
    assert set(outcomes) == {
        "timestamp.restamp-1-seal",
        "timestamp.restamp-1-tsa.example.org",
        "timestamp.tsa.example.org",
    }
    assert restamp(package) == "proofs/restamp-2.txt"
    assert "proofs/restamp-1.txt" in (package / "proofs/restamp-2.txt").read_text(encoding="ascii")


@pytest.mark.parametrize("victim", ["proofs/tsa/tsa.example.org.tsr", "proofs/restamp-1.txt", "proofs/signer.pub.pem"])
@pytest.mark.parametrize("attack", ["change", "remove"])
def test_a_proof_changed_or_removed_after_a_restamp_is_found(
    package: Path, local: LocalTsa, tmp_path: Path, victim: str, attack: str
) -> None:
    sign(package, tmp_path / "me.pem", new_key=True)
    timestamp(package, URL, send=lambda _, request: local.reply(request))
    timestamp(package, URL, send=lambda _, request: local.reply(request), restamp=True)
    if attack == "remove":
        (package / victim).unlink()
    else:
        (package / victim).write_bytes((package / victim).read_bytes() + b"x")
    outcome = stamp_checks(package, local.root)["timestamp.restamp-1-tsa.example.org"]
    assert outcome.status is Status.FAILED


def test_a_restamp_list_without_the_seal_fails(package: Path, local: LocalTsa, tmp_path: Path) -> None:
    for content in (b"", b"0" * 64 + b"  ../outside\n", b"x\n", b"A" * 64 + b"  " + SEAL.encode() + b"\n"):
        (package / "proofs/restamp-1.txt").write_bytes(content)
        request = pending_request(hashlib.sha256(content).digest(), request_nonce(b"\3" * 8))
        (package / "proofs/tsa/restamp-1-x.tsr").write_bytes(local.reply(request))
        assert stamp_checks(package, local.root)["timestamp.restamp-1-x"].status is Status.FAILED, content


def test_a_hostile_name_is_shown_harmless(package: Path) -> None:
    try:
        (package / "proofs/tsa/a\x1b[2J\u202e.tsr").write_bytes(b"x")
    except OSError:
        pytest.skip("this file system refuses the name")
    notes = Notes()
    check_timestamps(package, None, notes)
    printed = str(notes.verification().as_json())
    assert [problem.kind for problem in notes.problems] == ["unsafe"]
    assert printed.isprintable()


def test_linked_proofs_are_found_and_not_followed(package: Path, tmp_path: Path) -> None:
    for folder in ("proofs/tsa", "proofs"):
        moved = tmp_path / folder.replace("/", "-")
        (package / folder).rename(moved)
        (package / folder).symlink_to(moved)
        notes = Notes()
        check_timestamps(package, None, notes)
        assert {problem.kind for problem in notes.problems} == {"unsafe"}
        (package / folder).unlink()
        moved.rename(package / folder)


PROOFS = (
    "proofs/signer.pub.pem", "proofs/tagmanifest-sha256.txt.sig", "proofs/restamp-1.txt",
    "proofs/tsa/x.tsr", "proofs/tsa/x.tsq", "proofs/tsa/x.chain.pem", "proofs/tsa/restamp-1-x.tsr",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(PROOFS), st.binary(max_size=400) | st.text(max_size=80).map(str.encode)))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_malformed_proofs_never_pass_and_never_crash(package: Path, files: dict[str, bytes]) -> None:
    for name in PROOFS:
        (package / name).unlink(missing_ok=True)
    for name, content in files.items():
        (package / name).write_bytes(content)
    notes = Notes()
    check_signature(package, None, notes)
    check_timestamps(package, None, notes)
    assert Status.PASSED not in {check.status for check in notes.verification().checks}
    wrong = {name for name in files if name.endswith((".tsr", ".sig", "restamp-1.txt"))}
    assert notes.verification().failed is bool(wrong)


def test_the_whole_way_from_scan_to_court(local: LocalTsa, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sign, stamp by hand, verify with the root; then the same stamp under a root that did not issue it."""
    folder = tmp_path / "scan"
    package_builder.build_package(folder)
    assert main(["sign", str(folder), "--key", str(tmp_path / "key.pem"), "--new-key"]) == 0
    fingerprint = capsys.readouterr().out.strip()
    (tmp_path / "reply.tsr").write_bytes(local.reply((folder / "proofs/tsa/PENDING-seal.tsq").read_bytes()))
    assert main(["timestamp", str(folder), "--attach", str(tmp_path / "reply.tsr")]) == 0
    words = ["verify", str(folder), "--signer", fingerprint, "--tsa-root"]
    assert main([*words, str(local.root)]) == 0
    shown = capsys.readouterr().out
    assert "passed       timestamp.seal" in shown
    assert "passed       signature" in shown
    stranger = build_tsa(tmp_path / "stranger")
    assert main([*words, str(stranger.root)]) == 1
    assert main([*words, str(tmp_path / "key.pem")]) == 2


def test_a_package_can_pass_strictly_once_all_that_applies_was_given(
    local: LocalTsa, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A first scan names no earlier package and may hold no renditions: nothing of it is left unchecked by that."""
    for name in ("works/fox.png", "shards/rows.jsonl"):  # in the builder's world a file's content is its name
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(name.partition("/")[2].encode())
    url = "https://artist.example/fox.jpg"
    made = package_builder.World(works=[package_builder.work("fox.png", 3, published_urls=[url])])
    digest = package_builder.sha("rows.jsonl")
    shard = package_builder.shard("d", "rows.jsonl", shard_id=f"sha256:{digest}", shard_sha256=digest)
    made.coverage, made.datasets = [shard], [package_builder.dataset("d", 1)]
    entry = package_builder.basis("url_equal", "url_rules/1", url, column="URL", work_value=url, row_value=url)
    package_builder.match(made, made.works[0], package_builder.row(made, shard, 1, [], url=url), [entry])
    folder = package_builder.write(made, tmp_path / "scan").path
    assert main(["sign", str(folder), "--key", str(tmp_path / "key.pem"), "--new-key"]) == 0
    fingerprint = capsys.readouterr().out.strip()
    (tmp_path / "reply.tsr").write_bytes(local.reply((folder / "proofs/tsa/PENDING-seal.tsq").read_bytes()))
    assert main(["timestamp", str(folder), "--attach", str(tmp_path / "reply.tsr")]) == 0
    given = ["--signer", fingerprint, "--tsa-root", str(local.root), "--works", str(tmp_path / "works")]
    assert main(["verify", str(folder), "--strict", *given]) == 1
    assert main(["verify", str(folder), "--strict", *given, "--shards", str(tmp_path / "shards")]) == 0
    assert "not checked  previous" in capsys.readouterr().out
