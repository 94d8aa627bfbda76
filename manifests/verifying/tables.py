"""What the matches refer to, as small tables: works, shards, observations, verbatim rows."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from manifests.canonical import canonical_bytes
from manifests.errors import ProblemKind, UnsafePath
from manifests.packages import open_inside, parse_record, read_inside
from manifests.records import row_order, work_id
from manifests.verifying.reading import read_records, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from manifests.verifying.accounts import CoverageSums
    from manifests.verifying.captures import Captures
    from manifests.verifying.checks import Notes
    from manifests.verifying.reading import Line

MAX_OPEN: Final = 64  # files of rows at a time
_COMPARED_OBSERVATION: Final = (
    "observation_id", "kind", "outcome", "status", "final_url", "content_sha256", "capture", "archive",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFacts:
    """What a match may say about a Work."""

    file: str
    sha256: str  # "sha256:…" of the file itself
    digests: Mapping[str, str]  # "sha256:…" or "md5:…" of the file and its renditions, to the file that has it
    queries: str  # every "variant fingerprint", one a line: thousands of works times a hundred forms stay small
    urls: frozenset[str]

    def asks(self, variant: str | None, fingerprint: str | None) -> bool:
        """Whether the Work has this fingerprint in this form."""
        return f"\n{variant} {fingerprint}\n" in self.queries


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFacts:
    """What a match may say about a shard."""

    shard_id: str | None
    sha256: str | None
    confirmed: bool
    read_whole: bool
    rows: int | None
    status: str


@dataclass(slots=True)
class Tables:
    """Everything a match may name.  Sizes: works, shards, observations; of the rows only where they stand."""

    folder: Path
    works: dict[str, WorkFacts] = field(default_factory=dict)
    shards: dict[tuple[str, str | None, str], ShardFacts] = field(default_factory=dict)
    observations: dict[str, bytes] = field(default_factory=dict)
    identity: str = ""
    excluded: int = 0
    _open: ExitStack = field(default_factory=ExitStack)
    _streams: dict[str, BinaryIO] = field(default_factory=dict)
    _offsets: dict[str, dict[tuple[int, int | None], int]] = field(default_factory=dict)

    def row(self, shard16: str, row_number: int, item: int | None) -> dict[str, Any] | None:
        """The verbatim row, read again from its file; None where there is none (or it is damaged, noted before)."""
        offset = self._offsets.get(shard16, {}).get((row_number, item))
        if offset is None:
            return None
        stream = self._streams.get(shard16)
        if stream is None:
            if len(self._streams) == MAX_OPEN:
                self.close()
            opened = open_inside(self.folder, f"data/rows/{shard16}.jsonl")
            stream = self._streams[shard16] = self._open.enter_context(opened)
        stream.seek(offset)
        return parse_record(stream.readline()[:-1], shard16)

    def close(self) -> None:
        """Close the files of rows that are open."""
        self._streams.clear()
        self._open.close()

    def read(self, row_files: Iterable[str], sums: CoverageSums, captures: Captures, notes: Notes) -> None:
        """Fill the tables and add up the coverage, noting what does not hold."""
        for line in read_records(self.folder, "portfolio", notes):
            self._add_work(line, notes)
        for line in read_records(self.folder, "coverage", notes):
            self._add_shard(line)
            sums.add(line, notes)
        for line in read_records(self.folder, "observations", notes):
            self.observations[line.record["observation_id"]] = observation_digest(line.record)
            for what in captures.faults(line.record):
                notes.problem("captures.digests", ProblemKind.VALUE_DIFFERS, line.path, line.number, found=what)
        for path in row_files:
            self._add_rows(path, notes)
        try:
            self.identity = read_inside(self.folder, "data/identity.json").decode("utf-8", "replace")
        except (OSError, UnsafePath):
            self.identity = ""  # optional; a missing listed file is the bag's problem

    def _add_work(self, line: Line, notes: Notes) -> None:
        record = line.record
        if record["status"] != "included":
            self.excluded += 1
            return
        notes.looked("matches.ids")
        wanted = work_id(record["sha256"] or "")
        if record["work_id"] != wanted or record["md5"] is None:
            notes.problem(
                "matches.ids", ProblemKind.ID_DIFFERS, line.path, line.number, expected=wanted, found=record["work_id"]
            )
            return
        files = [(record["files"][0], record), *((entry["file"], entry) for entry in record["renditions"])]
        self.works[wanted] = WorkFacts(
            file=record["files"][0],
            sha256=f"sha256:{record['sha256']}",
            digests={f"{name}:{entry[name]}": file for file, entry in reversed(files) for name in ("sha256", "md5")},
            queries="\n".join(["", *(f"{known['variant']} {known['value']}" for known in record["fingerprints"]), ""]),
            urls=frozenset(record["published_urls"]),
        )

    def _add_shard(self, line: Line) -> None:
        record = line.record
        self.shards[record["dataset"], record["release"], record["shard"]] = ShardFacts(
            shard_id=record["shard_id"],
            sha256=record["shard_sha256"],
            confirmed=record["publisher_digest"] is not None,
            read_whole=record["shard_digest_by"] == "computed",
            rows=record["rows"],
            status=record["status"],
        )

    def _add_rows(self, path: str, notes: Notes) -> None:
        known = self._offsets.setdefault(path.removeprefix("data/rows/").removesuffix(".jsonl"), {})
        for line in read_rows(self.folder, path, row_order, notes):
            known[line.record["row_number"], line.record["item"]] = line.offset


def observation_digest(record: Mapping[str, Any]) -> bytes:
    """Digest of what a match repeats of an observation; equal digests, equal statements."""
    when = record.get("fetched_at", record.get("requested_at"))
    return hashlib.sha256(canonical_bytes([when, [record[name] for name in _COMPARED_OBSERVATION]])).digest()
