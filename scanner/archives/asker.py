"""One request at a time with the guarded client, each answer a look that is kept before the next is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from scanner.archives.common_crawl import MAX_RECORD_BYTES
from scanner.fetch.client import Asking, utc_second
from scanner.fetch.limits import FetchFailed
from scanner.looks import Wanted
from scanner.looks.observing import answered_look, failed_look, with_facts
from scanner.observations import FetchOutcome, Look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.fetch.blocking import BlockingClient
    from scanner.fetch.limits import Limits
    from scanner.observations import ObservationKind


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
        wanted, now = Wanted(url=url, kind=kind), utc_second()
        limits = self._limits
        if kind == "index" or any(name == "Range" for name, _ in fields):  # a list, or a record: longer than a page
            limits = replace(limits, max_bytes=MAX_RECORD_BYTES, max_text_bytes=None)
        try:
            exchanges = self._client.fetch(url, Asking(fields=fields), limits=limits)
        except FetchFailed as error:
            look = failed_look(wanted, url, error, now)
        else:
            look, body = answered_look(wanted, url, exchanges, limits.max_bytes)
            if look.observation.outcome is FetchOutcome.IMAGE and body is not None:
                seen = self._decode(body)
                look = with_facts(look, seen.outcome, seen.facts)
        look = replace(look, facts={**look.facts, "tries": 1})
        self._store.keep([look])
        return look
