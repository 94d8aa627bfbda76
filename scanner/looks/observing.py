"""From exchanges to a Look: what is said of them, and nothing else.  Pure."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from scanner.fetch.client import field_of
from scanner.fetch.entities import entity, outcome_of
from scanner.observations import FetchOutcome, Look, Observation, Redirect

if TYPE_CHECKING:
    from scanner.fetch.limits import FetchFailed
    from scanner.looks.wanted import Wanted
    from scanner.observations import Exchange

MAX_FIELD: Final = 1_000  # characters
BODY_SEEN = frozenset(  # outcomes whose body is the entity that the address listed
    {FetchOutcome.IMAGE, FetchOutcome.NOT_IMAGE, FetchOutcome.UNSUPPORTED_FORMAT, FetchOutcome.UNDECODABLE}
    | {FetchOutcome.OVER_PIXEL_LIMIT, FetchOutcome.DECODE_CRASH, FetchOutcome.TEXT_READ}
)


def not_asked(wanted: Wanted, outcome: FetchOutcome, at: str, why: str = "", **facts: Any) -> Look:
    """A look that was not taken, and why."""
    said = {"error": why} if why else {}
    return Look(
        observation=Observation(kind=wanted.kind, url=wanted.url, requested_at=at, outcome=outcome),
        facts={**said, **facts},
    )


def failed_look(wanted: Wanted, sent: str, failed: FetchFailed, at: str) -> Look:
    """A look that gave no answer to use."""
    return _look(wanted, sent, failed.exchanges, (failed.outcome, None), at, {"error": failed.why})


def answered_look(
    wanted: Wanted, sent: str, exchanges: tuple[Exchange, ...], max_bytes: int
) -> tuple[Look, bytes | None]:
    """A look at whole answers, and the entity of the last (None where it does not unpack within ``max_bytes``)."""
    body = entity(exchanges[-1], max_bytes)
    outcome = outcome_of(exchanges[-1], wanted.kind, body)
    return _look(wanted, sent, exchanges, (outcome, body), exchanges[0].requested_at, {}), body


def with_facts(look: Look, outcome: FetchOutcome, facts: dict[str, Any]) -> Look:
    """The look with what the decoder said."""
    return replace(look, observation=replace(look.observation, outcome=outcome), facts={**look.facts, **facts})


def without_pixels(look: Look) -> Look:
    """The look without the body of its last answer, where a picture is hashed and forgotten."""
    last = replace(look.exchanges[-1], body=b"", cut=True)
    return replace(look, exchanges=(*look.exchanges[:-1], last), facts={**look.facts, "withheld": True})


def _look(
    wanted: Wanted,
    sent: str,
    exchanges: tuple[Exchange, ...],
    came: tuple[FetchOutcome, bytes | None],
    at: str,
    facts: dict[str, Any],
) -> Look:
    outcome, body = came
    last = exchanges[-1] if exchanges else None
    # The digest of a part would be taken for that of the whole.
    kept = body if outcome in BODY_SEEN and last is not None and not last.cut else None
    observation = Observation(
        kind=wanted.kind,
        url=sent,
        requested_at=exchanges[0].requested_at if exchanges else at,
        outcome=outcome,
        status=None if last is None else last.status,
        redirects=tuple(map(_redirect, exchanges[:-1])),
        final_url=None if last is None else last.url,
        ip=None if last is None else last.ip,
        content_type=None if last is None else _bounded(field_of(last, "content-type")),
        bytes=None if kept is None else len(kept),
        content_sha256=None if kept is None else hashlib.sha256(kept).hexdigest(),
    )
    said = dict(facts)
    if wanted.url != sent:
        said["asked"] = wanted.url
    if last is not None:
        said["milliseconds"] = sum(exchange.milliseconds for exchange in exchanges)
        for name in ("etag", "last-modified"):
            value = _bounded(field_of(last, name))
            if value is not None:
                said[name.replace("-", "_")] = value
    return Look(observation=observation, exchanges=exchanges, facts=said)


def _bounded(value: str | None) -> str | None:
    """A field of an answer as records take it: its beginning, where somebody filled it; the capture holds the whole."""
    return None if value is None else value[:MAX_FIELD]


def _redirect(exchange: Exchange) -> Redirect:
    return Redirect(
        url=exchange.url, status=exchange.status, location=field_of(exchange, "location") or "", ip=exchange.ip
    )
