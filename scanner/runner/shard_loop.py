"""The shard loop: every shard digested, worked on in parts by worker processes, the outcomes committed to the ledger.

Nothing here depends on the order in which workers finish: outcomes are kept by key and read back in shard order.  What is done
with a part is a ``PartWork``: comparing it (here) or fingerprinting it (``indexing``).
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from scanner.config import RESULT_VERSION, ScanConfig
from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Role, ShardDigest
from scanner.errors import ShardError
from scanner.events import StageAdvanced, StageBegan, StageEnded, Watcher
from scanner.outcomes import Outcome
from scanner.processes import Died, Task
from scanner.runner import tasks
from scanner.runner.executors import Preparation
from scanner.shards import described_digest, stamp_shard

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

    from scanner.evidence import Question
    from scanner.ledger import Ledger, Statement
    from scanner.outcomes import Compared
    from scanner.processes import Executor
    from scanner.queries import Queries
    from scanner.runner.clock import Course
    from scanner.shards import OpenShard, Part

PART_ROWS = 1 << 20  # rows of a part: large enough that starting one costs nothing, small enough to resume from
PICTURE_PART_ROWS = 1 << 11  # of a shard with pictures: some ten seconds, so that all cores share one archive


def compared_part_rows(opened: OpenShard) -> int:
    """Rows of a part that is compared."""
    return PICTURE_PART_ROWS if Role.IMAGE in opened.roles else PART_ROWS


def outcome_key(queries: Queries, config: ScanConfig, opened: OpenShard, shard_id: str, part: Part) -> str:
    """Everything that can change an Outcome, as one digest."""
    said = "\n".join(
        (
            str(RESULT_VERSION),
            queries.digest,
            config.outcome_sha256,
            opened.layout.id,
            repr(sorted(opened.columns.items())),
            shard_id,
            repr(part),
        )
    )
    return hashlib.sha256(said.encode()).hexdigest()


class PartOutcome(Protocol):
    """What the loop sums up of a finished part."""

    rows: int
    compared: Compared
    faults: Counter[str]
    stopped_at: str | None


OutcomeT = TypeVar("OutcomeT", bound=PartOutcome)
OutcomeT_co = TypeVar("OutcomeT_co", bound=PartOutcome, covariant=True)


class PartWork(Protocol[OutcomeT_co]):
    """What is done with every part of every shard."""

    @property
    def title(self) -> str:
        """What the user sees it called."""
        ...

    @property
    def function(self) -> Callable[..., bytes | ShardError]:
        """Runs in a worker with ``(opened, part, shard_id, stamp, share)``; gives the outcome as bytes."""
        ...

    @property
    def preparation(self) -> Preparation:
        """What every worker process has to know for it."""
        ...

    def part_rows(self, opened: OpenShard) -> int:
        """Rows of a part: large enough that starting one costs nothing, small enough to resume from."""
        ...

    def key(self, opened: OpenShard, shard_id: str, part: Part) -> str:
        """Everything that can change the outcome, as one digest."""
        ...

    def loads(self, content: bytes) -> OutcomeT_co:
        """The outcome from its bytes."""
        ...

    def wants(self, shard_id: str, part: Part) -> bool:
        """Whether this part is still to be worked on."""
        ...

    def covers(self, opened: OpenShard, shard_id: str, part: Part, content: bytes) -> tuple[Statement, ...]:
        """What else is recorded with a finished outcome, in one transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Comparing:
    """Comparing parts with the queries of a question: the work of a scan."""

    question: Question
    title: str = "Comparing"

    @property
    def function(self) -> Callable[..., bytes | ShardError]:
        """See ``PartWork``."""
        return tasks.compare

    @property
    def preparation(self) -> Preparation:
        """See ``PartWork``."""
        return Preparation(function=tasks.prepare, arguments=(self.question.queries, self.question.config))

    def part_rows(self, opened: OpenShard) -> int:
        """See ``PartWork``."""
        return compared_part_rows(opened)

    def key(self, opened: OpenShard, shard_id: str, part: Part) -> str:
        """See ``PartWork``."""
        return outcome_key(self.question.queries, self.question.config, opened, shard_id, part)

    def loads(self, content: bytes) -> Outcome:
        """See ``PartWork``."""
        return Outcome.loads(content)

    def wants(self, shard_id: str, part: Part) -> bool:  # noqa: ARG002 - see ``PartWork``
        """A scan wants all parts."""
        return True

    def covers(self, opened: OpenShard, shard_id: str, part: Part, content: bytes) -> tuple[Statement, ...]:  # noqa: ARG002 - see ``PartWork``
        """The outcome's key says all."""
        return ()


