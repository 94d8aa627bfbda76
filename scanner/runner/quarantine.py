"""Shards that end the workers that read them: after two runs they are left alone for a week, and said to be.

Quarantine is lifted when the week is over (a machine may have been short of memory), and never concerns another file: it is by
digest.  A quarantined shard is a gap, so the run ends as incomplete.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from scanner.coverage import ShardStatus

if TYPE_CHECKING:
    from scanner.ledger import History
    from scanner.runner.present import Today

DEADLY_RUNS: Final = 2
DAYS: Final = 7


def keep_away(today: Today, history: History, now: str) -> frozenset[int]:
    """Mark the shards in quarantine as gaps; gives their places."""
    deaths = history.deaths()
    found = set()
    for place, each in enumerate(today.shards):
        runs, last_at = deaths.get(each.shard_id or "", (0, now))
        until = datetime.fromisoformat(last_at) + timedelta(days=DAYS)
        if runs >= DEADLY_RUNS and datetime.fromisoformat(now) < until:
            found.add(place)
            each.scanned.opened, each.scanned.status = None, ShardStatus.FAILED
            each.scanned.reason = (
                f"quarantined: it ended the worker processes that read it in {runs} runs, last at {last_at}; "
                f"tried again from {until:%Y-%m-%d}"
            )
    return frozenset(found)
