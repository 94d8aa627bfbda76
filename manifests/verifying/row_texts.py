"""What a row as kept in ``rows/`` holds under the name of a column: cells of a table, or JSON text that is parsed again here."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NOT_VERBATIM: Final = (
    ";base64",
    ";digest",
    ";unreadable",
)  # the cell was not text, too long, or damaged: its bytes, its digest or nothing is kept instead
_JSON: Final = frozenset({"line", "element"})  # raw JSON: of the whole row under the name "", of one key under its name
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def cells_of(verbatim: Mapping[str, Any], column: str | None) -> list[Sequence[Any]]:
    """The cells of a column; a dotted name (``info.url``) means the cell of its longest known beginning."""
    name = column
    while name:
        if found := [cell for cell in verbatim["values"] if cell[0] == name]:
            return found
        name = name.rpartition(".")[0]
    return list(verbatim["values"]) if column is None else []


def strings_below(value: Any) -> Iterator[str]:
    """All texts in a nested value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from strings_below(member)


def texts_in(verbatim: Mapping[str, Any], column: str) -> frozenset[str] | None:
    """All texts that ``column`` of the row holds, or None where the row as kept cannot say.

    It cannot say of bytes kept as a digest (pictures, the members of an archive or folder), of text that was not valid, and of
    columns joined to one text (``title + description``).
    """
    if " + " in column:
        return None
    cells = cells_of(verbatim, column) or [
        cell for cell in verbatim["values"] if not cell[0] and cell[1].startswith(("line", "element"))
    ]
    if any(kind == "member" for _, kind, _ in verbatim["values"]):
        return None
    if any(kind.endswith(NOT_VERBATIM) or "binary" in kind for _, kind, _ in cells):
        return None
    texts: set[str] = set()
    for name, kind, value in cells:
        if kind not in _JSON or not isinstance(value, str):
            texts.update(strings_below(value))
            continue
        try:
            texts.update(_json_texts(value, "" if name else column))
        except (ValueError, RecursionError):  # no JSON, or nested to break whoever parses it
            return None
    return frozenset(texts)


def _json_texts(text: str, column: str) -> Iterator[str]:
    """Texts of a JSON value, or of what a JSON object has under the first name of ``column``."""
    parsed = json.loads(text)
    if column:
        parsed = parsed.get(re.split(r"[.\[ ]", column, maxsplit=1)[0]) if isinstance(parsed, dict) else None
    # JSON can spell half of a surrogate pair, which is no character: records show it as U+FFFD
    yield from (_SURROGATE.sub("\ufffd", found) for found in strings_below(parsed))
