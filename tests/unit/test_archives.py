"""Archives over real sockets, and the laws of what is read and chosen without them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import pytest
from archive_server import ArchiveServer, ArchiveWorld, Captured
from hypothesis import given
from hypothesis import strategies as st

from scanner.archives import (
    Archives,
    ArchiveStopped,
    CrawlWindow,
    LookAsker,
    open_pace,
    tried,
    wanted_captures,
    window_of,
)
from scanner.archives.choosing import is_same_address
from scanner.archives.common_crawl import MAX_PICTURES, listing_of, parse_crawls, parse_index, pictures_on, read_page
from scanner.archives.memento import original_of, parse_links
from scanner.archives.wayback import ArchiveAnswerError, parse_cdx, payload_digest, played_timestamp
from scanner.decoding import ROW_LIMITS
from scanner.errors import LedgerError
from scanner.fetch.addresses import parse_networks
from scanner.fetch.blocking import BlockingClient
from scanner.fetch_policy import FetchPolicy
from scanner.looks.outside import limits_of
from scanner.observations import FetchOutcome, Look, ObservationKind
from scanner.opt_outs import header_signals

if TYPE_CHECKING:
    from pathlib import Path


URL = "http://dead.example/art/fox.jpg"
PICTURE = b"\xff\xd8\xff\xe0 a picture that no decoder sees here"
WINDOW = CrawlWindow(first=date(2014, 1, 1), last=date(2021, 8, 20))


class Kept:
    """Looks in memory."""

    def __init__(self) -> None:
        self.looks: dict[tuple[str, str], Look] = {}

    def look(self, kind: ObservationKind, url: str) -> Look | None:
        return self.looks.get((kind, url))

    def keep(self, looks: Sequence[Look]) -> None:
        for each in looks:
            self.looks[each.observation.kind, each.observation.url] = each


@dataclass(frozen=True)
class Said:
    outcome: FetchOutcome = FetchOutcome.IMAGE
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Endpoints:
    base: str
    timegates: tuple[str, ...] = ()
    archive_per_minute: int = 24

    @property
    def cdx_url(self) -> str:
        return f"{self.base}/cdx"

    @property
    def playback_url(self) -> str:
        return f"{self.base}/web"

    @property
    def common_crawl_index(self) -> str:
        return f"{self.base}/crawls"

    @property
    def common_crawl_data(self) -> str:
        return f"{self.base}/data"


class Clock:
    """Time that passes only while somebody waits for it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


