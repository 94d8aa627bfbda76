"""All pairs of query and row within a Hamming radius: exact, every one, whatever the path.

No approximation, no top-k, no cap: recall against the reference is 100 % by construction and by property test.
"""

from __future__ import annotations

from scanner.search.hits import Hits
from scanner.search.searcher import Path, Searcher, search

__all__ = ["Hits", "Path", "Searcher", "search"]
