"""One run of a case, from its folder to a package of what is new: the story that the other modules tell in detail.

today's shards (``present``) -> what is missing (``missing``) -> compared (``comparing``) -> everything to date (``to_date``)
-> what is new, as a package (``delta``) -> whoever is to be told (``notifying``)
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - used in a dataclass field type
from typing import TYPE_CHECKING

from scanner.config import RESULT_VERSION
from scanner.coverage import ShardStatus
from scanner.errors import Incomplete, LedgerError, OutputError
from scanner.events import Noticed, Watcher, unwatched
from scanner.evidence import Question, RunFacts
from scanner.ledger import History, Run, open_ledger
from scanner.metadata import compile_identifiers
from scanner.queries import compile_queries
from scanner.query_sets import Asked, asked_today
from scanner.runner.case_files import (
    Chain,
    adopt_sealed,
    case_name,
    list_packages,
    read_case,
    read_chain,
    refuse_strangers,
)
from scanner.runner.case_portfolio import read_case_portfolio
from scanner.runner.case_results import CasePlan, CaseView, RescanResult, nothing_new, result_of, sealed_before
from scanner.runner.clock import Course, utc_now
from scanner.runner.comparing import CaseRun, asked_of_groups, compare_group, preparation
from scanner.runner.delta import Delta, coverage_of, gaps_of, write_delta
from scanner.runner.downloading import FOLDER, download_shards
from scanner.runner.executors import open_executor
from scanner.runner.missing import Done, Group, ShardToPlan, plan
from scanner.runner.notifying import tell
from scanner.runner.present import downloaded_as, look_at, sightings_today
from scanner.runner.quarantine import keep_away
from scanner.runner.readings import Readings
from scanner.runner.scanning import tested
from scanner.runner.sources import open_listed, say_what_cannot_be_compared
from scanner.runner.to_date import OutcomeLost
from scanner.runner.turning import LastPackage, Turned, names_of
from scanner.shards import described_digest, digest_shard, stamp_shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.cases import Case
    from scanner.ledger import Sighting
    from scanner.processes import Executor
    from scanner.queries import Queries
    from scanner.self_test import SelfTest

_TRIES = (
    3  # an outcome that proves damaged when it is read is made again; a disk that damages them all is not argued with
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RescanRequest:
    """A case to be run; ``command`` is shown in the Manifest."""

    folder: Path
    command: tuple[str, ...] = ("provscan", "rescan")


def run_rescan(request: RescanRequest, watch: Watcher = unwatched) -> RescanResult:
    """Compare what is new since the last run of a case, and write a package of it; nothing new is no package.

    Raises:
        UsageError: no case there, a faulty case.toml, a path that is not there, no picture.
        LedgerError: damaged, at work in another process, of a newer version; an earlier package is missing.
        OutputError: disk full or read-only; finished work is kept and the same call resumes.
        KeyboardInterrupt: passed on after the workers have ended; the same call resumes.
    """
    began = time.monotonic()
    case = read_case(request.folder)
    with open_case(request.folder) as history:
        refuse_strangers(request.folder, history.runs())
        adopted = adopt_sealed(request.folder, history, utc_now())
        if adopted is not None:
            list_packages(request.folder, history.runs())
            watch(Noticed(text=f"{adopted.package} was sealed by a run that was then interrupted; it is listed now."))
        untold = history.untold()
        rescan = Rescan(request, case, history, watch)
        delta = rescan.run()
        list_packages(request.folder, history.runs())
        view, newest = rescan.view(), history.untold()
    seconds = time.monotonic() - began
    results = [] if untold is None else [sealed_before(view, untold, seconds)]
    if delta is not None:
        results.append(result_of(delta, view, seconds))
    if newest is None or not results:
        return nothing_new(view, seconds)
    told = [tell(each, case, watch) for each in results]  # the case is not locked meanwhile
    with suppress(LedgerError, OutputError), open_case(request.folder) as history:  # else it is told once more
        history.told(newest.number)
    return told[-1]


def plan_rescan(folder: Path, watch: Watcher = unwatched) -> CasePlan:
    """What ``--dry-run`` shows: what is new, and what would be compared.  Nothing is compared; no package is written."""
    case = read_case(folder)
    with open_case(folder) as history:
        rescan = Rescan(RescanRequest(folder=folder), case, history, watch)
        groups = plan(rescan.asked, rescan.to_plan(), rescan.done())
        again = names_of(rescan.view().today.shards, rescan.turned().returned)
        return CasePlan(view=rescan.view(), groups=groups, again=again)


@contextmanager
def open_case(folder: Path) -> Iterator[History]:
    """The ledger of a case, locked; its folder for packages is made where it is missing.

    Raises:
        LedgerError, OutputError: as ``open_ledger``.
    """
    kept = "Put back a copy of it; without one, move ledger.sqlite and the folders outcomes and packages away: the case begins anew."
    with open_ledger(folder, kept=kept) as ledger:
        try:
            (folder / "packages").mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder / 'packages'} could not be made: {error.strerror or error}") from error
        yield History(ledger)


class Rescan:
    """One run, step by step: looked at when it is made, compared and written by ``run``."""

    def __init__(self, request: RescanRequest, case: Case, history: History, watch: Watcher) -> None:
        """Look at today's shards and works; nothing is compared yet."""
        self._request, self._case, self._history, self._watch = request, case, history, watch
        self._workers = case.workers or os.cpu_count() or 1
        self._readings = Readings(history)
        runs = history.runs()
        self._sealed = [run for run in runs if run.finished_at is not None]
        self._begun = next((run for run in runs if run.finished_at is None), None)
        self._number = self._begun.number if self._begun else max((run.number for run in runs), default=0) + 1
        history.ledger.run = self._number
        self._today = look_at(case, history, self._readings, self._workers, watch)
        portfolio = read_case_portfolio(case, history, self._workers, watch)
        self.asked: Asked = asked_today(portfolio, case.identity)
        self._last = LastPackage(history.ledger, case, self.asked)

    def run(self) -> Delta | None:
        """Compare what is missing and write the package; None where there is nothing new to state."""
        groups = self._groups()
        self._history.keep_sightings(self._sightings())
        turned = self.turned()
        if not groups and self._sealed and self._begun is None and not (turned or self._changed()):
            return None
        self_test = tested()
        run = self._begin()
        work = CaseRun(
            asked=self.asked,
            question=self._question(),
            history=self._history,
            readings=self._readings,
            course=Course(self._history.ledger),
            workers=self._workers,
            watch=self._watch,
        )
        opened = [each.scanned for each in self._today.shards if each.scanned.opened is not None]
        say_what_cannot_be_compared(opened, work.question.queries.wanted, self._watch)
        chain = read_chain(self._request.folder, self._sealed)
        for _ in range(_TRIES):
            asked = asked_of_groups(groups, work)
            with open_executor(preparation(asked, work), self._workers) as pool:
                self._compare(asked, work, pool)
                self._count_again(turned.to_read(chain))
                self._open_compared()
                try:
                    delta = self._written(run, work, chain, self_test, pool)
                except OutcomeLost as lost:
                    self._watch(Noticed(text=f"{lost.message}; it is done again."))
                    groups = self._groups()
                    continue
            if delta is None:
                self._history.abandon_run(self._number)
                self._last.written(self._sealed[-1].number, chain, self._present())
                return None
            chain.state(delta.records, delta.changes)
            self._last.written(self._number, chain, self._present())
            if not any(each.status is ShardStatus.FAILED for each in delta.coverage):
                shutil.rmtree(
                    self._request.folder / FOLDER, ignore_errors=True
                )  # copies of remote files: read, not kept
            return delta
        raise LedgerError(
            "finished work proves damaged again and again", hint="Check the disk that the case lies on, then run again."
        )

    def view(self) -> CaseView:
        """What this run saw."""
        return CaseView(
            folder=self._request.folder,
            works=len(self.asked.portfolio.works),
            files_excluded=len(self.asked.portfolio.excluded),
            today=self._today,
            gone=tuple(f"{each.dataset}/{each.name}" for each in self._gone()),
        )

    def turned(self) -> Turned:
        """What is otherwise than when the last package was written, although nothing has to be compared for it."""
        if not self._sealed:
            return Turned()
        return self._last.turned(
            self._sealed[-1].number, self._present(), lambda: read_chain(self._request.folder, self._sealed)
        )

    def _present(self) -> frozenset[str]:
        there = (each for each in self._today.shards if each.scanned.status is not ShardStatus.FAILED)
        return frozenset(each.shard_id for each in there if each.shard_id is not None)

    def to_plan(self) -> list[ShardToPlan]:
        """Today's shards as the plan sees them."""
        return [each.to_plan() for each in self._today.shards]

    def done(self) -> Done:
        """What was compared with what, under today's settings."""
        rows = self._history.compared(self._case.config.outcome_sha256, RESULT_VERSION)
        return Done(rows, self._history.query_sets())

    def _groups(self) -> list[Group]:
        """What is missing, its shards opened; a shard that reads otherwise than it did before is planned anew."""
        kept_away = keep_away(self._today, self._history, utc_now())
        while True:
            groups = plan(self.asked, self.to_plan(), self.done())
            anew = False
            self._open({place for group in groups for place in group.shards} - kept_away)
            for group in groups:
                group.shards = [place for place in group.shards if place not in kept_away and self._is_open(place)]
                for place in group.shards:
                    each = self._today.shards[place]
                    if each.shard_id is not None and each.scanned.opened is not None:
                        reading = self._readings.opened(each.scanned.opened, each.shard_id)
                        anew = anew or reading != each.reading
                        each.reading = reading
            if not anew:
                return [group for group in groups if group.shards]

    def _open(self, places: Iterable[int]) -> None:
        """Open the shards that are to be compared; remote ones that are read from a copy are downloaded now."""
        wanted = [self._today.shards[place].scanned for place in places]
        unopened = [each for each in wanted if each.opened is None]
        described = {id(each): described_digest(each.shard) for each in unopened if each.to_download}
        download_shards(unopened, self._request.folder, self._watch)
        open_listed([each for each in unopened if each.opened is None], self._watch)
        for each in unopened:
            remote = described.get(id(each))
            if remote is not None and each.opened is not None:
                each.stamp = stamp_shard(each.shard)
                each.digest = digest_shard(each.shard)
                self._history.ledger.record_digest(
                    downloaded_as(remote.shard_id),
                    each.shard.bytes,
                    remote.shard_id,
                    each.digest.shard_id,
                    each.digest.sha256,
                )

    def _count_again(self, turned: frozenset[str]) -> None:
        """Let what was compared of ``turned`` shards, and of those that only another dataset has now, count for this run."""
        elsewhere = frozenset(each.shard_id for each in self._gone())
        again = ((turned | elsewhere) & self._present()) - self._history.compared_in(self._number)
        self._history.count_again(again, self._number, self._case.config.outcome_sha256, RESULT_VERSION)

    def _open_compared(self) -> None:
        """Open what counts for this run and was not compared since it began (again): the rows of its findings have to be read.

        Raises:
            Incomplete: one cannot be opened any more.
        """
        mine = self._history.compared_in(self._number)
        places = [
            place
            for place, each in enumerate(self._today.shards)
            if each.shard_id in mine and each.scanned.status is ShardStatus.SCANNED
        ]
        self._open(places)
        for place in places:
            each = self._today.shards[place].scanned
            if each.opened is None and each.status is ShardStatus.FAILED:
                raise Incomplete(
                    f"{each.shard.name} was compared, but cannot be opened again: {each.reason}",
                    hint="Nothing finished is lost: run the same command again when the file is readable.",
                )

    def _is_open(self, place: int) -> bool:
        each = self._today.shards[place].scanned
        return each.opened is not None and each.status is ShardStatus.SCANNED

    def _compare(self, asked: list[tuple[Group, Queries]], work: CaseRun, pool: Executor) -> None:
        deadly: set[str] = set()
        for group, queries in asked:
            deadly |= compare_group(group, queries, self._today.shards, work, pool)
        for each in self._today.shards:
            if each.scanned.opened is not None and each.shard_id is not None:
                each.reading = self._readings.opened(each.scanned.opened, each.shard_id)
                if each.scanned.status is ShardStatus.SCANNED:
                    self._history.forget_death(each.shard_id)
        for shard_id in sorted(deadly):
            self._history.record_death(shard_id, utc_now())
        self._history.keep_sightings(self._sightings())

    def _written(self, run: Run, work: CaseRun, chain: Chain, self_test: SelfTest, pool: Executor) -> Delta | None:
        ledger = self._history.ledger

        def facts() -> RunFacts:
            return RunFacts(
                run_id=run.run_id,
                started_at=run.started_at,
                method_fixed_at=ledger.meta(self._meta("method", self._case.config.sha256)) or run.started_at,
                finished_at=work.course.note("tool", "finished"),
                command=self._request.command,
                read_at={
                    each.name: ledger.meta(self._meta("read_at", each.name)) or "" for each in self._case.datasets
                },
                events=tuple(ledger.events()),
                self_test=self_test,
            )

        return write_delta(
            self._request.folder, run, self._today, work, chain, pool=pool, case=self._case, facts_now=facts
        )

    def _meta(self, kind: str, name: str) -> str:
        return f"run {self._number} {kind} {name}"

    def _sightings(self) -> list[Sighting]:
        return sightings_today(self._today, self._case.datasets, self._history, utc_now(), self._number)

    def _gone(self) -> list[Sighting]:
        """The shards that are missed since this run."""
        known = {(each.dataset, each.shard_id): each for each in self._sightings()}  # as it will be kept
        for dataset in self._case.datasets:
            for each in self._history.sightings(dataset.name):
                known.setdefault((each.dataset, each.shard_id), each)
        return [each for each in known.values() if each.gone_run == self._number]

    def _changed(self) -> bool:
        """Whether shards are missed since this run (or an interrupted beginning of it), or other gaps are there than before."""
        if self._gone():
            return True
        coverage = coverage_of(self._today, self._history, self._readings, self._number, self._case)
        return gaps_of(coverage) != (self._history.last_gaps() or "")

    def _begin(self) -> Run:
        """Begin the run, or go on with the one that was interrupted."""
        ledger, course = self._history.ledger, Course(self._history.ledger)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        package = f"SCAN-{case_name(self._request.folder)}-{name}"
        run = self._begun or Run(number=self._number, run_id=name, started_at=utc_now(), package=package)
        if self._begun is None:
            self._history.begin_run(run)
        course.note("user", "run started" if self._begun is None else "run resumed", " ".join(self._request.command))
        self._last.begin(self._number)
        fixed = self._meta("method", self._case.config.sha256)
        if ledger.meta(fixed) is None:
            course.note("tool", "portfolio read", f"{len(self.asked.items)} works", self._asked_digest())
            ledger.remember(fixed, course.note("tool", "method fixed", None, self._case.config.sha256))
        for dataset in self._case.datasets:
            if ledger.meta(self._meta("read_at", dataset.name)) is None:
                ledger.remember(self._meta("read_at", dataset.name), utc_now())
        return run

    def _question(self) -> Question:
        portfolio = self.asked.portfolio
        identifiers = compile_identifiers(self._case.identity, portfolio.works)
        for warning in identifiers.warnings:
            self._watch(Noticed(text=warning))
        works = len(portfolio.works)  # which of them had decoys, the outcomes know
        return Question(
            portfolio=portfolio,
            identity=self._case.identity,
            datasets=self._case.datasets,
            config=self._case.config,
            queries=compile_queries(portfolio, identifiers, control_works=works, digest=self._asked_digest()),
            claimant=self._case.claimant,
        )

    def _asked_digest(self) -> str:
        return hashlib.sha256("\n".join([*self.asked.items, self.asked.declared or "-"]).encode()).hexdigest()
