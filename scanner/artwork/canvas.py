"""What all painters share: palettes, soft noise, gradients, a little paper grain.

Everything is drawn in floats 0 to 1, ``float32[height, width, 3]``, or with Pillow's pen at twice the size.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
Colour = tuple[int, int, int]

# Five colours each, dark to light; put together by eye.
PALETTES: Final[tuple[tuple[str, ...], ...]] = (
    ("#1b2a41", "#324a5f", "#c44536", "#e8a87c", "#f6eedf"),
    ("#0b132b", "#1c4e60", "#3a8c8c", "#f2c14e", "#f7f3e3"),
    ("#2d132c", "#801336", "#c72c41", "#ee8572", "#fbe9d7"),
    ("#14281d", "#355834", "#7a9e7e", "#d9c589", "#f4efe0"),
    ("#22223b", "#4a4e69", "#9a8c98", "#e0afa0", "#f2e9e4"),
    ("#03071e", "#6a040f", "#dc2f02", "#f48c06", "#fff1c1"),
    ("#10002b", "#3c096c", "#9d4edd", "#ff9ecd", "#fdf0ff"),
    ("#0d3b66", "#247ba0", "#70c1b3", "#f4d35e", "#fff8e7"),
    ("#2b2d42", "#5c677d", "#ef233c", "#edc9b0", "#f8f4ef"),
    ("#1a1423", "#3d314a", "#684756", "#96705b", "#e9d8b8"),
    ("#012622", "#003b36", "#c26a3d", "#ece5f0", "#fbf6e9"),
    ("#16324f", "#2a628f", "#e07a5f", "#f2cc8f", "#f4f1de"),
)


def rgb(text: str) -> Colour:
    """``#rrggbb`` as three numbers."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def palette(rng: np.random.Generator) -> list[Colour]:
    """Five colours from dark to light."""
    return [rgb(text) for text in PALETTES[int(rng.integers(len(PALETTES)))]]


def shade(colour: Colour, towards: Colour, share: float) -> Colour:
    """A mix of two colours; ``share`` 0 gives the first."""
    first, second, third = (round(a + (b - a) * share) for a, b in zip(colour, towards, strict=True))
    return first, second, third


def as_field(colour: Colour) -> Field:
    """A colour as three floats."""
    return np.asarray(colour, np.float32) / np.float32(255)


def grid(width: int, height: int) -> tuple[Field, Field]:
    """Place of every pixel, x and y, in units of the picture's height: ``float32[1, w]`` and ``float32[h, 1]``."""
    x = ((np.arange(width) + 0.5) / height).astype(np.float32)
    y = ((np.arange(height) + 0.5) / height).astype(np.float32)
    return x[None, :], y[:, None]


def noise(rng: np.random.Generator, size: tuple[int, int], cells: float, octaves: int = 4) -> Field:
    """Soft random hills, about 0 to 1, ``cells`` of them over the height; ``float32[height, width]``."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    weight = 0.0
    for octave in range(octaves):
        down = max(2, round(cells * 2**octave)) + 1
        across = max(2, round(cells * 2**octave * width / height)) + 1
        coarse = Image.fromarray(rng.random((down, across), dtype=np.float32))
        share = 0.5**octave
        total += np.float32(share) * np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
        weight += share
    hills: Field = np.clip((total / np.float32(weight) - 0.5) * 1.6 + 0.5, 0, 1).astype(np.float32)
    return hills


def ramp(colours: list[Colour], place: Field) -> Field:
    """Colours blended along ``place`` (0 to 1): ``float32[..., 3]``."""
    stops = np.linspace(0, 1, len(colours))
    table = np.asarray(colours, np.float32) / np.float32(255)
    return np.stack([np.interp(place, stops, table[:, channel]) for channel in range(3)], axis=-1).astype(np.float32)


def blend(under: Field, colour: Field, cover: Field) -> Field:
    """Lay ``colour`` over ``under`` where ``cover`` (0 to 1, ``float32[h, w]``) says."""
    return under + (colour - under) * cover[..., None]


def smooth(low: float, high: float, value: Field) -> Field:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    eased: Field = (t * t * (3 - 2 * t)).astype(np.float32)
    return eased


def half(size: tuple[int, int]) -> tuple[int, int]:
    """Half the size, for soft pictures: what has no hard edges is painted there and enlarged."""
    return max(1, size[0] // 2), max(1, size[1] // 2)


def enlarged(field: Field, size: tuple[int, int]) -> Field:
    """A picture painted at `half` the size, at its full size."""
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(field[..., at])).resize(size, Image.Resampling.BICUBIC))
        for at in range(3)
    ]
    return np.stack(channels, axis=-1)


def to_image(field: Field) -> Image.Image:
    """Floats 0 to 1 as an RGB picture."""
    return Image.fromarray(np.rint(np.clip(field, 0, 1) * 255).astype(np.uint8))


def from_image(image: Image.Image) -> Field:
    """An RGB picture as floats 0 to 1."""
    return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)


def grain(rng: np.random.Generator, field: Field, strength: float = 0.03) -> Field:
    """Paper: fine noise and a breath of vignette."""
    height, width = field.shape[:2]
    fine = rng.random((height, width), dtype=np.float32) - np.float32(0.5)
    x, y = grid(width, height)
    edge = ((x - width / height / 2) / (width / height)) ** 2 + (y - 0.5) ** 2
    tone: Field = field * (1 - np.float32(0.12) * edge)[..., None] + (fine * np.float32(strength))[..., None]
    return tone
