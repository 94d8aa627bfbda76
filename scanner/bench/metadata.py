"""How fast URLs and captions are matched, in multiples of merely reading them; peers on the same shard in the same run."""

from __future__ import annotations

import re
import tempfile
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scanner.bench.synthetic import synthetic_identity, write_shard
from scanner.metadata import compile_identifiers, match_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner.bench.synthetic import Planted
    from scanner.identity import Identity
    from scanner.metadata import Identifiers, MetadataHit

BATCH_ROWS = 1 << 17
PEER_REPETITIONS = 2
THREADS = 2  # as many as pyarrow uses for the two columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement.

    Attributes:
        name: what was run.
        does: what it looks for, in words.
        seconds: best of the repetitions.
        rows_per_second: rows of the shard by these seconds.
        ratio: these seconds by those of merely decoding URL and TEXT, R of identity.md section 10.
        cpu_ratio: the same of processor seconds over all threads, which other programs on the machine disturb less.
        found: hits, or None where nothing is looked for.
        missed: rows in which something was planted and not found; None where nothing is looked for.
    """

    name: str
    does: str
    seconds: float
    rows_per_second: float
    ratio: float
    cpu_ratio: float
    found: int | None = None
    missed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds on the wall and on all processors."""

    wall_s: float
    cpu_s: float


def run(
    *, rows: int = 4_000_000, each: int = 10_000, repetitions: int = 5, peers: bool = True, folder: Path | None = None
) -> list[Measured]:
    """Measure decoding, our whole pass, and the peers that are installed.

    Args:
        rows: size of the synthetic shard.
        each: identifiers of each kind: names, aliases, handles, domains, profiles, work URLs.
        repetitions: of decoding and of our pass; peers run twice.
        peers: whether polars, DuckDB and RE2 are run, where installed.
        folder: where the shard is written; a temporary folder by default.
    """
    identity = synthetic_identity(np.random.default_rng(7), each)
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="provscan-bench-") as temporary:
            return _run(Path(temporary), rows, identity, repetitions, peers=peers)
    return _run(folder, rows, identity, repetitions, peers=peers)


def _run(folder: Path, rows: int, identity: Identity, repetitions: int, *, peers: bool) -> list[Measured]:
    shard = folder / "metadata-bench.parquet"
    planted = write_shard(shard, rows, identity)
    compiling, identifiers = _timed(lambda: compile_identifiers(identity))
    loading, _ = _timed(lambda: identifiers.accelerator.load(identifiers))
    (decoding, _), (matching, hits) = _in_turns(
        repetitions, [lambda: sum(len(batch) for batch in _batches(shard)), lambda: _pass(shard, identifiers)]
    )

    def measured(name: str, does: str, spent: Spent, found: int | None = None, missed: int | None = None) -> Measured:
        return Measured(
            name=name,
            does=does,
            seconds=spent.wall_s,
            rows_per_second=rows / spent.wall_s,
            ratio=spent.wall_s / decoding.wall_s,
            cpu_ratio=spent.cpu_s / decoding.cpu_s,
            found=found,
            missed=missed,
        )

    kinds = f"{len(identity.names):,} each of names, aliases, handles, domains, profiles, work URLs"
    once = Spent(wall_s=compiling.wall_s + loading.wall_s, cpu_s=compiling.cpu_s + loading.cpu_s)
    table = [
        measured("pyarrow decode", "URL and TEXT, nothing else", decoding),
        measured("provscan", f"all rules; {kinds}", matching, len(hits), _missing(hits, planted)),
        measured("provscan, once a scan", "identifiers to tables, compiled loops loaded", once),
    ]
    for name, does, call in _peers(shard, identity) if peers else ():
        ((spent, found),) = _in_turns(PEER_REPETITIONS, [call])
        table.append(measured(name, does, spent, found))
    return table


def _batches(shard: Path) -> Iterator[pa.RecordBatch]:
    yield from pq.ParquetFile(shard).iter_batches(batch_size=BATCH_ROWS, columns=["URL", "TEXT"], use_threads=True)


