from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanner import shrinking
from scanner.hashers import ALGORITHMS, grey_pixels
from scanner.shrinking import Shrinker, checked_kernel


@st.composite
def pictures(draw: st.DrawFn) -> Image.Image:
    """Noise, black and white, gradients, of any proportion."""
    width, height = draw(st.integers(1, 700)), draw(st.integers(1, 700))
    rng = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32))))
    pixels = rng.integers(0, 256, (height, width), dtype=np.uint8)
    kind = draw(st.sampled_from(("noise", "black and white", "rows", "columns", "flat")))
    if kind == "black and white":
        pixels = np.where(pixels > 127, np.uint8(255), np.uint8(0))
    elif kind in {"rows", "columns"}:
        pixels = np.sort(pixels, axis=0 if kind == "rows" else 1)
    elif kind == "flat":
        pixels[:] = pixels[0, 0]
    return Image.fromarray(pixels)


@settings(deadline=None, max_examples=150)
@given(pictures())
def test_the_compiled_form_gives_pillows_pixels(picture: Image.Image) -> None:
    if checked_kernel() is None:
        pytest.skip("numba does not work here, or Pillow resizes otherwise")
    squares = Shrinker(compiled=True).squares(picture)
    for algorithm in ALGORITHMS:
        assert np.array_equal(squares[algorithm], grey_pixels(picture, algorithm)), (picture.size, algorithm)


def test_the_compiled_form_is_in_use_with_the_pillow_we_test() -> None:
    assert checked_kernel() is not None


def test_few_pixels_never_load_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrinking, "checked_kernel", lambda: pytest.fail("loaded"))
    shrinker = Shrinker()
    assert shrinker.squares(Image.new("RGB", (400, 300))).keys() == set(ALGORITHMS)


def test_many_pixels_load_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(shrinking, "_PILLOW_UNTIL", 200_000)
    monkeypatch.setattr(shrinking, "checked_kernel", lambda: asked.append(1))
    shrinker = Shrinker()
    shrinker.squares(Image.new("L", (400, 300)))
    assert not asked
    shrinker.squares(Image.new("L", (400, 300)))
    assert asked


def test_a_kernel_that_computes_otherwise_steps_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.shrinking_kernel.shrink", lambda _grey, side: np.zeros((side, side), np.uint8))
    checked_kernel.cache_clear()
    try:
        assert checked_kernel() is None
        picture = Image.linear_gradient("L")
        assert np.array_equal(Shrinker(compiled=True).squares(picture)["phash64"], grey_pixels(picture, "phash64"))
    finally:
        checked_kernel.cache_clear()


def test_without_numba_pillow_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = builtins.__import__

    def refusing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "scanner.shrinking_kernel":
            raise ImportError(name)
        return genuine(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    checked_kernel.cache_clear()
    try:
        assert checked_kernel() is None
    finally:
        checked_kernel.cache_clear()
