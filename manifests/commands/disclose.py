"""``disclose``: one exhibit without the rest, with its proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manifests.commands import result
from manifests.disclosing import disclose

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``disclose``."""
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="folder of a package")
    parser.add_argument("match_ids", metavar="MATCH_ID", nargs="+", help="a finding to disclose (m-…)")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder to write; must not be there")


def run(arguments: argparse.Namespace) -> int:
    """Write the disclosure and print its folder."""
    disclose(arguments.package, arguments.match_ids, arguments.out)
    result(arguments.out)
    return 0
