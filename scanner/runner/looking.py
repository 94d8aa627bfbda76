"""Looking at the listed addresses of rows: what was returned, beside the works, and what is to be said of it.

::

    rows ── wanted ──> looks (polite loop, store) ──> opt-out signals, placeholders
                                                 └──> pictures ── digest, fingerprints, second check ──> hits
    rows without a live match ──> archives ──> captures ── the same ──> hits

Everything that was received lies in the store, so that the same looks give the same findings, whoever asks again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scanner.archives import Archives, LookAsker, open_pace
from scanner.comparisons.looks import LookComparison, SeenPicture, check_requests, part_hit, without_unconfirmed
from scanner.errors import ShardError
from scanner.events import Noticed, StageAdvanced, StageBegan, StageEnded, Watcher
from scanner.fetch.blocking import BlockingClient
from scanner.fetch.decoders import DecoderLimits, Decoders
from scanner.grading import RowLook
from scanner.hashers import is_low_detail
from scanner.looks import Outside, Wanted, fetch_looks, plan_looks
from scanner.looks.outside import limits_of
from scanner.observations import FetchOutcome
from scanner.placeholders import confirmed, has_other_shape, probed_hosts, suspicions
from scanner.processes import Died, Task
from scanner.runner import tasks
from scanner.runner.archived import Archived, RecordingAsker, StillPace, look_into_archives
from scanner.runner.choosing import years_since
from scanner.runner.look_reader import TDMREP, LookReader
from scanner.runner.looked import ListedRow, Looked, TakenLook, received, recorded_digests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scanner.comparisons.looks import CheckRequest
    from scanner.comparisons.parts import PartFound
    from scanner.evidence import Question
    from scanner.looks import FetchRun, LookStore
    from scanner.outcomes import Checked, Hit
    from scanner.processes import Executor
    from scanner.runner.looked import LookKey, Row3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How a scan sees the world: ``store`` keeps its looks, ``folder`` the archives' queue.

    ``asks`` is off where nothing is requested and only what is kept counts.
    """

    store: LookStore
    folder: Path
    asks: bool
    outside: Outside = field(default_factory=Outside)


def look_at_rows(
    rows: Sequence[ListedRow],
    wanted: Sequence[Wanted],
    before: Sequence[tuple[int, Hit]],
    question: Question,
    outlook: Outlook,
    with_: tuple[Executor, Watcher],
) -> Looked:
    """Look at the addresses of rows, and compare what they return with the works.

    Args:
        rows: those whose look counts, each once.
        wanted: what is asked for; everything in it is in the store afterwards.
        before: what other rules found, by shard: on these rows a picture is checked with the Work that they name.
        question: works and settings.
        outlook: how the world is seen.
        with_: the executor for second checks, and who is told.

    Raises:
        OutputError: disk full; what was finished is kept.
    """
    looking = _Looking(rows, question, outlook, *with_)
    if outlook.asks:
        looking.fetch(wanted)
    looking.see_live()
    looking.compare(before)
    looking.see_archived(before)
    return looking.looked()


