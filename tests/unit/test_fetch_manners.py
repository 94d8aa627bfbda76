"""Manners without a network: the rate law, rests that hosts ask for, rules that hosts give."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.fetch.guard import CheckedUrl, check_url
from scanner.fetch.politeness import BURST, LANES_KEPT, Bucket, Lanes, backoff_s, retry_after_s
from scanner.fetch.robots import Robots, read_robots, robots_url
from scanner.observations import FetchOutcome

NOW = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 600))
def test_no_stretch_of_time_holds_more_than_its_rate_and_the_burst(pauses: list[float], per_minute: int) -> None:
    bucket, now, left = Bucket(per_minute), 0.0, []
    for pause in pauses:
        now += pause
        at = bucket.take(now)
        assert at >= now
        left.append(at)
    assert left == sorted(left)
    for first in range(len(left)):
        for last in range(first, len(left)):
            assert last - first + 1 <= (left[last] - left[first]) * per_minute / 60 + BURST + 1e-6


def test_a_pause_gives_back_the_burst_and_no_more() -> None:
    bucket = Bucket(120)
    assert [bucket.take(0.0) for _ in range(4)] == [0.0, 0.0, 0.5, 1.0]
    assert [bucket.take(100.0) for _ in range(3)] == [100.0, 100.0, 100.5]


def test_turns_are_waited_for_on_the_clock_that_was_given() -> None:
    time = {"now": 0.0}

    async def sleep(seconds: float) -> None:
        time["now"] += seconds

    async def run() -> list[float]:
        lanes = Lanes(60, 1, lambda: time["now"], sleep)
        left = []
        for _ in range(5):
            async with lanes.turn("a.test"):
                left.append(time["now"])
        async with lanes.turn("b.test"):
            left.append(time["now"])
        return left

    assert asyncio.run(run()) == [0.0, 0.0, 1.0, 2.0, 3.0, 3.0]


def test_lanes_that_nobody_uses_are_forgotten() -> None:
    async def run() -> int:
        time = iter(range(10**9))
        lanes = Lanes(60, 1, lambda: float(next(time)))
        for number in range(3 * LANES_KEPT):
            async with lanes.turn(str(number)):
                pass
        return len(lanes._lanes)

    assert asyncio.run(run()) <= LANES_KEPT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("Sat, 21 Nov 2026 10:16:00 GMT", 60.0),
        ("Sat, 21 Nov 2020 10:16:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 10:16:00", 60.0),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("", None),
        (None, None),
        ("9" * 400, float("9" * 12)),
        ("²", None),
        ("Sat, 99 Foo 99999 10:16:00 GMT", None),
    ],
)
def test_both_forms_of_a_rest_are_read_and_nonsense_is_none(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


def test_waits_between_tries_grow_and_end() -> None:
    assert [backoff_s(tries, 1.0) for tries in (1, 2, 3, 10)] == [2.0, 4.0, 8.0, 60.0]
    assert backoff_s(3, 0.0) == 0.0


def url(text: str) -> CheckedUrl:
    checked = check_url(text)
    assert isinstance(checked, CheckedUrl)
    return checked


RULES = b"""\xef\xbb\xbfUser-agent: *
Disallow: /
User-agent: Provscan
Disallow: /private
Allow: /private/open
Disallow: /*.gif$
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/a.jpg", True), ("/private/a.jpg", False), ("/private/open/a.jpg", True), ("/a.gif", False), ("/a.gif?x", True)],
)
def test_the_rules_for_our_agent_count_and_the_longest_decides(path: str, allowed: bool) -> None:
    assert read_robots(FetchOutcome.TEXT_READ, RULES).allows(url("http://a.test" + path)) is allowed


def test_rules_lie_at_the_root_of_scheme_host_and_port() -> None:
    assert robots_url(url("https://www.a.test/x/y?z")) == "https://www.a.test/robots.txt"
    assert check_url("http://a.test:8080/") != check_url("http://a.test/")
    assert Robots(None).allows(url("http://a.test/"))


def test_rules_made_to_be_slow_are_read_in_time() -> None:
    import time

    text = b"User-agent: *\nDisallow: /" + b"*a" * 3000 + b"*b\n" + b"Disallow: /x*y*z\n" * 20_000
    began = time.process_time()
    read_robots(FetchOutcome.TEXT_READ, text).allows(url("http://a.test/" + "a" * 8000))
    assert time.process_time() - began < 20
