"""Outcomes of several query sets over one part of a shard, as the one Outcome of today's portfolio.

A case asks what is new: its outcomes index the works that were asked together, and of one part there may be several.  *Merging is
honest*: comparing sets of works apart and merging gives the hits, histograms and counts of comparing them together (a property
test says so); only the decoys of the negative control may be those of other works.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from scanner.outcomes import Compared, Hit, Outcome, hit_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.outcomes import Histogram
    from scanner.queries import DigestQuery

_OF_PICTURES: Final = frozenset({"digest_equal", "fingerprint_near"})
_OF_TERMS: Final = frozenset({"host_equal", "caption_contains"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the works of a query set stand in today's portfolio of ``works`` works.

    ``pictures`` are those that were asked by picture and digest, by their index in the outcome; None where that is not asked any
    more.  ``declared`` are those that addresses and titles were looked for; None as a whole where what was declared has changed.
    ``files`` maps a file's digest to who has it today (``Queries.sha256`` and ``md5``): files may be called otherwise by now.
    """

    works: int
    pictures: tuple[int | None, ...]
    declared: tuple[int | None, ...] | None
    files: Mapping[str, tuple[DigestQuery, ...]]


def placed(outcome: Outcome, places: Places) -> Outcome:
    """``outcome`` with its works as they stand today; what is not asked any more is left out."""
    return Outcome(
        rows=outcome.rows,
        compared=outcome.compared,
        faults=outcome.faults,
        hits=[hit for known in outcome.hits for hit in _placed_hit(known, places)],
        control_near=[
            (name, place, distance, count)
            for name, work, distance, count in outcome.control_near
            if (place := places.pictures[work]) is not None
        ],
        not_listed=_placed_counts(outcome.not_listed, places),
        terms=Counter() if places.declared is None else outcome.terms,
        nearest={name: _spread(table, places) for name, table in outcome.nearest.items()},
        control={name: _spread(table, places) for name, table in outcome.control.items()},
        sampled=outcome.sampled,
        fingerprinted=outcome.fingerprinted if any(place is not None for place in places.pictures) else {},
        stopped_at=outcome.stopped_at,
        chunks=outcome.chunks,
        candidates=[] if places.declared is None else outcome.candidates,
    )


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """One Outcome of the placed outcomes of one part (at least one), no two of which asked the same.

    Raises:
        ValueError: none was given.
    """
    first, *others = outcomes
    if not others:
        return first
    whole = Outcome(
        rows=max(each.rows for each in outcomes),
        compared=widest(each.compared for each in outcomes),
        faults=Counter(_most(each.faults for each in outcomes)),
        hits=sorted((hit for each in outcomes for hit in each.hits), key=hit_order),
        control_near=sorted(near for each in outcomes for near in each.control_near),
        not_listed=sum((each.not_listed for each in outcomes), Counter[str]()),
        terms=sum((each.terms for each in outcomes), Counter[str]()),
        sampled=_most(each.sampled for each in outcomes),
        fingerprinted=_most(each.fingerprinted for each in outcomes),
        chunks=sorted({chunk for each in outcomes for chunk in each.chunks}),
        candidates=sorted(
            {row for each in outcomes for row in each.candidates},
            key=lambda row: (row.row_number, -1 if row.item is None else row.item),
        ),
        stopped_at=next((each.stopped_at for each in outcomes if each.stopped_at is not None), None),
    )
    for name in first.nearest:
        whole.nearest[name] = sum((each.nearest[name] for each in others), first.nearest[name])
        whole.control[name] = sum((each.control[name] for each in others), first.control[name])
    return whole


def widest(compared: Iterable[Compared]) -> Compared:
    """The rows for which each comparison was made by any of several passes over the same rows."""
    whole = Compared()
    for each in compared:
        for entry in fields(Compared):
            setattr(whole, entry.name, max(getattr(whole, entry.name), getattr(each, entry.name)))
    return whole


def _placed_hit(hit: Hit, places: Places) -> Iterable[Hit]:
    if hit.kind in _OF_PICTURES:
        place = None if hit.work is None else places.pictures[hit.work]
        if place is not None:
            yield replace(hit, work=place, work_file=_file_today(hit, place, places))
    elif places.declared is not None:
        place = None if hit.work is None else places.declared[hit.work]
        if hit.work is None or place is not None:
            yield replace(hit, work=place)


def _file_today(hit: Hit, place: int, places: Places) -> str | None:
    """What the file that a digest hit is about is called today."""
    if hit.work_file is None:
        return None
    known = places.files.get(str(hit.value), ())
    return next((query.file for query in known if query.work == place), hit.work_file)


def _placed_counts(counts: Counter[str], places: Places) -> Counter[str]:
    """Counts by ``<metric>:<source>:<work>:<distance>`` or, of terms, ``<kind>:<value>``."""
    found: Counter[str] = Counter()
    for key, count in counts.items():
        if key.partition(":")[0] in _OF_TERMS:
            if places.declared is not None:
                found[key] += count
            continue
        metric, source, work, distance = key.split(":")
        place = places.pictures[int(work)]
        if place is not None:
            found[f"{metric}:{source}:{place}:{distance}"] += count
    return found


def _spread(table: Histogram, places: Places) -> Histogram:
    """Rows of a table by the index in the outcome, as rows by today's place."""
    spread = np.zeros((places.works, table.shape[1]), np.int64)
    for row, place in zip(table, places.pictures, strict=False):  # decoys are made of the first works only
        if place is not None:
            spread[place] += row
    return spread


def _most(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """By name, the largest of several counts of the same rows."""
    whole: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            whole[name] = max(whole.get(name, 0), count)
    return whole
