"""The verbs that are those of ``python -m manifests``: one implementation, two doors."""

from __future__ import annotations

import click


def delegated(verb: str) -> click.Command:
    """A command that hands all its arguments to ``python -m manifests VERB``."""

    @click.pass_context
    def run(ctx: click.Context) -> None:
        from manifests.__main__ import main  # standard library only

        try:
            ctx.exit(main([verb, *ctx.args], prog="provscan"))
        except SystemExit as left:  # argparse leaves this way, after it has printed its help or what is wrong
            ctx.exit(left.code if isinstance(left.code, int) else 2)

    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return click.Command(verb, context_settings=settings, callback=run, add_help_option=False)


verify = delegated("verify")
sign = delegated("sign")
disclose = delegated("disclose")