def _pass(shard: Path, identifiers: Identifiers) -> list[tuple[int, MetadataHit]]:
    """Decode and match, two batches at a time; ``(row in the shard, hit)`` in order."""

    def match(start: int, batch: pa.RecordBatch) -> list[tuple[int, MetadataHit]]:
        return [(start + hit.index, hit) for hit in match_batch(batch.column(0), batch.column(1), None, identifiers)]

    hits: list[tuple[int, MetadataHit]] = []
    waiting: deque[Future[list[tuple[int, MetadataHit]]]] = deque()
    start = 0
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        for batch in _batches(shard):
            waiting.append(pool.submit(match, start, batch))
            start += len(batch)
            if len(waiting) > THREADS:
                hits += waiting.popleft().result()
        for future in waiting:
            hits += future.result()
    return hits


def _missing(hits: list[tuple[int, MetadataHit]], planted: Planted) -> int:
    wanted = {
        "asset_equal": planted.url_rows,
        "host_equal": planted.host_rows,
        "caption_contains": planted.caption_rows,
    }
    return sum(len(rows - {row for row, hit in hits if hit.kind == kind}) for kind, rows in wanted.items())


def _timed(call: Callable[[], Any]) -> tuple[Spent, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return Spent(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu), result


def _in_turns(rounds: int, calls: list[Callable[[], Any]]) -> list[tuple[Spent, Any]]:
    """Best times and last result of each call; they take turns, so that a busy machine slows all alike."""
    best: list[tuple[Spent, Any]] = [(Spent(wall_s=float("inf"), cpu_s=float("inf")), None)] * len(calls)
    for _ in range(rounds):
        for number, call in enumerate(calls):
            spent, result = _timed(call)
            before = best[number][0]
            best[number] = (
                Spent(wall_s=min(before.wall_s, spent.wall_s), cpu_s=min(before.cpu_s, spent.cpu_s)),
                result,
            )
    return best


def _peers(shard: Path, identity: Identity) -> Iterator[tuple[str, str, Callable[[], int]]]:
    names = [name.name for name in identity.names]
    literals = [re.split(r"[/.]", url)[-2] for url in identity.work_urls]
    domains = [one.domain for one in identity.domains]
    yield from _polars(shard, names, literals)
    yield from _duckdb(shard, domains)
    yield from _re2(shard, names)


def _polars(shard: Path, names: list[str], literals: list[str]) -> Iterator[tuple[str, str, Callable[[], int]]]:
    try:
        import polars as pl  # noqa: PLC0415 - a peer, where installed
    except ImportError:
        return

    def run_polars() -> int:
        matches = pl.col("TEXT").str.contains_any(names, ascii_case_insensitive=True) | pl.col("URL").str.contains_any(
            literals
        )
        return int(pl.scan_parquet(shard).select(matches.sum()).collect().item())

    does = f"{len(names):,} names in captions, {len(literals):,} literals in URLs; no boundaries, no keys"
    yield "polars contains_any", does, run_polars


def _duckdb(shard: Path, domains: list[str]) -> Iterator[tuple[str, str, Callable[[], int]]]:
    try:
        import duckdb  # noqa: PLC0415 - a peer, where installed
    except ImportError:
        return

    def run_duckdb() -> int:
        connection = duckdb.connect()
        wanted = pa.table({"domain": domains})
        connection.register("wanted", wanted)
        host = "split_part(split_part(\"URL\", '/', 3), ':', 1)"
        listed = f'SELECT {host} AS host, "TEXT" FROM read_parquet(?)'  # noqa: S608 - constants
        query = f'SELECT count(*), count("TEXT") FROM ({listed}) SEMI JOIN wanted ON host = domain'  # noqa: S608
        row = connection.execute(query, [str(shard)]).fetchone()
        return 0 if row is None else int(row[0])

    yield "duckdb host join", f"{len(domains):,} hosts, equal only; nothing in captions", run_duckdb


def _re2(shard: Path, names: list[str]) -> Iterator[tuple[str, str, Callable[[], int]]]:
    import pyarrow.compute as pc  # noqa: PLC0415 - pyarrow's own RE2

    pattern = "|".join(re.escape(name) for name in names[:10])

    def run_re2() -> int:
        return sum(
            int(pc.sum(pc.match_substring_regex(batch.column(1), pattern, ignore_case=True)).as_py() or 0)
            for batch in _batches(shard)
        )

    yield "RE2 alternation (pyarrow)", "10 names in captions, nothing in URLs", run_re2
