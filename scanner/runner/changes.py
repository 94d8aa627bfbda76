"""``changes.jsonl``: what appeared, vanished and changed since the package before.  Pure.

Rows of two releases are paired by dataset, Work and row key, else URL: a finding whose shard was withdrawn and whose row stands in
a new shard has *changed* its row, and has not vanished.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.runner.case_files import Stated

Record = dict[str, Any]


def change_records(
    findings: Sequence[Mapping[str, Any]], stated: Mapping[str, Stated], gone: Iterable[Stated]
) -> list[Record]:
    """The lines of ``changes.jsonl``: each finding of this package is the ``after`` of one; by work, then by the rows.

    Args:
        findings: the lines of ``matches.jsonl`` of this package.
        stated: what earlier packages state, by match id.
        gone: those of them that do not hold any more.
    """
    waiting: dict[tuple[str, str | None, str, str], list[Stated]] = defaultdict(list)
    left = {each.match_id: each for each in gone}
    for each in sorted(left.values(), key=lambda one: (one.row["shard"], one.row["row_number"], one.match_id)):
        for name in _names(each.row):
            waiting[each.row["dataset"], each.work_id, *name].append(each)
    records = []
    for finding in findings:
        known = stated.get(finding["match_id"])
        if known is None:
            known = _paired(finding, waiting, left)
        after = {name: finding[name] for name in ("match_id", "tier", "row")}
        records.append(
            {
                "change": "appeared" if known is None else "changed",
                "work_id": finding["work_id"],
                "before": None if known is None else known.side(),
                "after": after,
            }
        )
    records += [
        {"change": "vanished", "work_id": each.work_id, "before": each.side(), "after": None} for each in left.values()
    ]
    return sorted(records, key=_order)


def _paired(
    finding: Mapping[str, Any],
    waiting: Mapping[tuple[str, str | None, str, str], list[Stated]],
    left: dict[str, Stated],
) -> Stated | None:
    """The vanished finding on the same row, by key if it has one, else by URL; each is paired once."""
    for name in _names(finding["row"]):
        for each in waiting.get((finding["row"]["dataset"], finding["work_id"], *name), ()):
            if each.match_id in left:
                return left.pop(each.match_id)
    return None


def _names(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a row may be recognised by in another release."""
    return [(kind, str(row[kind])) for kind in ("key", "url") if row[kind] is not None]


def _order(record: Record) -> tuple[Any, ...]:
    side = record["after"] or record["before"]
    row, work = side["row"], record["work_id"]
    return work is None, work or "", row["dataset"], row["shard"], row["row_number"], side["match_id"]
