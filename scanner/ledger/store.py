"""The open ledger: remembered values, digests of files, outcomes, the course of a run."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.ledger.writing import not_written, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Statement = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """One line of the course of the run; ``object`` names what it was about, ``sha256`` its digest where it has one."""

    at: str
    actor: str
    action: str
    object: str | None
    sha256: str | None


class Ledger:
    """The open record; one process writes it (``open_ledger`` holds the lock).

    ``run`` is the number of the run whose events are read and written: 0 of a scan without a case.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        """Wrap an open connection; use ``open_ledger``."""
        self.folder = folder
        self.run = 0
        self._connection = connection

    def meta(self, name: str) -> str | None:
        """A remembered value, or None."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Keep a value under ``name``."""
        self.write(("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value)))

    def digest(self, path: str, size: int, stamp: str) -> tuple[str, str | None] | None:
        """``(shard_id, sha256)`` of an unchanged file (equal size and modification stamp), or None."""
        row = self._connection.execute(
            "SELECT shard_id, sha256 FROM digests WHERE path = ? AND bytes = ? AND stamp = ?",
            (as_text(path), size, stamp),
        ).fetchone()
        return None if row is None else (str(row[0]), None if row[1] is None else str(row[1]))

    def record_digest(self, path: str, size: int, stamp: str, shard_id: str, sha256: str | None) -> None:
        """Keep the digest of a file as it was at ``stamp``."""
        self.write(
            ("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?)", (as_text(path), size, stamp, shard_id, sha256))
        )

    def outcome(self, key: str) -> bytes | None:
        """The finished outcome of ``key``, its digest checked; None when there is none or the file is not what was recorded."""
        row = self._connection.execute("SELECT file, sha256 FROM outcomes WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            content = (self.folder / "outcomes" / str(row[0])).read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != row[1]:
            self.write(*forgetting(key))
            return None
        return content

    def record_outcome(self, key: str, content: bytes, *covers: Statement) -> None:
        """Keep a finished outcome: file first, flushed and renamed, then the row, with what it ``covers`` in one transaction."""
        name = f"{key}.jsonl"
        write_atomic(self.folder / "outcomes" / name, content)
        digest = hashlib.sha256(content).hexdigest()
        self.write(("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", (key, name, digest)), *covers)

    def record_event(self, event: LedgerEvent) -> None:
        """Append to the course of the run."""
        self.write(
            (
                "INSERT INTO events (at, actor, action, object, sha256, run) VALUES (?, ?, ?, ?, ?, ?)",
                (event.at, event.actor, event.action, event.object, event.sha256, self.run),
            )
        )

    def events(self) -> Iterator[LedgerEvent]:
        """The course of the run so far, in order, over all its interruptions."""
        for at, actor, action, thing, sha256 in self._connection.execute(
            "SELECT at, actor, action, object, sha256 FROM events WHERE run = ? ORDER BY seq", (self.run,)
        ):
            yield LedgerEvent(at=at, actor=actor, action=action, object=thing, sha256=sha256)

    def rows(self, query: str, values: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
        """The rows of a query, for the tables of other modules of this package."""
        yield from self._connection.execute(query, values)

    def write(self, *statements: Statement) -> None:
        """Run statements in one transaction: all of them are kept, or none.

        Raises:
            OutputError: disk full or read-only.
        """
        self.write_many(statements)

    def write_many(self, statements: Iterable[Statement]) -> None:
        """As ``write``, for any number."""
        try:
            with self._connection:
                for statement, values in statements:
                    self._connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise not_written(self.folder, error) from error

    def make_durable(self) -> None:
        """Bring all that was written to the disk: a power failure takes nothing of it any more."""
        with suppress(
            sqlite3.OperationalError
        ):  # a full disk: what was written stands in the log, where a crash leaves it
            self._connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()


def forgetting(key: str) -> tuple[Statement, Statement]:
    """What makes an outcome, and all it answered, undone."""
    return ("DELETE FROM compared WHERE outcome = ?", (key,)), ("DELETE FROM outcomes WHERE key = ?", (key,))


def as_text(path: str) -> str:
    """A path as SQLite takes it: bytes that are not UTF-8, which Python keeps as lone surrogates, are spelled out."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
