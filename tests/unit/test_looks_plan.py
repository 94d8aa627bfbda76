from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fetch_world import LOOPBACK, policy

from scanner.config import ScanConfig
from scanner.fetch_policy import FetchPolicy
from scanner.identity import Domain, Identity
from scanner.looks import Wanted
from scanner.looks.plan import plan_of
from scanner.runner.scanning import open_outlook

if TYPE_CHECKING:
    from pathlib import Path


def wanted(*urls: str, **values: object) -> list[Wanted]:
    return [Wanted(url=url, **values) for url in urls]  # type: ignore[arg-type]


def test_the_longest_queue_decides_the_minutes_because_each_host_has_its_own_pace() -> None:
    many = wanted(*(f"http://a{n}.many.test/x" for n in range(600)), "http://one.test/x", "http://one.test/x")
    plan = plan_of(many, FetchPolicy(archives=False))
    assert (plan.rows, plan.addresses, plan.to_ask, plan.sites) == (602, 601, 601, 2)
    assert (plan.busiest_site, plan.busiest_requests) == ("many.test", 601)
    assert plan.minutes == 6  # 601 requests at 120 a minute
    assert plan.expected_bytes == 601 * 150_000
    assert plan.archive_minutes == 0
    assert plan_of(many, FetchPolicy()).archive_minutes == 26


def test_what_is_not_asked_for_is_counted_with_its_reason() -> None:
    rows = [
        *wanted("http://a.test/1", "http://a.test/2", "http://a.test/3", expected_bytes=10),
        *wanted("http://a.test/4", unsafe=True),
        *wanted("ftp://a.test/5", "http://127.0.0.1/"),
    ]
    settings = policy(max_requests=3, contact="")
    plan = plan_of(rows, settings, known={("live", "http://a.test/1")})
    assert plan.excluded == {"withheld_unsafe": 1, "refused": 2}
    assert (plan.known, plan.to_ask, plan.expected_bytes) == (1, 2, 20)
    small = plan_of(rows, policy(max_requests=2), allowed=LOOPBACK)
    assert small.excluded == {"withheld_unsafe": 1, "refused": 1, "over_budget": 4}
    assert small.to_ask == 0
    assert plan_of(rows, policy(max_bytes=1)).to_ask == 1
    said = " ".join(plan.sentences())
    assert "2 are not asked for: no public web address" in said
    assert "contact" in said


def test_links_grow_old() -> None:
    ages = [plan_of([], FetchPolicy(), years=years).answering_of_100 for years in (0.5, 1.5, 2.5, 4, 9)]
    assert ages == [90, 85, 68, 60, 50]
    assert plan_of([], FetchPolicy()).answering_of_100 is None
    assert plan_of([], FetchPolicy()).minutes == 0


def test_what_a_run_has_used_of_its_budgets_is_gone() -> None:
    whole = FetchPolicy(max_requests=10, max_bytes=100, max_minutes=3)
    left = whole.less(requests=4, received=130, seconds=119.9)
    assert (left.max_requests, left.max_bytes, left.max_minutes) == (6, 0, 2)
    assert whole.less(requests=0, received=0, seconds=59.0) == whole


def test_a_domain_that_was_sold_is_not_the_artists_own_when_robots_txt_is_read(tmp_path: Path) -> None:
    domains = (Domain(domain="sold.example", until="2018-06-30"), Domain(domain="own.example", since="2019"))
    question: Any = SimpleNamespace(config=ScanConfig(fetch="candidates"), identity=Identity(domains=domains))
    ledger: Any = SimpleNamespace(folder=tmp_path)
    with open_outlook(ledger, question) as outlook:
        assert outlook is not None
        assert outlook.outside.own_domains == {"own.example"}
