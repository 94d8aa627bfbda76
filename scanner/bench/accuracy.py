"""How many edited copies are found, and how often is that wrong: matching.md §6, beside one-hash peers.

The functions measured are those of a scan: variants, search, chance model, second check, parts.  Recall is given by edit on the test
half with its own parameters.  The variants were chosen on the development half alone.  Not so three later choices, made with test
copies in view: leaving plain variants out at 64 bits (claims 0.69 to 0.83), the numbers of points and the radius of the parts, and
the second check's term for agreeing blocks; its other constants come from an earlier split that overlaps this test half.  The
strangers' windows are cut from a few dozen pictures, so the printed intervals, which take pairs as independent, are too narrow.
Five columns: ``claim64``, a published 64-bit hash near enough to carry a claim alone
among ``rows`` rows; ``near64``, within the search radius (a lead at least); ``pictures``, the dataset's pictures at hand and the
second check passed; and each peer's single hash, at the largest threshold with at most one false pair in 100,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scanner.bench.copies import Copy, Sample, edited, read_samples, redrawn, windows
from scanner.bench.peers import distances, hashed, peers
from scanner.chance import composition, fit, nearest_histogram
from scanner.config import ScanConfig
from scanner.hashers import ALGORITHMS, Algorithm, fingerprints_many, grey_image, grey_pixels, packed
from scanner.parts import PartIndex, part_fingerprints, work_points
from scanner.second_check import METHOD, THRESHOLD, second_check
from scanner.variants import VARIANT_SETS, variant_fingerprints

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from scanner.variants import Which

Progress = Callable[[str, int], None]

ROWS: Final = 30_000
_FALSE_RATE: Final = 1e-5
_PARTS_EVERY: Final = 10  # of the strangers' windows, for one in so many the parts are searched too: 30 ms each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """All variants of the works under one algorithm."""

    words: NDArray[np.uint64]  # [q, words]
    work: NDArray[np.int32]
    variant: tuple[str, ...]


def run(
    works: Path | None = None,
    *,
    which: Which = "thorough",
    rows: int = ROWS,
    rounds: int = 1,
    progress: Progress = lambda _stage, _done: None,
) -> dict[str, Any]:
    """Measure on the pictures below ``works`` (distinct works, one file each), or on painted ones.

    Args:
        works: at least two of each half are needed; what is confirmed of a picture that holds another's counts as false.
        which: the set of variants.
        rows: of unrelated pictures in the 64-bit column.
        rounds: how often each edit is applied, with other free choices.
        progress: called with a stage's name and how many of its pictures are done.

    Returns:
        ``{"measures": "accuracy", "conditions": {…}, "rows": [{"edit": …, "copies": n, "claim64": r, "near64": r, "pictures": r,
        "phash64": r, …}, …], "mean": {…}, "false": [{"what": …, "pairs": n, "false": n, "at_most": upper 95 % rate}, …]}``.

    Raises:
        ValueError: fewer than two works in a half.
    """
    samples, same = read_samples(works)
    tested = [sample for sample in samples if sample.half == "test"]
    strangers = [sample for sample in samples if sample.half == "development"]
    if min(len(tested), len(strangers)) < 2:
        raise ValueError(f"{len(tested)} test and {len(strangers)} development works: at least two of each are needed")
    copies = list(edited(tested, strangers, "test", rounds))
    progress("edited", len(copies))
    asked = {algorithm: _asked(tested, which, algorithm) for algorithm in ALGORITHMS}
    filler = _hashes(windows(strangers, rows), "phash64")
    progress("rows", rows)
    near = _nearest(asked["phash64"], _hashes((copy.image for copy in copies), "phash64"), len(tested))
    columns, false = _column64(asked["phash64"], near, copies, filler, len(tested))
    pictures, wrong = _with_pictures(_Scan(tested, asked), tested, strangers, copies, rows, progress)
    columns["pictures"] = pictures
    false += wrong
    for name, function in peers().items():
        columns[name], row = _peer(name, function, tested, copies)
        false.append(row)
        progress(name, len(copies))
    table = _table(copies, columns)
    return {
        "measures": "accuracy",
        "conditions": {
            "works": "painted" if works is None else "given",
            "works_tested": len(tested),
            "works_of_strangers": len(strangers),
            "set_aside_as_the_same_picture": same,
            "copies": len(copies),
            "rows": rows,
            "variants": len(VARIANT_SETS[which]),
            "second_check": f"{METHOD} at {THRESHOLD}",
        },
        "rows": table,
        "mean": {name: round(float(np.mean([row[name] for row in table])), 4) for name in columns},
        "false": false,
    }


def _asked(works: Sequence[Sample], which: Which, algorithm: Algorithm) -> _Asked:
    known = [
        (number, one.variant, one.fingerprint)
        for number, work in enumerate(works)
        for one in variant_fingerprints(work.image, which)
        if one.fingerprint.algorithm == algorithm
    ]
    words = packed([one for _, _, one in known])
    return _Asked(
        words=words.reshape(len(words), -1),
        work=np.array([number for number, _, _ in known], np.int32),
        variant=tuple(name for _, name, _ in known),
    )


def _hashes(images: Iterable[Image.Image], algorithm: Algorithm) -> NDArray[np.uint64]:
    words = fingerprints_many(np.stack([grey_pixels(grey_image(image), algorithm) for image in images]))
    return words.reshape(len(words), -1)


def _nearest(asked: _Asked, rows: NDArray[np.uint64], works: int) -> NDArray[np.int64]:
    """Distance of each row to the nearest variant of each work, ``int64[works, rows]``."""
    distance = np.empty((works, len(rows)), np.int64)
    for work in range(works):
        mine = asked.words[asked.work == work]
        distance[work] = np.min([np.bitwise_count(rows ^ one).sum(axis=1) for one in mine], axis=0)
    return distance


def _column64(
    asked: _Asked, near: NDArray[np.int64], copies: Sequence[Copy], filler: NDArray[np.uint64], works: int
) -> tuple[dict[str, NDArray[np.bool_]], list[dict[str, Any]]]:
    """Claims and leads from a published 64-bit hash, and the false ones among the filler and other works' copies."""
    rows = len(filler) + len(copies)
    histogram = nearest_histogram(asked.words, asked.work, works, filler)
    model = fit(histogram, 64, composition(asked.words, asked.work, works))
    limit = np.array([-1 if d is None else d for d in (model.largest_distance(w, rows) for w in range(works))])
    radius = ScanConfig().radius64
    limit = np.minimum(limit, radius)
    owner = np.array([copy.work for copy in copies])
    own = near[owner, np.arange(len(copies))]
    other = np.arange(works)[:, None] != owner[None, :]
    false = []
    for name, within in (("claim64", limit), ("near64", np.full(works, radius))):
        among_filler = sum(int(histogram[work, : within[work] + 1].sum()) for work in range(works))
        among_copies = int(((near <= within[:, None]) & other).sum())
        false.append(_false_row(name, works * len(filler) + int(other.sum()), among_filler + among_copies))
    return {"claim64": own <= limit[owner], "near64": own <= radius}, false


