"""Deciding findings one by one: a state that a key press changes, and a journal that survives being killed.

``press`` and ``with_note`` are pure: no screen, no clock, no file.  The command line shows the finding at
``position``, passes keys in, appends each decision that comes out to the ``Journal``, and hands all decisions to
``review`` at the end.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from manifests.canonical import canonical_bytes
from manifests.errors import FormatError, OutputError
from manifests.reviewing.decisions import Choice, Decision, Defaults, parse_decision

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JOURNAL_SCHEMA: Final = "provscan.review-journal/1"


class Action(StrEnum):
    """What the screen has to do after a key."""

    SHOW = "show"  # show the finding at the position, decided or not
    PICTURES = "pictures"  # open the pictures of the finding at the position
    NOTE = "note"  # ask for a line of text and pass it to `with_note`
    HELP = "help"
    FINISHED = "finished"  # nothing is left to decide; keys still move and change
    WRITE = "write"  # make the package of what is decided, perhaps not all
    LEAVE = "leave"
    UNKNOWN = "unknown"  # the key means nothing


KEYS: Final[Mapping[str, Choice | Action | int]] = {
    "c": Choice.CONFIRMED,
    "r": Choice.REJECTED,
    "u": Choice.UNDECIDED,
    "n": 1,  # findings to move by
    " ": 1,
    "b": -1,
    "o": Action.PICTURES,
    "t": Action.NOTE,
    "?": Action.HELP,
    "h": Action.HELP,
    "w": Action.WRITE,
    "q": Action.LEAVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Where a reviewer is.

    ``findings`` are match ids in exhibit order, at least one; ``decided`` and ``notes`` are by match id, a note
    waiting there until its finding is decided.
    """

    findings: tuple[str, ...]
    position: int = 0  # index into findings
    decided: Mapping[str, Decision] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def current(self) -> str:
        """Match id of the finding that is shown."""
        return self.findings[self.position]

    @property
    def left(self) -> int:
        """How many findings nobody decided yet."""
        return sum(match_id not in self.decided for match_id in self.findings)


class Pressed(NamedTuple):
    """What a key changed; ``decision`` is to be appended to the journal before anything else happens."""

    session: Session
    action: Action
    decision: Decision | None = None


def begun(findings: tuple[str, ...], decided: Mapping[str, Decision]) -> Session:
    """Return a session over these findings, resumed: at the first one that is not in ``decided``.

    Raises:
        ValueError: there is nothing to review.
    """
    if not findings:
        raise ValueError("no findings to review")
    kept = {match_id: decided[match_id] for match_id in findings if match_id in decided}
    session = Session(findings=findings, decided=kept, position=len(findings) - 1)
    return _at_next_open(session)


def press(session: Session, key: str, *, by: str, at: str) -> Pressed:
    """Return what a key does: decide the current finding and go to the next open one, move, or ask the screen to act.

    ``by`` and ``at`` (``2026-11-21T10:15:00Z``) go into a decision.  Deciding again replaces the earlier decision.
    """
    meaning = KEYS.get(key.lower())
    match meaning:
        case Choice():
            return _decide(session, meaning, by, at)
        case Action():
            return Pressed(session, meaning)
        case int():
            there = min(max(session.position + meaning, 0), len(session.findings) - 1)
            return Pressed(replace(session, position=there), Action.SHOW)
        case _:
            return Pressed(session, Action.UNKNOWN)


def with_note(session: Session, text: str, *, by: str, at: str) -> Pressed:
    """Keep a note for the current finding; if it is decided, its decision is made anew with the note."""
    noted = replace(session, notes={**session.notes, session.current: text})
    earlier = session.decided.get(session.current)
    if earlier is None:
        return Pressed(noted, Action.SHOW)
    decision = replace(earlier, note=text, by=by, at=at)
    return Pressed(replace(noted, decided={**noted.decided, session.current: decision}), Action.SHOW, decision)


def _decide(session: Session, choice: Choice, by: str, at: str) -> Pressed:
    earlier = session.decided.get(session.current)
    note = session.notes.get(session.current, earlier.note if earlier else "")
    decision = Decision(match_id=session.current, choice=choice, by=by, at=at, note=note)
    decided = replace(session, decided={**session.decided, session.current: decision})
    moved = _at_next_open(decided)
    return Pressed(moved, Action.SHOW if moved.left else Action.FINISHED, decision)


def _at_next_open(session: Session) -> Session:
    """Move to the next finding without a decision, from the end on to the beginning; stay if there is none."""
    count = len(session.findings)
    places = ((session.position + step) % count for step in range(1, count + 1))
    open_place = next((place for place in places if session.findings[place] not in session.decided), session.position)
    return replace(session, position=open_place)


class Journal:
    """Decisions as they were made, appended to a file and on the disk before the next finding is shown.

    The first line binds it to one package; a later decision about a finding replaces an earlier one; a last line that
    a kill cut off is dropped.
    """

    def __init__(self, path: Path, manifest_sha256: str) -> None:
        """Open the journal at ``path``, or begin one.

        Raises:
            FormatError: it is another package's, or damaged before its last line.
            OutputError: it cannot be read or written.
        """
        self.path = path
        self._head = canonical_bytes({"schema": JOURNAL_SCHEMA, "manifest_sha256": manifest_sha256}) + b"\n"
        try:
            kept = path.read_bytes() if path.exists() else b""
            whole, _, torn = kept.rpartition(b"\n")
            lines = whole.split(b"\n") if whole else []
            self.decisions = self._read(lines)
            if torn or not lines:
                _replace(path, b"".join(line + b"\n" for line in lines) or self._head)
        except OSError as error:
            raise OutputError(f"{path.name} cannot be kept: {error.strerror}") from error

    def append(self, decision: Decision) -> None:
        """Add one decision; returns once it is on the disk.

        Raises:
            OutputError: the disk is full or the folder read-only; the decision is not kept.
        """
        try:
            with self.path.open("ab") as stream:
                stream.write(canonical_bytes(decision.as_json()) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise OutputError(f"{self.path.name} cannot be written: {error.strerror}") from error
        self.decisions[decision.match_id] = decision

    def _read(self, lines: list[bytes]) -> dict[str, Decision]:
        if lines and lines[0] + b"\n" != self._head:
            hint = "move it away to begin anew"
            raise FormatError("this journal is not about this package", context=self.path.name, hint=hint)
        decisions: dict[str, Decision] = {}
        for number, line in enumerate(lines[1:], 2):
            context = f"{self.path.name}:{number}"
            decision = parse_decision(_fields(line, context), context, Defaults())
            decisions[decision.match_id] = decision
        return decisions


def _fields(line: bytes, context: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError("not JSON", context=context) from error
    if not isinstance(fields, dict):
        raise FormatError("not an object", context=context)
    return fields


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".partial")
    unfinished.write_bytes(content)
    unfinished.replace(path)
