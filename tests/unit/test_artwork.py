from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from scanner.artwork import STYLES, artwork, title
from scanner.hashers import detail, fingerprints, grey_pixels, is_low_detail

SEEDS = range(len(STYLES) * 2)


def test_one_seed_is_one_picture() -> None:
    for seed in range(len(STYLES)):
        assert artwork(seed, (120, 90)).tobytes() == artwork(seed, (120, 90)).tobytes()


@pytest.mark.parametrize("size", [(1, 1), (40, 300), (301, 97)])
def test_any_size_is_painted(size: tuple[int, int]) -> None:
    for seed in range(len(STYLES)):
        picture = artwork(seed, size)
        assert (picture.size, picture.mode) == (size, "RGB")


def test_unrelated_pieces_lie_as_far_apart_as_real_pictures() -> None:
    seen = [fingerprints(artwork(seed, (180, 140)))[0] for seed in SEEDS]
    distances = [first.distance(second) for first, second in combinations(seen, 2)]
    assert min(distances) >= 10
    assert 30 <= np.median(distances) <= 34


def test_no_piece_is_low_in_detail() -> None:
    for seed in SEEDS:
        assert not is_low_detail(detail(grey_pixels(artwork(seed, (180, 140)), "phash64"))), seed


def test_titles_are_told_apart_by_their_numbers() -> None:
    assert title(0) == title(0)
    assert title(len(STYLES)).endswith("No. 2")
    assert len({title(seed) for seed in range(100)}) > 70