class _Looking:
    def __init__(
        self, rows: Sequence[ListedRow], question: Question, outlook: Outlook, pool: Executor, watch: Watcher
    ) -> None:
        self._rows = sorted(rows, key=lambda row: row.place)
        self._question = question
        self._config = question.config
        self._left = question.config.fetch_policy
        self._outlook = outlook
        self._store = outlook.store
        self._pool = pool
        self._watch = watch
        self._comparison = LookComparison(question.queries, question.config)
        self._reader = LookReader(outlook.store, outlook.outside.allowed)
        self._by_row: defaultdict[Row3, list[TakenLook]] = defaultdict(list)
        self._listing: defaultdict[LookKey, list[Row3]] = defaultdict(list)  # the rows of each look
        self._said: defaultdict[tuple[Row3, str], dict[str, str]] = defaultdict(dict)
        self._suspected: frozenset[str] = frozenset()
        self._hits: list[tuple[int, Hit]] = []
        self._checks: defaultdict[str, dict[int, Checked]] = defaultdict(dict)  # by digest of the picture, then by Work
        self._pictured: set[Row3] = set()
        self._unfinished: list[str] = []

    # -- live

    def fetch(self, wanted: Sequence[Wanted]) -> None:
        """Ask for what is wanted, and, of sites that answered, for what they reserve."""
        policy = self._config.fetch_policy
        outside = self._outlook.outside
        years = years_since(self._rows, outside.now())
        for sentence in plan_looks(wanted, policy=policy, store=self._store, outside=outside, years=years).sentences():
            self._watch(Noticed(text=sentence))
        run = self._ask(wanted)
        if run.unfinished:
            self._unfinished.append(
                f"{run.unfinished:,} listed addresses gave no final answer: their hosts want to be asked later, or a budget ended"
            )
        self._ask_beside([Wanted(url=url, kind="robots", rank=9) for url in self._tdmrep_addresses(wanted)])

    def _ask(self, wanted: Sequence[Wanted]) -> FetchRun:
        """Ask within what is left of this run's budgets."""
        run = fetch_looks(
            wanted, policy=self._left, store=self._store, watch=self._watch, outside=self._outlook.outside
        )
        self._left = self._left.less(requests=run.requests, received=run.bytes, seconds=run.seconds)
        return run

    def _ask_beside(self, wanted: Sequence[Wanted]) -> None:
        """Ask for what no row lists: of these, only what a budget cut off makes a run incomplete."""
        over = self._ask(wanted).outcomes[FetchOutcome.OVER_BUDGET] if wanted else 0
        if over:
            self._unfinished.append(f"questions to hosts about what they returned that a budget cut off: {over:,}")

    def _tdmrep_addresses(self, wanted: Sequence[Wanted]) -> list[str]:
        sites = set()
        for each in wanted:
            look = self._store.look(each.kind, each.url)
            if look is not None and look.exchanges:
                sites.add(self._reader.site_file(each.url, TDMREP))
        return sorted(site for site in sites if site is not None)

    def see_live(self) -> None:
        """Take the looks at the rows' addresses from the store; judge which are placeholders."""
        for row in self._rows:
            look = self._reader.take("live", row.url)
            if look is not None:
                self._by_row[row.place].append(look)
                self._listing[look.key].append(row.place)
        self._judge_placeholders()

    def _judge_placeholders(self) -> None:
        seen: dict[str, tuple[ListedRow, TakenLook]] = {}
        for row in self._rows:
            for look in self._by_row[row.place]:
                seen.setdefault(look.observation.observation_id, (row, look))
        answers = [
            received(look, row.url, row.caption, low_detail=look.detail is not None and is_low_detail(look.detail))
            for row, look in seen.values()
        ]
        suspected = suspicions(answers)
        probes = probed_hosts(answers, suspected)
        if self._outlook.asks and probes:
            self._ask_beside([Wanted(url=url, rank=9) for url in probes.values()])
        returned = {host: self._reader.take("live", url) for host, url in probes.items()}
        digests = {
            host: look.observation.content_sha256
            for host, look in returned.items()
            if look is not None and look.observation.outcome is FetchOutcome.IMAGE
        }
        for observation_id in confirmed(answers, suspected, digests):
            _, look = seen[observation_id]
            better = self._reader.correct(look, FetchOutcome.PLACEHOLDER)
            for place in self._listing[look.key]:
                self._by_row[place] = [better]
        self._suspected = frozenset(suspected)

    # -- pictures beside works

    def compare(self, before: Sequence[tuple[int, Hit]]) -> None:
        """Compare the pictures of all looks that were not compared yet; make the second checks that are due."""
        seen = [
            SeenPicture(
                observation=look.observation.observation_id,
                archived=look.observation.kind == "archive",
                shard=row.shard,
                row=row.row,
                sha256=look.observation.content_sha256 or "",
                fingerprints=look.fingerprints,
            )
            for row in self._rows
            for look in self._by_row[row.place]
            if self._is_picture(look) and not self._was_compared(row, look)
        ]
        hits = self._comparison.hits(seen)
        self._pictured |= {
            (each.shard, each.row.row_number, -1 if each.row.item is None else each.row.item) for each in seen
        }
        self._hits += self._checked(seen, hits, before)

    @staticmethod
    def _is_picture(look: TakenLook) -> bool:
        return (
            look.observation.outcome is FetchOutcome.IMAGE
            and look.observation.content_sha256 is not None
            and bool(look.fingerprints)
        )

    def _was_compared(self, row: ListedRow, look: TakenLook) -> bool:
        return look.observation.kind == "live" and row.place in self._pictured

    def _checked(
        self, seen: Sequence[SeenPicture], hits: Sequence[tuple[int, Hit]], before: Sequence[tuple[int, Hit]]
    ) -> list[tuple[int, Hit]]:
        """The hits with what the second checks say, and the parts of works that were found in the pictures."""
        keys = {each.sha256: self._reader.key_of(each.observation) for each in seen}
        requests = check_requests(seen, hits, before)
        equal: defaultdict[str, set[int]] = defaultdict(set)
        for _, hit in hits:
            if hit.kind == "digest_equal" and hit.work is not None:
                equal[hit.picture_sha256 or ""].add(hit.work)
        due: defaultdict[str, list[CheckRequest]] = defaultdict(list)
        for request in requests:
            due[request.sha256].append(request)
        waiting = sorted(keys)
        self._watch(StageBegan(title="Looking at what was returned", total=len(waiting), unit=" pictures"))
        parts: dict[str, list[PartFound]] = {}
        begin = iter(waiting)

        def submit() -> None:
            for sha256 in begin:
                body = self._reader.body(keys[sha256])
                if body is not None:
                    asked = (body, sha256, tuple(due[sha256]), frozenset(equal[sha256]))
                    self._pool.submit(Task(key=sha256, function=tasks.compare_look, arguments=asked))
                    if self._pool.outstanding() >= 2 * self._pool.width:
                        return

        submit()
        for sha256, result in self._pool.completed(lambda: self._watch(StageAdvanced(done=len(parts)))):
            if isinstance(result, ShardError):
                self._unfinished.append(result.message)
            checks, parts[sha256] = ({}, []) if isinstance(result, Died | ShardError) else result
            self._checks[sha256].update({work: checked for work, checked in checks.items() if checked is not None})
            submit()
        self._watch(StageEnded())
        checked = [
            (
                shard,
                replace(
                    hit, checked=None if hit.work is None else self._checks[hit.picture_sha256 or ""].get(hit.work)
                ),
            )
            for shard, hit in hits
        ]
        for each in seen:
            for found in parts.get(each.sha256, ()):
                checked = without_unconfirmed(checked, each, found.part.work)
                checked.append((each.shard, part_hit(each, found)))
                self._checks[each.sha256][found.part.work] = found.checked
        return checked

    # -- archives

    def see_archived(self, before: Sequence[tuple[int, Hit]]) -> None:
        """Ask the archives about the rows that a Work was found for and whose live look confirms nothing."""
        policy = self._left
        found = {_place(shard, hit) for shard, hit in before if hit.work is not None}
        sure = {
            _place(shard, hit)
            for shard, hit in self._hits
            if hit.kind == "digest_equal" or (hit.checked is not None and hit.checked.passed)
        }
        # What the dataset marks as unsafe is asked for nowhere.
        rows = [row for row in self._rows if row.place in found - sure and not row.unsafe]
        if not policy.archives or not rows:
            return
        decoding = DecoderLimits(
            picture=self._outlook.outside.picture, memory_mib=policy.decode_memory_mib, cpu_s=policy.decode_cpu_s
        )
        outside = self._outlook.outside
        with (
            BlockingClient(
                contact=policy.contact, allowed=outside.allowed, resolver=outside.resolver, context=outside.context
            ) as client,
            Decoders(1, decoding) as decoders,
            open_pace(self._outlook.folder) as (pace, queue),
        ):
            asker = RecordingAsker(
                LookAsker(client, self._store, decoders.look_now, limits_of(policy, outside.picture))
            )
            asks = self._outlook.asks
            archives = Archives(asker, pace if asks else StillPace(), policy)
            archived = look_into_archives(rows, archives, queue, self._question.queries, policy, (asks, self._watch))
        self._take_archived(rows, archived, asker)
        self.compare(before)

    def _take_archived(self, rows: Sequence[ListedRow], archived: Archived, asker: RecordingAsker) -> None:
        for kind, url in asker.used:
            self._reader.take(kind, url)
        for row in rows:
            for key in archived.looks.get(row.url, ()):
                look = self._reader.take(*key)
                if look is not None and look.observation.archive is not None:
                    self._by_row[row.place].append(look)
                    if row.window.last is None:  # nobody says when the dataset was made: there is no gap to state
                        continue
                    gap = row.window.gap_days(_digits(look.observation.archive.captured_at))
                    self._said[row.place, look.observation.observation_id]["capture_gap_days"] = str(gap)
            for look in self._by_row[row.place]:
                self._said[row.place, look.observation.observation_id].update(archived.said.get(row.place, {}))
        self._unfinished += archived.unfinished

    # -- what is given back

    def looked(self) -> Looked:
        """Everything that was found out."""
        rows: dict[Row3, list[RowLook]] = {}
        bodies: dict[str, LookKey] = {}
        for row in self._rows:
            for look in self._by_row[row.place]:
                observation = look.observation
                rows.setdefault(row.place, []).append(self._row_look(row, look))
                if self._is_picture(look) and look.has_body:
                    bodies[observation.observation_id] = look.key
        counted: defaultdict[int, set[int]] = defaultdict(set)
        for shard, number, _ in self._pictured:
            counted[shard].add(number)
        return Looked(
            rows=rows,
            hits=self._hits,
            prints={str(name): prints for name, prints in self._comparison.prints.items()},
            pictured={shard: len(numbers) for shard, numbers in counted.items()},
            bodies=bodies,
            kept=self._reader.kept(),
            unfinished=tuple(self._unfinished),
        )

    def _row_look(self, row: ListedRow, look: TakenLook) -> RowLook:
        observation = look.observation
        said = {**recorded_digests(row, look), **self._said[row.place, observation.observation_id]}
        if has_other_shape(row.size, look.size):
            said["shape"] = "width to height of the picture returned differs from the row's"
        return RowLook(
            observation=observation,
            checks=self._checks[observation.content_sha256 or ""] if self._is_picture(look) else {},
            suspected=observation.observation_id in self._suspected,
            said=said,
        )


def _place(shard: int, hit: Hit) -> Row3:
    return shard, hit.row.row_number, -1 if hit.row.item is None else hit.row.item


def _digits(captured_at: str) -> str:
    return "".join(character for character in captured_at if character.isdigit())
