"""Looks as they are read from the store: without bodies, with the opt-out signals of the day; each once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scanner.fetch.entities import entity
from scanner.fetch.guard import CheckedUrl, check_url
from scanner.looks import question
from scanner.observations import FetchOutcome
from scanner.opt_outs import Signal, bounded, header_signals, picture_signals, robots_signals, tdmrep_signals
from scanner.runner.looked import MAX_ENTITY_BYTES, KeptLooks, TakenLook, body_of

if TYPE_CHECKING:
    from scanner.fetch.addresses import Network
    from scanner.looks import LookStore
    from scanner.observations import Look, ObservationKind
    from scanner.runner.looked import LookKey

ROBOTS: Final = "/robots.txt"
TDMREP: Final = "/.well-known/tdmrep.json"
_MAX_TEXT: Final = 512 << 10


class LookReader:
    """Reads looks from the store; what was read are the observations of the scan."""

    def __init__(self, store: LookStore, allowed: tuple[Network, ...]) -> None:
        """Read nothing yet; ``allowed`` as the guard has it."""
        self._store = store
        self._allowed = allowed
        self._taken: dict[LookKey, TakenLook] = {}
        self._keys: dict[str, LookKey] = {}  # by observation id

    def take(self, kind: ObservationKind, url: str) -> TakenLook | None:
        """The kept look at an address, with its opt-out signals; None where there is none."""
        key: LookKey = question(kind, url)
        if key not in self._taken:
            look = self._store.look(kind, url)
            if look is None:
                return None
            observation = replace(look.observation, opt_out=bounded(self._signals(look, url)))
            has_body = bool(look.exchanges and look.exchanges[-1].body)
            self._taken[key] = TakenLook(key=key, observation=observation, facts=look.facts, has_body=has_body)
            self._keys[observation.observation_id] = key
        return self._taken[key]

    def correct(self, look: TakenLook, outcome: FetchOutcome) -> TakenLook:
        """Give a look the outcome that only all looks together tell."""
        better = replace(look, observation=replace(look.observation, outcome=outcome))
        self._taken[look.key] = better
        return better

    def key_of(self, observation_id: str) -> LookKey:
        """Under which key a look that was read is kept."""
        return self._keys[observation_id]

    def body(self, key: LookKey) -> bytes | None:
        """The entity of a look's last answer; None where there is none."""
        return body_of(self._store.look(*key))

    def kept(self) -> KeptLooks:
        """All looks that were read."""
        return KeptLooks(
            observations=tuple((look.key, look.observation) for look in self._taken.values()),
            read=lambda key: self._store.look(key[0], key[1]),
        )

    def site_file(self, url: str, path: str) -> str | None:
        """Where the site of an address keeps a text about itself."""
        checked = check_url(url, allowed=self._allowed)
        return f"{checked.scheme}://{checked.authority}{path}" if isinstance(checked, CheckedUrl) else None

    def _signals(self, look: Look, url: str) -> list[Signal]:
        if look.observation.kind not in {"live", "archive"}:
            return []
        archived = look.observation.kind == "archive"
        found: list[Signal] = []
        if look.exchanges:
            found = header_signals(look.exchanges[-1].fields, archived=archived)
        if look.exchanges and look.observation.outcome is FetchOutcome.IMAGE:
            found += picture_signals(entity(look.exchanges[-1], MAX_ENTITY_BYTES) or b"")
        if archived:
            return found
        # Also where nothing was asked for: robots.txt may be the reason.
        robots, reserved = (self._site_text(url, path) for path in (ROBOTS, TDMREP))
        return [*found, *tdmrep_signals(reserved, url), *robots_signals(robots, url)]

    def _site_text(self, url: str, path: str) -> bytes:
        """A text of the site that an address is on, as kept; it is one of the looks of this scan then."""
        address = self.site_file(url, path)
        look = None if address is None else self._store.look("robots", address)
        if look is None or address is None:
            return b""
        self.take("robots", address)
        if look.observation.outcome is not FetchOutcome.TEXT_READ:
            return b""
        return entity(look.exchanges[-1], _MAX_TEXT) or b""
