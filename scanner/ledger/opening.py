"""Opening the ledger: the lock, the check, the migration, and what a crash left behind."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Final

from scanner.errors import LedgerError, OutputError
from scanner.ledger.schema import SCHEMA_VERSION, migration
from scanner.ledger.store import Ledger, forgetting
from scanner.ledger.writing import not_written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCKED_BYTE: Final = 1 << 30  # on Windows a locked byte cannot be read: one far behind the owner's name


@contextmanager
def open_ledger(folder: Path, *, kept: str = "") -> Iterator[Ledger]:
    """Open (or make) the ledger in ``folder``, locked against a second run.

    ``kept`` says, in the error about a damaged ledger, what removing it would not lose.

    Raises:
        LedgerError: damaged, in use by another run (with its process and since when), or from a newer version of this program.
        OutputError: the folder cannot be made or written.
    """
    try:
        (folder / "outcomes").mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+b", buffering=0)  # a full disk is met while writing, not again while closing
    except OSError as error:
        raise OutputError(
            f"the working folder {folder} could not be made: {error.strerror or error}",
            hint="Make the folder writable." if kept else "Choose another --out, or make the folder writable.",
        ) from error
    with lock:
        _take_lock(
            lock, folder, "Wait until it has ended." if kept else "Wait until it has ended, or choose another --out."
        )
        try:
            connection = sqlite3.connect(folder / "ledger.sqlite")
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger in {folder.name} cannot be opened: {error}") from error
        with closing(connection):
            _prepare(connection, folder, kept)
            ledger = Ledger(folder, connection)
            _repair(ledger)
            yield ledger


def peek_meta(folder: Path, name: str) -> str | None:
    """A remembered value of a ledger that is not open; None when there is no readable ledger."""
    try:
        with closing(sqlite3.connect(f"file:{(folder / 'ledger.sqlite').as_posix()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else str(row[0])


def _take_lock(lock: IO[bytes], folder: Path, hint: str) -> None:
    # The operating system gives the lock back when its process ends, however it ends: no stale locks.  What stands in the file is
    # for people only.
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            lock.seek(_LOCKED_BYTE)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists on POSIX only

            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read(200).decode("utf-8", "replace").strip()
        raise LedgerError(
            f"another scan is at work in {folder.name}{f' ({owner})' if owner else ''}",
            hint=hint,
        ) from error
    with suppress(OSError):  # a full disk: the lock holds without its owner's name
        lock.seek(0)
        lock.truncate()
        lock.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode())


def _prepare(connection: sqlite3.Connection, folder: Path, kept: str) -> None:
    damaged = LedgerError(
        f"the ledger in {folder.name} is damaged",
        hint=kept or f"Remove the folder {folder.name} to start again; finished packages are not touched.",
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
        if version < SCHEMA_VERSION:
            connection.executescript(migration(version))
    except sqlite3.OperationalError as error:  # the place, not the file: a full disk, a folder that cannot be written
        raise not_written(folder, error) from error
    except sqlite3.DatabaseError as error:
        raise damaged from error


def _repair(ledger: Ledger) -> None:
    """Bring files and rows together: a file nobody recorded is removed, a row whose file is gone is forgotten."""
    folder = ledger.folder / "outcomes"
    recorded = {str(name): str(key) for key, name in ledger.rows("SELECT key, file FROM outcomes")}
    there = {entry.name for entry in os.scandir(folder)}
    for name in sorted(there - recorded.keys()):
        with suppress(OSError):  # read-only: it costs room, nothing else
            (folder / name).unlink()
    lost = sorted(recorded.keys() - there)
    if lost:
        ledger.write_many(statement for name in lost for statement in forgetting(recorded[name]))
