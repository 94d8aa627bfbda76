"""``provscan export``: the findings in other formats."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scanner.errors import UsageError

FORMATS = ("csv", "xlsx", "dat", "html", "pdf", "jsonl", "drafts")


@click.command("export")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--all", "whole", is_flag=True, help="PACKAGE is a case: all its packages, verified link by link, as one."
)
@click.option("--format", "form", required=True, type=click.Choice(FORMATS), help="What to write.")
@click.option("--only", multiple=True, metavar="MATCH_ID|confirmed", help="Only these findings. May be repeated.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to; without it, stdout for text formats."
)
@click.option("--bates-prefix", metavar="P", help="Prefix of the exhibit numbers.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language (default: the package's).")
def command(
    package: Path,
    whole: bool,
    form: str,
    only: tuple[str, ...],
    out: Path | None,
    bates_prefix: str | None,
    lang: str | None,
) -> None:
    """Verify a package, then write its findings in another format.  The package is never changed.

    With --all PACKAGE is a case: every finding of all its packages, as the latest states it.  Its exhibit numbers begin with CASE;
    run, Manifest and leaf of each line are those of the package that states it.

    \b
    provscan export result --format csv --out findings.csv
    provscan export my-case --all --format csv --out findings.csv
    """  # noqa: D301 - click wants the character
    from manifests.exports import export, export_case

    if out is None and form in ("xlsx", "pdf"):
        raise UsageError(f"{form} is no text for the screen", hint="Say where it goes: --out FILE")

    content = (export_case if whole else export)(
        package,
        form,
        only=only,
        out=out,
        bates_prefix=bates_prefix,
        lang="zh" if lang == "zh" else "en" if lang else None,
    )
    if isinstance(content, bytes):
        sys.stdout.buffer.write(content)
    else:
        for path in content:
            click.echo(str(path))
