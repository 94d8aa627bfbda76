"""What is new in a run of a case, and the package of it.

A package of a run holds the findings that no earlier one states, and the changes: everything is graded beside all that the case has
found to date, with chance figures over all rows to date, and then only the new is listed.  A shard that an earlier run began and
this one finished is stated whole, its findings again among the changed.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Dataset, PublisherDigest, Shard, ShardDigest, ShardKind
from scanner.evidence import Sequel, write_package
from scanner.evidence.records import match_id_of
from scanner.grading import listed, tiers_not_listed, weigh_terms
from scanner.outcomes import Compared, Outcome
from scanner.runner.case_files import basis_of, gaps_digest
from scanner.runner.changes import change_records
from scanner.runner.finding import Chosen, exhibit_findings, look_again
from scanner.runner.gathered import Gathered, Graded
from scanner.runner.scanning import note_looks, open_outlook
from scanner.runner.to_date import ToDate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from manifests.writing import SealedPackage
    from scanner.cases import Case
    from scanner.evidence import RunFacts
    from scanner.grading import Match
    from scanner.ledger import History, Run, Sighting
    from scanner.processes import Executor
    from scanner.runner.case_files import Chain, Stated
    from scanner.runner.comparing import CaseRun
    from scanner.runner.present import Today
    from scanner.runner.readings import Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A run's package: sealed and recorded; ``coverage`` is what became of each shard, ``changes`` are the lines of its file.

    ``unfinished`` says which addresses gave no final answer.
    """

    sealed: SealedPackage
    kind: str
    previous: str | None
    records: Sequence[dict[str, Any]]
    changes: Sequence[dict[str, Any]]
    coverage: Sequence[ScannedShard]
    comparisons: int
    unfinished: tuple[str, ...] = ()


def write_delta(
    folder: Path,
    run: Run,
    today: Today,
    work: CaseRun,
    chain: Chain,
    *,
    pool: Executor,
    case: Case,
    facts_now: Callable[[], RunFacts],
) -> Delta | None:
    """Grade everything to date, choose what is new, write and record the package; None where there is nothing to state.

    Raises:
        OutcomeLost: finished work proved damaged; it is forgotten now.
        OutputError: disk full or read-only.
    """
    whole_again = work.history.state_whole(run.number)
    to_date = ToDate(work.history, work.asked, work.question, run.number)
    coverage = coverage_of(today, work.history, work.readings, run.number, case)
    shards = [*coverage, *_of_other_days(coverage, to_date)]
    gathered = _gathered(shards, to_date, today, work)
    _settle(today, to_date)
    gaps = gaps_of(coverage)
    gone_now = {(each.dataset, each.shard_id) for each in _gone(work, case, run.number)}
    if chain.previous is not None and not (gone_now or to_date.finished_parts or gaps != work.history.last_gaps()):
        return None
    graded = gathered.graded(work.question)
    moved = {each.match_id for each in chain.stated.values() if _is_of(gone_now, each)}
    fresh, beyond = _news(graded, chain, (whole_again, moved), to_date, shards, work)
    portfolio = work.question.portfolio
    holds = {match_id_of(match, portfolio, shards[match.shard]) for match in graded.matches}
    left = moved - {match_id_of(match, portfolio, shards[match.shard]) for match in fresh}
    gone = list(_vanished(holds, left, chain, to_date, work))
    chosen = Chosen(
        matches=fresh,
        beyond=beyond + _furniture(gathered, to_date, shards) + tiers_not_listed(to_date.not_listed, graded.chance),
        chance=graded.chance,
        searched=gathered.searched(),
    )
    changes: list[dict[str, Any]] = []

    def changed(records: Sequence[Any]) -> Sequence[dict[str, Any]]:
        changes[:] = change_records(records, chain.stated, gone)
        return changes

    sequel = (
        None if chain.previous is None else Sequel(previous=chain.previous, changes=changed, asked_of=to_date.asked_of)
    )
    question = work.question
    with open_outlook(work.history.ledger, question) as outlook:  # open until what was seen is written
        if outlook is not None and (fresh or question.config.fetch == "all"):
            looked = look_again(chosen, gathered, shards, question, outlook, (pool, work.watch))
            chosen = replace(looked, beyond=chosen.beyond)  # of this run: what was left out before stays left out
        findings = exhibit_findings(_to_date(chosen, to_date, work), shards, question, pool, work.watch)
        note_looks(work.course, findings)
        facts = facts_now()
        sealed, records = write_package(
            folder / "packages" / run.package, question, coverage, findings, run=facts, lang=case.lang, sequel=sequel
        )
    work.history.end_run(run.number, finished_at=facts.finished_at, manifest_sha256=sealed.manifest_sha256, gaps=gaps)
    return Delta(
        sealed=sealed,
        kind="scan" if sequel is None else "rescan",
        previous=None if chain.previous is None else str(chain.previous["manifest_sha256"]),
        records=records,
        changes=changes,
        coverage=coverage,
        comparisons=to_date.comparisons_of_run,
        unfinished=() if findings.seen is None else findings.seen.unfinished,
    )


