"""``timestamp``: keep a time stamp that was brought here, or prepare one to be fetched.

This half of the software has no network.  ``provscan timestamp --tsa URL`` sends; here the request is carried by
hand, with the line that is printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manifests.commands import note, result
from manifests.proofs.stamping import attach, pending, restamp

if TYPE_CHECKING:
    import argparse

    from manifests.proofs.stamping import Stamped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``timestamp``."""
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="folder of a finished package")
    parser.add_argument("--attach", metavar="FILE", type=Path, help="response of an authority (.tsr), kept as it is")
    parser.add_argument(
        "--restamp", action="store_true", help="list the seal and all proofs so far, to be stamped before a key ages"
    )


def run(arguments: argparse.Namespace) -> int:
    """Keep a response, or print how to get one."""
    if arguments.attach is not None:
        result(told(attach(arguments.package, arguments.attach)))
        return 0
    if arguments.restamp:
        result(restamp(arguments.package))
    for request in pending(arguments.package):
        note(how_to_send(arguments.package / request))
    note("Then the same command with: --attach reply.tsr")
    return 0


def told(stamped: Stamped) -> str:
    """One line about a stamp that was kept."""
    return f"proofs/tsa/{stamped.name}.tsr states {stamped.stamped_at:%Y-%m-%dT%H:%M:%SZ} for {stamped.covers}"


def how_to_send(request: Path) -> str:
    """The line that sends one request by hand."""
    header = "Content-Type: application/timestamp-query"
    return f'curl -H "{header}" --data-binary "@{request}" -o reply.tsr "https://tsa.example/"'
