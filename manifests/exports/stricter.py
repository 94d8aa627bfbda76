"""Cells for formats that cannot hold every character the CSV can: the same escape, for a few characters more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manifests.exports.cells import Cell, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


def escape_also(value: str, characters: str, prefix: str = "") -> Cell:
    r"""``cells.escape``, and each of ``characters`` as ``\uXXXX`` too; undone by ``cells.unescape`` all the same.

    >>> escape_also("þ \\", "þ")
    Cell(text='\\u00fe \\\\', escaped='control', truncated=False)
    """
    cell = escape(value, prefix)
    if not any(character in cell.text for character in characters):
        return cell
    text, steps = cell.text, cell.escaped
    if "control" not in steps:
        text = text.replace("\\", "\\\\")
        steps = "+".join(filter(None, ("control", steps)))
    return Cell(text.translate({ord(one): f"\\u{ord(one):04x}" for one in characters}), steps, cell.truncated)


def cells_of(
    names: Sequence[str],
    raw: Mapping[str, str | int | None],
    prefixes: Mapping[str, str],
    forbidden: Callable[[str], str],
) -> list[str | int | None]:
    """The cells of one line, escaped, and after them the two columns that say which were escaped and which cut.

    ``forbidden`` gives the characters that this format cannot hold in a value.
    """
    cells: list[str | int | None] = []
    escaped: list[str] = []
    truncated: list[str] = []
    for name in names:
        value = raw[name]
        if not isinstance(value, str):
            cells.append(value)
            continue
        cell = escape_also(value, forbidden(value), prefixes.get(name, ""))
        cells.append(cell.text)
        escaped += [f"{name}:{cell.escaped}"] if cell.escaped else []
        truncated += [name] if cell.truncated else []
    return [*cells, ";".join(escaped), ";".join(truncated)]


def plain_cells(values: Iterable[str | int | None], forbidden: Callable[[str], str]) -> list[str | int | None]:
    """Cells of a line that names no escapes: for lists beside the table."""
    return [escape_also(value, forbidden(value)).text if isinstance(value, str) else value for value in values]
