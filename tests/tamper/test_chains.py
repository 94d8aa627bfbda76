"""Packages that follow each other: gaps, forks, wrong names; and one statement of all of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import package_builder
import pytest

from manifests.chaining import check_previous, merged_matches, naming, ordered_chain
from manifests.errors import VerificationError
from manifests.packages import Package, open_package
from manifests.reviewing import Choice, Decision, review
from manifests.verifying.checks import Notes, Status, Verification

if TYPE_CHECKING:
    from pathlib import Path

AT = "2026-11-22T09:00:00Z"


def checked(package: Package, *earlier: Package) -> Verification:
    notes = Notes()
    check_previous(package, earlier, notes)
    return notes.verification()


def rescan(folder: Path, after: Package | None, first: int, claimant: str = "Ada Fox") -> Package:
    """A run that follows another one and finds what is at `first` and after it."""
    world = package_builder.world()
    world.matches = world.matches[first:]
    world.works[2]["title"] = claimant  # so that two runs differ in their Manifest
    if after is not None:
        world.kind, world.previous = "rescan", naming(after)
    package_builder.write(world, folder)
    return open_package(folder)


def decide(package: Package, folder: Path, choice: Choice = Choice.CONFIRMED) -> Package:
    first = next(package.records("matches"))["match_id"]
    review(package.path, [Decision(match_id=first, choice=choice, by="R. Viewer", at=AT, note="")], folder)
    return open_package(folder)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    """first ← second ← third, a review of the first, and a second run that follows the first."""
    folder = tmp_path_factory.mktemp("case")
    first = rescan(folder / "first", None, 0)
    second = rescan(folder / "second", first, 1)
    return {
        "first": first,
        "second": second,
        "third": rescan(folder / "third", second, 2),
        "reviewed": decide(first, folder / "reviewed"),
        "other": rescan(folder / "other", first, 1, "Somebody else"),
        "reviewed again": decide(first, folder / "reviewed-again", Choice.REJECTED),
    }


def test_a_chain_without_gap_passes(case: dict[str, Package]) -> None:
    assert checked(case["third"], case["second"], case["first"]).complete
    assert checked(case["second"], case["first"]).complete
    assert checked(case["reviewed"], case["first"]).complete
    assert checked(case["third"], case["second"]).complete


def test_without_an_earlier_package_nothing_is_claimed(case: dict[str, Package]) -> None:
    (named,), (begins,) = checked(case["third"]).checks, checked(case["first"]).checks
    assert named.status is begins.status is Status.NOT_CHECKED
    assert case["second"].manifest_sha256[:16] in named.why
    assert "no earlier package" in begins.why


@pytest.mark.parametrize(
    ("newest", "earlier", "kind"),
    [
        ("third", ["first"], "gap"),
        ("first", ["second"], "gap"),
        ("third", ["second", "first", "reviewed again"], "gap"),
        ("second", ["other"], "fork"),
        ("second", ["first", "other"], "fork"),
        ("reviewed", ["first", "reviewed again"], "fork"),
    ],
)
def test_a_gap_and_a_fork_are_reported(case: dict[str, Package], newest: str, earlier: list[str], kind: str) -> None:
    verification = checked(case[newest], *(case[name] for name in earlier))
    assert verification.failed
    assert any((problem.found or "").startswith(kind) for problem in verification.problems)


def test_an_earlier_package_that_was_changed_is_a_gap(case: dict[str, Package], tmp_path: Path) -> None:
    copy = shutil.copytree(case["first"].path, tmp_path / "first")
    manifest = copy / "data/manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"Ada Fox", b"Eva Fox"))
    assert checked(case["second"], open_package(copy)).failed


@pytest.mark.parametrize(("key", "value"), [("kind", "review"), ("merkle_root", "0" * 64), ("kind", 7)])
def test_a_package_named_with_another_kind_or_root_fails(case: dict[str, Package], key: str, value: Any) -> None:
    second = case["second"]
    named = {**second.manifest["previous"], key: value}
    changed = Package(path=second.path, manifest={**second.manifest, "previous": named}, manifest_sha256="9" * 64)
    assert checked(changed, case["first"]).failed


@pytest.mark.parametrize("previous", [7, [], "x", {}, {"manifest_sha256": None}])
@pytest.mark.parametrize("files", [None, [None], [{}], "x"])
def test_a_malformed_manifest_never_crashes(case: dict[str, Package], previous: Any, files: Any) -> None:
    second, first = case["second"], case["first"]
    odd = Package(path=second.path, manifest={"previous": previous, "files": files}, manifest_sha256="9" * 64)
    checked(odd, first, odd)
    checked(second, Package(path=first.path, manifest={"files": files}, manifest_sha256=first.manifest_sha256))


def test_a_case_is_ordered_from_its_first_package(case: dict[str, Package]) -> None:
    given = [case[name] for name in ("third", "reviewed", "first", "second")]
    assert [package.path.name for package in ordered_chain(given)] == ["first", "reviewed", "second", "third"]


@pytest.mark.parametrize(
    "names",
    [
        ["second", "third"],
        ["first", "third"],
        ["first", "second", "other"],
        [],
        ["first", "reviewed", "reviewed again"],
    ],
)
def test_a_case_with_a_gap_or_a_fork_is_not_merged(case: dict[str, Package], names: list[str]) -> None:
    with pytest.raises(VerificationError):
        ordered_chain([case[name] for name in names])


def test_the_merged_case_holds_each_finding_once_with_its_decision(case: dict[str, Package]) -> None:
    chain = ordered_chain([case[name] for name in ("first", "second", "third", "reviewed")])
    merged = list(merged_matches(chain))
    assert [match["match_id"] for match in merged] == [match["match_id"] for match in case["first"].records("matches")]
    assert [match["match_id"] for match in merged if match["review"]] == [merged[0]["match_id"]]
