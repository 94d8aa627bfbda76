"""Placeholders, parked domains, soft 404: answers that are pictures, and not the picture that was listed (fetching.md section 8).

Suspicion never hides anything: the row keeps its finding, with the caveat ``common_picture``.  Only what is *confirmed*, by the
list of known placeholders or by a control probe, gives no match.  Pure: the probe itself is asked for by whoever fetches.

==================  ==============================================================================================================
rule                an answer is suspected when
==================  ==============================================================================================================
same_on_host        its bytes, or a fingerprint within 4 of 256 bits, came for three different assets of one host
same_across_hosts   the same from three hosts, under captions that share no word
redirect_target     three addresses of its host end at one final address; or it was redirected to ``/`` or to a name like ``404``
parked_page         the same page, no picture, came for three addresses
trivial             at most 2 px a side, one colour, or little detail in less than 3 KiB
==================  ==============================================================================================================
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from scanner.hashers import packed
from scanner.normal_text import normal_form
from scanner.observations import FetchOutcome
from scanner.search import Searcher
from scanner.works import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LIST_ID: Final = "placeholders/1"
_NEAR: Final = 4  # bits of phash256: one picture, encoded twice
_KNOWN_NEAR: Final = 8
_SEVERAL: Final = 3
_SMALL_BYTES: Final = 3 * 1024
_ASPECT: Final = 0.02
_STANDS_IN = re.compile(
    r"(?<![a-z0-9])(404|not[-_]?found|removed|unavailable|default|placeholder|no[-_]?image)(?![a-z0-9])"
)
_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter ones are mostly articles and prepositions


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What one look at a listed address gave, as far as the rules ask.

    Attributes:
        observation_id: of the look.
        url: as listed; ``host``: of it; ``asset``: what the address names, equal for sizes of one picture.
        final_url: where the answer came from; None where there was none.
        caption: of the row.
        outcome: of the look.
        sha256: of the body.
        bytes: of the body.
        size: width and height of the picture.
        phash256: of the picture.
        low_detail, one_colour: of the picture.
    """

    observation_id: str
    url: str
    host: str
    asset: str
    outcome: FetchOutcome
    final_url: str | None = None
    caption: str | None = None
    sha256: str | None = None
    bytes: int = 0
    size: tuple[int, int] | None = None
    phash256: Fingerprint | None = None
    low_detail: bool = False
    one_colour: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlaceholder:
    """A picture that stands in for others: its digests, and where available its fingerprint with the size."""

    name: str
    sha256: str
    md5: str
    phash256: Fingerprint | None
    size: tuple[int, int]


@cache
def known_placeholders() -> tuple[KnownPlaceholder, ...]:
    """The list that ships with the program, ``placeholders.jsonl``."""
    lines = [json.loads(line) for line in _list_bytes().split(b"\n") if line]
    return tuple(
        KnownPlaceholder(
            name=line["name"],
            sha256=line["sha256"],
            md5=line["md5"],
            phash256=None if line["phash256"] is None else Fingerprint.parse(line["phash256"]),
            size=(line["size"][0], line["size"][1]),
        )
        for line in lines
    )


def list_sha256() -> str:
    """Digest of the list, for the Manifest."""
    return hashlib.sha256(_list_bytes()).hexdigest()


def _list_bytes() -> bytes:
    return resources.files("scanner").joinpath("placeholders.jsonl").read_bytes()


def is_known(received: Received, known: Iterable[KnownPlaceholder] | None = None) -> bool:
    """Whether an answer is a known placeholder: equal bytes, or the same size and a fingerprint within 8 of 256 bits."""
    for each in known_placeholders() if known is None else known:
        if received.sha256 == each.sha256:
            return True
        if received.phash256 is None or each.phash256 is None or received.size != each.size:
            continue
        if received.phash256.distance(each.phash256) <= _KNOWN_NEAR:
            return True
    return False


def suspicions(received: Sequence[Received]) -> dict[str, frozenset[str]]:
    """The rules by which answers are suspected, by observation id; those beyond suspicion are left out."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    pictures = [each for each in received if each.outcome is FetchOutcome.IMAGE]
    for each, rule in (*_collisions(pictures), *_redirected(received), *_parked(received)):
        found[each.observation_id].add(rule)
    for each in pictures:
        if is_trivial(each):
            found[each.observation_id].add("trivial")
    return {observation_id: frozenset(rules) for observation_id, rules in sorted(found.items())}


def is_trivial(received: Received) -> bool:
    """A tracking pixel, a blank, or a few bytes of next to nothing."""
    if received.size is not None and min(received.size) <= 2:
        return True
    return received.one_colour or (received.low_detail and received.bytes < _SMALL_BYTES)


def control_url(url: str) -> str:
    """A name that nobody can have stored, in the folder of ``url`` and with its extension: what a host gives for nothing.

    The name is derived from the address, so that a scan that is taken up again asks for the same one.

    >>> control_url("https://x.org/art/fox.jpg?w=300")
    'https://x.org/art/8fe0edbdb4d36b163e7819f5ef0e5bf3.jpg'
    """
    parts = urlsplit(url)
    folder, name = posixpath.split(parts.path or "/")
    extension = posixpath.splitext(name)[1][:8]
    made = hashlib.sha256(f"provscan control probe\n{url}\n".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return urlunsplit((parts.scheme, parts.netloc, posixpath.join(folder, made + extension), "", ""))


def probed_hosts(received: Sequence[Received], suspected: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """One address to ask of each host with a suspected picture: host to control address, by the host's first such look."""
    asked: dict[str, str] = {}
    for each in sorted(received, key=lambda one: (one.host, one.url)):
        if each.observation_id in suspected and each.outcome is FetchOutcome.IMAGE:
            asked.setdefault(each.host, control_url(each.url))
    return asked


