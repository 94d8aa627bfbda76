"""Every error of the evidence half, as a tree; and ``Problem``, what a verification lists instead of raising.

::

    ManifestError(message, hint)
    ├ FormatError(context)           bytes that are not what the format says; context "matches.jsonl:42.row.row_number"
    │ └ UnsupportedVersion           a schema this version does not know
    ├ UnsafePath                     a link, "..", a drive, a device, a file over its limit
    ├ OutputError                    disk full, read-only folder
    │ └ AlreadyThere                 a file or folder of that name stands there: refused, never overwritten
    └ VerificationError(problems)    a package that does not hold what it says
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """What is wrong, in one word that programs can rely on."""

    DIGEST_DIFFERS = "digest_differs"
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    UNREADABLE = "unreadable"
    UNSAFE = "unsafe"
    SPELLING = "spelling"
    NOT_CANONICAL = "not_canonical"
    SCHEMA = "schema"
    COUNT_DIFFERS = "count_differs"
    ORDER = "order"
    ID_DIFFERS = "id_differs"
    TIER_DIFFERS = "tier_differs"
    CAVEAT_MISSING = "caveat_missing"
    BITS_DIFFER = "bits_differ"
    VALUE_DIFFERS = "value_differs"
    REFERENCE = "reference"
    CHAIN = "chain"
    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that does not hold.

    ``path`` is relative to the package folder, with ``/``; ``line`` counts from 1; ``expected`` and ``found`` are short
    texts for people, cut at 300 characters, in which control characters are escaped.
    """

    check: str
    kind: ProblemKind
    path: str | None = None
    line: int | None = None
    expected: str | None = None
    found: str | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """The object that ``verify --json`` prints."""
        return {
            "check": self.check,
            "kind": self.kind.value,
            "path": self.path,
            "line": self.line,
            "expected": self.expected,
            "found": self.found,
        }


class ManifestError(Exception):
    """The root: one sentence of what is wrong with which thing, one of what to do."""

    exit_code: int = 2  # of the command line, as cli.md has them

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep both sentences; printing belongs to the command line."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class FormatError(ManifestError):
    """The bytes are not what the format says; ``context`` is the path to the first place that is wrong."""

    def __init__(self, message: str, *, context: str = "", hint: str = "") -> None:
        """Join context and message into one sentence."""
        super().__init__(f"{context}: {message}" if context else message, hint=hint)
        self.context = context


class UnsupportedVersion(FormatError):
    """The schema is one that this version does not know."""


class UnsafePath(ManifestError):
    """A path that leaves the package, a link, a device, or a file above its limit: never opened."""


class OutputError(ManifestError):
    """The result could not be written: disk full, or a read-only folder."""

    exit_code = 3


class AlreadyThere(OutputError):
    """A file or folder of that name stands there; it is refused, not overwritten."""

    exit_code = 2  # the same command cannot succeed later: another name is needed (cli.md)


class VerificationError(ManifestError):
    """A package that does not hold what it says; every problem is listed, not the first."""

    exit_code = 1

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Name the number of problems and the first."""
        first = problems[0] if problems else None
        super().__init__(
            f"the package does not verify: {len(problems)} problem(s)" + (f", first {first.check}" if first else "")
        )
        self.problems = problems
