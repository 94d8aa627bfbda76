"""Which variants are asked: chosen by what each adds on development pictures, not by taste.

The lists are the output of ``tests/bench/choose_variants.py`` (greedy gain over matching.md §6's edits), in order of gain.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from scanner.variants.geometry import Variant, variant_named

Which = Literal["fast", "thorough"]

_FAST: Final = """
original mirror square-c pad-white pad-black rotate-90 rotate-180 rotate-270 crop-90-c crop-80-c crop-70-c negative
mirror.square-c frame-white-5 frame-white-15 crop-90-tl crop-90-tr crop-90-bl crop-90-br tilt-ccw-4 tilt-cw-4 mirror.crop-90-c
""".split()

_MORE: Final = """
flip transpose transverse crop-95-c crop-80-tl crop-80-tr crop-80-bl crop-80-br crop-80-t crop-80-b crop-80-l crop-80-r
crop-70-tl crop-70-tr crop-70-bl crop-70-br crop-70-t crop-70-b crop-70-l crop-70-r
""".split()

VARIANT_SETS: Final[Mapping[Which, tuple[Variant, ...]]] = MappingProxyType({
    "fast": tuple(variant_named(name) for name in _FAST),
    "thorough": tuple(variant_named(name) for name in _FAST + _MORE),
})
