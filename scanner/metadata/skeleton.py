"""Skeletons: a coarse form of text in which everything that captions and terms fold is folded, and more.

The skeleton of a text is the concatenation of the skeletons of its characters: fully decomposed, case-folded, without marks and format
characters, ł as l; whatever is no letter, mark or digit is one space, and so is the place where a script without spaces begins or ends.
Because it is made character by character, it can be computed from a column's bytes in one loop, and because normal and folded form only
do what it does, equal forms have equal skeletons: a term that stands in a caption has its skeleton in the caption's (a superset; the
functions of ``captions`` decide).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from scanner.normal_text import folded_character, is_format, is_no_space, is_word

SEPARATOR: Final = 0
WORD: Final = 1
NO_SPACE: Final = 2
REMOVED: Final = 3
EXPANDED: Final = 4
LIMIT: Final = 0x30000  # planes above: 3 is Han, 14 holds tags and variation selectors, the others nothing assigned


@dataclass(frozen=True, slots=True, kw_only=True)
class SkeletonTable:
    """Per code point below ``LIMIT``: what it becomes.

    ``kind`` uint8[LIMIT]; of an ``EXPANDED`` one, ``pool[first[c] : first[c] + count[c]]`` are the code points it becomes, none of
    which is expanded again.
    """

    kind: npt.NDArray[np.uint8]
    first: npt.NDArray[np.int32]
    count: npt.NDArray[np.uint8]
    pool: npt.NDArray[np.int32]


@lru_cache(maxsize=65_536)
def skeleton_of(character: str) -> str:
    """The characters that one character becomes; '' where it is removed."""
    code = ord(character)
    if 0xD800 <= code < 0xE000:
        return " "
    if is_format(character):
        return ""
    text = unicodedata.normalize("NFKD", character)
    while (again := unicodedata.normalize("NFKD", text.casefold())) != text:
        text = again
    return "".join(folded_character(one) for one in text if not unicodedata.combining(one) and not is_format(one))


@lru_cache(maxsize=65_536)
def kind_of(character: str) -> int:
    """``SEPARATOR``, ``WORD`` or ``NO_SPACE`` for a character of a skeleton."""
    if is_no_space(character):
        return NO_SPACE
    return WORD if is_word(character) else SEPARATOR


@cache
def skeleton_table() -> SkeletonTable:
    """The table for all code points; a tenth of a second, once."""
    kind = np.zeros(LIMIT, np.uint8)
    first, count = np.zeros(LIMIT, np.int32), np.zeros(LIMIT, np.uint8)
    pool: list[int] = []
    for code in range(LIMIT):
        if 0x4E00 <= code < 0xA000 or 0x3400 <= code < 0x4DC0 or 0x20000 <= code < 0x2F800:
            kind[code] = NO_SPACE
            continue
        character = chr(code)
        skeleton = skeleton_of(character)
        if skeleton == character:
            kind[code] = kind_of(character)
        elif not skeleton:
            kind[code] = REMOVED
        else:
            kind[code], first[code], count[code] = EXPANDED, len(pool), len(skeleton)
            pool.extend(map(ord, skeleton))
    return SkeletonTable(kind=kind, first=first, count=count, pool=np.asarray(pool, np.int32))


def skeleton_text(text: str) -> str:
    """The skeleton of a text, with a space at its end if that is a separator or a word: the slow form of the compiled loop."""
    out: list[str] = []
    last = SEPARATOR
    for character in text:
        for one in skeleton_of(character):
            kind = kind_of(one)
            if kind == SEPARATOR:
                if last != SEPARATOR:
                    out.append(" ")
            else:
                if last not in (SEPARATOR, kind):
                    out.append(" ")
                out.append(one)
            last = kind
    if last == WORD:
        out.append(" ")
    return "".join(out)
