"""Pictures to the grey squares that are hashed, for thousands of pictures: the same pixels as Pillow, sooner.

Of the time that hashing a large picture takes, Pillow's resize is half, and two fingerprints need two of them.  A
compiled form of the same integer arithmetic takes a fifth of that.  ``hashers.grey_pixels`` is the reference: the
compiled form is used where it was measured to be equal, is compared with the installed Pillow before its first use, and
steps aside where the two differ.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from scanner.hashers import ALGORITHMS, GREY_SIDE, grey_image, grey_pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from scanner.hashers import Algorithm

# Pixels until the compiled form is loaded.  That costs a second (three the first time); 5 ns a pixel are saved.
_PILLOW_UNTIL: Final = 300_000_000
_SHORTEST: Final = 128  # px; smaller pictures are cheap, and upscaling takes other turns


class Shrinker:
    """Makes grey squares; remembers how many pixels it has seen, and loads the compiled form once that pays.

    Not safe for several threads at once; each worker process makes its own.
    """

    def __init__(self, *, compiled: bool | None = None) -> None:
        """``compiled`` decides for measuring and testing; None lets the number of pixels decide."""
        self._asked = compiled
        self._pixels_seen = 0

    def squares(self, image: Image.Image) -> dict[Algorithm, NDArray[np.uint8]]:
        """The grey pixels of each algorithm, equal to ``hashers.grey_pixels``, from a picture in normal form."""
        grey = grey_image(image)
        self._pixels_seen += grey.width * grey.height
        shrink = self._compiled(grey)
        if shrink is None:
            return {algorithm: grey_pixels(grey, algorithm) for algorithm in ALGORITHMS}
        pixels = np.asarray(grey)
        return {algorithm: shrink(pixels, GREY_SIDE[algorithm]) for algorithm in ALGORITHMS}

    def _compiled(self, grey: Image.Image) -> Callable[[NDArray[np.uint8], int], NDArray[np.uint8]] | None:
        wanted = self._pixels_seen >= _PILLOW_UNTIL if self._asked is None else self._asked
        # Pillow 13 shrinks pictures about twice as high as wide down first and across second, which rounds otherwise.
        same_turns = grey.height + max(GREY_SIDE.values()) <= 2 * grey.width
        return checked_kernel() if wanted and same_turns and min(grey.size) >= _SHORTEST else None


@cache
def checked_kernel() -> Any:
    """The compiled resize, or None where numba does not work or the installed Pillow gives other pixels."""
    try:
        from scanner.shrinking_kernel import shrink  # noqa: PLC0415 - numba costs half a second

        return shrink if all(_agrees(shrink, size) for size in ((128, 128), (523, 389), (200, 301))) else None
    # What a broken numba, llvmlite, cache folder or cache file is known to raise; Pillow gives the same pixels.
    except (ImportError, OSError, RuntimeError, SystemError, AttributeError, EOFError, NotImplementedError):
        return None


def _agrees(shrink: Any, size: tuple[int, int]) -> bool:
    width, height = size
    noise = np.random.Generator(np.random.PCG64(width)).integers(0, 256, (height, width), dtype=np.uint8)
    grey = Image.fromarray(noise)
    return all(
        np.array_equal(shrink(noise, GREY_SIDE[algorithm]), grey_pixels(grey, algorithm)) for algorithm in ALGORITHMS
    )
