"""The one form every picture takes before it is compared: upright, opaque, eight bits a channel, RGB.

Each step is named in the Manifest (``method.pixels``), because another order or another formula gives other bits.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import ExifTags, Image, ImageCms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelStep:
    """One step from stored pixels to those that are hashed, as the Manifest names it."""

    step: str
    params: Mapping[str, str] = field(default_factory=dict)


NORMAL_FORM: Final[tuple[PixelStep, ...]] = (
    PixelStep(step="first_frame"),
    PixelStep(step="icc_ignored"),
    PixelStep(step="eight_bits", params={"integer16": "high_byte", "integer32": "stretched", "float": "stretched"}),
    PixelStep(step="alpha_over", params={"background": "ffffff", "formula": "rint(c*a/255+255-a)"}),
    PixelStep(step="rgb", params={"cmyk": "pillow", "lab": "littlecms"}),
    PixelStep(step="exif_transpose"),
    PixelStep(step="grey", params={"luma": "pillow_l"}),
    PixelStep(step="resize", params={"filter": "lanczos", "phash64": "32x32", "phash256": "64x64"}),
)
"""What `normal_form` and ``hashers.grey_pixels`` do, in this order."""

_TRANSPOSED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def normal_form(image: Image.Image, *, grey: bool = False) -> Image.Image:
    """Upright, over white, eight bits, RGB (or mode L with ``grey``, which has the same fingerprints).

    ``image`` is loaded, at its first frame, and not changed; what comes back may be the same object when nothing had to
    be done.  Its EXIF orientation is taken from the picture itself; TIFF files, which Pillow turns while it loads them,
    come without it.
    """
    orientation = stored_orientation(image)
    flat = _eight_bits(image)
    if not (grey and flat.mode in {"1", "L"} and not flat.has_transparency_data):
        flat = _opaque(flat)
    if grey and flat.mode != "L":
        flat = flat.convert("L")
    return flat.transpose(_TRANSPOSED[orientation]) if orientation in _TRANSPOSED else flat


def stored_orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none, or nonsense, or EXIF that cannot be read."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError, LookupError, TypeError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Modes with wider samples as L; others as they are."""
    if image.mode.startswith("I;16"):
        return _from_sixteen(image)
    if image.mode in {"I", "F"}:
        return Image.fromarray(_stretched(np.asarray(image)))
    return image


def _from_sixteen(image: Image.Image) -> Image.Image:
    # Pillow's convert("L") clips 16-bit grey at 255, a white picture; of 16-bit colour it takes the high byte.
    samples = np.asarray(image)
    high: NDArray[np.uint8] = (samples >> 8).astype(np.uint8)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        high[samples == clear] = 255
    return Image.fromarray(high)


def _stretched(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Numbers of unknown range (32-bit integers, floats), least to greatest; a flat picture is black."""
    values = samples.astype(np.float64)
    finite = np.isfinite(values)
    low = float(values[finite].min()) if finite.any() else 0.0
    high = float(values[finite].max()) if finite.any() else 0.0
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    scale = 255.0 / (high - low) if high > low else 0.0
    return np.rint((values - low) * scale).astype(np.uint8)


def _opaque(image: Image.Image) -> Image.Image:
    """RGB, over white."""
    if image.has_transparency_data:
        return _over_white(image if image.mode == "RGBA" else image.convert("RGBA"))
    if image.mode == "LAB":
        return _from_lab(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    """``rint(colour * alpha / 255 + 255 - alpha)``: img2dataset's formula, which Pillow's paste rounds alike."""
    flat = Image.new("RGB", image.size, (255, 255, 255))
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _from_lab(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None
    return converted
