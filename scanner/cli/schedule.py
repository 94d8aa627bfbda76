"""``provscan schedule``: a case that looks for news by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import click

from scanner.errors import UsageError


@click.command("schedule")
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--cron", "cron", is_flag=True, help="Lines for a crontab (Linux, macOS).")
@click.option("--systemd", "systemd", is_flag=True, help="A service and a timer (Linux).")
@click.option("--launchd", "launchd", is_flag=True, help="A property list (macOS).")
@click.option("--schtasks", "schtasks", is_flag=True, help="A task for the Task Scheduler (Windows).")
@click.option(
    "--every", type=click.Choice(["daily", "weekly", "monthly"]), default="weekly", show_default=True, help="How often."
)
@click.option("--install", "installed", is_flag=True, help="Install it for you alone; without this it is printed.")
def command(case: Path, cron: bool, systemd: bool, launchd: bool, schtasks: bool, every: str, installed: bool) -> None:
    """Print the schedule that runs provscan rescan CASE, with absolute paths, a log and a way to catch up; or install it.

    The log is CASE/rescan.log, one JSON object a run.  What you are to be told goes into case.toml: on_findings, webhook.

    \b
    provscan schedule my-case --cron
    provscan schedule my-case --systemd --every daily --install
    """  # noqa: D301 - click wants the character
    from scanner.runner.schedules import KINDS, install, job_of

    asked = {"cron": cron, "systemd": systemd, "launchd": launchd, "schtasks": schtasks}
    chosen = [kind for kind, given in asked.items() if given]
    if len(chosen) != 1:
        raise UsageError("say which scheduler", hint="One of: --cron, --systemd, --launchd, --schtasks")
    job = job_of(case, cast("Literal['daily', 'weekly', 'monthly']", every))
    if installed:
        for line in install(chosen[0], job):
            click.echo(line)
        return
    for name, text in KINDS[chosen[0]](job).items():
        if chosen[0] == "systemd":
            click.echo(f"# ~/.config/systemd/user/{name}")
        click.echo(text)
