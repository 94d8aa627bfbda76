"""What the datasets of a case have today, told as cheaply as can be: a shard that is known is not opened.

A shard is known by its SHA-256.  A file of the same path, size and time is taken to be the same; one that was renamed, moved or
downloaded again is hashed, and nothing more; only a file of a size that no known shard has is new for certain, and is opened.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import ShardDigest
from scanner.errors import NetworkOff, ShardError, UsageError
from scanner.events import Noticed, StageAdvanced, StageBegan, StageEnded
from scanner.ledger import Sighting
from scanner.processes import Died, Task, WorkerPool
from scanner.runner import tasks
from scanner.runner.missing import ShardToPlan
from scanner.runner.readings import mapping_of
from scanner.runner.sources import listed_shards, open_listed
from scanner.shards import described_digest, stamp_shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scanner.cases import Case
    from scanner.datasets import Dataset
    from scanner.events import Watcher
    from scanner.ledger import History
    from scanner.runner.readings import Reading, Readings


@dataclass(slots=True, kw_only=True)
class Present:
    """A shard that a dataset has today; ``reading`` is None while it was never opened."""

    scanned: ScannedShard
    mapping: str
    reading: Reading | None = None

    @property
    def shard_id(self) -> str | None:
        """Its id, where that is known already."""
        return None if self.scanned.digest is None else self.scanned.digest.shard_id

    def to_plan(self) -> ShardToPlan:
        """As the plan sees it."""
        known = self.reading
        return ShardToPlan(
            shard_id=self.shard_id,
            reading=None if known is None else known.digest,
            parts=0 if known is None else known.parts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The shards of today in scan order; ``unreachable`` are datasets that had shards and cannot be listed, with the reason."""

    shards: list[Present]
    unreachable: dict[str, str]

    def scanned(self) -> list[ScannedShard]:
        """The shards as coverage has them."""
        return [each.scanned for each in self.shards]


def look_at(case: Case, history: History, readings: Readings, workers: int, watch: Watcher) -> Today:
    """List the datasets, recognise what is known, hash what may be known, open what is new.

    Raises:
        UsageError: a dataset that never had a shard is not there, or holds none.
        LayoutUnknown: no shard of a dataset has a known layout.
    """
    found: list[Present] = []
    unreachable: dict[str, str] = {}
    for dataset in case.datasets:
        try:
            listed = listed_shards(dataset, watch, case.config)
            reason = _closed(listed)
        except NetworkOff:
            raise
        except UsageError as error:
            listed, reason = [], error.message
            if not history.sightings(dataset.name):
                raise
        if reason is not None and history.sightings(dataset.name):
            unreachable[dataset.name] = reason
            watch(Noticed(text=f"{dataset.name}: {reason} What it had is left as it is."))
            continue
        mapping = mapping_of(dataset)
        found += [Present(scanned=_stamped(each), mapping=mapping) for each in listed]
    _recognise(found, history, readings)
    sizes = history.sizes()
    doubtful = [each for each in found if _is_doubtful(each.scanned) and each.scanned.shard.bytes in sizes]
    if doubtful:
        _hash(doubtful, history, workers, watch)
        _recognise(doubtful, history, readings)
    _leave_out_copies(found)
    _open_new(found, watch)
    return Today(shards=found, unreachable=unreachable)


def _is_doubtful(each: ScannedShard) -> bool:
    """Whether hashing a file of this computer may show that it is known."""
    return each.digest is None and each.status is ShardStatus.SCANNED and each.shard.remote is None


def _closed(listed: Sequence[ScannedShard]) -> str | None:
    """Why nothing of a dataset can be had, where that is so."""
    failed = [each.reason or "" for each in listed if each.status is ShardStatus.FAILED]
    return failed[0] if failed and not any(each.status is ShardStatus.SCANNED for each in listed) else None


def _stamped(each: ScannedShard) -> ScannedShard:
    if each.status is not ShardStatus.SCANNED:
        return each
    try:
        each.stamp = stamp_shard(each.shard)
    except ShardError as error:
        each.status, each.reason = ShardStatus.FAILED, error.message
    return each


def _recognise(shards: Iterable[Present], history: History, readings: Readings) -> None:
    for each in shards:
        scanned = each.scanned
        if scanned.status is not ShardStatus.SCANNED:
            continue
        if scanned.digest is None:
            scanned.digest = _known_digest(scanned, each.mapping, history, readings)
        if scanned.digest is None:
            continue
        each.reading = readings.known(scanned.digest.shard_id, each.mapping)
        scanned.known = None if each.reading is None else each.reading.facts


