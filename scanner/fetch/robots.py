"""robots.txt (RFC 9309): may we look at this path?  The text's own grammar is Protego's business, the one Scrapy uses and keeps.

A look at one's own works' listed addresses is no crawl, yet whoever runs a host has said what programs may ask for: obeyed by default.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from protego import Protego

from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from scanner.fetch.guard import CheckedUrl

PRODUCT: Final = "provscan"
MAX_ROBOTS_BYTES: Final = 500 * 1024  # RFC 9309 section 2.5 asks for at least this much
KEPT_S: Final = 24 * 3_600


_UNAVAILABLE: Final = frozenset(  # RFC 9309 sections 2.3.1.2 and 2.3.1.3
    {FetchOutcome.GONE, FetchOutcome.DENIED, FetchOutcome.HTTP_OTHER, FetchOutcome.TOO_MANY_REDIRECTS}
    | {FetchOutcome.REDIRECT_REFUSED}
)


class RobotsWord(StrEnum):
    """What a host's robots.txt says of all of it, where no line has to be read."""

    ALLOWED = "allowed"  # there is none, or it may not be had: RFC 9309 section 2.3.1.3
    DISALLOWED = "disallowed"  # it exists and could not be read: section 2.3.1.4


class Robots:
    """The rules of one origin, for our agent."""

    def __init__(self, text: str | None, word: RobotsWord = RobotsWord.ALLOWED) -> None:
        """Rules from the text, or ``word`` for everything."""
        self._rules = None if text is None else Protego.parse(text)
        self._word = word

    @property
    def why(self) -> str:
        """Why an address is not allowed, where it is not."""
        return "robots.txt could not be read, which bars it" if self._rules is None else "robots.txt disallows it"

    def allows(self, url: CheckedUrl) -> bool:
        """Whether our agent may ask for ``url``."""
        if self._rules is None:
            return self._word is RobotsWord.ALLOWED
        return bool(self._rules.can_fetch(url.text, PRODUCT))


def robots_url(url: CheckedUrl) -> str:
    """Where the rules for ``url`` lie: at the root of its scheme, host and port."""
    return f"{url.scheme}://{url.authority}/robots.txt"


def read_robots(outcome: FetchOutcome, body: bytes | None) -> Robots:
    """The rules that an answer stands for; anything but an answer or a client error disallows.

    A body longer than ``MAX_ROBOTS_BYTES`` is read as far as that.
    """
    if outcome is FetchOutcome.TEXT_READ:
        return Robots((body or b"")[:MAX_ROBOTS_BYTES].decode("utf-8", "replace").lstrip("\ufeff"))
    return Robots(None, RobotsWord.ALLOWED if outcome in _UNAVAILABLE else RobotsWord.DISALLOWED)
