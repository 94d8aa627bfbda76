"""``provscan rescan``: what is new in a case since its last run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.progress import Progress

if TYPE_CHECKING:
    from scanner.runner.case_results import CasePlan, RescanResult


@click.command("rescan")
@click.argument("case", type=click.Path(path_type=Path), default=Path())
@click.option("--dry-run", is_flag=True, help="Say what is new and would be compared; compare nothing.")
@click.option("--exit-code", is_flag=True, help="Exit with 10 when there are new findings.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end and nothing else on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(case: Path, dry_run: bool, exit_code: bool, as_json: bool, quiet: bool) -> None:
    """Compare what is new in CASE since its last run: new pictures with all datasets, all pictures with new files.

    CASE is a folder made by provscan init (default: this folder).  What is new becomes a package in CASE/packages that names the
    one before it; where nothing is new, nothing is read and no package is written.  Ctrl-C stops it; the same command goes on.

    \b
    Exit codes: 0 done, nothing new found; 10 (with --exit-code) new findings; 3 incomplete, run it again.
    """  # noqa: D301 - click wants the character
    from scanner.cli.options import shown_command
    from scanner.runner.rescanning import RescanRequest, plan_rescan, run_rescan

    with Progress(quiet=quiet) as progress:
        try:
            if dry_run:
                show_plan(plan_rescan(case, progress), as_json=as_json)
                return
            result = run_rescan(RescanRequest(folder=case, command=shown_command(sys.argv)), progress)
        except KeyboardInterrupt:
            raise click.exceptions.Abort from None
    if as_json:
        click.echo(json.dumps(result.record(), ensure_ascii=False))
    else:
        show_result(result)
    if result.incomplete:
        raise click.exceptions.Exit(3)
    if exit_code and result.findings:
        raise click.exceptions.Exit(10)


def show_result(result: RescanResult) -> None:
    """The summary for a person."""
    from scanner.cli.options import counted

    if result.kind is None:
        click.echo(
            f"Nothing new: {counted(result.works, 'work')}, {counted(result.shards, 'file')} of the datasets, "
            f"{result.opened:,} opened, {result.seconds:,.1f} s."
        )
    else:
        changes = ", ".join(f"{count:,} {name}" for name, count in result.changes.items() if count)
        found, works = counted(result.findings, "finding"), counted(result.works_with_findings, "work")
        word = "new " if result.kind == "rescan" else ""
        click.echo(
            f"{counted(result.compared, 'file')} of {result.shards:,} compared, {counted(result.rows_scanned, 'row')}, "
            f"in {result.seconds:,.1f} s."
        )
        click.echo(
            f"{word}{found} on {works}{f' ({changes})' if changes else ''}{':' if result.findings else '.'}".capitalize()
        )
        for tier, count in result.findings_by_tier.items():
            if count:
                click.echo(f"  {count:>8,}  {tier}")
    for name in result.withdrawn:
        click.echo(f"not in the dataset any more: {name}")
    for gap in result.incomplete:
        click.echo(f"not finished: {gap}")
    if result.package is not None:
        click.echo(f"Report:  {result.package / 'data' / 'report.html'}")
        click.echo(f"Check:   provscan verify {result.package}")


def show_plan(plan: CasePlan, *, as_json: bool) -> None:
    """What ``--dry-run`` says."""
    from scanner.cli.options import counted

    told = plan.record()
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{counted(told['works'], 'work')}, {counted(told['shards'], 'file')} of the datasets.")
    for group in told["new"]:
        asked = [counted(group["works"], "work")] if group["works"] else []
        asked += ["names and addresses"] if group["declared"] else []
        click.echo(f"to be compared with {' and '.join(asked)}: {counted(len(group['shards']), 'file')}")
        for name in group["shards"][:20]:
            click.echo(f"  {name}")
        if len(group["shards"]) > 20:
            click.echo(f"  and {len(group['shards']) - 20:,} more")
    for name in told["withdrawn"]:
        click.echo(f"not in the dataset any more: {name}")
    for name in told["returned"]:
        click.echo(f"there again: {name}")
    for name, reason in told["unreachable"].items():
        click.echo(f"cannot be reached: {name}: {reason}")
    click.echo(
        "Nothing new."
        if not (told["new"] or told["withdrawn"] or told["returned"])
        else "Nothing was compared; no package was written."
    )
