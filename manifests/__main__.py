"""The command line of the evidence half: ``python -m manifests verify PACKAGE``, with nothing installed.

A verb is a module with ``add_arguments(parser)`` and ``run(arguments) -> exit code``; only the one that is asked for is
imported, so that ``verify`` starts at once and on the standard library alone.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if not __package__:  # run as a folder, `python -I -S manifests verify …`: isolated mode has no current folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from manifests.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Sequence

# verb: (module, what it does)
VERBS: Final[dict[str, tuple[str, str]]] = {
    "verify": ("manifests.verifying.command", "check a package or a disclosure: every check, all problems"),
    "sign": ("manifests.commands.sign", "sign a package's seal; the key stays outside"),
    "timestamp": ("manifests.commands.timestamp", "keep a time stamp over the seal, or say how to get one"),
    "disclose": ("manifests.commands.disclose", "write one exhibit without the rest, with its proof"),
    "zipapp": (
        "manifests.verifying.zipped",
        "write this program as one file: then any Python runs FILE verify PACKAGE",
    ),
    "review": ("manifests.commands.review", "record people's decisions in a new package"),
}


def main(argv: Sequence[str] | None = None, *, prog: str = "python -m manifests") -> int:
    """Run one verb; returns the exit code (0 done, 1 verification failed, 2 usage, 3 could not be written).

    ``prog`` is how the user called it, for the help text.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # names in any script, on a console of any code page
    parser = argparse.ArgumentParser(prog=prog, description="Read, check and show evidence packages.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, (module, what) in VERBS.items():
        chosen = verbs.add_parser(verb, help=what, description=what)
        if verb in words[:1]:
            importlib.import_module(module).add_arguments(chosen)
    arguments = parser.parse_args(words)
    try:
        return int(importlib.import_module(VERBS[arguments.verb][0]).run(arguments))
    except ManifestError as error:
        for sentence in filter(None, (error.message, error.hint)):  # what is wrong; what to do
            print(sentence, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
