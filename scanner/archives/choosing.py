"""Which capture of an address is wanted: the one nearest to the time when the dataset's pages were crawled.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from scanner.urls import BadUrl, canonicalize_url

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from scanner.archives.wayback import CdxRow

_PICTURE: Final = ("image/", "binary/octet-stream", "application/octet-stream")  # what stores call a picture
MOST_TRIED: Final = 3  # playbacks of one address before it is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlWindow:
    """When a dataset's pages were collected: first and last day, None where nobody says."""

    first: date | None
    last: date | None

    def gap_days(self, timestamp: str) -> int:
        """Days between a capture and the window: 0 inside, negative before, positive after."""
        at = datetime.strptime(timestamp[:8], "%Y%m%d").replace(tzinfo=UTC).date()
        if self.first is not None and at < self.first:
            return -(self.first - at).days
        return (at - self.last).days if self.last is not None and at > self.last else 0


# Where the dates are written: LAION-400M's announcement (20 Aug 2021, pages of 2014 to 2021); COYO-700M's card (Oct 2020 to Aug 2021);
# LAION-5B's MD5 files (May 2022; the list of crawls behind it is not published).
_WINDOWS: Final = {
    "laion400m": CrawlWindow(first=date(2014, 1, 1), last=date(2021, 8, 20)),
    "coyo700m": CrawlWindow(first=date(2020, 10, 1), last=date(2021, 8, 31)),
    "laion5b-md5": CrawlWindow(first=date(2022, 5, 1), last=date(2022, 5, 31)),
    "laion5b-md5-joined": CrawlWindow(first=date(2022, 5, 1), last=date(2022, 5, 31)),
    "laion5b": CrawlWindow(first=None, last=date(2022, 5, 31)),
}


def window_of(layout: str, release: str | None) -> CrawlWindow:
    """The window of a known layout (its name, ``laion400m``), else everything until the release, else no limits.

    >>> window_of("unknown", "2023-05-01").gap_days("20230503120000")
    2
    """
    known = _WINDOWS.get(layout.partition("/")[0])
    if known is not None:
        return known
    try:
        stated = re.match(r"\d{4}-\d{2}-\d{2}", release or "")
        last = date.fromisoformat(stated[0]) if stated else None
    except ValueError:
        last = None
    return CrawlWindow(first=None, last=last)


def wanted_captures(
    rows: Sequence[CdxRow], window: CrawlWindow, digests_of_works: Collection[str] = ()
) -> tuple[CdxRow, ...]:
    """Captures of a picture, the one to be retrieved first in front.

    First those whose digest is that of a file of a work; then those inside the window, the latest first; then before it, the nearest
    first; then after it.  Only answers of status 200 that call themselves pictures; of a revisit what it repeats must be one.
    """
    pictures = {row.digest for row in rows if _is_picture(row)}
    held = [row for row in rows if _is_picture(row) or (row.mimetype == "warc/revisit" and row.digest in pictures)]

    def rank(row: CdxRow) -> tuple[bool, int, int, int, str]:
        gap = window.gap_days(row.timestamp)
        side = 0 if gap == 0 else 1 if gap < 0 else 2
        return (
            row.digest not in digests_of_works,
            side,
            abs(gap),
            -int(row.timestamp) if side == 0 else 0,
            row.timestamp,
        )

    return tuple(sorted(held, key=rank))


def _is_picture(row: CdxRow) -> bool:
    return row.status == 200 and row.mimetype.startswith(_PICTURE)


def is_same_address(one: str, other: str) -> bool:
    """Whether two spellings are of one address in the compare form of ``scanner.urls``: http is https, ``www.`` is off.

    >>> is_same_address("http://www.a.example:80/B.jpg", "https://a.example/B.jpg"), is_same_address("http://a/B", "http://a/b")
    (True, False)
    """
    if one == other:
        return True
    first, second = canonicalize_url(one), canonicalize_url(other)
    if isinstance(first, BadUrl) or isinstance(second, BadUrl):
        return False
    return first.compare == second.compare


def is_same_host(one: str, other: str) -> bool:
    """Whether two addresses lie on one host, ``www.`` left aside, and port."""
    first, second = canonicalize_url(one), canonicalize_url(other)
    if isinstance(first, BadUrl) or isinstance(second, BadUrl):
        return False
    return (first.compare_host, first.port) == (second.compare_host, second.port)
