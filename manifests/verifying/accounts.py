"""The accounts of a scan: every shard's rows add up, every Work is accounted for, no event is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from manifests.errors import ProblemKind
from manifests.records import FIRST_PREVIOUS, chain_digest
from manifests.verifying.reading import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from manifests.verifying.checks import Notes
    from manifests.verifying.reading import Line
    from manifests.verifying.tables import Tables

MANIFEST: Final = "data/manifest.json"
SHA256_DIGITS: Final = 64


@dataclass(slots=True)
class CoverageSums:
    """Adds up ``coverage.jsonl`` while it is read, by dataset and release."""

    rows_scanned: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    shards: defaultdict[tuple[str, str | None], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    compared: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line, notes: Notes) -> None:
        """Add one shard; note what does not hold within its line."""
        record = line.record
        edition = record["dataset"], record["release"]
        self.rows_scanned[edition] += record["rows_scanned"]
        self.shards[edition][record["status"]] += 1
        self.compared.update(record["compared"])
        for what in _shard_faults(record):
            notes.problem("coverage.sums", ProblemKind.COUNT_DIFFERS, line.path, line.number, found=what)

    def compare(self, manifest: Mapping[str, Any], notes: Notes) -> None:
        """The sums against ``datasets`` and ``search`` of the Manifest."""
        notes.looked("coverage.sums", len(manifest["datasets"]))
        named = [(entry["name"], entry["release"]) for entry in manifest["datasets"]]
        if len(set(named)) != len(named) or self.shards.keys() - set(named):
            self._note(notes, "datasets of coverage.jsonl and Manifest differ", named)
        for edition, entry in zip(named, manifest["datasets"], strict=True):
            counted = {status: self.shards[edition][status] for status in ("scanned", "skipped", "failed")}
            if entry["shards"] != counted:
                self._note(notes, f"{entry['name']}: shards {entry['shards']}", counted)
            if entry["rows_scanned"] != self.rows_scanned[edition]:
                self._note(notes, f"{entry['name']}: rows_scanned {entry['rows_scanned']}", self.rows_scanned[edition])
            if entry["rows_total"] is not None and entry["rows_total"] < entry["rows_scanned"]:
                self._note(notes, f"{entry['name']}: more rows scanned than there are", entry["rows_total"])
        stated, total = manifest["search"]["rows_scanned"], self.rows_scanned.total()
        # A rescan adds rows to those of the runs before it: its search covers at least what this package lists.
        if stated < total or (manifest["kind"] == "scan" and stated != total):
            self._note(notes, f"search.rows_scanned {stated}", total)
        hashed = manifest["search"]["rows_with_fingerprint"]
        if manifest["kind"] == "scan" and hashed > self.compared["fingerprint"] + self.compared["image"]:
            self._note(notes, f"search.rows_with_fingerprint {hashed}", dict(self.compared))

    def _note(self, notes: Notes, found: str, expected: object) -> None:
        notes.problem("coverage.sums", ProblemKind.COUNT_DIFFERS, MANIFEST, found=found, expected=expected)


def _shard_faults(record: Mapping[str, Any]) -> Iterator[str]:
    rows, scanned = record["rows"], record["rows_scanned"]
    if rows is not None and scanned > rows:
        yield f"{scanned} rows scanned of {rows}"
    if record["status"] == "scanned" and rows is not None and scanned != rows:
        yield f"status is scanned, but {scanned} of {rows} rows were"
    if record["status"] == "skipped" and scanned:
        yield f"status is skipped, but {scanned} rows were scanned"
    if (record["status"] == "scanned") != (record["reason"] is None):
        yield f"status {record['status']} with reason {record['reason']}"
    for name, number in record["compared"].items():
        if number > scanned:
            yield f"compared.{name} is {number} of {scanned} rows scanned"
    if record["status"] == "scanned" and record["shard_id"] is None:
        yield "a scanned shard without shard_id"
    yield from _digest_faults(record)
    yield from _part_faults(record)


def _digest_faults(record: Mapping[str, Any]) -> Iterator[str]:
    """Whose the shard's digest is, and that nothing is called equal that was not compared."""
    shard_id, sha256, digest_by = record["shard_id"], record["shard_sha256"], record["shard_digest_by"]
    if (
        shard_id is not None
        and shard_id != f"sha256:{sha256}"
        and not (sha256 is None and shard_id.startswith("etag:"))
    ):
        yield "shard_id and shard_sha256 differ"
    if (sha256 is None) != (digest_by == "none"):
        yield f"shard_digest_by is {digest_by} with shard_sha256 {sha256}"
    published = record["publisher_digest"]
    if published is None:
        if digest_by == "publisher":
            yield "shard_digest_by is publisher, but no publisher_digest is kept"
        return
    if (published["equal"] is None) == (digest_by == "computed"):
        yield f"publisher_digest.equal is {published['equal']} where shard_digest_by is {digest_by}"
    stated = published["value"].lower().removeprefix("sha256:")
    if len(stated) != SHA256_DIGITS or ":" in stated:
        return  # another algorithm: the package keeps no such digest of the shard to compare with
    if published["equal"] is not None and published["equal"] is not (stated == sha256):
        yield f"publisher_digest is called {'equal' if published['equal'] else 'different'} and is not"
    if digest_by == "publisher" and stated != sha256:
        yield "shard_sha256 is not the publisher's"


