"""``provscan datasets``: known layouts, and what a file is."""

from __future__ import annotations

import json

import click

from scanner.cli.options import named_dataset, read_config


@click.group("datasets")
def command() -> None:
    """List the known dataset layouts, or say what a file is."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a layout and line.")
def list_layouts(as_json: bool) -> None:
    """Print every known layout: its name, what can be compared in it, and where the facts come from."""
    from scanner.layouts import LAYOUTS

    for layout in LAYOUTS:
        hashes = [known.algorithm for known in layout.digests] + [known.algorithm for known in layout.fingerprints]
        compared = sorted(role.value for role in layout.columns) + sorted(hashes)
        if as_json:
            record = {
                "layout": layout.id,
                "columns": dict(layout.columns),
                "compared": compared,
                "source": layout.source,
            }
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            click.echo(f"{layout.id:<28} {', '.join(compared)}")


@command.command("inspect")
@click.argument("path")
@click.option("--layout", metavar="NAME", help="Read it as this layout.")
@click.option("--columns", metavar="ROLE=NAME,...", help="Say what columns mean, e.g. url=MYURL,caption=TXT.")
@click.option("--config", "config_file", metavar="FILE", help="TOML file with settings for remote datasets.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a shard and line.")
def inspect(path: str, layout: str | None, columns: str | None, config_file: str | None, as_json: bool) -> None:
    """Say what a file, folder or remote dataset is: layout, columns, rows, what can be compared and what not.

    A file that no layout fits is an error that prints its columns and how to map them; exit code 3 says that one cannot be read.
    """
    from dataclasses import asdict

    from scanner.cli.progress import Progress
    from scanner.coverage import ShardStatus
    from scanner.errors import Incomplete
    from scanner.runner.sources import open_shards
    from scanner.shards import describe

    unread = 0
    with Progress(quiet=True) as progress:
        for each in open_shards((named_dataset(path, layout, columns),), progress, read_config(config_file, None)):
            if each.opened is None:
                reason = (each.reason or "").removeprefix(f"{each.shard.name}: ")
                line = {"shard": each.shard.name, "error": reason}
                click.echo(json.dumps(line, ensure_ascii=False) if as_json else f"{each.shard.name}: {reason}")
                unread += each.status is ShardStatus.FAILED
                continue
            described = describe(each.opened)
            click.echo(json.dumps(asdict(described), ensure_ascii=False) if as_json else "\n".join(described.lines))
    if unread:
        raise click.exceptions.Exit(Incomplete.exit_code)
