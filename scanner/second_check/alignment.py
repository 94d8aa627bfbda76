"""Where the dataset's picture lies on the Work: from the variant that matched, then refined, else from local features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Affine = NDArray[np.float64]  # [2, 3]
_STEPS: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 60, 1e-5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """``matrix`` maps the row's picture to the Work, both in units of their sides; ``found_by`` says how it was found."""

    matrix: Affine
    found_by: Literal["variant", "features"]


def refined(work: Grey, row: Grey, matrix: Affine, *, smooth: int) -> Affine | None:
    """Improve a map (px of ``row`` to px of ``work``) by enhanced correlation (Evangelidis & Psarakis, PAMI 2008).

    Args:
        work: grey, about the scale of ``row``.
        row: grey.
        matrix: first guess.
        smooth: size of the Gaussian that widens the basin, px, odd.

    Returns:
        None where the iteration diverges: the pictures have nothing in common there.
    """
    try:
        _, better = cv2.findTransformECC(
            row, work, matrix.astype(np.float32), cv2.MOTION_AFFINE, _STEPS, None, smooth
        )
    except cv2.error:  # "the algorithm stopped before its convergence": images uncorrelated
        return None
    return np.asarray(better, np.float64)
