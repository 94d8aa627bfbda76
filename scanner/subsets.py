"""Would a row pass the filters of known training subsets?  The filters are values in one table; each says where it is written.

An answer is about the published rule and the columns of this shard, nothing more: ``eligible`` means that the row's own values meet every
condition, not that anybody took it.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from manifests.texts.filters import FILTER_SOURCES
from scanner.datasets import Layout, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Comparison = Literal[">", ">=", "<", "<="]
_HOLDS: Final[Mapping[Comparison, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class SubsetState(StrEnum):
    """What a row's columns say about one filter."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNKNOWN = "unknown"  # a column is missing or empty, and no other condition fails


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison of a filter; ``limit`` is exact, as published."""

    role: Role
    is_: Comparison
    limit: Decimal
    layouts: frozenset[str] | None = None  # the layouts whose column is what the filter meant; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetRule:
    """The filter of one published subset: which layouts it was cut from, its conditions (all must hold), where it is written."""

    rule: str
    layouts: frozenset[str]
    conditions: tuple[Condition, ...]

    @property
    def source(self) -> str:
        """Where the rule is written."""
        return FILTER_SOURCES[self.rule]


_LAION_5B: Final = frozenset(
    {"laion5b", "laion5b-joined", "laion5b-md5", "laion5b-md5-joined", "relaion5b", "img2dataset-laion"}
)
_V1: Final = _LAION_5B | {"laion-aesthetic", "laion-art"}
_V2: Final = _LAION_5B | {"improved-aesthetics"}
_ALL: Final = _V1 | _V2 | {"laion-high-resolution"}
# Two predictors, two scales: the column of laion-aesthetic and laion-art is the first's, that of improved-aesthetics the second's.
_FIRST_PREDICTOR: Final = frozenset({"laion-aesthetic", "laion-art"})
_SECOND_PREDICTOR: Final = frozenset({"improved-aesthetics"})


def _at_least(side: str) -> tuple[Condition, Condition]:
    return (
        Condition(role=Role.WIDTH, is_=">=", limit=Decimal(side)),
        Condition(role=Role.HEIGHT, is_=">=", limit=Decimal(side)),
    )


def _aesthetic(is_: Comparison, limit: str, layouts: frozenset[str]) -> Condition:
    return Condition(role=Role.AESTHETIC, is_=is_, limit=Decimal(limit), layouts=layouts)


# "First keep only pwatermark < 0.8 and punsafe < 0.5": before the score of the first predictor.
_V1_FIRST: Final = (
    Condition(role=Role.PWATERMARK, is_="<", limit=Decimal("0.8")),
    Condition(role=Role.PUNSAFE, is_="<", limit=Decimal("0.5")),
)

SUBSET_RULES: Final[tuple[SubsetRule, ...]] = (
    SubsetRule(
        rule="laion-aesthetic-v1/2",
        layouts=_V1,
        conditions=(_aesthetic(">", "7", _FIRST_PREDICTOR), *_V1_FIRST),
    ),
    SubsetRule(
        rule="laion-aesthetics-v2-4.5plus/1",
        layouts=_V2,
        conditions=(_aesthetic(">=", "4.5", _SECOND_PREDICTOR),),
    ),
    SubsetRule(
        rule="laion-aesthetics-v2-4.75plus/1",
        layouts=_V2,
        conditions=(_aesthetic(">=", "4.75", _SECOND_PREDICTOR),),
    ),
    SubsetRule(
        rule="laion-aesthetics-v2-5plus/1",
        layouts=_V2,
        conditions=(
            _aesthetic(">", "5", _SECOND_PREDICTOR),
            *_at_least("512"),
            Condition(role=Role.PWATERMARK, is_="<", limit=Decimal("0.5")),
        ),
    ),
    SubsetRule(
        rule="laion-aesthetics-v2-6.25plus/1",
        layouts=_V2,
        conditions=(_aesthetic(">=", "6.25", _SECOND_PREDICTOR),),
    ),
    SubsetRule(
        rule="laion-aesthetics-v2-6.5plus/1",
        layouts=_V2,
        conditions=(_aesthetic(">=", "6.5", _SECOND_PREDICTOR),),
    ),
    SubsetRule(
        rule="laion-aesthetics-v2-6plus/1",
        layouts=_V2,
        conditions=(_aesthetic(">=", "6", _SECOND_PREDICTOR),),
    ),
    SubsetRule(
        rule="laion-art/2",
        layouts=_V1,
        conditions=(_aesthetic(">", "8", _FIRST_PREDICTOR), *_V1_FIRST),
    ),
    SubsetRule(
        rule="laion-high-resolution/1",
        layouts=_ALL,
        conditions=_at_least("1024"),
    ),
    SubsetRule(
        rule="relaion-research-safe/1",
        layouts=_ALL,
        conditions=(Condition(role=Role.PUNSAFE, is_="<=", limit=Decimal("0.45")),),
    ),
    SubsetRule(
        rule="relaion-research/1",
        layouts=_ALL,
        conditions=(Condition(role=Role.PUNSAFE, is_="<=", limit=Decimal("0.95")),),
    ),
    SubsetRule(
        rule="stable-diffusion-v2-base/1",
        layouts=_V2,
        conditions=(
            _aesthetic(">=", "4.5", _SECOND_PREDICTOR),
            *_at_least("512"),
            Condition(role=Role.PUNSAFE, is_="<=", limit=Decimal("0.1")),
        ),
    ),
)
"""All filters, sorted by name.  A changed condition is a new version; packages keep the old one."""

SUBSET_ROLES: Final = frozenset(
    {condition.role for rule in SUBSET_RULES for condition in rule.conditions}
    | {Role.ORIGINAL_WIDTH, Role.ORIGINAL_HEIGHT}
)
"""The columns that ``subset_states`` looks at."""


def subset_states(layout: Layout, values: Mapping[Role, object]) -> tuple[tuple[str, SubsetState], ...]:
    """What the filters say about one row: ``(rule, state)``, sorted by rule; empty where no rule concerns the layout.

    Args:
        layout: the shard's; its name decides which rules concern it, ``size_of`` whether its width is that of the original.
        values: the row's cells by role, as numbers or decimal text; absent or None where the shard has none.
    """
    return tuple(
        (rule.rule, _state(rule, layout, values))
        for rule in sorted(SUBSET_RULES, key=lambda rule: rule.rule)
        if layout.name in rule.layouts
    )


def _state(rule: SubsetRule, layout: Layout, values: Mapping[Role, object]) -> SubsetState:
    state = SubsetState.ELIGIBLE
    for condition in rule.conditions:
        number = _number_for(condition, layout, values)
        if number is None:
            state = SubsetState.UNKNOWN
        elif not _HOLDS[condition.is_](number, float(condition.limit)):
            return SubsetState.NOT_ELIGIBLE
    return state


_ORIGINAL: Final = {Role.WIDTH: Role.ORIGINAL_WIDTH, Role.HEIGHT: Role.ORIGINAL_HEIGHT}


def _number_for(condition: Condition, layout: Layout, values: Mapping[Role, object]) -> float | None:
    """The row's number for a condition; sizes are those of the original picture, never of a stored copy."""
    if condition.layouts is not None and layout.name not in condition.layouts:
        return None
    role = condition.role
    if role in _ORIGINAL:
        original = _number(values.get(_ORIGINAL[role]))
        return original if original is not None or layout.size_of == "stored" else _number(values.get(role))
    return _number(values.get(role))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
