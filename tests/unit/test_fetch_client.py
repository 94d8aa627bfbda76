"""The guarded client against a server that misbehaves: every fault ends in its outcome, and within its limits."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import ssl
import threading
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import brotli
import pytest
import trustme
import zstandard
from hostile_server import HANG, RESET, HostileServer, answer, for_ever

from scanner.errors import NetworkError
from scanner.fetch.addresses import parse_networks
from scanner.fetch.blocking import BlockingClient, post
from scanner.fetch.client import Asking, Client, field_of
from scanner.fetch.guard import CheckedUrl, check_url
from scanner.fetch.http import check_peer
from scanner.fetch.limits import FetchFailed, Limits
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile_server import Said

    from scanner.observations import Exchange

LOOPBACK = parse_networks(["127.0.0.1/32"])
QUICK = Limits(connect_s=5, read_s=20, total_s=60, max_bytes=200_000, max_error_bytes=1000)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500)


def resolver(host: str) -> tuple[str, ...]:
    """Every name of these tests is this machine; .invalid is nowhere (RFC 6761)."""
    if host.endswith(".invalid"):
        raise OSError(-2, "no such name")
    return ("127.0.0.1",)


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture(scope="module")
def client() -> Iterator[BlockingClient]:
    with BlockingClient(allowed=LOOPBACK, resolver=resolver, contact="tests@example.org") as client:
        yield client


def outcome(client: BlockingClient, url: str, limits: Limits = QUICK) -> tuple[FetchOutcome, tuple[Exchange, ...]]:
    with pytest.raises(FetchFailed) as failed:
        client.fetch(url, limits=limits)
    return failed.value.outcome, failed.value.exchanges


def test_an_answer_is_kept_as_it_came(server: HostileServer, client: BlockingClient) -> None:
    url = server.says("/plain", answer(JPEG, fields="X-Odd-Case: one\r\nx-odd-case:  two\r\nSet-Cookie: a=b"))
    (kept,) = client.fetch(url, limits=QUICK)
    assert (kept.status, kept.reason, kept.http_version, kept.body, kept.cut) == (200, b"OK", "HTTP/1.1", JPEG, False)
    assert kept.fields[1:] == ((b"X-Odd-Case", b"one"), (b"x-odd-case", b"two"), (b"Set-Cookie", b"a=b"))
    assert (kept.ip, kept.tls_version, kept.certificate_sha256) == ("127.0.0.1", None, None)
    assert kept.url == url


def test_the_request_says_who_asks_and_nothing_of_the_user(
    server: HostileServer, client: BlockingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    url = server.says("/who", answer(JPEG, fields="Set-Cookie: tracked=1; Path=/"))
    client.fetch(url, limits=QUICK)
    (kept,) = client.fetch(url, limits=QUICK)
    head = server.asked[-1].head.decode().split("\r\n")
    names = [line.partition(":")[0] for line in head[1:] if line]
    assert names == ["Host", "User-Agent", "Accept-Encoding", "Connection"]
    assert head[2].startswith("User-Agent: provscan/")
    assert head[2].endswith("(+tests@example.org)")
    assert [name.decode() for name, _ in kept.request_fields] == names


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_replaced(
    server: HostileServer, client: BlockingClient
) -> None:
    url = server.says("/again", answer(JPEG))
    client.fetch(url)
    client.fetch(url)
    assert server.asked[-1].connection == server.asked[-2].connection
    closing = server.says("/closing", answer(JPEG), RESET)
    client.fetch(closing)
    assert client.fetch(url)[-1].status == 200


BODIES: dict[str, tuple[list[Said], FetchOutcome]] = {
    "a length too long": ([answer(JPEG, length=5000), RESET], FetchOutcome.TRUNCATED),
    "closed in the middle": ([answer(JPEG, length=5000, fields="Connection: close"), RESET], FetchOutcome.TRUNCATED),
    "reset after the head": ([answer(b"", length=5000), RESET], FetchOutcome.TRUNCATED),
    "a length over the cap": ([answer(b"", length=200_001), HANG], FetchOutcome.TOO_LARGE),
    "a bad chunk size": (
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", HANG],
        FetchOutcome.PROTOCOL_ERROR,
    ),
    "brotli": ([answer(brotli.compress(bytes(10_000_000)), fields="Content-Encoding: br")], FetchOutcome.ENCODED_BODY),
    "zstd": (
        [answer(zstandard.compress(bytes(10_000_000)), fields="Content-Encoding: zstd")],
        FetchOutcome.ENCODED_BODY,
    ),
    "twice compressed": ([answer(b"x", fields="Content-Encoding: gzip, gzip")], FetchOutcome.ENCODED_BODY),
}
HEADS: dict[str, tuple[list[Said], FetchOutcome]] = {
    "a reset at once": ([RESET], FetchOutcome.CONNECT_FAILED),
    "one header of a megabyte": ([b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000, HANG], FetchOutcome.PROTOCOL_ERROR),
    "ten thousand fields": (
        [b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + b"\r\n", HANG],
        FetchOutcome.PROTOCOL_ERROR,
    ),
    "three hundred fields": (
        [answer(b"x", fields="\r\n".join(f"X-{n}: y" for n in range(300)))],
        FetchOutcome.PROTOCOL_ERROR,
    ),
    "no status line": ([b"<html>hello</html>\r\n\r\n", HANG], FetchOutcome.PROTOCOL_ERROR),
    "another protocol": ([b"SSH-2.0-OpenSSH_9.6\r\n\r\n", HANG], FetchOutcome.PROTOCOL_ERROR),
    "two lengths": ([answer(b"abc", fields="Content-Length: 4"), HANG], FetchOutcome.PROTOCOL_ERROR),
    "a negative length": ([answer(b"", length=-5), HANG], FetchOutcome.PROTOCOL_ERROR),
    "a NUL in a field": ([answer(b"", fields="X: a\0b"), HANG], FetchOutcome.PROTOCOL_ERROR),
    "a flood of provisional answers": ([b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100, HANG], FetchOutcome.PROTOCOL_ERROR),
    "another protocol switched to": ([b"HTTP/1.1 101 Switching Protocols\r\n\r\n", HANG], FetchOutcome.PROTOCOL_ERROR),
}


@pytest.mark.parametrize("fault", [*BODIES, *HEADS])
def test_a_broken_answer_is_its_outcome_and_no_part_of_its_body_is_kept(
    server: HostileServer, client: BlockingClient, fault: str
) -> None:
    words, expected = {**BODIES, **HEADS}[fault]
    found, exchanges = outcome(client, server.says("/broken", *words))
    assert found is expected
    assert all(kept.body == b"" and kept.cut for kept in exchanges)
    assert bool(exchanges) is (fault in BODIES or fault.endswith("fields"))


def test_an_endless_body_is_read_no_further_than_the_cap(server: HostileServer, client: BlockingClient) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    url = server.behaves("/endless", for_ever(chunk, first=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    before = server.sent
    assert outcome(client, url)[0] is FetchOutcome.TOO_LARGE
    assert server.sent - before < 16 * 2**20  # what lay in the sockets' buffers, not what it would have sent
    received = bytearray()
    with pytest.raises(FetchFailed):
        client.fetch(url, Asking(sink=received.extend), limits=QUICK)
    assert len(received) <= QUICK.max_bytes


def test_a_text_where_a_picture_is_wanted_is_cut_and_so_is_the_text_of_a_refusal(
    server: HostileServer, client: BlockingClient
) -> None:
    page = b"<html>" + b"a" * 50_000
    wants_pictures = replace(QUICK, max_text_bytes=4096)
    (kept,) = client.fetch(server.says("/page", answer(page)), limits=wants_pictures)
    assert (kept.body, kept.cut) == (page[:4096], True)
    picture = JPEG + bytes(50_000)
    (kept,) = client.fetch(server.says("/picture", answer(picture)), limits=wants_pictures)
    assert (kept.body, kept.cut) == (picture, False)
    (kept,) = client.fetch(server.says("/refused", answer(page, "403 Forbidden")), limits=QUICK)
    assert (kept.status, len(kept.body), kept.cut) == (403, 1000, True)


def test_a_compressed_body_is_never_unpacked_on_the_way(server: HostileServer, client: BlockingClient) -> None:
    bomb = gzip.compress(bytes(30_000_000))
    (kept,) = client.fetch(server.says("/bomb", answer(bomb, fields="Content-Encoding: gzip")), limits=QUICK)
    assert kept.body == bomb
    packed = zlib.compress(b"x" * 100)
    assert client.fetch(server.says("/z", answer(packed, fields="Content-Encoding: deflate")))[-1].body == packed


def test_a_drip_is_too_slow_and_silence_a_timeout(server: HostileServer, client: BlockingClient) -> None:
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    drip = server.behaves("/drip", for_ever(b"x", first=first, pause_s=0.05))
    assert outcome(client, drip, replace(QUICK, rate_window_s=0.3))[0] is FetchOutcome.TOO_SLOW
    assert outcome(client, drip, replace(QUICK, total_s=0.3))[0] is FetchOutcome.TIMEOUT
    in_the_head = server.behaves("/drip-head", for_ever(b"X: y\r\n", first=b"HTTP/1.1 200 OK\r\n", pause_s=0.05))
    assert outcome(client, in_the_head, replace(QUICK, rate_window_s=0.3))[0] is FetchOutcome.TOO_SLOW
    silent = server.says("/silent", HANG)
    assert outcome(client, silent, replace(QUICK, read_s=0.2))[0] is FetchOutcome.TIMEOUT
    stopped = server.says("/stopped", first, HANG)
    found, exchanges = outcome(client, stopped, replace(QUICK, read_s=0.2))
    assert found is FetchOutcome.TIMEOUT
    assert exchanges[-1].status == 200


def test_the_total_counts_over_all_hops(server: HostileServer, client: BlockingClient) -> None:
    for hop in range(5):
        server.says(f"/slow{hop}", 0.2, answer(b"", "302 Found", f"Location: /slow{hop + 1}"))
    found, exchanges = outcome(client, server.url("/slow0"), replace(QUICK, total_s=0.5))
    assert found is FetchOutcome.TIMEOUT  # no hop takes as long; a total that began anew would see them all
    assert len(exchanges) <= 3


REDIRECTS = {
    "a circle": ("/circle", FetchOutcome.TOO_MANY_REDIRECTS),
    "inward": ("http://127.0.0.2/", FetchOutcome.REDIRECT_REFUSED),
    "inward by name": ("http://inward.test/", FetchOutcome.REDIRECT_REFUSED),
    "to a metadata service": ("http://169.254.169.254/latest/", FetchOutcome.REDIRECT_REFUSED),
    "data": ("data:image/png;base64,AA", FetchOutcome.REDIRECT_REFUSED),
    "file": ("file:///etc/passwd", FetchOutcome.REDIRECT_REFUSED),
    "nonsense": ("http://[::1", FetchOutcome.REDIRECT_REFUSED),
    "with a password": ("http://u:p@example.com/", FetchOutcome.REDIRECT_REFUSED),
}


@pytest.mark.parametrize("kind", REDIRECTS)
def test_a_redirect_is_followed_by_hand_or_not_at_all(server: HostileServer, kind: str) -> None:
    location, expected = REDIRECTS[kind]
    answers = {"inward.test": ("10.0.0.8",)}
    url = server.says("/circle", answer(b"", "302 Found", f"Location: {location}"))
    with BlockingClient(allowed=LOOPBACK, resolver=lambda host: answers[host]) as client:
        found, exchanges = outcome(client, url)
    assert found is expected
    assert [(kept.status, field_of(kept, "location")) for kept in exchanges] == [(302, location)]


def test_five_redirects_are_followed_and_six_are_not(server: HostileServer, client: BlockingClient) -> None:
    for hop in range(6):
        server.says(f"/hop{hop}", answer(b"", "307 Temporary Redirect", f"Location: hop{hop + 1}"))
    server.says("/hop6", answer(JPEG))
    found, exchanges = outcome(client, server.url("/hop0"))
    assert (found, len(exchanges)) == (FetchOutcome.TOO_MANY_REDIRECTS, 6)
    hops = client.fetch(server.url("/hop1"), limits=QUICK)
    assert [kept.status for kept in hops] == [307] * 5 + [200]
    assert client.fetch(server.says("/none", answer(b"choose", "300 Multiple Choices")))[-1].status == 300
    assert client.fetch(server.says("/nowhere", answer(b"", "302 Found")))[-1].status == 302


def test_credentials_stay_with_the_host_they_are_for(server: HostileServer, client: BlockingClient) -> None:
    url = server.says("/private", answer(b"", "302 Found", f"Location: {server.url('/cdn', 'cdn.test')}"))
    server.says("/cdn", answer(JPEG))
    asking = Asking(fields=(("Range", "bytes=0-9"),), credentials=(("Authorization", "Bearer secret"),))
    client.fetch(url, asking, limits=QUICK)
    assert [each.field("authorization") for each in server.asked[-2:]] == ["Bearer secret", None]
    assert [each.field("range") for each in server.asked[-2:]] == ["bytes=0-9", "bytes=0-9"]


def test_a_body_goes_to_the_sink_and_the_text_of_a_refusal_does_not(
    server: HostileServer, client: BlockingClient
) -> None:
    received = bytearray()
    partial = answer(JPEG[:10], "206 Partial Content", f"Content-Range: bytes 0-9/{len(JPEG)}")
    (kept,) = client.fetch(server.says("/range", partial), Asking(sink=received.extend))
    assert (kept.status, kept.body, bytes(received)) == (206, b"", JPEG[:10])
    (kept,) = client.fetch(server.says("/no", answer(b"no", "416 Range Not Satisfiable")), Asking(sink=received.extend))
    assert (kept.body, bytes(received)) == (b"no", JPEG[:10])


NOT_ASKED = {
    "http://127.0.0.2/": FetchOutcome.ADDRESS_REFUSED,
    "http://10.0.0.1/": FetchOutcome.ADDRESS_REFUSED,
    "http://inward.test/": FetchOutcome.ADDRESS_REFUSED,
    "http://mixed.test/": FetchOutcome.ADDRESS_REFUSED,
    "http://example.invalid/": FetchOutcome.DNS_FAILED,
    "ftp://127.0.0.1/": FetchOutcome.BAD_URL,
    "http://u:p@127.0.0.1/": FetchOutcome.BAD_URL,
}


@pytest.mark.parametrize("url", NOT_ASKED)
def test_what_the_guard_refuses_is_not_connected_to(url: str) -> None:
    answers = {"inward.test": ("192.168.1.1",), "mixed.test": ("127.0.0.1", "192.168.1.1")}

    def look_up(host: str) -> tuple[str, ...]:
        return answers.get(host) or resolver(host)

    with BlockingClient(allowed=LOOPBACK, resolver=look_up) as client:
        found, exchanges = outcome(client, url)
    assert (found, exchanges) == (NOT_ASKED[url], ())


def test_a_name_that_changes_its_address_is_looked_up_once(server: HostileServer) -> None:
    asked: list[str] = []

    def rebinding(host: str) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("169.254.169.254",)

    server.says("/r", answer(JPEG, fields="Connection: close"), RESET)
    with BlockingClient(allowed=LOOPBACK, resolver=rebinding) as client:
        for _ in range(3):
            assert client.fetch(server.url("/r", "rebinding.test"))[-1].ip == "127.0.0.1"
    assert asked == ["rebinding.test"]


def test_a_peer_that_is_not_the_checked_address_is_refused() -> None:
    url = check_url("http://example.com/")
    assert isinstance(url, CheckedUrl)
    check_peer(url, "::1", "0:0:0:0:0:0:0:1")
    with pytest.raises(FetchFailed, match="another address"):
        check_peer(url, "10.0.0.1", "93.184.216.34")


def test_a_silent_name_service_costs_its_time_and_no_more(client: BlockingClient) -> None:
    forever = threading.Event()

    def silent(host: str) -> tuple[str, ...]:
        forever.wait()
        return ("127.0.0.1",)

    with BlockingClient(allowed=LOOPBACK, resolver=silent) as slow:
        assert outcome(slow, "http://slow.test/", replace(QUICK, connect_s=0.1))[0] is FetchOutcome.DNS_FAILED
    forever.set()


def test_a_refused_connection_is_an_outcome(client: BlockingClient) -> None:
    with HostileServer() as gone:
        pass
    assert outcome(client, gone.url("/"))[0] is FetchOutcome.CONNECT_FAILED


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_server(issued: trustme.LeafCert, *, newest: ssl.TLSVersion | None = None) -> HostileServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    if newest is not None:
        context.maximum_version = newest
    return HostileServer(tls=context)


def trusting(authority: trustme.CA) -> BlockingClient:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(context)
    return BlockingClient(allowed=LOOPBACK, resolver=resolver, context=context)


def test_tls_is_verified_for_the_name_and_recorded(authority: trustme.CA) -> None:
    with tls_server(authority.issue_cert("good.test")) as server, trusting(authority) as client:
        server.says("/", answer(JPEG))
        (kept,) = client.fetch(server.url("/", "good.test"))
        assert kept.tls_version in ("TLSv1.2", "TLSv1.3")
        assert len(kept.certificate_sha256 or "") == 64
        assert outcome(client, server.url("/", "other.test"))[0] is FetchOutcome.TLS_FAILED
        assert outcome(client, server.url("/"))[0] is FetchOutcome.TLS_FAILED
        with BlockingClient(allowed=LOOPBACK, resolver=resolver) as strict:
            assert outcome(strict, server.url("/", "good.test"))[0] is FetchOutcome.TLS_FAILED
        server.says("/down", answer(b"", "302 Found", "Location: http://good.test/x"))
        assert outcome(client, server.url("/down", "good.test"))[0] is FetchOutcome.REDIRECT_REFUSED


@pytest.mark.filterwarnings("ignore:.*TLSv1.*:DeprecationWarning")
def test_old_tls_expired_certificates_and_plain_text_are_refused(authority: trustme.CA) -> None:
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    expired = authority.issue_cert("old.test", not_after=long_ago)
    with tls_server(expired) as server, trusting(authority) as client:
        assert outcome(client, server.url("/", "old.test"))[0] is FetchOutcome.TLS_FAILED
    with trusting(authority) as client, HostileServer(greeting=b"220 mail.test ESMTP\r\n") as plain:
        url = plain.url("/", "good.test").replace("http:", "https:")
        assert outcome(client, url)[0] is FetchOutcome.TLS_FAILED
    context_refuses_old = tls_server(authority.issue_cert("good.test"), newest=ssl.TLSVersion.TLSv1_1)
    with context_refuses_old as server, trusting(authority) as client:
        assert outcome(client, server.url("/", "good.test"))[0] is FetchOutcome.TLS_FAILED


def test_a_silent_handshake_is_a_timeout(authority: trustme.CA, server: HostileServer) -> None:
    with HostileServer() as silent, trusting(authority) as client:
        url = silent.url("/", "good.test").replace("http:", "https:")
        assert outcome(client, url, replace(QUICK, connect_s=0.3))[0] is FetchOutcome.TIMEOUT


def test_many_requests_run_at_once_and_one_that_is_given_up_disturbs_none(server: HostileServer) -> None:
    quick, silent = server.says("/quick", answer(JPEG)), server.says("/never", HANG)

    async def run() -> int:
        client = Client(agent="tests", allowed=LOOPBACK, resolver=resolver)
        hung = asyncio.create_task(client.fetch(silent, limits=QUICK))
        answered = await asyncio.gather(*(client.fetch(quick, limits=QUICK) for _ in range(50)))
        hung.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hung
        await client.close()
        return len(answered)

    assert asyncio.run(run()) == 50


def test_a_post_goes_where_the_user_says_and_follows_no_redirect(server: HostileServer) -> None:
    url = server.says("/stamp", answer(b"stamped"))
    kept = post(url, b"request", content_type="application/timestamp-query")
    assert (kept.status, kept.body, server.asked[-1].body) == (200, b"stamped", b"request")
    assert server.asked[-1].field("content-type") == "application/timestamp-query"
    moved = server.says("/moved", answer(b"", "307 Temporary Redirect", f"Location: {url}"))
    assert post(moved, b"request", content_type="text/plain").status == 307
    with pytest.raises(NetworkError, match="limit"):
        post(server.says("/big", answer(bytes(5000))), b"x", content_type="a/b", limits=replace(QUICK, max_bytes=100))
