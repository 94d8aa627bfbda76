"""One exhibit without the rest: what it holds, that it verifies alone, and that every change to it is found."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import package_builder
import pytest

from manifests.canonical import canonical_bytes
from manifests.disclosing import disclose
from manifests.disclosures import check_disclosure, is_disclosure, parse_proof
from manifests.errors import FormatError, ManifestError, OutputError, VerificationError
from manifests.packages import open_package
from manifests.proofs.checks import check_signature
from manifests.proofs.signing import sign
from manifests.records import match_id
from manifests.verifying.checks import Notes, Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def checked(folder: Path) -> Verification:
    notes = Notes()
    check_disclosure(folder, notes)
    return notes.verification()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages") / "package"
    world = package_builder.world()
    first, second = world.matches[0], world.matches[1]
    for name in (first["match_id"], second["match_id"]):
        world.files[f"thumbnails/{name}-pair.jpg"] = name.encode()
    fox, owl = first["work_sha256"][:16], second["work_sha256"][:16]
    world.files |= {
        f"renditions/{fox}-mirror-phash64.png": b"mirror of the fox",
        f"renditions/{fox}-crop-10-phash64.png": b"a form of the fox that no finding here names",
        f"renditions/{owl}-original-phash64.png": b"the owl",
    }
    package_builder.write(world, folder)
    return folder


@pytest.fixture
def chosen(package: Path) -> str:
    """A finding with a work, a row and pictures."""
    return str(package_builder.world().matches[0]["match_id"])


@pytest.fixture
def disclosure(package: Path, chosen: str, tmp_path: Path) -> Path:
    disclose(package, [chosen], tmp_path / "exhibit")
    return tmp_path / "exhibit"


def test_a_disclosure_verifies_alone(disclosure: Path) -> None:
    assert is_disclosure(disclosure)
    verification = checked(disclosure)
    assert verification.complete, verification.problems
    assert {check.id for check in verification.checks} == {
        f"disclosure.{name}" for name in ("seal", "records", "references", "pictures", "unlisted")
    }
    assert all(check.count for check in verification.checks)


def test_a_disclosure_holds_one_exhibit_and_nothing_of_the_rest(package: Path, disclosure: Path, chosen: str) -> None:
    names = {file.relative_to(disclosure).as_posix() for file in disclosure.rglob("*") if file.is_file()}
    (match,) = [
        json.loads(line) for line in (disclosure / "matches.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    ]
    work, shard = match["work_sha256"][:16], match["row"]["shard_id"].partition(":")[2][:16]
    assert match["match_id"] == chosen
    assert names == {
        "proof.json",
        "manifest.json",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "matches.jsonl",
        "portfolio.jsonl",
        "coverage.jsonl",
        f"rows/{shard}.jsonl",
        f"renditions/{work}-original-phash64.png",
        f"renditions/{work}-mirror-phash64.png",
        f"thumbnails/{chosen}-pair.jpg",
        "proofs/tsa/PENDING-seal.tsq",
    }
    for name in ("portfolio.jsonl", "coverage.jsonl", f"rows/{shard}.jsonl"):
        assert (disclosure / name).read_bytes().count(b"\n") == 1
    assert (disclosure / "manifest.json").read_bytes() == (package / "data/manifest.json").read_bytes()


def test_every_finding_of_a_package_can_be_disclosed_alone(package: Path, tmp_path: Path) -> None:
    matches = list(open_package(package).records("matches"))
    for number, match in enumerate(matches):
        disclose(package, [match["match_id"]], tmp_path / str(number))
        assert checked(tmp_path / str(number)).complete
    disclose(package, [match["match_id"] for match in reversed(matches)], tmp_path / "all")
    assert checked(tmp_path / "all").complete
    indexes = [line.leaf_index for line in parse_proof((tmp_path / "all/proof.json").read_bytes())]
    assert indexes[: len(matches)] == list(range(len(matches)))


def test_the_signature_of_the_package_holds_for_the_disclosure(package: Path, chosen: str, tmp_path: Path) -> None:
    copy = shutil.copytree(package, tmp_path / "package")
    fingerprint = sign(copy, tmp_path / "key.pem", new_key=True).fingerprint
    disclose(copy, [chosen], tmp_path / "exhibit")
    notes = Notes()
    check_signature(tmp_path / "exhibit", fingerprint, notes)
    assert notes.verification().complete


def test_every_changed_byte_of_a_disclosure_is_found(package: Path, chosen: str, tmp_path: Path) -> None:
    """Every file, some six places each, and its ends.  What the seal says of files not disclosed its signature holds."""
    signed = shutil.copytree(package, tmp_path / "signed")
    fingerprint = sign(signed, tmp_path / "key.pem", new_key=True).fingerprint
    disclosure = tmp_path / "exhibit"
    disclose(signed, [chosen], disclosure)

    def checked(folder: Path) -> Verification:
        notes = Notes()
        check_disclosure(folder, notes)
        if notes.clean("disclosure.seal"):
            check_signature(folder, fingerprint, notes)
        return notes.verification()

    for file in sorted(disclosure.rglob("*")):
        if not file.is_file() or file.suffix == ".tsq":
            continue
        original = file.read_bytes()
        for at in {*range(0, len(original), max(1, len(original) // 6)), len(original) - 1}:
            file.write_bytes(original[:at] + bytes((original[at] ^ 0x01,)) + original[at + 1 :])
            assert checked(disclosure).failed, (file.name, at)
        for cut in (original[:-1], original + b"\n", b""):
            file.write_bytes(cut)
            assert checked(disclosure).failed, file.name
        file.unlink()
        if not file.parent.name.startswith(("renditions", "thumbnails")):
            assert checked(disclosure).failed, file.name
        file.write_bytes(original)
    assert checked(disclosure).complete


def rewrite(disclosure: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the proof and write it, and the lines beside it, consistently."""
    proof = json.loads((disclosure / "proof.json").read_bytes())
    change(proof)
    (disclosure / "proof.json").write_bytes(canonical_bytes(proof))
    for name in {record["file"] for record in proof["records"]}:
        lines = [record["line"] + "\n" for record in proof["records"] if record["file"] == name]
        (disclosure / name).write_bytes("".join(lines).encode())


