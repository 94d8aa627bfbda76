"""Verification of a package or a disclosure: every check, three-valued, all problems listed.

::

    seal             bag.*              which files, under which seal, spelled how
    manifest_checks  manifest.*         the Manifest against files and records
    tables           what matches refer to: works, shards, observations, rows
    matches          matches.* rows.*   each match derived again
    accounts         coverage.sums negatives.complete events.chain
    changes          matches.references of a rescan
    captures         captures.digests
    exported         exports.csv
    rereads          works shards fingerprints, from the originals

The standard library is enough; what needs more is *not checked* where it is missing.  The package is hostile input:
nothing outside it is opened, no link followed, nothing of it run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from manifests.chaining import check_previous
from manifests.disclosures import check_disclosure, is_disclosure
from manifests.errors import ProblemKind
from manifests.packages import open_package
from manifests.proofs.checks import TrustedRoots, check_signature, check_timestamps
from manifests.records import Tally
from manifests.verifying.accounts import CoverageSums, check_events, check_negatives
from manifests.verifying.captures import check_captures
from manifests.verifying.changes import ChangeChecks
from manifests.verifying.checks import Notes, Verification
from manifests.verifying.exported import check_exports
from manifests.verifying.manifest_checks import check_counts, check_files, check_statements, read_manifest
from manifests.verifying.matches import MatchChecks
from manifests.verifying.reading import read_records
from manifests.verifying.rereads import check_fingerprints, check_shards, check_works
from manifests.verifying.seal import check_bag
from manifests.verifying.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from manifests.packages import Package
    from manifests.verifying.seal import FileFacts

# what a check reads first: where that is not there, the check was not made
_READ_BY = {
    "matches.canonical": "data/matches.jsonl",
    "matches.order": "data/matches.jsonl",
    "matches.ids": "data/matches.jsonl",
    "matches.tier": "data/matches.jsonl",
    "matches.references": "data/matches.jsonl",
    "rows.values": "data/matches.jsonl",
    "coverage.sums": "data/coverage.jsonl",
    "negatives.complete": "data/negatives.jsonl",
    "events.chain": "data/events.jsonl",
    "captures.digests": "data/manifest.json",
}
_RECORD_CHECKS = (
    "matches.canonical",
    "matches.order",
    "matches.ids",
    "matches.tier",
    "matches.references",
    "rows.values",
    "coverage.sums",
    "negatives.complete",
    "events.chain",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user gave beside the package; what was not given is not checked."""

    tsa_roots: TrustedRoots | None = None
    signer: str | None = None
    previous: tuple[Path, ...] = ()
    shards: Path | None = None
    works: Path | None = None


def verify_package(folder: Path, asked: Asked | None = None) -> Verification:
    """Make every check of evidence.md section 8 on a package or a disclosure; never raises for what it finds in it."""
    asked = asked or Asked()
    notes = Notes()
    if is_disclosure(folder):
        check_disclosure(folder, notes)
        _check_proofs(folder, asked, notes)
        return notes.verification()
    facts = check_bag(folder, notes)
    manifest = read_manifest(folder, notes)
    notes.looked("manifest.files", 0)
    notes.looked("manifest.counts", 0)
    if manifest is None:
        notes.skipped("manifest.schema", "the Manifest cannot be read")
        notes.skipped("manifest.files", "the Manifest cannot be read")
        notes.skipped("manifest.counts", "the Manifest cannot be read")
    else:
        check_files(manifest, facts, notes)
        check_statements(folder, manifest, facts, notes)
    _check_records(folder, manifest, facts, notes)
    _check_proofs(folder, asked, notes)
    _check_with(folder, manifest, asked, notes)
    return notes.verification()


def _check_records(
    folder: Path, manifest: Mapping[str, Any] | None, facts: Mapping[str, FileFacts], notes: Notes
) -> None:
    for check in _RECORD_CHECKS:
        notes.looked(check, 0)
    tables, sums, tally = Tables(folder), CoverageSums(), Tally()
    row_files = [path for path in sorted(facts) if path.startswith("data/rows/") and path.endswith(".jsonl")]
    captures = check_captures(folder, (path for path in sorted(facts) if path.startswith("data/captures/")), notes)
    tables.read(row_files, sums, captures, notes)
    datasets = manifest["datasets"] if manifest else ()
    matches = MatchChecks(
        tables=tables,
        notes=notes,
        method=manifest["method"] if manifest else {},
        columns={(known["name"], known["release"]): known["columns"] for known in datasets},
        captures=captures,
    )
    changes = ChangeChecks(tables=tables, notes=notes)
    if "data/changes.jsonl" in facts:
        changes.read(folder)
    for line in read_records(folder, "matches", notes):
        matches.check(line)
        changes.check(line.record, line.number)
        tally.add(line.record)
    changes.finish()
    tables.close()
    negatives = check_negatives(folder, tables, (tally.works, sums.compared), manifest, notes)
    check_events(folder, notes)
    if manifest is not None:
        sums.compare(manifest, notes)
        check_counts(manifest, tally, negatives, tables, notes)
    for check, path in _READ_BY.items():
        if path not in facts:
            notes.skipped(check, f"{path} is not there, or cannot be read")
    _check_exports(folder, facts, notes)


def _check_exports(folder: Path, facts: Mapping[str, FileFacts], notes: Notes) -> None:
    needed = ("manifest.canonical", "manifest.schema", "matches.canonical", "matches.tier", "matches.references")
    if not notes.clean(*needed):
        notes.skipped("exports.csv", "the records have problems: no table can be made from them")
        return
    tables = {path for path in facts if path.startswith("data/exports/") and path.endswith(".csv")}
    check_exports(open_package(folder), tables, notes)


def _check_proofs(folder: Path, asked: Asked, notes: Notes) -> None:
    check_signature(folder, asked.signer, notes)
    check_timestamps(folder, asked.tsa_roots, notes)


def _check_with(folder: Path, manifest: Mapping[str, Any] | None, asked: Asked, notes: Notes) -> None:
    """What needs more than the package: the earlier package, the originals, a library."""
    if manifest is None or not notes.clean("manifest.canonical", "manifest.schema", "matches.canonical", "matches.ids"):
        for check in ("previous", "shards", "works", "fingerprints"):
            notes.skipped(check, "the records have problems")
        return
    package = open_package(folder)
    earlier = [known for path in asked.previous if (known := _earlier(path, notes)) is not None]
    if len(earlier) == len(asked.previous):
        check_previous(package, earlier, notes)
    check_shards(package, asked.shards, notes)
    check_works(package, asked.works, notes)
    check_fingerprints(package, notes)


def _earlier(path: Path, notes: Notes) -> Package | None:
    """A package given with ``--previous``, once its Manifest can be read."""
    if read_manifest(path, probe := Notes()) is not None:
        return open_package(path)
    found = probe.problems[0].found if probe.problems else None
    notes.problem("previous", ProblemKind.UNREADABLE, path.name, found=f"no readable Manifest: {found}")
    return None
