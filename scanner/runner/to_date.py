"""Everything that a case has compared to date, as outcomes of today's portfolio; and which of it this run did.

Of a part of a shard several outcomes may tell: each is put to today's works (``merging``), and what two of them answer counts once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from scanner.config import RESULT_VERSION
from scanner.errors import LedgerError
from scanner.merging import Places, merged, placed, widest
from scanner.outcomes import Compared, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.coverage import ScannedShard
    from scanner.evidence import Question
    from scanner.grading import Match
    from scanner.ledger import Compared as ComparedRow
    from scanner.ledger import History
    from scanner.query_sets import Asked

Touched = tuple[str, int, int | None, int | None]  # shard id, row number, item, place of the Work


class OutcomeLost(LedgerError):
    """An outcome that the ledger counted on is damaged or gone: it is forgotten now, and has to be made again."""


class ToDate:
    """The outcomes of a case under today's question and settings.

    Attributes:
        touched: the hits that this run found.
        not_listed: hits beyond the limits that this run counted.
        comparisons: pairs (query, row fingerprint) decided to date, for works of today.
        comparisons_of_run: those of them that this run decided.
        parts_of_run: by shard id, how many of its parts this run compared, ``finished_parts`` in all read to their end.
    """

    def __init__(self, history: History, asked: Asked, question: Question, run: int) -> None:
        """Read the ledger's rows; outcomes are read when they are asked for."""
        self._history, self._asked, self._run = history, asked, run
        self._sets = history.query_sets()
        self._rows: dict[tuple[str, str], dict[int, list[ComparedRow]]] = defaultdict(lambda: defaultdict(list))
        for row in history.compared(question.config.outcome_sha256, RESULT_VERSION):
            self._rows[row.shard_id, row.reading][row.part].append(row)
        works = asked.portfolio.works
        self._by_item = {item: place for place, item in enumerate(asked.items)}
        self._by_sha256 = {work.sha256: place for place, work in enumerate(works)}
        self._files = {**question.queries.sha256, **question.queries.md5}
        self._words = {
            name: np.bincount(known.work, minlength=len(works)) for name, known in question.queries.fingerprints.items()
        }
        self._asked_rows: dict[tuple[str, ...], tuple[int, dict[str, Compared]]] = {}
        self._with_decoys: set[int] = set()
        self.touched: set[Touched] = set()
        self.not_listed: Counter[str] = Counter()
        self.comparisons = 0
        self.comparisons_of_run = 0
        self.parts_of_run: Counter[str] = Counter()
        self.finished_parts = 0

    @property
    def control_works(self) -> int:
        """Works of today of which decoys were asked."""
        return len(self._with_decoys)

    def readings(self, shard_id: str) -> list[str]:
        """Under which readings a shard was compared."""
        return [reading for known, reading in self._rows if known == shard_id]

    def shards(self) -> list[str]:
        """All shards that were ever compared under today's settings, by id."""
        return sorted({shard_id for shard_id, _ in self._rows})

    def outcomes(self, each: ScannedShard, reading: str) -> Iterator[Outcome]:
        """The outcomes of a shard's parts in row order, one at a time in memory; what this run did of it is noted in ``each``.

        Raises:
            OutcomeLost: a recorded outcome cannot be read; it is forgotten, the plan has to be made again.
        """
        assert each.digest is not None
        shard_id = each.digest.shard_id
        each.rows_scanned, each.compared, each.faults, each.chunks = 0, Compared(), Counter(), set()
        for _, rows in sorted(self._rows.get((shard_id, reading), {}).items()):
            found = list(self._of_part(rows, each))
            if found:
                whole = merged(found)
                whole.chunks = []  # what this run read of a remote shard stands in `each`
                yield whole

    def _of_part(self, rows: list[ComparedRow], each: ScannedShard) -> Iterator[Outcome]:
        assert each.digest is not None
        taken: set[str] = set()
        mine: list[tuple[str, Outcome]] = []
        # What was read to its end first: what damage cut short counts only where nothing else answers.
        for row in sorted(rows, key=lambda one: (not one.complete, -one.run)):
            places = self._places(row.query_set, taken)
            if places is None:
                continue
            content = self._history.ledger.outcome(row.outcome)
            if content is None:
                raise OutcomeLost(f"finished work on {each.shard.name} is damaged")
            outcome = placed(Outcome.loads(content), places)
            decided = self._count(outcome, places)
            if row.run == self._run:
                self.comparisons_of_run += decided
                self.finished_parts += row.complete
                mine.append((row.query_set, outcome))
                self._touch(outcome, each.digest.shard_id)
            yield outcome
        if mine:
            self._note(mine, each)

    def _places(self, digest: str, taken: set[str]) -> Places | None:
        """Where the works of a query set stand today, without what is ``taken``; None where it answers nothing (more)."""
        asked = self._sets[digest]
        pictures = [None if item in taken else self._by_item.get(item) for item in asked.items]
        declared = asked.declared is not None and asked.declared == self._asked.declared and asked.declared not in taken
        if not declared and all(place is None for place in pictures):
            return None
        taken.update(asked.items)
        if declared and asked.declared is not None:
            taken.add(asked.declared)
        return Places(
            works=len(self._asked.portfolio.works),
            pictures=tuple(pictures),
            declared=tuple(self._by_sha256.get(sha256) for sha256 in asked.works) if declared else None,
            files=self._files,
        )

    def _count(self, outcome: Outcome, places: Places) -> int:
        here = [place for place in places.pictures if place is not None]
        decided = sum(rows * int(self._words[name][here].sum()) for name, rows in outcome.fingerprinted.items())
        self.comparisons += decided
        for table in outcome.control.values():
            self._with_decoys.update(np.flatnonzero(table.any(axis=1)).tolist())
        return decided

    def _touch(self, outcome: Outcome, shard_id: str) -> None:
        self.not_listed += outcome.not_listed
        self.touched.update((shard_id, hit.row.row_number, hit.row.item, hit.work) for hit in outcome.hits)

    def _note(self, mine: list[tuple[str, Outcome]], each: ScannedShard) -> None:
        """Add to the coverage of this run what it did of one part."""
        assert each.digest is not None
        rows = max(outcome.rows for _, outcome in mine)
        each.rows_scanned += rows
        each.compared.add(widest(outcome.compared for _, outcome in mine))
        whole = merged([outcome for _, outcome in mine])
        each.faults.update(whole.faults)
        each.chunks.update(whole.chunks)
        self.parts_of_run[each.digest.shard_id] += 1
        key = tuple(sorted(digest for digest, _ in mine))
        before, by_set = self._asked_rows.setdefault(key, (0, {digest: Compared() for digest in key}))
        for digest, outcome in mine:
            by_set[digest].add(outcome.compared)
        self._asked_rows[key] = before + rows, by_set

    def asked_of(self, place: int) -> tuple[int, Compared]:
        """The rows that this run compared with a Work, and what of them."""
        item, rows, compared = self._asked.items[place], 0, Compared()
        for key, (number, by_set) in self._asked_rows.items():
            answers = []
            for digest in key:
                known = self._sets[digest]
                if item in known.items:
                    answers.append(by_set[digest])
                elif known.declared is not None:
                    answers.append(Compared(url=by_set[digest].url, caption=by_set[digest].caption))
            if answers:
                rows += number
                compared.add(widest(answers))
        return rows, compared

    def is_touched(self, match: Match, shards: Sequence[ScannedShard]) -> bool:
        """Whether this run found any of what a match rests on."""
        digest = shards[match.shard].digest
        assert digest is not None
        rows = ((hit.row.row_number, hit.row.item, hit.work) for hit in match.hits)
        return any((digest.shard_id, *row) in self.touched for row in rows)