def _known_digest(scanned: ScannedShard, mapping: str, history: History, readings: Readings) -> ShardDigest | None:
    """Which shard it is: by path, size and time, of a remote one by what its host says; of a copy that was read once, by that."""
    shard, remote = scanned.shard, scanned.shard.remote
    described = described_digest(shard)
    if described is not None and readings.known(described.shard_id, mapping) is not None:
        return described
    place = shard.path if remote is None or described is None else downloaded_as(described.shard_id)
    known = history.ledger.digest(place, shard.bytes, scanned.stamp)
    if known is None:
        return None if scanned.to_download else described
    return ShardDigest(
        shard_id=known[0],
        sha256=known[1],
        digest_by="computed",
        bytes=shard.bytes,
        publisher=None if remote is None else remote.publisher,
    )


def downloaded_as(described: str) -> str:
    """Under which place the ledger keeps the digest of a copy of a remote shard."""
    return f"copy of {described}"


def _hash(shards: Sequence[Present], history: History, workers: int, watch: Watcher) -> None:
    watch(StageBegan(title="Recognising files", total=len(shards), unit=" files"))
    with WorkerPool(min(workers, len(shards))) as pool:
        for place, each in enumerate(shards):
            pool.submit(Task(key=place, function=tasks.digest, arguments=(each.scanned.shard,)))
        for done, (place, result) in enumerate(pool.completed(), 1):
            scanned = shards[place].scanned
            watch(StageAdvanced(done=done, doing=scanned.shard.name))
            if isinstance(result, ShardError | Died):
                scanned.status = ShardStatus.FAILED
                scanned.reason = (
                    "a worker process ended twice while hashing it" if isinstance(result, Died) else result.message
                )
                continue
            scanned.digest = result
            shard = scanned.shard
            history.ledger.record_digest(shard.path, shard.bytes, scanned.stamp, result.shard_id, result.sha256)
    watch(StageEnded())


def _leave_out_copies(shards: Iterable[Present]) -> None:
    """The same file given twice is compared, and stated, once."""
    first_of: dict[str, ScannedShard] = {}
    for each in shards:
        if each.shard_id is not None:
            first = first_of.setdefault(each.shard_id, each.scanned)
            if first is not each.scanned:
                each.scanned.status = ShardStatus.SKIPPED
                each.scanned.reason = f"same file as {first.shard.dataset.name}/{first.shard.name}"


def _open_new(shards: Sequence[Present], watch: Watcher) -> None:
    """Open what was never opened; remote files that are read from a copy wait until it is known that they are needed.

    Raises:
        LayoutUnknown: nothing of a dataset has a known layout.
    """
    for name in dict.fromkeys(each.scanned.shard.dataset.name for each in shards):
        mine = [each for each in shards if each.scanned.shard.dataset.name == name]
        unknown = open_listed([each.scanned for each in mine if each.reading is None], watch)
        if unknown and not any(each.reading or each.scanned.opened or each.scanned.to_download for each in mine):
            raise unknown[0]


def sightings_today(today: Today, datasets: Sequence[Dataset], history: History, now: str, run: int) -> list[Sighting]:
    """What is to be kept of the datasets: when each shard was first and last seen, and what is missed since this run."""
    kept: list[Sighting] = []
    for dataset in datasets:
        if dataset.name in today.unreachable:
            continue
        before = {each.shard_id: each for each in history.sightings(dataset.name)}
        seen: set[str] = set()
        for each in today.shards:
            shard, shard_id = each.scanned.shard, each.shard_id
            if shard.dataset.name != dataset.name or shard_id is None or shard_id in seen:
                continue
            seen.add(shard_id)
            first = before[shard_id].first_seen if shard_id in before else now
            kept.append(
                Sighting(
                    dataset=dataset.name,
                    shard_id=shard_id,
                    name=shard.name,
                    bytes=shard.bytes,
                    mapping=each.mapping,
                    digest=json.dumps(asdict(each.scanned.digest)) if each.scanned.digest is not None else "",
                    first_seen=first,
                    last_seen=now,
                )
            )
        kept += [
            replace(each, gone_at=now, gone_run=run)
            for shard_id, each in before.items()
            if shard_id not in seen and each.gone_at is None
        ]
    return kept
