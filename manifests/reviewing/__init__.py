"""People decide about findings; their decisions become a new package that names the old one."""

from manifests.reviewing.decisions import Choice, Decision, Defaults, read_decisions
from manifests.reviewing.rewriting import review
from manifests.reviewing.session import Journal, Session, press

__all__ = ["Choice", "Decision", "Defaults", "Journal", "Session", "press", "read_decisions", "review"]
