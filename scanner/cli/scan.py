"""``provscan scan``: the main job."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import checked_networks, counted, named_dataset, read_config, read_identity, shown_command
from scanner.cli.progress import Progress

if TYPE_CHECKING:
    from scanner.runner.scanning import ScanRequest, ScanResult


@click.command("scan")
@click.argument("portfolio", nargs=-1, required=True)
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    required=True,
    metavar="[NAME=]DATASET",
    help="What to compare with: a parquet, csv, jsonl or tar file, a folder or glob of them, an img2dataset output, "
    "a folder of pictures, or an address: https://…, hf://datasets/ORG/NAME[@REVISION][/PATH], s3://…, gs://…. May be repeated.",
)
@click.option("--layout", metavar="NAME", help="Read the dataset as this layout (see: provscan datasets list).")
@click.option("--columns", metavar="ROLE=NAME,...", help="Say what columns mean, e.g. url=MYURL,caption=TXT.")
@click.option("--identity", metavar="FILE", help="TOML file with your names, handles, domains and addresses.")
@click.option(
    "--variants",
    type=click.Choice(["fast", "thorough"]),
    help="How many looks of each work are searched (default: thorough).",
)
@click.option("--config", "config_file", metavar="FILE", help="TOML file with further settings.")
@click.option(
    "--fetch",
    type=click.Choice(["off", "candidates", "all"]),
    help="Which listed addresses may be requested: none (the default), those of rows that another rule chose, all.",
)
@click.option(
    "--allow-network", "networks", multiple=True, metavar="CIDR", help="A network of your own that may be reached too."
)
@click.option(
    "--verify-shards",
    is_flag=True,
    help="Download remote files whole and hash them; files on this computer always are.",
)
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of report and tables."
)
@click.option("--out", metavar="DIR", help="Where the evidence package goes; a folder that does not exist yet.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes (default: one for each core).")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Compare on the workers of a Dask cluster: its scheduler's tls:// or tcp:// address, or its scheduler file.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would be compared and, with --fetch, what would be asked for; ask for and write nothing.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 10 when there are findings.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end and nothing else on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    portfolio: tuple[str, ...],
    datasets: tuple[str, ...],
    layout: str | None,
    columns: str | None,
    identity: str | None,
    variants: str | None,
    config_file: str | None,
    fetch: str | None,
    networks: tuple[str, ...],
    verify_shards: bool,
    lang: str,
    out: str | None,
    workers: int | None,
    cluster: str | None,
    dry_run: bool,
    exit_code: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare your pictures with datasets and write an evidence package.

    PORTFOLIO: folders of pictures, picture files, or a works.csv with a column "file" (and title, registration_no,
    published_url and others).  Ctrl-C stops it; the same command goes on from there.

    Your pictures never leave this computer.  With --fetch candidates the addresses that matching rows list are looked
    at, politely and once each, and archives are asked for them; without it no listed address is requested.  A DATASET at
    an address is read from its host, or the storage that this redirects to.

    \b
    provscan scan my-pictures --dataset laion400m=laion400m-meta --out result
    provscan scan works.csv --dataset coyo=part-00000.parquet --dataset more-pictures/
    provscan scan my-pictures --dataset hf://datasets/ORG/NAME --out result
    """  # noqa: D301 - click wants the character
    from scanner.runner.scanning import ScanRequest, check_names, run_scan

    config = read_config(config_file, variants)
    if fetch is not None:
        config = replace(config, fetch="candidates" if fetch == "candidates" else "all" if fetch == "all" else "off")
    named = tuple(named_dataset(text, layout, columns) for text in datasets)
    check_names(named)
    request = ScanRequest(
        portfolio=portfolio,
        datasets=named,
        identity=read_identity(identity),
        config=replace(
            config,
            verify_shards=verify_shards or config.verify_shards,
            allow_network=checked_networks((*config.allow_network, *networks)),
        ),
        out=None if out is None else Path(out),
        workers=workers,
        cluster=cluster,
        lang="zh" if lang == "zh" else "en",
        command=shown_command(sys.argv),
    )
    with Progress(quiet=quiet) as progress:
        if dry_run:
            show_plan(request, progress, as_json=as_json)
            return
        try:
            result = run_scan(request, progress)
        except KeyboardInterrupt:
            raise click.exceptions.Abort from None
    if as_json:
        click.echo(json.dumps(result.record(), ensure_ascii=False))
    else:
        show_result(result)
    if result.incomplete:
        raise click.exceptions.Exit(3)
    if exit_code and result.findings:
        raise click.exceptions.Exit(10)


