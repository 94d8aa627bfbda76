"""The one module that speaks HTTP: ``h11`` knows the grammar, asyncio moves the bytes, every limit stands between them.

HTTP/1.1 only, one request at a time on a connection, nothing of the environment (no proxy, no netrc), no cookie jar, no redirect
followed.  A connection is made to an address that the guard has passed, never to a name, and its peer is compared with it; TLS asks
for the name all the same.  Bodies are counted raw as they come and never decompressed: a client that decodes while it streams holds
268 MB for 405 bytes of brotli before anybody can count (measured with httpx 0.28).

Own sockets instead of a client library, because each of these points had to be taken from it: ``httpx`` follows the environment,
decodes, times single reads only and leaves the choice of the address to the resolver; what would remain of it costs twice the
processor time of this module.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import time
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import certifi
import h11

from scanner.fetch.limits import FetchFailed, Limits
from scanner.observations import Exchange, FetchOutcome
from scanner.sniffing import sniff_format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.fetch.guard import CheckedUrl

READ_BYTES: Final = 65_536
MAX_INFORMATIONAL: Final = 8  # 1xx answers before the real one
SNIFFED_BYTES: Final = 64
MAX_ADDRESSES: Final = 2  # tried of a name with many
_ENCODINGS: Final = frozenset({b"", b"identity", b"gzip", b"x-gzip", b"deflate"})


def tls_context() -> ssl.SSLContext:
    """TLS 1.2 or later, certificates verified against certifi's list: the same on every machine, whatever its environment says."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connection:
    """One connection to one checked address; exchanges follow each other on it while both sides keep it open."""

    def __init__(
        self, url: CheckedUrl, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ip: str, limits: Limits
    ) -> None:
        """Wrap an open stream; use ``connect``."""
        self.origin = url.origin
        self.ip = ip
        self.used = False
        self._reader = reader
        self._writer = writer
        self._grammar = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=limits.max_head_bytes)
        tls = writer.get_extra_info("ssl_object")
        certificate = None if tls is None else tls.getpeercert(binary_form=True)
        self._tls_version = None if tls is None else tls.version()
        self._certificate = None if certificate is None else hashlib.sha256(certificate).hexdigest()

    @property
    def is_reusable(self) -> bool:
        """Whether the last exchange ended cleanly and neither side has closed."""
        return self._grammar.our_state is h11.IDLE and not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Close at once, whatever is still on its way."""
        with suppress(OSError, RuntimeError):
            self._writer.transport.abort()

    async def exchange(
        self,
        url: CheckedUrl,
        fields: Sequence[tuple[bytes, bytes]],
        *,
        requested_at: str,
        limits: Limits,
        deadline: float,
        method: str = "GET",
        body: bytes = b"",
        sink: Callable[[bytes], None] | None = None,
    ) -> Exchange:
        """One request and its answer.

        Args:
            url: on this connection's origin.
            fields: header fields as they are sent, ``Host`` first.
            requested_at: kept in the Exchange.
            limits: see ``Limits``.
            deadline: on the loop's clock, whatever the limits say.
            method: ``GET``, ``HEAD`` or ``POST``.
            body: of a ``POST``.
            sink: takes the body of a 200 or 206 instead of the Exchange, chunk by chunk.

        Raises:
            FetchFailed: no whole answer within the limits; its ``exchanges`` hold what was answered.
        """
        began = time.monotonic()
        answer = _Answer(limits, method, sink)
        pace = _Pace(limits, deadline)
        self.used = True
        failed: tuple[FetchOutcome, str] | None = None
        try:
            async with asyncio.timeout_at(deadline) as timer:
                await self._send(h11.Request(method=method, target=url.target, headers=list(fields)), body)
                while not answer.is_complete:
                    event = self._grammar.next_event()
                    if event is h11.NEED_DATA:
                        timer.reschedule(pace.next_read())
                        received = await self._reader.read(READ_BYTES)
                        pace.count(len(received))
                        answer.hear(received)
                        self._grammar.receive_data(received)
                    else:
                        answer.take(event)
        except (OSError, h11.ProtocolError, _Stopped) as error:
            failed = answer.failure(error)
        finally:  # also when cancelled: what is still on its way belongs to no later exchange
            if self._grammar.our_state is h11.DONE and self._grammar.their_state is h11.DONE:
                self._grammar.start_next_cycle()
            else:
                self.close()
        kept = self._kept(answer, url, fields, requested_at, method, time.monotonic() - began)
        if failed is not None:
            raise FetchFailed(failed[0], url.text, failed[1], exchanges=() if kept is None else (kept,))
        assert kept is not None
        return kept

    async def _send(self, request: h11.Request, body: bytes) -> None:
        events = (request, h11.Data(data=body), h11.EndOfMessage()) if body else (request, h11.EndOfMessage())
        self._writer.write(b"".join(self._grammar.send(event) or b"" for event in events))
        with suppress(ConnectionError):  # an answer may come before a refusal to read the request
            await self._writer.drain()

    def _kept(
        self,
        answer: _Answer,
        url: CheckedUrl,
        fields: Sequence[tuple[bytes, bytes]],
        requested_at: str,
        method: str,
        seconds: float,
    ) -> Exchange | None:
        head = answer.head
        if head is None:
            return None
        return Exchange(
            url=url.text,
            requested_at=requested_at,
            method=method,
            request_fields=tuple(fields),
            http_version="HTTP/" + head.http_version.decode(),
            status=head.status_code,
            reason=bytes(head.reason),
            fields=tuple(head.headers.raw_items()),
            body=bytes(answer.body),
            cut=answer.is_cut,
            ip=self.ip,
            tls_version=self._tls_version,
            certificate_sha256=self._certificate,
            milliseconds=round(seconds * 1000),
        )


async def connect(
    url: CheckedUrl, addresses: Sequence[str], *, limits: Limits, context: ssl.SSLContext, deadline: float
) -> Connection:
    """Connect to the first of ``addresses``, all passed by the guard, that answers.

    Raises:
        FetchFailed: none answers, another one answers, or TLS fails.
    """
    failure: FetchFailed | None = None
    for ip in addresses[:MAX_ADDRESSES]:
        until = min(asyncio.get_running_loop().time() + limits.connect_s, deadline)
        try:
            return await _connect(url, ip, limits, context, until)
        except FetchFailed as error:
            failure = failure or error
    assert failure is not None, "the guard never passes an empty list"
    raise failure


async def _connect(url: CheckedUrl, ip: str, limits: Limits, context: ssl.SSLContext, until: float) -> Connection:
    loop = asyncio.get_running_loop()
    stage, failed = "connection", FetchOutcome.CONNECT_FAILED
    channel = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM)
    try:
        channel.settimeout(0)
        async with asyncio.timeout_at(until) as timer:
            await loop.sock_connect(channel, (ip, url.port))
            check_peer(url, channel.getpeername()[0], ip)
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if url.scheme == "https":
                stage, failed = "TLS", FetchOutcome.TLS_FAILED
                timer.reschedule(max(until, loop.time() + limits.connect_s))
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
    return Connection(url, reader, writer, ip, limits)


def check_peer(url: CheckedUrl, peer: str, asked: str) -> None:
    """Make sure that the other end of a connection is the address that was checked.

    Raises:
        FetchFailed: it is another one.
    """
    if ip_address(peer) != ip_address(asked):
        raise FetchFailed(FetchOutcome.ADDRESS_REFUSED, url.text, "another address answered than was asked")


class _Stopped(Exception):
    """We end an exchange: the outcome, and why in a few words."""

    def __init__(self, outcome: FetchOutcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class _Pace:
    """How long the next read may take, and whether what came was enough."""

    def __init__(self, limits: Limits, deadline: float) -> None:
        self._limits = limits
        self._deadline = deadline
        self._clock = asyncio.get_running_loop().time
        self._since = self._clock()
        self._bytes = 0

    def next_read(self) -> float:
        return min(self._clock() + self._limits.read_s, self._deadline)

    def count(self, received: int) -> None:
        limits = self._limits
        self._bytes += received
        passed = self._clock() - self._since
        if passed >= limits.rate_window_s:
            if self._bytes < limits.min_bytes_per_s * passed:
                raise _Stopped(FetchOutcome.TOO_SLOW, f"{self._bytes:,} bytes in {passed:.1f} s")
            self._since, self._bytes = self._clock(), 0


class _Answer:
    """What has come of one answer so far, and whether more of it is wanted."""

    def __init__(self, limits: Limits, method: str, sink: Callable[[bytes], None] | None) -> None:
        self.head: h11.Response | None = None
        self.body = bytearray()
        self.is_complete = self.is_cut = False
        self._limits = limits
        self._has_body = method != "HEAD"
        self._sink = sink
        self._cap = limits.max_bytes
        self._sniffed = limits.max_text_bytes is None
        self._informational = 0
        self._received = 0
        self._at_end = False
        self._heard = False

    def hear(self, received: bytes) -> None:
        """Remember whether anything came at all and whether the other side has closed."""
        self._heard = self._heard or bool(received)
        self._at_end = not received

    def take(self, event: object) -> None:
        """Take one event of the grammar."""
        if isinstance(event, h11.Data):
            self._take_body(event.data)
        elif isinstance(event, h11.Response):
            self._take_head(event)
        elif isinstance(event, h11.InformationalResponse):
            self._informational += 1
            if self._informational > MAX_INFORMATIONAL:
                raise _Stopped(FetchOutcome.PROTOCOL_ERROR, "too many provisional answers")
        elif isinstance(event, h11.EndOfMessage):
            self.is_complete = True
        else:  # closed or another protocol, without an answer
            raise _Stopped(FetchOutcome.PROTOCOL_ERROR, "the connection was closed without an answer")

    def _take_head(self, head: h11.Response) -> None:
        self.head = head
        limits = self._limits
        if len(head.headers) > limits.max_fields:
            raise _Stopped(FetchOutcome.PROTOCOL_ERROR, f"more than {limits.max_fields} header fields")
        if not self.is_wanted:
            self._cap, self._sniffed, self._sink = limits.max_error_bytes, True, None
            return
        named = dict(head.headers)
        if named.get(b"content-encoding", b"").strip().lower() not in _ENCODINGS:
            raise _Stopped(FetchOutcome.ENCODED_BODY, "the answer is compressed in a way that was not asked for")
        if self._has_body and int(named.get(b"content-length", b"0")) > self._cap:
            raise _Stopped(
                FetchOutcome.TOO_LARGE, f"{int(named[b'content-length']):,} bytes, the limit is {self._cap:,}"
            )

    @property
    def is_wanted(self) -> bool:
        """Whether the body is what was asked for, not the text of a refusal or a redirect."""
        return self.head is not None and 200 <= self.head.status_code < 300

    def _take_body(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._sink is not None and self._received <= self._cap:
            self._sink(bytes(chunk))
            return
        self.body += chunk
        if not self._sniffed and len(self.body) >= SNIFFED_BYTES:
            self._sniffed = True
            if sniff_format(bytes(self.body[:SNIFFED_BYTES])) is None:
                self._cap = min(self._cap, self._limits.max_text_bytes or 0)
        if self._received > self._cap:
            if self.is_wanted and self._cap == self._limits.max_bytes:
                raise _Stopped(FetchOutcome.TOO_LARGE, f"more than {self._cap:,} bytes")
            del self.body[self._cap :]
            self.is_complete = self.is_cut = True

    def failure(self, error: Exception) -> tuple[FetchOutcome, str]:
        """The outcome of an exchange that ended early; no part of its body is kept."""
        if self.head is not None:
            self.body.clear()
            self.is_cut = True
        if isinstance(error, _Stopped):
            return error.outcome, str(error)
        if isinstance(error, TimeoutError):
            return FetchOutcome.TIMEOUT, "no complete answer in time"
        if isinstance(error, OSError):
            lost = FetchOutcome.CONNECT_FAILED if self.head is None else FetchOutcome.TRUNCATED
            return lost, f"the connection was lost ({_sentence(error)})"
        if self._at_end and self.head is not None:
            return FetchOutcome.TRUNCATED, "the answer ended early"
        if self._at_end and not self._heard:
            return FetchOutcome.CONNECT_FAILED, "the connection was closed without an answer"
        return FetchOutcome.PROTOCOL_ERROR, f"not HTTP/1.1 as it should be ({_sentence(error)})"


def _sentence(error: Exception) -> str:
    words = " ".join(str(getattr(error, "strerror", None) or error).split())
    return words[:120] or type(error).__name__
