"""``verify``: the command line of verification."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from manifests.proofs.checks import read_trusted_roots
from manifests.verifying import Asked, verify_package
from manifests.verifying.checks import Status

if TYPE_CHECKING:
    import argparse
    from typing import TextIO

    from manifests.verifying.checks import Verification

SHOWN_PROBLEMS = 200  # on the screen; --json lists all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``verify``."""
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="folder of a package or of a disclosure")
    parser.add_argument("--tsa-root", metavar="PEM", type=Path, action="append", default=[], help="root to trust")
    parser.add_argument("--signer", metavar="FINGERPRINT", help="SHA-256 of the signer's public key")
    parser.add_argument("--previous", metavar="PACKAGE", type=Path, action="append", default=[], help="earlier package")
    parser.add_argument("--shards", metavar="DIR", type=Path, help="the dataset's files, to compare with")
    parser.add_argument("--works", metavar="DIR", type=Path, help="the works' files, to compare with")
    parser.add_argument("--strict", action="store_true", help="also fail where something could be checked and was not")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Verify and print; 0 no check failed, 1 failed (``--strict``: or not checked), 2 no such path."""
    folders = [arguments.package, *arguments.previous, arguments.shards, arguments.works]
    for folder in (folder for folder in folders if folder is not None):
        if not folder.is_dir():
            _say(f"{folder}: no such folder. Give the folder of a package; unpack an archive first.", sys.stderr)
            return 2
    roots = read_trusted_roots(arguments.tsa_root) if arguments.tsa_root else None
    asked = Asked(
        tsa_roots=roots,
        signer=arguments.signer,
        previous=tuple(arguments.previous),
        shards=arguments.shards,
        works=arguments.works,
    )
    verification = verify_package(arguments.package, asked)
    if arguments.json:
        _say(json.dumps(verification.as_json(), ensure_ascii=True))
    else:
        _print(verification)
    passed = verification.complete if arguments.strict else not verification.failed
    return 0 if passed else 1


def _say(line: str, stream: TextIO | None = None) -> None:
    (stream or sys.stdout).write(f"{line}\n")


_MARKS = {Status.PASSED: "passed      ", Status.FAILED: "FAILED      ", Status.NOT_CHECKED: "not checked "}


def _print(verification: Verification) -> None:
    for check in verification.checks:
        _say(f"{_MARKS[check.status]} {check.id:<22} {check.count:>8}  {check.why}")
    for problem in verification.problems[:SHOWN_PROBLEMS]:
        place = ":".join(str(part) for part in (problem.path, problem.line) if part is not None)
        facts = [f"expected {problem.expected}"] if problem.expected is not None else []
        facts += [f"found {problem.found}"] if problem.found is not None else []
        _say(f"  {problem.check}: {problem.kind.value} {place}" + (f" ({'; '.join(facts)})" if facts else ""))
    if len(verification.problems) > SHOWN_PROBLEMS:
        _say(f"  … and {len(verification.problems) - SHOWN_PROBLEMS} more: --json lists them all")
    left = sum(check.status is Status.NOT_CHECKED for check in verification.checks)
    _say("FAILED" if verification.failed else f"No check failed; {left} not checked.")
