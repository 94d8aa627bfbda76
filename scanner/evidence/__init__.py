"""From the outcomes of a scan to a package: records, Manifest, seal."""

from __future__ import annotations

from scanner.evidence.manifest import RunFacts
from scanner.evidence.package import Findings, Question, write_package

__all__ = ["Findings", "Question", "RunFacts", "write_package"]
