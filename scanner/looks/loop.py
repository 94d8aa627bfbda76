"""The polite loop: every wanted address gets one look, hosts side by side, each at its own pace.

One dead or slow host holds up nothing: a window of sites is open at once, each with a few requests of its own under way, and the
connections in all are a number that only what is really being read counts against.  The order of sites and of the addresses of a
site is fixed; what comes of them is not ours to order.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from scanner.events import StageAdvanced
from scanner.fetch.client import Client, agent
from scanner.fetch.entities import entity
from scanner.fetch.guard import CheckedUrl, check_url
from scanner.fetch.limits import FetchFailed
from scanner.fetch.politeness import Lanes, backoff_s
from scanner.fetch.robots import KEPT_S, MAX_ROBOTS_BYTES, Robots, read_robots, robots_url
from scanner.looks.manners import TRIED_AGAIN, TRIES, UNREACHABLE, Host, Peer, answer_of
from scanner.looks.observing import answered_look, failed_look, not_asked, with_facts, without_pixels
from scanner.looks.outside import limits_of
from scanner.looks.wanted import Wanted, site_of
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from typing import Any

    from scanner.events import Watcher
    from scanner.fetch.decoders import Decoders
    from scanner.fetch.limits import Limits
    from scanner.fetch_policy import FetchPolicy
    from scanner.looks.commits import Commits
    from scanner.looks.outside import Outside
    from scanner.looks.store import LookStore
    from scanner.looks.wanted import Site
    from scanner.observations import Look

SITES_AT_ONCE: Final = 4_096  # most of them wait: for their pace, for a rest, for an address that many share
ROBOTS_AT_HAND: Final = 1_024  # origins; rules of others are read from the store again
MAX_INDEX_BYTES: Final = 8 << 20
PICTURES: Final = frozenset({"live", "archive"})


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a run has done so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    bytes: int = 0
    finished: int = 0
    parked: dict[str, str] = field(default_factory=dict)


class PoliteLoop:
    """Asks for the addresses of sites; belongs to one event loop and one run."""

    def __init__(
        self,
        policy: FetchPolicy,
        outside: Outside,
        store: LookStore,
        commits: Commits,
        decoders: Decoders,
        watch: Watcher,
    ) -> None:
        """Ask nothing yet."""
        clock = asyncio.get_running_loop().time
        self.tally = Tally()
        self._client = Client(
            agent=agent(policy.contact),
            allowed=outside.allowed,
            resolver=outside.resolver,
            context=outside.context,
            now=outside.now,
        )
        self._limits = outside.limits or limits_of(policy, outside.picture)
        self._policy, self._outside = policy, outside
        self._store, self._commits, self._decoders = store, commits, decoders
        self._watch, self._now, self._clock = watch, outside.now, clock
        self._hosts = Lanes(policy.per_host_per_minute, policy.per_host_connections, clock)
        self._addresses = Lanes(policy.per_host_per_minute, policy.per_host_connections, clock)
        self._connections = asyncio.Semaphore(policy.connections)
        self._known: dict[tuple[str, str, int], Host] = {}
        self._peers: dict[tuple[str, int], Peer] = {}
        self._robots: OrderedDict[str, asyncio.Task[Robots | _Held]] = OrderedDict()
        self._until = clock() + 60.0 * policy.max_minutes

    def park(self, url: CheckedUrl, why: str, until: str) -> None:
        """Leave a host alone that asked for it in an earlier run."""
        self._host(url).parked, self._host(url).parked_until = why, until

    async def run(self, sites: Sequence[Site]) -> Tally:
        """Look at everything; every address has its look in the store when this returns.

        However it ends, what was finished is in the store and no connection is left open.
        """
        waiting = deque(sites)

        async def work() -> None:
            while waiting:
                await self._site(waiting.popleft())

        writing = asyncio.create_task(self._commits.work())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(SITES_AT_ONCE, len(sites))):
                    group.create_task(work())
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await self._client.close()
        return self.tally

    async def _site(self, site: Site) -> None:
        queue = deque(site.wanted)

        async def work() -> None:
            while queue:
                wanted, url = queue.popleft()
                await self._finish(wanted, url)

        at_once = min(self._policy.per_host_connections, len(queue))
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
        for origin in {url.origin for _, url in site.wanted}:
            self._known.pop(origin, None)
            self._client.forget(origin)

    async def _finish(self, wanted: Wanted, url: CheckedUrl) -> None:
        visit = _Visit(self._connections)
        try:
            look = await self._look(wanted, url, visit)
            await self._commits.commit(look)
        finally:
            visit.leave()
        tally = self.tally
        tally.finished += 1
        tally.outcomes[look.observation.outcome] += 1
        self._watch(StageAdvanced(done=tally.finished, doing=url.host))

    async def _look(self, wanted: Wanted, url: CheckedUrl, visit: _Visit) -> Look:
        """All tries at one address."""
        if wanted.unsafe and self._policy.unsafe == "withhold":
            return not_asked(wanted, FetchOutcome.WITHHELD_UNSAFE, self._now())
        look: Look | None = None
        for tries in range(1, TRIES + 1):
            held = await self._held(url)
            if held is not None and look is not None:
                return _held_back(look, held.facts)
            if held is not None:
                return not_asked(wanted, held.outcome, held.at or self._now(), held.why, tries=0, **held.facts)
            said, may_try_again = await self._ask(wanted, url, visit)
            if not may_try_again and not said.exchanges:  # held back before anything was sent
                return replace(said, facts={**said.facts, "tries": 0}) if look is None else _held_back(look, said.facts)
            look = replace(said, facts={**said.facts, "tries": tries})
            if not may_try_again or look.observation.outcome not in TRIED_AGAIN:
                return look
            visit.leave()
            if tries < TRIES:
                await asyncio.sleep(backoff_s(tries, self._outside.random()))
        assert look is not None, "there is a first try"
        self._host(url).give_up(look)
        return look

    async def _ask(self, wanted: Wanted, url: CheckedUrl, visit: _Visit) -> tuple[Look, bool]:
        """One try: the exchanges, what the host is remembered for, what the decoder says; and whether another try may help."""
        limits = self._limits_of(wanted)
        obeys = wanted.obeys_robots and wanted.kind in PICTURES
        began = self._now()
        try:
            hops = await self._client.fetch(
                wanted.url, limits=limits, gate=lambda hop, found: self._hop(hop, found, visit, obeys=obeys)
            )
        except FetchFailed as failed:
            look = failed_look(wanted, url.text, failed, began)
            if isinstance(failed, _Held):
                return replace(look, facts={**look.facts, **failed.facts}), False
            self._remember(failed.hop or url, look)
            return look, True
        look, body = answered_look(wanted, url.text, hops, limits.max_bytes)
        last = check_url(hops[-1].url, allowed=self._client.allowed)
        self._remember(last if isinstance(last, CheckedUrl) else url, look)
        if look.observation.outcome is FetchOutcome.IMAGE and body is not None:
            looked = await self._decoders.look(body)
            look = with_facts(look, looked.outcome, looked.facts)
        is_forgotten = wanted.unsafe and look.observation.content_sha256 is not None
        return without_pixels(look) if is_forgotten else look, True

    def _limits_of(self, wanted: Wanted) -> Limits:
        if wanted.kind in PICTURES:
            return self._limits
        most = MAX_ROBOTS_BYTES if wanted.kind == "robots" else None
        return replace(self._limits, max_bytes=MAX_INDEX_BYTES, max_text_bytes=most)

    def _remember(self, url: CheckedUrl, look: Look) -> None:
        """Note the failure, or the answer, of ``url``, which is the hop that failed, or of the last hop that answered."""
        self.tally.bytes += sum(exchange.received for exchange in look.exchanges)
        self._host(url).hear(look, answer_of(look, url.text), clock=self._clock(), now=self._now())

    def _host(self, url: CheckedUrl) -> Host:
        return self._known.setdefault(url.origin, Host())

    async def _held(self, url: CheckedUrl) -> _Held | None:
        """Wait as long as the host wants to be left alone; why it is not asked at all, or None."""
        host = self._host(url)
        wait = host.not_before - self._clock()
        if wait > 0 and host.parked is None and host.not_before < self._until:
            await asyncio.sleep(wait)
        return self._refusal(url)

    def _refusal(self, url: CheckedUrl) -> _Held | None:
        """Why a host is not asked at all now, or None."""
        host = self._host(url)
        if host.dead is not None:
            dead = host.dead.observation
            return _Held(dead.outcome, url.text, str(host.dead.facts.get("error", "")), at=dead.requested_at)
        if host.parked is not None:
            self.tally.parked[url.host] = host.parked
            until = {} if host.parked_until is None else {"parked_until": host.parked_until}
            return _Held(FetchOutcome.HOST_PARKED, url.text, host.parked, facts=until)
        policy, tally = self._policy, self.tally
        over = tally.requests >= policy.max_requests or tally.bytes >= policy.max_bytes or self._clock() >= self._until
        return _Held(FetchOutcome.OVER_BUDGET, url.text, "the budget of this run is spent") if over else None

    @asynccontextmanager
    async def _hop(
        self, url: CheckedUrl, addresses: tuple[str, ...], visit: _Visit, *, obeys: bool
    ) -> AsyncIterator[None]:
        """Before each hop: robots.txt, then one's turn with the host and the address, then a connection."""
        visit.leave()
        if obeys:
            rules = await self._rules(url)
            if isinstance(rules, _Held):
                raise rules
            if not rules.allows(url) and self._is_obeyed(url):
                raise _Held(FetchOutcome.ROBOTS_DISALLOWED, url.text, rules.why)
        address = self._peers.setdefault((addresses[0], url.port), Peer())
        async with self._hosts.turn(site_of(url)), self._addresses.turn(addresses[0]):
            held = await self._held(url)
            if held is not None:
                raise held
            if (
                address.is_dead
            ):  # known by now, while one waited: thousands of names may lie on one machine that is gone
                why = f"its address answered none of {address.failures} requests"
                raise _Held(FetchOutcome.CONNECT_FAILED, url.text, why)
            await visit.enter()
            held = self._refusal(url)  # of all that waited for a connection, some may have spent the budget meanwhile
            if held is not None:
                raise held
            self.tally.requests += 1
            try:
                yield
            except FetchFailed as failed:
                address.hear(failed.outcome, answered=bool(failed.exchanges))
                raise
            address.hear(None, answered=True)

    def _is_obeyed(self, url: CheckedUrl) -> bool:
        own = any(url.host == domain or url.host.endswith("." + domain) for domain in self._outside.own_domains)
        return self._policy.robots == "obey" and not own

    async def _rules(self, url: CheckedUrl) -> Robots | _Held:
        """The rules of an origin, asked for once; or why they could not be had."""
        key = robots_url(url)
        if key not in self._robots:
            self._robots[key] = asyncio.create_task(self._read_rules(key))
            if len(self._robots) > ROBOTS_AT_HAND:
                self._robots.popitem(last=False)
        return await asyncio.shield(self._robots[key])

    async def _read_rules(self, key: str) -> Robots | _Held:
        url = check_url(key, allowed=self._client.allowed)
        assert isinstance(url, CheckedUrl), "the address of a host that was checked"
        look = self._store.look("robots", key, max_age_s=KEPT_S, now=self._now())
        if look is None or not look.observation.is_final:
            visit = _Visit(self._connections)
            try:
                look = await self._look(Wanted(url=key, kind="robots", obeys_robots=False), url, visit)
                await self._commits.commit(look)
            finally:
                visit.leave()
        outcome = look.observation.outcome
        is_silent = outcome in UNREACHABLE and not look.exchanges  # the host itself, not one that robots.txt led to
        if is_silent or not look.observation.is_final:
            why = str(look.facts.get("error") or f"robots.txt: {outcome}")
            # An answer about robots.txt is none about the address: that was not asked for, and may be another time.
            said = FetchOutcome.HOST_PARKED if look.exchanges else outcome
            return _Held(said, key, why, at=look.observation.requested_at)
        return read_robots(outcome, entity(look.exchanges[-1], MAX_INDEX_BYTES) if look.exchanges else None)


def _held_back(look: Look, why: Mapping[str, Any]) -> Look:
    """What an address answered before it was left alone is what is known of it."""
    return replace(look, facts={**why, **look.facts})


class _Held(FetchFailed):
    """An address that is not asked for: by the manners, not by the network."""

    def __init__(
        self, outcome: FetchOutcome, url: str, why: str, *, at: str = "", facts: dict[str, str] | None = None
    ) -> None:
        super().__init__(outcome, url, why)
        self.at = at
        self.facts = facts or {}


class _Visit:
    """One address being looked at, and the place among all connections that it takes while bytes of it are held."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._inside = False

    async def enter(self) -> None:
        await self._places.acquire()
        self._inside = True

    def leave(self) -> None:
        if self._inside:
            self._inside = False
            self._places.release()
