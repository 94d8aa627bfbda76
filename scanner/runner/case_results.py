"""What a run of a case gave, as values for people, programs and hooks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path  # noqa: TC003 - used in a dataclass field type
from typing import TYPE_CHECKING, Any

from manifests.packages import open_package
from manifests.tiers import Tier
from scanner.coverage import ScannedShard, ShardStatus
from scanner.runner.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.ledger import Run
    from scanner.runner.delta import Delta
    from scanner.runner.missing import Group
    from scanner.runner.present import Today

CHANGES = ("appeared", "vanished", "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """What a run saw of its case; ``gone`` are shards, ``<dataset>/<name>``, that are missed since this run."""

    folder: Path
    works: int
    files_excluded: int
    today: Today
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RescanResult:
    """What a run gave; ``record()`` is the object that ``rescan --json`` prints and that hooks are given.

    ``package`` is None where there was nothing new to state.  ``opened`` counts shards that were opened at all, ``compared`` those
    that were compared with something.  ``findings`` are those of this package, ``incomplete`` the gaps.  ``untold`` are notices that
    could not be given.
    """

    case: Path
    package: Path | None
    kind: str | None
    previous: str | None
    manifest_sha256: str | None
    works: int
    files_excluded: int
    shards: int
    opened: int
    compared: int
    withdrawn: tuple[str, ...]
    rows_scanned: int
    comparisons: int
    findings: int
    findings_by_tier: dict[str, int]
    works_with_findings: int
    changes: dict[str, int]
    incomplete: tuple[str, ...]
    finished_at: str
    seconds: float
    untold: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """``provscan.rescan/1``."""
        return {
            "schema": "provscan.rescan/1",
            "case": str(self.case),
            "package": None if self.package is None else str(self.package),
            "kind": self.kind,
            "previous": self.previous,
            "manifest_sha256": self.manifest_sha256,
            "works": self.works,
            "shards": {"present": self.shards, "opened": self.opened, "compared": self.compared},
            "withdrawn": list(self.withdrawn),
            "rows_scanned": self.rows_scanned,
            "comparisons": str(self.comparisons),
            "findings": self.findings,
            "findings_by_tier": self.findings_by_tier,
            "works_with_findings": self.works_with_findings,
            "changes": self.changes,
            "incomplete": list(self.incomplete),
            "untold": list(self.untold),
            "finished_at": self.finished_at,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlan:
    """What ``--dry-run`` shows: the groups of shards that would be compared, each with what it lacks.

    ``again`` are shards that were withdrawn, ``<dataset>/<name>``, and are there again with their findings.
    """

    view: CaseView
    groups: Sequence[Group]
    again: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """``provscan.rescan-plan/1``."""
        shards = self.view.today.shards
        return {
            "schema": "provscan.rescan-plan/1",
            "case": str(self.view.folder),
            "works": self.view.works,
            "shards": len(shards),
            "new": [
                {
                    "works": len(group.missing.items),
                    "declared": group.missing.declared,
                    "shards": [shown(shards[place].scanned) for place in group.shards],
                }
                for group in self.groups
            ],
            "withdrawn": list(self.view.gone),
            "returned": list(self.again),
            "unreachable": dict(sorted(self.view.today.unreachable.items())),
        }


def shown(each: ScannedShard) -> str:
    """A shard as it is spoken of: ``<dataset>/<name>``."""
    return f"{each.shard.dataset.name}/{each.shard.name}"


def gap(each: ScannedShard) -> str:
    """A gap in words: which shard, and why."""
    return f"{shown(each)}: {(each.reason or '').removeprefix(f'{each.shard.name}: ')}"


def sealed_before(view: CaseView, run: Run, seconds: float) -> RescanResult:
    """The result of a run that was interrupted after it had sealed its package, told by the next: what the package says."""
    package = open_package(view.folder / "packages" / run.package)
    manifest, previous = package.manifest, package.manifest["previous"]
    changes = package.records("changes") if manifest["kind"] == "rescan" else ()
    counted = Counter(str(record["change"]) for record in changes)
    rows = [line["rows_scanned"] for line in package.records("coverage")]
    return replace(
        nothing_new(view, seconds),
        package=package.path,
        kind=manifest["kind"],
        previous=None if previous is None else previous["manifest_sha256"],
        manifest_sha256=package.manifest_sha256,
        compared=sum(number > 0 for number in rows),
        rows_scanned=sum(rows),
        findings=manifest["results"]["findings"],
        findings_by_tier=dict(manifest["results"]["by_tier"]),
        works_with_findings=manifest["results"]["works_with_findings"],
        changes={name: counted[name] for name in CHANGES},
    )


def nothing_new(view: CaseView, seconds: float) -> RescanResult:
    """The result of a run without a package."""
    failed = [each for each in view.today.scanned() if each.status is ShardStatus.FAILED]
    gaps = [*map(gap, failed), *(f"{name}: {reason}" for name, reason in sorted(view.today.unreachable.items()))]
    return RescanResult(
        case=view.folder,
        package=None,
        kind=None,
        previous=None,
        manifest_sha256=None,
        works=view.works,
        files_excluded=view.files_excluded,
        shards=len(view.today.shards),
        opened=_opened(view),
        compared=0,
        withdrawn=view.gone,
        rows_scanned=0,
        comparisons=0,
        findings=0,
        findings_by_tier={tier.value: 0 for tier in Tier},
        works_with_findings=0,
        changes=dict.fromkeys(CHANGES, 0),
        incomplete=tuple(gaps),
        finished_at=utc_now(),
        seconds=seconds,
    )


def result_of(delta: Delta, view: CaseView, seconds: float) -> RescanResult:
    """The result of a run with a package."""
    tiers = Counter(str(record["tier"]) for record in delta.records)
    changes = Counter(str(record["change"]) for record in delta.changes)
    return RescanResult(
        case=view.folder,
        package=delta.sealed.path,
        kind=delta.kind,
        previous=delta.previous,
        manifest_sha256=delta.sealed.manifest_sha256,
        works=view.works,
        files_excluded=view.files_excluded,
        shards=len(view.today.shards),
        opened=_opened(view),
        compared=sum(each.rows_scanned > 0 for each in delta.coverage),
        withdrawn=view.gone,
        rows_scanned=sum(each.rows_scanned for each in delta.coverage),
        comparisons=delta.comparisons,
        findings=len(delta.records),
        findings_by_tier={tier.value: tiers[tier.value] for tier in Tier},
        works_with_findings=len({record["work_id"] for record in delta.records} - {None}),
        changes={name: changes[name] for name in CHANGES},
        incomplete=(
            *(gap(each) for each in delta.coverage if each.status is ShardStatus.FAILED),
            *delta.unfinished,
        ),
        finished_at=utc_now(),
        seconds=seconds,
    )


def _opened(view: CaseView) -> int:
    return sum(each.opened is not None for each in view.today.scanned())
