"""The store of looks: what came of each, committed before its host is asked again, so that a kill repeats nothing.

A folder with ``looks.sqlite`` and append-only files of bodies beside the ledger.  Looks are committed in groups: their bytes are
appended and flushed to disk, then all their rows in one transaction; a row never points at bytes that are not there.  Bytes without
a row (a kill between the two) are cut off when the store is opened again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, Final

from scanner.errors import LedgerError, OutputError
from scanner.looks.wanted import question
from scanner.observations import ArchiveCopy, Capture, Exchange, FetchOutcome, Look, Observation, Redirect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from scanner.observations import ObservationKind

FILE_BYTES: Final = 1 << 30  # then a new file of bodies is begun
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS looks (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, requested_at TEXT NOT NULL, outcome TEXT NOT NULL,
    file INTEGER NOT NULL, begin INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL
) STRICT;
"""


class LookStore:
    """The open store; one process writes it, one thread at a time (``open_looks``)."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        """Wrap an open connection; use ``open_looks``."""
        self.folder = folder
        self._connection = connection
        self._lock = threading.RLock()
        self._writing: IO[bytes] | None = None

    def keep(self, looks: Sequence[Look]) -> None:
        """Commit looks together; a later one at the same address takes the place of an earlier one.

        Raises:
            OutputError: disk full or folder read-only; what was committed before is untouched.
        """
        if not looks:
            return
        try:
            with self._lock:
                rows = self._append([dumped(look) for look in looks])
                entries = [
                    (
                        key_of((seen := look.observation).kind, asked(look)),
                        seen.kind,
                        seen.requested_at,
                        seen.outcome.value,
                        *row,
                    )
                    for look, row in zip(looks, rows, strict=True)
                ]
                with self._connection:
                    self._connection.executemany(
                        "INSERT OR REPLACE INTO looks (key, kind, requested_at, outcome, file, begin, bytes, sha256)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        entries,
                    )
        except (OSError, sqlite3.OperationalError) as error:
            raise OutputError(
                f"what was fetched could not be written to {self.folder.name}: {getattr(error, 'strerror', None) or error}",
                hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
            ) from error

    def look(
        self, kind: ObservationKind, url: str, *, max_age_s: float | None = None, now: str | None = None
    ) -> Look | None:
        """The latest look at an address as it was asked for; None where there is none, or none younger than ``max_age_s`` at ``now``."""
        row = self._row(kind, url)
        if row is None or not _is_young(row[0], max_age_s, now):
            return None
        return self._read(*row[2:])

    def head(self, kind: ObservationKind, url: str) -> dict[str, Any] | None:
        """What ``dumped`` says of the latest look before its bodies (``observation``, ``exchanges``, ``facts``); no body is read."""
        row = self._row(kind, url)
        if row is None:
            return None
        _, _, number, begin, size, _ = row
        with self._file(number).open("rb") as stream:
            stream.seek(begin)
            line = stream.readline(size)
        return dict(json.loads(line))

    def outcome(
        self, kind: ObservationKind, url: str, *, max_age_s: float | None = None, now: str | None = None
    ) -> FetchOutcome | None:
        """What the latest look came to, without reading its bytes; arguments as of ``look``."""
        row = self._row(kind, url)
        return None if row is None or not _is_young(row[0], max_age_s, now) else FetchOutcome(row[1])

    def looks(self, kind: ObservationKind | None = None) -> Iterator[Look]:
        """All looks (of one kind), by time, one in memory at a time."""
        where, values = ("", ()) if kind is None else (" WHERE kind = ?", (kind,))
        places = self._query(f"SELECT file, begin, bytes, sha256 FROM looks{where} ORDER BY requested_at, seq", values)  # noqa: S608 - two fixed texts
        for place in places:
            yield self._read(*place)

    def count(self) -> int:
        """Number of addresses that were looked at."""
        return int(self._query("SELECT count(*) FROM looks", ())[0][0])

    def close(self) -> None:
        """Close the file of bodies."""
        if self._writing is not None:
            self._writing.close()
            self._writing = None

    def _row(self, kind: ObservationKind, url: str) -> tuple[str, str, int, int, int, str] | None:
        found = self._query(
            "SELECT requested_at, outcome, file, begin, bytes, sha256 FROM looks WHERE key = ?", (key_of(kind, url),)
        )
        return found[0] if found else None

    def _query(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def _append(self, contents: Sequence[bytes]) -> list[tuple[int, int, int, str]]:
        number, begin = self._end()
        if begin >= FILE_BYTES:
            self.close()
            number, begin = number + 1, 0
        if self._writing is None:
            path = self._file(number)
            self._writing = path.open("r+b" if path.exists() else "w+b")
        rows = []
        self._writing.seek(begin)
        for content in contents:
            self._writing.write(content)
            rows.append((number, begin, len(content), hashlib.sha256(content).hexdigest()))
            begin += len(content)
        self._writing.flush()
        os.fsync(self._writing.fileno())
        return rows

    def _end(self) -> tuple[int, int]:
        """The file that is written to, and where its last committed look ends."""
        found = self._query("SELECT file, max(begin + bytes) FROM looks GROUP BY file ORDER BY file DESC LIMIT 1", ())
        return found[0] if found else (1, 0)

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:04}.bodies"

    def _read(self, number: int, begin: int, size: int, sha256: str) -> Look:
        damaged = LedgerError(
            f"what was fetched is damaged in {self.folder.name}",
            hint=f"Remove the folder {self.folder.name} to fetch it again; finished packages are not touched.",
        )
        try:
            with self._file(number).open("rb") as stream:
                stream.seek(begin)
                content = stream.read(size)
        except OSError as error:
            raise damaged from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise damaged
        return loaded(content)


@contextmanager
def open_looks(ledger_folder: Path) -> Iterator[LookStore]:
    """Open (or make) the store in the folder of an open ledger, under whose lock it lies.

    Raises:
        LedgerError: damaged.
        OutputError: the folder cannot be made or written.
    """
    folder = ledger_folder / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        # Commits come from a thread of the loop, reading from the scan's own: one at a time, held by the store's lock.
        connection = sqlite3.connect(folder / "looks.sqlite", check_same_thread=False)
    except (OSError, sqlite3.OperationalError) as error:
        raise OutputError(
            f"the folder {folder.name} could not be made: {error}", hint="Choose another --out."
        ) from error
    with closing(connection):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            store = LookStore(folder, connection)
            _cut_off(store)
        except sqlite3.OperationalError as error:
            raise OutputError(f"{folder.name} could not be written: {error}", hint="Free some disk space.") from error
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"what was fetched is damaged in {folder.name}",
                hint=f"Remove the folder {folder} to fetch it again; finished packages are not touched.",
            ) from error
        with closing(store):
            yield store


FOLDER: Final = "looks"


def remove_looks(ledger_folder: Path) -> None:
    """Remove a store that is not needed any more, and nothing else."""
    folder = ledger_folder / FOLDER
    if not folder.is_dir():
        return
    for path in (*folder.glob("*.bodies"), *folder.glob("looks.sqlite*")):
        path.unlink()
    folder.rmdir()


def _cut_off(store: LookStore) -> None:
    number, end = store._end()  # noqa: SLF001 - of this module
    path = store._file(number)  # noqa: SLF001
    if path.exists() and path.stat().st_size > end:
        os.truncate(path, end)


def key_of(kind: ObservationKind, url: str) -> str:
    """What a look is found by: a digest, because a cell may hold what no database takes as text."""
    return hashlib.sha256("\n".join(question(kind, url)).encode("utf-8", "surrogatepass")).hexdigest()


def asked(look: Look) -> str:
    """The address as it was asked for: the verbatim cell, the first of those that are sent alike."""
    return str(look.facts.get("asked", look.observation.url))


def dumped(look: Look) -> bytes:
    """A look as bytes: a line of JSON, then the bodies of its exchanges, one after the other."""
    head = {
        "observation": _named(look.observation),
        "exchanges": [_exchange_record(exchange) for exchange in look.exchanges],
        "facts": look.facts,
    }
    return b"\n".join((json.dumps(head, sort_keys=True).encode(), b"".join(each.body for each in look.exchanges)))


def _named(value: Any) -> dict[str, Any]:
    """The fields of a value, those that are values themselves likewise."""
    said = {name: getattr(value, name) for name in value.__slots__}
    for name in ("capture", "archive"):
        if said.get(name) is not None:
            said[name] = asdict(said[name])
    if said.get("redirects"):
        said["redirects"] = [asdict(hop) for hop in said["redirects"]]
    return said


def _exchange_record(exchange: Exchange) -> dict[str, Any]:
    said = _named(exchange)
    said["body"] = len(exchange.body)
    said["reason"] = exchange.reason.decode("latin-1")
    for name in ("request_fields", "fields"):
        said[name] = [[key.decode("latin-1"), value.decode("latin-1")] for key, value in said[name]]
    return said


def loaded(content: bytes) -> Look:
    """The inverse of ``dumped``."""
    line, _, bodies = content.partition(b"\n")
    head = json.loads(line)
    exchanges, begin = [], 0
    for plain in head["exchanges"]:
        end = begin + plain["body"]
        values = {**plain, "body": bodies[begin:end], "reason": plain["reason"].encode("latin-1")}
        for name in ("request_fields", "fields"):
            values[name] = tuple((key.encode("latin-1"), value.encode("latin-1")) for key, value in plain[name])
        exchanges.append(Exchange(**values))
        begin = end
    said = head["observation"]
    observation = Observation(
        **{
            **said,
            "outcome": FetchOutcome(said["outcome"]),
            "redirects": tuple(Redirect(**hop) for hop in said["redirects"]),
            "capture": None if said["capture"] is None else Capture(**said["capture"]),
            "archive": None if said["archive"] is None else ArchiveCopy(**said["archive"]),
            "opt_out": tuple((signal, value) for signal, value in said["opt_out"]),
        }
    )
    return Look(observation=observation, exchanges=tuple(exchanges), facts=head["facts"])


def _is_young(requested_at: str, max_age_s: float | None, now: str | None) -> bool:
    if max_age_s is None:
        return True
    assert now is not None, "an age is counted from a time"
    age = datetime.fromisoformat(now) - datetime.fromisoformat(requested_at)
    return age <= timedelta(seconds=max_age_s)
