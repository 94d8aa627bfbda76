"""The polite loop on a server that misbehaves: every address ends in one look, hosts are left in peace, nothing is asked twice."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fetch_world import QUICK, outside, picture, policy
from hostile_server import HANG, RESET, HostileServer, answer

from scanner.errors import OutputError
from scanner.looks import FetchRun, LookStore, Wanted, fetch_looks, open_looks
from scanner.observations import FetchOutcome as Out

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from hostile_server import Asked, Said

    from scanner.observations import Look

JPEG = picture()


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LookStore]:
    with open_looks(tmp_path) as store:
        yield store


def run(store: LookStore, *urls: str | Wanted, world: Any = None, **settings: Any) -> FetchRun:
    wanted = [url if isinstance(url, Wanted) else Wanted(url=url) for url in urls]
    return fetch_looks(wanted, policy=policy(**settings), store=store, outside=world or outside())


def looked(store: LookStore, url: str, kind: Any = "live") -> Look:
    look = store.look(kind, url)
    assert look is not None
    return look


def outcome(store: LookStore, url: str) -> Out:
    return looked(store, url).observation.outcome


def test_a_picture_is_kept_with_its_digests_its_fingerprints_and_every_hop(
    server: HostileServer, store: LookStore
) -> None:
    server.says("/new", answer(JPEG, fields='Content-Type: image/png\r\nETag: "a"'))
    url = server.says("/old picture.jpg", answer(b"", "301 Moved", "Location: /new"))
    server.behaviours["/old%20picture.jpg"] = server.behaviours["/old picture.jpg"]
    ran = run(store, url)
    look = looked(store, url)
    seen = look.observation
    assert (seen.outcome, seen.status, seen.ip, seen.content_type) == (Out.IMAGE, 200, "127.0.0.1", "image/png")
    assert (seen.bytes, seen.content_sha256) == (len(JPEG), hashlib.sha256(JPEG).hexdigest())
    assert (seen.url, seen.final_url) == (url.replace(" ", "%20"), server.url("/new"))
    assert [(hop.status, hop.location) for hop in seen.redirects] == [(301, "/new")]
    assert look.body == JPEG
    assert (look.facts["asked"], look.facts["format"], look.facts["etag"], look.facts["tries"]) == (
        url,
        "JPEG",
        '"a"',
        1,
    )
    assert len(look.facts["phash64"]) == 16
    assert len(look.facts["phash256"]) == 64
    assert ran.outcomes == {Out.IMAGE: 1}
    assert ran.requests == 3  # robots.txt, the redirect, the picture
    assert server.paths() == ["/robots.txt", "/old%20picture.jpg", "/new"]


def test_every_outcome_is_told_apart(server: HostileServer, store: LookStore) -> None:
    expected = {
        server.says("/gone", answer(b"", "410 Gone")): Out.GONE,
        server.says("/401", answer(b"", "401 Unauthorized")): Out.DENIED,
        server.says("/451", answer(b"", "451 Unavailable For Legal Reasons")): Out.DENIED,
        server.says("/418", answer(b"", "418 I'm a teapot")): Out.HTTP_OTHER,
        server.says("/204", b"HTTP/1.1 204 No Content\r\n\r\n"): Out.HTTP_OTHER,
        server.says("/206", answer(JPEG[:9], "206 Partial Content")): Out.HTTP_OTHER,
        server.says("/304", b"HTTP/1.1 304 Not Modified\r\n\r\n"): Out.HTTP_OTHER,
        server.says("/page.jpg", answer(b"<html>not here", fields="Content-Type: image/jpeg")): Out.NOT_IMAGE,
        server.says("/empty", answer(b"")): Out.NOT_IMAGE,
        server.says("/tiff", answer(picture(kind="TIFF"))): Out.UNSUPPORTED_FORMAT,
        server.says("/half", answer(JPEG[: len(JPEG) // 2])): Out.UNDECODABLE,
        server.says("/zstd", answer(b"x", fields="Content-Encoding: zstd")): Out.ENCODED_BODY,
        server.says("/circle", answer(b"", "302 Found", "Location: /circle")): Out.TOO_MANY_REDIRECTS,
        server.says("/inward", answer(b"", "302 Found", "Location: http://a.inward/")): Out.REDIRECT_REFUSED,
        server.says("/short", answer(JPEG, length=len(JPEG) + 5), RESET): Out.TRUNCATED,
        server.says("/head", b"nonsense\r\n\r\n", HANG): Out.PROTOCOL_ERROR,
        "http://name.invalid/a.jpg": Out.DNS_FAILED,
        "http://a.inward/a.jpg": Out.ADDRESS_REFUSED,
        "http://127.0.0.2/a.jpg": Out.ADDRESS_REFUSED,
        "ftp://127.0.0.1/a.jpg": Out.BAD_URL,
        "http://\ud800/": Out.BAD_URL,
    }
    ran = run(store, *expected)
    assert {url: outcome(store, url) for url in expected} == expected
    assert ran.outcomes == Counter(expected.values())
    assert ran.unfinished == 0
    kept = [look.observation.content_sha256 for look in store.looks("live") if look.observation.outcome is Out.GONE]
    assert kept == [None]
    again = len(server.asked)
    assert run(store, *expected).reused == len(expected)
    assert len(server.asked) == again


def test_a_gzip_body_is_hashed_as_the_picture_that_it_holds(server: HostileServer, store: LookStore) -> None:

    packed = server.says("/packed", answer(gzip.compress(JPEG), fields="Content-Encoding: gzip"))
    bomb = server.says("/bomb", answer(gzip.compress(bytes(40_000_000)), fields="Content-Encoding: gzip"))
    run(store, packed, bomb)
    look = looked(store, packed)
    assert look.observation.content_sha256 == hashlib.sha256(JPEG).hexdigest()
    assert (look.body or b"")[:2] == b"\x1f\x8b"  # kept as it came
    assert outcome(store, bomb) is Out.ENCODED_BODY


def test_only_failures_that_may_pass_are_tried_again(server: HostileServer, store: LookStore) -> None:
    def twice_then(first: bytes, then: bytes) -> Any:
        left = [first, first]

        async def behave(asked: Asked) -> AsyncIterator[Said]:
            yield left.pop() if left else then

        return behave

    busy = server.behaves("/busy", twice_then(answer(b"", "503 Busy"), answer(JPEG)))
    refused = server.says("/refused", answer(b"", "403 Forbidden"))
    run(store, busy, refused, per_host_connections=1)
    assert outcome(store, busy) is Out.IMAGE
    assert looked(store, busy).facts["tries"] == 3
    assert Counter(server.paths()) == {"/robots.txt": 1, "/busy": 3, "/refused": 1}


def test_a_host_that_fails_five_times_in_a_row_is_parked_and_asked_again_by_the_next_run(
    server: HostileServer, store: LookStore
) -> None:
    urls = [server.says(f"/{n}", answer(b"", "500 Broken")) for n in range(8)]
    elsewhere = server.url("/fine", "other.test")
    server.says("/fine", answer(JPEG))
    ran = run(store, *urls, elsewhere, per_host_connections=1)
    assert ran.outcomes == {Out.SERVER_ERROR: 2, Out.HOST_PARKED: 6, Out.IMAGE: 1}
    assert ran.unfinished == 8
    assert list(ran.parked) == ["127.0.0.1"]
    assert len([path for path in server.paths() if path not in ("/robots.txt", "/fine")]) == 5
    for path in list(server.behaviours):
        server.says(path, answer(JPEG))
    again = run(store, *urls, elsewhere)
    assert (again.outcomes, again.reused) == ({Out.IMAGE: 9}, 1)


def test_retry_after_is_obeyed_and_more_than_an_hour_parks_the_host(server: HostileServer, store: LookStore) -> None:
    at: list[float] = []

    def resting(value: str) -> Any:
        async def behave(asked: Asked) -> AsyncIterator[Said]:
            at.append(asked.at)
            yield answer(JPEG) if len(at) > 1 else answer(b"", "429 Slow down", f"Retry-After: {value}")

        return behave

    soon = server.behaves("/soon", resting("1"))
    run(store, soon)
    assert outcome(store, soon) is Out.IMAGE
    assert at[1] - at[0] >= 1.0
    later = server.says("/later", answer(b"", "429 Slow down", "Retry-After: 7200"))
    later = later.replace("127.0.0.1", "busy.test")
    other = server.url("/soon", "busy.test")
    ran = run(store, later, other, per_host_connections=1)
    assert ran.unfinished == 2
    assert [outcome(store, later), outcome(store, other)] == [Out.RATE_LIMITED, Out.HOST_PARKED]
    before = len(server.asked)
    assert run(store, later, other).unfinished == 2
    assert len(server.asked) == before  # two hours have not passed
    tomorrow = outside(now=lambda: "2999-01-01T00:00:00Z")
    server.says("/later", answer(JPEG))
    assert run(store, later, other, world=tomorrow).outcomes == {Out.IMAGE: 2}


def test_a_host_that_never_answers_is_tried_three_times_for_all_its_addresses(store: LookStore) -> None:
    with HostileServer() as gone:
        pass
    urls = [gone.url(f"/{n}") for n in range(50)]
    ran = run(store, *urls)
    assert ran.outcomes == {Out.CONNECT_FAILED: 50}
    assert ran.requests == 3
    assert ran.unfinished == 0


def test_an_address_that_never_answers_is_dead_for_all_names_on_it(store: LookStore) -> None:
    with HostileServer() as gone:
        pass
    urls = [gone.url("/a", f"host{n}.test") for n in range(60)]
    ran = run(store, *urls)
    assert ran.outcomes == {Out.CONNECT_FAILED: 60}
    assert ran.requests < 12  # six, and those under way meanwhile


def test_a_budget_ends_a_run_and_the_next_goes_on_from_there(server: HostileServer, store: LookStore) -> None:
    urls = [server.says(f"/{n}", answer(picture(n))) for n in range(6)]
    first = run(store, *urls, max_requests=4, per_host_connections=1)
    assert first.outcomes == {Out.IMAGE: 3, Out.OVER_BUDGET: 3}
    assert (first.requests, first.unfinished) == (4, 3)
    second = run(store, *urls, max_bytes=1, per_host_connections=1)
    assert (second.outcomes, second.reused) == ({Out.IMAGE: 4, Out.OVER_BUDGET: 2}, 3)
    assert run(store, *urls, max_minutes=0).unfinished == 2
    last = run(store, *urls)
    assert last.outcomes == {Out.IMAGE: 6}
    assert Counter(server.paths()) == {"/robots.txt": 1, **{f"/{n}": 1 for n in range(6)}}


ROBOTS = b"User-agent: *\nDisallow: /private/\n\nUser-agent: provscan\nDisallow: /no/\n"


def test_robots_txt_is_obeyed_recorded_and_not_obeyed_on_the_artists_own_domain(
    server: HostileServer, store: LookStore
) -> None:
    server.says("/robots.txt", answer(ROBOTS))
    for path in ("/no/a.jpg", "/private/a.jpg", "/yes.jpg"):
        server.says(path, answer(JPEG))
    refused, allowed = server.url("/no/a.jpg", "www.shop.test"), server.url("/private/a.jpg", "www.shop.test")
    own = server.url("/no/a.jpg", "www.mine.test")
    run(store, refused, allowed, own, world=outside(own_domains=frozenset({"mine.test"})))
    assert [outcome(store, url) for url in (refused, allowed, own)] == [Out.ROBOTS_DISALLOWED, Out.IMAGE, Out.IMAGE]
    rules = looked(store, server.url("/robots.txt", "www.shop.test"), "robots")
    assert (rules.observation.outcome, rules.body) == (Out.TEXT_READ, ROBOTS)
    recorded = server.url("/no/b.jpg", "www.shop.test")
    run(store, recorded, robots="record")
    assert outcome(store, recorded) is Out.GONE


@pytest.mark.parametrize(
    ("robots", "expected"),
    [
        (answer(b"", "404 Not Found"), Out.IMAGE),
        (answer(b"", "403 Forbidden"), Out.IMAGE),
        (answer(b"", "503 Busy"), Out.HOST_PARKED),
        (answer(b"", "302 Found", "Location: http://nowhere.invalid/"), Out.ROBOTS_DISALLOWED),
        (answer(b"", "302 Found", "Location: /robots.txt"), Out.IMAGE),
        (b"nonsense\r\n\r\n", Out.ROBOTS_DISALLOWED),
        (answer(b"User-agent: *\nDisallow: /\n" + b"#" * 10_000_000), Out.ROBOTS_DISALLOWED),
        (answer(b"\xff\xfe\x00garbage" * 50), Out.IMAGE),
    ],
)
def test_a_host_whose_rules_cannot_be_read_is_not_asked(
    server: HostileServer, store: LookStore, robots: bytes, expected: Out
) -> None:
    server.says("/robots.txt", robots)
    url = server.says("/a.jpg", answer(JPEG))
    run(store, url)
    assert outcome(store, url) is expected
    assert ("/a.jpg" in server.paths()) is (expected is Out.IMAGE)


def test_a_redirect_asks_the_rules_of_where_it_leads(server: HostileServer, store: LookStore) -> None:
    target = server.url("/a.jpg", "strict.test")
    url = server.says("/go", answer(b"", "302 Found", f"Location: {target}"))
    server.says("/a.jpg", answer(JPEG))

    async def rules(asked: Asked) -> AsyncIterator[Said]:
        strict = (asked.field("host") or "").startswith("strict.test")
        yield answer(b"User-agent: *\nDisallow: /\n") if strict else answer(b"", "404 Not Found")

    server.behaves("/robots.txt", rules)
    run(store, url)
    assert outcome(store, url) is Out.ROBOTS_DISALLOWED
    assert "/a.jpg" not in server.paths()


def test_rows_marked_unsafe_are_not_requested_or_hashed_and_forgotten(server: HostileServer, store: LookStore) -> None:
    server.says("/unsafe.jpg", answer(JPEG))
    withheld, hashed = server.url("/unsafe.jpg"), server.url("/unsafe.jpg", "other.test")
    run(store, Wanted(url=withheld, unsafe=True), Wanted(url=withheld))
    assert outcome(store, withheld) is Out.WITHHELD_UNSAFE
    assert server.asked == []
    run(store, Wanted(url=hashed, unsafe=True), unsafe="digest")
    look = looked(store, hashed)
    assert look.observation.content_sha256 == hashlib.sha256(JPEG).hexdigest()
    assert (look.body, look.facts["withheld"], len(look.facts["phash64"])) == (b"", True, 16)
    assert all(JPEG[:64] not in path.read_bytes() for path in store.folder.glob("*.bodies"))


def test_a_host_gets_no_more_than_its_rate_and_no_more_connections_than_two(
    server: HostileServer, store: LookStore
) -> None:
    per_minute, number = 1_200, 24  # twenty a second
    urls = [server.says(f"/{n}", 0.05, answer(b"", "404 Not Found")) for n in range(number)]
    run(store, *urls, per_host_per_minute=per_minute)
    at = sorted(each.at for each in server.asked)
    assert server.busiest <= 2
    interval = 60 / per_minute
    for first in range(len(at)):
        for last in range(first + 4, len(at)):  # arrivals shift against departures by what the machine is late
            assert last - first <= (at[last] - at[first] + 0.2) / interval + 2


def test_an_address_that_many_hosts_share_is_spared_as_well(server: HostileServer, store: LookStore) -> None:
    server.says("/a", 0.05, answer(b"", "404 Not Found"))
    run(store, *(server.url("/a", f"host{n}.test") for n in range(8)))
    assert server.busiest <= 2


def test_a_silent_host_holds_up_no_other(server: HostileServer, store: LookStore) -> None:
    silent = [server.url(f"/s{n}", "silent.test") for n in range(4)]
    for n in range(4):
        server.says(f"/s{n}", HANG)
    server.says("/fine", answer(b"", "404 Not Found"))
    fine = [server.url("/fine", f"host{n}.test") for n in range(40)]
    finished: list[str] = []

    def watch(event: Any) -> None:
        finished.append(getattr(event, "doing", ""))

    world = outside(limits=replace(QUICK, read_s=3.0))
    wanted = [Wanted(url=url) for url in (*silent, *fine)]
    settings = policy(per_host_connections=4, connections=6)
    fetch_looks(wanted, policy=settings, store=store, watch=watch, outside=world)
    hosts = [host for host in finished if host]
    assert hosts.index("silent.test") >= 30
    assert {outcome(store, url) for url in silent} <= {Out.TIMEOUT, Out.HOST_PARKED}


def test_the_same_address_is_asked_once_however_many_rows_list_it(server: HostileServer, store: LookStore) -> None:
    url = server.says("/a", answer(JPEG))
    run(store, *[url] * 20)
    assert server.paths() == ["/robots.txt", "/a"]


def test_a_look_is_repeated_when_it_has_grown_old(server: HostileServer, store: LookStore) -> None:
    url = server.says("/a", answer(JPEG))
    day = {"now": "2026-01-01T00:00:00Z"}
    world = outside(now=lambda: day["now"])
    run(store, url, world=world)
    day["now"] = "2026-01-07T00:00:00Z"
    assert run(store, url, world=world).reused == 1
    day["now"] = "2026-01-09T00:00:00Z"
    assert run(store, url, world=world).reused == 0
    assert looked(store, url).observation.requested_at == "2026-01-09T00:00:00Z"
    assert Counter(server.paths()) == {"/robots.txt": 2, "/a": 2}


def test_a_full_disk_ends_the_run_and_keeps_what_was_finished(
    server: HostileServer, store: LookStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [server.says(f"/{n}", answer(JPEG)) for n in range(5)]
    genuine, kept = LookStore._append, []

    def full(self: LookStore, contents: Any) -> Any:
        if len(kept) >= 3:
            raise OSError(28, "No space left on device")
        kept.extend(contents)
        return genuine(self, contents)

    monkeypatch.setattr(LookStore, "_append", full)
    with pytest.raises(OutputError, match="No space left"):
        run(store, *urls, per_host_connections=1)
    monkeypatch.undo()
    assert store.count() == len(kept)
    assert run(store, *urls).outcomes == {Out.IMAGE: 5}
    assert Counter(server.paths())["/0"] == 1


def test_cells_that_are_sent_alike_are_one_question_and_one_look(server: HostileServer, store: LookStore) -> None:
    url = server.says("/a%20b.jpg", answer(JPEG))
    cells = [url, url.replace("%20", " "), f" {url}", f"{url}#part", f"{url}\n"]
    ran = run(store, *cells)
    assert server.paths().count("/a%20b.jpg") == 1
    assert (ran.outcomes, store.count()) == (Counter({Out.IMAGE: 1}), 2)  # and robots.txt
    assert {looked(store, cell).observation.observation_id for cell in cells} == {
        looked(store, url).observation.observation_id
    }
    assert run(store, *reversed(cells)).reused == 1
    refused = ["http://10.0.0.1/a", "http://10.0.0.1/a#b", "http://user@a.test/", "http://user@a.test/#b"]
    assert run(store, *refused).outcomes == Counter({Out.ADDRESS_REFUSED: 1, Out.BAD_URL: 2})


def test_no_request_beyond_the_budget_leaves_however_many_wait_for_a_connection(
    server: HostileServer, store: LookStore
) -> None:
    urls = [server.url("/a.jpg", f"host-{number}.test") for number in range(30)]
    ran = run(store, *urls, max_requests=5, connections=1, per_host_connections=64)
    assert ran.requests == len(server.asked) == 5
    assert ran.outcomes[Out.OVER_BUDGET] >= 25


def test_a_host_that_leads_to_dead_ones_is_not_blamed_for_them(server: HostileServer, store: LookStore) -> None:
    dead = [server.says(f"/{n}", answer(b"", "302 Found", f"Location: http://n{n}.invalid/")) for n in range(7)]
    alive = server.says("/z.jpg", answer(JPEG))
    ran = run(store, *dead, alive, per_host_connections=1)
    assert ran.outcomes == Counter({Out.DNS_FAILED: 7, Out.IMAGE: 1})
    assert ran.parked == {}
    seen = looked(store, dead[0]).observation
    assert (seen.status, seen.final_url) == (302, dead[0])


def test_rules_that_unpack_to_more_than_is_read_of_them_are_no_permission(
    server: HostileServer, store: LookStore
) -> None:
    text = b"User-agent: *\nDisallow: /\n" + b"# padding\n" * 60_000
    server.says("/robots.txt", answer(gzip.compress(text), fields="Content-Encoding: gzip"))
    url = server.says("/a.jpg", answer(JPEG))
    run(store, url)
    assert outcome(store, url) is Out.ROBOTS_DISALLOWED
    assert server.paths() == ["/robots.txt"]


def test_what_was_not_asked_for_says_so_and_why(server: HostileServer, store: LookStore) -> None:
    server.says("/robots.txt", answer(b"x", fields="Content-Encoding: br"))
    url = server.says("/a.jpg", answer(JPEG))
    run(store, url)
    look = looked(store, url)
    assert (look.observation.outcome, look.facts["tries"]) == (Out.ROBOTS_DISALLOWED, 0)
    assert look.facts["error"] == "robots.txt could not be read, which bars it"


def test_bytes_that_came_count_although_they_are_not_kept(server: HostileServer, store: LookStore) -> None:
    chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n" + b"x" * 10_000 + b"\r\n"
    url = server.says("/a.jpg", chunk, b"no chunk\r\n", HANG)
    ran = run(store, url)
    assert outcome(store, url) is Out.PROTOCOL_ERROR
    assert ran.bytes == 10_000 + len(b"not here")


def test_a_body_that_is_compressed_twice_is_not_read(server: HostileServer, store: LookStore) -> None:
    twice = gzip.compress(gzip.compress(JPEG))
    url = server.says("/a.jpg", answer(twice, fields="Content-Encoding: gzip\r\nContent-Encoding: gzip"))
    run(store, url)
    assert outcome(store, url) is Out.ENCODED_BODY


def test_a_field_that_somebody_filled_is_kept_whole_in_its_exchange_alone(
    server: HostileServer, store: LookStore
) -> None:
    filled = "image/" + "x" * 60_000
    url = server.says("/a.jpg", answer(JPEG, fields=f"Content-Type: {filled}\r\nETag: {filled}"))
    run(store, url)
    look = looked(store, url)
    assert look.observation.content_type == look.facts["etag"] == filled[:1_000]
    assert (b"Content-Type", filled.encode()) in look.exchanges[-1].fields
