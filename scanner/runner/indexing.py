"""One index from the user's words to a finished file: the story of ``provscan index build``.

shards -> parts fingerprinted (``shard_loop``) -> one file (``indexes``)

Unfinished work lies in ``INDEX.partial`` beside it, a ledger as for scans: a part that is done is never done again.  An index that
lacks shards is written all the same, says so in its header, and is completed by the same command (the one before it is kept as
``INDEX.incomplete-N``).  A complete index is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner._version import __version__
from scanner.config import ScanConfig
from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Role, ShardKind, is_address
from scanner.errors import OutputError, ShardError, UsageError
from scanner.events import StageBegan, StageEnded, Watcher, unwatched
from scanner.indexes import INDEX_VERSION, INDEXED, Entries, IndexPart, fingerprint_part, write_index
from scanner.ledger import open_ledger
from scanner.runner import tasks
from scanner.runner.clock import Course
from scanner.runner.destination import Destination, incomplete_name, remove_partial, same_scan
from scanner.runner.downloading import download_shards
from scanner.runner.executors import Preparation, open_executor
from scanner.runner.looking_index import LookedDataset, is_looked_at, look_at_dataset, merged
from scanner.runner.shard_loop import ShardLoop
from scanner.runner.sources import open_shards
from scanner.shards import check_unchanged
from scanner.shards.hash_index import (
    IndexedShard,
    IndexHeader,
    fingerprint_method,
    library_versions,
    read_file_header,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence

    import pyarrow as pa

    from scanner.datasets import Dataset
    from scanner.ledger import Statement
    from scanner.shards import OpenShard, Part

PICTURES_A_PART = 2048  # a minute or so of decoding: what a kill may cost
HASHES_A_PART = 1 << 20  # published hashes are only copied


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRequest:
    """What the user asked for; ``workers``: processes, None is one for each core; ``config``: how remote addresses are reached.

    With ``config.fetch`` other than off, the addresses of rows without a picture are looked at.
    """

    dataset: Dataset
    out: Path
    workers: int | None = None
    config: ScanConfig = field(default_factory=ScanConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexResult:
    """A finished index; ``record()`` is the object that ``index build --json`` prints."""

    index: Path
    sha256: str
    bytes: int
    header: IndexHeader
    seconds: float

    def record(self) -> dict[str, Any]:
        """``provscan.index/1``."""
        faults = [sum(each.faults.values()) for each in self.header.shards]
        return {
            "schema": "provscan.index/1",
            "index": str(self.index),
            "index_sha256": self.sha256,
            "rows_sha256": self.header.rows_sha256,
            "bytes": self.bytes,
            "rows": self.header.rows,
            "pictures": self.header.pictures,
            "published": self.header.published,
            "looked": self.header.looked,
            "fetched": self.header.fetched,
            "row_faults": sum(faults),
            "shards": {
                status.value: sum(each.status == status.value for each in self.header.shards) for status in ShardStatus
            },
            "seconds": round(self.seconds, 3),
        }


def run_index(request: IndexRequest, watch: Watcher = unwatched) -> IndexResult:
    """Fingerprint all pictures at hand of a dataset, copy its published hashes, write the index.

    Raises:
        UsageError: a dataset that is not there, is an index itself or holds nothing to index; a place that is taken.
        OutputError: disk full or read-only; finished work is kept and the same call resumes.
        KeyboardInterrupt: passed on after the workers have ended; the same call resumes.
    """
    began = time.monotonic()
    workers = request.workers or os.cpu_count() or 1
    shards = open_shards((request.dataset,), watch, request.config)
    waiting = any(each.to_download for each in shards)
    looks = request.config.fetch != "off"
    if not waiting:
        _keep_what_can_be_indexed(shards, request.dataset, looks=looks)
    work = Fingerprinting(config=request.config) if looks else Fingerprinting()
    key = build_key(request.dataset, work)
    place = choose_place(request.out, key)
    with open_ledger(place.partial) as ledger:
        ledger.remember("scan_key", key)
        if waiting:
            download_shards(shards, place.partial, watch)
            _keep_what_can_be_indexed(shards, request.dataset, looks=looks)
        loop = ShardLoop(shards, work, ledger, Course(ledger), watch)
        with open_executor(work.preparation, workers) as pool:
            loop.run(pool)
            looked = look_at_dataset(shards, pool, place.partial, request.config, watch) if looks else None
        watch(StageBegan(title="Writing the index", total=None, unit=" rows"))
        temporary = place.partial / "index.tmp"
        header = write_index(
            temporary, _entries(shards, loop, looked), _header_of(request.dataset, work, shards, looked)
        )
        sha256, size = _digest(temporary)
        if place.replaces_incomplete:
            place.package.rename(incomplete_name(place.package))
        temporary.replace(place.package)
        watch(StageEnded())
    if not header.gaps:
        remove_partial(place.partial)
    return IndexResult(index=place.package, sha256=sha256, bytes=size, header=header, seconds=time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class Fingerprinting:
    """Fingerprinting parts: the work of an index.  See ``shard_loop.PartWork``."""

    config: ScanConfig = field(default_factory=ScanConfig)
    title: str = "Fingerprinting"

    @property
    def limits(self) -> dict[str, int]:
        """What a stored picture may be; larger ones are counted, not fingerprinted."""
        names = ("row_max_pixels", "row_max_side", "row_max_bytes")
        return {name: int(getattr(self.config, name)) for name in names}

    @property
    def function(self) -> Callable[..., bytes | ShardError]:
        """See ``PartWork``."""
        return fingerprint

    @property
    def preparation(self) -> Preparation:
        """See ``PartWork``."""
        return Preparation(function=prepare, arguments=(self.config,))

    def part_rows(self, opened: OpenShard) -> int:
        """See ``PartWork``."""
        return PICTURES_A_PART if Role.IMAGE in opened.roles else HASHES_A_PART

    def key(self, opened: OpenShard, shard_id: str, part: Part) -> str:
        """See ``PartWork``."""
        return _digest_of(self.settings(), opened.layout.id, sorted(opened.columns.items()), shard_id, repr(part))

    def loads(self, content: bytes) -> IndexPart:
        """See ``PartWork``."""
        return IndexPart.loads(content)

    def wants(self, shard_id: str, part: Part) -> bool:  # noqa: ARG002 - see ``PartWork``
        """An index wants all parts."""
        return True

    def covers(self, opened: OpenShard, shard_id: str, part: Part, content: bytes) -> tuple[Statement, ...]:  # noqa: ARG002 - see ``PartWork``
        """The outcome's key says all."""
        return ()

    def settings(self) -> list[Any]:
        """Everything but the shards that can change an index."""
        said = [INDEX_VERSION, fingerprint_method(), library_versions(), self.limits]
        return said if self.config.fetch == "off" else [*said, self.config.fetch_policy.record()]


