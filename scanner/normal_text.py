"""The forms in which captions and names are compared, and what their characters are.

No transliteration, no homoglyph folding, no stemming (identity.md section 8).  The verbatim text is kept elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SPACES: Final = re.compile(r"\s+")
_LIKE_MARKS: Final = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u02bb\u02bc\u02b9\u00b4\u0060\u055a\ua78c"), "'"),
    **dict.fromkeys(
        map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u058a\u05be\u301c\u3030\u2e3a\u2e3b"), "-"
    ),
}
_FOLDED_LETTERS: Final = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
        "ŋ": "n",
        "ƙ": "k",
    }
)
# Marks whose loss leaves the word readable.  Not dakuten (か is not が), not vowel signs of Indic scripts.
_FOLDED_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
NO_SPACE: Final = re.compile(
    "[\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)
HAN: Final = re.compile("[\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FORMAT: Final = re.compile(
    "[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef]+"
)


def normal_form(text: str) -> str:
    """The form in which captions and terms are compared; the verbatim cell is kept elsewhere.

    NFKC, format characters (zero width, bidi) and variation selectors removed, Unicode casefold, NFKC, white space runs to one space,
    apostrophes to ``'`` and dashes to ``-``.
    """
    if text.isascii():
        text = text.lower().replace("`", "'")
    else:
        if len(text) > 1_000:  # sorting endless runs of combining marks is quadratic; UAX 15 stops at 30 as well
            text = _with_short_runs_of_marks(text)
        text = _FORMAT.sub("", unicodedata.normalize("NFKC", text))
        text = unicodedata.normalize("NFKC", text.casefold()).translate(_LIKE_MARKS)
    return _SPACES.sub(" ", text).strip()


def folded_form(normal: str) -> str:
    """A normal form without combining marks, with ł, ø and their like as base letters."""
    if normal.isascii():
        return normal
    bare = _FOLDED_MARKS.sub("", unicodedata.normalize("NFD", normal)).translate(_FOLDED_LETTERS)
    return unicodedata.normalize("NFC", bare)


@lru_cache(maxsize=65_536)
def is_word(character: str) -> bool:
    """Whether a character is a letter, mark or digit (Unicode L, M, N)."""
    return unicodedata.category(character)[0] in "LMN"


def is_format(character: str) -> bool:
    """Whether the normal form drops a character: zero width, bidi marks, tags, variation selectors."""
    return _FORMAT.match(character) is not None


def folded_character(character: str) -> str:
    """What folding and the likeness of marks make of one decomposed character: a base letter, a plain mark, or ''."""
    if _FOLDED_MARKS.match(character):
        return ""
    return character.translate(_LIKE_MARKS).translate(_FOLDED_LETTERS)


def is_no_space(character: str) -> bool:
    """Whether a character belongs to a script written without spaces between words (Han, kana, Hangul, Thai and their like)."""
    return NO_SPACE.match(character) is not None


def _with_short_runs_of_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= 30:
            kept.append(character)
    return "".join(kept)


_LATIN_LOOKALIKES: Final = {
    "CYRILLIC": frozenset("аеорсухіјѕһԁԛԝѵ"),  # UTS 39: these look like a e o p c y x i j s h d q w v
    "GREEK": frozenset("ονυρκιαχωτη"),
}


def script_warnings(declared: str) -> tuple[str, ...]:
    """What an owner should know about the letters of a declared name: scripts mixed in one word, or letters that look Latin.

    A Cyrillic ``а`` is not a Latin ``a``: nothing is folded, so a name typed with the wrong letter finds nothing.
    """
    warnings: list[str] = []
    if declared.isascii():
        return ()
    for word in re.findall(r"[^\W\d_]+", normal_form(declared)):
        scripts = {_script(letter) for letter in word} - {""}
        if len(scripts) > 1 and "LATIN" in scripts:
            warnings.append(
                f"mixes {' and '.join(script.title() for script in sorted(scripts))} letters in {word!r}; it is looked for exactly so"
            )
        for script, lookalikes in _LATIN_LOOKALIKES.items():
            if scripts == {script} and lookalikes.issuperset(word):
                warnings.append(
                    f"is written with {script.title()} letters that look Latin in {word!r}; it is looked for exactly so"
                )
    return tuple(dict.fromkeys(warnings))


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return next(
        (script for script in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE") if name.startswith(script)), ""
    )
