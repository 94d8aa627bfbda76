"""Packages that follow each other: what ``previous`` says, whether a chain holds, and one statement of all of it.

A rescan or a review names the SHA-256 of the Manifest before it.  A chain has a *gap* where the named package is not
at hand, and a *fork* where two runs, or two reviews, follow the same package.  A review beside the next run is no
fork: reviews annotate, runs continue.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from manifests.errors import Problem, ProblemKind, VerificationError
from manifests.records import match_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from manifests.packages import Package
    from manifests.verifying.checks import Notes

REVIEW: Final = "review"
MANIFEST: Final = "data/manifest.json"


def naming(package: Package) -> dict[str, str | None]:
    """Return the value of ``previous`` by which a later package names this one.

    ``merkle_root`` is that of ``matches.jsonl``: one exhibit of the earlier package can be shown against the later
    one.
    """
    roots = {entry["path"]: entry["merkle_root"] for entry in package.manifest["files"]}
    return {
        "manifest_sha256": package.manifest_sha256,
        "kind": package.manifest["kind"],
        "merkle_root": roots.get("matches.jsonl"),
    }


def followed(package: Package) -> str | None:
    """Return the ``manifest_sha256`` of the package that this one names; null if it begins a chain."""
    named = package.manifest.get("previous")
    return str(named.get("manifest_sha256")) if isinstance(named, dict) else None


def check_previous(package: Package, earlier: Sequence[Package], notes: Notes) -> None:
    """Follow ``previous`` from ``package`` through the packages given with ``--previous``; note every gap and fork.

    Passed when each package given lies on the way back and the names (digest, kind, root) hold.
    """
    if not earlier:
        notes.skipped("previous", _onward(package), applies=followed(package) is not None)
        return
    notes.looked("previous", len(earlier))
    for problem in (*_forks([package, *earlier]), *_gaps(package, earlier)):
        notes.problem("previous", problem.kind, problem.path, expected=problem.expected, found=problem.found)


def ordered_chain(packages: Sequence[Package]) -> tuple[Package, ...]:
    """Order the packages of a case: each after the one it names; of two that follow the same one, the review first.

    Raises:
        VerificationError: no beginning, a gap, a fork, a name that does not hold; every problem is listed.
    """
    problems = list(_forks(packages))
    by_digest = {package.manifest_sha256: package for package in packages}
    begins = [package for package in by_digest.values() if followed(package) is None]
    if len(begins) != 1:
        problems.append(_problem(f"{len(begins)} packages name no earlier one, where one begins the chain"))
    for package in by_digest.values():
        digest = followed(package)
        if digest in by_digest:
            problems += _misnamed(package, by_digest[digest])
        elif digest is not None:
            problems.append(_problem(f"gap: {_name(package)}: {_onward(package)}"))
    followers = _followers(packages)
    ordered = begins[:1]
    for package in ordered:  # grows while it is walked
        ordered += sorted(followers[package.manifest_sha256], key=lambda one: one.manifest["kind"] != REVIEW)
    if problems:
        raise VerificationError(tuple(problems))
    return tuple(ordered)


def merged_matches(chain: Sequence[Package]) -> Iterator[dict[str, Any]]:
    """Yield every finding of a chain once, in the order of ``matches.jsonl``: as its latest package states it.

    A decision outlives later packages that repeat the finding without one.  Chance figures stay those of the package
    that states them.  Memory grows with the findings of the case.
    """
    merged: dict[str, dict[str, Any]] = {}
    for package in chain:
        for match in package.records("matches"):
            earlier = merged.get(match["match_id"])
            kept = earlier["review"] if earlier and match["review"] is None else match["review"]
            merged[match["match_id"]] = {**match, "review": kept}
    yield from sorted(merged.values(), key=match_order)


def _onward(package: Package) -> str:
    digest = followed(package)
    return "no earlier package is named" if digest is None else f"the package {digest[:16]}… it follows was not given"


def _gaps(package: Package, earlier: Sequence[Package]) -> Iterator[Problem]:
    """Walk back from the newest; whatever was given and is not met on the way lies beyond a gap."""
    waiting = {one.manifest_sha256: one for one in earlier}
    here = package
    while (digest := followed(here)) is not None and digest in waiting:
        there = waiting.pop(digest)  # popped: a circle ends
        yield from _misnamed(here, there)
        here = there
    for one in waiting.values():
        found = f"gap: {_name(one)} is not reached from {_name(package)}"
        yield _problem(found, f"{_name(here)}: {_onward(here)}")


def _forks(packages: Iterable[Package]) -> Iterator[Problem]:
    for digest, followers in sorted(_followers(packages).items()):
        for is_review in (False, True):
            names = sorted(_name(one) for one in followers if (one.manifest.get("kind") == REVIEW) is is_review)
            if len(names) > 1:
                yield _problem(f"fork: {' and '.join(names)} follow the same package {digest[:16]}…")


def _followers(packages: Iterable[Package]) -> defaultdict[str, list[Package]]:
    """By digest of the package that is followed; the same package given twice counts once."""
    found: defaultdict[str, list[Package]] = defaultdict(list)
    for package in {one.manifest_sha256: one for one in packages}.values():
        digest = followed(package)
        if digest is not None:
            found[digest].append(package)
    return found


def _misnamed(package: Package, there: Package) -> Iterator[Problem]:
    """Kind and root stated in ``previous`` are those of the package with that digest."""
    try:
        actual = naming(there)
    except (KeyError, TypeError, AttributeError):
        yield _problem(f"{_name(there)}: its Manifest has another shape than a Manifest")
        return
    if package.manifest["previous"] != actual:
        yield _problem(f"{_name(there)} is named in {_name(package)} with another kind or root than it has")


def _name(package: Package) -> str:
    return f"{package.path.name} ({package.manifest_sha256[:16]}…)"


def _problem(found: str, expected: str | None = None) -> Problem:
    return Problem(check="previous", kind=ProblemKind.CHAIN, path=MANIFEST, expected=expected, found=found)
