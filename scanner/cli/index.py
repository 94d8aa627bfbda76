"""``provscan index``: fingerprints of all pictures of a dataset, computed once, shared, scanned in seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import checked_networks, named_dataset, read_config
from scanner.cli.progress import Progress

if TYPE_CHECKING:
    from scanner.runner.indexing import IndexResult


@click.group("index")
def command() -> None:
    """Build an index of a dataset: the fingerprints of all its pictures, to scan and to share instead of the pictures."""


@command.command("build")
@click.argument("dataset", metavar="[NAME=]DATASET")
@click.option("--out", required=True, metavar="INDEX", help="The file to write; it must not exist yet.")
@click.option("--layout", metavar="NAME", help="Read the dataset as this layout (see: provscan datasets list).")
@click.option("--columns", metavar="ROLE=NAME,...", help="Say what columns mean, e.g. image=jpg,phash64=hash.")
@click.option(
    "--fetch",
    is_flag=True,
    help="Look at the addresses that rows without a picture list, and fingerprint what they return.",
)
@click.option("--allow-network", "networks", multiple=True, metavar="CIDR", help="Addresses that fetching may reach.")
@click.option(
    "--config", "config_file", metavar="FILE", help="TOML file with settings for remote datasets and fetching."
)
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes (default: one for each core).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end and nothing else on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def build(
    dataset: str,
    out: str,
    layout: str | None,
    columns: str | None,
    fetch: bool,
    networks: tuple[str, ...],
    config_file: str | None,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fingerprint every picture at hand of a dataset, and copy its published perceptual hashes, into one file.

    DATASET is what scan takes: tar or parquet files with pictures, folders of pictures, or tables with a hash column.
    Ctrl-C stops it; the same command goes on from there.  Scan the index like the dataset; what is found in it is a lead
    until the dataset's own picture is compared: scan the shard that the finding names.

    With --fetch the addresses in tables are looked at too, politely: two requests a second for each site.  The plan is
    shown first; hosts that want to be asked later leave the index incomplete (exit 3), and the same command goes on.

    \b
    provscan index build img2dataset-output/ --out my-dataset.hashindex
    provscan scan my-pictures --dataset my-dataset=my-dataset.hashindex --out result
    """  # noqa: D301 - click wants the character
    from scanner.runner.indexing import IndexRequest, run_index

    config = read_config(config_file, None)
    request = IndexRequest(
        dataset=named_dataset(dataset, layout, columns),
        out=Path(out),
        workers=workers,
        config=replace(
            config,
            fetch="all" if fetch or config.fetch != "off" else "off",
            allow_network=checked_networks((*config.allow_network, *networks)),
        ),
    )
    with Progress(quiet=quiet) as progress:
        try:
            result = run_index(request, progress)
        except KeyboardInterrupt:
            raise click.exceptions.Abort from None
    if as_json:
        click.echo(json.dumps(result.record(), ensure_ascii=False))
    else:
        show_result(result)
    if result.header.gaps:
        raise click.exceptions.Exit(3)


def show_result(result: IndexResult) -> None:
    """The summary for a person."""
    record, header = result.record(), result.header
    size = f"{result.bytes:,} bytes ({result.bytes / header.rows:,.1f} a row)" if header.rows else "no rows"
    click.echo(
        f"{header.pictures + header.looked:,} pictures and {header.published:,} published hashes in {result.seconds:,.1f} s: {size}."
    )
    if record["row_faults"]:
        click.echo(
            f"{record['row_faults']:,} faults of rows are counted in it: provscan datasets inspect {result.index}"
        )
    for gap in header.gaps:
        click.echo(f"not finished: {gap}")
    click.echo(f"Index:   {result.index}")
    click.echo(f"SHA-256: {result.sha256}")
    click.echo(f"Scan:    provscan scan YOUR-PICTURES --dataset {header.dataset}={result.index} --out RESULT")