def tier_raised(proof: dict[str, Any]) -> None:
    record = proof["records"][0]
    record["line"] = record["line"].replace('"distance"', '"distance"').replace('"value":4', '"value":1')


def moved(proof: dict[str, Any]) -> None:
    proof["records"][0]["leaf_index"] += 1


def grown(proof: dict[str, Any]) -> None:
    proof["records"][0]["tree_size"] += 1


def shortened(proof: dict[str, Any]) -> None:
    proof["records"][0]["path"].pop()


def lengthened(proof: dict[str, Any]) -> None:
    proof["records"][0]["path"].append("0" * 64)


def of_another_file(proof: dict[str, Any]) -> None:
    proof["records"][0]["file"] = "portfolio.jsonl"


def without_work(proof: dict[str, Any]) -> None:
    proof["records"] = [record for record in proof["records"] if record["file"] != "portfolio.jsonl"]


def without_shard(proof: dict[str, Any]) -> None:
    proof["records"] = [record for record in proof["records"] if record["file"] != "coverage.jsonl"]


def without_row(proof: dict[str, Any]) -> None:
    proof["records"] = [record for record in proof["records"] if not record["file"].startswith("rows/")]


def without_finding(proof: dict[str, Any]) -> None:
    proof["records"] = [record for record in proof["records"] if record["file"] != "matches.jsonl"]


def nothing(proof: dict[str, Any]) -> None:
    proof["records"] = []


def outside(proof: dict[str, Any]) -> None:
    proof["records"][0]["file"] = "../matches.jsonl"


def other_schema(proof: dict[str, Any]) -> None:
    proof["schema"] = "provscan.disclosure/2"


def not_a_number(proof: dict[str, Any]) -> None:
    proof["records"][0]["leaf_index"] = True


