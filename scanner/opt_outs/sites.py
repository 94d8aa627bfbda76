"""What a site says with its answers: header fields, and its ``/.well-known/tdmrep.json``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Signal = tuple[str, str]  # name, value verbatim

MAX_SIGNALS: Final = 40  # of one look: ten agents and headers leave room, a flood does not
MAX_VALUE: Final = 1000  # characters of one value
_PLAIN: Final = ("tdm-reservation", "tdm-policy", "content-usage")
_ROBOTS_TAG: Final = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
_ARCHIVED: Final = "x-archive-orig-"  # how a web archive repeats the header fields it was once given


def header_signals(fields: Iterable[tuple[bytes, bytes]], *, archived: bool = False) -> list[Signal]:
    """The opt-out signals among the header fields of one answer, in their order, values as sent.

    ``archived``: of a playback, the fields that the archive says it was given at the time of the capture.

    >>> header_signals([(b"X-Robots-Tag", b"googlebot: noindex, noai"), (b"TDM-Reservation", b"1"), (b"Via", b"x")])
    [('x-robots-tag', 'googlebot: noindex, noai'), ('tdm-reservation', '1')]
    """
    found = []
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if archived:
            if not name.startswith(_ARCHIVED):
                continue
            name = name.removeprefix(_ARCHIVED)
        if name in _PLAIN or (name == "x-robots-tag" and _ROBOTS_TAG & set(re.split(r"[\s,:;]+", value.lower()))):
            found.append((name, value))
    return found


def tdmrep_signals(content: bytes, url: str) -> list[Signal]:
    """What ``/.well-known/tdmrep.json`` says of ``url``: the rule with the longest location that covers it, the first of equals.

    Nothing where the file is not what the protocol describes: it is a stranger's file.
    """
    try:
        rules = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    path = path_of(url)
    best: dict[str, Any] | None = None
    for rule in rules if isinstance(rules, list) else ():
        location = rule.get("location") if isinstance(rule, dict) else None
        if not isinstance(location, str) or not covers(location, path):
            continue
        if best is None or len(location) > len(best["location"]):
            best = rule
    if best is None:
        return []
    stated = [(name, best[name]) for name in ("tdm-reservation", "tdm-policy") if name in best]
    return [(f"tdmrep.json:{name}", value if isinstance(value, str) else json.dumps(value)) for name, value in stated]


def path_of(url: str) -> str:
    """Path and query of a URL as they are sent: what rules of sites are matched with; ``/`` where there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:  # unbalanced brackets
        return "/"
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def covers(pattern: str, path: str) -> bool:
    """Whether a rule's path covers a path: a prefix, ``*`` for any characters, ``$`` for the end (RFC 9309 section 2.2.3).

    Linear in both for each star, whatever the pattern: no regular expression is built from a stranger's text.

    >>> covers("/a/*.jpg$", "/a/b/c.jpg"), covers("/a/*.jpg$", "/a/b.jpg?x"), covers("/a", "/abc"), covers("/a/", "/abc")
    (True, False, True, False)
    """
    anchored = pattern.endswith("$")
    first, *rest = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for number, part in enumerate(rest, 1):
        if anchored and number == len(rest):
            return len(path) - len(part) >= at and path.endswith(part)
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not anchored or at == len(path)


def bounded(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Signals as a record takes them: each once, in order, so many and so long at most, in characters that UTF-8 has."""
    kept = dict.fromkeys((_clean(name), _clean(value)) for name, value in signals)
    return tuple(kept)[:MAX_SIGNALS]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")[:MAX_VALUE]
