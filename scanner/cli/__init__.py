"""The command line: one file a verb; the only place that prints.

Verbs are imported when they are called, so that ``provscan --help`` starts at once.  ``VERBS`` is the list: a new verb is a line
here and a module beside this one with a click command called ``command``.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
from typing import Any

import click

from manifests.errors import ManifestError
from scanner._version import __version__
from scanner.errors import Incomplete, ScannerError

VERBS: dict[str, tuple[str, str]] = {
    # verb: (module or module:command, what the list of verbs says of it)
    "scan": ("scanner.cli.scan", "Compare your pictures with a dataset and write an evidence package."),
    "demo": ("scanner.cli.demo", "See it work: makes a small portfolio and dataset, scans, reports."),
    "init": ("scanner.cli.init", "Make a folder for a case, with a file for your names and addresses."),
    "rescan": ("scanner.cli.rescan", "Compare what is new in a case since its last run."),
    "schedule": ("scanner.cli.schedule", "Print or install a schedule for the rescans of a case."),
    "show": ("scanner.cli.show", "Print the findings of a package."),
    "verify": (
        "scanner.cli.delegated:verify",
        "Check a package: nothing changed, every claim follows from its records.",
    ),
    "export": ("scanner.cli.export", "Write the findings as csv, html, jsonl and more."),
    "review": ("scanner.cli.review", "Decide findings one by one; makes a new package."),
    "disclose": ("scanner.cli.delegated:disclose", "Write single exhibits without the rest, with their proof."),
    "sign": ("scanner.cli.delegated:sign", "Sign the seal of a package."),
    "timestamp": ("scanner.cli.timestamp", "Get a time stamp over the seal of a package."),
    "datasets": ("scanner.cli.datasets", "List the known dataset layouts, or say what a file is."),
    "bench": ("scanner.cli.bench", "Measure this machine beside its peers."),
    "index": ("scanner.cli.index", "Build a shareable index of a dataset's fingerprints."),
    "hash": ("scanner.cli.hash", "Print fingerprints and digests of pictures."),
}


class Verbs(click.Group):
    """The verbs, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order a newcomer needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the verb's module."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name or "command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="provscan")
@click.option("--debug", is_flag=True, help="Show the full trace of an error.")
def provscan(debug: bool) -> None:
    """Find out whether your pictures are listed in an image training dataset, and keep evidence that others can re-check.

    Begin with:  provscan demo

    Then:  provscan scan MY-PICTURES --dataset DATASET-FOLDER --out RESULT

    Nothing leaves your computer unless you ask for it.
    """


def main() -> None:
    """Run the command; turn errors into one sentence of what is wrong and one of what to do."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names and captions hold any character; a console may not
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        code = provscan.main(standalone_mode=False)
    except click.exceptions.Abort:
        fail("stopped.", "Nothing finished is lost: the same command goes on from here.", code=Incomplete.exit_code)
    except click.ClickException as error:
        error.show(sys.stderr)
        leave(error.exit_code)
    except ScannerError as error:
        if debug:
            traceback.print_exc()
        fail(error.message, error.hint, code=error.exit_code)
    except ManifestError as error:
        if debug:
            traceback.print_exc()
        fail(error.message, error.hint, code=error.exit_code)
    except BrokenPipeError:
        # Whoever read our output (head, a pager) has left: not an error, and nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        leave(0)
    except Exception as error:  # noqa: BLE001 - the top of the process: a bug, said as such
        if debug:
            traceback.print_exc()
        hint = "" if debug else "Run the same command with --debug and report what it prints."
        fail(f"unexpected error ({type(error).__name__}): {error}", hint, code=1)
    else:
        leave(code if isinstance(code, int) else 0)


def fail(message: str, hint: str = "", *, code: int) -> Any:
    """Print an error to stderr and end the process."""
    sys.stderr.write(f"provscan: {message}\n")
    if hint:
        sys.stderr.write(f"{hint}\n")
    leave(code)


def leave(code: int) -> None:
    """End the process with ``code``."""
    sys.exit(code)
