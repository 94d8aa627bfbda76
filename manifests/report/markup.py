"""HTML made of values: what is not ``Markup`` is escaped on its way in, so nothing a stranger wrote becomes a tag."""

from __future__ import annotations

import html
from typing import Final

from manifests.texts.marks import speakable

_VOID: Final = frozenset({"meta", "img", "br", "rect", "path"})


class Markup(str):
    """Text that is HTML already; only this module makes it."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Escape ``value``; control characters and bidi marks become visible codes."""
    return value if isinstance(value, Markup) else Markup(html.escape(speakable(value), quote=True))


def tag(name: str, /, *children: str, **attributes: str | None) -> Markup:
    """An element; ``class_`` and ``http_equiv`` spell attributes that Python cannot, None leaves one out.

    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    head = f"<{name}" + "".join(f' {key}="{text(value)}"' for key, value in pairs) + ">"
    if name in _VOID:
        return Markup(head)
    return Markup(head + joined(*children) + f"</{name}>")


def joined(*parts: str, by: str = "") -> Markup:
    """Parts one after the other, each escaped unless it is ``Markup``."""
    return Markup(text(by).join(text(part) for part in parts))


def css_string(value: str) -> str:
    """A CSS string of ``value``: whatever is not a plain letter, digit or space becomes a numeric escape."""
    plain = (
        character if character.isalnum() or character in " .,:;-" else f"\\{ord(character):x} " for character in value
    )
    return '"' + "".join(plain) + '"'


def style(css: str) -> Markup:
    """A style element; ``css`` is our own file or made with ``css_string``."""
    return Markup(f"<style>\n{css}</style>")


def drawing(svg: str) -> Markup:
    """A drawing made of numbers by ``pictures``; no text of others is in it."""
    return Markup(svg)


def third_party(value: str) -> Markup:
    """Text of others, always in quotation marks, in its own direction."""
    return joined("“", tag("bdi", value), "”")
