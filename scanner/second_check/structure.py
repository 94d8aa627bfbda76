"""Do two aligned pictures show the same structure, and are their tones in the same order?

**Structure.** Both are freed of brightness, contrast and smooth shading (a difference of Gaussians), cut into blocks, and
correlated block by block.  A third of the blocks may disagree: a watermark, a caption, a signature; where more do, the value
falls, for half the tiles of two patterns on one grid agree by chance.  Few blocks with structure are weak evidence, so the mean is
taken as though three more blocks had shown nothing.

**Tone.** An edited copy is brighter, flatter or darker as a whole: its blocks' grey levels are a rising function of the Work's.
An edition in other colours (the same drawing by night) breaks that order.  The function is fitted by isotonic regression over
the blocks that agree in structure or have none; the share of the variance it explains scales the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanner.second_check.alignment import Affine, Aligned, Grey, covered, laid_over
from scanner.variants import variant_named

if TYPE_CHECKING:
    from PIL import Image

METHOD: Final = "block-correlation/1"
THRESHOLD: Final = Decimal("0.6000")
"""Fixed from development pictures; part of the method's id."""

Blocks = NDArray[np.float32]  # [n, px]

_BLOCKS: Final = 16  # along the longer side
_FINE, _COARSE = 1.0, 5.0  # px, the two Gaussians; finer is noise and JPEG, coarser is shading
_FLAT: Final = 3.0  # grey levels squared: a block with less structure on both sides says nothing
_MIN_BLOCK: Final = 6  # px: fewer pixels agree by chance (0.54 for unrelated 64 px pictures at 4)
_EMPTY_BLOCKS: Final = 3
_KEPT: Final = 2 / 3
_AGREES: Final = 0.6  # a block's correlation from which its tone is compared
_SHARE: Final = (
    0.55,
    0.70,
)  # agreeing or flat blocks that count nothing and in full; development copies: 99 % above 0.76
_TONE: Final = (0.88, 0.96)  # explained variance that counts nothing and in full; development copies: 99 % above 0.986
_TONE_FLOOR: Final = 25.0  # grey levels squared: where all blocks are alike, their noise is no disagreement


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondCheck:
    """``value`` in 0 … 1 with four decimals; ``passed`` means ``value >= threshold``.

    ``overlap`` is the share of the row's picture that the Work covers, ``blocks`` how many blocks were compared.
    ``matrix`` maps the row's unit square to the Work's.
    """

    value: Decimal
    threshold: Decimal
    passed: bool
    overlap: Decimal
    blocks: int
    variant: str
    matrix: Affine


def second_check(work: Image.Image, row_picture: Image.Image, variant: str) -> SecondCheck:
    """Align the Work with the row's picture as ``variant`` says, refine, and compare their structure.

    About 15 ms; both pictures are shrunk to at most 256 px of the row's longer side first.

    Args:
        work: in normal form (RGB, upright), of any size.
        row_picture: the dataset's, in normal form.
        variant: the name of the variant whose fingerprint was near.
    """
    aligned = Aligned(work, row_picture, variant_named(variant))
    maps = [aligned.guess] if aligned.better is None else [aligned.guess, aligned.better]
    scores = [_compared(aligned.work, aligned.row, matrix) for matrix in maps]
    best = max(range(len(maps)), key=lambda index: scores[index][0])
    value, overlap, blocks = scores[best]
    rounded = _decimal(value)
    return SecondCheck(
        value=rounded,
        threshold=THRESHOLD,
        passed=rounded >= THRESHOLD,
        overlap=_decimal(overlap),
        blocks=blocks,
        variant=variant,
        matrix=aligned.unit(maps[best]),
    )


def _compared(work: Grey, row: Grey, matrix: Affine) -> tuple[float, float, int]:
    """Value, overlap and number of blocks compared."""
    height, width = row.shape
    mask = covered(work, matrix, width, height)
    seen, shown = laid_over(work, matrix, width, height), row.astype(np.float32)
    side = max(_MIN_BLOCK, round(max(height, width) / _BLOCKS))
    whole = _blocks(mask, side).all(axis=1)
    correlations, telling = _correlations(*(_blocks(_structure(one, mask), side)[whole] for one in (seen, shown)))
    values = np.sort(correlations[telling])[::-1]
    kept = values[: int(np.ceil(len(values) * _KEPT))]
    structure = float(kept.sum(dtype=np.float64)) / (len(kept) + _EMPTY_BLOCKS)
    agreeing = ~telling | (correlations > _AGREES)
    share = _between(float(agreeing.mean()), *_SHARE) if len(agreeing) else 0.0
    tones = (_blocks(one, side)[whole][agreeing].mean(axis=1, dtype=np.float64) for one in (seen, shown))
    value = structure * share * _tone(*tones) if structure > 0 else 0.0
    return value, float(mask.mean()), len(values)


def _correlations(one: Blocks, other: Blocks) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Correlation of each block, and which blocks have structure on either side."""
    one, other = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    powers = (one * one).mean(axis=1), (other * other).mean(axis=1)
    floor = np.float32(_FLAT / 4)  # keeps a flat block from being blown up to match a structured one
    scale = np.sqrt(np.maximum(powers[0], floor) * np.maximum(powers[1], floor))
    return (one * other).mean(axis=1) / scale, np.maximum(*powers) >= _FLAT


def _tone(work: NDArray[np.float64], row: NDArray[np.float64]) -> float:
    """How far the row's grey levels are a rising function of the Work's, 0 … 1."""
    if not len(row):
        return 0.0
    off = row - _rising(work, row)
    spread = max(float(((row - row.mean()) ** 2).sum()), _TONE_FLOOR * len(row))
    explained = 1 - float((off * off).sum()) / spread
    return _between(explained, *_TONE)


def _between(number: float, none: float, full: float) -> float:
    """0 up to ``none``, 1 from ``full``, straight in between."""
    return min(1.0, max(0.0, (number - none) / (full - none)))


def _rising(work: NDArray[np.float64], row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least-squares rising fit of ``row`` over ``work`` (pool adjacent violators, Ayer et al. 1955)."""
    order = np.argsort(work, kind="stable")
    pools: list[tuple[float, int]] = []
    for level in row[order].tolist():
        mean, count = level, 1
        while pools and pools[-1][0] > mean:
            before, members = pools.pop()
            mean = (before * members + mean * count) / (members + count)
            count += members
        pools.append((mean, count))
    fitted = np.empty(len(row))
    fitted[order] = np.repeat([mean for mean, _ in pools], [count for _, count in pools])
    return fitted


def _structure(picture: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Difference of Gaussians, the coarse one over the overlap alone, so that its edge is no structure."""
    weight = mask.astype(np.float32)
    coarse = _blurred(picture * weight, _COARSE) / (_blurred(weight, _COARSE) + np.float32(1e-3))
    return (_blurred(picture, _FINE) - coarse) * weight


def _blurred(picture: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation), np.float32)


def _blocks(picture: NDArray[Any], side: int) -> NDArray[Any]:
    """Whole blocks as rows, ``[n, side * side]``; what is left at right and bottom is not compared."""
    down, across = picture.shape[0] // side, picture.shape[1] // side
    cut = picture[: down * side, : across * side].reshape(down, side, across, side)
    return cut.transpose(0, 2, 1, 3).reshape(down * across, side * side)


def _decimal(number: float) -> Decimal:
    return Decimal(round(number * 10_000)).scaleb(-4)
