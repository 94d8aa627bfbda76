"""The comparing of a case: one query set over the shards, and the parts of shards, that lack it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - used in dataclass field types
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from scanner.config import RESULT_VERSION
from scanner.ledger import Compared, QuerySetRecord, covering
from scanner.outcomes import is_complete
from scanner.query_sets import compile_query_set, query_set
from scanner.runner import tasks
from scanner.runner.executors import Preparation
from scanner.runner.readings import Readings  # noqa: TC001 - used in dataclass field types
from scanner.runner.shard_loop import Comparing, ShardLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scanner.errors import ShardError
    from scanner.events import Watcher
    from scanner.evidence import Question
    from scanner.ledger import History, Statement
    from scanner.processes import Executor
    from scanner.queries import Queries
    from scanner.query_sets import Asked
    from scanner.runner.clock import Course
    from scanner.runner.missing import Group
    from scanner.runner.present import Present
    from scanner.shards import OpenShard, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseComparing(Comparing):
    """Comparing what is missing: ``parts`` of shards (by id) that are to be asked, of all others every part."""

    run: int
    parts: Mapping[str, frozenset[int]]
    readings: Readings

    @property
    def function(self) -> Callable[..., bytes | ShardError]:
        """See ``PartWork``."""
        return partial(tasks.compare_set, self.question.queries.digest)

    def wants(self, shard_id: str, part: Part) -> bool:
        """See ``PartWork``."""
        return shard_id not in self.parts or part.index in self.parts[shard_id]

    def covers(self, opened: OpenShard, shard_id: str, part: Part, content: bytes) -> tuple[Statement, ...]:
        """See ``PartWork``."""
        row = Compared(
            shard_id=shard_id,
            reading=self.readings.opened(opened, shard_id).digest,
            part=part.index,
            query_set=self.question.queries.digest,
            settings=self.question.config.outcome_sha256,
            result_version=RESULT_VERSION,
            outcome=self.key(opened, shard_id, part),
            complete=int(is_complete(content)),
            run=self.run,
        )
        return (covering(row),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRun:
    """What one run of a case works with: what is asked today, the ledger, the workers, whoever watches."""

    asked: Asked
    question: Question
    history: History
    readings: Readings
    course: Course
    workers: int
    watch: Watcher


def asked_of_groups(groups: Iterable[Group], run: CaseRun) -> list[tuple[Group, Queries]]:
    """The groups with their queries, each query set kept in the ledger before anything is compared with it."""
    found = []
    for group in groups:
        chosen, works = query_set(run.asked, group.missing.items, declared=group.missing.declared)
        record = QuerySetRecord(digest=chosen.digest, works=chosen.works, items=chosen.items, declared=chosen.declared)
        run.history.keep_query_set(record)
        found.append(
            (
                group,
                compile_query_set(run.asked, chosen, works, control_works=run.question.config.control_works),
            )
        )
    return found


def preparation(groups: Iterable[tuple[Group, Queries]], run: CaseRun) -> Preparation:
    """What the workers of a run have to know: the query sets of its groups, and the whole question."""
    sets = {queries.digest: queries for _, queries in groups}
    return Preparation(function=tasks.prepare_sets, arguments=(sets, run.question.queries, run.question.config))


def compare_group(
    group: Group, queries: Queries, shards: Sequence[Present], run: CaseRun, pool: Executor
) -> frozenset[str]:
    """Compare a group's shards with what they lack, each part's outcome committed as it is done; gives the shards that killed workers."""
    parts = {shards[place].shard_id: some for place, some in group.parts.items()}
    work = CaseComparing(
        question=replace(run.question, queries=queries),
        run=run.history.ledger.run,
        parts={shard_id: some for shard_id, some in parts.items() if shard_id is not None},
        readings=run.readings,
    )
    loop = ShardLoop([shards[place].scanned for place in group.shards], work, run.history.ledger, run.course, run.watch)
    loop.run(pool)
    return frozenset(loop.deadly)