class _Scan:
    """Works as a scan of pictures knows them: queries of both algorithms, and the index of their parts."""

    def __init__(self, works: Sequence[Sample], asked: dict[Algorithm, _Asked]) -> None:
        config = ScanConfig()
        self._radius: dict[Algorithm, int] = {"phash64": config.radius64, "phash256": config.radius256}
        self._works = [work.image for work in works]
        self._asked = asked
        self._index = PartIndex([work_points(work) for work in self._works])

    def confirmed(self, picture: Image.Image, *, parts: bool = True) -> set[int]:
        """The works that the picture is found to be a copy of, or of which it holds a part."""
        grey = grey_image(picture)
        tried: set[tuple[int, str]] = set()
        for algorithm, asked in self._asked.items():
            word = fingerprints_many(grey_pixels(grey, algorithm)[None]).reshape(1, -1)
            distance = np.bitwise_count(asked.words ^ word).sum(axis=1)
            hits = np.flatnonzero(distance <= self._radius[algorithm])
            for work in np.unique(asked.work[hits]).tolist():
                mine = hits[asked.work[hits] == work]
                tried.add((work, asked.variant[mine[distance[mine].argmin()]]))
        found = {work for work, variant in sorted(tried) if second_check(self._works[work], picture, variant).passed}
        return found | (self._parts(picture) if parts else set())

    def _parts(self, picture: Image.Image) -> set[int]:
        found: set[int] = set()
        for part in self._index.parts(picture):
            work = self._works[part.work]
            own, seen = part_fingerprints(work, picture, part)
            if own.distance(seen) > self._radius["phash256"]:
                continue
            if second_check(work, picture.crop(part.region), part.variant).passed:
                found.add(part.work)
        return found

    def forced(self, picture: Image.Image, work: int) -> bool:
        """Whether the second check would confirm a pair that no search suggests, aligned as its nearest variant says."""
        asked = self._asked["phash256"]
        word = fingerprints_many(grey_pixels(grey_image(picture), "phash256")[None])
        mine = np.flatnonzero(asked.work == work)
        nearest = mine[np.bitwise_count(asked.words[mine] ^ word).sum(axis=1).argmin()]
        return second_check(self._works[work], picture, asked.variant[nearest]).passed