class Asked:
    """Archives of a world, ready to be asked."""

    def __init__(self, world: ArchiveWorld, folder: Path, clock: Clock, kept: Kept | None = None) -> None:
        self.world, self.clock, self.kept = world, clock, kept or Kept()
        self._folder = folder
        self._open: list[Any] = []

    def __enter__(self) -> Self:
        server = ArchiveServer(self.world)
        client = BlockingClient(contact="", allowed=parse_networks(["127.0.0.1/32"]))
        pace = open_pace(self._folder, clock=self.clock, sleep=self.clock.sleep)
        self._open = [server, client, pace]
        server.__enter__()
        client.__enter__()
        self.pace, self.queue = pace.__enter__()
        self.endpoints = Endpoints(server.url, timegates=(f"{server.url}/timegate/",))
        asker = LookAsker(client, self.kept, lambda body: Said(), limits_of(FetchPolicy(), ROW_LIMITS))
        self.archives = Archives(asker, self.pace, self.endpoints)
        return self

    def __exit__(self, *error: object) -> None:
        for each in reversed(self._open):
            each.__exit__(None, None, None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_captures_are_listed_and_the_one_in_the_window_is_played_raw(tmp_path: Path, clock: Clock) -> None:
    world = ArchiveWorld(
        captures=[
            Captured("20100101000000", URL, b"old"),
            Captured("20190505010203", URL, PICTURE),
            Captured("20200101000000", URL, b"<html>", mimetype="text/html"),
            Captured("20200202000000", URL, b"gone", status="404"),
            Captured("20230101000000", URL, b"late"),
        ],
        original_fields=(("X-Robots-Tag", "noai"),),
    )
    with Asked(world, tmp_path, clock) as asked:
        rows = asked.archives.captures(URL)
        assert rows is not None
        assert [row.timestamp for row in wanted_captures(rows, WINDOW)] == [
            "20190505010203",
            "20100101000000",
            "20230101000000",
        ]
        look = tried(asked.archives, wanted_captures(rows, WINDOW))
        assert look is not None
        assert look.body == PICTURE
        assert look.observation.archive is not None
        assert look.observation.archive.captured_at == "2019-05-05T01:02:03Z"
        assert (look.observation.kind, look.observation.outcome) == ("archive", FetchOutcome.IMAGE)
        assert asked.world.asked[-1] == f"/web/20190505010203id_/{URL}"
        assert header_signals(look.exchanges[-1].fields, archived=True) == [("x-robots-tag", "noai")]


def test_a_digest_in_the_index_is_found_without_a_body_and_played_first(tmp_path: Path, clock: Clock) -> None:
    world = ArchiveWorld(captures=[Captured("20190101000000", URL, b"other"), Captured("20240101000000", URL, PICTURE)])
    with Asked(world, tmp_path, clock) as asked:
        rows = asked.archives.captures(URL)
        assert rows is not None
        held = {payload_digest(PICTURE)}
        assert [row.timestamp for row in rows if row.digest in held] == ["20240101000000"]
        assert all("/web/" not in path for path in asked.world.asked)
        assert wanted_captures(rows, WINDOW, held)[0].timestamp == "20240101000000"


def test_ten_thousand_rows_come_with_resume_keys(tmp_path: Path, clock: Clock) -> None:
    many = [
        Captured(f"2019{n // 2400 + 1:02}{n // 100 % 24 + 1:02}{n // 60 % 24:02}{n % 60:02}00", URL, b"%d" % n)
        for n in range(10_000)
    ]
    with Asked(ArchiveWorld(captures=many), tmp_path, clock) as asked:
        rows = asked.archives.captures(URL)
        assert rows is not None
        assert [row.digest for row in rows] == [payload_digest(each.body) for each in many]
        assert asked.world.index_requests == 2
        again = asked.archives.captures(URL)
        assert again == rows
        assert asked.world.index_requests == 2


def test_a_revisit_counts_as_the_picture_it_repeats() -> None:
    rows = [
        Captured("20180101000000", URL, PICTURE).cdx,
        Captured("20200101000000", URL, PICTURE, revisit=True).cdx,
        Captured("20200102000000", URL, b"?", revisit=True).cdx,
    ]
    page = parse_cdx(
        json.dumps([["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"], *rows]).encode()
    )
    assert [row.timestamp for row in wanted_captures(page.rows, WINDOW)] == ["20200101000000", "20180101000000"]


def test_nothing_archived_is_said_so_and_not_asked_again(tmp_path: Path, clock: Clock) -> None:
    with Asked(ArchiveWorld(), tmp_path, clock) as asked:
        assert asked.archives.captures(URL) == ()
        (look,) = asked.kept.looks.values()
        assert (look.observation.kind, look.observation.outcome) == ("index", FetchOutcome.NOT_ARCHIVED)
        assert asked.archives.captures(URL) == ()
        assert asked.world.index_requests == 1


def test_429_at_the_third_request_stops_the_archive_and_the_queue_waits_over_a_restart(
    tmp_path: Path, clock: Clock
) -> None:
    urls = [f"http://dead.example/{n}.jpg" for n in range(6)]
    world = ArchiveWorld(captures=[Captured("20190101000000", url, PICTURE) for url in urls], limited_at=3)
    kept = Kept()

    def run(asked: Asked) -> list[str]:
        asked.queue.add("wayback", urls)
        done = []
        for url in asked.queue.waiting("wayback"):
            try:
                asked.archives.captures(url)
            except ArchiveStopped:
                break
            asked.queue.done("wayback", url)
            done.append(url)
        return done

    with Asked(world, tmp_path, clock, kept) as asked:
        assert run(asked) == urls[:2]
        assert world.index_requests == 3
        limited = [look.observation.outcome for look in kept.looks.values()]
        assert limited == [FetchOutcome.TEXT_READ] * 2 + [FetchOutcome.ARCHIVE_LIMITED]
    with Asked(world, tmp_path, clock, kept) as asked:
        assert run(asked) == []
        assert world.index_requests == 3  # not one request while it wants to be left alone
        clock.now += 3601
        world.limited_at = None
        assert run(asked) == urls[2:]
        assert asked.queue.waiting("wayback") == []


def test_each_refusal_doubles_the_time_it_is_left_alone(tmp_path: Path, clock: Clock) -> None:
    with open_pace(tmp_path, clock=clock, sleep=clock.sleep) as (pace, _):
        for hours in (1, 2, 4, 8, 16, 24, 24):
            pace.stop("wayback")
            assert pace.stopped_for("wayback") == pytest.approx(3600 * hours)
            clock.now += 3600 * hours
            assert pace.stopped_for("wayback") == 0
        pace.answered("wayback")
        pace.stop("wayback")
        assert pace.stopped_for("wayback") == pytest.approx(3600)


def test_an_error_page_with_200_is_no_empty_list_and_three_of_them_stop_the_archive(
    tmp_path: Path, clock: Clock
) -> None:
    world = ArchiveWorld(captures=[Captured("20190101000000", URL, PICTURE)], error_page_at=frozenset({1, 3, 4, 5}))
    with Asked(world, tmp_path, clock) as asked:
        assert asked.archives.captures("http://dead.example/1.jpg") is None
        assert asked.archives.captures(URL)
        for n in (3, 4):
            assert asked.archives.captures(f"http://dead.example/{n}.jpg") is None
        with pytest.raises(ArchiveStopped):
            asked.archives.captures("http://dead.example/5.jpg")
        outcomes = [look.observation.outcome for look in asked.kept.looks.values()]
        assert outcomes.count(FetchOutcome.ARCHIVE_LIMITED) == 4
        assert FetchOutcome.NOT_ARCHIVED not in outcomes


def test_another_capture_than_asked_has_its_own_date(tmp_path: Path, clock: Clock) -> None:
    world = ArchiveWorld(
        captures=[Captured("20190101000000", URL, b"never played"), Captured("20211111111111", URL, PICTURE)],
        plays_other={"20190101000000": "20211111111111"},
    )
    with Asked(world, tmp_path, clock) as asked:
        rows = asked.archives.captures(URL)
        assert rows is not None
        look = asked.archives.playback(wanted_captures(rows, WINDOW)[0])
        assert look.observation.archive is not None
        assert look.observation.archive.captured_at == "2021-11-11T11:11:11Z"
        assert [hop.status for hop in look.observation.redirects] == [302]


def test_a_playback_that_leaves_the_archive_is_no_capture(tmp_path: Path, clock: Clock) -> None:
    world = ArchiveWorld(captures=[Captured("20190101000000", URL, PICTURE)])
    elsewhere = ArchiveWorld(captures=[Captured("20200101000000", URL, PICTURE)])
    with ArchiveServer(elsewhere) as live, Asked(world, tmp_path, clock) as asked:
        world.plays_other["20190101000000"] = f"{live.url}/web/20200101000000id_/{URL}"
        rows = asked.archives.captures(URL)
        assert rows is not None
        look = asked.archives.playback(rows[0])
        assert look.observation.outcome is FetchOutcome.IMAGE
        assert look.observation.archive is None


def test_a_time_gate_gives_the_capture_nearest_to_a_time(tmp_path: Path, clock: Clock) -> None:
    world = ArchiveWorld(captures=[Captured("20190101000000", URL, b"far"), Captured("20210801000000", URL, PICTURE)])
    with Asked(world, tmp_path, clock) as asked:
        (look,) = asked.archives.mementos(URL, "2021-08-20T00:00:00Z")
        assert look.body == PICTURE
        assert look.observation.archive is not None
        assert (look.observation.archive.name, look.observation.archive.captured_at) == (
            "127.0.0.1",
            "2021-08-01T00:00:00Z",
        )
        assert asked.archives.mementos("http://dead.example/none.jpg", "2021-08-20T00:00:00Z") == []
        outcomes = {look.observation.outcome for look in asked.kept.looks.values()}
        assert FetchOutcome.NOT_ARCHIVED in outcomes


def test_a_page_in_a_crawl_shows_that_it_listed_the_address(tmp_path: Path, clock: Clock) -> None:
    page = "http://blog.example/post"
    html = b'<html><base href="http://dead.example/"><img src="art/fox.jpg" alt="Fox &amp; hare"><img src="//x/y.png"></html>'
    world = ArchiveWorld(pages={page: html, "http://blog.example/other": b"<html></html>"})
    with Asked(world, tmp_path, clock) as asked:
        (proof,) = asked.archives.page_proofs(URL, page, WINDOW)
        assert proof.listing is not None
        assert (proof.listing.source, proof.listing.alt) == (URL, "Fox & hare")
        assert proof.look.observation.archive is not None
        assert proof.look.observation.archive.captured_at == "2021-01-20T10:11:12Z"
        assert proof.look.observation.outcome is FetchOutcome.TEXT_READ
        (other,) = asked.archives.page_proofs(URL, "http://blog.example/other", WINDOW)
        assert other.listing is None
        assert asked.archives.page_proofs(URL, "http://blog.example/none", WINDOW) == []


def test_the_index_is_asked_24_times_a_minute_at_most_over_kills(tmp_path: Path, clock: Clock) -> None:
    times = []
    for _ in range(8):  # eight runs, each killed after nine requests
        with open_pace(tmp_path, clock=clock, sleep=clock.sleep) as (pace, _queue):
            for _ in range(9):
                pace.turn("wayback", 2.5)
                times.append(clock.now)
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[24:], strict=False))
    assert len(times) == 72


