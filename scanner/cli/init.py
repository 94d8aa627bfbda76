"""``provscan init``: a folder for a case, with a commented ``case.toml``."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.errors import OutputError, UsageError


@click.command("init")
@click.argument("case", type=click.Path(path_type=Path))
def command(case: Path) -> None:
    """Make the folder CASE with a commented case.toml: fill in your pictures, names and datasets, then rescan.

    \b
    provscan init my-case
    (open my-case/case.toml in an editor)
    provscan rescan my-case
    """  # noqa: D301 - click wants the character
    from scanner.cases import case_template
    from scanner.ledger import open_ledger, write_atomic

    if case.exists() and (not case.is_dir() or any(case.iterdir())):
        raise UsageError(f"{case} is already there", hint="Give a folder that does not exist yet.")
    try:
        for folder in ("packages", "index"):
            (case / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{case} could not be made: {error.strerror or error}") from error
    with open_ledger(case):
        write_atomic(case / "packages" / "PACKAGES.txt", b"")
        write_atomic(case / "case.toml", case_template().encode())
    click.echo(str(case / "case.toml"))
