"""The grey pixels of each variant, and their fingerprints.

``original`` is imagehash's own path over the full picture; its turned and inverted forms are those pixels turned and inverted.  All
others come from one small grey master by a separable Lanczos filter in whole numbers, so that some 50 ms buy the whole thorough set
and every machine gets the same bits.  What the master costs (31 works): against the same crop, padding or tilt made from the full
picture 0.6 of 64 bits and 2 of 256 on average, none at all in 78 and 48 % of the cases, at most 14 and 24 in nearly blank pictures.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scanner.chance.structure import is_simple
from scanner.hashers import ALGORITHMS, Algorithm, fingerprints_many, grey_image, grey_pixels, unpacked
from scanner.variants.chosen import VARIANT_SETS, Which
from scanner.variants.geometry import TURNS, Box, Variant, tilted_about, variant_named
from scanner.works import VariantFingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

Grey = NDArray[np.uint8]
MASTER_SIDE: Final = 256  # px; the master is a square whatever the Work's proportions, as the fingerprints' pixels are
_UNIT: Final = 1 << 14  # of the filter's whole numbers: 255 * 2 * 2**14 < 2**24, so float32 sums are exact in any order
NEAR_BITS: Final[dict[Algorithm, int]] = {"phash64": 2, "phash256": 12}
"""A variant this near to an earlier one would only repeat its question."""


def variant_fingerprints(image: Image.Image, which: Which) -> tuple[VariantFingerprint, ...]:
    """Fingerprints of the Work as it may look, ``original`` first, then in order of expected gain.

    A variant whose fingerprint lies within ``NEAR_BITS`` of an earlier one of the same algorithm is left out; at 64 bits also one
    with too little structure (`scanner.chance.is_simple`): a published hash has to carry the claim alone, and these 3 % of the
    variants bring most of the chance matches (recall of claims in 30,000 rows: 0.69 with them, 0.83 without).  At 256 bits the
    second check decides, and they stay.  ``original`` is always asked.

    Args:
        image: the Work in normal form (RGB, upright).
        which: the set of variants.
    """
    variants = VARIANT_SETS[which]
    grey = grey_image(image)
    master = Master(grey)
    found: list[VariantFingerprint] = []
    for algorithm in ALGORITHMS:
        values = fingerprints_many(_greys(grey, master, variants, algorithm))
        left_out = is_simple(values) if algorithm == "phash64" else np.zeros(len(values), np.bool_)
        left_out[0] = False
        kept = _distinct(values.reshape(len(values), -1), left_out, NEAR_BITS[algorithm])
        known = unpacked(values[kept], algorithm)
        found += [
            VariantFingerprint(variant=variants[index].name, fingerprint=fingerprint)
            for index, fingerprint in zip(kept, known, strict=True)
        ]
    order = {variant.name: place for place, variant in enumerate(variants)}
    return tuple(sorted(found, key=lambda known: order[known.variant]))


def render_variant(image: Image.Image, name: str, algorithm: Algorithm) -> Image.Image:
    """The grey square whose fingerprint is the recorded one, bit for bit (for ``renditions/*.png``).

    Args:
        image: the Work in normal form.
        name: of the variant.
        algorithm: ``phash64`` (32 px) or ``phash256`` (64 px).
    """
    return Image.fromarray(variant_greys(image, (variant_named(name),), algorithm)[0])


def variant_greys(image: Image.Image, variants: Sequence[Variant], algorithm: Algorithm) -> Grey:
    """Grey squares of the variants, ``uint8[n, side, side]``."""
    grey = grey_image(image)
    return _greys(grey, Master(grey), variants, algorithm)


def _greys(grey: Image.Image, master: Master, variants: Sequence[Variant], algorithm: Algorithm) -> Grey:
    whole = grey_pixels(grey, algorithm)
    out = np.empty((len(variants), *whole.shape), np.uint8)
    for index, variant in enumerate(variants):
        plain = not variant.steps and not variant.tilt_degrees  # a turned picture's pixels are the turned pixels
        out[index] = _shown(whole if plain else master.squared(variant, len(whole)), variant)
    return out


def _shown(square: Grey, variant: Variant) -> Grey:
    """An upright square as the variant turns it and inverts it."""
    turned = np.asarray(_TURNED[variant.turn](square), np.uint8)
    return np.asarray(255 - turned, np.uint8) if variant.negative else turned


class Master:
    """A Work's small grey square and what was already computed from it."""

    def __init__(self, grey: Image.Image) -> None:
        """Shrink ``grey`` (mode L, full size) once."""
        self.size = grey.size
        square = grey.resize((MASTER_SIDE, MASTER_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        self._tilted: dict[int, NDArray[np.float32]] = {0: np.asarray(square, np.float32)}
        self._square = square
        self._across: dict[tuple[int, int, float, float, float, float, int], NDArray[np.float32]] = {}

    def squared(self, variant: Variant, side: int) -> Grey:
        """What one variant shows of the Work, ``uint8[side, side]``, not yet turned or inverted."""
        window, visible = self._upright(variant)
        mirrored = variant.turn in ("mirror", "flip", "transpose", "transverse")
        tilt = -variant.tilt_degrees if mirrored else variant.tilt_degrees
        across = self._squeezed(tilt, window, visible, side, variant.fill)
        taps, rest = _taps(window[1], window[3], visible[1], visible[3], side)
        return _rounded(_product(taps, across) + (rest * variant.fill)[:, None])

    def _upright(self, variant: Variant) -> tuple[Box, Box]:
        """Window and visible part in units of the upright master's px."""
        frame = variant.frame(*self.size)
        turn = np.array(TURNS[variant.turn])
        scale = MASTER_SIDE / np.array((frame.width, frame.height, frame.width, frame.height), np.float64)

        def upright(box: Box) -> Box:
            points = (np.array(box) * scale).reshape(2, 2) @ turn[:, :2].T + turn[:, 2] * MASTER_SIDE
            low, high = points.min(axis=0), points.max(axis=0)
            # 2**-10 px: so that equal windows are equal keys, and libm's last digit decides nothing
            return tuple(float(round(x * 1024)) / 1024 for x in (*low, *high))  # type: ignore[return-value]

        return upright(frame.window), upright(frame.visible)

    def _squeezed(self, tilt: int, window: Box, visible: Box, side: int, fill: int) -> NDArray[np.float32]:
        key = (tilt, side, window[0], window[2], visible[0], visible[2], fill)
        if key not in self._across:
            taps, rest = _taps(window[0], window[2], visible[0], visible[2], side)
            across = _product(self._canvas(tilt), np.ascontiguousarray(taps.T)) + (rest * fill)[None, :]
            self._across[key] = _rounded(across).astype(np.float32)
        return self._across[key]

    def _canvas(self, tilt: int) -> NDArray[np.float32]:
        if tilt not in self._tilted:
            width, height = self.size
            stretch = np.diag((MASTER_SIDE / width, MASTER_SIDE / height, 1.0))
            matrix = stretch @ tilted_about(width / 2, height / 2, tilt) @ np.linalg.inv(stretch)
            terms = tuple(round(float(term) * 2**20) / 2**20 for term in matrix[:2].ravel())
            turned = self._square.transform(
                self._square.size, Image.Transform.AFFINE, terms, Image.Resampling.BICUBIC, fillcolor=0
            )
            self._tilted[tilt] = np.asarray(turned, np.float32)
        return self._tilted[tilt]


@lru_cache(maxsize=4096)
def _taps(
    start: float, stop: float, first: float, last: float, side: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lanczos weights of the master's px for each of ``side`` points over [start, stop), and those of the fill.

    Whole numbers in units of ``1 / _UNIT``.  What lies outside [first, last) is fill, what lies outside the window unseen.
    """
    scale = (stop - start) / side
    reach = 3.0 * max(scale, 1.0)
    pixels = np.arange(math.floor(start), math.ceil(stop), dtype=np.float64)
    centres = start + (np.arange(side) + 0.5) * scale
    distance = (pixels[None, :] + 0.5 - centres[:, None]) * (3.0 / reach)
    weights = np.where(np.abs(distance) < 3.0, np.sinc(distance) * np.sinc(distance / 3.0), 0.0)
    weights *= np.clip(np.minimum(pixels + 1, stop) - np.maximum(pixels, start), 0.0, 1.0)
    weights /= weights.sum(axis=1, keepdims=True)
    seen = weights * np.clip(np.minimum(pixels + 1, last) - np.maximum(pixels, first), 0.0, 1.0)
    taps = np.zeros((side, MASTER_SIDE), np.float32)
    inside = (pixels >= 0) & (pixels < MASTER_SIDE)
    taps[:, pixels[inside].astype(np.int64)] = np.rint(seen[:, inside] * _UNIT)
    return taps, (_UNIT - taps.sum(axis=1)).astype(np.float32)


def _product(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """``one @ other`` in pieces of at most 2**18 multiplications.

    OpenBLAS wakes its threads for larger ones; beside other busy processes that took 3.4 s a Work instead of 50 ms (measured).
    """
    rows = max(1, (1 << 18) // other.size)
    return np.concatenate([one[start : start + rows] @ other for start in range(0, len(one), rows)])


def _rounded(sums: NDArray[np.float32]) -> Grey:
    return np.clip(np.floor(sums / _UNIT + 0.5), 0, 255).astype(np.uint8)


_TURNED: Final = {
    "upright": lambda square: square,
    "mirror": lambda square: square[:, ::-1],
    "flip": lambda square: square[::-1],
    "rotate-90": lambda square: np.rot90(square, 1),
    "rotate-180": lambda square: square[::-1, ::-1],
    "rotate-270": lambda square: np.rot90(square, -1),
    "transpose": lambda square: square.T,
    "transverse": lambda square: square[::-1, ::-1].T,
}


def _distinct(values: NDArray[np.uint64], left_out: NDArray[np.bool_], near: int) -> list[int]:
    """Which of ``uint64[n, words]`` are not left out and lie more than ``near`` bits from every kept earlier one."""
    kept: list[int] = []
    for index in np.flatnonzero(~left_out).tolist():
        value = values[index]
        if not kept or int(np.bitwise_count(values[kept] ^ value).sum(axis=1).min()) > near:
            kept.append(index)
    return kept