def confirmed(
    received: Sequence[Received], suspected: Mapping[str, frozenset[str]], probes: Mapping[str, str | None]
) -> frozenset[str]:
    """Observation ids of placeholders: known ones, and suspected ones whose host gave the same bytes for a made-up name.

    ``probes``: host to SHA-256 of what the control probe returned, None where it returned no picture.
    """
    return frozenset(
        each.observation_id
        for each in received
        if each.outcome is FetchOutcome.IMAGE
        and (
            is_known(each)
            or (each.observation_id in suspected and each.sha256 is not None and probes.get(each.host) == each.sha256)
        )
    )


def has_other_shape(listed: tuple[int, int] | None, returned: tuple[int, int] | None) -> bool:
    """Whether width to height of the picture returned differs by more than 2 % from what the row lists: a note, no verdict."""
    if listed is None or returned is None or min(*listed, *returned) < 1:
        return False
    one, other = listed[0] * returned[1], returned[0] * listed[1]
    return abs(one - other) > _ASPECT * max(one, other)


def _collisions(pictures: Sequence[Received]) -> Iterable[tuple[Received, str]]:
    """Pictures that came for what should be different ones.  Equal ones are one group; near groups are looked at together."""
    groups: defaultdict[tuple[str | None, Fingerprint | None], list[Received]] = defaultdict(list)
    for each in pictures:
        groups[each.sha256, each.phash256].append(each)
    names = list(groups)
    beside = _neighbours(names)
    for place, name in enumerate(names):
        company = [each for other in beside[place] for each in groups[names[other]]]
        by_host: defaultdict[str, set[str]] = defaultdict(set)
        for each in company:
            by_host[each.host].add(each.asset)
        across = len(by_host) >= _SEVERAL and not _shared_words(company)
        for each in groups[name]:
            if len(by_host[each.host]) >= _SEVERAL:
                yield each, "same_on_host"
            if across:
                yield each, "same_across_hosts"


def _neighbours(names: Sequence[tuple[str | None, Fingerprint | None]]) -> list[set[int]]:
    """For each group the groups of equal bytes or near fingerprints, itself among them."""
    beside = [{place} for place in range(len(names))]
    hashed = [(place, known) for place, (_, known) in enumerate(names) if known is not None]
    distinct = sorted({known for _, known in hashed}, key=lambda known: known.value)
    places: defaultdict[Fingerprint, list[int]] = defaultdict(list)
    for place, known in hashed:
        places[known].append(place)
    if distinct:
        words = packed(distinct).reshape(len(distinct), -1)
        hits = Searcher(words, _NEAR).search(np.ascontiguousarray(words))
        for query, row in zip(hits.query.tolist(), hits.row.tolist(), strict=True):
            for place in places[distinct[row]]:
                beside[place].update(places[distinct[query]])
    return beside


def _shared_words(company: Sequence[Received]) -> set[str]:
    """Words of four letters or more that all captions hold; with fewer than two captions there is nothing to share."""
    captions = [set(_WORD.findall(normal_form(each.caption))) for each in company if each.caption]
    return set.intersection(*captions) if len(captions) > 1 else set()


def _redirected(received: Sequence[Received]) -> Iterable[tuple[Received, str]]:
    ends = Counter((each.host, each.final_url) for each in received if each.final_url not in {None, each.url})
    for each in received:
        if each.final_url is None or each.final_url == each.url:
            continue
        path = urlsplit(each.final_url).path.lower()
        if ends[each.host, each.final_url] >= _SEVERAL or path in {"", "/"} or _STANDS_IN.search(path):
            yield each, "redirect_target"


def _parked(received: Sequence[Received]) -> Iterable[tuple[Received, str]]:
    pages = [each for each in received if each.outcome is FetchOutcome.NOT_IMAGE and each.sha256 is not None]
    seen = Counter((each.host, each.sha256) for each in pages)
    for each in pages:
        if seen[each.host, each.sha256] >= _SEVERAL:
            yield each, "parked_page"
