"""``review``: decisions of a file become a new package that names the old one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manifests.commands import result
from manifests.errors import ManifestError
from manifests.reviewing import Defaults, read_decisions, review

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``review``."""
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="folder of a package")
    parser.add_argument(
        "--from",
        dest="decisions",
        metavar="FILE",
        type=Path,
        required=True,
        help="CSV or JSON lines: match_id, decision, by, at, note",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the new package")
    parser.add_argument("--by", metavar="NAME", help="who decided, where the file leaves it blank")
    parser.add_argument("--at", metavar="TIME", help="when (2026-11-21T10:15:00Z), where the file leaves it blank")


def run(arguments: argparse.Namespace) -> int:
    """Write the new package and print its folder."""
    try:
        decisions = read_decisions(arguments.decisions, Defaults(by=arguments.by, at=arguments.at))
    except OSError as error:
        raise ManifestError(f"{arguments.decisions.name} cannot be read: {error.strerror}") from error
    review(arguments.package, decisions, arguments.out)
    result(arguments.out)
    return 0
