"""The bench of the search runs, agrees with itself, and ours is not the slowest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scanner.bench import searching

if TYPE_CHECKING:
    from pathlib import Path


def test_all_contestants_find_the_same_pairs() -> None:
    timings = {timing.name: timing for timing in searching.run(rows=30_000, queries=60, rounds=1, threads=2)}
    assert {"ours", "ours, first", "ours, brute force", "numpy reference"} <= timings.keys()
    assert {timing.hits for timing in timings.values()} == {60}
    assert all(timing.comparisons_per_second > 0 for timing in timings.values())
    assert timings["numpy reference"].path == "numpy"


def test_a_contestant_that_misses_a_pair_stops_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = searching._ours
    monkeypatch.setattr(searching, "_ours", lambda *given: {**ours(*given), "blind": (lambda: 0, lambda: "")})
    with pytest.raises(RuntimeError, match="blind"):
        searching.run(rows=2000, queries=5, rounds=1, threads=1)


def test_a_file_is_searched_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_CHUNK_ROWS", 1000)
    file = tmp_path / "rows.u64"
    searching.write_rows(file, 4500)
    assert file.stat().st_size == 8 * 4500
    streamed = searching.stream(file, queries=20, radius=16, threads=1)
    assert (streamed.rows, streamed.queries) == (4500, 20)
    assert 0 <= streamed.waiting_s <= streamed.seconds
