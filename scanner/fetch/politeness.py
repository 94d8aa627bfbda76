"""Manners towards hosts: how often, how many at once, how long to wait after a refusal.  The clock is an argument.

A key is a registrable domain or an address.  A bucket (the generic cell rate algorithm) says when the next request may leave; a lane
joins it with the number of requests that may be under way at once.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

BURST: Final = 2  # requests that may leave together after a pause
LONGEST_WAIT_S: Final = 3_600.0  # a host that asks for more is parked
FIRST_BACKOFF_S: Final = 2.0
LONGEST_BACKOFF_S: Final = 60.0
LANES_KEPT: Final = 4_096


class Bucket:
    """When requests may leave: ``per_minute`` on average, ``burst`` at once after a pause."""

    def __init__(self, per_minute: float, burst: int = BURST) -> None:
        """Begin full."""
        self._interval = 60.0 / per_minute
        self._slack = (burst - 1) * self._interval
        self._full_at = float("-inf")

    def take(self, now: float) -> float:
        """Take the next place; the time at which its request may leave, ``now`` or later."""
        at = max(now, self._full_at - self._slack)
        self._full_at = max(at, self._full_at) + self._interval
        return at

    def is_full(self, now: float) -> bool:
        """Whether forgetting this bucket would change nothing."""
        return self._full_at <= now


@dataclass(slots=True)
class _Lane:
    bucket: Bucket
    places: asyncio.Semaphore
    users: int = 0


@dataclass(slots=True)
class Lanes:
    """One lane for each key: who enters waits for a place, then for the bucket.

    ``clock`` and ``sleep`` are the loop's, or a test's.
    """

    per_minute: float
    at_once: int
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _lanes: dict[str, _Lane] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait one's turn with ``key``; the place is given back at the end."""
        lane = self._lanes.get(key) or self._new(key)
        lane.users += 1
        try:
            async with lane.places:
                wait = lane.bucket.take(self.clock()) - self.clock()
                if wait > 0:
                    await self.sleep(wait)
                yield
        finally:
            lane.users -= 1

    def _new(self, key: str) -> _Lane:
        if len(self._lanes) >= LANES_KEPT:
            now = self.clock()
            idle = [name for name, lane in self._lanes.items() if not lane.users and lane.bucket.is_full(now)]
            for name in idle:
                del self._lanes[name]
        lane = self._lanes[key] = _Lane(Bucket(self.per_minute), asyncio.Semaphore(self.at_once))
        return lane


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` asks for (RFC 9110 section 10.2.3); None for nothing or nonsense, 0 for a date that has passed.

    >>> retry_after_s("120", datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    >>> retry_after_s("Thu, 01 Jan 2026 00:01:00 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    60.0
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def backoff_s(tries: int, random: float) -> float:
    """How long to wait after ``tries`` failures: exponential with full jitter, ``random`` in [0, 1)."""
    return random * float(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (tries - 1)))
