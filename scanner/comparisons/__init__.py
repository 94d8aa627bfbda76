"""The four ways in which a batch of rows is compared with the queries; each gives ungraded Hits in row order."""

from __future__ import annotations

from scanner.comparisons.digests import by_digest
from scanner.comparisons.fingerprints import FingerprintComparison
from scanner.comparisons.identities import by_identity
from scanner.comparisons.pictures import PictureComparison

__all__ = ["FingerprintComparison", "PictureComparison", "by_digest", "by_identity"]
