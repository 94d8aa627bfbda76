"""Chance matches: sampling, counting, structure, fitting, decoys."""

from __future__ import annotations

import numpy as np
import pytest

from scanner.chance import (
    ChanceModel,
    composition,
    decoy_fingerprints,
    fit,
    is_simple,
    model,
    nearest,
    nearest_histogram,
    one_in,
    rates,
    sampled,
    structure,
)
from scanner.search import accelerated

USUAL = np.array([[0, 0, 0, 0, 0, 2, 12, 30, 96]])
SIMPLE = np.array([[3, 5, 0, 0, 2, 2, 12, 30, 86]])


def balanced(count: int, bits: int = 64, seed: int = 1) -> np.ndarray:
    """Fingerprints with half their bits set, as every pHash has."""
    generator = np.random.default_rng(seed)
    ones = np.argsort(generator.random((count, bits)), axis=1) < bits // 2
    words = np.packbits(ones, axis=1).view(">u8").astype(np.uint64)
    return words[:, 0] if bits == 64 else words


def expected_histogram(rows: int, made_of: np.ndarray = USUAL) -> np.ndarray:
    """What the table itself predicts for so many rows of unrelated pictures."""
    below = -np.expm1(-made_of @ rates.rates(64)) * rows
    below[:, 17:] = np.linspace(below[:, 16], rows, 48, axis=1)
    return np.diff(np.round(below).astype(np.int64), axis=1, prepend=0)


def test_a_small_dataset_is_measured_whole() -> None:
    assert one_in(0) == one_in(200_000) == 1
    assert one_in(200_001) == 2
    assert one_in(400_000_000, 2_000_000) == 200
    assert sampled(np.arange(10), "sha256:aa", 1).all()


