"""Do two pictures show the same structure, block by block?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scanner.second_check.alignment import Affine, Alignment, Grey, refined
from scanner.variants import Variant, variant_named

METHOD: Final = "block-correlation/1"
THRESHOLD: Final = Decimal("0.6000")
WORKING_SIDE: Final = 256  # px, longer side of the row's picture while it is compared
_BLOCKS: Final = 16  # along the longer side


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondCheck:
    """``value`` in 0 … 1 with four decimals; ``passed`` means ``value >= threshold``.

    ``overlap`` is the share of the row's picture that the Work covers.
    """

    value: Decimal
    threshold: Decimal
    passed: bool
    overlap: Decimal
    variant: str
    alignment: Alignment


def second_check(work: Image.Image, row_picture: Image.Image, variant: str) -> SecondCheck:
    """Align the Work with the row's picture as ``variant`` says, refine, and compare their structure.

    Args:
        work: in normal form (RGB, upright).
        row_picture: the dataset's, in normal form.
        variant: the name of the variant whose fingerprint was near.
    """
    known = variant_named(variant)
    row = _shrunk(row_picture, WORKING_SIDE)
    height, width = row.shape
    grey = np.asarray(work.convert("L"))
    if known.negative:
        grey = 255 - grey
    matrix = known.placement(work.width, work.height) @ np.diag((1 / width, 1 / height, 1.0))
    value, overlap, matrix = _best(grey, row, matrix)
    scale = np.diag((1 / work.width, 1 / work.height))
    unit = scale @ matrix @ np.diag((width, height, 1.0))
    return SecondCheck(
        value=value, threshold=THRESHOLD, passed=value >= THRESHOLD, overlap=overlap, variant=variant,
        alignment=Alignment(matrix=unit, found_by="variant"),
    )  # fmt: skip


def _best(work: Grey, row: Grey, matrix: Affine) -> tuple[Decimal, Decimal, Affine]:
    """The better of the first guess and the refined map."""
    scale = max(float(np.abs(np.linalg.det(matrix[:, :2])) ** 0.5), 1.0)
    if scale > 1:
        size = (max(1, round(work.shape[1] / scale)), max(1, round(work.shape[0] / scale)))
        work = cv2.resize(work, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    small = matrix / scale
    found = [(*_compared(work, row, small), small)]
    better = refined(work, row, small, smooth=5)
    if better is not None:
        found.append((*_compared(work, row, better), better))
    value, overlap, best = max(found, key=lambda one: one[0])
    return _decimal(value), _decimal(overlap), best * scale


def _compared(work: Grey, row: Grey, matrix: Affine) -> tuple[float, float]:
    """Mean correlation of the better two thirds of the blocks that hold structure, and the overlap."""
    height, width = row.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(work, matrix, (width, height), flags=flags)
    mask = cv2.warpAffine(np.full_like(work, 255), matrix, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    overlap = float((mask > 0).mean())
    side = max(4, round(max(height, width) / _BLOCKS))
    values: list[float] = []
    one, other = (cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0) for picture in (seen, row))
    for top in range(0, height - side + 1, side):
        for left in range(0, width - side + 1, side):
            part = np.s_[top : top + side, left : left + side]
            if mask[part].min() == 0:
                continue
            a, b = one[part] - one[part].mean(), other[part] - other[part].mean()
            first, second = float((a * a).mean()), float((b * b).mean())
            if max(first, second) < 9.0:  # grey levels squared: flat in both
                continue
            values.append(float((a * b).mean()) / (max(first, 1.0) * max(second, 1.0)) ** 0.5)
    if len(values) < 8:
        return 0.0, overlap
    best = sorted(values, reverse=True)[: max(8, len(values) * 2 // 3)]
    return max(0.0, sum(best) / len(best)), overlap


def _shrunk(image: Image.Image, side: int) -> Grey:
    grey = image.convert("L")
    if max(grey.size) > side:
        scale = side / max(grey.size)
        size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
        grey = grey.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(grey)


def _decimal(number: float) -> Decimal:
    return Decimal(round(number * 10_000)).scaleb(-4)