class ShardLoop(Generic[OutcomeT]):
    """Works on the shards of a dataset; ``run`` fills in what became of each."""

    def __init__(
        self,
        shards: Sequence[ScannedShard],
        work: PartWork[OutcomeT],
        ledger: Ledger,
        course: Course,
        watch: Watcher,
    ) -> None:
        """Take the shards in scan order; nothing is read yet."""
        self._shards = shards
        self._work = work
        self._ledger = ledger
        self._course = course
        self._watch = watch
        self._progress: Sequence[int] = ()
        self._finished = [0, 0]  # bytes and rows that no worker counts: resumed, rows not known, workers not heard of
        self._submitted: set[str] = set()
        self._failed_parts: dict[str, str] = {}
        self._first_of: dict[str, ScannedShard] = {}
        self.deadly: set[str] = set()  # shards (by id) that ended the workers that read them

    def run(self, pool: Executor) -> None:
        """Digest and work on everything that the ledger lacks; few shards are begun beyond those at work.

        ``pool`` was prepared with the ``preparation`` of the same work.
        """
        self._progress = pool.progress
        total = sum(each.shard.bytes for each in self._shards if each.opened is not None)
        self._watch(StageBegan(title=self._work.title, total=total, unit="B"))
        waiting = deque(index for index, each in enumerate(self._shards) if each.opened is not None)
        self._begin_shards(waiting, pool)
        for (index, part), result in pool.completed(self._beat):
            if part is None:
                self._digested(index, result, pool)
            else:
                self._compared(index, part, result)
            self._begin_shards(waiting, pool)
        self._watch(StageEnded())
        for each in self._shards:
            self._sum_up(each)

    def _begin_shards(self, waiting: deque[int], pool: Executor) -> None:
        while waiting and pool.outstanding() < 2 * pool.width:
            index = waiting.popleft()
            each = self._shards[index]
            shard = each.shard
            try:
                each.stamp = stamp_shard(shard)
            except ShardError as error:
                self._fail(each, error.message)
                continue
            described = described_digest(shard)
            if described is not None:
                self._identified(index, described, pool)
                continue
            known = self._ledger.digest(shard.path, shard.bytes, each.stamp)
            if known is None:
                pool.submit(Task(key=(index, None), function=tasks.digest, arguments=(shard,)))
            else:
                digest = ShardDigest(
                    shard_id=known[0],
                    sha256=known[1],
                    digest_by="computed",
                    bytes=shard.bytes,
                    publisher=None if shard.remote is None else shard.remote.publisher,
                )
                self._digested(index, digest, pool)

    def _digested(self, index: int, result: ShardDigest | ShardError | Died, pool: Executor) -> None:
        each = self._shards[index]
        if isinstance(result, ShardError | Died):
            self._fail(each, _reason(result))
            return
        self._ledger.record_digest(each.shard.path, each.shard.bytes, each.stamp, result.shard_id, result.sha256)
        self._identified(index, result, pool)

    def _identified(self, index: int, result: ShardDigest, pool: Executor) -> None:
        """Submit the parts of a shard that is known by now."""
        each = self._shards[index]
        each.digest = result
        assert each.opened is not None
        try:
            parts = each.opened.parts(self._work.part_rows(each.opened))
        except ShardError as error:
            self._fail(each, error.message)
            return
        share = each.shard.bytes // len(parts) if parts else 0
        for part in parts:
            if not self._work.wants(result.shard_id, part):
                self._finished[0] += share
                continue
            key = self._work.key(each.opened, result.shard_id, part)
            each.keys.append(key)
            if key in self._submitted:  # the same file given twice is compared once
                continue
            self._submitted.add(key)
            done = self._finished_outcome(key)
            if done is not None:
                self._finished[0] += share
                self._finished[1] += done.rows
                continue
            arguments = (each.opened, part, result.shard_id, each.stamp, share)
            pool.submit(Task(key=(index, (key, part, share)), function=self._work.function, arguments=arguments))

    def _finished_outcome(self, key: str) -> OutcomeT | None:
        """What an earlier run finished; what damage ended is tried again, since a disk that failed may be back."""
        content = self._ledger.outcome(key)
        outcome = None if content is None else self._work.loads(content)
        return None if outcome is None or outcome.stopped_at is not None else outcome

    def _compared(self, index: int, keyed: tuple[str, Part, int], result: bytes | ShardError | Died) -> None:
        key, part, share = keyed
        each = self._shards[index]
        if isinstance(result, ShardError | Died):
            self._failed_parts[key] = _reason(result)
            if isinstance(result, Died) and each.digest is not None:
                self.deadly.add(each.digest.shard_id)
            return
        assert each.opened is not None
        assert each.digest is not None
        self._ledger.record_outcome(key, result, *self._work.covers(each.opened, each.digest.shard_id, part, result))
        if not part.rows or not self._progress:
            self._finished[0] += share
        if not self._progress:
            self._finished[1] += part.rows or 0
        self._watch(StageAdvanced(done=self._bytes(), doing=each.shard.name, rows=self._rows()))

    def _beat(self) -> None:
        self._watch(StageAdvanced(done=self._bytes(), rows=self._rows()))

    def _bytes(self) -> int:
        return self._finished[0] + int(sum(self._progress[0::2]))

    def _rows(self) -> int:
        return self._finished[1] + int(sum(self._progress[1::2]))

    def _fail(self, each: ScannedShard, reason: str) -> None:
        each.status, each.reason = ShardStatus.FAILED, reason
        self._course.note("tool", "shard failed", f"{each.shard.dataset.name}/{each.shard.name}: {reason}")

    def _sum_up(self, each: ScannedShard) -> None:
        if each.status is not ShardStatus.SCANNED or each.digest is None:
            return
        first = self._first_of.setdefault(each.digest.shard_id, each)
        if first is not each:
            each.keys = []
            each.status = ShardStatus.SKIPPED
            each.reason = f"same file as {first.shard.dataset.name}/{first.shard.name}"
            return
        failures = [self._failed_parts[key] for key in each.keys if key in self._failed_parts]
        read = 0
        for outcome in self.outcomes(each):
            read += 1
            each.rows_scanned += outcome.rows
            each.compared.add(outcome.compared)
            each.faults.update(outcome.faults)
            if outcome.stopped_at is not None:
                failures.append(outcome.stopped_at)
        if read < len(each.keys) and not failures:  # whatever the cause, a part without its outcome was not scanned
            failures.append(f"{each.shard.name}: the finished work on a part of it is lost")
        if failures:
            self._fail(each, failures[0])
        else:
            self._course.note(
                "tool", "shard scanned", f"{each.shard.dataset.name}/{each.shard.name}", each.digest.sha256
            )

    def outcomes(self, each: ScannedShard) -> Iterator[OutcomeT]:
        """The outcomes of a shard's parts in row order, one at a time in memory."""
        for key in each.keys:
            content = self._ledger.outcome(key)
            if content is not None:
                yield self._work.loads(content)


def _reason(result: ShardError | Died) -> str:
    return "a worker process ended twice while reading it" if isinstance(result, Died) else result.message
