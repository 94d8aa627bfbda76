"""What ``--dry-run`` says of looking outside: the rows are chosen as a scan would, and nothing is asked for.

Which addresses a scan looks at follows from what it finds, so the plan compares all rows, in a folder that is thrown away.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner.evidence import Question
from scanner.fetch.addresses import parse_networks
from scanner.grading import listed
from scanner.ledger import open_ledger
from scanner.looks import FetchPlan, Outside, plan_looks
from scanner.runner.choosing import years_since
from scanner.runner.clock import Course, utc_now
from scanner.runner.executors import open_executor
from scanner.runner.finding import rows_to_look_at
from scanner.runner.gathered import Gathered
from scanner.runner.looked import wanted_of
from scanner.runner.shard_loop import Comparing, ShardLoop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.coverage import ScannedShard
    from scanner.events import Watcher
    from scanner.queries import Queries
    from scanner.runner.scanning import ScanRequest
    from scanner.works import Portfolio


@dataclass(frozen=True, slots=True, kw_only=True)
class LookingPlan:
    """``plan``, and by which rule its rows were chosen: ``by_tier`` counts the matches that are listed."""

    plan: FetchPlan
    by_tier: dict[str, int]

    def record(self) -> dict[str, Any]:
        """The plan as one object of JSON."""
        return {**self.plan.record(), "by_tier": self.by_tier}


def plan_looking(
    request: ScanRequest,
    portfolio: Portfolio,
    shards: Sequence[ScannedShard],
    queries: Queries,
    watch: Watcher,
) -> LookingPlan:
    """Compare, choose the rows whose addresses the settings ask for, and say what asking for them would cost.

    Remote shards that would have to be downloaded first are left out; looks of an unfinished run are counted as if they were new.
    """
    question = Question(
        portfolio=portfolio,
        identity=request.identity,
        datasets=request.datasets,
        config=request.config,
        queries=queries,
    )
    here = [each for each in shards if not each.to_download]
    work = Comparing(question)
    outside = Outside(allowed=parse_networks(request.config.allow_network))
    with tempfile.TemporaryDirectory(prefix="provscan-plan-") as folder, open_ledger(Path(folder)) as ledger:
        loop = ShardLoop(here, work, ledger, Course(ledger), watch)
        with open_executor(work.preparation, request.workers or os.cpu_count() or 1) as pool:
            loop.run(pool)
            gathered = Gathered(queries)
            gathered.add_all(here, loop.outcomes)
            kept, _ = listed(gathered.graded(question).matches, question.config)
            rows = rows_to_look_at(kept, gathered.candidates, here, question, (pool, watch))
    policy, years = request.config.fetch_policy, years_since([row for row, _ in rows], utc_now())
    by_tier = dict(sorted(Counter(str(match.tier) for match in kept).items()))
    return LookingPlan(plan=plan_looks(wanted_of(rows), policy=policy, outside=outside, years=years), by_tier=by_tier)
