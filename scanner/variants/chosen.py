"""Which variants are asked: chosen by what each adds on development pictures, not by taste.

The lists are the output of ``tests/bench/choose_variants.py``, in its order: the symmetries and squares first, then greedily the
group of mirror-image windows that adds most recall per query over the edits of matching.md §6, at 4, 6 and 8 bits of 64 and
24, 36, 48 and 60 of 256.

Mean recall at 6 bits of 64 over the 38 edits, on test works with test parameters: 1 query 0.53, 12 0.73, 20 0.84, 30 (``fast``)
0.88, 60 0.90, 100 0.92, 160 0.93 (of 0.97: a scene that merely holds the Work is not found by them).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from scanner.variants.geometry import Variant, variant_named

if TYPE_CHECKING:
    from collections.abc import Mapping

Which = Literal["fast", "thorough"]

_FAST: Final = """
original mirror square-c pad-white rotate-270 rotate-90 rotate-180 negative pad-black flip transpose transverse
crop-95-c frame-black-14 frame-black-5 tilt-ccw-4 tilt-cw-4 frame-white-14 frame-white-5 crop-95-25-25 crop-95-25-75
crop-95-75-25 crop-95-75-75 mirror.crop-97-c tilt-ccw-2 tilt-cw-2 crop-88-30-30 crop-88-30-70 crop-88-70-30
crop-88-70-70
"""

_MORE: Final = """
crop-88-10-10 crop-88-10-90 crop-88-90-10 crop-88-90-90 crop-88-10-50 crop-88-50-10 crop-88-50-90 crop-88-90-50
crop-97-c crop-86-c crop-85-0-25 crop-85-0-75 crop-85-100-25 crop-85-100-75 crop-85-25-0 crop-85-25-100 crop-85-75-0
crop-85-75-100 crop-97-b crop-97-l crop-97-r crop-97-t crop-85-25-50 crop-85-50-25 crop-85-50-75 crop-85-75-50
crop-71-17-33 crop-71-17-67 crop-71-33-17 crop-71-33-83 crop-71-67-17 crop-71-67-83 crop-71-83-33 crop-71-83-67
mirror.crop-97-b mirror.crop-97-l mirror.crop-97-r mirror.crop-97-t crop-88-10-30 crop-88-10-70 crop-88-30-10
crop-88-30-90 crop-88-70-10 crop-88-70-90 crop-88-90-30 crop-88-90-70 crop-70-c crop-71-17-50 crop-71-50-17
crop-71-50-83 crop-71-83-50 crop-71-33-50 crop-71-50-33 crop-71-50-67 crop-71-67-50 crop-85-b crop-85-l crop-85-r
crop-85-t crop-95-bl crop-95-br crop-95-tl crop-95-tr tilt-ccw-5 tilt-cw-5 crop-71-10-10 crop-71-10-90 crop-71-90-10
crop-71-90-90 tilt-ccw-1 tilt-cw-1 crop-90-25-50 crop-90-50-25 crop-90-50-75 crop-90-75-50 crop-71-30-30 crop-71-30-70
crop-71-70-30 crop-71-70-70 crop-82-30-30 crop-82-30-70 crop-82-70-30 crop-82-70-70 crop-82-c crop-71-10-30
crop-71-10-70 crop-71-30-10 crop-71-30-90 crop-71-70-10 crop-71-70-90 crop-71-90-30 crop-71-90-70 crop-82-10-10
crop-82-10-90 crop-82-90-10 crop-82-90-90 crop-95-b crop-95-l crop-95-r crop-95-t crop-71-10-50 crop-71-50-10
crop-71-50-90 crop-71-90-50 crop-71-25-50 crop-71-50-25 crop-71-50-75 crop-71-75-50 crop-71-25-25 crop-71-25-75
crop-71-75-25 crop-71-75-75 trim-b-3 trim-l-3 trim-r-3 trim-t-3 frame-white-16 crop-71-0-17 crop-71-0-83
crop-71-100-17 crop-71-100-83 crop-71-17-0 crop-71-17-100 crop-71-83-0 crop-71-83-100 frame-black-4 crop-71-17-17
crop-71-17-83 crop-71-83-17 crop-71-83-83
"""

# Looks that the edits do not have but datasets do: img2dataset's centre crop and border of a picture turned or mirrored before.
_COMBINED: Final = "mirror.square-c mirror.pad-white rotate-90.square-c rotate-270.square-c"

VARIANT_SETS: Final[Mapping[Which, tuple[Variant, ...]]] = MappingProxyType(
    {
        "fast": tuple(map(variant_named, _FAST.split())),
        "thorough": tuple(map(variant_named, f"{_FAST} {_MORE} {_COMBINED}".split())),
    }
)
"""Variants by set, ``original`` first, then in order of gain; ``thorough`` begins with ``fast``."""
