"""Law: reference, kernel and join return the same hits for any input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.search import Hits, Path, Searcher, accelerated, planning, search
from scanner.search.hits import as_words

if TYPE_CHECKING:
    from numpy.typing import NDArray


def naive(queries: NDArray[np.uint64], rows: NDArray[np.uint64], radius: int) -> list[tuple[int, int, int]]:
    """The definition, in Python's own integers."""

    def number(words: NDArray[np.uint64]) -> int:
        return sum(int(word) << 64 * place for place, word in enumerate(np.atleast_1d(words)))

    return [
        (row, query, distance)
        for row, right in enumerate(rows)
        for query, left in enumerate(queries)
        if (distance := (number(left) ^ number(right)).bit_count()) <= radius
    ]


def as_list(hits: Hits) -> list[tuple[int, int, int]]:
    return list(zip(hits.row.tolist(), hits.query.tolist(), hits.distance.tolist(), strict=True))


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[np.uint64], NDArray[np.uint64], int]:
    """Queries, rows and a radius: empty sides, duplicates, near pairs, all-zero and all-one hashes, tails of blocks."""
    words = draw(st.sampled_from([1, 1, 2, 4]))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    queries = generator.integers(0, 2**64, (draw(st.integers(0, 12)), words), dtype=np.uint64)
    rows = generator.integers(
        0, 2**64, (draw(st.sampled_from([0, 1, 2, 63, 127, 128, 129, 300])), words), dtype=np.uint64
    )
    for place in range(len(rows)):
        kind = generator.integers(0, 6)
        if kind == 0 and len(queries):
            noise = np.uint64(0)
            for bit in generator.integers(0, 64, generator.integers(0, 12)):
                noise |= np.uint64(1) << np.uint64(bit)
            rows[place] = queries[generator.integers(0, len(queries))] ^ noise
        elif kind == 1:
            rows[place] = generator.choice(np.array([0, 2**64 - 1], np.uint64))
        elif kind == 2:
            rows[place] = rows[generator.integers(0, len(rows))]
    if len(queries) > 2:
        queries[0], queries[1] = 0, queries[2]
    radius = draw(
        st.sampled_from([0, 1, 2, 4, 7, 8, 9, 13, 24, 64 * words - 1, 64 * words]) | st.integers(0, 64 * words)
    )
    return queries, rows, radius


@settings(deadline=None, max_examples=150)
@given(case=cases())
def test_all_paths_find_the_same_pairs(case: tuple[NDArray[np.uint64], NDArray[np.uint64], int]) -> None:
    queries, rows, radius = case
    expected = naive(queries, rows, radius)
    for path in (Path.NUMPY, Path.KERNEL, Path.JOIN):
        assert as_list(Searcher(queries, radius, path=path).search(rows)) == expected, path
    for lead in (1, 2, 3, 4):
        assert as_list(Searcher(queries, radius, path=Path.KERNEL, lead=lead).search(rows)) == expected, lead
    assert as_list(search(queries, rows, radius)) == expected


@settings(deadline=None, max_examples=60)
@given(case=cases(), parts=st.integers(1, 5), threads=st.sampled_from([1, 3]), data=st.data())
def test_batches_threads_and_masks_change_no_pair(
    case: tuple[NDArray[np.uint64], NDArray[np.uint64], int], parts: int, threads: int, data: st.DataObject
) -> None:
    queries, rows, radius = case
    valid = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), bool)
    expected = [pair for pair in naive(queries, rows, radius) if valid[pair[0]]]
    path = data.draw(st.sampled_from(Path))
    searcher = Searcher(queries, radius, path=path, threads=threads)
    found, start = [], 0
    for part, kept in zip(np.array_split(rows, parts), np.array_split(valid, parts), strict=True):
        found += [(row + start, query, near) for row, query, near in as_list(searcher.search(part, valid=kept))]
        start += len(part)
    assert found == expected


@settings(deadline=None, max_examples=40)
@given(
    bits=st.sampled_from([64, 128, 256]),
    radius=st.integers(0, 60),
    queries=st.integers(1, 300),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_division_obeys_the_pigeonhole_principle(bits: int, radius: int, queries: int, seed: int) -> None:
    """Whatever bits differ, some piece differs in no more than its reach."""
    generator = np.random.default_rng(seed)
    for pieces in planning._divisions(bits, radius, queries, 1 << 30):
        assert all(0 <= piece.offset < piece.offset + piece.width <= bits for piece in pieces)
        assert sum(piece.entered + piece.probed + 1 for piece in pieces) > radius
        assert len({bit for piece in pieces for bit in range(piece.offset, piece.offset + piece.width)}) == sum(
            piece.width for piece in pieces
        )
        differing = np.zeros((1, bits // 64), np.uint64)
        for bit in generator.choice(bits, min(radius, bits), replace=False):
            differing[0, bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
        assert any(int(np.bitwise_count(piece.of(differing))[0]) <= piece.entered + piece.probed for piece in pieces)


@pytest.mark.parametrize("words", [1, 4])
def test_more_pairs_than_the_first_room_are_all_returned(words: int) -> None:
    rows, queries = np.zeros((3000, words), np.uint64), np.zeros((5, words), np.uint64)
    for path in Path:
        hits = Searcher(queries, 2, path=path).search(rows)
        assert len(hits) == 15_000
        assert (np.diff(hits.row * 5 + hits.query) == 1).all()


@pytest.mark.parametrize("path", [Path.KERNEL, Path.JOIN])
def test_chunks_of_rows_join_seamlessly(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerated, "_CHUNK_ROWS", 100)
    generator = np.random.default_rng(5)
    rows, queries = generator.integers(0, 2**64, 1050, np.uint64), generator.integers(0, 2**64, 4, np.uint64)
    rows[[0, 99, 100, 1049]] = queries
    for threads in (1, 2):
        hits = Searcher(queries, 20, path=path, threads=threads).search(rows)
        assert as_list(hits) == naive(as_words(queries), as_words(rows), 20)
