"""Works that are only a part of a dataset's picture, or of which only a part is left: half-area crops, pictures within scenes.

No list of crops reaches these, so local features are compared: ORB (Rublee et al., ICCV 2011), 256 bits a point, by the same
exact Hamming search as the fingerprints.  What it yields is a *suggestion*: a region of the row's picture and the variant of
the Work that it would show.  The region's fingerprint and the second check decide, as for any other hit; a suggestion that they
do not confirm is no finding and no lead.

Measured on 30 works of the bench's test half: fingerprints of the whole picture find 18 of 30 half-area crops and none within
scenes; 126 tiles of the dataset's picture, each hashed as a picture of its own, 15 and 12; these features and the whole 28 and 23,
in a tenth more time than the tiles take.  So there are features and no tiles.

Beside 84 works (48,000 points) a picture costs 14 ms of one core, of which finding its points takes 6.  The rest grows with the
works, so that from ``_ALL_POINTS`` on each is remembered by fewer points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from PIL import Image

from scanner.hashers import fingerprint_of_grey, grey_pixels
from scanner.search import Searcher
from scanner.variants import Affine, render_variant, symmetry, tilted_about
from scanner.works import WorkPoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scanner.search import Hits
    from scanner.works import Fingerprint

METHOD: Final = "orb-parts/1"
_SIDE: Final = 512  # px, longer side of a picture while its features are found
_WORK_POINTS: Final = 300  # of a Work, and as many of its mirror image
_FEWEST_POINTS: Final = 50
_ALL_POINTS: Final = (
    600_000  # of all works together, as far as that leaves each the fewest: a thousand works have all theirs
)
_ROW_POINTS: Final = 1000
_EDGE: Final = 15  # px from the edges of a picture in which ORB looks for no point
_RADIUS: Final = 32  # bits of 256: at 40 the same works are found, at three times the cost
_MIN_POINTS: Final = 5  # an affine map takes three; the second check sorts out the rest
_REPROJECTION: Final = 5.0  # px
_SCALES: Final = (0.08, 12.0)
_STRETCH: Final = 2.5
_MIN_SPREAD: Final = 4.0  # px, the smaller standard deviation of the matching points: not all on one line
_MIN_SIDE: Final = 48  # px of the row's picture
_MIN_SHARE: Final = 0.1  # of the Work's area
_MIN_TILT: Final = 2  # degrees from the nearest right angle; less is left to the second check's refinement
_WHOLE: Final = 0.02  # a region whose edges lie this near to the picture's is the whole picture

Region = tuple[int, int, int, int]  # left, top, right, bottom in px of the row's picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A suggestion: the ``region`` of the row's picture may show this ``variant`` of the Work.

    ``work`` is the index of the Work's picture as given to `PartIndex`; ``points`` is how many features agree on the map.
    """

    work: int
    variant: str
    region: Region
    points: int


def work_points(work: Image.Image) -> WorkPoints:
    """Find the features of a Work in normal form; about 11 ms and 24 kB."""
    grey = _grey(work)
    upright, mirrored = (_features(np.ascontiguousarray(each), _WORK_POINTS) for each in (grey, grey[:, ::-1]))
    return WorkPoints(
        size=(grey.shape[1], grey.shape[0]),
        places=(upright[0].astype(np.float32), mirrored[0].astype(np.float32)),
        words=(upright[1], mirrored[1]),
    )