def test_two_runs_in_one_folder_take_turns(tmp_path: Path, clock: Clock) -> None:
    with (
        open_pace(tmp_path, clock=clock, sleep=clock.sleep) as (one, _),
        open_pace(tmp_path, clock=clock, sleep=clock.sleep) as (two, _),
    ):
        times = []
        for pace in (one, two, one, one, two):
            pace.turn("wayback", 2.5)
            times.append(clock.now)
    assert [round(later - earlier, 3) for earlier, later in pairwise(times)] == [2.5] * 4


def test_a_clock_that_was_set_back_waits_one_turn_and_not_a_year(tmp_path: Path, clock: Clock) -> None:
    with open_pace(tmp_path, clock=clock, sleep=clock.sleep) as (pace, _):
        pace.turn("wayback", 2.5)
        clock.now -= 365 * 86400
        pace.turn("wayback", 2.5)
        assert sum(clock.waited) == pytest.approx(2.5)
        pace.stop("wayback")
        clock.now -= 365 * 86400
        assert pace.stopped_for("wayback") <= 86400


def test_a_damaged_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "archives.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerError, match=r"archives\.sqlite is damaged"), open_pace(tmp_path):
        pass


def test_the_queue_keeps_its_order_and_forgets_nothing(tmp_path: Path) -> None:
    with open_pace(tmp_path) as (_, queue):
        queue.add("a", ["3", "1"])
        queue.add("a", ["1", "2", "\ud800"])
        queue.done("a", "1")
    with open_pace(tmp_path) as (_, queue):
        assert queue.waiting("a") == ["3", "2", "\\ud800"]
        assert queue.waiting("b") == []
        assert sqlite3.connect(tmp_path / "archives.sqlite").execute("SELECT count(*) FROM queue").fetchone() == (4,)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"{}", b'"x"', b"[1]", b'[["a","b"],["1","2"]]', b"[" * 100_000, b"\xff"],
)
def test_what_is_no_index_answer_is_refused(content: bytes) -> None:
    with pytest.raises(ArchiveAnswerError):
        parse_cdx(content)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(content: bytes) -> None:
    for read in (parse_cdx, parse_crawls, parse_index, read_page):
        with suppress(ArchiveAnswerError):
            read(content)
    pictures_on("http://x/", content)
    parse_links(content.decode("latin-1"))


