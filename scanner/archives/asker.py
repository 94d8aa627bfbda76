"""One request at a time with the guarded client, each answer a look that is kept before the next is asked."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from scanner.fetch.client import Asking, field_of, utc_second
from scanner.fetch.entities import entity, outcome_of
from scanner.fetch.limits import FetchFailed
from scanner.observations import FetchOutcome, Look, Observation, Redirect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.fetch.blocking import BlockingClient
    from scanner.fetch.limits import Limits
    from scanner.observations import Exchange, ObservationKind


class Store(Protocol):
    """Where looks are kept (``scanner.looks.LookStore``)."""

    def look(self, kind: ObservationKind, url: str) -> Look | None:
        """The latest look of this kind at this address."""
        ...

    def keep(self, looks: Sequence[Look]) -> None:
        """Keep looks, all or none."""
        ...


class Decoded(Protocol):
    """What a decoder says of a body."""

    @property
    def outcome(self) -> FetchOutcome:
        """``image``, or why it is none."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """Digests, format, size, fingerprints."""
        ...


class Asker(Protocol):
    """Sends requests, each once, and keeps the answers."""

    def known(self, kind: ObservationKind, url: str) -> Look | None:
        """The kept answer to this question, None where there is none."""
        ...

    def ask(self, kind: ObservationKind, url: str, fields: tuple[tuple[str, str], ...] = ()) -> Look:
        """One request; a failure is an outcome.  What looks like a picture is decoded.  Kept before it is given back."""
        ...

    def keep(self, look: Look) -> None:
        """Replace what is kept by a look that says more of itself."""
        ...


class LookAsker:
    """Asks with the guarded client; ``store`` keeps the looks, ``decode`` says what a body is (``Decoders.look_now``)."""

    def __init__(
        self, client: BlockingClient, store: Store, decode: Callable[[bytes], Decoded], limits: Limits
    ) -> None:
        """Take what is needed; nothing is asked yet."""
        self._client = client
        self._store = store
        self._decode = decode
        self._limits = limits

    def known(self, kind: ObservationKind, url: str) -> Look | None:
        """See ``Asker``."""
        return self._store.look(kind, url)

    def keep(self, look: Look) -> None:
        """See ``Asker``."""
        self._store.keep([look])

    def ask(self, kind: ObservationKind, url: str, fields: tuple[tuple[str, str], ...] = ()) -> Look:
        """See ``Asker``."""
        requested_at = utc_second()
        try:
            exchanges = self._client.fetch(url, Asking(fields=fields), limits=self._limits)
        except FetchFailed as error:
            failed = Observation(kind=kind, url=url, requested_at=requested_at, outcome=error.outcome)
            look = Look(observation=_answered(failed, error.exchanges), exchanges=error.exchanges, facts={"tries": 1})
        else:
            look = self._read(kind, url, exchanges)
        self._store.keep([look])
        return look

    def _read(self, kind: ObservationKind, url: str, exchanges: tuple[Exchange, ...]) -> Look:
        last = exchanges[-1]
        body = None if last.cut else entity(last, self._limits.max_bytes)
        outcome = FetchOutcome.TOO_LARGE if last.cut else outcome_of(last, kind, body)
        facts: dict[str, Any] = {"tries": 1}
        if outcome is FetchOutcome.IMAGE and body is not None:
            seen = self._decode(body)
            outcome, facts = seen.outcome, {**facts, **seen.facts}
        observation = Observation(kind=kind, url=url, requested_at=exchanges[0].requested_at, outcome=outcome)
        held = body is not None and last.status in {200, 203, 206}
        return Look(
            observation=replace(
                _answered(observation, exchanges),
                bytes=len(body) if held and body is not None else None,
                content_sha256=hashlib.sha256(body).hexdigest() if held and body is not None else None,
            ),
            exchanges=exchanges,
            facts=facts,
        )


def _answered(observation: Observation, exchanges: Sequence[Exchange]) -> Observation:
    """The observation with what its exchanges tell: hops, status, address, type."""
    if not exchanges:
        return observation
    last = exchanges[-1]
    return replace(
        observation,
        requested_at=exchanges[0].requested_at,
        status=last.status,
        redirects=tuple(
            Redirect(url=each.url, status=each.status, location=field_of(each, "location") or "", ip=each.ip)
            for each in exchanges[:-1]
        ),
        final_url=last.url,
        ip=last.ip or None,
        content_type=field_of(last, "content-type"),
    )