@dataclass(slots=True, kw_only=True)
class _Prepared:
    config: ScanConfig
    progress: MutableSequence[int]


_prepared: _Prepared | None = None  # as in ``tasks``: a worker process has no other place for it


def prepare(config: ScanConfig, progress: MutableSequence[int]) -> None:
    """Keep, in a worker, what every task needs."""
    global _prepared  # noqa: PLW0603 - see above
    _prepared = _Prepared(config=config, progress=progress)


@tasks.gaps_for_errors
def fingerprint(opened: OpenShard, part: Part, shard_id: str, stamp: str, share: int) -> bytes:  # noqa: ARG001 - the loop's signature
    """In a worker: the entries of one part as bytes; arguments as of ``tasks.compare``."""
    assert _prepared is not None
    check_unchanged(opened.shard, stamp)
    done = fingerprint_part(opened, part, _prepared.config, tasks.beat_into(_prepared.progress, part, share))
    check_unchanged(opened.shard, stamp)
    return done.dumps()


def build_key(dataset: Dataset, work: Fingerprinting) -> str:
    """What makes two commands the same build: equal dataset, settings and library versions."""
    source = dataset.source if is_address(dataset.source) else str(Path(dataset.source).resolve())
    return _digest_of("index", work.settings(), dataset.name, source, dataset.layout, sorted(dataset.columns.items()))


