"""How the world is reached: what a test replaces, what belongs to the user, what the policy says of one request."""

from __future__ import annotations

import random
from collections.abc import Callable  # noqa: TC003 - used in dataclass field types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.decoding import ROW_LIMITS, DecodeLimits
from scanner.fetch.client import utc_second
from scanner.fetch.limits import KIB, Limits
from scanner.fetch.names import Resolver, system_resolver

if TYPE_CHECKING:
    import ssl

    from scanner.fetch.addresses import Network
    from scanner.fetch_policy import FetchPolicy

MAX_PAGE_BYTES: Final = 512 * KIB  # of a page where a picture is listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """How the world is reached: what a test replaces, and what belongs to the user.

    Attributes:
        allowed: networks that the guard lets through.
        own_domains: declared by the artist; their robots.txt is recorded, not obeyed.
        resolver: names to addresses.
        context: for TLS; ours where None.
        limits: of one picture; those of the policy where None.
        picture: what is decoded.
        workers: decoding processes; one for each core where None.
        random: for the jitter of waits.
        now: the time.
    """

    allowed: tuple[Network, ...] = ()
    own_domains: frozenset[str] = frozenset()
    resolver: Resolver = system_resolver
    context: ssl.SSLContext | None = None
    limits: Limits | None = None
    picture: DecodeLimits = ROW_LIMITS
    workers: int | None = None
    random: Callable[[], float] = random.random
    now: Callable[[], str] = utc_second


def limits_of(policy: FetchPolicy, picture: DecodeLimits) -> Limits:
    """The limits of one request for a picture."""
    return Limits(
        connect_s=policy.connect_s,
        read_s=policy.read_s,
        total_s=policy.total_s,
        min_bytes_per_s=policy.min_bytes_per_s,
        max_bytes=picture.max_bytes,
        max_text_bytes=MAX_PAGE_BYTES,
        max_redirects=policy.max_redirects,
    )
