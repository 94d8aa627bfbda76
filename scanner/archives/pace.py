"""Rates that hold over restarts, and what is still to be asked: a small SQLite file beside the unfinished work.

An archive that is asked too often blocks whoever asks, for an hour and then for twice as long each time (edgi-govdata-archiving/
wayback #137).  So a turn is written down *before* the request is sent: a kill between the two costs a turn, never gives one.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from scanner.errors import LedgerError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FILE_NAME: Final = "archives.sqlite"
FIRST_BLOCK_S: Final = 3600.0
LONGEST_BLOCK_S: Final = 24 * 3600.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS pace (
    archive TEXT PRIMARY KEY, next_at REAL NOT NULL, stopped_until REAL NOT NULL, strikes INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS queue (
    archive TEXT NOT NULL, question TEXT NOT NULL, rank INTEGER NOT NULL, asked INTEGER NOT NULL, PRIMARY KEY (archive, question)
) STRICT, WITHOUT ROWID;
"""


class Turns(Protocol):
    """When archives may be asked."""

    def turn(self, archive: str, interval_s: float) -> None:
        """Wait until this archive may be asked again."""
        ...

    def stopped_for(self, archive: str) -> float:
        """Seconds for which it asked to be left alone."""
        ...

    def stop(self, archive: str) -> None:
        """It asked to be left alone."""
        ...

    def answered(self, archive: str) -> None:
        """It answered as it should."""
        ...


class Pace:
    """Turns with archives; ``clock`` gives seconds since 1970, ``sleep`` waits."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wrap an open connection; use ``open_pace``."""
        self._connection = connection
        self._clock = clock
        self._sleep = sleep

    def turn(self, archive: str, interval_s: float) -> None:
        """Wait until this archive may be asked again, ``interval_s`` after the last time, whoever asked then.

        Raises:
            OutputError: the turn cannot be written down, so it may not be taken.
        """
        while True:
            now = self._clock()
            with _written(self._connection):
                self._connection.execute("BEGIN IMMEDIATE")  # two runs in one folder take turns too
                next_at = self._row(archive)[0]
                if next_at > now + interval_s:  # the clock was set back: one turn from now, not a year
                    next_at = now + interval_s
                    self._keep(archive, next_at=next_at)
                if next_at <= now:
                    self._keep(archive, next_at=now + interval_s)
                    return
            self._sleep(next_at - now)

    def stopped_for(self, archive: str) -> float:
        """Seconds for which this archive asked to be left alone; 0 when it may be asked."""
        return max(0.0, min(self._row(archive)[1] - self._clock(), LONGEST_BLOCK_S))

    def stop(self, archive: str) -> None:
        """Leave it alone: an hour after the first refusal, twice as long after each further one."""
        with _written(self._connection):
            strikes = self._row(archive)[2] + 1
            until = self._clock() + min(FIRST_BLOCK_S * 2 ** (strikes - 1), LONGEST_BLOCK_S)
            self._keep(archive, stopped_until=until, strikes=strikes)

    def answered(self, archive: str) -> None:
        """It answered as it should: the next refusal counts as the first."""
        if self._row(archive)[2]:
            with _written(self._connection):
                self._keep(archive, stopped_until=0.0, strikes=0)

    def _row(self, archive: str) -> tuple[float, float, int]:
        found = self._connection.execute(
            "SELECT next_at, stopped_until, strikes FROM pace WHERE archive = ?", (archive,)
        ).fetchone()
        return (0.0, 0.0, 0) if found is None else (float(found[0]), float(found[1]), int(found[2]))

    def _keep(
        self,
        archive: str,
        *,
        next_at: float | None = None,
        stopped_until: float | None = None,
        strikes: int | None = None,
    ) -> None:
        known = self._row(archive)
        values = [
            old if new is None else new for old, new in zip(known, (next_at, stopped_until, strikes), strict=True)
        ]
        self._connection.execute("INSERT OR REPLACE INTO pace VALUES (?, ?, ?, ?)", (archive, *values))


class Queue:
    """Addresses that an archive is still to be asked about, over restarts; the most telling first."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Wrap an open connection; use ``open_pace``."""
        self._connection = connection

    def add(self, archive: str, questions: Sequence[str]) -> None:
        """Put questions at the end, in this order; those that are known stay where and as they are."""
        with _written(self._connection):
            last = self._connection.execute("SELECT coalesce(max(rank), 0) FROM queue WHERE archive = ?", (archive,))
            start = int(last.fetchone()[0]) + 1
            entries = [(archive, _text(question), start + place) for place, question in enumerate(questions)]
            self._connection.executemany("INSERT OR IGNORE INTO queue VALUES (?, ?, ?, 0)", entries)

    def waiting(self, archive: str) -> list[str]:
        """What is still to be asked, in order."""
        rows = self._connection.execute(
            "SELECT question FROM queue WHERE archive = ? AND asked = 0 ORDER BY rank", (archive,)
        )
        return [str(row[0]) for row in rows]

    def done(self, archive: str, question: str) -> None:
        """It was asked and answered: not again."""
        with _written(self._connection):
            self._connection.execute(
                "UPDATE queue SET asked = 1 WHERE archive = ? AND question = ?", (archive, _text(question))
            )


@contextmanager
def open_pace(
    folder: Path, *, clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Pace, Queue]]:
    """Open (or make) ``archives.sqlite`` in ``folder``.

    Raises:
        LedgerError: the file is damaged.
        OutputError: it cannot be made or written.
    """
    try:
        connection = sqlite3.connect(folder / FILE_NAME, isolation_level=None, timeout=30)
    except sqlite3.Error as error:
        raise OutputError(f"{FILE_NAME} cannot be made: {error}", hint="Make the folder writable.") from error
    with closing(connection):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise OutputError(f"{FILE_NAME} cannot be written: {error}", hint="Make the folder writable.") from error
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"{FILE_NAME} is damaged: {error}",
                hint="Remove it: the archives are then asked again, one request in 2.5 seconds.",
            ) from error
        yield Pace(connection, clock=clock, sleep=sleep), Queue(connection)


@contextmanager
def _written(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise OutputError(
            f"{FILE_NAME} could not be written: {error}",
            hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
        ) from error
    if connection.in_transaction:
        connection.execute("COMMIT")


def _text(question: str) -> str:
    return question.encode("utf-8", "backslashreplace").decode("utf-8")
