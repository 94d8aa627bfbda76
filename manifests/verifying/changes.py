"""``changes.jsonl`` of a rescan against its findings: what appeared or changed is a finding here, what vanished is none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from manifests.canonical import canonical_bytes
from manifests.errors import ProblemKind
from manifests.records import match_id
from manifests.verifying.reading import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from manifests.verifying.checks import Notes
    from manifests.verifying.tables import Tables

CHECK: Final = "matches.references"
CHANGES: Final = "data/changes.jsonl"
_SIDES: Final = {"appeared": (False, True), "vanished": (True, False), "changed": (True, True)}  # before, after


@dataclass(slots=True)
class ChangeChecks:
    """What the changes say of findings; memory grows with them, and is none where there is no such file."""

    tables: Tables
    notes: Notes
    is_there: bool = False
    _stated: dict[str, bytes] = field(default_factory=dict)  # match id: digest of what `after` says of it

    def read(self, folder: Path) -> None:
        """Read every change, and keep what it says of the findings of this package."""
        self.is_there = True
        for line in read_records(folder, "changes", self.notes):
            self.notes.looked(CHECK)
            for what in self._faults(line.record):
                self.notes.problem(CHECK, ProblemKind.REFERENCE, line.path, line.number, found=what)
            after = line.record["after"]
            if after is not None:
                self._stated[after["match_id"]] = _digest(line.record["work_id"], after)

    def check(self, match: Mapping[str, Any], number: int) -> None:
        """A finding of a rescan is the ``after`` of one change, word for word."""
        if not self.is_there:
            return
        stated = self._stated.pop(match["match_id"], None)
        if stated is None:
            self._note(f"{match['match_id']} is in no line of changes.jsonl", number)
        elif stated != _digest(match["work_id"], match):
            self._note(f"{match['match_id']} has another work, tier or row in changes.jsonl", number)

    def finish(self) -> None:
        """What the changes name and no finding was."""
        for name in sorted(self._stated):
            self.notes.problem(CHECK, ProblemKind.REFERENCE, CHANGES, found=f"{name} is not in matches.jsonl")

    def _note(self, found: str, number: int) -> None:
        self.notes.problem(CHECK, ProblemKind.REFERENCE, "data/matches.jsonl", number, found=found)

    def _faults(self, record: Mapping[str, Any]) -> Iterator[str]:
        before, after, name = record["before"], record["after"], record["work_id"]
        if (before is not None, after is not None) != _SIDES[record["change"]]:
            yield f"{record['change']} does not go with these sides"
        if after is not None and after["match_id"] in self._stated:
            yield f"{after['match_id']} a second time"
        work = self.tables.works.get(name or "")
        if before is None or (name is not None and work is None):  # the work may have left the portfolio meanwhile
            return
        sha256 = work.sha256.removeprefix("sha256:") if work else None
        row = before["row"]
        if before["match_id"] != match_id(sha256, row["shard_id"], row["row_number"], row["item"]):
            yield f"{before['match_id']} is not the id of that work and row"


def _digest(work: str | None, side: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical_bytes([work, side["match_id"], side["tier"], side["row"]])).digest()
