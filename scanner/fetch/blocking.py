"""The guarded client for code without an event loop: the same client, its loop in a thread of its own.

One code path for both, so that no limit and no check exists twice.  Any thread may ask; several may ask at once.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from scanner.fetch.addresses import parse_networks
from scanner.fetch.client import PLAIN, USUAL, Asking, Client, agent
from scanner.fetch.limits import MIB, Limits
from scanner.fetch.names import Resolver, system_resolver

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine
    from types import TracebackType

    from scanner.fetch.addresses import Network
    from scanner.observations import Exchange

T = TypeVar("T")
ANY_ADDRESS: Final = parse_networks(["0.0.0.0/0", "::/0"])
"""For an address that the user typed: where it lies is the user's word; every other control stays."""

_POSTED: Final = Limits(max_bytes=MIB)  # a time stamp with its certificates has some ten kilobytes


class LoopThread:
    """An event loop in a thread of its own, for a caller that has none, or whose own loop must not be held up."""

    def __init__(self) -> None:
        """Start it."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fetch", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` gives.  An interrupt while waiting cancels it, and passes on once it has ended."""
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return asked.result()
        except BaseException:
            asked.cancel()
            raise

    def close(self) -> None:
        """Cancel what is still at work, wait for it, end the thread; a second call does nothing."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_end_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end_all() -> None:
    asked = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    await asyncio.sleep(0)  # what was aborted lets its socket go in the next round


class BlockingClient:
    """Asks and waits.  Use with ``with``: leaving closes the connections and ends the thread."""

    def __init__(
        self,
        *,
        contact: str = "",
        allowed: tuple[Network, ...] = (),
        resolver: Resolver = system_resolver,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Start the loop; arguments as of ``Client``."""
        self._loop = LoopThread()
        self._client = Client(agent=agent(contact), allowed=allowed, resolver=resolver, context=context)
        self._closed = False

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self.close()

    def fetch(self, url: str, asking: Asking = PLAIN, *, limits: Limits = USUAL) -> tuple[Exchange, ...]:
        """All hops of one request, the last of which is no redirect; any status is an answer.

        Raises:
            FetchFailed: a ``NetworkError`` with ``outcome`` and ``exchanges`` (see ``Client.fetch``).
        """
        return self._loop.run(self._client.fetch(url, asking, limits=limits))

    def close(self) -> None:
        """Close the connections and end the thread; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._loop.run(self._client.close())
            self._loop.close()


def post(url: str, body: bytes, *, content_type: str, limits: Limits = _POSTED) -> Exchange:
    """POST ``body`` to an address that the user typed, wherever it lies; no redirect is followed.

    Raises:
        FetchFailed: a ``NetworkError``: no connection, a bad certificate, too slow, too large, an encoded body.
    """
    with BlockingClient(allowed=ANY_ADDRESS) as client:
        asking = Asking(method="POST", fields=(("Content-Type", content_type),), body=body)
        return client.fetch(url, asking, limits=limits)[-1]
