"""The clock, at the edge, and the course of the run: what happened when, over all interruptions."""

from __future__ import annotations

from datetime import UTC, datetime

from scanner.ledger import Ledger, LedgerEvent


def utc_now() -> str:
    """The time now, as in every record: ``2026-11-21T10:15:00Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Course:
    """Writes the course of the run into the ledger as it happens."""

    def __init__(self, ledger: Ledger) -> None:
        """Append to what the ledger already holds."""
        self._ledger = ledger

    def note(self, actor: str, action: str, thing: str | None = None, sha256: str | None = None) -> str:
        """Record an event now; gives the time recorded."""
        at = utc_now()
        self._ledger.record_event(LedgerEvent(at=at, actor=actor, action=action, object=thing, sha256=sha256))
        return at
