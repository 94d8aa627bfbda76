"""A guarded client: one request, its redirects by hand, every hop judged anew.

Names are looked up once in a run (the answers are kept 300 s, failures 60 s), every answer is checked, and the connection goes to a
checked address: a second look-up that says something else (DNS rebinding) never happens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scanner._version import __version__
from scanner.fetch.addresses import Network, Refusal, check_addresses
from scanner.fetch.guard import CheckedUrl, check_redirect, check_url, outcome_of
from scanner.fetch.http import Door, Fields, Hop
from scanner.fetch.limits import FetchFailed, Limits
from scanner.fetch.names import Names, Resolver, system_resolver
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    import ssl

    from scanner.observations import Exchange

Gate = Callable[[CheckedUrl, tuple[str, ...]], AbstractAsyncContextManager[None]]
"""Entered before each hop with its addresses, left after it: where a caller waits its turn, or refuses with ``FetchFailed``."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def utc_second() -> str:
    """The time now, as observations have it."""
    return _spelled(int(time.time()))


@lru_cache(maxsize=4)
def _spelled(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def agent(contact: str = "") -> str:
    """How we name ourselves: honestly, with an address of whoever looks where one is configured.

    >>> agent("me@example.org").partition(" ")[2]
    '(+me@example.org)'
    """
    return f"provscan/{__version__} (+{contact})" if contact else f"provscan/{__version__} (no contact given)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request beyond its address.

    ``fields`` go with every hop, ``credentials`` to the origin of the first hop alone.  ``sink`` takes the body of a 200 or 206 instead
    of the Exchange.
    """

    method: str = "GET"
    fields: tuple[tuple[str, str], ...] = ()
    credentials: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    sink: Callable[[bytes], None] | None = None


PLAIN: Final = Asking()
USUAL: Final = Limits()


class Client:
    """Asks for one address at a time, any number at once; belongs to one event loop.  Leave it with ``close``."""

    def __init__(
        self,
        *,
        agent: str,
        allowed: tuple[Network, ...] = (),
        resolver: Resolver = system_resolver,
        context: ssl.SSLContext | None = None,
        now: Callable[[], str] = utc_second,
    ) -> None:
        """Open nothing yet.

        Args:
            agent: the ``User-Agent``.
            allowed: networks that pass the guard, on any port.
            resolver: names to addresses.
            context: for TLS; ours where left out.
            now: the time of a request.
        """
        self.allowed = allowed
        self._agent = agent
        self._names = Names(resolver)
        self._door = Door(context)
        self._now = now

    async def fetch(
        self, text: str, asking: Asking = PLAIN, *, limits: Limits = USUAL, gate: Gate | None = None
    ) -> tuple[Exchange, ...]:
        """All hops of one request, the last of which is no redirect.

        Raises:
            FetchFailed: refused by the guard or the gate, no answer, or none within the limits; with the hops so far.
        """
        url = check_url(text, allowed=self.allowed)
        if isinstance(url, Refusal):
            raise FetchFailed(outcome_of(url), text, url.reason)
        hops: list[Exchange] = []
        first, seconds = url, limits.total_s
        seen = {url.text}
        while True:
            try:
                exchange = await self._hop(url, asking, first, limits, seconds, gate)
            except FetchFailed as error:
                error.exchanges, error.hop = (*hops, *error.exchanges), url
                if hops and error.outcome is FetchOutcome.ADDRESS_REFUSED:
                    error.outcome = FetchOutcome.REDIRECT_REFUSED
                raise
            hops.append(exchange)
            seconds -= exchange.milliseconds / 1000
            location = location_of(exchange)
            if location is None or asking.method == "POST":
                return tuple(hops)
            target = check_redirect(url, location, allowed=self.allowed)
            if isinstance(target, Refusal):
                why = f"redirected to an address that is refused ({target.reason})"
                raise _misled(FetchOutcome.REDIRECT_REFUSED, text, why, url, hops)
            if target.text in seen or len(hops) > limits.max_redirects:
                why = f"redirected in a circle or more than {limits.max_redirects} times"
                raise _misled(FetchOutcome.TOO_MANY_REDIRECTS, text, why, url, hops)
            seen.add(target.text)
            url = target

    async def addresses(self, url: CheckedUrl, limits: Limits = USUAL) -> tuple[str, ...]:
        """The addresses that a connection to ``url`` may go to, all checked.

        Raises:
            FetchFailed: no such name, no answer in time, or one that the guard refuses.
        """
        found = (url.host,) if url.is_address else await self._names.resolve(url.host, limits.connect_s)
        checked = check_addresses(found, port=url.port, allowed=self.allowed)
        if isinstance(checked, Refusal):
            raise FetchFailed(FetchOutcome.ADDRESS_REFUSED, url.text, checked.reason)
        return checked

    def forget(self, origin: tuple[str, str, int]) -> None:
        """Close the connections kept to a host that will not be asked again."""
        self._door.forget(origin)

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._door.close()

    async def _hop(
        self, url: CheckedUrl, asking: Asking, first: CheckedUrl, limits: Limits, seconds: float, gate: Gate | None
    ) -> Exchange:
        addresses = await self.addresses(url, limits)
        async with gate(url, addresses) if gate is not None else nullcontext():
            return await self._door.exchange(
                Hop(
                    url=url,
                    addresses=addresses,
                    fields=self._fields(url, asking, first),
                    requested_at=self._now(),
                    limits=limits,
                    deadline=asyncio.get_running_loop().time() + max(seconds, 0.0),
                    method=asking.method,
                    body=asking.body,
                    sink=asking.sink,
                )
            )

    def _fields(self, url: CheckedUrl, asking: Asking, first: CheckedUrl) -> Fields:
        # Built anew for every hop.  No Accept: with a list of types some hosts send WebP or AVIF, and no digest of a dataset matches.
        named = [("Host", url.authority), ("User-Agent", self._agent), ("Accept-Encoding", "identity")]
        named += [("Connection", "keep-alive"), *asking.fields]
        named += asking.credentials if url.origin == first.origin else ()
        if asking.body:
            named.append(("Content-Length", str(len(asking.body))))
        return tuple((name.encode("ascii"), value.encode("latin-1")) for name, value in named)


def _misled(outcome: FetchOutcome, text: str, why: str, hop: CheckedUrl, hops: list[Exchange]) -> FetchFailed:
    failed = FetchFailed(outcome, text, why, exchanges=tuple(hops))
    failed.hop = hop
    return failed


def location_of(exchange: Exchange) -> str | None:
    """Where a redirect leads, as it stands in the answer; None for any other answer."""
    if exchange.status not in _REDIRECTS:
        return None
    return field_of(exchange, "location")


def field_of(exchange: Exchange, name: str) -> str | None:
    """The first header field of that name (in lower case) in the answer, as text; None where there is none."""
    wanted = name.encode("ascii")
    for known, value in exchange.fields:
        if known.lower() == wanted:
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value.decode("latin-1")
    return None