def _news(
    graded: Graded,
    chain: Chain,
    again: tuple[frozenset[str], set[str]],
    to_date: ToDate,
    shards: Sequence[ScannedShard],
    work: CaseRun,
) -> tuple[list[Match], Counter[str]]:
    """The matches of this run that no package states as they are; and, by tier, how many are not listed.

    ``again`` is what is stated in any case: shards by id, findings by match id.
    """
    portfolio = work.question.portfolio
    mine: list[Match] = []
    known: dict[int, Stated | None] = {}
    for match in graded.matches:
        shard = shards[match.shard]
        if shard.opened is not None:
            known[id(match)] = chain.stated.get(match_id_of(match, portfolio, shard))
            if to_date.is_touched(match, shards) or _rests_on_other(match, known[id(match)], to_date, shards):
                mine.append(match)
    kept, beyond = listed(mine, work.question.config)
    return [match for match in kept if _is_new(match, known[id(match)], again, shards)], beyond


def coverage_of(today: Today, history: History, readings: Readings, number: int, case: Case) -> list[ScannedShard]:
    """What a package of run ``number`` says of shards: those of today, and those that are missed since this run."""
    return [*today.scanned(), *_not_there(today, history, readings, number, case)]


def gaps_of(coverage: Iterable[ScannedShard]) -> str:
    """What a run could not compare, and why, as one digest; empty where there is nothing."""
    failed = (each for each in coverage if each.status is ShardStatus.FAILED)
    return gaps_digest((each.shard.dataset.name, each.shard.name, each.reason) for each in failed)


def _to_date(chosen: Chosen, to_date: ToDate, work: CaseRun) -> Chosen:
    """What is listed, with what was compared in the whole case."""
    searched = replace(
        chosen.searched,
        comparisons=to_date.comparisons + _comparisons_of_looks(chosen, work),
        control_works=to_date.control_works,
    )
    return replace(chosen, searched=searched)


def _comparisons_of_looks(chosen: Chosen, work: CaseRun) -> int:
    """Pairs (query, fingerprint) decided with pictures that were fetched."""
    if chosen.looked is None:
        return 0
    words = {name: len(known.words) for name, known in work.question.queries.fingerprints.items()}
    return sum(prints.compared * words[name] for name, prints in chosen.looked.prints.items())


def _gone(work: CaseRun, case: Case, number: int) -> Iterator[Sighting]:
    for dataset in case.datasets:
        yield from (each for each in work.history.sightings(dataset.name) if each.gone_run == number)


def _not_there(today: Today, history: History, readings: Readings, number: int, case: Case) -> Iterator[ScannedShard]:
    """Shards that this run missed: withdrawn ones, and those of datasets that cannot be reached."""
    names = {(each.scanned.shard.dataset.name, each.scanned.shard.name) for each in today.shards}
    for dataset in case.datasets:
        unreachable = today.unreachable.get(dataset.name)
        for each in history.sightings(dataset.name):
            if each.gone_run == number:
                reason = f"not in the dataset any more: first seen {each.first_seen}, last seen {each.last_seen}, missed {each.gone_at}"
                yield _absent(
                    each, dataset, readings, ShardStatus.SKIPPED, reason, taken=(dataset.name, each.name) in names
                )
            elif unreachable is not None and each.gone_at is None:
                yield _absent(
                    each, dataset, readings, ShardStatus.FAILED, f"the dataset cannot be reached: {unreachable}"
                )


def _absent(
    seen: Sighting, dataset: Dataset, readings: Readings, status: ShardStatus, reason: str, *, taken: bool = False
) -> ScannedShard:
    """A shard as it was last seen; where another file has its name now, its digest stands behind it."""
    told = json.loads(seen.digest)
    publisher = None if told["publisher"] is None else PublisherDigest(**told["publisher"])
    reading = readings.known(seen.shard_id, seen.mapping)
    name = f"{seen.name}@{seen.shard_id.partition(':')[2][:16]}" if taken else seen.name
    return ScannedShard(
        shard=Shard(dataset=dataset, name=name, path="", kind=ShardKind.OTHER, bytes=seen.bytes),
        opened=None,
        status=status,
        reason=reason,
        digest=ShardDigest(**{**told, "publisher": publisher}),
        known=None if reading is None else reading.facts,
    )