def test_odd_rows_of_an_index_are_left_out() -> None:
    head = ["timestamp", "original", "new column"]
    page = parse_cdx(
        json.dumps([head, ["20190101000000", "http://a/", 3], ["2019", "x"], ["99999999999999", "x"], []]).encode()
    )
    assert [row.original for row in page.rows] == ["http://a/"]
    assert page.rows[0].status is None


def test_links_of_a_time_map_are_read() -> None:
    text = '<http://a.example/>;rel="original",\n<http://arch/web/20200101000000/http://a.example/>; rel="first memento"; datetime="Wed, 01 Jan 2020 00:00:00 GMT" , <x>; rel=timemap'
    links = parse_links(text)
    assert original_of(links) == "http://a.example/"
    assert [link.datetime for link in links if "memento" in link.relations] == ["Wed, 01 Jan 2020 00:00:00 GMT"]
    assert links[2].relations == {"timemap"}


@pytest.mark.parametrize(
    ("layout", "release", "timestamp", "gap"),
    [
        ("laion400m/1", None, "20131231000000", -1),
        ("laion400m/1", None, "20210821000000", 1),
        ("coyo700m", "x", "20210101000000", 0),
        ("other/1", "2022-02-31", "20300101000000", 0),
        ("other/1", "2022-02-01", "20220203000000", 2),
    ],
)
def test_gaps_are_days_from_the_crawl(layout: str, release: str | None, timestamp: str, gap: int) -> None:
    assert window_of(layout, release).gap_days(timestamp) == gap


