"""``provscan show``: the findings of a package, in the terminal."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("show")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def command(package: Path, lang: str) -> None:
    """Print what a package says: what was scanned, the findings, what was not compared."""
    from manifests.packages import open_package
    from manifests.showing import lines

    for line in lines(open_package(package), "zh" if lang == "zh" else "en"):
        click.echo(line)
