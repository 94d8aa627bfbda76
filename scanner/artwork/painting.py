"""One seed to one picture: which painter, which palette, which title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scanner.artwork import drawn, painted
from scanner.artwork.canvas import grain, to_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL import Image

    from scanner.artwork.canvas import Field

STYLES: Final[Mapping[str, Callable[[np.random.Generator, tuple[int, int]], Field]]] = {
    "moonrise": painted.moonrise,
    "flow": drawn.flow,
    "glass": painted.glass,
    "rose": drawn.rose,
    "ink mountains": painted.ink_mountains,
    "planes": drawn.planes,
    "watercolour": painted.watercolour,
    "tiles": drawn.tiles,
    "starry night": painted.starry_night,
    "poster": drawn.poster,
    "forest": drawn.forest,
    "waves": painted.waves,
}
"""The painters, in the order in which consecutive seeds call them."""

_FIRST_WORDS: Final = (
    "Quiet", "Late", "Northern", "Forgotten", "Second", "Borrowed", "Silver", "Slow", "Winter", "Distant",
    "Painted", "Early", "Small", "Unfinished", "Salt", "Paper", "Amber", "Blue", "Wandering", "Open",
)  # fmt: skip
_SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "moonrise": ("Moonrise", "Valley", "Ridge", "Evening"),
    "flow": ("Current", "Wind Map", "Drift", "Meadow"),
    "glass": ("Window", "Chapel", "Mosaic", "Lantern"),
    "rose": ("Rose", "Pendulum", "Orbit", "Filigree"),
    "ink mountains": ("Mountains", "Mist", "Pass", "Hermitage"),
    "planes": ("Composition", "Facade", "Quarter", "Order"),
    "watercolour": ("Garden", "Bloom", "Wash", "Petals"),
    "tiles": ("Courtyard", "Maze", "Carpet", "Path"),
    "starry night": ("Night", "Constellation", "Sky", "Observatory"),
    "poster": ("Poster", "Festival", "Regatta", "Overture"),
    "forest": ("Birches", "Forest", "Clearing", "Thicket"),
    "waves": ("Waves", "Harbour", "Tide", "Crossing"),
}


def artwork(seed: int, size: tuple[int, int] = (900, 700)) -> Image.Image:
    """Paint the picture of ``seed`` (0 or more): RGB, ``size`` in pixels, width first.

    Seeds that are equal modulo the number of styles share the painter, not the composition.  On one machine the bytes
    never change; between processors single pixels may differ by one step, as the mathematics libraries round.
    """
    painter = STYLES[_style(seed)]
    rng = np.random.Generator(np.random.PCG64(seed))
    return to_image(grain(rng, painter(rng, size)))


def title(seed: int) -> str:
    """The title of ``artwork(seed)``: ``"Quiet Moonrise No. 1"``."""
    rng = np.random.Generator(np.random.PCG64(seed + 1_000_003))
    subjects = _SUBJECTS[_style(seed)]
    words = _FIRST_WORDS[int(rng.integers(len(_FIRST_WORDS)))], subjects[int(rng.integers(len(subjects)))]
    return f"{' '.join(words)} No. {seed // len(STYLES) + 1}"


def _style(seed: int) -> str:
    return tuple(STYLES)[seed % len(STYLES)]
