"""What the second check saw, for the eye: side by side, overlay, difference."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from scanner.second_check.structure import SecondCheck

View = Literal["pair", "overlay", "difference"]
_SIDE: Final = 480  # px, longer side of each picture shown
_MAX_BYTES: Final = 60_000


def comparison_pictures(work: Image.Image, row_picture: Image.Image, check: SecondCheck) -> Mapping[View, bytes]:
    """JPEG files for the report, at most 60 kB each; equal pictures give equal bytes with one build of the JPEG library.

    ``pair``: the Work (left) and the row's picture (right), as they are.  ``overlay``: the Work laid over the row's picture, half
    and half, outside it the row's picture alone, dimmed.  ``difference``: grey where both agree, darker and lighter where not.
    """
    left, right = _shown(work), _shown(row_picture)
    pair = Image.new("RGB", (left.width + right.width + 8, max(left.height, right.height)), (255, 255, 255))
    pair.paste(left, (0, (pair.height - left.height) // 2))
    pair.paste(right, (left.width + 8, (pair.height - right.height) // 2))
    row = np.asarray(right, np.float32)
    seen, covered = _laid_over(work, check, right.size)
    inside = covered[:, :, None]
    overlay = np.where(inside, (seen + row) / 2, row / 3 + 170)
    difference = np.where(inside, 128 + (row - seen) / 2, 255)
    return {
        "pair": _jpeg(pair),
        "overlay": _jpeg(Image.fromarray(overlay.astype(np.uint8))),
        "difference": _jpeg(Image.fromarray(difference.astype(np.uint8))),
    }


def in_whole_picture(check: SecondCheck, region: tuple[int, int, int, int], size: tuple[int, int]) -> SecondCheck:
    """A check made on a region (px) of a picture of ``size``, with its map and overlap as those of the whole picture."""
    left, top, right, bottom = region
    wide, high = right - left, bottom - top
    to_region = np.array(((size[0] / wide, 0.0, -left / wide), (0.0, size[1] / high, -top / high), (0.0, 0.0, 1.0)))
    share = Decimal(wide * high) / Decimal(size[0] * size[1])
    return replace(check, matrix=check.matrix @ to_region, overlap=round(check.overlap * share, 4))


def _laid_over(
    work: Image.Image, check: SecondCheck, size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The Work in the row's frame, ``float32[h, w, 3]``, and where it lies."""
    small = _shown(work, 2 * _SIDE)
    matrix = np.diag((small.width, small.height)) @ check.matrix @ np.diag((1 / size[0], 1 / size[1], 1.0))
    pixels = np.asarray(small, np.float32)
    if check.variant.endswith("negative"):
        pixels = 255 - pixels
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(pixels, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    ones = np.ones(pixels.shape[:2], np.uint8)
    covered = cv2.warpAffine(ones, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return seen.astype(np.float32), covered.astype(np.bool_)


def _shown(image: Image.Image, side: int = _SIDE) -> Image.Image:
    scale = min(1.0, side / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.convert("RGB").resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _jpeg(image: Image.Image) -> bytes:
    for quality in (85, 75, 60, 45, 30, 15):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=False, subsampling=2)
        if file.tell() <= _MAX_BYTES:
            return file.getvalue()
    return _jpeg(image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX))
