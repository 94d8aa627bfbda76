"""Names in captions: the normal form, the terms an Identity declares, and where they occur.

The caption is text around a picture on some page: it may name the wrong artist, a "style of", a tag cloud or the seller.  So a term
found is a lead and nothing more.  No transliteration, no homoglyph folding, no stemming (identity.md section 8).  The functions here
are the definition; the columnar filter in ``metadata`` may only be faster, never different.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from scanner.normal_text import HAN, NO_SPACE, folded_form, is_no_space, is_word, normal_form

if TYPE_CHECKING:
    from collections.abc import Iterator

TermKind = Literal["name", "alias", "handle", "title"]

_SEPARATORS: Final = (
    " .-_,·・"  # between the parts of a name; the middle dots join the parts of foreign names in CJK text
)
_MAX_SEPARATORS: Final = 3  # "Rutkowski, Greg" has two
_STYLE: Final = re.compile(r"(?<!\w)(?:style of|inspired by|after|fan ?art)(?!\w)|风格|風")
_COMMON_TITLES: Final = frozenset(
    {
        "untitled", "self portrait", "self-portrait", "still life", "portrait", "landscape", "work in progress", "concept art",
        "character design", "digital art", "digital painting", "fan art", "oil painting", "oil on canvas", "acrylic on canvas",
        "the end", "good morning", "good night", "happy birthday", "merry christmas", "happy new year", "thank you", "i love you",
        "black and white", "cover art", "commission", "commissions", "sketchbook", "wallpaper", "christmas", "halloween",
        "illustration", "photograph", "no title", "sans titre", "ohne titel", "无题", "無題", "自画像", "自畫像",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Something declared that may stand in a caption.

    Attributes:
        kind: which rule applies.
        value: as declared; this is what the sentence of a finding quotes.
        forms: ways to write it; each a tuple of parts in normal form, with separators between them.
        work: index of the Work whose title it is.
        needs_second: too short to stand alone (two Han characters): counts only beside another declared term.
        shared: so short that it belongs to other people too.
    """

    kind: TermKind
    value: str
    forms: tuple[tuple[str, ...], ...]
    work: int | None = None
    needs_second: bool = False
    shared: bool = False
    folded_forms: tuple[tuple[str, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermFound:
    """A term in one caption: ``folded`` when only equal without combining marks, ``styled`` when a style phrase stands beside it."""

    term: Term
    start: int
    end: int
    folded: bool
    styled: bool


def compile_term(kind: TermKind, value: str, orders: tuple[str, ...] = (), *, work: int | None = None) -> Term | None:
    """The term for a declared string; None where it has no letter or digit, or is a title too common to mean anything.

    Args:
        kind: which rule applies.
        value: as declared, without ``@`` for handles.
        orders: further spellings (family name first, simplified or traditional characters), each as ``value``.
        work: index of the Work whose title it is.
    """
    spellings = [normal_form(spelling) for spelling in (value, *orders)]
    split = _parts if kind == "name" else _whole
    forms = tuple(dict.fromkeys(parts for spelling in spellings if _is_searchable(parts := split(spelling))))
    if not forms:
        return None
    if kind == "title" and not _is_distinctive_title(spellings[0]):
        return None
    if kind == "handle":
        forms = _handle_forms(forms[0][0])
    return Term(
        kind=kind,
        value=value,
        forms=forms,
        work=work,
        needs_second=_is_short(forms[0]),
        shared=len(forms[0]) == 1 and len(forms[0][0]) < 6 and kind != "handle" and not is_no_space(forms[0][0][0]),
        folded_forms=tuple(tuple(map(folded_form, parts)) for parts in forms),
    )


def _is_searchable(parts: tuple[str, ...]) -> bool:
    """Whether something is left of every part without its marks, and a letter or digit of the whole."""
    folded = tuple(map(folded_form, parts))
    return all(folded) and bool(_anchor(folded))


def _parts(spelling: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(f"[{re.escape(_SEPARATORS)}]+", spelling) if part)


def _whole(spelling: str) -> tuple[str, ...]:
    return (spelling,) if spelling else ()


def _handle_forms(handle: str) -> tuple[tuple[str, ...], ...]:
    bare = len(handle) >= 6 or "_" in handle or any(character.isdigit() for character in handle)
    return (("@" + handle,), (handle,)) if bare else (("@" + handle,),)


def _is_distinctive_title(normal: str) -> bool:
    if normal in _COMMON_TITLES:
        return False
    letters = sum(map(is_word, normal))
    return letters >= 8 or len(normal.split(" ")) >= 2 or NO_SPACE.search(normal) is not None


def _is_short(parts: tuple[str, ...]) -> bool:
    """Fewer than 3 Han, or 4 characters of another script without spaces: a syllable or two of ordinary text."""
    joined = "".join(parts)
    if not all(map(is_no_space, joined)):
        return False
    return len(joined) < (3 if all(map(HAN.match, joined)) else 4)


def find_term(term: Term, normal: str, folded: str) -> TermFound | None:
    """The first place where a term stands in a caption given in normal and folded form; None where it does not."""
    for text, forms, is_folded in ((normal, term.forms, False), (folded, term.folded_forms, True)):
        places = sorted({place for parts in forms for place in _places(text, parts, handle=term.kind == "handle")})
        if places:
            styled = any(_is_styled(text, start, end) for start, end in places)
            start, end = places[0]
            return TermFound(term=term, start=start, end=end, folded=is_folded, styled=styled)
    return None


def settled(found: list[TermFound]) -> list[TermFound]:
    """The findings of one caption without short terms that stand alone: those need a second declared term elsewhere in it."""
    return [
        one
        for one in found
        if not one.term.needs_second
        or any(
            other.term.value != one.term.value and (other.end <= one.start or other.start >= one.end) for other in found
        )
    ]


def _places(text: str, parts: tuple[str, ...], *, handle: bool) -> Iterator[tuple[int, int]]:
    start = text.find(parts[0])
    while start >= 0:
        end = _end_of(text, start, parts)
        if end is not None and _bounded(text, start, end, handle=handle):
            yield start, end
        start = text.find(parts[0], start + 1)


def _end_of(text: str, start: int, parts: tuple[str, ...]) -> int | None:
    end = start + len(parts[0])
    for before, part in itertools.pairwise(parts):
        position = end
        while position < len(text) and position - end < _MAX_SEPARATORS and text[position] in _SEPARATORS:
            position += 1
        optional = is_no_space(before[-1]) and is_no_space(part[0])  # 葛飾 北斎 is mostly written in one
        if (position == end and not optional) or not text.startswith(part, position):
            return None
        end = position + len(part)
    return end


def _bounded(text: str, start: int, end: int, *, handle: bool) -> bool:
    if start and not _separates(text[start - 1], text[start], handle=handle):
        return False
    if handle and text[start] == "@" and _goes_on(text[end : end + 2]):
        return False
    return end == len(text) or _separates(text[end], text[end - 1], handle=handle)


def _separates(neighbour: str, edge: str, *, handle: bool) -> bool:
    """Whether a word may begin or end between its ``edge`` and this neighbour."""
    if is_no_space(neighbour) or is_no_space(edge):
        return True
    if handle and neighbour in ("_." if edge == "@" else "_"):
        return False
    return not is_word(neighbour)


def _goes_on(after: str) -> bool:
    """``@loish.art`` is another account than ``@loish``."""
    return len(after) == 2 and after[0] == "." and is_word(after[1]) and not is_no_space(after[1])


def _is_styled(text: str, start: int, end: int) -> bool:
    before = " ".join(text[max(0, start - 60) : start].split()[-3:])
    after = " ".join(text[end : end + 60].split()[:3])
    if NO_SPACE.search(before):
        before = before[-8:]  # three words of a script without spaces
    if NO_SPACE.search(after):
        after = after[:8]
    return _STYLE.search(before) is not None or _STYLE.search(after) is not None


class TermIndex:
    """Terms by a word that must stand in any caption that holds them, so that a caption is looked up and not searched term by term."""

    __slots__ = ("_by_anchor", "terms")

    def __init__(self, terms: tuple[Term, ...]) -> None:
        """Index ``terms``; they keep their order."""
        self.terms = terms
        self._by_anchor: dict[str, list[int]] = {}
        for number, term in enumerate(terms):
            for anchor in dict.fromkeys(_anchor(parts) for parts in term.folded_forms):
                self._by_anchor.setdefault(anchor, []).append(number)

    def found_in(self, caption: str) -> list[TermFound]:
        """All terms of one verbatim caption, in the order of ``terms``."""
        normal = normal_form(caption)
        folded = folded_form(normal)
        numbers = {n for word in _words(folded) if word in self._by_anchor for n in self._by_anchor[word]}
        found = [find_term(self.terms[number], normal, folded) for number in sorted(numbers)]
        return settled([one for one in found if one is not None])

    def found_in_reference(self, caption: str) -> list[TermFound]:
        """The same without the index: every term is searched for.  Slow and obvious."""
        normal = normal_form(caption)
        folded = folded_form(normal)
        found = [find_term(term, normal, folded) for term in self.terms]
        return settled([one for one in found if one is not None])


_RUN: Final = re.compile(r"[^\W_]+")


def _runs(folded: str) -> Iterator[str]:
    """Runs of letters and digits, cut where a script without spaces begins or ends."""
    for run in _RUN.findall(folded):
        if run.isascii() or not NO_SPACE.search(run):
            yield run
        else:
            yield from (piece for piece in re.split(f"({NO_SPACE.pattern}+)", run) if piece)


def _words(folded: str) -> Iterator[str]:
    """What anchors are compared with: runs, and in scripts without spaces one and two characters at every place."""
    for run in _runs(folded):
        if run.isascii() or not is_no_space(run[0]):
            yield run
        else:
            yield from run
            yield from map("".join, itertools.pairwise(run))


def _anchor(parts: tuple[str, ...]) -> str:
    """The longest run of a term, or the first two characters of it in a script without spaces; '' where it has none."""
    runs = [run for part in parts for run in _runs(part)]
    longest = max(runs, key=len, default="")
    return longest[:2] if longest and is_no_space(longest[0]) else longest
