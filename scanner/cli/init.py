"""``provscan init``: a folder for a case, with a commented ``case.toml``."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.errors import OutputError, UsageError


@click.command("init")
@click.argument("case", type=click.Path(path_type=Path))
def command(case: Path) -> None:
    """Make the folder CASE with a commented case.toml: fill in your names and addresses, then scan with it.

    \b
    provscan init my-case
    provscan scan my-pictures --identity my-case/case.toml --dataset DATASET --out my-case/packages
    """  # noqa: D301 - click wants the character
    from scanner.identity import identity_template
    from scanner.ledger import write_atomic

    if case.exists() and (not case.is_dir() or any(case.iterdir())):
        raise UsageError(f"{case} is already there", hint="Give a folder that does not exist yet.")
    try:
        (case / "packages").mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{case} could not be made: {error.strerror or error}") from error
    write_atomic(case / "case.toml", f"[identity]\n{identity_template()}".encode())
    click.echo(str(case / "case.toml"))
