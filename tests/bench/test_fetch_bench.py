"""The bench of fetching runs the whole path, and says so where the peer is not installed."""

from __future__ import annotations

import pytest

from scanner.bench import fetching


def test_every_picture_is_looked_at_and_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
    record = fetching.run(40)
    assert [timing.name for timing in record["rows"]] == [
        "ours: looks, fingerprints",
        "ours: looks, fingerprints, captures",
    ]
    assert all(timing.pictures_per_second > 0 and timing.cpu_ms > 0 for timing in record["rows"])
    assert record["conditions"]["peer"] == "img2dataset is not installed"
    assert record["ratio"] is None


def test_the_pictures_have_the_size_that_the_bench_says() -> None:
    sizes = [len(picture) for picture in fetching._pictures()]
    assert all(abs(size - fetching.PICTURE_BYTES) < 5_000 for size in sizes)
