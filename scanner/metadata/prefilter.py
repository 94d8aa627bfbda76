"""Which cells could match at all: tables from the identifiers, compiled loops over the columns.

The definition is in ``matching`` and the modules it calls; this is only faster.  A cell that is not marked here matches nothing, tested
against the definition on random and on real text.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scanner.captions import compile_term
from scanner.metadata import literals as literals_module
from scanner.metadata.columns import text_column
from scanner.metadata.literals import (
    EXACT,
    KEY_BYTES,
    NEEDS_LITERAL,
    SURVIVES,
    WRAPS,
    HostTable,
    Literal,
    LiteralTable,
    host_table,
    literal_table,
    pair_key,
    word_key,
)
from scanner.metadata.skeleton import NO_SPACE, WORD, kind_of, skeleton_of, skeleton_table, skeleton_text
from scanner.urls.families import RULES
from scanner.urls.families.stores import MIRRORED
from scanner.urls.profiles import file_name_hosts, label_hosts, path_hosts
from scanner.urls.sizes import IMAGE_END
from scanner.urls.wrapped import WRAPPING_HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from scanner.captions import Term
    from scanner.metadata.columns import TextColumn
    from scanner.metadata.compiled import Identifiers
    from scanner.urls import AssetKey

_FAMILY_HOSTS: Final = {
    "google": ("blogspot.com", "googleusercontent.com", "ggpht.com"),
    **{
        family: tuple({host: None for rule in RULES if rule.family == family for host in rule.hosts})
        for family in {r.family for r in RULES}
    },
}
_COMMON: Final = frozenset(
    b"image images upload uploads uploaded content product products catalog files photo photos picture pictures media assets static "
    b"thumb thumbs thumbnail gallery galleries cache default public original large small medium data site sites storage img pics "
    b"version wp wordpress blog shop store article articles news category index jpeg tumblr project_modules projects covers "
    b"2005 2006 2007 2008 2009 2010 2011 2012 2013 2014 2015 2016 2017 2018 2019 2020 2021 2022 2023 2024 2025 2026".split()
)
_WORD: Final = re.compile(rb"[a-z0-9\x80-\xff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlFilter:
    """What decides about a URL cell: hosts, literals of asset keys, file names; ``wrapped_survive``: some key has no literal."""

    hosts: HostTable
    literals: LiteralTable
    names: LiteralTable
    wrapped_survive: bool


@functools.cache
def kernels() -> ModuleType | None:
    """The compiled loops; None where numba is missing or broken: then every cell is looked at by the plain functions."""
    try:
        from scanner.metadata import kernels as module  # noqa: PLC0415 - half a second, only when it pays

        return module if _agrees(module) else None
    # What a broken numba, llvmlite, cache folder or cache file is known to raise; the plain functions give the same result.
    except (ImportError, OSError, RuntimeError, SystemError, AttributeError, EOFError, NotImplementedError):
        return None


def _agrees(module: ModuleType) -> bool:
    """Whether constants are ours and a few cells are decided rightly, before anything is trusted to compiled code."""
    names = ("BITMAP_BITS", "MULTIPLIER", "SECOND_MULTIPLIER", "SURVIVES", "NEEDS_LITERAL", "WRAPS", "EXACT")
    if any(getattr(module, name) != getattr(literals_module, name) for name in names):
        return False
    word = Literal(content=b"fox-0001", offset=0, key=word_key(b"fox"))
    wanted = UrlFilter(
        hosts=host_table({"ada.example": SURVIVES, "shop.example": NEEDS_LITERAL}),
        literals=literal_table([word]),
        names=literal_table([]),
        wrapped_survive=False,
    )
    urls = [
        "http://www.ada.example/",
        "https://shop.example/a/fox-0001.jpg",
        "https://shop.example/a/fox-0002.jpg",
        "//x.example/fox-0001",
    ]
    column = text_column(pa.array(urls))
    captions = text_column(pa.array(["A fox, by Ada  Example", "Ada and Example", "Ａｄａ Exampłe", ""]))
    assert column is not None
    assert captions is not None
    names_wanted = caption_filter([term for term in [compile_term("name", "Ada Example")] if term is not None])
    return (
        names_wanted is not None
        and surviving_urls(module, column, wanted).tolist() == [0, 1]
        and surviving_captions(module, captions, names_wanted).tolist() == [0, 2]
    )


def stream(text: str) -> bytes:
    """Lower case, every escape decoded, ``&amp;`` as ``&``: what the compiled loop makes of a URL's path and query."""
    raw = text.encode("utf-8", "surrogatepass")
    out = bytearray()
    at = 0
    while at < len(raw):
        byte = raw[at]
        at += 1
        while byte == 0x25 and re.fullmatch(rb"[0-9A-Fa-f]{2}", raw[at : at + 2]):
            byte = int(raw[at : at + 2], 16)
            at += 2
        out.append(byte + 32 if 65 <= byte < 91 else byte)
        if out.endswith(b"&amp;"):
            del out[-4:]
    return bytes(out)


