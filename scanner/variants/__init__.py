"""The Work as it may look in a dataset: mirrored, cropped, padded, tilted.  Each look is a query of its own.

A published 64-bit hash cannot be recomputed for another crop, so the Work is changed instead of the dataset (matching.md §2).
"""

from scanner.variants.chosen import VARIANT_SETS, Which
from scanner.variants.geometry import Affine, Variant, symmetry, tilted_about, variant_named
from scanner.variants.rendering import render_variant, variant_fingerprints

__all__ = [
    "VARIANT_SETS",
    "Affine",
    "Variant",
    "Which",
    "render_variant",
    "symmetry",
    "tilted_about",
    "variant_fingerprints",
    "variant_named",
]
