"""Asking the archives: one request at a time, within rates that cannot be exceeded, each answer kept before the next is asked.

=====================  ==========================================================================================================
an answer              what follows
=====================  ==========================================================================================================
a list, or captures    kept; the question is done
an empty list          ``not_archived``; done
429                    ``archive_limited``: this archive is left alone, an hour the first time; the queue waits for another run
a page of HTML, 5xx    ``archive_limited`` for this question; three in a row count as 429
=====================  ==========================================================================================================

Answers are looks of kind ``index`` and ``archive``: they are observations, go into the captures, and are never asked for twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from scanner.archives.choosing import MOST_TRIED, is_same_address, is_same_host
from scanner.archives.common_crawl import (
    MAX_RECORD_BYTES,
    ListedPicture,
    PageRecord,
    index_address,
    listing_of,
    nearest_crawls,
    parse_crawls,
    parse_index,
    pictures_on,
    read_page,
)
from scanner.archives.memento import accept_datetime, original_of, parse_links
from scanner.archives.wayback import (
    ArchiveAnswerError,
    CdxRow,
    cdx_address,
    parse_cdx,
    playback_address,
    played_address,
    played_timestamp,
    spelled,
)
from scanner.fetch.client import field_of
from scanner.fetch.entities import entity
from scanner.observations import ArchiveCopy, FetchOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.archives.asker import Asker
    from scanner.archives.choosing import CrawlWindow
    from scanner.archives.common_crawl import Crawl
    from scanner.archives.pace import Turns
    from scanner.observations import Look, ObservationKind

MOST_PAGES: Final = 20  # of one address's index: 100,000 captures
MOST_TROUBLE: Final = 3
_WAYBACK: Final = "wayback"  # names of paces; the playback has its own
_PLAYBACK: Final = "wayback playback"
_CRAWL_INDEX: Final = "common crawl index"
_CRAWL_DATA: Final = "common crawl data"
_PLAYBACK_S: Final = 0.5  # 8 a second are allowed
_CRAWL_INDEX_S: Final = 1.0
_CRAWL_DATA_S: Final = 0.55
_LATER: Final = frozenset({FetchOutcome.RATE_LIMITED, FetchOutcome.SERVER_ERROR, FetchOutcome.ARCHIVE_LIMITED})
_NO_ANSWER: Final = frozenset(
    {FetchOutcome.DNS_FAILED, FetchOutcome.CONNECT_FAILED, FetchOutcome.TLS_FAILED, FetchOutcome.TIMEOUT}
    | {FetchOutcome.TOO_SLOW, FetchOutcome.PROTOCOL_ERROR, FetchOutcome.TRUNCATED}
)


class ArchiveStopped(Exception):
    """This archive is not asked any more in this run; what waits stays in the queue."""


class Endpoints(Protocol):
    """What the configuration says of archives (``FetchPolicy``)."""

    @property
    def cdx_url(self) -> str:
        """The list of captures."""
        ...

    @property
    def playback_url(self) -> str:
        """Raw captures lie below it."""
        ...

    @property
    def timegates(self) -> tuple[str, ...]:
        """Memento TimeGates; the address is appended."""
        ...

    @property
    def common_crawl_index(self) -> str:
        """Lists of crawls and their indexes."""
        ...

    @property
    def common_crawl_data(self) -> str:
        """Where records lie."""
        ...

    @property
    def archive_per_minute(self) -> int:
        """Questions a minute."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PageProof:
    """A page in a crawl, and how it lists the address; ``listing`` is None where it does not."""

    crawl: str
    record: PageRecord
    look: Look
    listing: ListedPicture | None


