"""Filters of known training subsets: eligible, not eligible, unknown, and why."""

from collections.abc import Mapping

import pytest

from scanner.datasets import Layout, Role
from scanner.subsets import SUBSET_ROLES, SUBSET_RULES, SubsetState, subset_states


def layout(name: str, size_of: str | None = "embedded") -> Layout:
    return Layout(name=name, source="test", signature={}, columns={}, size_of=size_of)  # type: ignore[arg-type]


GOOD = {Role.AESTHETIC: 5.5, Role.WIDTH: 512, Role.HEIGHT: 600, Role.PWATERMARK: 0.49, Role.PUNSAFE: 0.05}
RULE = "laion-aesthetics-v2-5plus/1"


def state(
    values: Mapping[Role, object], name: str = "improved-aesthetics", size_of: str | None = "embedded", rule: str = RULE
) -> SubsetState:
    return dict(subset_states(layout(name, size_of), values))[rule]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "eligible"),
        ({Role.AESTHETIC: 5.0}, "not_eligible"),
        ({Role.AESTHETIC: "5.0000001"}, "eligible"),
        ({Role.WIDTH: 511}, "not_eligible"),
        ({Role.PWATERMARK: 0.5}, "not_eligible"),
        ({Role.PWATERMARK: None}, "unknown"),
        ({Role.PWATERMARK: float("nan")}, "unknown"),
        ({Role.PWATERMARK: "none"}, "unknown"),
        ({Role.PWATERMARK: True}, "unknown"),
        ({Role.PWATERMARK: None, Role.WIDTH: 100}, "not_eligible"),
        ({Role.WIDTH: 100, Role.ORIGINAL_WIDTH: 1000}, "eligible"),
        ({Role.ORIGINAL_WIDTH: 100}, "not_eligible"),
    ],
)
def test_a_row_is_judged_by_its_own_columns(change: dict[Role, object], expected: str) -> None:
    assert state({**GOOD, **change}) == expected


def test_the_size_of_a_stored_copy_is_not_the_size_of_the_original() -> None:
    values = {Role.WIDTH: 256, Role.HEIGHT: 256}
    assert state(values, "img2dataset-laion", "stored", "laion-high-resolution/1") is SubsetState.UNKNOWN
    original = {**values, Role.ORIGINAL_WIDTH: 2000, Role.ORIGINAL_HEIGHT: 1500}
    assert state(original, "img2dataset-laion", "stored", "laion-high-resolution/1") is SubsetState.ELIGIBLE


def test_the_score_of_one_predictor_says_nothing_about_the_filter_of_another() -> None:
    assert state({**GOOD, Role.AESTHETIC: 9.0}, "laion-aesthetic", rule="laion-art/2") is SubsetState.ELIGIBLE
    assert state({**GOOD, Role.AESTHETIC: 9.0}, "laion5b-joined") is SubsetState.UNKNOWN
    assert RULE not in dict(subset_states(layout("laion-art"), GOOD))


def test_the_first_aesthetic_subsets_were_cut_by_watermark_and_safety_before_the_score() -> None:
    good = {Role.AESTHETIC: 8.5, Role.PWATERMARK: 0.7, Role.PUNSAFE: 0.4}
    for changed, expected in (
        ({}, SubsetState.ELIGIBLE),
        ({Role.PWATERMARK: 0.8}, SubsetState.NOT_ELIGIBLE),
        ({Role.PUNSAFE: 0.5}, SubsetState.NOT_ELIGIBLE),
        ({Role.PUNSAFE: None}, SubsetState.UNKNOWN),
    ):
        states = dict(subset_states(layout("laion-art"), {**good, **changed}))
        assert (states["laion-art/2"], states["laion-aesthetic-v1/2"]) == (expected, expected)


def test_no_rule_concerns_datasets_that_nobody_cut_a_subset_from() -> None:
    assert subset_states(layout("coyo700m"), GOOD) == ()
    assert subset_states(layout("laion400m"), GOOD) == ()


def test_rules_are_sorted_named_with_a_version_and_say_where_they_are_written() -> None:
    names = [rule.rule for rule in SUBSET_RULES]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    for rule in SUBSET_RULES:
        assert rule.rule.rpartition("/")[2].isdecimal()
        assert rule.source
        assert rule.conditions
        assert {condition.role for condition in rule.conditions} <= SUBSET_ROLES


def test_every_layout_a_rule_names_is_a_layout_we_know() -> None:
    from scanner import layouts

    known = {one.name for one in layouts.LAYOUTS}
    assert {name for rule in SUBSET_RULES for name in rule.layouts} <= known
