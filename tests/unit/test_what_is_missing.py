"""What is new, and what changed: pure."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from scanner.ledger import Compared, QuerySetRecord
from scanner.query_sets import Asked
from scanner.runner.case_files import Stated
from scanner.runner.changes import change_records
from scanner.runner.missing import Done, Group, ShardToPlan, plan
from scanner.works import Portfolio


def asked(items: str, declared: str | None = None) -> Asked:
    return Asked(portfolio=Portfolio(works=()), identity=None, items=tuple(items), declared=declared)


def query_set(name: str, items: str, declared: str | None = None) -> QuerySetRecord:
    return QuerySetRecord(digest=name, works=tuple(items), items=tuple(items), declared=declared)


def row(shard: str, part: int, name: str, *, complete: int = 1, reading: str = "r") -> Compared:
    return Compared(
        shard_id=shard,
        reading=reading,
        part=part,
        query_set=name,
        settings="s",
        result_version=1,
        outcome=f"{shard}{part}{name}",
        complete=complete,
        run=1,
    )


def shard(name: str, parts: int = 1) -> ShardToPlan:
    return ShardToPlan(shard_id=name, reading="r", parts=parts)


NEW = ShardToPlan(shard_id=None, reading=None, parts=0)


def told(groups: list[Group]) -> list[tuple[str, bool, list[int], dict[int, set[int]]]]:
    return [
        ("".join(sorted(group.missing.items)), group.missing.declared, group.shards, {at: set(some) for at, some in group.parts.items()})
        for group in groups
    ]  # fmt: skip


def test_an_empty_case_asks_everything_of_everything() -> None:
    assert told(plan(asked("ab", "d"), [NEW, NEW], Done((), {}))) == [("ab", True, [0, 1], {})]


def test_a_finished_case_asks_nothing() -> None:
    done = Done([row("x", 0, "q"), row("y", 0, "q")], {"q": query_set("q", "ab", "d")})
    assert plan(asked("ab", "d"), [shard("x"), shard("y")], done) == []


def test_new_works_meet_all_shards_and_all_works_meet_new_shards() -> None:
    done = Done([row("x", 0, "q"), row("y", 0, "q")], {"q": query_set("q", "ab")})
    assert told(plan(asked("abc"), [shard("x"), NEW, shard("y")], done)) == [
        ("abc", False, [1], {}),
        ("c", False, [0, 2], {0: {0}, 2: {0}}),
    ]


def test_a_changed_declaration_asks_for_what_was_declared_alone() -> None:
    done = Done([row("x", 0, "q")], {"q": query_set("q", "ab", "old")})
    assert told(plan(asked("ab", "new"), [shard("x")], done)) == [("", True, [0], {0: {0}})]
    assert plan(asked("ab"), [shard("x")], done) == []  # nothing declared any more: nothing to ask


def test_parts_that_were_finished_before_a_kill_are_not_asked_again() -> None:
    done = Done([row("x", 0, "q"), row("x", 2, "q")], {"q": query_set("q", "ab")})
    assert told(plan(asked("ab"), [shard("x", 4)], done)) == [("ab", False, [0], {0: {1, 3}})]


def test_what_damage_cut_short_is_asked_again() -> None:
    done = Done([row("x", 0, "q", complete=0)], {"q": query_set("q", "ab")})
    assert told(plan(asked("ab"), [shard("x")], done)) == [("ab", False, [0], {0: {0}})]


def test_another_reading_of_a_shard_counts_for_nothing() -> None:
    done = Done([row("x", 0, "q", reading="other")], {"q": query_set("q", "ab")})
    assert told(plan(asked("ab"), [shard("x")], done)) == [("ab", False, [0], {0: {0}})]


def test_a_work_that_left_costs_nothing_and_its_return_neither() -> None:
    done = Done([row("x", 0, "q"), row("x", 0, "p")], {"q": query_set("q", "ab"), "p": query_set("p", "c")})
    for number in (1, 2, 3):
        for some in itertools.combinations("abc", number):
            assert plan(asked("".join(some)), [shard("x")], done) == []


def side(match_id: str, name: str, number: int, *, key: str | None = None, url: str | None = None) -> dict[str, Any]:
    place = {"dataset": "d", "shard": name, "shard_id": name, "row_number": number, "key": key, "url": url}
    return {"match_id": match_id, "tier": "url_listed", "row": place, "work_id": "w"}


def stated(found: dict[str, Any]) -> Stated:
    return Stated(
        match_id=found["match_id"], work_id=found["work_id"], tier=found["tier"], row=found["row"], basis=frozenset()
    )


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({"key": "7", "url": "u"}, {"key": "7", "url": "v"}, ["changed"]),
        ({"key": None, "url": "u"}, {"key": None, "url": "u"}, ["changed"]),
        (
            {"key": "7", "url": "u"},
            {"key": "8", "url": "u"},
            ["changed"],
        ),  # keys of two releases may be numbers of rows
        ({"key": "7", "url": "u"}, {"key": "8", "url": "v"}, ["appeared", "vanished"]),
        ({"key": None, "url": None}, {"key": None, "url": None}, ["appeared", "vanished"]),
    ],
)
def test_rows_of_two_releases_are_paired_by_key_else_url(
    before: dict[str, str], after: dict[str, str], change: list[str]
) -> None:
    old, new = side("m-1", "old", 1, **before), side("m-2", "new", 5, **after)  # type: ignore[arg-type]
    records = change_records([new], {"m-1": stated(old)}, [stated(old)])
    assert sorted(record["change"] for record in records) == change


def test_a_row_is_paired_once_and_the_rest_appeared() -> None:
    old = side("m-1", "old", 1, key="7")
    new = [side(f"m-{number}", "new", number, key="7") for number in (2, 3)]
    records = change_records(new, {"m-1": stated(old)}, [stated(old)])
    assert sorted(record["change"] for record in records) == ["appeared", "changed"]


def test_a_finding_that_rests_on_more_than_before_has_changed_in_its_place() -> None:
    old = side("m-1", "x", 1)
    (record,) = change_records([old], {"m-1": stated(old)}, [])
    assert (record["change"], record["before"]["row"]) == ("changed", record["after"]["row"])
