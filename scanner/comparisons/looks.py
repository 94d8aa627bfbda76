"""Fetched and archived pictures beside the works: the same three questions as for a picture inside a shard.

A picture that a listed address returned is compared by the digest of its bytes, by both fingerprints with all variants of all
works, and, where that is near or the row was already found by another rule, by the second check.  What was compared is counted as
for every row, so that chance figures and the negative control include it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping  # noqa: TC003 - dataclass field types are read at run time by the tests of __all__
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scanner.comparisons.fingerprints import FingerprintComparison
from scanner.comparisons.pictures import ALGORITHMS, fingerprint_of
from scanner.decoding import ROW_FORMATS, PictureError, PictureFault, decode_picture
from scanner.hashers import detail, fingerprints_many, is_low_detail, packed
from scanner.observations import FetchOutcome
from scanner.outcomes import Checked, Hit
from scanner.second_check import METHOD
from scanner.shrinking import Shrinker
from scanner.work_pictures import best_check, row_limits
from scanner.works import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL import Image

    from scanner.comparisons.fingerprints import Near
    from scanner.config import ScanConfig
    from scanner.datasets import RowRef
    from scanner.queries import Queries

OUTCOME_OF_FAULT: Mapping[PictureFault, FetchOutcome] = {
    PictureFault.EMPTY: FetchOutcome.NOT_IMAGE,
    PictureFault.NOT_A_PICTURE: FetchOutcome.NOT_IMAGE,
    PictureFault.UNSUPPORTED_FORMAT: FetchOutcome.UNSUPPORTED_FORMAT,
    PictureFault.OVER_LIMIT: FetchOutcome.OVER_PIXEL_LIMIT,
    PictureFault.TRUNCATED: FetchOutcome.UNDECODABLE,
    PictureFault.UNDECODABLE: FetchOutcome.UNDECODABLE,
    PictureFault.UNREADABLE: FetchOutcome.UNDECODABLE,
    PictureFault.DECODE_CRASH: FetchOutcome.DECODE_CRASH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFacts:
    """What a picture is, without its pixels: what a decoding worker gives back.

    ``fingerprints`` are both, by algorithm; ``detail`` as of a Work; ``one_colour``: every pixel has the same grey.
    """

    format: str
    width: int
    height: int
    frames: int
    mode: str
    exif_orientation: int
    detail: Decimal
    one_colour: bool
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict)

    @property
    def low_detail(self) -> bool:
        """As ``hashers.is_low_detail``."""
        return is_low_detail(self.detail)

    def record(self) -> dict[str, Any]:
        """As plain JSON, for ``Look.facts``."""
        return {
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "mode": self.mode,
            "exif_orientation": self.exif_orientation,
            "detail": str(self.detail),
            "one_colour": self.one_colour,
            "fingerprints": {name: known.hex for name, known in sorted(self.fingerprints.items())},
        }

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> PictureFacts:
        """The inverse of ``record``."""
        prints = {name: Fingerprint.parse(f"{name}:{value}") for name, value in record["fingerprints"].items()}
        return cls(**{**record, "detail": Decimal(record["detail"]), "fingerprints": prints})


def picture_facts(content: bytes, config: ScanConfig) -> PictureFacts:
    """Decode a stranger's picture and measure it; run it in a worker process.

    Raises:
        PictureError: it is no picture that can be looked at; ``OUTCOME_OF_FAULT`` names the outcome.
    """
    picture = decode_picture(content, formats=ROW_FORMATS, limits=row_limits(config), grey=True)
    squares = Shrinker().squares(picture.image)
    low, high = picture.image.getextrema()
    return PictureFacts(
        format=picture.format,
        width=picture.width,
        height=picture.height,
        frames=picture.frames,
        mode=picture.mode,
        exif_orientation=picture.exif_orientation,
        detail=detail(squares["phash256"]),
        one_colour=low == high,
        fingerprints={
            name: fingerprint_of(name, fingerprints_many(squares[name][None]).reshape(-1)) for name in ALGORITHMS
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPicture:
    """A picture that was returned for a row.

    ``sha256`` is that of the decoded entity.  ``place`` is the row's shard (its index in the scan) and where it stands there.
    """

    observation: str
    archived: bool
    shard: int
    row: RowRef
    sha256: str
    facts: PictureFacts


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
            prints = [each.facts.fingerprints[name] for each in seen]
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
            row_value=str(seen.facts.fingerprints[name]),
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


def second_check_of(
    content: bytes,
    request: CheckRequest,
    file_of_work: Callable[[int, int], Image.Image | None],
    config: ScanConfig,
) -> Checked | None:
    """The best second check of a body under the looks of the request; run it in a worker process.

    None where neither side can be looked at any more: the check was not run.
    """
    if hashlib.sha256(content).hexdigest() != request.sha256:  # the file was changed since it was received
        return None
    try:
        picture = decode_picture(content, formats=ROW_FORMATS, limits=row_limits(config), grey=True).image
    except PictureError:
        return None
    best = best_check(partial(file_of_work, request.work), picture, request.looks)
    if best is None:
        return None
    check = best[1]
    return Checked(method=METHOD, value=str(check.value), threshold=str(check.threshold), passed=check.passed)
