"""Laws of the variants and the second check, for pictures of any size and content."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanner.hashers import fingerprint_of_grey
from scanner.second_check import second_check
from scanner.variants import VARIANT_SETS, render_variant, variant_fingerprints, variant_named

NAMES = [variant.name for variant in VARIANT_SETS["thorough"]]


@st.composite
def pictures(draw: st.DrawFn) -> Image.Image:
    width, height, seed = draw(st.integers(1, 70)), draw(st.integers(1, 70)), draw(st.integers(0, 2**32))
    source = np.random.Generator(np.random.PCG64(seed))
    coarse = source.integers(0, 256, (draw(st.integers(1, 6)), draw(st.integers(1, 6)), 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), draw(st.sampled_from((0, 2, 3))))


@settings(max_examples=25, deadline=None)
@given(pictures())
def test_every_recorded_fingerprint_is_that_of_its_rendition(picture: Image.Image) -> None:
    known = variant_fingerprints(picture, "fast")
    assert known == variant_fingerprints(picture.copy(), "fast")
    assert known[0].variant == "original"
    for one in known:
        algorithm = one.fingerprint.algorithm
        rendered = np.asarray(render_variant(picture, one.variant, algorithm))
        assert fingerprint_of_grey(rendered, algorithm) == one.fingerprint


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), st.integers(1, 4000), st.integers(1, 4000))
def test_a_variant_covers_its_window_and_its_placement_is_invertible(name: str, width: int, height: int) -> None:
    variant = variant_named(name)
    frame = variant.frame(width, height)
    left, top, right, bottom = frame.window
    assert right > left
    assert bottom > top
    matrix = variant.placement(width, height)
    area = abs(np.linalg.det(matrix[:, :2]))
    assert np.isclose(area, (right - left) * (bottom - top))
    middle = matrix @ (0.5, 0.5, 1)
    assert -0.5 * width <= middle[0] <= 1.5 * width
    assert -0.5 * height <= middle[1] <= 1.5 * height


@settings(max_examples=25, deadline=None)
@given(pictures(), pictures(), st.sampled_from(NAMES))
def test_the_second_check_gives_a_value_between_0_and_1_and_the_same_one_twice(
    work: Image.Image, row: Image.Image, name: str
) -> None:
    check = second_check(work, row, name)
    assert 0 <= check.value <= 1
    assert check.passed == (check.value >= check.threshold)
    assert second_check(work.copy(), row.copy(), name).value == check.value
