"""Works of which only a part is left, and works that are only a part of a picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from scanner.artwork import artwork
from scanner.parts import Part, PartIndex, part_fingerprints, trimmed_points, work_points
from scanner.second_check import second_check
from scanner.variants import variant_named


@pytest.fixture(scope="module")
def works() -> list[Image.Image]:
    found = []
    for seed in (1, 4, 6, 9):
        image = artwork(seed).convert("RGB")
        image.thumbnail((640, 640))
        found.append(image)
    return found


@pytest.fixture(scope="module")
def index(works: list[Image.Image]) -> PartIndex:
    return PartIndex([work_points(work) for work in works])


def _confirmed(works: list[Image.Image], picture: Image.Image, part: Part) -> bool:
    region = picture.crop(part.region)
    return second_check(works[part.work], region, part.variant).passed


def test_half_of_a_work_is_found_and_its_window_named(works: list[Image.Image], index: PartIndex) -> None:
    work = works[1]
    left, top = round(0.2 * work.width), round(0.25 * work.height)
    half = work.crop((left, top, left + round(0.6 * work.width), top + round(0.7 * work.height)))
    parts = [part for part in index.parts(half) if part.work == 1]
    assert len(parts) == 1
    window = variant_named(parts[0].variant).frame(100, 100).window
    assert window == pytest.approx((20, 25, 80, 95), abs=2)
    assert parts[0].region == (0, 0, *half.size)
    assert _confirmed(works, half, parts[0])


@pytest.mark.parametrize(("turn", "name"), [(None, "original"), (Image.Transpose.FLIP_LEFT_RIGHT, "mirror"), (Image.Transpose.ROTATE_90, "rotate-90"), (Image.Transpose.ROTATE_270, "rotate-270"), (Image.Transpose.TRANSPOSE, "transpose"), (Image.Transpose.TRANSVERSE, "transverse"), (Image.Transpose.ROTATE_180, "rotate-180"), (Image.Transpose.FLIP_TOP_BOTTOM, "flip")])  # fmt: skip
def test_a_work_within_a_scene_is_found_whichever_way_it_hangs(
    works: list[Image.Image], index: PartIndex, turn: Image.Transpose | None, name: str
) -> None:
    scene = ImageOps.fit(artwork(20).convert("RGB"), (900, 700))
    hung = works[1] if turn is None else works[1].transpose(turn)
    hung = ImageOps.contain(hung, (420, 420))
    scene.paste(hung, (300, 180))
    parts = [part for part in index.parts(scene) if part.work == 1 and _confirmed(works, scene, part)]
    assert len(parts) == 1
    assert parts[0].variant.split(".")[0] == name
    assert np.abs(np.subtract(parts[0].region, (300, 180, 300 + hung.width, 180 + hung.height))).max() <= 12
    own, seen = part_fingerprints(works[1], scene, parts[0])
    assert own.distance(seen) <= 60


def test_pictures_without_the_works_confirm_nothing(works: list[Image.Image], index: PartIndex) -> None:
    for seed in range(30, 42):
        picture = artwork(seed).convert("RGB")
        assert not [part for part in index.parts(picture) if _confirmed(works, picture, part)]


@pytest.mark.parametrize(
    "picture", [Image.new("RGB", (1, 1)), Image.new("RGB", (5, 900)), Image.new("RGB", (640, 480), (9, 9, 9))]
)
def test_a_picture_without_points_has_no_parts(index: PartIndex, picture: Image.Image) -> None:
    assert index.parts(picture) == ()


def test_no_works_have_no_parts(works: list[Image.Image]) -> None:
    assert PartIndex([]).parts(works[0]) == ()
    assert PartIndex([work_points(Image.new("RGB", (100, 100))), None]).parts(works[0]) == ()


def test_the_suggestions_are_repeatable(works: list[Image.Image], index: PartIndex) -> None:
    scene = ImageOps.pad(works[2], (900, 900))
    assert index.parts(scene) == index.parts(scene) == PartIndex([work_points(work) for work in works]).parts(scene)


def test_of_many_works_each_is_remembered_by_fewer_and_the_strongest_points(works: list[Image.Image]) -> None:
    known = work_points(works[1])
    few = trimmed_points([known] * 2000)[0]
    assert few is not None
    assert [len(words) for words in few.words] == [150, 150]
    assert all(np.array_equal(short, whole[:150]) for short, whole in zip(few.words, known.words, strict=True))
    assert trimmed_points([known, None])[1] is None
    assert len(trimmed_points([known] * 100_000)[0].words[0]) == 50  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (30_000, 2), (2, 30_000), (640, 20), (31, 31), (32, 600)])
def test_pictures_of_any_shape_are_works_and_rows(size: tuple[int, int], index: PartIndex) -> None:
    picture = artwork(3).convert("RGB").resize(size)
    index.parts(picture)
    assert PartIndex([work_points(picture)]).parts(picture) is not None