def url_filter(identifiers: Identifiers) -> UrlFilter | None:
    """The filter for URL cells; None where something declared has no literal and no host that could stand for it."""
    hosts: dict[str, int] = dict.fromkeys(WRAPPING_HOSTS, WRAPS)
    literals: list[Literal] = []
    wrapped_survive = False

    def add(host: str, flags: int) -> None:
        if not host.startswith("["):  # an address in brackets is always looked at
            hosts[host] = hosts.get(host, 0) | flags

    for key in identifiers.keys:
        found = [_url_literal(stream(anchor)) for anchor in key.anchors] or [_literal_of(key)]
        for host in _FAMILY_HOSTS.get(key.family) or (MIRRORED.get(key.scope) or re.sub(r":[0-9]+$", "", key.scope),):
            add(host, SURVIVES if None in found else NEEDS_LITERAL)
        wrapped_survive = wrapped_survive or None in found
        literals += [literal for literal in found if literal is not None]
    for host in identifiers.domains:
        add(host, SURVIVES)
    for platform, name in identifiers.profiles:
        literals += _profile_hosts(platform, name, add)
    names = [_name_literal(stem) for stem in identifiers.file_names]
    if any(b"%" in name.content[-2:] or len(name.content) < 8 for name in names):
        return None
    return UrlFilter(
        hosts=host_table(hosts),
        literals=literal_table(literals),
        names=literal_table(names),
        wrapped_survive=wrapped_survive,
    )


def _name_literal(stem: str) -> Literal:
    """A file name is looked up by its first 8 bytes, wherever a path segment begins."""
    content = stream(stem)
    return Literal(content=content, offset=0, key=word_key(content))


def _profile_hosts(platform: str, name: str, add: Any) -> list[Literal]:
    """Mark the hosts of a profile; the literals for those where the name stands in file names."""
    if platform == "site":
        add(name.partition("/")[0].partition(":")[0], EXACT)
        return []
    literals: list[Literal] = []
    for host in label_hosts((platform, name)):
        if host.isascii():
            add(host, EXACT)
    for host in path_hosts(platform):
        add(host, EXACT)
    for host in file_name_hosts(platform):
        run = re.match("[a-z0-9]+", name)
        add(host, SURVIVES if run is None else NEEDS_LITERAL)
        if run is not None:
            word = run[0].encode()
            literals.append(Literal(content=b"by_" + word, offset=3, key=word_key(word)))
    return literals


def _literal_of(key: AssetKey) -> Literal | None:
    """Bytes that stand in one piece in every URL with this key."""
    path, _, query = key.key.partition("?")
    *folders, last = path.split("/")
    pieces = [stream(IMAGE_END.sub("", last)), *map(stream, reversed(folders)), *map(stream, query.split("&"))]
    found = [literal for piece in pieces if (literal := _url_literal(piece)) is not None]
    return max(found, key=_worth, default=None)


