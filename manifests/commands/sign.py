"""``sign``: a detached signature over the seal of a package."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from manifests.commands import note, result
from manifests.proofs.keys import KeyKind
from manifests.proofs.signing import is_protected, sign

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``sign``."""
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="folder of a finished package")
    parser.add_argument(
        "--key", metavar="FILE", type=Path, required=True, help="private key (PEM), kept outside the package"
    )
    parser.add_argument("--new-key", action="store_true", help="make the key first; it must not be there yet")
    kinds = [kind.value for kind in KeyKind]
    parser.add_argument("--kind", choices=kinds, default=KeyKind.ED25519.value, help="kind of a new key (%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Sign, and print the key's fingerprint; asks for the passphrase of a protected key."""
    protected = not arguments.new_key and is_protected(arguments.key)
    passphrase = getpass.getpass(f"Passphrase of {arguments.key.name}: ") if protected else None
    kind = KeyKind(arguments.kind)
    signed = sign(arguments.package, arguments.key, new_key=arguments.new_key, kind=kind, passphrase=passphrase)
    if signed.new_key:
        note(f"Made {arguments.key}. Keep it to yourself, and a copy of it somewhere safe.")
    note("Signed. Declare this fingerprint where your readers trust it, not in the package:")
    result(signed.fingerprint)
    return 0
