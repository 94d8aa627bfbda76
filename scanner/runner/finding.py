"""All outcomes to Findings: chance models over the whole scan, grades, and the rows of what is listed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manifests.tiers import CHANCE_LIMIT, TIER_NUMBER
from scanner.chance import composition, fit
from scanner.datasets import RowFault
from scanner.errors import Incomplete, ShardError
from scanner.events import Noticed, StageAdvanced, StageBegan, StageEnded, Watcher
from scanner.evidence import Findings, Question, Searched, SeenOutside
from scanner.evidence.records import match_id_of
from scanner.exhibits import Exhibit, ExhibitRequest, PictureRequest, WorkPictures
from scanner.grading import Chance, Looks, Match, group_hits, listed, tiers_not_listed, weigh_terms
from scanner.hashers import ALGORITHMS
from scanner.metadata import trim_terms
from scanner.processes import Died, Executor, Task
from scanner.runner import tasks
from scanner.runner.choosing import CANDIDATE_RANK, LAST_RANK, all_rows, rows_of
from scanner.runner.looked import ListedRow, Looked, listed_row, wanted_of
from scanner.runner.looking import Outlook, look_at_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from scanner.coverage import ScannedShard
    from scanner.datasets import RowRef
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
        self.candidates: list[tuple[int, RowRef]] = []
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
                scanned.chunks.update(outcome.chunks)
                self.add(index, outcome, outside)

    def add(self, index: int, outcome: Outcome, outside: frozenset[str] = frozenset()) -> None:
        """Add the outcome of a part of shard ``index``; domains ``outside`` the time of its release are not matched."""
        self.rows_scanned += outcome.rows
        self.candidates += [(index, row) for row in outcome.candidates]
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

    def add_looked(self, looked: Looked) -> None:
        """Add what was found in pictures that were fetched; they count as compared fingerprints and measure chance."""
        self.hits += looked.hits
        for name, prints in looked.prints.items():
            self.nearest[name] += prints.nearest
            self.control[name] += prints.control
            self.rows[name] += prints.compared
            for (work, distance), count in prints.control_near.items():
                self.control_near[name, work, distance] += count

    def graded(self, question: Question, looks: Looks | None = None) -> Graded:
        """Everything that holds, graded with the chance models over all rows; ``looks`` at the rows' addresses, if any."""
        chance = self.chance()
        hits, furniture = weigh_terms(self.hits, self.terms, self.rows_scanned)
        matches = group_hits(hits, question.portfolio, chance, question.config, looks)
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
    """The matches that are listed, and ``beyond`` them, by tier, how many are not; ``looked``: what was fetched for them."""

    matches: Sequence[Match]
    beyond: Counter[str]
    chance: Chance
    searched: Searched
    looked: Looked | None = None


def gather_findings(
    shards: Sequence[ScannedShard],
    outcomes: Callable[[ScannedShard], Iterable[Outcome]],
    question: Question,
    pool: Executor,
    watch: Watcher,
    outlook: Outlook | None = None,
) -> Findings:
    """Grade everything, choose what is listed, look at its addresses (with an ``outlook``), read those rows, and draw the works."""
    gathered = Gathered(question.queries)
    gathered.add_all(shards, outcomes)
    graded = gathered.graded(question)
    kept, beyond = listed(graded.matches, question.config)
    chosen = Chosen(matches=kept, beyond=beyond, chance=graded.chance, searched=gathered.searched())
    if outlook is not None:
        chosen = look_again(chosen, gathered, shards, question, outlook, (pool, watch))
    chosen.beyond.update(graded.furniture + tiers_not_listed(gathered.not_listed, graded.chance))
    return exhibit_findings(chosen, shards, question, pool, watch)


def look_again(
    chosen: Chosen,
    gathered: Gathered,
    shards: Sequence[ScannedShard],
    question: Question,
    outlook: Outlook,
    with_: tuple[Executor, Watcher],
) -> Chosen:
    """Look at the addresses of what is listed (or of every row), and grade it again with what they return.

    What was listed stays listed; what the fetched pictures add is listed within the same limits.
    """
    rows = rows_to_look_at(chosen.matches, gathered.candidates, shards, question, with_)
    before = [(match.shard, hit) for match in chosen.matches for hit in match.hits]
    looked = look_at_rows([row for row, _ in rows], wanted_of(rows), before, question, outlook, with_)
    gathered.add_looked(looked)
    for index, pictured in looked.pictured.items():
        shards[index].add_pictured(pictured)
    graded = gathered.graded(question, looked.rows)
    known = {(match.row, match.work) for match in chosen.matches}
    stay = [match for match in graded.matches if (match.row, match.work) in known]
    added = [
        match
        for match in graded.matches
        if (match.row, match.work) not in known and any(hit.observation is not None for hit in match.hits)
    ]
    kept = sorted(
        (*stay, *listed(added, question.config)[0]), key=lambda match: (match.row, match.work is None, match.work or 0)
    )
    every = Counter(str(match.tier) for match in graded.matches)
    return Chosen(
        matches=kept,
        beyond=every - Counter(str(match.tier) for match in kept),
        chance=graded.chance,
        searched=gathered.searched(),
        looked=looked,
    )


