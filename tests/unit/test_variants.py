"""The looks of a Work: what their names mean, and that their pixels are those of the edited picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps

from scanner.artwork import artwork
from scanner.hashers import BITS, fingerprint_of_grey, fingerprints
from scanner.variants import VARIANT_SETS, render_variant, symmetry, variant_fingerprints, variant_named
from scanner.variants.rendering import NEAR_BITS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def work() -> Image.Image:
    image = artwork(3).convert("RGB")
    image.thumbnail((600, 600))
    return image.crop((0, 0, image.width, int(image.width * 0.7)))


def test_the_original_is_exactly_imagehash_of_the_whole_picture(work: Image.Image) -> None:
    known = variant_fingerprints(work, "fast")
    assert [one.variant for one in known[:2]] == ["original", "original"]
    assert known[0].fingerprint.hex == str(imagehash.phash(work))
    assert known[1].fingerprint.hex == str(imagehash.phash(work, hash_size=16))


def test_a_rendition_hashes_to_the_recorded_bits(work: Image.Image) -> None:
    for one in variant_fingerprints(work, "thorough")[::7]:
        algorithm = one.fingerprint.algorithm
        rendered = render_variant(work, one.variant, algorithm)
        assert fingerprint_of_grey(np.asarray(rendered), algorithm) == one.fingerprint, one.variant


def _cut(work: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    return work.crop(
        (round(left * work.width), round(top * work.height), round(right * work.width), round(bottom * work.height))
    )


LOOKS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirror": ImageOps.mirror,
    "flip": ImageOps.flip,
    "rotate-90": lambda work: work.rotate(90, expand=True),
    "rotate-180": lambda work: work.rotate(180),
    "rotate-270": lambda work: work.rotate(270, expand=True),
    "transpose": lambda work: work.transpose(Image.Transpose.TRANSPOSE),
    "transverse": lambda work: work.transpose(Image.Transpose.TRANSVERSE),
    "negative": ImageOps.invert,
    "tilt-ccw-5": lambda work: work.rotate(5, Image.Resampling.BICUBIC),
    "tilt-cw-3": lambda work: work.rotate(-3, Image.Resampling.BICUBIC),
    "mirror.tilt-cw-5": lambda work: ImageOps.mirror(work).rotate(-5, Image.Resampling.BICUBIC),
    "square-c": lambda work: ImageOps.fit(work, (work.height, work.height)),
    "square-s": lambda work: work.crop((0, 0, work.height, work.height)),
    "square-e": lambda work: work.crop((work.width - work.height, 0, work.width, work.height)),
    "pad-white": lambda work: ImageOps.pad(work, (work.width, work.width), color="white"),
    "pad-black": lambda work: ImageOps.pad(work, (work.width, work.width), color="black"),
    "rotate-90.pad-white": lambda work: ImageOps.pad(
        work.rotate(90, expand=True), (work.width, work.width), color="white"
    ),
    "frame-white-5": lambda work: ImageOps.expand(work, round(work.width * 0.05), "white"),
    "frame-black-14": lambda work: ImageOps.expand(work, round(work.width * 0.14), "black"),
    "crop-80-tl": lambda work: _cut(work, 0, 0, 0.8, 0.8),
    "crop-71-100-50": lambda work: _cut(work, 0.29, 0.145, 1, 0.855),
    "rotate-90.crop-70-br": lambda work: _cut(work.rotate(90, expand=True), 0.3, 0.3, 1, 1),
    "trim-t-10": lambda work: _cut(work, 0, 0.1, 1, 1),
    "trim-l-10.trim-r-10": lambda work: _cut(work, 0.1, 0, 0.91, 1),
    "crop-80-c.pad-white": lambda work: ImageOps.pad(
        _cut(work, 0.1, 0.1, 0.9, 0.9), (work.width, work.width), color="white"
    ),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_variant_looks_like_the_picture_its_name_says(work: Image.Image, name: str) -> None:
    for known, algorithm in zip(fingerprints(LOOKS[name](work)), BITS, strict=True):
        ours = fingerprint_of_grey(np.asarray(render_variant(work, name, algorithm)), algorithm)
        # the small master moves few bits: 0 to 2 of 64 and 0 to 10 of 256 on photographs
        assert ours.distance(known) <= BITS[algorithm] // 21, name


@pytest.mark.parametrize(
    "name",
    [
        "original",
        "mirror",
        "rotate-90",
        "transverse",
        "tilt-ccw-5",
        "mirror.tilt-cw-5",
        "pad-white",
        "rotate-90.crop-70-br",
    ],
)
def test_a_placement_maps_the_variant_back_onto_the_work(work: Image.Image, name: str) -> None:
    variant = variant_named(name)
    matrix = variant.placement(work.width, work.height) @ np.diag((1 / 64, 1 / 64, 1.0))
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5  # pixel areas to OpenCV's pixel points
    soft = cv2.blur(np.asarray(work.convert("L")), (9, 9))
    seen = cv2.warpAffine(
        soft, matrix, (64, 64), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=variant.fill
    )
    rendered = np.asarray(render_variant(work, name, "phash256"))
    assert np.corrcoef(seen.ravel(), rendered.ravel())[0, 1] > 0.95


def test_variants_that_repeat_an_earlier_question_are_left_out() -> None:
    even = Image.new("RGB", (300, 200), (90, 120, 40))
    assert [one.variant for one in variant_fingerprints(even, "thorough")][:2] == ["original", "original"]
    known = [one.fingerprint for one in variant_fingerprints(artwork(5).convert("RGB"), "thorough")]
    for algorithm, near in NEAR_BITS.items():
        mine = [one for one in known if one.algorithm == algorithm]
        assert min(one.distance(other) for place, one in enumerate(mine) for other in mine[:place]) > near


def test_thorough_begins_with_fast_and_no_variant_is_asked_twice() -> None:
    fast, thorough = VARIANT_SETS["fast"], VARIANT_SETS["thorough"]
    assert thorough[: len(fast)] == fast
    assert fast[0].name == "original"
    assert len({variant.name for variant in thorough}) == len(thorough)
    assert 20 <= len(fast) <= 30
    assert 100 <= len(thorough) <= 200


def test_variant_names_are_fit_for_file_names() -> None:
    for variant in VARIANT_SETS["thorough"]:
        assert set(variant.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "upright",
        "crop",
        "crop-80",
        "crop-0-c",
        "crop-100-c",
        "crop-80-101-0",
        "pad-red",
        "tilt-3",
        "negative.mirror",
        "original.mirror",
        "mirror.mirror",
        "trim-x-3",
        "crop--1-c",
    ],
)
def test_a_name_outside_the_grammar_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a variant"):
        variant_named(name)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarter", range(4))
def test_a_symmetry_is_its_turn_followed_by_its_mirror(quarter: int, mirrored: bool) -> None:
    _, matrix = symmetry(quarter, mirrored=mirrored)
    turn = np.array([[0, -1], [1, 0]])
    expected = np.diag((-1, 1) if mirrored else (1, 1)) @ np.linalg.matrix_power(turn, quarter)
    assert np.array_equal(matrix[:2, :2], expected)
