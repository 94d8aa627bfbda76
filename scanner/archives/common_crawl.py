"""Common Crawl: the page of a listed picture, as it stood at a date.  Pure.

More than 99 of 100 records are pages (arXiv:2404.09770), cut at 1 MiB: what it can show is that a page listed an address in an
``<img>``, with its alternative text; the picture itself is hardly ever there.  Sources: index.commoncrawl.org, the pywb CDX API.
"""

from __future__ import annotations

import json
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urljoin

from scanner.archives.wayback import ArchiveAnswerError, is_time
from scanner.urls import CanonicalUrl, canonicalize_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.archives.choosing import CrawlWindow

MAX_RECORD_BYTES: Final = 4 << 20  # a page has 1 MiB at most, its head and the record's little
CRAWLS_ASKED: Final = 2
MAX_PICTURES: Final = 10_000  # of one page
_SOURCES: Final = ("src", "data-src", "data-original", "data-lazy-src", "srcset", "data-srcset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """One crawl: its name ``CC-MAIN-2021-04`` and the address of its index; ``first`` and ``last``: fourteen digits."""

    name: str
    index: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """Where a page lies in a crawl's files."""

    timestamp: str
    url: str
    filename: str
    offset: int
    length: int

    @property
    def range(self) -> str:
        """The ``Range`` of its record."""
        return f"bytes={self.offset}-{self.offset + self.length - 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPicture:
    """A picture that a page lists: the address as it stands there, and the alternative text."""

    source: str
    alt: str | None


def parse_crawls(content: bytes) -> tuple[Crawl, ...]:
    """Read ``collinfo.json``.

    Raises:
        ArchiveAnswerError: not a list of crawls.
    """
    try:
        found = json.loads(content)
        return tuple(
            Crawl(
                name=str(each["id"]),
                index=str(each["cdx-api"]),
                first=_digits(each.get("from"), str(each["id"])),
                last=_digits(each.get("to"), str(each["id"])),
            )
            for each in found
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArchiveAnswerError("the list of crawls cannot be read") from error


def _digits(stated: object, name: str) -> str:
    """Fourteen digits of a stated time, else the Monday of the week that the crawl's name has."""
    text = re.sub(r"\D", "", str(stated or ""))[:14]
    if len(text) == 14 and is_time(text):
        return text
    week = re.search(r"(\d{4})-(\d{2})", name)
    return f"{week[1]}{min(12, 1 + int(week[2]) * 12 // 53):02}01000000" if week else "19700101000000"


def nearest_crawls(crawls: Sequence[Crawl], window: CrawlWindow) -> tuple[Crawl, ...]:
    """The crawls worth asking: inside the window, the latest first, then before, then after."""

    def rank(crawl: Crawl) -> tuple[int, int, int]:
        gap = window.gap_days(crawl.last)
        return (0 if gap == 0 else 1 if gap < 0 else 2), abs(gap), -int(crawl.last)

    return tuple(sorted(crawls, key=rank)[:CRAWLS_ASKED])


def index_address(crawl: Crawl, page: str) -> str:
    """The question for a page's records in one crawl."""
    asked = urlencode({"url": page, "output": "json", "filter": "=status:200", "limit": "100"}, errors="replace")
    return f"{crawl.index}?{asked}"


def parse_index(content: bytes) -> tuple[PageRecord, ...]:
    """Read an index's answer: one JSON object a line.

    Raises:
        ArchiveAnswerError: not that.
    """
    try:
        lines = [json.loads(line) for line in content.split(b"\n") if line.strip()]
        return tuple(
            PageRecord(
                timestamp=str(line["timestamp"]),
                url=str(line["url"]),
                filename=str(line["filename"]),
                offset=int(line["offset"]),
                length=int(line["length"]),
            )
            for line in lines
            if "filename" in line and is_time(str(line["timestamp"])) and 0 < int(line["length"]) <= MAX_RECORD_BYTES
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArchiveAnswerError("the crawl's index did not answer with records") from error


def read_page(content: bytes) -> tuple[str, bytes]:
    """``(address, HTML)`` of one gzip-compressed WARC response record.

    Raises:
        ArchiveAnswerError: no such record, or more than a page unpacks to.
    """
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    try:
        record = unpacker.decompress(content, MAX_RECORD_BYTES)
    except zlib.error as error:
        raise ArchiveAnswerError("the record is not compressed as records are") from error
    head, end, block = record.partition(b"\r\n\r\n")
    fields = _fields(head)
    if not end or not head.startswith(b"WARC/") or fields.get("warc-type") != "response":
        raise ArchiveAnswerError("the record is no response")
    http, _, body = block.partition(b"\r\n\r\n")
    encoding = _fields(http).get("content-encoding", "identity").lower()
    if encoding not in {"identity", ""}:
        raise ArchiveAnswerError(f"the page is stored as {encoding}")
    return fields.get("warc-target-uri", ""), body


def _fields(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def pictures_on(page: str, html: bytes) -> list[ListedPicture]:
    """The pictures that a page lists in ``<img>`` and ``<source>``, addresses made absolute as browsers do."""
    reader = _Pictures(page)
    with suppress(AssertionError):  # how html.parser ends at "<![<!": what came before stands
        reader.feed(html.decode("utf-8", "replace"))
    return reader.found


def listing_of(url: str, pictures: Sequence[ListedPicture]) -> ListedPicture | None:
    """The first listing of exactly this address, else of one that equals it after canonicalisation."""
    exact = next((each for each in pictures if each.source == url), None)
    if exact is not None:
        return exact
    wanted = _compared(url)
    return next((each for each in pictures if wanted is not None and _compared(each.source) == wanted), None)


def _compared(url: str) -> str | None:
    canonical = canonicalize_url(url)
    return canonical.compare if isinstance(canonical, CanonicalUrl) else None


class _Pictures(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self._base = page
        self.found: list[ListedPicture] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value for name, value in attrs if value}
        if tag == "base" and "href" in named:
            self._base = self._absolute(named["href"] or "")
        if tag not in {"img", "source"}:
            return
        for name in _SOURCES:
            value = named.get(name)
            if value is None:
                continue
            for part in value.split(",") if name.endswith("srcset") else (value,):
                if len(self.found) >= MAX_PICTURES:
                    return
                source = (part.split() or [""])[0] if name.endswith("srcset") else part.strip()
                self.found.append(ListedPicture(source=self._absolute(source), alt=named.get("alt")))

    def _absolute(self, source: str) -> str:
        try:
            return urljoin(self._base, source)
        except ValueError:  # unbalanced brackets
            return source
