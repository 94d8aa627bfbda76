"""What ``robots.txt`` says of one address, by agent: the rule that applies, as it stands in the file (RFC 9309).

Whether *we* may ask is decided elsewhere, for our own name; this records what crawlers for training were told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scanner.opt_outs.sites import covers, path_of

if TYPE_CHECKING:
    from scanner.opt_outs.sites import Signal

AGENTS: Final = ("*", "CCBot", "GPTBot", "Google-Extended", "img2dataset")
MAX_BYTES: Final = 500 * 1024  # RFC 9309 section 2.5
MAX_LINES: Final = 20_000


@dataclass(slots=True)
class _Group:
    agents: set[str] = field(default_factory=set)
    rules: list[tuple[str, str, str]] = field(default_factory=list)  # key, path, the line


def robots_signals(content: bytes, url: str) -> list[Signal]:
    r"""``robots:<agent>`` with the disallowing rule that applies to ``url``, and the ``Content-Usage`` rules that do.

    Of several rules the one with the longest path applies, of equals the allowing one.  An agent without a group of its own is
    silent here: what holds for it stands under ``*``.

    >>> robots_signals(b"User-agent: GPTBot\nDisallow: /art # mine\n\nUser-agent: *\nAllow: /\n", "https://x.org/art/1.jpg")
    [('robots:GPTBot', 'Disallow: /art # mine')]
    """
    groups = _groups(content[:MAX_BYTES].decode("utf-8-sig", "replace"))
    path = path_of(url)
    found: list[Signal] = []
    for agent in AGENTS:
        rules = [rule for group in groups if agent.lower() in group.agents for rule in group.rules]
        access = [rule for rule in rules if rule[0] in {"allow", "disallow"}]
        if (applying := _longest(access, path)) is not None and applying[0] == "disallow":
            found.append((f"robots:{agent}", applying[2]))
        if (usage := _longest([rule for rule in rules if rule[0] == "content-usage"], path)) is not None:
            found.append((f"robots:{agent}:content-usage", usage[2]))
    return found


def _longest(rules: list[tuple[str, str, str]], path: str) -> tuple[str, str, str] | None:
    covering = [rule for rule in rules if covers(rule[1], path)]
    return max(covering, key=lambda rule: (len(rule[1]), rule[0] == "allow"), default=None)


def _groups(text: str) -> list[_Group]:
    groups: list[_Group] = []
    naming = False  # the lines before were User-agent lines: the next one names the same group
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:MAX_LINES]:
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not naming:
                groups.append(_Group())
            groups[-1].agents.add(_product(value))
            naming = True
        elif key in {"allow", "disallow", "content-usage"} and groups:
            naming = False
            path = value
            if key == "content-usage":  # an optional path, then the preferences
                path = value.split(None, 1)[0] if value.startswith("/") else "/"
            if path:  # an empty Disallow disallows nothing
                groups[-1].rules.append((key, path, line.strip()))
    return groups


def _product(value: str) -> str:
    """The product token, in lower case: ``GPTBot/1.0`` is ``gptbot``."""
    return value.lower().split("/")[0].strip()
