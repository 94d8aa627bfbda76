from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.artwork import artwork
from scanner.bench import hashing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_measurement_finds_equal_hashes_and_gives_its_conditions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "_ROUNDS", 1)
    for seed in range(3):
        artwork(seed, (200, 150)).save(tmp_path / f"{seed}.png")
    artwork(3, (1200, 900)).save(tmp_path / "large.jpg")
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    measured = hashing.run(tmp_path)
    assert [(row["pictures"], row["count"], row["equal"]) for row in measured["rows"]] == [
        ("over 1 megapixel", 1, 1),
        ("up to 1 megapixel", 3, 3),
    ]
    assert all(row["ours_64_and_256"] > 0 and row["ratio_to_both"] > 0 for row in measured["rows"])
    assert {"pillow", "imagehash", "numpy", "compiled_resize"} <= measured["conditions"].keys()
    assert {row["set"] for row in measured["variants"]} == {"fast", "thorough"}


def test_an_empty_folder_measures_nothing(tmp_path: Path) -> None:
    assert hashing.run(tmp_path)["rows"] == []
