"""All outcomes to Findings: chance models over the whole scan, grades, and the rows of what is listed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manifests.tiers import CHANCE_LIMIT
from scanner.chance import composition, fit
from scanner.datasets import RowFault
from scanner.errors import Incomplete, ShardError
from scanner.events import Noticed, StageAdvanced, StageBegan, StageEnded, Watcher
from scanner.evidence import Findings, Question, Searched
from scanner.evidence.records import match_id_of
from scanner.exhibits import Exhibit, ExhibitRequest, PictureRequest, WorkPictures
from scanner.grading import Chance, Match, group_hits, listed, tiers_not_listed, weigh_terms
from scanner.hashers import ALGORITHMS
from scanner.metadata import trim_terms
from scanner.processes import Died, Executor, Task
from scanner.runner import tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from scanner.coverage import ScannedShard
    from scanner.evidence.package import Place
    from scanner.outcomes import Histogram, Hit, Outcome
    from scanner.queries import Queries
    from scanner.works import Portfolio

REQUESTS_AT_ONCE = 256  # rows of one exhibit task: few enough that several workers share a shard's findings


def is_of_domain(hit: Hit, domains: frozenset[str]) -> bool:
    """Whether a hit says no more than that a row lies under one of these declared domains."""
    return hit.kind == "host_equal" and "domain" in hit.detail and hit.value in domains


class Gathered:
    """The sums over all outcomes; hits are kept, histograms added.

    ``rows`` are the rows whose fingerprints were compared, by algorithm; ``comparisons`` the pairs (query, row) decided.
    """

    def __init__(self, queries: Queries) -> None:
        """Begin with nothing."""
        self._queries = queries
        shapes = {name: (queries.works, known.bits + 1) for name, known in queries.fingerprints.items()}
        self.hits: list[tuple[int, Hit]] = []
        self.nearest: dict[str, Histogram] = {name: np.zeros(shape, np.int64) for name, shape in shapes.items()}
        self.control: dict[str, Histogram] = {
            name: np.zeros((known.decoy_works, known.bits + 1), np.int64)
            for name, known in queries.fingerprints.items()
        }
        self.control_near: Counter[tuple[str, int, int]] = Counter()
        self.rows: Counter[str] = Counter()
        self.not_listed: Counter[str] = Counter()
        self.terms: Counter[str] = Counter()
        self.rows_scanned = 0

    def add_all(self, shards: Sequence[ScannedShard], outcomes: Callable[[ScannedShard], Iterable[Outcome]]) -> None:
        """Add the outcomes of all shards, in shard order."""
        for index, scanned in enumerate(shards):
            identifiers = self._queries.identifiers
            released = scanned.shard.dataset.release
            outside = frozenset[str]() if identifiers is None else identifiers.domains_outside(released)
            for outcome in outcomes(scanned):
                self.add(index, outcome, outside)

    def add(self, index: int, outcome: Outcome, outside: frozenset[str] = frozenset()) -> None:
        """Add the outcome of a part of shard ``index``; domains ``outside`` the time of its release are not matched."""
        self.rows_scanned += outcome.rows
        self.hits += [(index, hit) for hit in outcome.hits if not (outside and is_of_domain(hit, outside))]
        for name in self.nearest:
            self.nearest[name] += outcome.nearest[name]
            self.control[name] += outcome.control[name]
        self.rows.update(outcome.fingerprinted)
        self.not_listed.update(
            {term: n for term, n in outcome.not_listed.items() if term.removeprefix("host_equal:") not in outside}
        )
        self.terms = trim_terms(self.terms + outcome.terms)
        for name, work, distance, count in outcome.control_near:
            self.control_near[name, work, distance] += count

    def searched(self) -> Searched:
        """How much was compared in all."""
        fingerprints = self._queries.fingerprints
        return Searched(
            rows_scanned=self.rows_scanned,
            comparisons=sum(self.rows[name] * len(known.words) for name, known in fingerprints.items()),
            control_works=max((known.decoy_works for known in fingerprints.values()), default=0),
            control_findings=self.control_findings(),
        )

    def graded(self, question: Question) -> Graded:
        """Everything that holds, graded with the chance models over all rows."""
        chance = self.chance()
        hits, furniture = weigh_terms(self.hits, self.terms, self.rows_scanned)
        matches = group_hits(hits, question.portfolio, chance, question.config)
        return Graded(matches=matches, chance=chance, furniture=furniture)

    def chance(self) -> Chance:
        """The chance models of the works, over all rows of the scan."""
        models = {
            name: fit(self.nearest[name], known.bits, composition(known.words, known.work, self._queries.works))
            for name, known in self._queries.fingerprints.items()
        }
        return Chance(models=models, rows={name: self.rows[name] for name in models})

    def control_findings(self) -> int:
        """Rows near enough to a decoy to carry a claim: what the method finds where there is nothing to find."""
        models = {
            name: fit(self.control[name], known.bits, composition(known.decoys, known.decoy_work, known.decoy_works))
            for name, known in self._queries.fingerprints.items()
        }
        return sum(
            count
            for (name, work, distance), count in self.control_near.items()
            if models[name].expected(work, distance, self.rows[name]) <= float(CHANCE_LIMIT)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """All matches, listed or not, in scan order; ``furniture`` counts by tier the hits that site furniture had."""

    matches: Sequence[Match]
    chance: Chance
    furniture: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The matches that are listed, and ``beyond`` them, by tier, how many are not."""

    matches: Sequence[Match]
    beyond: Counter[str]
    chance: Chance
    searched: Searched