def _with_pictures(
    scan: _Scan,
    works: Sequence[Sample],
    strangers: Sequence[Sample],
    copies: Sequence[Copy],
    rows: int,
    progress: Progress,
) -> tuple[NDArray[np.bool_], list[dict[str, Any]]]:
    """Copies confirmed on the pictures, and what is confirmed wrongly."""
    found = np.zeros(len(copies), np.bool_)
    wrong: Counter[str] = Counter()
    pushed = 0
    for number, copy in enumerate(copies):
        confirmed = scan.confirmed(copy.image)
        found[number] = copy.work in confirmed
        wrong.update(f"{works[copy.work].name} | {works[other].name}" for other in confirmed - {copy.work})
        other = (copy.work + 1 + copy.seed % (len(works) - 1)) % len(works)
        pushed += scan.forced(copy.image, other)
        progress("pictures", number + 1)
    alone: Counter[str] = Counter()
    pieces = 0
    for number, window in enumerate(windows(strangers, rows)):
        parts = number % _PARTS_EVERY == 0
        false = scan.confirmed(window, parts=parts)
        alone.update(f"{strangers[number % len(strangers)].name} | {works[work].name}" for work in false)
        pieces += len(false) if parts else 0
        progress("strangers", number + 1)
    alike = [
        (copy.work, scan.confirmed(copy.image), scan.forced(copy.image, copy.work))
        for copy in redrawn(works, strangers)
    ]
    progress("look-alikes", len(alike))
    return found, [
        _false_row("pictures: copies of other works", len(copies) * (len(works) - 1), wrong.total()) | _named(wrong),
        _false_row("pictures: windows of other pictures", rows * len(works), alone.total()) | _named(alone),
        _false_row("of these with parts", -(-rows // _PARTS_EVERY) * len(works), pieces),
        _false_row("second check forced on other works", len(copies), pushed),
        _false_row(
            "same composition, other detail", len(alike), sum(work in confirmed for work, confirmed, _ in alike)
        ),
        _false_row("the same, second check forced", len(alike), sum(passed for _, _, passed in alike)),
    ]


def _peer(
    name: str, function: Callable[[Image.Image], NDArray[np.bool_]], works: Sequence[Sample], copies: Sequence[Copy]
) -> tuple[NDArray[np.bool_], dict[str, Any]]:
    """Recall of one hash at the largest threshold that keeps to the false-positive rate on the same pairs."""
    apart = distances(
        hashed((work.image for work in works), function), hashed((copy.image for copy in copies), function)
    )
    owner = np.array([copy.work for copy in copies])
    other = np.arange(len(works))[:, None] != owner[None, :]
    strange = np.sort(apart[other])
    allowed = int(len(strange) * _FALSE_RATE)
    threshold = int(strange[allowed]) - 1  # at most `allowed` unrelated pairs are as near
    row = _false_row(name, len(strange), int((strange <= threshold).sum())) | {"threshold": threshold}
    return apart[owner, np.arange(len(copies))] <= threshold, row


def _table(copies: Sequence[Copy], columns: dict[str, NDArray[np.bool_]]) -> list[dict[str, Any]]:
    edits = np.array([copy.edit for copy in copies])
    rows = []
    for edit in dict.fromkeys(edits.tolist()):
        mine = edits == edit
        row: dict[str, Any] = {"edit": edit, "copies": int(mine.sum())}
        row |= {name: round(float(column[mine].mean()), 4) for name, column in columns.items()}
        low, high = wilson(int(columns["pictures"][mine].sum()), int(mine.sum()))
        rows.append(row | {"pictures_interval": [round(low, 3), round(high, 3)]})
    return rows


def _false_row(what: str, pairs: int, false: int) -> dict[str, Any]:
    return {"what": what, "pairs": pairs, "false": false, "at_most": f"{wilson(false, pairs)[1]:.2g}"}


def _named(pairs: Counter[str]) -> dict[str, str]:
    """The pairs most often taken for one another: to be looked at, for one may hold the other's picture after all."""
    return {"most_often": "; ".join(f"{pair} ({count})" for pair, count in pairs.most_common(5))}


def wilson(found: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, J. Am. Stat. Assoc. 22, 1927).

    >>> wilson(0, 100)[0], round(wilson(0, 100)[1], 3)
    (0.0, 0.037)
    """
    if not of:
        return 0.0, 1.0
    z = 1.96
    share = found / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)