def show_result(result: ScanResult) -> None:
    """The summary for a person."""
    works, rows = counted(result.works, "work"), counted(result.rows_scanned, "row")
    click.echo(f"{works}, {rows} read in {result.seconds:,.1f} s.")
    if result.files_excluded:
        files = counted(result.files_excluded, "file")
        click.echo(f"{files} of the portfolio could not be compared; portfolio.jsonl says why.")
    found = counted(result.findings, "finding")
    click.echo(f"{found} on {counted(result.works_with_findings, 'work')}{':' if result.findings else '.'}")
    for tier, count in result.findings_by_tier.items():
        if count:
            click.echo(f"  {count:>8,}  {tier}")
    for gap in result.incomplete:
        click.echo(f"not finished: {gap}")
    click.echo(f"Report:  {result.package / 'data' / 'report.html'}")
    click.echo(f"Table:   {result.package / 'data' / 'exports' / 'evidence.csv'}")
    click.echo(f"Check:   provscan verify {result.package}")


def show_plan(request: ScanRequest, progress: Progress, *, as_json: bool) -> None:
    """What ``--dry-run`` says."""
    from scanner.runner.scanning import plan_scan

    portfolio, shards, queries = plan_scan(request, progress)
    wanted = queries.wanted
    plan: dict[str, Any] = {
        "schema": "provscan.plan/1",
        "works": len(portfolio.works),
        "files_excluded": len(portfolio.excluded),
        "queries": sum(len(known.words) for known in queries.fingerprints.values()),
        "shards": [
            {
                "dataset": each.shard.dataset.name,
                "shard": each.shard.name,
                "bytes": each.shard.bytes,
                "layout": each.opened.layout.id if each.opened else None,
                "rows": each.opened.rows_total if each.opened else None,
                "compared": sorted(wanted & each.opened.roles) if each.opened else [],
                "not_compared": sorted(wanted - each.opened.roles) if each.opened else [],
                "reason": each.reason,
            }
            for each in shards
        ],
    }
    looking = None
    if request.config.fetch != "off":
        from scanner.runner.planning import plan_looking

        looking = plan_looking(request, portfolio, shards, queries, progress)
        plan["fetch"] = looking.record()
    if as_json:
        click.echo(json.dumps(plan, ensure_ascii=False))
        return
    click.echo(
        f"{plan['works']:,} works ({plan['files_excluded']:,} files excluded), {plan['queries']:,} fingerprints to look for."
    )
    for shard in plan["shards"]:
        rows = "rows unknown" if shard["rows"] is None else f"{shard['rows']:,} rows"
        click.echo(f"{shard['dataset']}/{shard['shard']}: {shard['layout'] or shard['reason']}, {rows}")
        if shard["compared"]:
            click.echo(f"  compared by: {', '.join(shard['compared'])}")
        if shard["not_compared"]:
            click.echo(f"  no column for: {', '.join(shard['not_compared'])}")
    if looking is None:
        click.echo("Nothing was compared, nothing written.")
        return
    chosen = ", ".join(f"{count:,} {tier}" for tier, count in looking.by_tier.items()) or "none"
    click.echo(f"Matches whose addresses would be looked at: {chosen}")
    for sentence in looking.plan.sentences():
        click.echo(f"  {sentence}")
    click.echo("No address was asked for, nothing written.")