ATTACKS = [
    tier_raised, moved, grown, shortened, lengthened, of_another_file, without_work, without_shard, without_row,
    without_finding, nothing, other_schema, not_a_number,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_rewritten_proof_is_found(disclosure: Path, attack: Callable[[dict[str, Any]], None]) -> None:
    rewrite(disclosure, attack)
    for stray in disclosure.glob("rows/*"):  # the lines no longer disclosed are gone as well
        if not any(
            stray.name in record["file"] for record in json.loads((disclosure / "proof.json").read_bytes())["records"]
        ):
            stray.unlink()
    assert checked(disclosure).failed


def test_a_proof_never_names_a_place_outside(disclosure: Path) -> None:
    proof = json.loads((disclosure / "proof.json").read_bytes())
    outside(proof)
    with pytest.raises(FormatError, match=r"records\[0\]"):
        parse_proof(canonical_bytes(proof))


@pytest.mark.parametrize("name", ["notes.txt", "rows/extra.jsonl", "renditions/0000000000000000-original-phash64.png"])
def test_a_file_that_does_not_belong_is_found(disclosure: Path, name: str) -> None:
    (disclosure / name).write_bytes(b"x")
    verification = checked(disclosure)
    assert verification.failed
    assert [problem.path for problem in verification.problems] == [name]


def test_links_are_found_and_not_followed(disclosure: Path, tmp_path: Path) -> None:
    original = disclosure / "manifest.json"
    shutil.move(original, tmp_path / "elsewhere.json")
    original.symlink_to(tmp_path / "elsewhere.json")
    assert "unsafe" in {problem.kind for problem in checked(disclosure).problems}


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"null", b'{"schema":"provscan.manifest/1"}'])
@pytest.mark.parametrize("name", ["proof.json", "manifest.json", "manifest-sha256.txt", "matches.jsonl"])
def test_malformed_files_fail_and_never_crash(disclosure: Path, name: str, content: bytes) -> None:
    (disclosure / name).write_bytes(content)
    assert checked(disclosure).failed


@pytest.mark.parametrize(
    "line", ["{}", "[]", "1", '{"match_id":1,"row":{}}', '{"match_id":null,"row":null}', "x", "{" * 100]
)
def test_a_malformed_finding_fails_and_never_crashes(disclosure: Path, line: str) -> None:
    rewrite(disclosure, lambda proof: proof["records"][0].update(line=line))
    assert checked(disclosure).failed


def test_an_unknown_finding_is_an_error_and_leaves_nothing(package: Path, tmp_path: Path, chosen: str) -> None:
    with pytest.raises(ManifestError, match="no finding m-0000"):
        disclose(package, [chosen, "m-" + "0" * 32], tmp_path / "out")
    with pytest.raises(ManifestError, match="was named"):
        disclose(package, [], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_overwritten(package: Path, tmp_path: Path, chosen: str) -> None:
    (tmp_path / "out").mkdir()
    disclose(package, [chosen], tmp_path / "out")
    with pytest.raises(OutputError, match="already there"):
        disclose(package, [chosen], tmp_path / "out")


def test_a_changed_package_cannot_be_disclosed_from(package: Path, tmp_path: Path, chosen: str) -> None:
    copy = shutil.copytree(package, tmp_path / "package")
    matches = copy / "data/matches.jsonl"
    matches.write_bytes(matches.read_bytes().replace(b'"value":4', b'"value":3'))
    with pytest.raises(VerificationError):
        disclose(copy, [chosen], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_a_disclosure_is_the_same_twice(package: Path, tmp_path: Path, chosen: str) -> None:
    for name in ("a", "b"):
        disclose(package, [chosen], tmp_path / name)
    for file in (tmp_path / "a").rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()


def test_a_proof_in_a_large_package_stays_short(tmp_path: Path) -> None:
    """2,000 findings: at most 11 hashes each; a million need at most 20 (2**20 > 10**6)."""
    world = package_builder.world()
    owl, coverage = world.works[1], world.coverage[0]
    for number in range(100, 900):
        package_builder.match(
            world,
            owl,
            package_builder.row(world, coverage, number, []),
            [package_builder.near(owl, 6, "index")],
            chance="0.0005",
        )
    package_builder.write(world, tmp_path / "large")
    wanted = match_id(owl["sha256"], coverage["shard_id"], 555)
    disclose(tmp_path / "large", [wanted], tmp_path / "out")
    lines = parse_proof((tmp_path / "out/proof.json").read_bytes())
    assert all(len(line.path) <= (line.tree_size - 1).bit_length() for line in lines)
    assert checked(tmp_path / "out").complete
