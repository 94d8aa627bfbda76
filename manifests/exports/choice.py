"""Which findings an export takes, and the one error of exports that cannot be made as asked."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manifests.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from manifests.packages import Package

CONFIRMED: Final = "confirmed"

_MATCH_ID = re.compile(r"m-[0-9a-f]{32}")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,16}")


class ExportError(ManifestError):
    """An export that cannot be made as asked: an unknown finding, a prefix with other characters, a missing extra."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """What ``--only`` says: everything, the findings a person confirmed, or single findings; several add up."""

    match_ids: frozenset[str] = frozenset()
    confirmed: bool = False

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.match_ids and not self.confirmed

    def __call__(self, match: Mapping[str, Any]) -> bool:
        """Whether the export takes this finding."""
        if self.everything or match["match_id"] in self.match_ids:
            return True
        return self.confirmed and (match["review"] or {}).get("decision") == CONFIRMED


def parse_choice(package: Package, only: Sequence[str]) -> Choice:
    """Read ``--only``; each id must be one of the package.

    Raises:
        ExportError: a word that is neither ``confirmed`` nor a finding of the package; or nothing is confirmed in it.
    """
    choice = Choice(frozenset(only) - {CONFIRMED}, CONFIRMED in only)
    for word in sorted(choice.match_ids):
        if not _MATCH_ID.fullmatch(word):
            raise ExportError(f"--only {word[:60]!r}: neither 'confirmed' nor the id of a finding", hint=_HINT)
    if choice.everything:
        return choice
    found, unknown = 0, set(choice.match_ids)
    for match in package.records("matches"):
        found += choice(match)
        unknown.discard(match["match_id"])
    if unknown:
        raise ExportError(f"the package has no finding {min(unknown)}", hint=_HINT)
    if not found:
        raise ExportError("no finding of this package is confirmed", hint="Review it first: provscan review PACKAGE")
    return choice


_HINT = "Take the ids from the column match_id of exports/evidence.csv."


def numbered(package: Package, choice: Choice) -> Iterator[tuple[int, dict[str, Any]]]:
    """The chosen findings, each with its line in ``matches.jsonl`` from 1: its number stays whatever is left out."""
    for line, match in enumerate(package.records("matches"), 1):
        if choice(match):
            yield line, match


def checked_prefix(prefix: str | None) -> str | None:
    """A Bates prefix that file systems, load files and page rules take as it is.

    Raises:
        ExportError: other characters than letters, digits, ``_`` and ``-``, or more than 16.
    """
    if prefix is not None and not _PREFIX.fullmatch(prefix):
        raise ExportError(
            f"--bates-prefix {prefix[:40]!r} cannot be used", hint="Use 1 to 16 letters, digits, '_' and '-'."
        )
    return prefix


def extra(module: str, name: str) -> ModuleType:
    """A module of an optional package.

    Raises:
        ExportError: it is not installed; the message names the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ExportError(
            f"this format needs {module.partition('.')[0]}, which is not installed",
            hint=f'Install it with: pip install "provscan[{name}]"',
        ) from error
