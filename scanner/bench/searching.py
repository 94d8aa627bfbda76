"""The Hamming search beside its peers: same rows, same queries, same machine, in turns.

Contestants take turns and the best of their rounds counts, so that a busy machine slows all alike.  Each must find as
many pairs as the reference.  A peer that is not installed is left out.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from scanner.search import Path as SearchPath
from scanner.search import Searcher

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SEED = 20_261_121
_CHUNK_ROWS = 1 << 21  # 16 MiB read at once: long enough for a disk, short enough for any memory
Contestant: TypeAlias = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One contestant's best round.  ``hits``: pairs found; ``path``: how ours went, else empty."""

    name: str
    queries: int
    rows: int
    radius: int
    threads: int
    seconds: float
    hits: int
    path: str = ""

    @property
    def comparisons_per_second(self) -> float:
        """Pairs decided a second, by whatever method."""
        return self.queries * self.rows / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """A search over a file larger than it may hold in memory.  ``waiting_s``: of ``seconds``, spent waiting for the disk."""

    queries: int
    rows: int
    radius: int
    threads: int
    seconds: float
    waiting_s: float
    hits: int


def run(
    *, rows: int = 4_000_000, queries: int = 1_000, radius: int = 8, rounds: int = 3, threads: int | None = None
) -> tuple[Timing, ...]:
    """Measure ours, our brute force, the numpy reference, and faiss-cpu and polars where they are installed.

    Needs ``8 * rows`` bytes a few times over.  Compiling, building tables and filling the peers' indexes happen
    before the clock starts, except ``ours, first`` which is everything a single scan pays.

    Raises:
        RuntimeError: a contestant did not find the pairs that the others found.
    """
    cores = threads or os.cpu_count() or 1
    asked, given = fingerprints(queries, rows)
    contestants = _ours(asked, given, radius, cores)
    for name, enter in (("faiss-cpu IndexBinaryFlat.range_search", _faiss), ("polars bitwise_count_ones", _polars)):
        if importlib.util.find_spec(name.split("-")[0].split()[0]) is not None:
            contestants[name] = (enter(asked, given, radius, cores), lambda: "")
    best: dict[str, tuple[float, int]] = {}
    for _ in range(rounds):
        for name, (contestant, _path) in contestants.items():
            began = time.perf_counter()
            hits = contestant()
            seconds = time.perf_counter() - began
            best[name] = (min(seconds, best.get(name, (seconds, 0))[0]), hits)
    if len({hits for _, hits in best.values()}) != 1:
        raise RuntimeError(f"the contestants disagree: { {name: hits for name, (_, hits) in best.items()} }")
    return tuple(
        Timing(
            name=name,
            queries=queries,
            rows=rows,
            radius=radius,
            threads=cores,
            seconds=seconds,
            hits=hits,
            path=contestants[name][1](),
        )
        for name, (seconds, hits) in best.items()
    )


def fingerprints(queries: int, rows: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Random queries and rows, the same every time, with one near copy of each query among the rows."""
    generator = np.random.default_rng(SEED)
    asked = generator.integers(0, 2**64, queries, np.uint64)
    given = generator.integers(0, 2**64, rows, np.uint64)
    places = generator.choice(rows, min(queries, rows), replace=False)
    given[places] = asked[: len(places)] ^ np.uint64(0b1011)
    return asked, given


def _ours(
    asked: NDArray[np.uint64], given: NDArray[np.uint64], radius: int, threads: int
) -> dict[str, tuple[Contestant, Callable[[], str]]]:
    settled, brute = (Searcher(asked, radius, threads=threads, path=path) for path in (None, SearchPath.KERNEL))
    plain = Searcher(asked, radius, path=SearchPath.NUMPY)
    for searcher in (settled, brute):
        searcher.search(given)
    first: list[str] = []

    def from_nothing() -> int:
        searcher = Searcher(asked, radius, threads=threads)
        hits = len(searcher.search(given))
        first[:] = [searcher.path]
        return hits

    return {
        "ours": (lambda: len(settled.search(given)), lambda: str(settled.path)),
        "ours, first": (from_nothing, lambda: first[0]),
        "ours, brute force": (lambda: len(brute.search(given)), lambda: str(brute.path)),
        "numpy reference": (lambda: len(plain.search(given)), lambda: str(plain.path)),
    }


def _faiss(asked: NDArray[np.uint64], given: NDArray[np.uint64], radius: int, threads: int) -> Contestant:
    faiss = importlib.import_module("faiss")
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexBinaryFlat(64)
    index.add(given.view(np.uint8).reshape(-1, 8))
    queries = asked.view(np.uint8).reshape(-1, 8)
    return lambda: int(index.range_search(queries, radius + 1)[0][-1])  # its radius is exclusive


def _polars(asked: NDArray[np.uint64], given: NDArray[np.uint64], radius: int, _threads: int) -> Contestant:
    polars = importlib.import_module("polars")
    frame = polars.DataFrame({"hash": given})
    near = [
        ((polars.col("hash") ^ polars.lit(int(query), polars.UInt64)).bitwise_count_ones() <= radius)
        .sum()
        .alias(str(n))
        for n, query in enumerate(asked)
    ]
    # Some expressions at a time run in parallel; all at once would hold all their columns.
    return lambda: sum(sum(frame.select(near[at : at + 16]).row(0)) for at in range(0, len(near), 16))


def write_rows(path: Path, rows: int) -> None:
    """Write random fingerprints, ``8 * rows`` bytes, for :func:`stream`."""
    generator = np.random.default_rng(SEED)
    with path.open("wb") as file:
        for start in range(0, rows, _CHUNK_ROWS):
            generator.integers(0, 2**64, min(_CHUNK_ROWS, rows - start), np.uint64).tofile(file)


def stream(path: Path, *, queries: int = 1_000, radius: int = 8, threads: int | None = None) -> Streamed:
    """Search a file of ``uint64`` fingerprints from disk, reading the next chunk while one is searched."""
    cores = threads or os.cpu_count() or 1
    asked, _ = fingerprints(queries, queries)
    searcher = Searcher(asked, radius, threads=cores)
    rows = hits = 0
    waiting = 0.0
    began = time.perf_counter()
    with path.open("rb") as file, ThreadPoolExecutor(1) as ahead:
        following = ahead.submit(np.fromfile, file, np.uint64, _CHUNK_ROWS)
        while True:
            asked_at = time.perf_counter()
            chunk = following.result()
            waiting += time.perf_counter() - asked_at
            if not len(chunk):
                break
            following = ahead.submit(np.fromfile, file, np.uint64, _CHUNK_ROWS)
            hits += len(searcher.search(chunk))
            rows += len(chunk)
    seconds = time.perf_counter() - began
    return Streamed(
        queries=queries, rows=rows, radius=radius, threads=cores, seconds=seconds, waiting_s=waiting, hits=hits
    )
