"""What a loop remembers of a host while it asks: how often it failed, until when it wants to be left alone.  No clock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from scanner.fetch.client import field_of
from scanner.fetch.politeness import LONGEST_WAIT_S, retry_after_s
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from scanner.observations import Exchange, Look

TRIES: Final = 3
LONGEST_REST_S: Final = 10 * 365 * 86_400.0  # no calendar holds what some hosts ask for
FAILURES_UNTIL_PARKED: Final = 5
FAILURES_UNTIL_DEAD: Final = 6  # of an address: twice what one host is tried
UNREACHABLE: Final = frozenset(
    {FetchOutcome.DNS_FAILED, FetchOutcome.CONNECT_FAILED, FetchOutcome.TLS_FAILED, FetchOutcome.TIMEOUT}
)
TRIED_AGAIN: Final = frozenset(
    {FetchOutcome.DNS_FAILED, FetchOutcome.CONNECT_FAILED, FetchOutcome.TIMEOUT}
    | {FetchOutcome.RATE_LIMITED, FetchOutcome.SERVER_ERROR}
)


@dataclass(slots=True)
class Host:
    """One origin in one run.

    Attributes:
        answered: it has answered anything at all.
        failures: in a row; five park it.
        not_before: on the loop's clock; it asked to be left alone until then.
        parked: why it is not asked any more in this run, None while it is.
        parked_until: the time it asked for, where that is more than an hour away.
        dead: what came of all tries, where it never answered: true of each of its addresses, so none is asked again.
    """

    answered: bool = False
    failures: int = 0
    not_before: float = 0.0
    parked: str | None = None
    parked_until: str | None = None
    dead: Look | None = None

    def hear(self, look: Look, answer: Exchange | None, *, clock: float, now: str) -> None:
        """Take note of what came of one try, at ``clock`` of the loop and ``now``; ``answer`` is this host's own."""
        outcome = look.observation.outcome
        if answer is not None:
            self.answered = True
        if outcome not in TRIED_AGAIN and outcome not in UNREACHABLE:
            self.failures = 0
            return
        self.failures += 1
        rest = None if answer is None else _rest_s(answer, now)
        if rest is not None and rest > LONGEST_WAIT_S:
            self.parked = f"it asks for {rest:,.0f} s of rest"
            self.parked_until = (datetime.fromisoformat(now) + timedelta(seconds=rest)).strftime("%Y-%m-%dT%H:%M:%SZ")
        elif rest is not None:
            self.not_before = max(self.not_before, clock + rest)
        if self.failures >= FAILURES_UNTIL_PARKED and self.answered and self.parked is None:
            self.parked = f"it failed {self.failures} times in a row, last with {outcome}"

    def give_up(self, look: Look) -> None:
        """After the last try: a host that never answered is dead for this run."""
        if not self.answered and not look.exchanges and look.observation.outcome in UNREACHABLE:
            self.dead = look


@dataclass(slots=True)
class Peer:
    """One address and port in one run, whatever names lie on it.

    ``is_dead``: it never answered and failed so often that no other name on it is tried.
    """

    failures: int = 0
    answered: bool = False

    @property
    def is_dead(self) -> bool:
        """See above."""
        return not self.answered and self.failures >= FAILURES_UNTIL_DEAD

    def hear(self, outcome: FetchOutcome | None, *, answered: bool) -> None:
        """Take note of one request: its failure, or None."""
        self.answered = self.answered or answered
        if not answered and outcome in (FetchOutcome.CONNECT_FAILED, FetchOutcome.TIMEOUT):
            self.failures += 1


def answer_of(look: Look, url: str) -> Exchange | None:
    """The answer of the hop at ``url`` where it is the last that answered: what came before it is another host's."""
    last = look.exchanges[-1] if look.exchanges else None
    return last if last is not None and last.url == url else None


def _rest_s(answer: Exchange, now: str) -> float | None:
    rest = retry_after_s(field_of(answer, "retry-after"), datetime.fromisoformat(now))
    return None if rest is None else min(rest, LONGEST_REST_S)
