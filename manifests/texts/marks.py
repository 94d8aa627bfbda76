"""Characters that hide or reorder what stands around them, made visible before third-party text reaches an eye."""

from __future__ import annotations

import re
from typing import Final

# The same set as in the CSV (evidence.md section 9): C0, C1, DEL, and the marks that join, hide or reorder
_UNSPEAKABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def is_speakable(text: str) -> bool:
    """Whether ``text`` can be printed as it stands."""
    return not _UNSPEAKABLE.search(text) and not _LONE_SURROGATE.search(text)


def speakable(text: str) -> str:
    r"""``text`` with each control character and bidi mark written as ``\uXXXX``.

    >>> speakable("a\tb\u202ec")
    'a\\u0009b\\u202ec'
    """
    return _LONE_SURROGATE.sub(_code, _UNSPEAKABLE.sub(_code, text))


def shortened(text: str, characters: int) -> str:
    """``speakable`` text of at most ``characters`` characters; what was cut is shown by an ellipsis."""
    cut = text if len(text) <= characters else text[: characters - 1] + "…"
    return speakable(cut)


def _code(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
