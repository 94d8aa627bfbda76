"""Memento (RFC 7089): asking a TimeGate of any archive for the capture of an address nearest to a time.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINK = re.compile(r'<([^<>]{0,8192})>((?:\s*;\s*[A-Za-z*-]+\s*=\s*(?:"[^"]{0,1024}"|[^\s;,"]{1,1024}))*)')
_PARAMETER = re.compile(r';\s*([A-Za-z*-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a ``Link`` field or a TimeMap: where to, its relations, and of a memento its time."""

    target: str
    relations: frozenset[str]
    datetime: str | None


def accept_datetime(at: str) -> str:
    """A record's time as ``Accept-Datetime`` wants it.

    >>> accept_datetime("2021-08-20T00:00:00Z")
    'Fri, 20 Aug 2021 00:00:00 GMT'
    """
    return format_datetime(datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC), usegmt=True)


def parse_links(text: str) -> tuple[Link, ...]:
    """Read a ``Link`` field, or a TimeMap in ``application/link-format``; what is no link is passed over.

    >>> parse_links('<http://a/>; rel="original", <http://t/>; rel="timemap"; type="application/link-format"')[0].target
    'http://a/'
    """
    found = []
    for match in _LINK.finditer(text):
        named = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(match[2])}
        relations = frozenset(named.get("rel", "").lower().split())
        found.append(Link(target=match[1], relations=relations, datetime=named.get("datetime")))
    return tuple(found)


def original_of(links: Iterable[Link]) -> str | None:
    """The address that a memento says it is of."""
    return next((link.target for link in links if "original" in link.relations), None)
