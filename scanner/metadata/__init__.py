"""Matching a batch's URLs and captions with what was declared, without any network."""

from __future__ import annotations

from scanner.metadata.compiled import Identifiers, compile_identifiers
from scanner.metadata.matching import match_batch, match_batch_reference
from scanner.metadata.statistics import count_terms, trim_terms
from scanner.metadata.values import MetadataHit

__all__ = [
    "Identifiers",
    "MetadataHit",
    "compile_identifiers",
    "count_terms",
    "match_batch",
    "match_batch_reference",
    "trim_terms",
]
