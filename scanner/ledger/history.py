"""What the ledger of a case knows beyond one scan: runs, query sets, which shards were seen, and what was compared with what.

A *query set* is what was asked together: pictures of works, and, or not, everything that was declared.  One outcome answers one
query set over one part of one shard, so a work is done with a part when any query set that asked it has an outcome there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scanner.ledger.store import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.ledger.store import Ledger, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySetRecord:
    """A query set: ``works`` are SHA-256 in the order of the outcomes' indices, the first ``len(items)`` asked by picture as ``items``.

    ``declared`` is the digest of what was declared, None where addresses and captions were not compared.
    """

    digest: str
    works: tuple[str, ...]
    items: tuple[str, ...]
    declared: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One outcome and what it answers; ``reading`` is the digest of how the shard was cut and read, ``settings`` of the settings.

    ``complete`` is 0 where damage ended the reading: what was read counts, and is tried again.
    """

    shard_id: str
    reading: str
    part: int
    query_set: str
    settings: str
    result_version: int
    outcome: str
    complete: int
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A shard as a dataset had it: when it was first and last seen; when, and in which run, it was first missed.

    ``digest`` is what identifies it, as JSON.
    """

    dataset: str
    shard_id: str
    name: str
    bytes: int
    mapping: str
    digest: str
    first_seen: str
    last_seen: str
    gone_at: str | None = None
    gone_run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a case: sealed (with the digest of its package's Manifest), or open: interrupted, or at work."""

    number: int
    run_id: str
    started_at: str
    package: str
    finished_at: str | None = None
    manifest_sha256: str | None = None
    gaps: str | None = None


_RUN = "number, run_id, started_at, package, finished_at, manifest_sha256, gaps"
_SIGHTING = "dataset, shard_id, name, bytes, mapping, digest, first_seen, last_seen, gone_at, gone_run"
_COMPARED = "shard_id, reading, part, query_set, settings, result_version, outcome, complete, run"
_COVER = f"""INSERT INTO compared ({_COMPARED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET outcome = excluded.outcome, complete = excluded.complete,
    run = CASE WHEN excluded.complete THEN excluded.run ELSE compared.run END"""  # noqa: S608 - our own column names
_BEGUN_EARLIER = """SELECT DISTINCT before.shard_id, before.reading, before.query_set FROM compared AS now JOIN compared AS before
    USING (shard_id, reading, query_set, settings, result_version) WHERE now.run = ? AND before.run < ?"""
_ONE_MORE_DEATH = """INSERT INTO deaths VALUES (?, 1, ?, ?) ON CONFLICT (shard_id) DO UPDATE
    SET runs = runs + 1, last_run = excluded.last_run, last_at = excluded.last_at WHERE last_run != excluded.last_run"""


