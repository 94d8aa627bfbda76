"""How often would this be wrong?  The number of rows expected to come as near to a work by chance: an E-value.

An E-value, as sequence search prints it (Karlin and Altschul, PNAS 87, 1990), counts the rows of the whole scan and
all variants of the work.  It is measured on the dataset itself: some rows are sampled (:mod:`sampling`), their
distances to each work counted (:mod:`nearest`), and the lower tail carried on to where no row is by a shape measured
on real pictures (:mod:`rates`, by the :mod:`structure` of each variant) that the counts correct (:mod:`model`).
:mod:`decoys` are the negative control.

Two fingerprints of one picture are not independent: their figures are never multiplied, the first comparison's stands
alone.
"""

from __future__ import annotations

from typing import Final

from scanner.chance.decoys import decoy_fingerprints
from scanner.chance.model import LIMIT, ChanceModel, composition, fit
from scanner.chance.nearest import nearest_histogram
from scanner.chance.sampling import SAMPLE_ROWS, one_in, sampled
from scanner.chance.structure import structure

METHOD: Final = "structured-tail/1"

__all__ = [
    "LIMIT",
    "METHOD",
    "SAMPLE_ROWS",
    "ChanceModel",
    "composition",
    "decoy_fingerprints",
    "fit",
    "nearest_histogram",
    "one_in",
    "sampled",
    "structure",
]
