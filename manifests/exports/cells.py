"""Cells of a table that a spreadsheet opens: nothing runs, nothing is reordered, and the raw value can be had back.

Four steps in this order (evidence.md section 9): prefix, control, apostrophe, cut.  The first is part of the
column's meaning; the other two are named per cell in ``escaped_fields``; what was cut is named in ``truncated_fields``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

MAX_CELL_UNITS: Final = 32_767  # UTF-16 code units: the limit of a cell in Excel

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_CONTROL_OR_BACKSLASH = re.compile(rf"\\|{_CONTROL.pattern}")
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_NOTABLE_STARTS = frozenset("=+-@＝＋－＠ ")
_ESCAPE = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")
_TOKEN = re.compile(r"\\(?:\\|u[0-9a-f]{4})|[\s\S]")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in the table, which escapes it needed (``""``, ``control``, ``apostrophe`` or both), whether cut."""

    text: str
    escaped: str = ""
    truncated: bool = False


def escape(value: str, prefix: str = "") -> Cell:
    r"""Make the cell of a raw value.

    ``prefix`` (``sha256:``, ``id:`` …) keeps a spreadsheet from reading digits as a number; it is added exactly once.

    >>> escape("=1+1"), escape("a\tb\\c").text
    (Cell(text="'=1+1", escaped='apostrophe', truncated=False), 'a\\u0009b\\\\c')
    """
    text = prefix + value
    # Printable text has no character of _CONTROL and no white space but U+0020: most cells end here.
    if len(text) <= MAX_CELL_UNITS // 2 and text.isprintable() and text[:1] not in _NOTABLE_STARTS:
        return Cell(text)
    steps = []
    if _CONTROL.search(text):
        text = _CONTROL_OR_BACKSLASH.sub(_visible, text)
        steps.append("control")
    if _FORMULA.match(text):
        text = "'" + text
        steps.append("apostrophe")
    cut = _cut(text, value, escaped="control" in steps)
    return Cell(cut, "+".join(steps), cut is not text)


def unescape(text: str, escaped: str = "", prefix: str = "") -> str:
    """Give back the raw value of a cell that was not cut; the inverse of ``escape``."""
    if "apostrophe" in escaped:
        text = text[1:]
    if "control" in escaped:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", text)
    return text.removeprefix(prefix)


def _visible(found: re.Match[str]) -> str:
    character = found[0]
    return "\\\\" if character == "\\" else f"\\u{ord(character):04x}"


def _units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _cut(text: str, raw: str, *, escaped: bool) -> str:
    if _units(text) <= MAX_CELL_UNITS:
        return text
    ending = f"…[sha256:{hashlib.sha256(raw.encode()).hexdigest()}]"
    room = MAX_CELL_UNITS - len(ending)
    kept: list[str] = []
    for token in _TOKEN.findall(text) if escaped else text:
        room -= _units(token)
        if room < 0:
            break
        kept.append(token)
    return "".join(kept) + ending
