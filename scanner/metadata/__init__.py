"""Matching a batch's URLs and captions with what was declared, without any network."""

from __future__ import annotations

from scanner.metadata.compiled import Identifiers, compile_identifiers
from scanner.metadata.matching import match_batch, match_batch_reference
from scanner.metadata.statistics import Judged, count_terms, judge_hits, trim_terms
from scanner.metadata.values import MetadataHit

__all__ = [
    "Identifiers",
    "Judged",
    "MetadataHit",
    "compile_identifiers",
    "count_terms",
    "judge_hits",
    "match_batch",
    "match_batch_reference",
    "trim_terms",
]
