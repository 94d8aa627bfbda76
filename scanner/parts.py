"""Works that are only a part of a dataset's picture, or of which only a part is left: half-area crops, pictures within scenes.

No list of crops reaches these, so local features are compared: ORB (Rublee et al., ICCV 2011), 256 bits a point, by the same
exact Hamming search as the fingerprints.  What it yields is a *suggestion*: a region of the row's picture and the variant of
the Work that it would show.  The region's fingerprint and the second check decide, as for any other hit.

Beside 74 works (42,000 points) a picture costs 30 ms of one core, of which finding its points takes 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from PIL import Image

from scanner.search import Searcher
from scanner.variants import Affine, symmetry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from scanner.search import Hits

METHOD: Final = "orb-parts/1"
_SIDE: Final = 512  # px, longer side of a picture while its features are found
_WORK_POINTS: Final = 300
_ROW_POINTS: Final = 1000
_RADIUS: Final = 32  # bits of 256: at 40 the same works are found, at three times the cost
_MIN_POINTS: Final = 5  # an affine map takes three; the second check sorts out the rest
_REPROJECTION: Final = 5.0  # px
_SCALES: Final = (0.08, 12.0)
_STRETCH: Final = 2.5
_MIN_SPREAD: Final = 4.0  # px, the smaller standard deviation of the matching points: not all on one line
_MIN_SIDE: Final = 48  # px of the row's picture
_MIN_SHARE: Final = 0.1  # of the Work's area
_MAX_TILT: Final = 15.0  # degrees from the nearest right angle
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


class PartIndex:
    """The features of all works, upright and mirrored, compiled for `parts`."""

    def __init__(self, works: Iterable[Image.Image]) -> None:
        """Find the features of ``works``, pictures in normal form; about 11 ms and 28 kB each."""
        words: list[NDArray[np.uint64]] = []
        places: list[NDArray[np.float64]] = []
        owners: list[NDArray[np.int64]] = []
        self.works = 0
        for number, work in enumerate(works):
            self.works += 1
            grey = _grey(work)
            for mirrored in (0, 1):
                points, descriptors = _features(np.ascontiguousarray(grey[:, ::-1]) if mirrored else grey, _WORK_POINTS)
                words.append(descriptors)
                places.append(points / (grey.shape[1], grey.shape[0]))
                owners.append(np.full(len(points), 2 * number + mirrored, np.int64))
        empty = np.empty((0, 4), np.uint64), np.empty((0, 2)), np.empty(0, np.int64)
        self._words = np.concatenate([empty[0], *words])
        self._places = np.concatenate([empty[1], *places])
        self._owners = np.concatenate([empty[2], *owners])
        self._searcher = Searcher(self._words, _RADIUS)

    def parts(self, picture: Image.Image) -> tuple[Part, ...]:
        """What the row's ``picture`` (normal form) may show of the works, by work, then upright before mirrored."""
        grey = _grey(picture)
        points, descriptors = _features(grey, _ROW_POINTS)
        if len(points) < _MIN_POINTS or not len(self._owners):
            return ()
        found: list[Part] = []
        query, row = self._nearest(self._searcher.search(descriptors))
        owners = self._owners[query]
        counts = np.bincount(owners, minlength=2 * self.works)
        size = np.array((grey.shape[1], grey.shape[0]), np.float64)
        for owner in np.flatnonzero(counts >= _MIN_POINTS).tolist():
            mine = owners == owner
            fit = _fitted(points[row[mine]], self._places[query[mine]] * _SIDE)
            if fit is None:
                continue
            matrix, agreeing = fit
            unit = np.column_stack((matrix[:, :2] * size, matrix[:, 2])) / _SIDE  # row's unit square -> Work's
            part = _part(unit, mirrored=bool(owner % 2), size=picture.size)
            if part is not None:
                found.append(Part(work=owner // 2, variant=part[0], region=part[1], points=agreeing))
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


def _first_of(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which entries of two sorted columns begin a new pair."""
    new = np.ones(len(one), np.bool_)
    new[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return new


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    grey = image.convert("L")
    scale = _SIDE / max(grey.size)
    if scale > 1:
        scale = min(scale, 2.0)  # small pictures are enlarged a little: ORB sees no point within 15 px of an edge
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    return np.asarray(grey.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0), np.uint8)


def _features(grey: NDArray[np.uint8], most: int) -> tuple[NDArray[np.float64], NDArray[np.uint64]]:
    """Points ``float64[n, 2]`` in px and descriptors ``uint64[n, 4]``."""
    detector = cv2.ORB_create(nfeatures=most, edgeThreshold=15, fastThreshold=7)  # type: ignore[attr-defined]
    points, descriptors = detector.detectAndCompute(grey, None)
    if descriptors is None or not len(points):
        return np.empty((0, 2)), np.empty((0, 4), np.uint64)
    words = np.ascontiguousarray(descriptors, np.uint8).view(np.uint64)
    return np.array([point.pt for point in points], np.float64) + 0.5, words


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


def _part(unit: Affine, *, mirrored: bool, size: tuple[int, int]) -> tuple[str, Region] | None:
    """Name the variant and the region that a map from the row's to the (mirrored) Work's unit square means."""
    angle = float(np.degrees(np.arctan2(unit[1, 0] * size[0], unit[0, 0] * size[0])))
    quarter = round(angle / 90) % 4
    if abs((angle + 45) % 90 - 45) > _MAX_TILT:
        return None
    name, turn = symmetry(quarter, mirrored=mirrored)
    whole = np.vstack((unit, (0, 0, 1)))
    if mirrored:
        whole = np.array(((-1, 0, 1), (0, 1, 0), (0, 0, 1)), np.float64) @ whole
    turned = np.linalg.inv(turn) @ whole  # row's unit square -> turned Work's
    steps, window = _trims(_box(turned, (0.0, 0.0, 1.0, 1.0)))
    if (window[2] - window[0]) * (window[3] - window[1]) < _MIN_SHARE or min(
        window[2] - window[0], window[3] - window[1]
    ) <= 0:
        return None
    left, top, right, bottom = _box(np.linalg.inv(turned), window)
    left, top = (0.0 if edge < _WHOLE else edge for edge in (left, top))
    right, bottom = (1.0 if edge > 1 - _WHOLE else edge for edge in (right, bottom))
    region = (round(left * size[0]), round(top * size[1]), round(right * size[0]), round(bottom * size[1]))
    if region[2] - region[0] < _MIN_SIDE or region[3] - region[1] < _MIN_SIDE:
        return None
    words = [*([] if name == "upright" else [name]), *steps]
    return ".".join(words) or "original", region


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