def test_the_sample_depends_on_shard_and_row_number_alone() -> None:
    numbers = np.arange(100_000, dtype=np.int64)
    whole = sampled(numbers, "sha256:aa", 50)
    assert 1800 < whole.sum() < 2200
    parts = [sampled(part, "sha256:aa", 50) for part in np.array_split(numbers, 7)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert not np.array_equal(sampled(numbers, "sha256:ab", 50), whole)
    assert not any(whole[shift : shift + 300].all() for shift in range(0, 99_000, 300))


@pytest.mark.parametrize("bits", [64, 256])
def test_compiled_and_plain_counts_agree(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    queries, rows = balanced(40, bits, 2), balanced(700, bits, 3)
    owner = np.random.default_rng(4).integers(0, 6, 40).astype(np.int32)
    owner[owner == 3] = 2  # a work without queries
    monkeypatch.setattr(accelerated, "kernel_for", lambda *_: None)
    plain = nearest_histogram(queries, owner, 6, rows)
    monkeypatch.setattr(accelerated, "kernel_for", lambda *_: accelerated.kernel())
    assert np.array_equal(nearest_histogram(queries, owner, 6, rows), plain)
    assert plain.sum(axis=1).tolist() == [700, 700, 700, 0, 700, 700]
    halves = nearest_histogram(queries, owner, 6, rows[:300]) + nearest_histogram(queries, owner, 6, rows[300:])
    assert np.array_equal(halves, plain)


def test_the_histogram_counts_the_nearest_variant() -> None:
    counts = nearest_histogram(
        np.array([0, 0b1111], np.uint64), np.zeros(2, np.int32), 1, np.array([0b111, 0b1, 2**64 - 1], np.uint64)
    )
    assert counts[0, [1, 60]].tolist() == [2, 1]
    assert counts.sum() == 3
    assert not nearest_histogram(np.empty(0, np.uint64), np.empty(0, np.int32), 2, balanced(5)).any()
    assert nearest._COMPILED_FROM > 0


def test_products_of_signs_have_no_structure_and_noise_has_much() -> None:
    generator = np.random.default_rng(6)
    for side in (8, 16):
        product = np.logical_xor.outer(generator.random(side) < 0.5, generator.random(side) < 0.5)
        words = np.packbits(product.ravel()).view(">u8").astype(np.uint64)[np.newaxis]
        assert structure(words).tolist() == [0]
        product[3, 4] ^= True
        words = np.packbits(product.ravel()).view(">u8").astype(np.uint64)[np.newaxis]
        assert structure(words).tolist() == [1]
    assert np.median(structure(balanced(500))) >= 14


def test_structure_is_nearly_the_exact_distance_and_never_below_it() -> None:
    words = balanced(2000, 64, 8)
    octets = words.astype(">u8").view(np.uint8).reshape(-1, 8)
    apart = np.bitwise_count(octets[:, :, np.newaxis] ^ np.arange(128, dtype=np.uint8))
    exact = np.minimum(apart, 8 - apart).sum(axis=1).min(axis=1)
    found = structure(words)
    assert (found >= exact).all()
    assert (found == exact).mean() > 0.95


def test_a_gradient_is_simple_and_noise_is_not() -> None:
    gradient = np.array([0x807F807F807F807F], np.uint64)
    assert is_simple(gradient).tolist() == [True]
    assert is_simple(balanced(300)).mean() < 0.02
    assert is_simple(balanced(300, 256)).mean() < 0.02


def test_blank_pictures_count_in_the_first_class() -> None:
    blank = np.array([0, 1 << 63, 2**64 - 1], np.uint64)
    made_of = composition(np.concatenate([blank, balanced(50)]), np.array([0] * 3 + [1] * 50, np.int32), 2)
    assert made_of[0, 0] == 3
    assert made_of[1, 0] == 0
    assert made_of.sum(axis=1).tolist() == [3, 50]


@pytest.mark.parametrize("bits", [64, 256])
def test_rates_grow_with_distance_and_fall_with_structure(bits: int) -> None:
    table = rates.rates(bits)
    assert ((np.diff(table, axis=1) >= 0) & (table[:, 1:] <= 1)).all()
    near = rates.TAILS[bits].edges[0]
    assert (np.diff(table[:, : near + 1], axis=0) <= 0).all()


def test_the_continued_binomial_is_the_binomial_at_whole_numbers() -> None:
    exact = np.cumsum([1, 10, 45, 120]) / 1024
    assert np.exp(rates._log_binomial(10.0, np.arange(4.0))) == pytest.approx(exact, rel=1e-4)


def test_without_rows_near_copies_of_usual_works_carry_a_claim_and_blank_ones_never() -> None:
    known = fit(np.zeros((2, 65), np.int64), 64, np.concatenate([USUAL, SIMPLE]))
    assert known.sample_rows == 0
    assert (known.largest_distance(0, 1000) or 0) >= 4
    assert known.largest_distance(1, 1000) is None
    assert known.expected(1, 0, 1000) > 0.1


def test_counts_sharpen_the_figure() -> None:
    nothing = fit(np.zeros((1, 65), np.int64), 64, USUAL)
    much = fit(expected_histogram(200_000), 64, USUAL)
    true = -np.expm1(-USUAL @ rates.rates(64))[0]
    for distance in range(0, 14, 2):
        assert true[distance] < much.probability[0, distance] < nothing.probability[0, distance]
    assert much.probability[0, 4] < 6 * true[4]
    assert (np.diff(much.probability[0]) >= 0).all()


@pytest.mark.parametrize("copies", [1, 10, 100])
def test_copies_in_the_sample_move_the_estimate_little(copies: int) -> None:
    """An assumed spread of edited copies: most within 6 bits of the nearest variant, few beyond 10."""
    spread = np.array([0.55, 0.18, 0.1, 0.06, 0.04, 0.03, 0.02, 0.02])
    planted = expected_histogram(30_000)
    planted[0, 0:16:2] += np.round(copies * spread).astype(np.int64)
    clean = fit(expected_histogram(30_000), 64, USUAL)
    for distance in (0, 2, 4, 6):
        ratio = fit(planted, 64, USUAL).probability[0, distance] / clean.probability[0, distance]
        assert 0.75 < ratio < 1.5


def test_a_dataset_nearer_to_everything_is_noticed() -> None:
    usual, nearer = expected_histogram(30_000), expected_histogram(30_000)
    nearer[0, 11:17] *= 3
    assert fit(nearer, 64, USUAL).probability[0, 6] > 2 * fit(usual, 64, USUAL).probability[0, 6]


def test_beyond_the_fitted_cells_the_counts_speak() -> None:
    counts = np.zeros((1, 65), np.int64)
    counts[0, [12, 20, 40]] = 1, 4, 5
    known = fit(counts, 64, USUAL)
    assert known.expected(0, 20, 10) >= 5
    assert known.expected(0, 64, 10) == 10


def test_limits_are_strict_so_that_the_rounded_figure_never_exceeds_them() -> None:
    known = ChanceModel(64, 0, np.full((1, 65), 0.001), np.zeros((1, 65)), np.zeros((1, 2)))
    assert known.largest_distance(0, 1) is None
    assert known.largest_distance(0, 1, 0.0011) == 64


def test_the_interval_holds_the_total_and_widens_with_doubt() -> None:
    probability = np.full((3, 65), 1e-3)
    sure = ChanceModel(64, 0, probability, np.zeros((3, 65)), np.zeros((3, 2)))
    unsure = ChanceModel(64, 0, probability, np.ones((3, 65)), np.zeros((3, 2)))
    mean, low, high = sure.total([4, None, 6], 100_000)
    assert mean == pytest.approx(200)
    assert low < 200 < high
    assert unsure.total([4, None, 6], 100_000)[1] < low
    assert sure.total([None] * 3, 10) == (0, 0, 0)


@pytest.mark.parametrize(("mean", "low", "high"), [(0.01, 0, 0), (3.0, 0, 7), (100.0, 81, 120), (1e6, 998040, 1001960)])
def test_quantiles_of_the_poisson_distribution(mean: float, low: int, high: int) -> None:
    assert (model._quantile(mean, 0.025), model._quantile(mean, 0.975)) == (low, high)


def test_parameters_are_strings_for_the_manifest() -> None:
    for histogram, made_of in ((expected_histogram(1000), USUAL), (np.zeros((0, 65), np.int64), USUAL[:0])):
        params = fit(histogram, 64, made_of).params
        assert all(isinstance(value, str) for value in params.values())
        assert params["cells"] == "10,12,14,16"


@pytest.mark.parametrize("bits", [64, 256])
def test_decoys_are_far_from_their_works_and_like_them(bits: int) -> None:
    originals = balanced(300, bits)
    decoys = decoy_fingerprints(originals)
    assert decoys.shape == originals.shape
    wide = (originals ^ decoys).reshape(300, -1)
    assert np.bitwise_count(wide).sum(axis=1).min() >= 20
    assert (np.bitwise_count(decoys.reshape(300, -1)).sum(axis=1) == bits // 2).all()
    first = np.uint64(1) << np.uint64(63)
    assert np.array_equal(decoys.reshape(300, -1)[:, 0] & first, originals.reshape(300, -1)[:, 0] & first)
    assert abs(float(structure(decoys).mean() - structure(originals).mean())) < 2
    assert np.array_equal(decoys, decoy_fingerprints(originals))
    assert len(decoy_fingerprints(originals[:0])) == 0


def test_of_a_blank_work_every_near_row_is_chance() -> None:
    counts = expected_histogram(30_000)
    counts[0, 2] += 600
    blank, usual = SIMPLE.copy(), USUAL
    known = fit(np.concatenate([counts, counts]), 64, np.concatenate([blank, usual]))
    assert known.expected(0, 2, 100_000) > 2000
    assert known.largest_distance(0, 100_000, 3.0) in {None, 0}
    assert known.expected(1, 2, 100_000) < 3
