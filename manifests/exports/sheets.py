"""Markdown of a data sheet: tables and lists in which no value can become a link, a heading or HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from manifests.texts.marks import speakable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BLANK: Final = "\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_"

# what starts a link, emphasis, code, a cell or HTML; a URL in running text loses its colon's meaning
_ACTIVE: Final = re.compile(r"([\\`*_\[\]|~<>&]|:(?=//))")


def plain(value: str) -> str:
    r"""Text in which Markdown sees nothing but text.

    >>> plain("a|b <script>")
    'a\\|b &lt;script&gt;'
    """
    escaped = _ACTIVE.sub(r"\\\1", speakable(value))
    return escaped.replace("\\&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;")


def said(value: str) -> str:
    """Text of others: escaped, in quotation marks."""
    return f"“{plain(value)}”"


def code(value: str) -> str:
    """A digest, id or address in fixed width; a backtick in it becomes its code, so that it cannot end the span."""
    return f"`{speakable(value).replace('`', chr(92) + 'u0060').replace('|', chr(92) + '|')}`"


def address(value: str) -> str:
    """A URL as text: fixed width, in quotation marks."""
    return f"“{code(value)}”"


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are escaped already; a dash where there are no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        lines = [f"| {' | '.join('-' for _ in names)} |"]
    return "\n".join((f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *lines, ""))


def bullets(lines: Iterable[str]) -> str:
    """A list of lines that are escaped already."""
    return "".join(f"- {line}\n" for line in lines)


def document(*parts: str) -> bytes:
    """Parts with an empty line between them, UTF-8."""
    return ("\n\n".join(part.strip("\n") for part in parts) + "\n").encode()