def choose_place(out: Path, key: str) -> Destination:
    """Where the index goes (``package``) and where its unfinished work lies.

    Raises:
        UsageError: the place holds a complete index or anything else, or the unfinished work of another build.
    """
    partial = out.with_name(out.name + ".partial")
    ours = not partial.exists() or same_scan(partial, key)
    if out.exists() or out.is_symlink():
        if partial.exists() and ours and _is_incomplete(out):
            return Destination(package=out, partial=partial, replaces_incomplete=True)
        raise UsageError(f"{out} exists already", hint="An index is never overwritten: choose another --out.")
    if not ours:
        raise UsageError(
            f"{partial} holds unfinished work of another build (another dataset, other settings or library versions)",
            hint=f"Choose another --out, or remove {partial.name}.",
        )
    return Destination(package=out, partial=partial)


def _is_incomplete(out: Path) -> bool:
    try:
        header = read_file_header(out)
    except ShardError:
        return False
    return header is not None and bool(header.gaps)


def _keep_what_can_be_indexed(shards: Sequence[ScannedShard], dataset: Dataset, *, looks: bool) -> None:
    """Skip shards that hold neither pictures nor published hashes (nor, where one ``looks``, addresses), with that reason.

    Raises:
        UsageError: an index among the shards, or nothing to index in any of them.
    """
    for each in shards:
        if each.opened is None:
            continue
        if each.opened.shard.kind is ShardKind.INDEX:
            raise UsageError(f"{each.shard.name} is an index already", hint="Scan it as it is: --dataset NAME=INDEX.")
        if not INDEXED & each.opened.roles and not (looks and is_looked_at(each)):
            each.opened, each.status = None, ShardStatus.SKIPPED
            each.reason = "holds neither pictures nor published perceptual hashes"
    if not any(each.opened is not None or each.status is ShardStatus.FAILED for each in shards):
        raise UsageError(
            f"{dataset.source} holds neither pictures nor published perceptual hashes",
            hint="It can be scanned by addresses: provscan scan.  Where it lists some: --fetch looks at what they return.",
        )


def _entries(
    shards: Sequence[ScannedShard], loop: ShardLoop[IndexPart], looked: LookedDataset | None
) -> Iterator[Entries]:
    for index, each in enumerate(shards):
        parts: Iterable[pa.Table] = (part.entries for part in loop.outcomes(each))
        if looked is not None and index in looked.entries:
            parts = [merged(parts, looked.entries[index])]
        for entries in parts:
            assert each.digest is not None
            yield each.shard.name, each.digest.shard_id, entries


def _header_of(
    dataset: Dataset, work: Fingerprinting, shards: Sequence[ScannedShard], looked: LookedDataset | None
) -> Callable[[int, str], IndexHeader]:
    counts = {} if looked is None else {index: entries.num_rows for index, entries in looked.entries.items()}
    indexed = tuple(_indexed(each, counts.get(index, 0)) for index, each in enumerate(shards))

    def header(rows: int, rows_sha256: str) -> IndexHeader:
        return IndexHeader(
            dataset=dataset.name,
            tool={"name": "provscan", "version": __version__},
            method=fingerprint_method(),
            libraries=library_versions(),
            limits=work.limits,
            shards=indexed,
            rows=rows,
            rows_sha256=rows_sha256,
            fetched=None if looked is None else looked.record(),
        )

    return header


def _indexed(each: ScannedShard, looked: int) -> IndexedShard:
    return IndexedShard(
        shard=each.shard.name,
        shard_id=None if each.digest is None else each.digest.shard_id,
        layout=None if each.opened is None else each.opened.layout.id,
        bytes=each.shard.bytes if each.digest is None else each.digest.bytes,
        status=each.status.value,
        reason=each.reason,
        rows=each.rows_scanned,
        pictures=each.compared.image,
        published=each.compared.fingerprint,
        faults={code: count for code, count in sorted(each.faults.items()) if count},
        looked=looked,
    )


def _digest(path: Path) -> tuple[str, int]:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size
    except OSError as error:
        raise OutputError(f"the index cannot be read again: {error.strerror or error}") from error


def _digest_of(*said: object) -> str:
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
