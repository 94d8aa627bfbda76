"""The sums over all outcomes of a scan, and what they grade to: chance models need every row, so nothing is graded before the last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manifests.tiers import CHANCE_LIMIT
from scanner.chance import composition, fit
from scanner.evidence import Question, Searched
from scanner.grading import Chance, Looks, Match, group_hits, weigh_terms
from scanner.metadata import trim_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scanner.coverage import ScannedShard
    from scanner.datasets import RowRef
    from scanner.outcomes import Histogram, Hit, Outcome
    from scanner.queries import Queries
    from scanner.runner.looked import Looked


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
