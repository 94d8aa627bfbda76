"""The accuracy bench on a handful of painted works: it runs, splits, and finds what is easy."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from scanner.artwork import artwork
from scanner.bench.accuracy import _named, run, wilson
from scanner.bench.copies import read_samples
from scanner.edits import EDITS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(6):
        image = artwork(seed).convert("RGB")
        image.thumbnail((300, 300))
        image.save(tmp_path / f"{seed}.png")
        if seed == 0:
            image.transpose(1).save(tmp_path / "0-again.png")
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    return tmp_path


def test_the_same_picture_is_one_work_and_other_files_are_passed_over(folder: Path) -> None:
    samples, same = read_samples(folder)
    assert len(samples) == 6
    assert same == 1


def test_the_bench_finds_easy_copies_and_nothing_false(folder: Path) -> None:
    report = run(folder, which="fast", rows=60)
    table = {row["edit"]: row for row in report["rows"]}
    assert list(table) == [edit.name for edit in EDITS["test"]]
    assert all(table[edit]["pictures"] == 1 for edit in ("jpeg-75", "long-256", "grey", "mirror"))
    assert {"claim64", "near64", "pictures", "phash64", "dhash64"} <= set(report["mean"])
    assert not any(row["false"] for row in report["false"] if "pictures" in row["what"])


def test_pictures_taken_for_one_another_are_named() -> None:
    """A picture that holds another one's is no stranger: the bench cannot know, so it says which they were."""
    assert _named(Counter({"a | b": 2, "a | c": 1})) == {"most_often": "a | b (2); a | c (1)"}


def test_one_work_is_too_few(tmp_path: Path) -> None:
    artwork(1).save(tmp_path / "one.png")
    with pytest.raises(ValueError, match="at least two"):
        run(tmp_path)


def test_the_interval_holds_the_share() -> None:
    for found, of in ((0, 10), (10, 10), (3, 7), (500, 1000)):
        low, high = wilson(found, of)
        assert 0 <= low <= found / of <= high <= 1
