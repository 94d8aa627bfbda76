"""Decisions of people about findings: values, and the two files they arrive in.

CSV or JSON lines with ``match_id, decision, by, at, note``.  Spreadsheets write them: a byte order mark, ``;`` or
tabs between the fields, CRLF, blank lines and a blank ``note`` are fine.  Text is kept as it is: what a spreadsheet
would run as a formula is made harmless where tables are written, not here.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from manifests.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FIELDS: Final = ("match_id", "decision", "by", "at", "note")
MAX_TEXT: Final = 20_000  # characters of a note; a cell of a spreadsheet holds 32,767 and escapes may lengthen it
MAX_FILE_BYTES: Final = 256 << 20

_MATCH_ID = re.compile(r"m-[0-9a-f]{32}")
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


class Choice(StrEnum):
    """What a person says about a finding; none of them changes its tier."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision: about which finding, what, by whom, when (``2026-11-21T10:15:00Z``), and why."""

    match_id: str
    choice: Choice
    by: str
    at: str
    note: str

    def as_review(self) -> dict[str, str]:
        """The member ``review`` of a finding."""
        return {"decision": self.choice.value, "by": self.by, "at": self.at, "note": self.note}

    def as_json(self) -> dict[str, str]:
        """One line of a decisions file."""
        return {"match_id": self.match_id, **self.as_review()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What stands in for a blank ``by`` or ``at``; null leaves a blank an error."""

    by: str | None = None
    at: str | None = None


def parse_decision(fields: Mapping[str, Any], context: str, defaults: Defaults) -> Decision:
    """Read one decision from named texts.

    Raises:
        FormatError: an unknown field, a missing one, an unknown decision, a time in another form; ``context`` says
        where.
    """
    unknown = sorted(str(name) for name in fields if name not in FIELDS)
    if unknown:
        raise FormatError(f"unknown field {unknown[0]!r}; known are {', '.join(FIELDS)}", context=context)
    texts = {name: fields.get(name) or "" for name in FIELDS}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise FormatError(f"not a text of at most {MAX_TEXT} characters", context=f"{context}.{name}")
    match_id, by, at = texts["match_id"].strip(), texts["by"].strip(), texts["at"].strip()
    by, at = by or defaults.by or "", at or defaults.at or ""
    if not _MATCH_ID.fullmatch(match_id):
        raise FormatError(f"not a match id: {match_id[:60]!r}", context=f"{context}.match_id")
    if not by:
        raise FormatError("nobody is named who decided", context=f"{context}.by")
    if not _is_time(at):
        raise FormatError(f"not a time like 2026-11-21T10:15:00Z: {at[:60]!r}", context=f"{context}.at")
    choice = _choice(texts["decision"], context)
    return Decision(match_id=match_id, choice=choice, by=by, at=at, note=texts["note"])


def read_decisions(path: Path, defaults: Defaults | None = None) -> tuple[Decision, ...]:
    """Read a decisions file: JSON lines if its first character is ``{``, CSV otherwise; in file order.

    Raises:
        FormatError: not UTF-8, a field that is wrong, or two decisions about one finding; the message names file and
        line. OSError: the file cannot be read.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise FormatError(f"more than {MAX_FILE_BYTES} bytes", context=path.name)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "in Excel, choose 'CSV UTF-8 (Comma delimited)'"
        raise FormatError("not UTF-8 text", context=path.name, hint=hint) from error
    rows = _json_lines(text, path.name) if text.lstrip().startswith("{") else _csv_rows(text, path.name)
    decisions: dict[str, Decision] = {}
    for context, fields in rows:
        decision = parse_decision(fields, context, defaults or Defaults())
        if decision.match_id in decisions:
            raise FormatError(f"{decision.match_id} is decided twice", context=context)
        decisions[decision.match_id] = decision
    return tuple(decisions.values())


def _is_time(text: str) -> bool:
    if not _AT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _choice(text: str, context: str) -> Choice:
    try:
        return Choice(text.strip().lower())
    except ValueError as error:
        known = ", ".join(choice.value for choice in Choice)
        raise FormatError(f"{text[:60]!r} is none of {known}", context=f"{context}.decision") from error


def _json_lines(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):  # not splitlines(): notes may hold U+2028
        if not line.strip():
            continue
        context = f"{name}:{number}"
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise FormatError(f"not JSON: {error}", context=context) from error
        except RecursionError as error:
            raise FormatError("nested too deeply", context=context) from error
        if not isinstance(fields, dict):
            raise FormatError("not an object", context=context)
        yield context, fields


def _csv_rows(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    try:
        for cells in reader:
            context = f"{name}:{reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _header(cells, context)
            elif len(cells) != len(names):
                raise FormatError(f"{len(cells)} fields under {len(names)} columns", context=context)
            else:
                yield context, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise FormatError(f"not CSV: {error}", context=f"{name}:{reader.line_num}") from error


def _lines(text: str) -> Iterable[str]:
    """Lines with their ends, split at CR, LF or CRLF only."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _header(cells: list[str], context: str) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    for needed in ("match_id", "decision"):
        if needed not in names:
            raise FormatError(f"no column {needed!r}; needed are {', '.join(FIELDS)}", context=context)
    if len(set(names)) != len(names):
        raise FormatError("a column is named twice", context=context)
    return names
