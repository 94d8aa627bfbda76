"""The record of finished work: what makes a scan resumable and a rescan short.  Never evidence.

A folder with ``ledger.sqlite`` (WAL) and ``outcomes/``.  An outcome is written to a temporary file, flushed, renamed, then
recorded; what a crash between the two leaves behind is put right when the ledger is opened.  Keys are digests of everything
that can change an outcome, so nothing finished under other settings is ever reused.
"""

from __future__ import annotations

from scanner.ledger.history import Compared, History, QuerySetRecord, Run, Sighting, covering
from scanner.ledger.opening import open_ledger, peek_meta
from scanner.ledger.store import Ledger, LedgerEvent, Statement
from scanner.ledger.writing import write_atomic

__all__ = [
    "Compared",
    "History",
    "Ledger",
    "LedgerEvent",
    "QuerySetRecord",
    "Run",
    "Sighting",
    "Statement",
    "covering",
    "open_ledger",
    "peek_meta",
    "write_atomic",
]