def _of_other_days(coverage: Sequence[ScannedShard], to_date: ToDate) -> Iterator[ScannedShard]:
    """Shards of the case's past: their rows count for chance, nothing else is said of them here."""
    here = {each.digest.shard_id for each in coverage if each.digest is not None}
    for shard_id in to_date.shards():
        if shard_id not in here:
            yield ScannedShard(
                shard=Shard(
                    dataset=Dataset(name="-", source=""), name=shard_id, path="", kind=ShardKind.OTHER, bytes=0
                ),
                opened=None,
                status=ShardStatus.SKIPPED,
                digest=ShardDigest(shard_id=shard_id, sha256=None, digest_by="none", bytes=0),
            )


def _gathered(shards: Sequence[ScannedShard], to_date: ToDate, today: Today, work: CaseRun) -> Gathered:
    """The sums over all outcomes to date; a file that is there twice counts once."""
    gathered = Gathered(work.question.queries)
    readings = {each.shard_id: each.reading.digest for each in today.shards if each.reading is not None}
    counted: set[str] = set()

    def outcomes(each: ScannedShard) -> Iterator[Outcome]:
        if each.digest is None or each.digest.shard_id in counted:
            each.rows_scanned, each.compared, each.faults = 0, Compared(), Counter()
            return
        shard_id = each.digest.shard_id
        counted.add(shard_id)
        reading = readings.get(shard_id) or next(iter(to_date.readings(shard_id)), None)
        if reading is not None:
            yield from to_date.outcomes(each, reading)

    gathered.add_all(shards, outcomes)
    return gathered


def _settle(today: Today, to_date: ToDate) -> None:
    """Say of each shard whether this run compared it, or an earlier one had."""
    for each in today.shards:
        scanned = each.scanned
        if scanned.status is not ShardStatus.SCANNED or each.shard_id is None or each.reading is None:
            continue
        done = to_date.parts_of_run[each.shard_id]
        if done < each.reading.parts or (not each.reading.parts and scanned.opened is None):
            scanned.status, scanned.reason = ShardStatus.SKIPPED, "compared by an earlier run of the case"
            scanned.rows_scanned, scanned.compared, scanned.faults = 0, Compared(), Counter()


def _is_of(places: set[tuple[str, str]], stated: Stated) -> bool:
    """Whether a finding is stated of one of these shards ``(dataset, shard id)``."""
    return (stated.row["dataset"], stated.row["shard_id"]) in places


def _is_new(
    match: Match, known: Stated | None, again: tuple[frozenset[str], set[str]], shards: Sequence[ScannedShard]
) -> bool:
    """Whether no package states it, or not as it is: chance figures that more rows have raised change no finding."""
    digest = shards[match.shard].digest
    assert digest is not None
    shard_ids, match_ids = again
    return (
        known is None
        or digest.shard_id in shard_ids
        or known.match_id in match_ids
        or known.basis != basis_of(match.basis)
    )


def _rests_on_other(match: Match, known: Stated | None, to_date: ToDate, shards: Sequence[ScannedShard]) -> bool:
    """Whether a stated finding, compared anew, rests on other comparisons than before: what was declared has changed."""
    digest = shards[match.shard].digest
    assert digest is not None
    return known is not None and bool(to_date.parts_of_run[digest.shard_id]) and known.basis != basis_of(match.basis)


def _vanished(holds: set[str], left: set[str], chain: Chain, to_date: ToDate, work: CaseRun) -> Iterator[Stated]:
    """What earlier packages state and does not hold any more: ``left`` by its shard, or not found when that was compared anew."""
    works = {each.work_id for each in work.question.portfolio.works} | {None}
    for each in chain.stated.values():
        shard_id = each.row["shard_id"]
        anew = to_date.parts_of_run[shard_id] and each.basis and each.match_id not in holds
        if each.work_id in works and (each.match_id in left or anew):
            yield each


def _furniture(gathered: Gathered, to_date: ToDate, shards: Sequence[ScannedShard]) -> Counter[str]:
    """Hits of this run that site furniture had, by tier."""
    mine = []
    for index, hit in gathered.hits:
        digest = shards[index].digest
        if digest is not None and (digest.shard_id, hit.row.row_number, hit.row.item, hit.work) in to_date.touched:
            mine.append((index, hit))
    return weigh_terms(mine, gathered.terms, gathered.rows_scanned)[1]
