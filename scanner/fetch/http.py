"""The one module that speaks HTTP: ``httpx`` is the client, over a transport of ours; ``h11`` knows the grammar.

HTTP/1.1 only, nothing of the environment (no proxy, no netrc), no cookie kept, no redirect followed, bodies streamed raw: httpx would
decompress before anybody can count (268 MB for 405 bytes of brotli, measured with 0.28).

The transport is ours (``httpx.AsyncBaseTransport`` is the place for that) for three reasons.  A connection is made to an address that
the guard has passed, never to a name, and its peer is compared with it, while TLS asks for the name.  Every read has the deadline of
the whole chain of redirects and a least rate; httpx times single reads.  And httpx's own pool searches all connections for every
request: with 64 at once on loopback it takes 3.0 ms of processor time a picture of 45 kB, httpx over this transport 0.4.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import certifi
import h11
import httpx

from scanner.fetch.answers import Answer, Pace, Stopped
from scanner.fetch.limits import FetchFailed, Limits
from scanner.observations import Exchange, FetchOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scanner.fetch.guard import CheckedUrl

READ_BYTES: Final = 65_536
MAX_INFORMATIONAL: Final = 8  # 1xx answers before the real one
MAX_ADDRESSES: Final = 2  # tried of a name with many
IDLE_AT_MOST: Final = 256  # open connections kept for later, over all hosts
UNTOLD: Final = frozenset({b"location", b"set-cookie"})
"""Fields that httpx is not shown: it would parse the first even where it follows no redirect, and keep the second."""

Fields = tuple[tuple[bytes, bytes], ...]


def tls_context() -> ssl.SSLContext:
    """TLS 1.2 or later, certificates verified against certifi's list: the same on every machine, whatever its environment says."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request as it leaves: a checked address, the addresses its host may be reached at, its header fields, its limits.

    ``deadline`` is on the loop's clock.  ``sink`` takes the body of a 2xx instead of the Exchange.
    """

    url: CheckedUrl
    addresses: tuple[str, ...]
    fields: Fields
    requested_at: str
    limits: Limits
    deadline: float
    method: str = "GET"
    body: bytes = b""
    sink: Callable[[bytes], None] | None = None


class Door:
    """Where requests leave, one Exchange each; belongs to one event loop."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        """Open nothing yet; ``context`` is for TLS, ours where None."""
        self._transport = GuardedTransport(context)
        self._client = httpx.AsyncClient(transport=self._transport, trust_env=False, follow_redirects=False)

    async def exchange(self, hop: Hop) -> Exchange:
        """One request and its answer, redirects included: whoever asks follows them.

        Raises:
            FetchFailed: no whole answer within the limits; its ``exchanges`` hold what was answered.
        """
        began = time.monotonic()
        pace = Pace(hop.limits, hop.deadline, asyncio.get_running_loop().time)
        request = httpx.Request(
            hop.method,
            _origin(hop.url.scheme, hop.url.authority),
            headers=list(hop.fields),
            content=hop.body or None,
            extensions={"hop": hop, "pace": pace},  # the target stands in the hop: httpx would spell it anew
        )
        response = await self._client.send(request, stream=True)
        answer: Answer | None = None
        failed: tuple[FetchOutcome, str] | None = None
        try:
            answer = Answer(
                response.status_code,
                response.extensions["fields"],
                limits=hop.limits,
                has_body=hop.method != "HEAD",
                sink=hop.sink,
            )
            async for chunk in response.aiter_raw():
                answer.take(chunk)
                if answer.is_cut:
                    break
        except Stopped as stopped:
            failed = stopped.outcome, str(stopped)
        except FetchFailed as error:
            failed = error.outcome, error.why
        finally:
            await response.aclose()
        kept = _kept(hop, response, answer, is_whole=failed is None, seconds=time.monotonic() - began)
        if failed is not None:
            raise FetchFailed(failed[0], hop.url.text, failed[1], exchanges=(kept,))
        return kept

    def forget(self, origin: tuple[str, str, int]) -> None:
        """Close the connections kept to a host that will not be asked again."""
        self._transport.forget(origin)

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._client.aclose()


@lru_cache(maxsize=4_096)
def _origin(scheme: str, authority: str) -> httpx.URL:
    """An origin as httpx wants it: it would parse the same text for every request."""
    return httpx.URL(f"{scheme}://{authority}/")


def _kept(hop: Hop, response: httpx.Response, answer: Answer | None, *, is_whole: bool, seconds: float) -> Exchange:
    """What is recorded; of a body that did not come whole, nothing."""
    connection: Connection = response.extensions["connection"]
    return Exchange(
        url=hop.url.text,
        requested_at=hop.requested_at,
        method=hop.method,
        request_fields=hop.fields,
        http_version=response.http_version,
        status=response.status_code,
        reason=response.extensions["reason_phrase"],
        fields=response.extensions["fields"],
        body=bytes(answer.body) if answer is not None and is_whole else b"",
        cut=not is_whole or (answer is not None and answer.is_cut),
        ip=connection.ip,
        tls_version=connection.tls_version,
        certificate_sha256=connection.certificate_sha256,
        milliseconds=round(seconds * 1000),
        received=0 if answer is None else answer.received,
    )


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections to checked addresses, and keeps those for the next that both sides leave open."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        """Open nothing yet."""
        self._context = context
        self._idle: defaultdict[tuple[str, str, int], list[Connection]] = defaultdict(list)
        self._idle_count = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request that carries its ``Hop`` and ``Pace``; the answer's body is read as its stream is."""
        hop: Hop = request.extensions["hop"]
        pace: Pace = request.extensions["pace"]
        while True:
            connection = self._take_idle(hop.url) or await self._connect(hop)
            was_used = connection.used
            try:
                head = await connection.ask(hop, pace)
            except FetchFailed as error:
                # A kept connection that the other side had closed meanwhile: nothing was answered, nothing is known.
                if was_used and error.outcome is FetchOutcome.CONNECT_FAILED:
                    continue
                raise
            return self._response(connection, head, hop, pace)

    def _response(self, connection: Connection, head: h11.Response, hop: Hop, pace: Pace) -> httpx.Response:
        fields = tuple(head.headers.raw_items())
        return httpx.Response(
            head.status_code,
            headers=[field for field in fields if field[0].lower() not in UNTOLD],
            stream=_Body(self, connection, hop, pace),
            extensions={
                "http_version": b"HTTP/" + head.http_version,
                "reason_phrase": bytes(head.reason),
                "fields": fields,
                "connection": connection,
            },
        )

    async def aclose(self) -> None:
        """Close the connections that are kept open."""
        for origin in list(self._idle):
            self.forget(origin)
        for _ in range(3):  # rounds of the loop in which an aborted stream lets its socket go
            await asyncio.sleep(0)

    def forget(self, origin: tuple[str, str, int]) -> None:
        """Close the connections kept to one origin."""
        for connection in self._idle.pop(origin, ()):
            self._idle_count -= 1
            connection.close()

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request of its origin, or close it."""
        if not connection.is_reusable:
            connection.close()
            return
        if (
            self._idle_count >= IDLE_AT_MOST
        ):  # the host that was asked longest ago is the least likely to be asked again
            self.forget(next(iter(self._idle)))
        self._idle[connection.origin].append(connection)
        self._idle_count += 1

    def _take_idle(self, url: CheckedUrl) -> Connection | None:
        kept = self._idle.get(url.origin)
        while kept:
            connection = kept.pop()
            self._idle_count -= 1
            if not kept:
                del self._idle[url.origin]
            if connection.is_reusable:
                return connection
            connection.close()
        return None

    async def _connect(self, hop: Hop) -> Connection:
        """Connect to the first of the addresses that answers."""
        if self._context is None:
            self._context = tls_context()
        failure: FetchFailed | None = None
        for ip in hop.addresses[:MAX_ADDRESSES]:
            try:
                return await connect(hop, ip, self._context)
            except FetchFailed as error:
                failure = failure or error
        assert failure is not None, "the guard never passes an empty list"
        raise failure


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes; closing it gives the connection back."""

    def __init__(self, transport: GuardedTransport, connection: Connection, hop: Hop, pace: Pace) -> None:
        self._transport, self._connection, self._hop, self._pace = transport, connection, hop, pace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._connection.chunks(self._hop, self._pace):
            yield chunk

    async def aclose(self) -> None:
        self._transport.give_back(self._connection)