def _part_faults(record: Mapping[str, Any]) -> Iterator[str]:
    """The pieces of a shard that were read; without a digest of the whole they are all that names its bytes."""
    if record["shard_sha256"] is None and record["rows_scanned"] and not record["parts"]:
        yield "rows were scanned, but neither the shard nor a part of it has a digest"
    end = record["bytes"]
    for part in record["parts"]:
        if not part["bytes"] or (end is not None and part["offset"] + part["bytes"] > end):
            yield f"a part of {part['bytes']} bytes at {part['offset']} is not within {end} bytes"


def check_negatives(
    folder: Path,
    tables: Tables,
    found: tuple[set[str], Mapping[str, int]],
    manifest: Mapping[str, Any] | None,
    notes: Notes,
) -> int:
    """Each included Work has a match or a line here, not both; returns the number of lines.

    ``found``: the Works that have a match, and what of all rows was compared, as the coverage adds it up.
    """
    matched, compared = found
    rows = manifest["search"]["rows_scanned"] if manifest else None
    whole = manifest is not None and manifest["kind"] == "scan"
    without: set[str] = set()
    for line in read_records(folder, "negatives", notes):
        record = line.record
        notes.looked("negatives.complete")
        known = tables.works.get(record["work_id"])
        if known is None or known.file != record["work_file"]:
            _negative(notes, line, "the work is not in portfolio.jsonl")
        if record["work_id"] in matched:
            _negative(notes, line, "the work has findings in matches.jsonl")
        if rows is not None and (record["rows_scanned"] != rows if whole else record["rows_scanned"] > rows):
            _negative(notes, line, f"rows_scanned {record['rows_scanned']}, of the search {rows}")
        if whole and any(number != compared[name] for name, number in record["compared"].items()):
            _negative(notes, line, f"compared is not the sum of coverage.jsonl, {dict(compared)}")
        without.add(record["work_id"])
    for work in sorted(tables.works.keys() - without - matched):
        what = f"{work} has neither a match nor a line here"
        notes.problem("negatives.complete", ProblemKind.MISSING, "data/negatives.jsonl", found=what)
    return len(without)


def _negative(notes: Notes, line: Line, found: str) -> None:
    notes.problem("negatives.complete", ProblemKind.REFERENCE, line.path, line.number, found=found)


def check_events(folder: Path, notes: Notes) -> None:
    """Each event names the digest of the line before it; numbers follow each other."""
    previous, seq = FIRST_PREVIOUS, None
    for line in read_records(folder, "events", notes):
        record = line.record
        if record["prev_sha256"] != previous:
            notes.problem(
                "events.chain",
                ProblemKind.CHAIN,
                line.path,
                line.number,
                expected=previous,
                found=record["prev_sha256"],
            )
        if seq is not None and record["seq"] != seq + 1:
            notes.problem("events.chain", ProblemKind.CHAIN, line.path, line.number, found=f"{seq}, {record['seq']}")
        previous, seq = chain_digest(line.raw), record["seq"]
