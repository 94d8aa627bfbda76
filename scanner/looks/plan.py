"""What looking will cost, before anything is asked: addresses, hosts, bytes, minutes, and what is left out and why.  Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from scanner.looks.wanted import by_site, distinct

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from scanner.fetch.addresses import Network
    from scanner.fetch_policy import FetchPolicy
    from scanner.looks.wanted import Wanted

PICTURE_BYTES: Final = 150_000  # of a listed picture, where the row does not say
SECONDS_OF_A_LOOK: Final = 1  # name, connection, answer, as a connection is busy with it
# Of 100 listed addresses, how many still answered so many years after the list was made: counts published with datasets of links
# (fetching.md section 7: COYO and LAION after one year, LAION-400M after 2.5, CC12M and LAION-COCO after 2 to 4).
STILL_ANSWERING: Final = ((1, 90), (2, 85), (3, 68), (5, 60))
LATER: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPlan:
    """The plan of one run.

    Attributes:
        rows: that list an address which was chosen.
        addresses: different ones among them.
        known: of these, looked at before and young enough: not asked again.
        to_ask: what is left of them after ``excluded``.
        sites: registrable domains that are asked; each is asked for robots.txt as well.
        busiest_site: and ``busiest_requests``, the longest queue: every site has its own pace, so it decides when all is done.
        expected_bytes: by the sizes that rows state, else 150 kB each.
        minutes: of asking the hosts, rounded up.
        archive_minutes: at most, where nothing is found at the addresses; 0 where archives are not asked.
        answering_of_100: how many of 100 links of this age were counted alive by others; None where the age is unknown.
        excluded: addresses that are not asked for, by reason.
        contact: whether hosts are told whom to ask.
    """

    rows: int
    addresses: int
    known: int
    to_ask: int
    sites: int
    busiest_site: str | None
    busiest_requests: int
    expected_bytes: int
    minutes: int
    archive_minutes: int
    answering_of_100: int | None
    excluded: dict[str, int]
    contact: bool

    def record(self) -> dict[str, Any]:
        """The plan as one object of JSON."""
        return asdict(self)

    def sentences(self) -> list[str]:
        """The plan for a person."""
        asked = f"{self.to_ask:,} are asked for, on {self.sites:,} sites"
        cost = f"about {_size(self.expected_bytes)} in {self.minutes:,} min"
        said = [f"{self.addresses:,} addresses of {self.rows:,} rows; {asked}: {cost}."]
        if self.busiest_site is not None and self.busiest_requests > 1:
            said.append(f"The longest queue is {self.busiest_site} with {self.busiest_requests:,} requests.")
        if self.known:
            said.append(f"{self.known:,} were looked at before and are not asked again.")
        said += [f"{count:,} are not asked for: {_WHY[reason]}." for reason, count in sorted(self.excluded.items())]
        if self.archive_minutes:
            said.append(f"Archives are asked for what is not found: at most {self.archive_minutes:,} min.")
        if self.answering_of_100 is not None:
            said.append(f"Of 100 links of this age, others counted about {self.answering_of_100} that still answered.")
        if not self.contact:
            said.append('Hosts are told no contact; set one in the configuration: [fetch] contact = "you@example.org".')
        return said


_WHY: Final = {
    "over_budget": "the budget of one run (max_requests, max_bytes) ends before them; the same command goes on there",
    "refused": "no public web address",
    "withheld_unsafe": "the dataset marks their rows as unsafe",
}


def plan_of(
    wanted: Iterable[Wanted],
    policy: FetchPolicy,
    *,
    allowed: tuple[Network, ...] = (),
    known: Collection[tuple[str, str]] = (),
    years: float | None = None,
) -> FetchPlan:
    """The plan for what is wanted.

    Args:
        wanted: one for each row; equal addresses are asked once.
        policy: pace and budgets.
        allowed: networks that the guard lets through.
        known: ``(kind, url)`` of addresses with a look that stands.
        years: since the dataset was made, where that is known.
    """
    rows = list(wanted)
    different = distinct(rows)
    excluded: Counter[str] = Counter()
    fresh = [each for each in different if (each.kind, each.url) not in known]
    if policy.unsafe == "withhold":
        excluded["withheld_unsafe"] = sum(each.unsafe for each in fresh)
        fresh = [each for each in fresh if not each.unsafe]
    sites, refused = by_site(fresh, allowed)
    excluded["refused"] = len(refused)
    asked = [each for site in sites for each, _ in site.wanted]
    within = _within_budget([each.expected_bytes or PICTURE_BYTES for each in asked], len(sites), policy)
    excluded["over_budget"] = len(asked) - within
    requests = within + len(sites)
    busiest = max(sites, key=lambda site: len(site.wanted), default=None)
    longest = 0 if busiest is None else min(len(busiest.wanted), within) + 1
    minutes = max(longest / policy.per_host_per_minute, requests * SECONDS_OF_A_LOOK / policy.connections / 60)
    return FetchPlan(
        rows=len(rows),
        addresses=len(different),
        known=len(different) - len([each for each in different if (each.kind, each.url) not in known]),
        to_ask=within,
        sites=len(sites),
        busiest_site=None if busiest is None else busiest.name,
        busiest_requests=longest,
        expected_bytes=sum(each.expected_bytes or PICTURE_BYTES for each in asked[:within]),
        minutes=-int(-minutes // 1),
        archive_minutes=-(-len(asked) // policy.archive_per_minute) if policy.archives else 0,
        answering_of_100=None if years is None else next((n for until, n in STILL_ANSWERING if years < until), LATER),
        excluded={reason: count for reason, count in excluded.items() if count},
        contact=bool(policy.contact),
    )


def _within_budget(sizes: list[int], sites: int, policy: FetchPolicy) -> int:
    """How many of the addresses one run reaches; each site's robots.txt counts as a request."""
    number = min(len(sizes), max(0, policy.max_requests - sites))
    received = 0
    for place, size in enumerate(sizes[:number]):
        if received >= policy.max_bytes:
            return place
        received += size
    return number


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
