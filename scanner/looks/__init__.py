"""Looks at listed addresses: what is wanted, the polite loop that asks for it, the store that keeps what came of it."""

from __future__ import annotations

from scanner.looks.fetching import FetchRun, fetch_looks, plan_looks
from scanner.looks.outside import Outside
from scanner.looks.plan import FetchPlan
from scanner.looks.store import LookStore, open_looks
from scanner.looks.wanted import Wanted, question

__all__ = [
    "FetchPlan",
    "FetchRun",
    "LookStore",
    "Outside",
    "Wanted",
    "fetch_looks",
    "open_looks",
    "plan_looks",
    "question",
]
