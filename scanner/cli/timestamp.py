"""``provscan timestamp``: ask an authority for a stamp over the seal, or keep one that was brought here."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("timestamp")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--tsa", "authorities", multiple=True, metavar="URL", help="Authority to ask (RFC 3161). May be repeated."
)
@click.option(
    "--attach", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE", help="Keep this answer."
)
@click.option("--restamp", is_flag=True, help="Over a list of the seal and all earlier proofs.")
def command(package: Path, authorities: tuple[str, ...], attach: Path | None, restamp: bool) -> None:
    """Get a time stamp over the seal of a package: who could show it existed, and since when.

    Only a digest is sent, and only to the authorities given with --tsa.  Without them it prints the line that sends the pending
    request by hand; --attach keeps the answer.
    """
    from manifests.__main__ import main
    from manifests.commands.timestamp import told
    from manifests.proofs.stamping import timestamp
    from scanner.runner.notifying import send_stamp_request

    for url in authorities:
        click.echo(told(timestamp(package, url, send=send_stamp_request, restamp=restamp)))
    if attach is not None or not authorities:
        words = ["timestamp", str(package)]
        words += ["--attach", str(attach)] if attach is not None else []
        words += ["--restamp"] if restamp else []
        raise click.exceptions.Exit(main(words))
