"""The second check: copies pass, other pictures and other editions do not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from scanner.artwork import artwork
from scanner.edits import EDITS, Choices
from scanner.second_check import THRESHOLD, comparison_pictures, second_check

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def work() -> Image.Image:
    return _sized(artwork(4))


def _sized(image: Image.Image, side: int = 512) -> Image.Image:
    image = image.convert("RGB")
    image.thumbnail((side, side))
    return image


@pytest.mark.parametrize(
    ("edit", "variant"),
    [
        ("jpeg-10", "original"), ("long-64", "original"), ("watermark", "original"), ("caption", "original"), ("gamma", "original"),
        ("mirror", "mirror"), ("rotate-180", "rotate-180"), ("centre-256", "square-c"), ("pad-white", "pad-white"), ("invert", "negative"),
    ],
)  # fmt: skip
def test_an_edited_copy_passes(work: Image.Image, edit: str, variant: str) -> None:
    step = next(one for one in EDITS["test"] if one.name == edit)
    copy = step.apply(work, Choices(seed=7, backdrop=work))
    check = second_check(work, copy, variant)
    assert check.passed, (edit, check.value)
    assert check.passed == (check.value >= check.threshold == THRESHOLD)


def test_a_crop_between_two_variants_is_aligned_by_refinement(work: Image.Image) -> None:
    box = (int(0.07 * work.width), int(0.02 * work.height), int(0.93 * work.width), int(0.88 * work.height))
    check = second_check(work, work.crop(box), "crop-85-25-25")
    assert check.passed
    unit = check.matrix @ (0.5, 0.5, 1)
    assert unit == pytest.approx((0.5, 0.45), abs=0.02)


def test_different_pictures_of_one_style_do_not_pass() -> None:
    for seed in range(3):
        one, other = _sized(artwork(seed)), _sized(artwork(seed + 12))
        for variant in ("original", "mirror", "crop-88-c"):
            assert not second_check(one, other, variant).passed


def test_a_picture_without_structure_confirms_nothing() -> None:
    black, white = Image.new("RGB", (300, 200)), Image.new("RGB", (300, 200), (255, 255, 255))
    assert not second_check(black, black, "original").passed
    assert not second_check(black, white, "negative").passed


def test_an_edition_with_tones_in_another_order_does_not_pass(work: Image.Image) -> None:
    grey = np.asarray(work.convert("L"), np.float32)
    upper = np.linspace(-90, 90, grey.shape[0], dtype=np.float32)[:, None]
    night = Image.fromarray(np.clip(grey * 0.7 + 40 + upper, 0, 255).astype(np.uint8)).convert("RGB")
    assert not second_check(work, night, "original").passed
    darker = ImageEnhance.Brightness(ImageOps.grayscale(work).convert("RGB")).enhance(0.6)
    assert second_check(work, darker, "original").passed


def test_the_night_edition_of_a_wallpaper_is_not_its_day_edition(shared_data: Path) -> None:
    for name in ("ScarletTree", "Nuvole"):
        folder = shared_data / "kde-wallpapers" / name / "contents"
        day, night = (Image.open(folder / part / "1080x1920.png").convert("RGB") for part in ("images", "images_dark"))
        for one, other in ((day, night), (night, day)):
            assert not second_check(one, other, "original").passed
        assert second_check(day, day.resize((270, 480)), "original").passed


def test_the_check_is_repeatable(work: Image.Image) -> None:
    copy = work.resize((200, 150))
    one, other = second_check(work, copy, "crop-95-c"), second_check(work, copy, "crop-95-c")
    assert one.value == other.value
    assert np.array_equal(one.matrix, other.matrix)


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3), (16, 16), (2000, 40)])
def test_odd_sizes_are_compared_without_error(work: Image.Image, size: tuple[int, int]) -> None:
    assert 0 <= second_check(work, work.resize(size), "original").value <= 1
    assert 0 <= second_check(work.resize(size), work, "mirror.crop-71-c").value <= 1


def test_comparison_pictures_are_small_jpegs_and_repeatable() -> None:
    source = np.random.Generator(np.random.PCG64(1))
    noise = Image.fromarray(source.integers(0, 256, (1500, 2000, 3), dtype=np.uint8))
    check = second_check(noise, noise.resize((900, 700)), "original")
    first, second = (comparison_pictures(noise, noise.resize((900, 700)), check) for _ in range(2))
    assert first == second
    assert set(first) == {"pair", "overlay", "difference"}
    for content in first.values():
        assert len(content) <= 60_000
        with Image.open(io.BytesIO(content)) as image:
            assert image.format == "JPEG"
