"""The verbs of ``python -m manifests`` beside ``verify``: one file a verb, with ``add_arguments`` and ``run``."""

from __future__ import annotations

import sys


def result(line: object) -> None:
    """Write one line of results to standard output."""
    sys.stdout.write(f"{line}\n")


def note(line: str) -> None:
    """Write one line for the person at the screen to standard error."""
    sys.stderr.write(f"{line}\n")
