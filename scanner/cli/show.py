"""``provscan show``: the findings of a package, in the terminal."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("show")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language (default: the package's).")
def command(package: Path, lang: str | None) -> None:
    """Print what a package says: what was scanned, the findings, what was not compared."""
    from manifests.packages import open_package
    from manifests.showing import lines

    opened = open_package(package)
    chosen = lang or opened.manifest["contents"]["locale"]
    for line in lines(opened, "zh" if chosen == "zh" else "en"):
        click.echo(line)
