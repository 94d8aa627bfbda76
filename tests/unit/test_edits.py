"""The edits that accuracy is measured on: repeatable, and the same names in both halves."""

from __future__ import annotations

from functools import cache

import pytest
from PIL import Image, ImageChops

from scanner.artwork import artwork
from scanner.edits import EDITS, Choices


@cache
def _backdrop() -> Image.Image:
    image = artwork(2).convert("RGB")
    image.thumbnail((320, 320))
    return image


def _choices(seed: int) -> Choices:
    return Choices(seed=seed, backdrop=_backdrop())


@pytest.fixture(scope="module")
def work() -> Image.Image:
    image = artwork(8).convert("RGB")
    image.thumbnail((320, 320))
    return image


def test_both_halves_have_the_same_edits_by_name() -> None:
    assert [edit.name for edit in EDITS["development"]] == [edit.name for edit in EDITS["test"]]
    assert len({edit.name for edit in EDITS["test"]}) == len(EDITS["test"]) == 38


@pytest.mark.parametrize("half", ["development", "test"])
def test_an_edit_is_repeatable_and_changes_the_picture(work: Image.Image, half: str) -> None:
    for edit in EDITS[half]:
        first, second = (edit.apply(work, _choices(11)) for _ in range(2))
        assert first.mode == "RGB"
        assert first.tobytes() == second.tobytes(), edit.name
        assert first.size != work.size or ImageChops.difference(first, work).getbbox() is not None, edit.name


def test_other_choices_crop_elsewhere(work: Image.Image) -> None:
    crop = next(edit for edit in EDITS["test"] if edit.name == "crop-30")
    assert crop.apply(work, _choices(1)).tobytes() != crop.apply(work, _choices(2)).tobytes()


def test_a_crop_cuts_the_area_its_name_says(work: Image.Image) -> None:
    for edit in EDITS["development"]:
        if edit.name.startswith("crop-") and "+" not in edit.name:
            cut = edit.apply(work, _choices(5))
            kept = cut.width * cut.height / (work.width * work.height)
            assert kept == pytest.approx(1 - int(edit.name[5:]) / 100, abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (40, 3)])
def test_every_edit_takes_any_size(size: tuple[int, int]) -> None:
    for edit in EDITS["test"]:
        edit.apply(Image.new("RGB", size, (50, 90, 10)), _choices(3))


def test_choices_are_spread_and_belong_to_their_seed() -> None:
    parts = [_choices(seed).part("left") for seed in range(200)]
    assert 0.4 < sum(parts) / len(parts) < 0.6
    assert all(0 <= part < 1 for part in parts)
    assert {_choices(seed).sign("tilt") for seed in range(20)} == {-1, 1}
