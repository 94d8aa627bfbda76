"""From the outcomes of a scan to a package: records, Manifest, seal."""

from __future__ import annotations

from scanner.evidence.manifest import RunFacts, Searched
from scanner.evidence.outside import SeenOutside
from scanner.evidence.package import Findings, Question, Sequel, write_package

__all__ = ["Findings", "Question", "RunFacts", "Searched", "SeenOutside", "Sequel", "write_package"]
