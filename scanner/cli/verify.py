"""``provscan verify``: the same as ``python -m manifests verify``."""

from __future__ import annotations

import click


@click.command(
    "verify",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check a package or a disclosure; the same as: python -m manifests verify."""
    from manifests.__main__ import main

    ctx.exit(main(["verify", *ctx.args]))
