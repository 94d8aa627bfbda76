"""The dispatcher: what it refuses, when it changes its path, and how it does without numba."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scanner.search import Path, Searcher, accelerated, search, searcher

WORDS = np.random.default_rng(3).integers(0, 2**64, 500, np.uint64)


def test_an_empty_side_gives_no_pair() -> None:
    assert len(search(WORDS, WORDS[:0], 64)) == 0
    assert len(search(WORDS[:0], WORDS, 64)) == 0
    assert len(search(np.empty((0, 4), np.uint64), np.empty((0, 4), np.uint64), 3)) == 0


def test_the_arrays_have_the_promised_types() -> None:
    hits = search(WORDS[:3], WORDS, 0)
    assert (hits.query.dtype, hits.row.dtype, hits.distance.dtype) == (np.int32, np.int64, np.uint16)
    assert hits.row.tolist() == [0, 1, 2]
    assert len(hits) == 3


def test_signed_columns_are_refused_rather_than_misread() -> None:
    with pytest.raises(ValueError, match="uint64"):
        search(WORDS, WORDS.view(np.int64), 3)
    with pytest.raises(ValueError, match="shape"):
        search(WORDS, WORDS.reshape(5, 10, 10), 3)


def test_widths_must_agree() -> None:
    with pytest.raises(ValueError, match="64 bits, rows 256"):
        search(WORDS, WORDS[:400].reshape(-1, 4), 3)


def test_a_negative_radius_and_no_thread_are_refused() -> None:
    with pytest.raises(ValueError, match="radius -1"):
        Searcher(WORDS, -1)
    with pytest.raises(ValueError, match="threads 0"):
        Searcher(WORDS, 1, threads=0)


def test_rows_marked_invalid_are_not_compared() -> None:
    valid = np.arange(500) % 2 == 0
    assert search(WORDS[:4], WORDS, 0, valid=valid).row.tolist() == [0, 2]
    assert len(search(WORDS[:4], WORDS, 0, valid=np.zeros(500, bool))) == 0


def test_a_small_search_never_loads_numba() -> None:
    program = (
        "import sys, numpy as np; from scanner.search import search;"
        "w = np.arange(1000, dtype=np.uint64); assert len(search(w, w, 0)) == 1000;"
        "assert not [m for m in sys.modules if m.startswith(('numba', 'llvmlite'))]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_path_changes_with_the_work_and_the_hits_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerated, "is_loaded", lambda: False)
    monkeypatch.setattr(searcher, "_NUMPY_UNTIL", 400_000)
    monkeypatch.setattr(searcher, "_CALL_ROWS", 0)
    chosen = Searcher(WORDS, 6)
    first = chosen.search(WORDS)
    assert chosen.path is Path.NUMPY
    second = chosen.search(WORDS)
    assert chosen.path is Path.KERNEL
    monkeypatch.setattr(searcher, "COMPARE_S", 1.0)
    chosen.search(np.tile(WORDS, 4))
    third = chosen.search(WORDS)
    assert chosen.path is Path.JOIN
    for other in (second, third):
        assert np.array_equal(first.row, other.row)
        assert np.array_equal(first.query, other.query)
        assert np.array_equal(first.distance, other.distance)


def test_many_small_batches_do_not_stay_with_numpy_whose_calls_cost_more_than_their_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accelerated, "is_loaded", lambda: False)
    monkeypatch.setattr(searcher, "_NUMPY_UNTIL", 20 * len(WORDS) * searcher._CALL_ROWS)
    chosen = Searcher(WORDS, 6)
    paths = []
    for _ in range(30):
        chosen.search(WORDS[:2])
        paths.append(chosen.path)
    assert paths[0] is Path.NUMPY
    assert paths[-1] is not Path.NUMPY


def test_a_kernel_that_is_loaded_is_used_at_once() -> None:
    assert accelerated.kernel() is not None, "numba works where the tests run"
    chosen = Searcher(WORDS, 0)
    assert chosen.search(WORDS[:3]).row.tolist() == [0, 1, 2]
    assert chosen.path is Path.KERNEL


def test_without_numba_the_reference_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerated, "kernel", lambda: None)
    for path in (Path.KERNEL, Path.JOIN):
        chosen = Searcher(WORDS, 0, path=path)
        assert chosen.search(WORDS).row.tolist() == list(range(500))
        assert chosen.path is Path.NUMPY


def test_a_numba_that_cannot_be_imported_is_done_without() -> None:
    program = (
        "import sys; sys.modules['numba'] = None;"
        "from scanner.search import accelerated; assert accelerated.kernel() is None"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("fault", ["compiled_search", "compiled_nearest"])
def test_a_kernel_that_computes_wrongly_is_not_trusted(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = accelerated.kernel()
    assert module is not None, "numba works where the tests run"
    monkeypatch.setattr(module, fault, lambda *_arguments: 0)
    accelerated.kernel.cache_clear()
    assert accelerated.kernel() is None
    monkeypatch.undo()
    accelerated.kernel.cache_clear()
    assert accelerated.kernel() is module


def test_a_damaged_cache_file_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    module = accelerated.kernel()
    assert module is not None

    def damaged(*_arguments: object) -> None:
        raise EOFError("Ran out of input")

    monkeypatch.setattr(module, "compiled_search", damaged)
    accelerated.kernel.cache_clear()
    assert search(WORDS[:5], WORDS, 0).row.tolist() == [0, 1, 2, 3, 4]
    assert accelerated.kernel() is None
    accelerated.kernel.cache_clear()


def test_blocks_are_decided_by_as_few_words_as_unrelated_fingerprints_fail() -> None:
    assert [accelerated._lead(4, radius) for radius in (0, 19, 20, 47, 48, 75, 76, 256)] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert accelerated._lead(1, 8) == 1


def test_tables_made_for_few_rows_give_way_to_better_ones_when_many_come() -> None:
    generator = np.random.default_rng(12)
    queries = generator.integers(0, 2**64, 30_000, np.uint64)
    rows = generator.integers(0, 2**64, 600_000, np.uint64)
    rows[::5000] = queries[:120] ^ np.uint64(0b1001)
    searcher = Searcher(queries, 8, path=Path.JOIN)
    first = searcher.search(rows[:300])
    few = searcher._plan
    rest = searcher.search(rows[300:])
    many = searcher._plan
    assert few is not None
    assert many is not None
    assert few.pieces != many.pieces
    assert many.row_s < few.row_s
    found = {(int(row), int(query)) for row, query in zip(first.row, first.query, strict=True)}
    found |= {(int(row) + 300, int(query)) for row, query in zip(rest.row, rest.query, strict=True)}
    assert {(5000 * number, number) for number in range(120)} <= found