@pytest.mark.parametrize(
    ("final", "memento", "played"),
    [
        ("http://a/web/20200102030405id_/http://x/", None, "20200102030405"),
        ("http://a/web/99999999999999id_/http://x/", "Wed, 01 Jan 2020 00:00:00 GMT", "20200101000000"),
        ("http://a/", "nonsense", None),
        ("http://a/", None, None),
    ],
)
def test_when_a_capture_was_made(final: str, memento: str | None, played: str | None) -> None:
    assert played_timestamp(final, memento) == played


def test_an_address_in_a_srcset_is_found_and_canonical_equals_count() -> None:
    html = b'<source srcset="/a.jpg?utm_source=x 2x, https://www.Dead.example/b.jpg 1x"><img data-src="http://[bad">'
    listed = pictures_on("https://dead.example/page", html)
    assert listing_of("http://dead.example/a.jpg", listed) is not None
    assert listing_of("http://dead.example/b.jpg", listed) is not None
    assert listing_of("http://dead.example/c.jpg", listed) is None


def test_a_page_that_breaks_the_parser_gives_what_stands_before_and_never_more_than_a_page_has() -> None:
    listed = pictures_on("http://x/", b'<img src="/a.jpg"><![<!><img src="/b.jpg">')
    assert [each.source for each in listed] == ["http://x/a.jpg"]
    assert len(pictures_on("http://x/", b'<img srcset="' + b"a," * 50_000 + b'">')) == MAX_PICTURES


def test_a_capture_of_another_spelling_is_no_capture_of_the_address(tmp_path: Path, clock: Clock) -> None:
    scheme, _, rest = URL.partition("://")
    host, _, path = rest.partition("/")
    other = f"{scheme}://{host}/{path.upper()}"
    assert other != URL
    world = ArchiveWorld(captures=[Captured("20190101000000", other, PICTURE)])
    with Asked(world, tmp_path, clock) as asked:
        assert asked.archives.captures(URL) == ()
        world.captures.append(Captured("20200101000000", URL.replace("http://", "https://www."), PICTURE))
        assert is_same_address(world.captures[1].url, URL)
        assert not is_same_address(other, URL)


def test_a_captured_redirect_to_another_address_is_no_capture_of_this_one(tmp_path: Path, clock: Clock) -> None:
    elsewhere = "http://else.example/b.jpg"
    world = ArchiveWorld(
        captures=[Captured("20190505010203", URL, PICTURE), Captured("20190505010204", elsewhere, b"other")],
        plays_other={"20190505010203": f"/web/20190505010204id_/{elsewhere}"},
    )
    with Asked(world, tmp_path, clock) as asked:
        rows = asked.archives.captures(URL)
        assert rows
        look = tried(asked.archives, rows)
        assert look is not None
        assert (look.body, look.observation.archive) == (b"other", None)


def test_a_timegate_that_leads_back_to_the_site_itself_shows_no_capture(tmp_path: Path, clock: Clock) -> None:
    world = ArchiveWorld()
    with Asked(world, tmp_path, clock) as asked, ArchiveServer(ArchiveWorld()) as site:
        url = f"{site.url}/live.jpg"
        world.plays_other["gate"] = url
        assert asked.archives.mementos(url, "2021-08-20T00:00:00Z") == []
        (look,) = asked.kept.looks.values()
        assert (look.body, look.observation.archive) == (b"today's", None)
