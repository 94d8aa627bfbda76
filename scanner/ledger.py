"""The record of finished work: what makes a scan resumable.  Never evidence.

A folder with ``ledger.sqlite`` (WAL) and ``outcomes/``.  An outcome is written to a temporary file, flushed, renamed, then
recorded; a record without its file (a crash between the two) is forgotten when it is asked for.  Keys are digests of everything
that can change an outcome, so nothing finished under other settings is ever reused.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.errors import LedgerError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE digests (
    path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, stamp TEXT NOT NULL, shard_id TEXT NOT NULL, sha256 TEXT
) STRICT;
CREATE TABLE outcomes (key TEXT PRIMARY KEY, file TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT, sha256 TEXT
) STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """One line of the course of the run; ``object`` names what it was about, ``sha256`` its digest where it has one."""

    at: str
    actor: str
    action: str
    object: str | None
    sha256: str | None


class Ledger:
    """The open record of one scan; one process writes it (``open_ledger`` holds the lock)."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        """Wrap an open connection; use ``open_ledger``."""
        self.folder = folder
        self._connection = connection

    def meta(self, name: str) -> str | None:
        """A remembered value, or None."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Keep a value under ``name``."""
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def digest(self, path: str, size: int, stamp: str) -> tuple[str, str | None] | None:
        """``(shard_id, sha256)`` of an unchanged file (equal size and modification stamp), or None."""
        row = self._connection.execute(
            "SELECT shard_id, sha256 FROM digests WHERE path = ? AND bytes = ? AND stamp = ?",
            (_as_text(path), size, stamp),
        ).fetchone()
        return None if row is None else (str(row[0]), None if row[1] is None else str(row[1]))

    def record_digest(self, path: str, size: int, stamp: str, shard_id: str, sha256: str | None) -> None:
        """Keep the digest of a file as it was at ``stamp``."""
        self._write(
            "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?)", (_as_text(path), size, stamp, shard_id, sha256)
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
            self._write("DELETE FROM outcomes WHERE key = ?", (key,))
            return None
        return content

    def record_outcome(self, key: str, content: bytes) -> None:
        """Keep a finished outcome: file first, flushed and renamed, then the row."""
        name = f"{key}.jsonl"
        write_atomic(self.folder / "outcomes" / name, content)
        self._write(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", (key, name, hashlib.sha256(content).hexdigest())
        )

    def record_event(self, event: LedgerEvent) -> None:
        """Append to the course of the run."""
        self._write(
            "INSERT INTO events (at, actor, action, object, sha256) VALUES (?, ?, ?, ?, ?)",
            (event.at, event.actor, event.action, event.object, event.sha256),
        )

    def events(self) -> Iterator[LedgerEvent]:
        """The course of the run so far, in order, over all its interruptions."""
        for at, actor, action, thing, sha256 in self._connection.execute(
            "SELECT at, actor, action, object, sha256 FROM events ORDER BY seq"
        ):
            yield LedgerEvent(at=at, actor=actor, action=action, object=thing, sha256=sha256)

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with self._connection:
                self._connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise _not_written(self.folder, error) from error


def _as_text(path: str) -> str:
    """A path as SQLite takes it: bytes that are not UTF-8, which Python keeps as lone surrogates, are spelled out."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def write_atomic(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that the name exists only with the whole of it.

    Raises:
        OutputError: disk full or folder read-only; what was there before is untouched.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{path.name} could not be written: {error.strerror or error}",
            hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
        ) from error


@contextmanager
def open_ledger(folder: Path) -> Iterator[Ledger]:
    """Open (or make) the ledger in ``folder``, locked against a second run.

    Raises:
        LedgerError: damaged, in use by another run, or from a newer version of this program.
        OutputError: the folder cannot be made or written.
    """
    try:
        (folder / "outcomes").mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+b")
    except OSError as error:
        raise OutputError(
            f"the working folder {folder} could not be made: {error.strerror or error}", hint="Choose another --out."
        ) from error
    with lock:
        _take_lock(lock.fileno(), folder)
        try:
            connection = sqlite3.connect(folder / "ledger.sqlite")
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger in {folder.name} cannot be opened: {error}") from error
        with closing(connection):
            _prepare(connection, folder)
            yield Ledger(folder, connection)


def peek_meta(folder: Path, name: str) -> str | None:
    """A remembered value of a ledger that is not open; None when there is no readable ledger."""
    try:
        with closing(sqlite3.connect(f"file:{(folder / 'ledger.sqlite').as_posix()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else str(row[0])


def _take_lock(descriptor: int, folder: Path) -> None:
    # The operating system gives the lock back when its process ends, however it ends: no stale locks.
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists on POSIX only

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise LedgerError(
            f"another scan is at work in {folder.name}", hint="Wait until it has ended, or choose another --out."
        ) from error


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    damaged = LedgerError(
        f"the ledger in {folder.name} is damaged",
        hint=f"Remove the folder {folder.name} to start again; finished packages are not touched.",
    )
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"the ledger in {folder.name} was written by a newer version of provscan",
                hint="Update provscan, then run again.",
            )
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise damaged
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            with connection:
                connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    except sqlite3.OperationalError as error:  # the place, not the file: a full disk, a folder that cannot be written
        raise _not_written(folder, error) from error
    except sqlite3.DatabaseError as error:
        raise damaged from error


def _not_written(folder: Path, error: sqlite3.Error) -> OutputError:
    return OutputError(
        f"the record of finished work in {folder.name} could not be written: {error}",
        hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
    )