def gather_findings(
    shards: Sequence[ScannedShard],
    outcomes: Callable[[ScannedShard], Iterable[Outcome]],
    question: Question,
    pool: Executor,
    watch: Watcher,
) -> Findings:
    """Grade everything, choose what is listed, read those rows, and draw the works."""
    gathered = Gathered(question.queries)
    gathered.add_all(shards, outcomes)
    graded = gathered.graded(question)
    kept, beyond = listed(graded.matches, question.config)
    beyond += graded.furniture + tiers_not_listed(gathered.not_listed, graded.chance)
    chosen = Chosen(matches=kept, beyond=beyond, chance=graded.chance, searched=gathered.searched())
    return exhibit_findings(chosen, shards, question, pool, watch)


def exhibit_findings(
    chosen: Chosen,
    shards: Sequence[ScannedShard],
    question: Question,
    pool: Executor,
    watch: Watcher,
) -> Findings:
    """Read the rows of the matches that are listed, and draw the works."""
    portfolio = question.portfolio
    exhibits = read_exhibits(chosen.matches, shards, portfolio, pool, watch)
    for (index, _, _), exhibit in exhibits.items():
        check = exhibit.verbatim.row_check
        if check is not None and not check["equal"]:
            shards[index].faults[RowFault.ROW_CHECK_FAILED] += 1
    return Findings(
        matches=chosen.matches,
        exhibits=exhibits,
        work_pictures=draw_works(portfolio, pool, watch),
        not_listed={str(tier): count for tier, count in sorted(chosen.beyond.items()) if count},
        searched=chosen.searched,
        chance=chosen.chance,
    )


def read_exhibits(
    matches: Sequence[Match],
    shards: Sequence[ScannedShard],
    portfolio: Portfolio,
    pool: Executor,
    watch: Watcher,
) -> dict[Place, Exhibit]:
    """Read the rows of all listed matches from their shards, in the workers.

    Raises:
        Incomplete: a shard that was scanned cannot be read any more.
    """
    tasks_of = list(_exhibit_tasks(matches, shards, portfolio))
    watch(StageBegan(title="Reading findings", total=sum(len(task.arguments[1]) for task in tasks_of), unit=" rows"))
    for task in tasks_of:
        pool.submit(task)
    exhibits: dict[Place, Exhibit] = {}
    for (index, _), result in pool.completed(lambda: watch(StageAdvanced(done=len(exhibits)))):
        if isinstance(result, ShardError | Died):
            why = "a worker process ended twice" if isinstance(result, Died) else result.message
            raise Incomplete(
                f"{shards[index].shard.name} was compared, but its rows could not be read again: {why}",
                hint="Nothing finished is lost: run the same command again when the file is readable.",
            )
        for exhibit in result:
            exhibits[index, exhibit.row_number, exhibit.item] = exhibit
            shards[index].chunks.update(exhibit.verbatim.chunks)
    watch(StageEnded())
    return exhibits


def draw_works(portfolio: Portfolio, pool: Executor, watch: Watcher) -> tuple[WorkPictures, ...]:
    """Renditions and thumbnails of all works, made by the workers, in portfolio order."""
    watch(StageBegan(title="Drawing your works", total=len(portfolio.works), unit=" works"))
    for index, work in enumerate(portfolio.works):
        pool.submit(Task(key=index, function=tasks.draw, arguments=(index, work.sha16)))
    drawn: dict[int, WorkPictures] = {}
    for index, result in pool.completed(lambda: watch(StageAdvanced(done=len(drawn)))):
        drawn[index] = WorkPictures() if isinstance(result, Died) else result
    watch(StageEnded())
    for index, work in enumerate(portfolio.works):
        if work.path is not None and not drawn[index].renditions:
            watch(Noticed(text=f"{work.file}: not drawn, its file changed or cannot be read any more"))
    return tuple(drawn[index] for index in range(len(portfolio.works)))


def _exhibit_tasks(matches: Sequence[Match], shards: Sequence[ScannedShard], portfolio: Portfolio) -> Iterator[Task]:
    on_row: dict[Place, list[Match]] = defaultdict(list)
    for match in matches:
        row = match.hits[0].row
        on_row[match.shard, row.row_number, row.item].append(match)
    by_shard: dict[int, list[ExhibitRequest]] = defaultdict(list)
    for (index, row_number, item), found in on_row.items():
        asked = [_picture_request(match, portfolio, shards[index]) for match in found if match.work is not None]
        packaged = [match.match_id for match in asked if match.fingerprints]
        has_picture = any(hit.picture_sha256 is not None for match in found for hit in match.hits)
        by_shard[index].append(
            ExhibitRequest(
                row_number=row_number,
                item=item,
                pictures=tuple(asked) if has_picture else (),
                work_renditions=() if has_picture or not packaged else tuple(asked),
            )
        )
    for index, requests in sorted(by_shard.items()):
        for start in range(0, len(requests), REQUESTS_AT_ONCE):
            chunk = tuple(requests[start : start + REQUESTS_AT_ONCE])
            yield Task(
                key=(index, start), function=tasks.exhibit, arguments=(shards[index].opened, shards[index].stamp, chunk)
            )


def _picture_request(match: Match, portfolio: Portfolio, scanned: ScannedShard) -> PictureRequest:
    assert match.work is not None
    near = [
        (algorithm, hit.variant)
        for hit in match.hits
        for algorithm in ALGORITHMS
        if hit.variant is not None and hit.metric == f"hamming/{algorithm}"
    ]
    return PictureRequest(
        match_id=match_id_of(match, portfolio, scanned),
        work=match.work,
        work_sha16=portfolio.works[match.work].sha16,
        fingerprints=tuple(near),
        region=next((region for hit in match.hits if (region := hit.region) is not None), None),
    )
