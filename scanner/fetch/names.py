"""Names looked up once in a run, a bounded number at a time, each in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from scanner.fetch.limits import FetchFailed
from scanner.observations import FetchOutcome

Resolver = Callable[[str], tuple[str, ...]]
"""A host name to all its addresses; raises OSError where there are none.  Called in a thread."""

LOOKUPS_AT_ONCE: Final = 64
KEPT_S: Final = 300.0  # an answer
KEPT_FAILURE_S: Final = 60.0


def system_resolver(host: str) -> tuple[str, ...]:
    """The addresses that this machine's resolver gives, in its order, without repeats."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Names:
    """The answers of a resolver, kept for a while; belongs to one event loop."""

    def __init__(self, resolver: Resolver) -> None:
        """Ask nothing yet."""
        self._resolver = resolver
        self._known: dict[str, tuple[float, tuple[str, ...] | str]] = {}
        self._asked: dict[str, asyncio.Task[tuple[str, ...] | str]] = {}
        self._turn = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def resolve(self, host: str, timeout_s: float) -> tuple[str, ...]:
        """All addresses of a name.

        Raises:
            FetchFailed: no such name, or no answer in time.
        """
        now = asyncio.get_running_loop().time()
        until, answer = self._known.get(host, (0.0, ""))
        if until <= now:
            if host not in self._asked:  # many rows of one host wait for one answer
                self._asked[host] = asyncio.create_task(self._look_up(host, timeout_s))
            answer = await asyncio.shield(self._asked[host])
        if isinstance(answer, str):
            raise FetchFailed(FetchOutcome.DNS_FAILED, host, f"the name was not found ({answer})")
        return answer

    async def _look_up(self, host: str, timeout_s: float) -> tuple[str, ...] | str:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[tuple[str, ...] | str] = loop.create_future()
        try:
            async with self._turn:
                # Not the loop's own threads: Python waits for those when it ends, and a name service may be silent for minutes.
                threading.Thread(target=_ask, args=(self._resolver, host, loop, answered), daemon=True).start()
                async with asyncio.timeout(timeout_s):
                    answer = await answered
        except TimeoutError:
            answer = f"no answer within {timeout_s:g} s"
        finally:
            del self._asked[host]
        self._known[host] = (loop.time() + (KEPT_FAILURE_S if isinstance(answer, str) else KEPT_S), answer)
        return answer


def _ask(
    resolver: Resolver, host: str, loop: asyncio.AbstractEventLoop, answered: asyncio.Future[tuple[str, ...] | str]
) -> None:
    answer: tuple[str, ...] | str
    try:
        answer = resolver(host)
    except (OSError, UnicodeError) as error:  # UnicodeError: what the resolver's own codec does not take
        answer = getattr(error, "strerror", None) or type(error).__name__

    def say() -> None:
        if not answered.done():
            answered.set_result(answer)

    with suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(say)