class History:
    """The tables of a case in its ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Speak for the open ``ledger``."""
        self.ledger = ledger

    def runs(self) -> list[Run]:
        """All runs in order."""
        names = _RUN.split(", ")
        rows = self.ledger.rows(f"SELECT {_RUN} FROM runs ORDER BY number")  # noqa: S608 - our own column names
        return [Run(**dict(zip(names, row, strict=True))) for row in rows]  # type: ignore[arg-type]

    def last_gaps(self) -> str | None:
        """The digest of what the last sealed run could not compare; None before the first."""
        return next((run.gaps for run in reversed(self.runs()) if run.finished_at is not None), None)

    def begin_run(self, run: Run) -> None:
        """Keep a run that begins, before there can be a package of it that no ledger knows of."""
        values = (run.number, run.run_id, run.started_at, run.package)
        self.ledger.write(("INSERT INTO runs (number, run_id, started_at, package) VALUES (?, ?, ?, ?)", values))
        self.ledger.make_durable()

    def end_run(self, number: int, *, finished_at: str, manifest_sha256: str, gaps: str) -> None:
        """Keep that a run's package is sealed, and nobody told of it; ``gaps`` is the digest of what it could not compare."""
        self.ledger.write(
            (
                "UPDATE runs SET finished_at = ?, manifest_sha256 = ?, gaps = ? WHERE number = ?",
                (finished_at, manifest_sha256, gaps, number),
            ),
            ("INSERT OR REPLACE INTO meta VALUES ('untold', ?)", (str(number),)),
        )
        self.ledger.make_durable()

    def untold(self) -> Run | None:
        """The sealed run of which those who are to be told have not been told yet: it was interrupted before; None is the rule."""
        number = self.ledger.meta("untold")
        return next((run for run in self.runs() if str(run.number) == number and run.finished_at is not None), None)

    def told(self, number: int) -> None:
        """Everybody has been told of run ``number``."""
        self.ledger.write(("DELETE FROM meta WHERE name = 'untold' AND value = ?", (str(number),)))

    def abandon_run(self, number: int) -> None:
        """Forget a run that found nothing new; what it read counts all the same."""
        self.ledger.write(
            ("DELETE FROM runs WHERE number = ?", (number,)), ("DELETE FROM events WHERE run = ?", (number,))
        )

    def state_whole(self, number: int) -> frozenset[str]:
        """Let what earlier runs compared of shards that this run went on with count for this run, which states them whole.

        Returns:
            The ids of these shards.
        """
        begun = [
            (str(shard_id), str(reading), str(query_set))
            for shard_id, reading, query_set in self.ledger.rows(_BEGUN_EARLIER, (number, number))
        ]
        self.ledger.write_many(
            (
                "UPDATE compared SET run = ? WHERE shard_id = ? AND reading = ? AND query_set = ?",
                (number, *place),
            )
            for place in begun
        )
        return frozenset(shard_id for shard_id, _, _ in begun)

    def count_again(self, shard_ids: Iterable[str], number: int, settings: str, result_version: int) -> None:
        """Let all that was compared of these shards under these settings count for run ``number``, which states them again."""
        self.ledger.write_many(
            (
                "UPDATE compared SET run = ? WHERE shard_id = ? AND settings = ? AND result_version = ?",
                (number, shard_id, settings, result_version),
            )
            for shard_id in sorted(shard_ids)
        )

    def query_sets(self) -> dict[str, QuerySetRecord]:
        """All query sets by digest."""
        works: dict[str, list[tuple[str, str | None]]] = {}
        for digest, sha256, item in self.ledger.rows(
            "SELECT query_set, sha256, item FROM query_set_works ORDER BY query_set, place"
        ):
            works.setdefault(str(digest), []).append((str(sha256), None if item is None else str(item)))
        return {
            str(digest): QuerySetRecord(
                digest=str(digest),
                works=tuple(sha256 for sha256, _ in works.get(str(digest), ())),
                items=tuple(item for _, item in works.get(str(digest), ()) if item is not None),
                declared=None if declared is None else str(declared),
            )
            for digest, declared in self.ledger.rows("SELECT digest, declared FROM query_sets")
        }

    def keep_query_set(self, asked: QuerySetRecord) -> None:
        """Keep what is going to be asked together."""
        items = (*asked.items, *(None,) * (len(asked.works) - len(asked.items)))
        self.ledger.write(
            ("INSERT OR IGNORE INTO query_sets VALUES (?, ?)", (asked.digest, asked.declared)),
            *(
                ("INSERT OR IGNORE INTO query_set_works VALUES (?, ?, ?, ?)", (asked.digest, place, sha256, item))
                for place, (sha256, item) in enumerate(zip(asked.works, items, strict=True))
            ),
        )

    def reading(self, shard_id: str, mapping: str) -> str | None:
        """What opening a shard once gave (``mapping``: how the user said to read it), as text; None where it was never opened."""
        found = self.ledger.rows("SELECT facts FROM readings WHERE shard_id = ? AND mapping = ?", (shard_id, mapping))
        return next((str(facts) for (facts,) in found), None)

    def keep_reading(self, shard_id: str, mapping: str, facts: str) -> None:
        """Keep what opening a shard gave."""
        self.ledger.write(("INSERT OR REPLACE INTO readings VALUES (?, ?, ?)", (shard_id, mapping, facts)))

    def sizes(self) -> frozenset[int]:
        """Sizes in bytes of all shards ever seen: a file of another size is certainly new."""
        return frozenset(int(str(size)) for (size,) in self.ledger.rows("SELECT DISTINCT bytes FROM sightings"))

    def compared(self, settings: str, result_version: int) -> Iterator[Compared]:
        """All outcomes under these settings, by shard, part and run."""
        names = _COMPARED.split(", ")
        query = (
            f"SELECT {_COMPARED} FROM compared WHERE settings = ? AND result_version = ? ORDER BY shard_id, part, run"  # noqa: S608 - as above
        )
        for row in self.ledger.rows(query, (settings, result_version)):
            yield Compared(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]

    def compared_in(self, run: int) -> frozenset[str]:
        """The shards, by id, of which a run compared anything."""
        rows = self.ledger.rows("SELECT DISTINCT shard_id FROM compared WHERE run = ?", (run,))
        return frozenset(str(shard_id) for (shard_id,) in rows)

    def sightings(self, dataset: str) -> list[Sighting]:
        """All shards that a dataset ever had, by name."""
        names = _SIGHTING.split(", ")
        rows = self.ledger.rows(f"SELECT {_SIGHTING} FROM sightings WHERE dataset = ? ORDER BY name", (dataset,))  # noqa: S608 - as above
        return [Sighting(**dict(zip(names, row, strict=True))) for row in rows]  # type: ignore[arg-type]

    def keep_sightings(self, seen: Iterable[Sighting]) -> None:
        """Keep sightings as they are given, in one transaction."""
        self.ledger.write_many(
            (
                f"INSERT OR REPLACE INTO sightings ({_SIGHTING}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - as above
                (
                    each.dataset,
                    each.shard_id,
                    as_text(each.name),
                    each.bytes,
                    each.mapping,
                    each.digest,
                    each.first_seen,
                    each.last_seen,
                    each.gone_at,
                    each.gone_run,
                ),
            )
            for each in seen
        )

    def deaths(self) -> dict[str, tuple[int, str]]:
        """By shard, in how many runs it ended the workers that read it, and when last."""
        rows = self.ledger.rows("SELECT shard_id, runs, last_at FROM deaths")
        return {str(shard_id): (int(str(runs)), str(last_at)) for shard_id, runs, last_at in rows}

    def record_death(self, shard_id: str, at: str) -> None:
        """Count a run in which a shard ended its workers; once a run."""
        self.ledger.write((_ONE_MORE_DEATH, (shard_id, self.ledger.run, at)))

    def forget_death(self, shard_id: str) -> None:
        """A shard was read to its end."""
        self.ledger.write(("DELETE FROM deaths WHERE shard_id = ?", (shard_id,)))

    def measured(self, path: str, stamp: str, settings: str) -> str | None:
        """What measuring an unchanged picture of the portfolio gave, as text."""
        found = self.ledger.rows(
            "SELECT record FROM measured WHERE path = ? AND stamp = ? AND settings = ?",
            (as_text(path), stamp, settings),
        )
        return next((str(record) for (record,) in found), None)

    def keep_measured(self, entries: Iterable[tuple[str, str, str, str]]) -> None:
        """Keep ``(path, stamp, settings, record)`` of pictures, in one transaction."""
        self.ledger.write_many(
            (
                "INSERT OR REPLACE INTO measured VALUES (?, ?, ?, ?)",
                (as_text(path), stamp, settings, record),
            )
            for path, stamp, settings, record in entries
        )


def covering(row: Compared) -> Statement:
    """The statement that records what an outcome answers, for the transaction that records the outcome."""
    values: tuple[Any, ...] = (
        row.shard_id,
        row.reading,
        row.part,
        row.query_set,
        row.settings,
        row.result_version,
        row.outcome,
        row.complete,
        row.run,
    )
    return _COVER, values
