"""A review as a package: all records of an earlier one again, with decisions in them, and its name in ``previous``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from manifests.chaining import naming
from manifests.errors import FormatError, ManifestError, VerificationError
from manifests.packages import Package, open_inside, open_package
from manifests.verifying import verify_package
from manifests.writing import HostFacts, PackageWriter, SealedPackage, own_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from manifests.reviewing.decisions import Decision

KEPT: Final = (
    "run",
    "tool",
    "config",
    "config_sha256",
    "subject",
    "portfolio",
    "method",
    "search",
    "datasets",
    "limitations",
)
CHUNK_BYTES: Final = 1 << 20

_ROWS = re.compile(r"rows/([0-9a-f]{16})\.jsonl")


def review(package_path: Path, decisions: Iterable[Decision], out: Path) -> SealedPackage:
    """Write a package of kind ``review`` to ``out``: the records of the given one, with these decisions.

    A finding that is not decided keeps the review it had, or null; a tier never changes.  Records stream through;
    equal arguments give equal records and an equal Manifest.  The earlier package is verified first: a
    record that was changed in it must not be sealed anew.

    Raises:
        VerificationError: a check of the earlier package failed.
        ManifestError: a decision about a finding that the package does not hold; nothing is written.
        FormatError: the package cannot be read.
        OutputError: ``out`` is there and not empty, or cannot be written.
    """
    verification = verify_package(package_path)
    if verification.failed:
        raise VerificationError(verification.problems)
    package = open_package(package_path)
    by_id = {decision.match_id: decision for decision in decisions}
    if not by_id:
        raise ManifestError("no decision to record", hint="Decide at least one finding.")
    known = {match["match_id"] for match in package.records("matches") if match["match_id"] in by_id}
    unknown = sorted(by_id.keys() - known)
    if unknown:
        raise ManifestError(
            f"{len(unknown)} decision(s) about findings that {package.path.name} does not hold, first {unknown[0]}",
            hint="The match ids stand in exports/evidence.csv.",
        )
    with PackageWriter(out) as writer:
        _copy(package, writer, by_id)
        return _seal(package, writer)


def _copy(package: Package, writer: PackageWriter, decisions: Mapping[str, Decision]) -> None:
    manifest = package.manifest
    for entry in (*manifest["files"], *manifest["run"]["files"]):
        path: str = entry["path"]
        rows = _ROWS.fullmatch(path)
        if path == "matches.jsonl":
            writer.add_records("matches", _decided(package, decisions))
        elif rows:
            writer.add_rows(rows[1], package.rows(rows[1]))
        elif path.endswith(".jsonl"):
            writer.add_records(path.removesuffix(".jsonl"), package.records(path.removesuffix(".jsonl")))
        elif not path.startswith("schema/"):  # the writer's own
            writer.add_stream(path, _chunks(package, path))


def _decided(package: Package, decisions: Mapping[str, Decision]) -> Iterator[dict[str, Any]]:
    for match in package.records("matches"):
        decision = decisions.get(match["match_id"])
        yield match if decision is None else {**match, "review": decision.as_review()}


def _chunks(package: Package, path: str) -> Iterator[bytes]:
    with open_inside(package.path, f"data/{path}") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _seal(package: Package, writer: PackageWriter) -> SealedPackage:
    manifest = package.manifest
    contents, results = manifest["contents"], manifest["results"]
    hosts = {
        entry["host"]: HostFacts(domain=entry["domain"], platform=entry["platform"]) for entry in results["by_host"]
    }
    kept = {key: manifest[key] for key in KEPT}
    missing = sorted(set(manifest) - {*KEPT, "schema", "kind", "previous", "results", "contents", "files"})
    if missing:
        raise FormatError(f"a key this version does not know: {missing[0]}", context="data/manifest.json")
    return writer.seal(
        {**kept, "kind": "review", "previous": naming(package)},
        lang=contents["locale"],
        exhibit_prefix=contents["exhibit_prefix"],
        not_listed=results["not_listed"],
        describe_host=lambda host: hosts.get(host) or own_domain(host),
    )
