"""``provscan demo``: the main job, self-contained."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.progress import Progress
from scanner.cli.scan import show_result
from scanner.errors import UsageError


@click.command("demo")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of report and tables."
)
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes (default: one for each core).")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(folder: Path | None, lang: str, workers: int | None, quiet: bool) -> None:
    """Make a small portfolio and three small datasets, scan, and write the report.

    Everything is made on this computer under FOLDER (default: provscan-demo); nothing is downloaded.
    """
    from scanner.cli.options import read_identity
    from scanner.datasets import Dataset
    from scanner.demo import make_demo_world
    from scanner.runner.scanning import ScanRequest, run_scan

    folder = folder or _unused(Path("provscan-demo"))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is already there", hint="Give the demo a folder that does not exist yet.")
    with Progress(quiet=quiet) as progress:
        if not quiet:
            click.echo("Painting a portfolio and writing three small datasets ...", err=True)
        world = make_demo_world(folder)
        request = ScanRequest(
            portfolio=(str(world.works),),
            datasets=tuple(Dataset(name=name, source=str(path)) for name, path in world.datasets.items()),
            identity=read_identity(str(world.identity)),
            out=folder / "result",
            workers=workers,
            lang="zh" if lang == "zh" else "en",
            command=("provscan", "demo"),
        )
        result = run_scan(request, progress)
    click.echo("Planted in the datasets:")
    for sentence in world.planted:
        click.echo(f"  {sentence}")
    click.echo()
    show_result(result)


def _unused(folder: Path) -> Path:
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free
