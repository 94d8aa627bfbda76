"""One run over what is wanted: what is known is taken from the store, the rest is asked for, everything is in the store at the end."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scanner.events import StageBegan, StageEnded, Watcher, unwatched
from scanner.fetch.blocking import LoopThread
from scanner.fetch.decoders import DecoderLimits, Decoders
from scanner.fetch.guard import CheckedUrl, check_url, outcome_of
from scanner.looks.commits import Commits
from scanner.looks.loop import PoliteLoop, Tally
from scanner.looks.observing import not_asked
from scanner.looks.outside import Outside
from scanner.looks.plan import plan_of
from scanner.looks.store import asked
from scanner.looks.wanted import by_site, distinct
from scanner.observations import LATER_PERHAPS, FetchOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scanner.fetch_policy import FetchPolicy
    from scanner.looks.plan import FetchPlan
    from scanner.looks.store import LookStore
    from scanner.looks.wanted import Site, Wanted
    from scanner.observations import Look

_GROUP: Final = 1_000
MANY: Final = 1_000  # pictures for one decoding process; shrinking them by hand costs a second and a half
EVERYDAY: Final = Outside()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRun:
    """What one run did.

    ``outcomes`` counts all wanted addresses, those known from an earlier run (``reused``) among them; ``requests`` were sent, robots.txt
    and redirects included; ``parked`` maps hosts to why they are left alone.
    """

    outcomes: Counter[FetchOutcome]
    reused: int
    requests: int
    bytes: int
    parked: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def unfinished(self) -> int:
        """Addresses that another run may still get an answer from."""
        return sum(count for outcome, count in self.outcomes.items() if outcome in LATER_PERHAPS)


def fetch_looks(
    wanted: Iterable[Wanted],
    *,
    policy: FetchPolicy,
    store: LookStore,
    watch: Watcher = unwatched,
    outside: Outside = EVERYDAY,
) -> FetchRun:
    """Look at every wanted address once, politely; a look for each of them is in the store when this returns.

    Final looks that are young enough are not repeated.  An interrupt ends it with everything finished in the store.

    Raises:
        OutputError: disk full; what was finished is kept.
        KeyboardInterrupt: passed on.
    """
    began = time.monotonic()
    known, rest, parked = _known(distinct(wanted), policy, store, outside.now())
    sites, refused = by_site(rest, outside.allowed)
    outcomes: Counter[FetchOutcome] = Counter(known)
    looks = [not_asked(each, outcome_of(why), outside.now(), why.reason) for each, why in refused]
    outcomes.update(look.observation.outcome for look in looks)
    for start in range(0, len(looks), _GROUP):
        store.keep(looks[start : start + _GROUP])
    tally = Tally()
    if sites:
        watch(
            StageBegan(
                title="Looking at listed addresses", total=sum(len(site.wanted) for site in sites), unit=" addresses"
            )
        )
        tally = _run(sites, policy, store, outside, parked, watch)
        watch(StageEnded())
    outcomes.update({FetchOutcome(name): count for name, count in tally.outcomes.items()})
    return FetchRun(
        outcomes=outcomes,
        reused=len(known),
        requests=tally.requests,
        bytes=tally.bytes,
        parked=dict(sorted(tally.parked.items())),
        seconds=time.monotonic() - began,
    )


def plan_looks(
    wanted: Iterable[Wanted],
    *,
    policy: FetchPolicy,
    store: LookStore | None = None,
    outside: Outside = EVERYDAY,
    years: float | None = None,
) -> FetchPlan:
    """The plan of ``fetch_looks`` with the same arguments; ``years`` since the dataset was made, where that is known."""
    rows = list(wanted)
    known: set[tuple[str, str]] = set()
    if store is not None:
        different = distinct(rows)
        asked = {(each.kind, each.url) for each in _known(different, policy, store, outside.now())[1]}
        known = {(each.kind, each.url) for each in different if (each.kind, each.url) not in asked}
    return plan_of(rows, policy, allowed=outside.allowed, known=known, years=years)


def _known(
    wanted: Sequence[Wanted], policy: FetchPolicy, store: LookStore, now: str
) -> tuple[list[FetchOutcome], list[Wanted], list[Look]]:
    """Outcomes that stand, what has to be asked for, and the looks that were not taken because a host asked for rest."""
    known, rest, parked = [], [], []
    for each in wanted:
        max_age_s = None if each.kind == "archive" else 86_400.0 * policy.reuse_days  # a capture never changes
        outcome = store.outcome(each.kind, each.url, max_age_s=max_age_s, now=now)
        if outcome is None or outcome in LATER_PERHAPS:
            rest.append(each)
        else:
            known.append(outcome)
        if outcome in (FetchOutcome.HOST_PARKED, FetchOutcome.RATE_LIMITED, FetchOutcome.SERVER_ERROR):
            look = store.look(each.kind, each.url)
            parked += [] if look is None else [look]
    return known, rest, parked


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    one = several.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


def _run(
    sites: Sequence[Site],
    policy: FetchPolicy,
    store: LookStore,
    outside: Outside,
    parked: Sequence[Look],
    watch: Watcher,
) -> Tally:
    workers = outside.workers or os.cpu_count() or 1
    decoder_limits = DecoderLimits(
        picture=outside.picture,
        memory_mib=policy.decode_memory_mib,
        cpu_s=policy.decode_cpu_s,
        pictures=policy.pictures_per_worker,
        many=sum(len(site.wanted) for site in sites) >= MANY * workers,
    )
    thread = LoopThread()
    try:
        with Decoders(workers, decoder_limits) as decoders:

            async def look_at_all() -> Tally:
                loop = PoliteLoop(policy, outside, store, Commits(store.keep), decoders, watch)
                for look in parked:
                    until, url = (
                        str(look.facts.get("parked_until", "")),
                        check_url(asked(look), allowed=outside.allowed),
                    )
                    if until > outside.now() and isinstance(url, CheckedUrl):
                        loop.park(url, str(look.facts.get("error", "")), until)
                return await loop.run(sites)

            return thread.run(look_at_all())
    except BaseExceptionGroup as several:  # the first of them is what went wrong, the others were cancelled for it
        raise _first(several) from several
    finally:
        thread.close()
