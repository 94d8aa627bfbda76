"""What a verification says: checks with three values, and all problems, not the first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from manifests.errors import FormatError, Problem, ProblemKind, UnsafePath

MAX_PROBLEMS: Final = (
    10_000  # listed of one check; beyond it they are only counted: a hostile package could fill memory
)
MAX_TEXT: Final = 300


class Status(StrEnum):
    """The three values of a check; what was not checked is never called passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: ``why`` in words; ``count`` is how many things it looked at, or how many problems it found.

    ``applies`` is false where this package has nothing that the check could look at, whatever is given or installed.
    """

    id: str
    status: Status
    why: str
    count: int
    applies: bool = True

    def as_json(self) -> dict[str, str | int]:
        """The object that ``verify --json`` prints."""
        return {"id": self.id, "status": self.status.value, "why": self.why, "count": self.count}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The verdict on one package: failed if any check failed; checks in the order in which they were made."""

    checks: tuple[Check, ...]
    problems: tuple[Problem, ...]

    @property
    def failed(self) -> bool:
        """Whether any check failed."""
        return any(check.status is Status.FAILED for check in self.checks)

    @property
    def complete(self) -> bool:
        """Whether every check passed that applies: nothing failed, nothing that could be checked was left out."""
        return all(check.status is Status.PASSED or not check.applies for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The object that ``verify --json`` prints."""
        return {
            "schema": "provscan.verification/1",
            "verdict": "failed" if self.failed else "passed",
            "checks": [check.as_json() for check in self.checks],
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(slots=True)
class Notes:
    """Collects problems, counts and gaps while a package is read; ``verification`` sums them up."""

    ids: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _looked_at: Counter[str] = field(default_factory=Counter)
    _found: Counter[str] = field(default_factory=Counter)
    _why: dict[str, str] = field(default_factory=dict)
    _skipped: dict[str, str] = field(default_factory=dict)
    _pointless: set[str] = field(default_factory=set)

    def looked(self, check: str, number: int = 1) -> None:
        """Count things that a check looked at; also announces the check."""
        if check not in self._looked_at:
            self.ids.append(check)
        self._looked_at[check] += number

    def problem(
        self,
        check: str,
        kind: ProblemKind,
        path: str | None = None,
        line: int | None = None,
        *,
        expected: Any = None,
        found: Any = None,
    ) -> None:
        """Note one problem; ``expected`` and ``found`` may hold third-party text."""
        self.looked(check, 0)
        self._found[check] += 1
        if self._found[check] <= MAX_PROBLEMS:
            self.problems.append(
                Problem(check=check, kind=kind, path=path, line=line, expected=_shown(expected), found=_shown(found))
            )

    def skipped(self, check: str, why: str, *, applies: bool = True) -> None:
        """Say that a check was not made; ``applies=False``: that nothing of this package could be checked so."""
        self.looked(check, 0)
        self._skipped[check] = why
        if not applies:
            self._pointless.add(check)

    def explained(self, check: str, why: str) -> None:
        """Count one thing looked at, and say in words what was found: shown whether the check holds or not."""
        self.looked(check)
        self._why[check] = _shown(why) or ""

    def reading(self, check: str, path: str) -> Reading:
        """Turn everything that can go wrong with reading one file into a problem of ``check``."""
        return Reading(self, check, path)

    def clean(self, *checks: str) -> bool:
        """Whether none of these checks has found a problem."""
        return not any(self._found[check] for check in checks)

    def verification(self) -> Verification:
        """Sum up."""
        return Verification(checks=tuple(map(self._check, self.ids)), problems=tuple(self.problems))

    def _check(self, check: str) -> Check:
        found = self._found[check]
        if found:
            unlisted = found - MAX_PROBLEMS
            why = f"{found} problem(s)" + (f", {unlisted} of them not listed" if unlisted > 0 else "")
            return Check(id=check, status=Status.FAILED, why=self._why.get(check, why), count=found)
        if check in self._skipped:
            applies = check not in self._pointless
            return Check(id=check, status=Status.NOT_CHECKED, why=self._skipped[check], count=0, applies=applies)
        count = self._looked_at[check]
        return Check(id=check, status=Status.PASSED, why=self._why.get(check, "holds"), count=count)


@dataclass(frozen=True, slots=True)
class Reading:
    """The context manager of ``Notes.reading``: what is wrong with the file is noted, what follows goes on."""

    notes: Notes
    check: str
    path: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if isinstance(error, FormatError):
            self._note(ProblemKind.NOT_CANONICAL, error.message)
        elif isinstance(error, UnsafePath):
            self._note(ProblemKind.UNSAFE, error.message)
        elif isinstance(error, FileNotFoundError):
            self._note(ProblemKind.MISSING, None)
        elif isinstance(error, OSError):
            self._note(ProblemKind.UNREADABLE, error.strerror)
        else:
            return False
        return True

    def _note(self, kind: ProblemKind, found: str | None) -> None:
        self.notes.problem(self.check, kind, self.path, found=found)


def _shown(value: Any) -> str | None:
    """A short text in which no control or bidi character can act on a terminal."""
    if value is None:
        return None
    text = str(value)
    text = text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
    return "".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in text)
