from __future__ import annotations

import io
import zlib
from decimal import Decimal

import imagehash
import numpy as np
import pytest
from PIL import Image

from scanner.artwork import artwork
from scanner.hashers import (
    ALGORITHMS,
    BITS,
    GREY_SIDE,
    Algorithm,
    detail,
    fingerprint_of_grey,
    fingerprints,
    fingerprints_many,
    grey_pixels,
    is_low_detail,
    packed,
    rendition_png,
    stacked,
    unpacked,
)
from scanner.works import Fingerprint

PICTURE = artwork(4, (301, 203))


def test_fingerprints_are_those_that_imagehash_prints() -> None:
    small, large = fingerprints(PICTURE)
    assert small.hex == str(imagehash.phash(PICTURE))
    assert large.hex == str(imagehash.phash(PICTURE, hash_size=16))
    assert [small.algorithm, large.algorithm] == list(ALGORITHMS)


def test_a_grey_picture_has_the_fingerprints_of_its_colour_form() -> None:
    grey = PICTURE.convert("L")
    assert fingerprints(grey) == fingerprints(grey.convert("RGB")) == fingerprints(PICTURE)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_imagehash_of_a_rendition_gives_the_recorded_bits(algorithm: Algorithm) -> None:
    grey = grey_pixels(PICTURE, algorithm)
    with Image.open(io.BytesIO(rendition_png(grey))) as rendition:
        assert rendition.mode == "L"
        seen = str(imagehash.phash(rendition, hash_size=GREY_SIDE[algorithm] // 4))
    assert seen == fingerprint_of_grey(grey, algorithm).hex


def test_rendition_bytes_do_not_pass_through_a_compressor(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = rendition_png(np.arange(16, dtype=np.uint8).reshape(4, 4))
    monkeypatch.delattr(zlib, "compress")
    monkeypatch.delattr(zlib, "compressobj")
    assert rendition_png(np.arange(16, dtype=np.uint8).reshape(4, 4)) == expected
    assert expected.hex().endswith("ae426082")
    assert zlib.decompress(expected[41:-16]) == b"\0\0\1\2\3\0\4\5\6\7\0\x08\x09\x0a\x0b\0\x0c\x0d\x0e\x0f"


def test_a_rendition_that_does_not_fit_one_block_is_refused() -> None:
    with pytest.raises(ValueError, match="256 x 256"):
        rendition_png(np.zeros((256, 256), np.uint8))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ties_go_to_the_reference(algorithm: Algorithm) -> None:
    side = GREY_SIDE[algorithm]
    flat = np.full((side, side), 119, np.uint8)
    stripes = np.zeros((side, side), np.uint8)
    stripes[:, ::4] = 200
    chequers = np.kron(np.indices((side // 8, side // 8)).sum(0) % 2, np.ones((8, 8))).astype(np.uint8) * 255
    symmetric = grey_pixels(PICTURE, algorithm) // 2
    symmetric = symmetric + symmetric[:, ::-1]
    greys = stacked((flat, stripes, chequers, symmetric), algorithm)
    assert unpacked(fingerprints_many(greys), algorithm) == tuple(
        fingerprint_of_grey(grey, algorithm) for grey in greys
    )


def test_no_pictures_give_no_fingerprints() -> None:
    assert fingerprints_many(stacked((), "phash64")).shape == (0,)
    assert fingerprints_many(stacked((), "phash256")).shape == (0, 4)
    assert packed([]).shape == (0,)
    assert unpacked(np.empty((0, 4), np.uint64), "phash256") == ()


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 31, 32), np.uint8), np.zeros((32, 32), np.uint8), np.zeros((1, 32, 32), np.int16)]
)
def test_pixels_of_another_shape_or_type_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"uint8\[n, 32, 32\]"):
        fingerprints_many(wrong)


def test_the_reference_refuses_pixels_of_the_other_algorithm() -> None:
    with pytest.raises(ValueError, match=r"phash256 takes uint8\[64, 64\]"):
        fingerprint_of_grey(np.zeros((32, 32), np.uint8), "phash256")


def test_the_first_bit_is_the_most_significant_of_the_first_word() -> None:
    first = Fingerprint(algorithm="phash256", bits=BITS["phash256"], value=1 << 255)
    last = Fingerprint(algorithm="phash256", bits=BITS["phash256"], value=1)
    assert packed([first, last]).tolist() == [[1 << 63, 0, 0, 0], [0, 0, 0, 1]]
    assert packed([Fingerprint(algorithm="phash64", bits=64, value=5)]).tolist() == [5]


def test_fingerprints_of_two_algorithms_do_not_share_an_array() -> None:
    with pytest.raises(ValueError, match="several algorithms"):
        packed(fingerprints(PICTURE))


def test_detail_is_exact_and_blank_pictures_have_none() -> None:
    assert detail(np.full((32, 32), 200, np.uint8)) == Decimal("0.0000")
    assert detail(np.zeros((32, 32), np.uint8)) == Decimal("0.0000")
    half = np.zeros((32, 32), np.uint8)
    half[:16] = 255
    assert detail(half) == Decimal("0.5000")
    assert str(detail(half)) == "0.5000"


def test_blank_paper_is_low_in_detail_and_a_painting_is_not() -> None:
    paper = Image.new("RGB", (300, 300), (250, 248, 240))
    assert is_low_detail(detail(grey_pixels(paper, "phash64")))
    assert not is_low_detail(detail(grey_pixels(PICTURE, "phash64")))
