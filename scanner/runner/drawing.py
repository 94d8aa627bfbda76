"""What a package shows: the rows of the listed matches, read again, and the pictures of works, rows and looks, drawn by the workers."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from scanner.errors import Incomplete, ShardError
from scanner.events import Noticed, StageAdvanced, StageBegan, StageEnded, Watcher
from scanner.evidence.records import match_id_of
from scanner.exhibits import Exhibit, ExhibitRequest, PictureRequest, WorkPictures
from scanner.hashers import ALGORITHMS
from scanner.processes import Died, Executor, Task
from scanner.runner import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.coverage import ScannedShard
    from scanner.evidence.package import Place
    from scanner.grading import Match
    from scanner.runner.looked import Looked
    from scanner.works import Portfolio

REQUESTS_AT_ONCE = 256  # rows of one exhibit task: few enough that several workers share a shard's findings


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


def draw_looks(
    matches: Sequence[Match],
    looked: Looked,
    shards: Sequence[ScannedShard],
    portfolio: Portfolio,
    with_: tuple[Executor, Watcher],
) -> dict[str, bytes]:
    """Renditions and figures of the pictures that the listed findings rest on, made by the workers, a few bodies at a time."""
    pool, watch = with_
    bodies, kept = looked.bodies, looked.kept
    shown = [
        (match, bodies[match.observation.observation_id])
        for match in matches
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