def _url_literal(content: bytes) -> Literal | None:
    if b"%" in content[-2:]:  # might join what follows to an escape
        return None
    words = [(word.start(), word[0]) for word in _WORD.finditer(content)]
    return _by_rarest_word(content, words)


def _by_rarest_word(content: bytes, words: list[tuple[int, bytes]]) -> Literal | None:
    """The literal with its likely rarest word as key: not a common one, then the longest, then the first."""
    best = max(words, key=lambda word: (word[1] not in _COMMON, len(word[1]), -word[0]), default=None)
    return None if best is None else Literal(content=content, offset=best[0], key=word_key(best[1]))


def _worth(literal: Literal) -> tuple[bool, int, int]:
    word = _WORD.match(literal.content, literal.offset)
    said = b"" if word is None else word[0]
    return (said not in _COMMON, min(len(said), KEY_BYTES), min(len(literal.content), 12))


def caption_filter(terms: Iterable[Term]) -> LiteralTable | None:
    """The literals of all terms; None where a term has none, so that every caption has to be looked at."""
    literals: list[Literal] = []
    for term in terms:
        for parts in term.forms:
            literal = _caption_literal(parts)
            if literal is None:
                return None
            literals.append(literal)
    return literal_table(literals)


def _caption_literal(parts: tuple[str, ...]) -> Literal | None:
    """The skeleton of the parts, or of the longest piece where a separator between two parts may be missing."""
    pieces, piece = [], [parts[0]]
    for before, part in itertools.pairwise(parts):
        if kind_of(before[-1]) == kind_of(part[0]) == NO_SPACE:  # both without spaces: 葛飾北斎 and 葛飾 北斎
            pieces.append(piece)
            piece = []
        piece.append(part)
    pieces.append(piece)
    skeletons = [skeleton_text(" ".join(piece)).lstrip(" ") for piece in pieces]
    best = max(skeletons, key=lambda text: len(text.encode()))
    if not best or not skeleton_of(parts[0][0]):
        return None  # begins with a mark
    content = best.encode()
    words = _caption_words(best)
    pairs = [
        (start, before, word)
        for (_, before, before_kind), (start, word, kind) in itertools.pairwise(words)
        if before_kind == kind == WORD
    ]
    if pairs:
        place, first, second = max(
            pairs, key=lambda pair: (min(len(pair[1]), len(pair[2])), len(pair[1] + pair[2]), -pair[0])
        )
        return Literal(content=content, offset=place, key=pair_key(first, second))
    return _by_rarest_word(content, [(start, word) for start, word, _ in words])


def _caption_words(skeleton: str) -> list[tuple[int, bytes, int]]:
    """Byte positions of the keys of a skeleton: words, or the first two characters of a script without spaces; with their kind."""
    words: list[tuple[int, bytes, int]] = []
    at = 0
    for run in re.findall(" |[^ ]+", skeleton):
        if run != " ":
            kind = kind_of(run[0])
            words.append((at, (run[:2] if kind == NO_SPACE else run).encode(), kind))
        at += len(run.encode())
    return words


def surviving_urls(module: ModuleType, column: TextColumn, wanted: UrlFilter) -> npt.NDArray[np.int64]:
    """The cells of a URL column that have to be looked at, ascending."""
    out = np.zeros(len(column), np.uint8)
    hosts = (wanted.hosts.bitmap, wanted.hosts.keys, wanted.hosts.flags, wanted.hosts.single_labels)
    rules = (wanted.literals.arrays, wanted.names.arrays, not wanted.names.is_empty, wanted.wrapped_survive)
    module.urls(column.content, column.offsets, hosts, rules, out)
    return np.flatnonzero(out)


def surviving_captions(module: ModuleType, column: TextColumn, wanted: LiteralTable) -> npt.NDArray[np.int64]:
    """The cells of a caption column that have to be looked at, ascending."""
    out = np.zeros(len(column), np.uint8)
    table = skeleton_table()
    unicode = (table.kind, table.first, table.count, table.pool)
    module.captions(column.content, column.offsets, unicode, wanted.arrays, out)
    return np.flatnonzero(out)
