"""Fetched and archived pictures beside the works: the same three questions as for a picture inside a shard.

A picture that a listed address returned is compared by the digest of its bytes, by both fingerprints with all variants of all
works, and, where that is near or the row was already found by another rule, by the second check.  What was compared is counted as
for every row, so that chance figures and the negative control include it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scanner.comparisons.fingerprints import FingerprintComparison
from scanner.comparisons.pictures import ALGORITHMS, fingerprint_of
from scanner.decoding import ROW_FORMATS, PictureError, decode_picture
from scanner.hashers import packed
from scanner.outcomes import Checked, Hit
from scanner.parts import METHOD as PARTS_METHOD
from scanner.second_check import METHOD
from scanner.work_pictures import best_check, row_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from PIL import Image

    from scanner.comparisons.fingerprints import Near
    from scanner.comparisons.parts import PartFound
    from scanner.config import ScanConfig
    from scanner.datasets import RowRef
    from scanner.queries import Queries
    from scanner.works import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPicture:
    """A picture that was returned for a row.

    ``sha256`` is that of the entity, ``fingerprints`` are both, by algorithm.  ``shard`` is the index of the row's shard in the scan.
    """

    observation: str
    archived: bool
    shard: int
    row: RowRef
    sha256: str
    fingerprints: Mapping[str, Fingerprint]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """A second check to be made: the body, the Work, and the looks of the Work under which it is made."""

    sha256: str
    work: int
    looks: tuple[str, ...]


class LookComparison:
    """Compares the pictures of looks with all works; ``prints`` hold what feeds the chance figures, by algorithm."""

    def __init__(self, queries: Queries, config: ScanConfig) -> None:
        """Compile the queries of both algorithms."""
        self._queries = queries
        radii = {"phash64": config.radius64, "phash256": config.radius256}
        self.prints = {
            name: FingerprintComparison(queries.fingerprints[name], queries.works, radii[name]) for name in ALGORITHMS
        }

    def hits(self, seen: Sequence[SeenPicture]) -> list[tuple[int, Hit]]:
        """``(shard, Hit)`` of every picture that equals a file of a Work or is near to a variant; not yet checked."""
        found = [(each.shard, hit) for each in seen for hit in self._equal(each)]
        for name in ALGORITHMS:
            prints = [each.fingerprints[name] for each in seen]
            if prints:
                words = packed(prints).reshape(len(prints), -1)
                near = self.prints[name].near(words, np.ones(len(prints), np.bool_))
                found += [
                    (seen[int(near.row[at])].shard, self._near(seen, name, near, at)) for at in range(len(near.row))
                ]
        return found

    def _equal(self, seen: SeenPicture) -> Iterator[Hit]:
        for query in self._queries.sha256.get(seen.sha256, ()):
            yield Hit(
                row=seen.row,
                work=query.work,
                kind="digest_equal",
                metric="sha256",
                value=seen.sha256,
                source_of_hash=_source(seen),
                work_value=f"sha256:{seen.sha256}",
                row_value=f"sha256:{seen.sha256}",
                work_file=query.file,
                picture_sha256=seen.sha256,
                observation=seen.observation,
            )

    def _near(self, pictures: Sequence[SeenPicture], name: str, near: Near, at: int) -> Hit:
        seen, queries = pictures[int(near.row[at])], self._queries.fingerprints[name]
        query = int(near.query[at])
        return Hit(
            row=seen.row,
            work=int(near.work[at]),
            kind="fingerprint_near",
            metric=f"hamming/{name}",
            value=int(near.distance[at]),
            source_of_hash=_source(seen),
            variant=queries.variant[query],
            work_value=str(fingerprint_of(name, queries.words[query])),
            row_value=str(seen.fingerprints[name]),
            picture_sha256=seen.sha256,
            observation=seen.observation,
        )


def _source(seen: SeenPicture) -> str:
    return "archive_bytes" if seen.archived else "live_bytes"


def check_requests(
    seen: Sequence[SeenPicture], hits: Sequence[tuple[int, Hit]], before: Sequence[tuple[int, Hit]]
) -> list[CheckRequest]:
    """The second checks that are due, each body and Work once.

    Of a Work that a picture is near to, under the variants that were near.  Of a Work that the row was found for by another rule
    (``before``), too: only then can be said that the address shows another picture today.  An equal file needs no check.
    """
    looks: defaultdict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    equal = {(hit.picture_sha256, hit.work) for _, hit in hits if hit.kind == "digest_equal"}
    on_row: defaultdict[tuple[int, RowRef], list[SeenPicture]] = defaultdict(list)
    for each in seen:
        on_row[each.shard, each.row].append(each)
    for shard, hit in (*hits, *before):
        if hit.work is None:
            continue
        for each in on_row[shard, hit.row]:
            if hit.observation in {None, each.observation} and (each.sha256, hit.work) not in equal:
                looks[each.sha256, hit.work][hit.variant or "original"] = None
    return [
        CheckRequest(sha256=sha256, work=work, looks=tuple(variants))
        for (sha256, work), variants in sorted(looks.items(), key=lambda entry: entry[0])
    ]


def part_hit(seen: SeenPicture, found: PartFound) -> Hit:
    """A part of a Work in a picture, as ``comparisons.pictures`` has it for pictures inside shards."""
    return Hit(
        row=seen.row,
        work=found.part.work,
        kind="fingerprint_near",
        metric=f"hamming/{found.own.algorithm}",
        value=found.own.distance(found.seen),
        source_of_hash=_source(seen),
        variant=found.part.variant,
        work_value=str(found.own),
        row_value=str(found.seen),
        detail={"region": ",".join(map(str, found.part.region)), "suggested_by": PARTS_METHOD},
        picture_sha256=seen.sha256,
        observation=seen.observation,
        checked=found.checked,
    )


def without_unconfirmed(hits: Sequence[tuple[int, Hit]], seen: SeenPicture, work: int) -> list[tuple[int, Hit]]:
    """The hits without those of this picture as a whole with this Work: a part explains it better than a whole not confirmed."""
    return [
        (shard, hit)
        for shard, hit in hits
        if (hit.observation, hit.row, hit.work, shard) != (seen.observation, seen.row, work, seen.shard)
    ]


def picture_of(content: bytes, sha256: str, config: ScanConfig) -> Image.Image | None:
    """A body as a picture in normal form (grey); None where it is not, or not any more, what was received."""
    if hashlib.sha256(content).hexdigest() != sha256:
        return None
    try:
        return decode_picture(content, formats=ROW_FORMATS, limits=row_limits(config), grey=True).image
    except PictureError:
        return None


def second_check_of(
    picture: Image.Image, request: CheckRequest, file_of_work: Callable[[int, int], Image.Image | None]
) -> Checked | None:
    """The best second check of a picture under the looks of the request; None where no file of the Work can be read any more."""
    best = best_check(partial(file_of_work, request.work), picture, request.looks)
    if best is None:
        return None
    check = best[1]
    return Checked(method=METHOD, value=str(check.value), threshold=str(check.threshold), passed=check.passed)
