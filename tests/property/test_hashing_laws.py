from __future__ import annotations

import io

import imagehash
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from scanner.hashers import (
    ALGORITHMS,
    GREY_SIDE,
    Algorithm,
    detail,
    fingerprint_of_grey,
    fingerprints,
    fingerprints_many,
    packed,
    rendition_png,
    unpacked,
)
from scanner.works import Fingerprint

ALGORITHM = st.sampled_from(ALGORITHMS)


@st.composite
def greys(draw: st.DrawFn) -> tuple[Algorithm, np.ndarray]:
    """Squares of every kind: noise, few values, blocks, symmetric ones, where ties live."""
    algorithm: Algorithm = draw(ALGORITHM)
    side = GREY_SIDE[algorithm]
    count = draw(st.integers(1, 4))
    block = draw(st.sampled_from((1, 2, 4, 8, 16)))
    top = draw(st.sampled_from((1, 2, 255)))
    small = draw(
        arrays.arrays(np.uint8, (count, side // block, side // block), elements=st.integers(0, top), fill=st.just(0))
    )
    squares = np.kron(small, np.ones((1, block, block), np.uint8)).astype(np.uint8)
    if draw(st.booleans()):
        squares = squares // 2 + squares[:, :, ::-1] // 2
    if draw(st.booleans()):
        squares = squares // 2 + squares.transpose(0, 2, 1) // 2
    return algorithm, np.ascontiguousarray(squares)


@settings(deadline=None, max_examples=120)
@given(greys())
def test_many_at_once_give_what_imagehash_gives_for_each(drawn: tuple[Algorithm, np.ndarray]) -> None:
    algorithm, squares = drawn
    each = tuple(fingerprint_of_grey(square, algorithm) for square in squares)
    assert unpacked(fingerprints_many(squares), algorithm) == each


@settings(deadline=None, max_examples=40)
@given(greys())
def test_a_rendition_holds_the_pixels_and_so_the_bits(drawn: tuple[Algorithm, np.ndarray]) -> None:
    algorithm, squares = drawn
    with Image.open(io.BytesIO(rendition_png(squares[0]))) as rendition:
        assert np.array_equal(np.asarray(rendition), squares[0])
        seen = imagehash.phash(rendition, hash_size=GREY_SIDE[algorithm] // 4)
    assert str(seen) == fingerprint_of_grey(squares[0], algorithm).hex


@settings(deadline=None, max_examples=40)
@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 90), st.integers(1, 90), st.just(3)),
        elements=st.integers(0, 255),
        fill=st.integers(0, 255),
    )
)
def test_fingerprints_of_any_picture_are_those_of_imagehash(pixels: np.ndarray) -> None:
    image = Image.fromarray(pixels)
    small, large = fingerprints(image)
    assert small.hex == str(imagehash.phash(image))
    assert large.hex == str(imagehash.phash(image, hash_size=16))


@given(st.lists(st.integers(0, 2**256 - 1), max_size=5))
def test_packing_and_unpacking_is_the_identity(values: list[int]) -> None:
    known = tuple(Fingerprint(algorithm="phash256", bits=256, value=value) for value in values)
    assert unpacked(packed(known).reshape(-1, 4), "phash256") == known


@given(greys())
@settings(deadline=None, max_examples=60)
def test_detail_lies_between_nothing_and_all(drawn: tuple[Algorithm, np.ndarray]) -> None:
    assert 0 <= detail(drawn[1][0]) <= 1
