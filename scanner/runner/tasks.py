"""What runs inside a worker process.  Arguments and results are plain values; nothing here prints or decides.

A worker is prepared once with the queries and the configuration (``prepare``), so that a task carries only what differs.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import pyarrow as pa

from scanner.comparisons.looks import picture_of, second_check_of
from scanner.comparisons.parts import PartComparison
from scanner.datasets import Role
from scanner.errors import ShardError
from scanner.exhibits import (
    Exhibit,
    ExhibitRequest,
    PictureRequest,
    WorkPictures,
    draw_fetched,
    draw_work,
    exhibit_rows,
)
from scanner.pipeline import compare_part
from scanner.shards import OpenShard, Part, check_unchanged, digest_shard, scan_shard
from scanner.work_pictures import surely_looked_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableSequence

    from scanner.comparisons.looks import CheckRequest
    from scanner.comparisons.parts import PartFound
    from scanner.config import ScanConfig
    from scanner.datasets import Shard, ShardDigest
    from scanner.outcomes import Checked
    from scanner.queries import Queries

P = ParamSpec("P")
R = TypeVar("R")

LISTED = frozenset(  # what a look at a row's address needs of it
    {Role.URL, Role.CAPTION, Role.PAGE_URL, Role.ROW_KEY, Role.WIDTH, Role.HEIGHT, Role.PUNSAFE, Role.NSFW, Role.SHA256}
    | {Role.MD5}
)
PROGRESS_SLOTS = 4096  # a worker counts in the slot of its process number; a clash would only blur the progress bar


@dataclass(slots=True, kw_only=True)
class _Prepared:
    queries: Queries
    config: ScanConfig
    progress: MutableSequence[int]
    parts: PartComparison | None = None  # compiled with the first picture that needs it
    sets: Mapping[str, Queries] = field(default_factory=dict)


_prepared: _Prepared | None = (
    None  # the one module global: a worker process has no other place to keep what it was prepared with
)


def prepare(queries: Queries, config: ScanConfig, progress: MutableSequence[int]) -> None:
    """Keep what every task of this process needs; ``progress`` is shared memory, one counter of bytes for each process."""
    global _prepared  # noqa: PLW0603 - see above
    _prepared = _Prepared(queries=queries, config=config, progress=progress)


def prepare_sets(
    sets: Mapping[str, Queries], queries: Queries, config: ScanConfig, progress: MutableSequence[int]
) -> None:
    """As ``prepare``, with the query sets of a case, by digest, for ``compare_set``."""
    prepare(queries, config, progress)
    assert _prepared is not None
    _prepared.sets = sets


def gaps_for_errors(task: Callable[P, R]) -> Callable[P, R | ShardError]:
    """What a task raises becomes its result: a gap of the scan, with the reason.

    An error that nobody foresaw is one too: this is the top of a worker's work, and a fault of ours on one picture must not take
    days of comparing with it.
    """

    @functools.wraps(task)
    def guarded(*arguments: P.args, **named: P.kwargs) -> R | ShardError:
        try:
            return task(*arguments, **named)
        except ShardError as error:
            return error
        except Exception as error:  # noqa: BLE001 - see above
            return ShardError(f"an unexpected error ({type(error).__name__}): {_one_line(error)}", hint="Report it.")

    return guarded


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


@gaps_for_errors
def digest(shard: Shard) -> ShardDigest:
    """SHA-256 of a shard; a shard that cannot be read is a value."""
    return digest_shard(shard)


@gaps_for_errors
def compare(opened: OpenShard, part: Part, shard_id: str, stamp: str, share: int) -> bytes:
    """The Outcome of one part as bytes.

    ``stamp`` is that of the file when its digest was taken; ``share`` is how many of its bytes the part stands for.
    """
    assert _prepared is not None
    return _compared(_prepared.queries, opened, part, shard_id, stamp, share)


@gaps_for_errors
def compare_set(digest: str, opened: OpenShard, part: Part, shard_id: str, stamp: str, share: int) -> bytes:
    """As ``compare``, with one of the query sets."""
    assert _prepared is not None
    return _compared(_prepared.sets[digest], opened, part, shard_id, stamp, share)


def _compared(queries: Queries, opened: OpenShard, part: Part, shard_id: str, stamp: str, share: int) -> bytes:
    assert _prepared is not None
    check_unchanged(opened.shard, stamp)
    outcome = compare_part(
        opened,
        part,
        queries,
        _prepared.config,
        shard_id=shard_id,
        file_of_work=partial(surely_looked_at, queries, _prepared.config),
        beat=beat_into(_prepared.progress, part, share),
    )
    check_unchanged(opened.shard, stamp)
    return outcome.dumps()


@gaps_for_errors
def exhibit(opened: OpenShard, stamp: str, requests: tuple[ExhibitRequest, ...]) -> list[Exhibit]:
    """Rows of one shard, verbatim, with the pictures that the findings on them need; ``stamp`` as in ``compare``."""
    assert _prepared is not None
    exhibits = exhibit_rows(opened, requests, _prepared.queries, _prepared.config)
    check_unchanged(opened.shard, stamp)
    return exhibits


@gaps_for_errors
def addresses(opened: OpenShard, part: Part, stamp: str) -> bytes:
    """The rows of one part that list an address, with what their look needs, as an Arrow stream; ``stamp`` as in ``compare``."""
    check_unchanged(opened.shard, stamp)
    roles = LISTED & opened.roles
    batches = [batch.rows for batch in scan_shard(opened, part, roles)]
    held = [rows.filter(rows.column(rows.schema.get_field_index(Role.URL)).is_valid()) for rows in batches]
    schema = held[0].schema if held else pa.schema([])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        for rows in held:
            stream.write_batch(rows)
    return bytes(sink.getvalue())


def compare_look(
    content: bytes, sha256: str, requests: tuple[CheckRequest, ...], equal: frozenset[int]
) -> tuple[dict[int, Checked | None], list[PartFound]] | ShardError:
    """The second checks of a fetched picture that are due, by Work; and the parts of works in it, those ``equal`` left out."""
    assert _prepared is not None
    picture = picture_of(content, sha256, _prepared.config)
    if picture is None:
        return {}, []
    file_of_work = partial(surely_looked_at, _prepared.queries, _prepared.config)
    if _prepared.parts is None:
        _prepared.parts = PartComparison(_prepared.queries, _prepared.config, file_of_work)
    try:
        checks = {request.work: second_check_of(picture, request, file_of_work) for request in requests}
        known = equal | {work for work, checked in checks.items() if checked is not None and checked.passed}
        return checks, list(_prepared.parts.found(picture, known))
    except ShardError as error:  # a file of the portfolio is not what was read at the start
        return error


def draw_look(content: bytes, finding: PictureRequest) -> dict[str, bytes]:
    """Renditions and figures of a finding's fetched picture, by their path in the package."""
    assert _prepared is not None
    return draw_fetched(content, finding, _prepared.queries, _prepared.config)


def draw(index: int, sha16: str) -> WorkPictures:
    """The exact grey pixels of a Work's own fingerprints, and a small picture of it for the report."""
    assert _prepared is not None
    return draw_work(_prepared.queries, _prepared.config, index, sha16)


def beat_into(progress: MutableSequence[int], part: Part, share: int) -> Callable[[int], None]:
    """A callback that counts rows, and the bytes they stand for, in this process's slot of ``progress``."""
    slot = os.getpid() % PROGRESS_SLOTS
    # The share of the shard's bytes that a row stands for; parts without a known number of rows are counted when they end.
    a_row = share / part.rows if part.rows else 0.0

    def beat(rows: int) -> None:
        progress[2 * slot] += int(rows * a_row)
        progress[2 * slot + 1] += rows

    return beat
