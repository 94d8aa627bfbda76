"""What is to be looked at: values, and the order in which hosts are asked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.fetch.guard import CheckedUrl, as_sent, check_url
from scanner.urls import registrable_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scanner.fetch.addresses import Network, Refusal
    from scanner.observations import ObservationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One address to look at.

    Attributes:
        url: the verbatim cell of a row, an address the user declared, or an entry of an archive's index.
        kind: ``live`` and ``archive`` are pictures, ``robots`` and ``index`` texts.
        rank: those with a smaller one are asked first.
        unsafe: a row that the dataset marks as unsafe lists it.
        obeys_robots: whether robots.txt is asked before it.
        expected_bytes: for the plan, where the row says so.
    """

    url: str
    kind: ObservationKind = "live"
    rank: int = 0
    unsafe: bool = False
    obeys_robots: bool = True
    expected_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The addresses of one registrable domain, in the order in which they are asked."""

    name: str
    wanted: tuple[tuple[Wanted, CheckedUrl], ...]


def question(kind: ObservationKind, url: str) -> tuple[ObservationKind, str]:
    """What is asked: two cells of rows that are sent alike (spaces around one, a fragment after one) ask for the same, once.

    Addresses that we made ourselves stand as they are: the fragment of an archive's tells records of one file apart.
    """
    return kind, as_sent(url) if kind == "live" else url


def site_of(url: CheckedUrl) -> str:
    """Whom manners are owed to: the registrable domain, or the address where the host is written as one."""
    return url.host if url.is_address else registrable_domain(url.host)


def by_site(
    wanted: Iterable[Wanted], allowed: tuple[Network, ...] = ()
) -> tuple[list[Site], list[tuple[Wanted, Refusal]]]:
    """Sort what is wanted by whom it asks, and set aside what the guard refuses by its text alone; equal addresses once.

    The order is fixed by rank, number and name: what may raise a tier first, then long queues before short ones (each site has its own
    pace, so the longest decides when all is done), so that equal questions ask in equal order.
    """
    queues: defaultdict[str, list[tuple[Wanted, CheckedUrl]]] = defaultdict(list)
    refused: list[tuple[Wanted, Refusal]] = []
    for each in distinct(wanted):
        url = check_url(each.url, allowed=allowed)
        if isinstance(url, CheckedUrl):
            queues[site_of(url)].append((each, url))
        else:
            refused.append((each, url))
    sites = [
        Site(name=name, wanted=tuple(sorted(queue, key=lambda entry: (entry[0].rank, entry[0].url, entry[0].kind))))
        for name, queue in queues.items()
    ]
    sites.sort(key=lambda site: (site.wanted[0][0].rank, -len(site.wanted), site.name))
    return sites, refused


def distinct(wanted: Iterable[Wanted]) -> Sequence[Wanted]:
    """Each question once: the smallest rank of all that ask for it, and unsafe if any of them is."""
    merged: dict[tuple[ObservationKind, str], Wanted] = {}
    for each in wanted:
        asked = question(each.kind, each.url)
        known = merged.get(asked)
        if known is None:
            merged[asked] = each
        elif each.rank < known.rank or (each.unsafe and not known.unsafe):
            merged[asked] = Wanted(
                url=known.url,
                kind=each.kind,
                rank=min(each.rank, known.rank),
                unsafe=each.unsafe or known.unsafe,
                obeys_robots=each.obeys_robots or known.obeys_robots,
                expected_bytes=known.expected_bytes or each.expected_bytes,
            )
    return list(merged.values())
