"""All outcomes to Findings: gathered, graded, chosen, looked at where that is asked for, and shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manifests.tiers import TIER_NUMBER
from scanner.datasets import RowFault
from scanner.evidence import Findings, Question, Searched, SeenOutside
from scanner.grading import Chance, Match, listed, tiers_not_listed
from scanner.runner.choosing import CANDIDATE_RANK, LAST_RANK, all_rows, rows_of
from scanner.runner.drawing import draw_looks, draw_works, read_exhibits
from scanner.runner.gathered import Gathered
from scanner.runner.looked import ListedRow, Looked, listed_row, wanted_of
from scanner.runner.looking import Outlook, look_at_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scanner.coverage import ScannedShard
    from scanner.datasets import RowRef
    from scanner.events import Watcher
    from scanner.evidence.package import Place
    from scanner.outcomes import Outcome
    from scanner.processes import Executor
    from scanner.works import Portfolio


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


def seen_of(
    chosen: Chosen, shards: Sequence[ScannedShard], portfolio: Portfolio, with_: tuple[Executor, Watcher]
) -> SeenOutside:
    """What a package holds of looks: observations, captures, and the pictures drawn."""
    assert chosen.looked is not None
    kept = chosen.looked.kept
    return SeenOutside(
        observations=tuple(observation for _, observation in kept.observations),
        looks=kept.looks,
        pictures=draw_looks(chosen.matches, chosen.looked, shards, portfolio, with_),
        unfinished=chosen.looked.unfinished,
    )