class Connection:
    """One connection to one checked address; exchanges follow each other on it while both sides keep it open."""

    def __init__(self, hop: Hop, ip: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap an open stream; use ``connect``."""
        self.origin = hop.url.origin
        self.ip = ip
        self.used = False
        self._reader, self._writer = reader, writer
        self._grammar = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=hop.limits.max_head_bytes)
        self._at_end = self._heard = False
        tls = writer.get_extra_info("ssl_object")
        certificate = None if tls is None else tls.getpeercert(binary_form=True)
        self.tls_version: str | None = None if tls is None else tls.version()
        self.certificate_sha256 = None if certificate is None else hashlib.sha256(certificate).hexdigest()

    @property
    def is_reusable(self) -> bool:
        """Whether the last exchange ended cleanly and neither side has closed."""
        return self._grammar.our_state is h11.IDLE and not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Close at once, whatever is still on its way."""
        with suppress(OSError, RuntimeError):
            self._writer.transport.abort()

    async def ask(self, hop: Hop, pace: Pace) -> h11.Response:
        """Send the request; the head of the answer.

        Raises:
            FetchFailed: no answer that is HTTP.
        """
        self.used, self._heard = True, False
        try:
            await self._send(hop)
            return await self._head(pace)
        except BaseException as error:
            self.close()
            failed = self._failure(error, FetchOutcome.CONNECT_FAILED)
            if failed is None:
                raise
            raise FetchFailed(failed[0], hop.url.text, failed[1]) from error

    async def chunks(self, hop: Hop, pace: Pace) -> AsyncIterator[bytes]:
        """The body as it comes, de-chunked and nothing else; read to its end, the connection can be used again.

        Raises:
            FetchFailed: it does not come whole.
        """
        try:
            while not isinstance(event := await self._event(pace), h11.EndOfMessage):
                if isinstance(event, h11.Data):
                    yield bytes(event.data)
            if self._grammar.our_state is h11.DONE and self._grammar.their_state is h11.DONE:
                self._grammar.start_next_cycle()
        except (OSError, h11.ProtocolError, Stopped) as error:
            self.close()
            failed = self._failure(error, FetchOutcome.TRUNCATED)
            assert failed is not None
            raise FetchFailed(failed[0], hop.url.text, failed[1]) from error

    async def _send(self, hop: Hop) -> None:
        request = h11.Request(method=hop.method, target=hop.url.target, headers=list(hop.fields))
        events = (request, h11.Data(data=hop.body), h11.EndOfMessage()) if hop.body else (request, h11.EndOfMessage())
        self._writer.write(b"".join(self._grammar.send(event) or b"" for event in events))
        with suppress(ConnectionError):  # an answer may come before a refusal to read the request
            async with asyncio.timeout_at(hop.deadline):
                await self._writer.drain()

    async def _head(self, pace: Pace) -> h11.Response:
        for _ in range(MAX_INFORMATIONAL + 1):
            event = await self._event(pace)
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise Stopped(FetchOutcome.PROTOCOL_ERROR, "another protocol, or none")
        raise Stopped(FetchOutcome.PROTOCOL_ERROR, "too many provisional answers")

    async def _event(self, pace: Pace) -> object:
        while (event := self._grammar.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout_at(pace.next_read()):
                received = await self._reader.read(READ_BYTES)
            pace.count(len(received))
            self._heard = self._heard or bool(received)
            self._at_end = not received
            self._grammar.receive_data(received)
        return event

    def _failure(self, error: BaseException, when_lost: FetchOutcome) -> tuple[FetchOutcome, str] | None:
        """What an error of this exchange means; None for what is not about the exchange."""
        if isinstance(error, Stopped):
            return error.outcome, str(error)
        if isinstance(error, TimeoutError):
            return FetchOutcome.TIMEOUT, "no complete answer in time"
        if isinstance(error, OSError):
            return when_lost, f"the connection was lost ({_sentence(error)})"
        if not isinstance(error, h11.ProtocolError):
            return None
        if self._at_end and (when_lost is FetchOutcome.TRUNCATED or not self._heard):
            return when_lost, "the answer ended early" if self._heard else "the connection was closed without an answer"
        return FetchOutcome.PROTOCOL_ERROR, f"not HTTP/1.1 as it should be ({_sentence(error)})"


async def connect(hop: Hop, ip: str, context: ssl.SSLContext) -> Connection:
    """Connect to one checked address.

    Raises:
        FetchFailed: it does not answer, another one does, or TLS fails.
    """
    loop, url, limits = asyncio.get_running_loop(), hop.url, hop.limits
    stage, failed = "connection", FetchOutcome.CONNECT_FAILED
    channel = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM)
    try:
        channel.settimeout(0)
        async with asyncio.timeout_at(min(loop.time() + limits.connect_s, hop.deadline)) as timer:
            await loop.sock_connect(channel, (ip, url.port))
            check_peer(url, channel.getpeername()[0], ip)
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if url.scheme == "https":
                stage, failed = "TLS", FetchOutcome.TLS_FAILED
                timer.reschedule(min(loop.time() + limits.connect_s, hop.deadline))
                reader, writer = await asyncio.open_connection(sock=channel, ssl=context, server_hostname=url.host)
            else:
                reader, writer = await asyncio.open_connection(sock=channel)
    except TimeoutError as error:
        channel.close()
        raise FetchFailed(FetchOutcome.TIMEOUT, url.text, f"no {stage} within {limits.connect_s:g} s") from error
    except OSError as error:  # ssl.SSLError is one
        channel.close()
        raise FetchFailed(failed, url.text, f"no {stage} ({_sentence(error)})") from error
    except BaseException:
        channel.close()
        raise
    return Connection(hop, ip, reader, writer)


def check_peer(url: CheckedUrl, peer: str, asked: str) -> None:
    """Make sure that the other end of a connection is the address that was checked.

    Raises:
        FetchFailed: it is another one.
    """
    if ip_address(peer) != ip_address(asked):
        raise FetchFailed(FetchOutcome.ADDRESS_REFUSED, url.text, "another address answered than was asked")


def _sentence(error: BaseException) -> str:
    words = " ".join(str(getattr(error, "strerror", None) or error).split())
    return words[:120] or type(error).__name__