def rows_to_look_at(
    matches: Sequence[Match],
    candidates: Sequence[tuple[int, RowRef]],
    shards: Sequence[ScannedShard],
    question: Question,
    with_: tuple[Executor, Watcher],
) -> list[tuple[ListedRow, int]]:
    """The rows whose addresses the settings choose, each with its rank: what may raise the stronger tier comes first.

    Behind the rows of matches stand ``candidates``, which only a look can make more of.
    """
    exhibits = read_exhibits(matches, shards, question.portfolio, *with_)
    ranks: dict[Place, tuple[int, RowRef]] = {}
    for match in matches:
        row = match.hits[0].row
        place = (match.shard, row.row_number, row.item)
        ranks[place] = min(ranks.get(place, (99, row)), (TIER_NUMBER[match.tier], row), key=lambda entry: entry[0])
    rows = [
        (address, rank)
        for place, (rank, row) in ranks.items()
        if (address := listed_row(place[0], row, shards[place[0]], exhibits[place].values)) is not None
    ]
    if question.config.fetch == "all":
        chosen = {row.place for row, _ in rows}
        rows += [(row, LAST_RANK) for row in all_rows(shards, *with_) if row.place not in chosen]
    else:
        left = [(index, row) for index, row in candidates if (index, row.row_number, row.item) not in ranks]
        rows += [(row, CANDIDATE_RANK) for row in rows_of(left, shards, *with_)]
    return rows


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
        seen=None if chosen.looked is None else seen_of(chosen, shards, portfolio, (pool, watch)),
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


def seen_of(
    chosen: Chosen, shards: Sequence[ScannedShard], portfolio: Portfolio, with_: tuple[Executor, Watcher]
) -> SeenOutside:
    """What a package holds of looks: observations, captures, and the pictures drawn."""
    assert chosen.looked is not None
    kept = chosen.looked.kept
    return SeenOutside(
        observations=tuple(observation for _, observation in kept.observations),
        looks=kept.looks,
        pictures=draw_looks(chosen, shards, portfolio, with_),
        unfinished=chosen.looked.unfinished,
    )


def draw_looks(
    chosen: Chosen, shards: Sequence[ScannedShard], portfolio: Portfolio, with_: tuple[Executor, Watcher]
) -> dict[str, bytes]:
    """Renditions and figures of the pictures that the listed findings rest on, made by the workers, a few bodies at a time."""
    assert chosen.looked is not None
    pool, watch = with_
    bodies, kept = chosen.looked.bodies, chosen.looked.kept
    shown = [
        (match, bodies[match.observation.observation_id])
        for match in chosen.matches
        if match.work is not None and match.observation is not None and match.observation.observation_id in bodies
    ]
    watch(StageBegan(title="Drawing what was returned", total=len(shown), unit=" findings"))
    waiting = iter(shown)
    drawn: dict[str, dict[str, bytes]] = {}

    def submit() -> None:
        for match, key in waiting:
            body = kept.body(key)
            if body is None:
                continue
            finding = _picture_request(match, portfolio, shards[match.shard], of_look=True)
            pool.submit(Task(key=finding.match_id, function=tasks.draw_look, arguments=(body, finding)))
            if pool.outstanding() >= 2 * pool.width:
                return

    submit()
    for match_id, files in pool.completed(lambda: watch(StageAdvanced(done=len(drawn)))):
        drawn[match_id] = {} if isinstance(files, Died) else files
        submit()
    watch(StageEnded())
    return {path: content for _, files in sorted(drawn.items()) for path, content in files.items()}


def _exhibit_tasks(matches: Sequence[Match], shards: Sequence[ScannedShard], portfolio: Portfolio) -> Iterator[Task]:
    on_row: dict[Place, list[Match]] = defaultdict(list)
    for match in matches:
        row = match.hits[0].row
        on_row[match.shard, row.row_number, row.item].append(match)
    by_shard: dict[int, list[ExhibitRequest]] = defaultdict(list)
    for (index, row_number, item), found in on_row.items():
        asked = [_picture_request(match, portfolio, shards[index]) for match in found if match.work is not None]
        packaged = [match.match_id for match in asked if match.fingerprints]
        has_picture = any(hit.source_of_hash == "shard_bytes" for match in found for hit in match.hits)
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


def _picture_request(
    match: Match, portfolio: Portfolio, scanned: ScannedShard, *, of_look: bool = False
) -> PictureRequest:
    """What is to be drawn for a finding; ``of_look``: only what compares the picture of its own look."""
    assert match.work is not None
    own = match.observation.observation_id if of_look and match.observation is not None else None
    hits = [hit for hit in match.hits if not of_look or hit.observation == own]
    near = [
        (algorithm, hit.variant)
        for hit in hits
        for algorithm in ALGORITHMS
        if hit.variant is not None and hit.metric == f"hamming/{algorithm}"
    ]
    return PictureRequest(
        match_id=match_id_of(match, portfolio, scanned),
        work=match.work,
        work_sha16=portfolio.works[match.work].sha16,
        fingerprints=tuple(near),
        region=next((region for hit in hits if (region := hit.region) is not None), None),
    )