class Archives:
    """The archives of a configuration; one thread asks."""

    def __init__(self, asker: Asker, pace: Turns, endpoints: Endpoints) -> None:
        """Ask nothing yet."""
        self._asker = asker
        self._pace = pace
        self._endpoints = endpoints
        self._trouble: Counter[str] = Counter()
        self._crawls: tuple[Crawl, ...] | None = None

    @property
    def name(self) -> str:
        """What the Wayback archive is called in records: its host."""
        return urlsplit(self._endpoints.playback_url).hostname or self._endpoints.playback_url

    def captures(self, url: str) -> tuple[CdxRow, ...] | None:
        """All captures of exactly this address that the index lists; None where it gave no answer, but may another time.

        Raises:
            ArchiveStopped: it may not be asked now.
        """
        rows: list[CdxRow] = []
        key: str | None = None
        for _ in range(MOST_PAGES):
            look = self._asked(_WAYBACK, 60.0 / self._endpoints.archive_per_minute, "index", self._cdx(url, key))
            if look.observation.outcome in {FetchOutcome.TEXT_READ, FetchOutcome.NOT_ARCHIVED}:
                try:
                    page = parse_cdx(_text(look))
                except ArchiveAnswerError:
                    self._troubled(_WAYBACK, look)
                    return None
                rows += page.rows
                self._well(_WAYBACK)
                if not page.rows and key is None:
                    self._kept(look, outcome=FetchOutcome.NOT_ARCHIVED)
                if page.resume_key is None or page.resume_key == key:
                    break
                key = page.resume_key
            else:
                self._in_vain(_WAYBACK, look)
                return (
                    None if look.observation.outcome in _LATER | _NO_ANSWER else ()
                )  # withheld by the site's owner, say
        # An index folds spellings together (the case of a path, say): a capture of another one is no capture of this address.
        return tuple(row for row in rows if is_same_address(row.original, url))

    def playback(self, row: CdxRow) -> Look:
        """The capture as it was stored, with the archive's name and the time of the capture that really came.

        Raises:
            ArchiveStopped: it may not be asked now.
        """
        address = playback_address(self._endpoints.playback_url, row)
        look = self._asked(_PLAYBACK, _PLAYBACK_S, "archive", address)
        if look.observation.outcome in _LATER:
            self._in_vain(_PLAYBACK, look)
            return self._kept(look, outcome=FetchOutcome.ARCHIVE_LIMITED)
        self._well(_PLAYBACK)
        if look.observation.archive is not None or not look.exchanges:
            return look
        if urlsplit(look.observation.final_url or "").netloc != urlsplit(address).netloc:
            return look  # it led out of the archive: what came is no capture
        played_of = played_address(look.observation.final_url or "")
        if played_of is not None and not is_same_address(played_of, row.original):
            return look  # a redirect was captured there, and leads to the capture of another address
        memento = field_of(look.exchanges[-1], "memento-datetime")
        played = played_timestamp(look.observation.final_url or "", memento)
        if played is None:  # nothing says when what came was captured
            return look
        return self._kept(look, archive=ArchiveCopy(name=self.name, captured_at=spelled(played)))

    def mementos(self, url: str, at: str) -> list[Look]:
        """What the configured TimeGates return for this address at about this time (``2021-08-20T00:00:00Z``).

        A capture of another address is left out; an answer without ``Memento-Datetime`` and ``original`` is no memento.  The archive is
        the host that answered: a TimeGate may lead to those of others.
        """
        found = []
        for gate in self._endpoints.timegates:
            host = urlsplit(gate).hostname or gate
            try:
                found += self._negotiated(gate, host, url, at)
            except ArchiveStopped:
                continue  # the other archives may still answer
        return found

    def _negotiated(self, gate: str, host: str, url: str, at: str) -> list[Look]:
        fields = (("Accept-Datetime", accept_datetime(at)),)
        look = self._asked(host, 60.0 / self._endpoints.archive_per_minute, "archive", gate + url, fields)
        if look.observation.outcome in _LATER:
            self._in_vain(host, look)
            return []
        return self._memento(look, gate, url)

    def _memento(self, look: Look, gate: str, url: str) -> list[Look]:
        if not look.exchanges:
            return []
        last = look.exchanges[-1]
        captured = played_timestamp("", field_of(last, "memento-datetime"))
        original = original_of(parse_links(field_of(last, "link") or ""))
        if look.observation.outcome is FetchOutcome.GONE:
            self._kept(look, outcome=FetchOutcome.NOT_ARCHIVED)
        if captured is None or original is None or not is_same_address(original, url):
            return []
        led_to = look.observation.final_url or gate
        if is_same_host(led_to, url):  # back to where the address itself lies: that is no archive
            return []
        answered = urlsplit(led_to).hostname or led_to
        return [self._kept(look, archive=ArchiveCopy(name=answered, captured_at=spelled(captured)))]

    def page_proofs(self, url: str, page: str, window: CrawlWindow) -> list[PageProof]:
        """How the page of a picture stood in the crawls nearest to the window, and whether it listed the picture's address.

        Raises:
            ArchiveStopped: it may not be asked now.
        """
        proofs = []
        for crawl in nearest_crawls(self._crawl_list(), window):
            answer = self._asked(_CRAWL_INDEX, _CRAWL_INDEX_S, "index", index_address(crawl, page))
            if answer.observation.outcome is FetchOutcome.GONE:  # how it says that it has none
                self._kept(answer, outcome=FetchOutcome.NOT_ARCHIVED)
                continue
            if answer.observation.outcome is not FetchOutcome.TEXT_READ:
                self._in_vain(_CRAWL_INDEX, answer)
                continue
            try:
                records = parse_index(_text(answer))
            except ArchiveAnswerError:
                self._troubled(_CRAWL_INDEX, answer)
                continue
            self._well(_CRAWL_INDEX)
            proofs += [proof for record in records[:1] if (proof := self._page(crawl, record, url)) is not None]
        return proofs

    def _page(self, crawl: Crawl, record: PageRecord, url: str) -> PageProof | None:
        # The fragment is not sent: it tells this record's look from those at other records of the file.
        address = f"{self._endpoints.common_crawl_data.rstrip('/')}/{record.filename}#{record.range}"
        look = self._asked(_CRAWL_DATA, _CRAWL_DATA_S, "archive", address, (("Range", record.range),))
        if not look.exchanges or look.exchanges[-1].status not in {200, 206} or look.exchanges[-1].cut:
            return None
        content = _text(look)
        try:
            target, html = read_page(content)
        except ArchiveAnswerError:
            return None
        look = self._kept(  # a part of a file, and the whole of what was asked for
            look,
            archive=ArchiveCopy(name=crawl.name, captured_at=spelled(record.timestamp)),
            outcome=FetchOutcome.TEXT_READ,
            bytes=len(content),
            content_sha256=hashlib.sha256(content).hexdigest(),
        )
        return PageProof(
            crawl=crawl.name, record=record, look=look, listing=listing_of(url, pictures_on(target or record.url, html))
        )

    def _crawl_list(self) -> tuple[Crawl, ...]:
        if self._crawls is None:
            address = f"{self._endpoints.common_crawl_index.rstrip('/')}/collinfo.json"
            look = self._asked(_CRAWL_INDEX, _CRAWL_INDEX_S, "index", address)
            try:
                self._crawls = parse_crawls(_text(look)) if look.observation.outcome is FetchOutcome.TEXT_READ else ()
            except ArchiveAnswerError:
                self._crawls = ()
        return self._crawls

    def _cdx(self, url: str, key: str | None) -> str:
        return cdx_address(self._endpoints.cdx_url, url, resume_key=key)

    def _asked(
        self,
        archive: str,
        interval_s: float,
        kind: ObservationKind,
        url: str,
        fields: tuple[tuple[str, str], ...] = (),
    ) -> Look:
        known = self._asker.known(kind, url)
        if known is not None and known.observation.outcome not in _LATER | _NO_ANSWER:
            return known
        if self._pace.stopped_for(archive):
            raise ArchiveStopped(archive)
        self._pace.turn(archive, interval_s)
        return self._asker.ask(kind, url, fields)

    def _in_vain(self, archive: str, look: Look) -> None:
        """An answer that is none: refused for now, an error of the service, or nothing at all."""
        if look.observation.outcome is FetchOutcome.RATE_LIMITED:
            self._kept(look, outcome=FetchOutcome.ARCHIVE_LIMITED)
            self._pace.stop(archive)
            raise ArchiveStopped(archive)
        if look.observation.outcome in _LATER | _NO_ANSWER:
            self._troubled(archive, look)

    def _troubled(self, archive: str, look: Look) -> None:
        if look.observation.outcome not in _NO_ANSWER:
            self._kept(look, outcome=FetchOutcome.ARCHIVE_LIMITED)
        self._trouble[archive] += 1
        if self._trouble[archive] >= MOST_TROUBLE:
            self._pace.stop(archive)
            raise ArchiveStopped(archive)

    def _well(self, archive: str) -> None:
        self._trouble[archive] = 0
        self._pace.answered(archive)

    def _kept(self, look: Look, **changed: Any) -> Look:
        better = replace(look, observation=replace(look.observation, **changed))
        if better != look:
            self._asker.keep(better)
        return better


def tried(archives: Archives, rows: Sequence[CdxRow]) -> Look | None:
    """Play back the wanted captures, one after the other, until one is a picture; the last answer where none is.

    Raises:
        ArchiveStopped: it may not be asked now.
    """
    look = None
    for row in rows[:MOST_TRIED]:
        look = archives.playback(row)
        if look.observation.outcome is FetchOutcome.IMAGE and look.observation.archive is not None:
            return look
    return look


def _text(look: Look) -> bytes:
    """The entity of an answer that is a text, at most as much as a record may have."""
    return entity(look.exchanges[-1], MAX_RECORD_BYTES) or b"" if look.exchanges else b""
