"""``provscan show``: the findings of a package, in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.errors import UsageError


@click.command("show")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language (default: the package's).")
def command(package: Path, lang: str | None) -> None:
    """Print what a package says: what was scanned, the findings, what was not compared; a rescan begins with the difference.

    Of a case, its packages in order and what the last of them says.
    """
    from manifests.packages import open_package
    from manifests.showing import lines

    if (package / "case.toml").is_file():
        package = last_of_case(package)
    opened = open_package(package)
    chosen = lang or opened.manifest["contents"]["locale"]
    for line in lines(opened, "zh" if chosen == "zh" else "en"):
        click.echo(line)


def last_of_case(case: Path) -> Path:
    """The newest package of a case, after a line on each.

    Raises:
        UsageError: there is none yet.
    """
    from manifests.packages import open_package
    from scanner.cli.options import counted

    listed = case / "packages" / "PACKAGES.txt"
    names = (
        [line.split("  ")[1].partition("/")[0] for line in listed.read_text(encoding="ascii").splitlines()]
        if listed.is_file()
        else []
    )
    if not names:
        raise UsageError(f"{case}: there is no package in it yet", hint=f"Run it: provscan rescan {case}")
    for name in names:
        manifest = open_package(case / "packages" / name).manifest
        findings = counted(manifest["results"]["findings"], "finding")
        click.echo(f"{manifest['run']['finished_at']}  {manifest['kind']:<6}  {findings:>16}  {name}")
    click.echo("")
    return case / "packages" / names[-1]
