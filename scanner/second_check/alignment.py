"""Where the dataset's picture lies on the Work: as the variant says, then refined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

    from scanner.variants import Variant

Grey = NDArray[np.uint8]
Affine = NDArray[np.float64]  # [2, 3]: (x, y) = A[:, :2] @ (u, v) + A[:, 2]

WORKING_SIDE: Final = 256  # px, longer side of the row's picture while it is compared
_STEPS: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 60, 1e-5)
_SMOOTH: Final = 5  # px, the Gaussian that widens the refinement's basin
_MAX_DRIFT: Final = 0.2  # of the frame's longer side; half the distance between neighbouring crops is 0.07


class Aligned:
    """Both pictures in grey at the row's working scale, and the maps between them.

    ``guess`` and ``better`` map px of ``row`` to px of ``work``; ``better`` is None where the refinement diverged or ran away.
    """

    __slots__ = ("better", "guess", "row", "work")

    def __init__(self, work: Image.Image, row: Image.Image, variant: Variant) -> None:
        """Shrink both, place the Work as the variant says, and refine."""
        self.row = shrunk(row, WORKING_SIDE / max(row.size))
        placement = variant.placement(work.width, work.height)
        # The Work is shrunk by the larger of the two scales it is seen at: no aliasing, at most a little blur.
        steps = np.linalg.norm(placement[:, :2], axis=0) / (self.row.shape[1], self.row.shape[0])
        self.work = shrunk(work, 1 / float(steps.max()))
        if variant.negative:
            self.work = np.asarray(255 - self.work, np.uint8)
        to_work = np.diag((self.work.shape[1] / work.width, self.work.shape[0] / work.height))
        from_row = np.diag((1 / self.row.shape[1], 1 / self.row.shape[0], 1.0))
        self.guess: Affine = centred(to_work @ placement @ from_row)
        self.better = refined(self.work, self.row, self.guess)

    def unit(self, matrix: Affine) -> Affine:
        """The map from the row's unit square to the Work's."""
        height, width = self.row.shape
        scale = np.diag((1 / self.work.shape[1], 1 / self.work.shape[0]))
        return np.asarray(scale @ uncentred(matrix) @ np.diag((width, height, 1.0)), np.float64)


def refined(work: Grey, row: Grey, guess: Affine) -> Affine | None:
    """Improve a map by enhanced correlation, which ignores brightness and contrast (Evangelidis & Psarakis, PAMI 30(10), 2008).

    None where it diverges, or moves a corner by more than a fifth of the row's longer side: that is another place.
    """
    everywhere = np.full(work.shape, 255, np.uint8)
    try:
        _, found = cv2.findTransformECC(
            row, work, guess.astype(np.float32), cv2.MOTION_AFFINE, _STEPS, everywhere, _SMOOTH
        )
    except cv2.error:  # "the algorithm stopped before its convergence": the pictures are uncorrelated
        return None
    better = np.asarray(found, np.float64)
    height, width = row.shape
    corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)], np.float64).T
    back = np.linalg.pinv(guess[:, :2])
    drift = np.linalg.norm(back @ (better @ corners - guess @ corners), axis=0).max()
    return better if np.isfinite(drift) and drift <= _MAX_DRIFT * max(height, width) else None


def laid_over(work: Grey, matrix: Affine, width: int, height: int) -> NDArray[np.float32]:
    """The Work in the row's frame; black where the row shows something else."""
    seen = cv2.warpAffine(work, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(seen, np.float32)


def covered(work: Grey, matrix: Affine, width: int, height: int) -> NDArray[np.bool_]:
    """Where the Work lies in the row's frame, ``bool[height, width]``."""
    ones = np.ones(work.shape[:2], np.uint8)
    seen = cv2.warpAffine(ones, matrix, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return seen.astype(np.bool_)


def shrunk(image: Image.Image, scale: float) -> Grey:
    """Grey, smaller by ``scale``; never enlarged."""
    grey = image.convert("L")
    if scale < 1:
        size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
        grey = grey.resize(size, 4, reducing_gap=3.0)  # 4: Image.Resampling.BOX
    return np.asarray(grey, np.uint8)


def centred(matrix: Affine) -> Affine:
    """From the convention that a pixel is an area (ours) to the one that it is a point (OpenCV's)."""
    return np.column_stack((matrix[:, :2], matrix[:, 2] + matrix[:, :2].sum(axis=1) / 2 - 0.5))


def uncentred(matrix: Affine) -> Affine:
    """The inverse of `centred`."""
    return np.column_stack((matrix[:, :2], matrix[:, 2] - matrix[:, :2].sum(axis=1) / 2 + 0.5))