def trimmed_points(works: Sequence[WorkPoints | None]) -> tuple[WorkPoints | None, ...]:
    """The strongest points of each of so many works; where they are many, fewer of each."""
    most = min(_WORK_POINTS, max(_FEWEST_POINTS, _ALL_POINTS // (2 * max(1, len(works)))))
    return tuple(
        known
        and replace(
            known,
            places=(known.places[0][:most], known.places[1][:most]),
            words=(known.words[0][:most], known.words[1][:most]),
        )
        for known in works
    )


class PartIndex:
    """The features of all works, upright and mirrored, compiled for `parts`."""

    def __init__(self, works: Sequence[WorkPoints | None]) -> None:
        """Put the points of ``works`` together; None is a Work whose parts are not looked for."""
        words: list[NDArray[np.uint64]] = [np.empty((0, 4), np.uint64)]
        places: list[NDArray[np.float32]] = [np.empty((0, 2), np.float32)]
        owners: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        self._sizes = [(1, 1) if work is None else work.size for work in works]
        for number, work in enumerate(works):
            if work is not None:
                words += work.words
                places += work.places
                owners += [np.full(len(each), 2 * number + mirrored) for mirrored, each in enumerate(work.words)]
        self._words = np.concatenate(words)
        self._places = np.concatenate(places).astype(np.float64)
        self._owners = np.concatenate(owners)
        # Bits of features hang together: the join that is planned for them takes twice as long, and two words, which decide about
        # fingerprints at this radius, let so many pass that three are sooner done.
        self._searcher = Searcher(self._words, _RADIUS, table_bytes=0, lead=3)

    def parts(self, picture: Image.Image) -> tuple[Part, ...]:
        """What the row's ``picture`` (normal form) may show of the works, by work, then upright before mirrored."""
        grey = _grey(picture)
        points, descriptors = _features(grey, _ROW_POINTS)
        if len(points) < _MIN_POINTS or not len(self._owners):
            return ()
        found: list[Part] = []
        query, row = self._nearest(self._searcher.search(descriptors))
        owners = self._owners[query]
        counts = np.bincount(owners, minlength=2 * len(self._sizes))
        for owner in np.flatnonzero(counts >= _MIN_POINTS).tolist():
            mine = owners == owner
            fit = _fitted(points[row[mine]], self._places[query[mine]])
            if fit is None:
                continue
            work, mirrored = divmod(owner, 2)
            upright = _unmirrored(fit[0], self._sizes[work][0]) if mirrored else fit[0]
            to_row_px = np.diag((grey.shape[1] / picture.width, grey.shape[0] / picture.height, 1.0))
            part = _part(upright @ to_row_px, picture.size, self._sizes[work], mirrored=bool(mirrored))
            if part is not None:
                found.append(Part(work=work, variant=part[0], region=part[1], points=fit[1]))
        return tuple(found)

    def _nearest(self, hits: Hits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One to one: of each Work every point of the row keeps its nearest, then every point of the Work."""
        query, row = hits.query.astype(np.int64), hits.row.astype(np.int64)
        distance, owner = hits.distance.astype(np.int64), self._owners[query]
        order = np.lexsort((query, distance, row, owner))
        kept = order[_first_of(owner[order], row[order])]
        order = kept[np.lexsort((row[kept], distance[kept], query[kept]))]
        kept = order[_first_of(query[order], query[order])]
        return query[kept], row[kept]


def part_fingerprints(work: Image.Image, picture: Image.Image, part: Part) -> tuple[Fingerprint, Fingerprint]:
    """``phash256`` of the Work as the part's variant, and of the part's region of the row's picture: what a finding records.

    ``work`` is the Work's whole picture: of a smaller one the variant has other bits.
    """
    look = np.asarray(render_variant(work, part.variant, "phash256"))
    region = grey_pixels(picture.crop(part.region), "phash256")
    return fingerprint_of_grey(look, "phash256"), fingerprint_of_grey(region, "phash256")


def _first_of(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which entries of two sorted columns begin a new pair."""
    new = np.ones(len(one), np.bool_)
    new[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return new


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    grey = image.convert("L")
    scale = _SIDE / max(grey.size)
    if scale > 1:
        scale = min(scale, 2.0)  # small pictures are enlarged a little: ORB sees no point near an edge
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    return np.asarray(grey.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0), np.uint8)


def _features(grey: NDArray[np.uint8], most: int) -> tuple[NDArray[np.float64], NDArray[np.uint64]]:
    """Points ``float64[n, 2]`` in px and descriptors ``uint64[n, 4]``."""
    if min(grey.shape) <= 2 * _EDGE:  # no point anywhere; OpenCV would scale it to nothing and fail
        return np.empty((0, 2)), np.empty((0, 4), np.uint64)
    detector = cv2.ORB_create(nfeatures=most, edgeThreshold=_EDGE, fastThreshold=7)  # type: ignore[attr-defined]
    points, descriptors = detector.detectAndCompute(grey, None)
    if descriptors is None or not len(points):
        return np.empty((0, 2)), np.empty((0, 4), np.uint64)
    order = np.argsort([-point.response for point in points], kind="stable")
    words = np.ascontiguousarray(descriptors, np.uint8).view(np.uint64)
    return np.array([point.pt for point in points], np.float64)[order] + 0.5, words[order]


def _fitted(row: NDArray[np.float64], work: NDArray[np.float64]) -> tuple[Affine, int] | None:
    """An affine map from row to work (RANSAC with OpenCV's fixed seed) and the number of points that agree on it."""
    found: tuple[Any, Any] = cv2.estimateAffine2D(
        row, work, method=cv2.RANSAC, ransacReprojThreshold=_REPROJECTION, maxIters=500, confidence=0.99
    )
    matrix, agree = found
    if matrix is None:  # what the type stubs do not know
        return None
    scales = np.linalg.svd(matrix[:, :2], compute_uv=False)
    low, high = _SCALES
    if (
        np.linalg.det(matrix[:, :2]) <= 0
        or not low <= scales[1] <= scales[0] <= high
        or scales[0] > _STRETCH * scales[1]
    ):
        return None
    agreeing = row[np.asarray(agree)[:, 0] > 0]
    distinct = np.unique(np.round(agreeing / 3), axis=0)  # one corner found at several scales is one point
    if len(distinct) < _MIN_POINTS:
        return None
    spread = np.linalg.eigvalsh(np.cov(agreeing.T))[0]
    return (np.asarray(matrix, np.float64), len(distinct)) if spread >= _MIN_SPREAD**2 else None


def _unmirrored(matrix: Affine, width: int) -> Affine:
    """The map to the mirrored Work as a map to the Work."""
    return np.array(((-matrix[0, 0], -matrix[0, 1], width - matrix[0, 2]), matrix[1]), np.float64)


def _part(
    matrix: Affine, row_size: tuple[int, int], work_size: tuple[int, int], *, mirrored: bool
) -> tuple[str, Region] | None:
    """Name the variant and the region that a map from px of the row's picture to px of the Work means."""
    names, canvas = _canvas(matrix, work_size, mirrored=mirrored)
    to_canvas = canvas @ np.vstack((matrix, (0, 0, 1)))  # px of the row's picture -> unit square of the turned Work
    steps, window = _trims(_box(to_canvas, (0.0, 0.0, float(row_size[0]), float(row_size[1]))))
    wide, high = window[2] - window[0], window[3] - window[1]
    if min(wide, high) <= 0 or wide * high < _MIN_SHARE:
        return None
    edges = np.array(_box(np.linalg.inv(to_canvas), window)) / (*row_size, *row_size)
    low = np.where(edges[:2] < _WHOLE, 0.0, edges[:2])
    high_edges = np.where(edges[2:] > 1 - _WHOLE, 1.0, edges[2:])
    left, top, right, bottom = (round(float(edge)) for edge in (*(low * row_size), *(high_edges * row_size)))
    if right - left < _MIN_SIDE or bottom - top < _MIN_SIDE:
        return None
    return ".".join([*names, *steps]) or "original", (left, top, right, bottom)


def _canvas(matrix: Affine, work_size: tuple[int, int], *, mirrored: bool) -> tuple[list[str], NDArray[np.float64]]:
    """The turn and tilt nearest to a map, and the 3x3 map from px of the Work to the unit square of the Work so turned."""
    linear = np.diag((-1.0, 1.0)) @ matrix[:, :2] if mirrored else matrix[:, :2]
    angle = float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
    quarter = round(angle / 90)
    name, turn = symmetry(quarter, mirrored=mirrored)
    names = [] if name == "upright" else [name]
    canvas = np.linalg.inv(turn) @ np.diag((1 / work_size[0], 1 / work_size[1], 1.0))
    tilt = round(angle - 90 * quarter)
    if abs(tilt) >= _MIN_TILT:
        names.append(f"tilt-{'ccw' if tilt > 0 else 'cw'}-{abs(tilt)}")
        width, height = work_size[:: -1 if quarter % 2 else 1]
        size = np.diag((width, height, 1.0))
        canvas = np.linalg.inv(size) @ np.linalg.inv(tilted_about(width / 2, height / 2, tilt)) @ size @ canvas
    return names, np.asarray(canvas, np.float64)


def _box(matrix: Affine, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The rectangle round a mapped rectangle."""
    left, top, right, bottom = box
    corners = np.array(((left, right, left, right), (top, top, bottom, bottom), (1.0, 1.0, 1.0, 1.0)))
    x, y = (matrix @ corners)[:2]
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _trims(seen: tuple[float, float, float, float]) -> tuple[list[str], tuple[float, float, float, float]]:
    """The window in whole per cents, as the grammar's steps, and as they cut it."""
    edges = [min(max(edge, 0.0), 1.0) for edge in seen]
    steps: list[str] = []
    for first, last, names in ((0, 2, "lr"), (1, 3, "tb")):
        start = min(round(100 * edges[first]), 99)
        edges[first] = start / 100
        rest = 1 - edges[first]
        end = min(max(round(100 * (1 - edges[last]) / rest), 0), 99)
        edges[last] = 1 - rest * end / 100
        steps += [f"trim-{name}-{cut}" for name, cut in zip(names, (start, end), strict=True) if cut]
    return steps, (edges[0], edges[1], edges[2], edges[3])
