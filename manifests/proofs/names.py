"""Where proofs lie in a package, and which of its files each of them covers.

::

    proofs/tagmanifest-sha256.txt.sig  proofs/signer.pub.pem      the signature over the seal
    proofs/tsa/PENDING-<name>.tsq                                 a request nobody has answered yet
    proofs/tsa/<name>.tsq .tsr .chain.pem [.crl .ocsp]            a stamp over the seal
    proofs/restamp-<n>.txt                                        a list of the seal and all earlier proofs
    proofs/tsa/restamp-<n>-<name>.tsq .tsr .chain.pem             a stamp over that list
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from manifests.errors import AlreadyThere, ManifestError, OutputError, UnsafePath
from manifests.packages import is_link, safe_parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEAL: Final = "tagmanifest-sha256.txt"
SIGNATURE: Final = "proofs/tagmanifest-sha256.txt.sig"
SIGNER: Final = "proofs/signer.pub.pem"
STAMPS: Final = "proofs/tsa"
PENDING: Final = "PENDING-"

_RESTAMP = re.compile(r"restamp-([1-9][0-9]{0,3})(?:-.+)?")
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def restamp_list(number: int) -> str:
    """Return the path of the n-th list of proofs to stamp again."""
    return f"proofs/restamp-{number}.txt"


def covered_file(stamp_name: str) -> str:
    """Return the file that the stamp of this name speaks about: the seal, or a restamp list."""
    found = _RESTAMP.fullmatch(stamp_name)
    return restamp_list(int(found[1])) if found else SEAL


def stamp_name(text: str) -> str:
    """Make a file name of an authority's host or of a file's stem: ``[a-z0-9.-]``, at most 60 characters.

    >>> stamp_name("TSA.Example.ORG")
    'tsa.example.org'
    """
    name = re.sub(r"[^a-z0-9.-]+", "-", text.lower()).strip(".-")[:60].rstrip(".-") or "tsa"
    # "con.example" is a device on Windows; "restamp-1.example" would claim to cover a list
    return f"tsa-{name}" if _DEVICE.fullmatch(name) or name.startswith("restamp-") else name


def files_below(package: Path, folder: str) -> Iterator[str]:
    """Yield what lies directly in a folder of the package and is no folder, sorted; paths relative to the package.

    An absent folder has none.  Links and names that no package may hold are yielded: reading them through
    ``read_inside`` raises, so that they are reported and not passed over.

    Raises:
        UnsafePath: the folder itself is a link.
    """
    place = package
    for part in safe_parts(folder):
        place /= part
        if place.is_symlink() or (place.exists() and is_link(place.lstat())):
            raise UnsafePath(f"{folder}: a link, not followed")
        if not place.is_dir():
            return
    with os.scandir(place) as entries:
        names = sorted(entry.name for entry in entries if not entry.is_dir(follow_symlinks=False))
    yield from (f"{folder}/{name}" for name in names)


def write_proof(package: Path, relative: str, content: bytes) -> None:
    """Write one proof beside its final name and rename it: proofs may grow, never change.

    Raises:
        OutputError: the file is there already (``AlreadyThere``), or cannot be written.
    """
    place = package.joinpath(*safe_parts(relative))
    if place.exists():
        raise AlreadyThere(f"{relative} is there already", hint="Proofs are added, never replaced.")
    unfinished = place.with_name(place.name + ".partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(place)
    except OSError as error:
        raise OutputError(f"{relative} cannot be written: {error.strerror}") from error


def require_sealed(package: Path) -> None:
    """Refuse a folder without a seal: proofs are about finished packages.

    Raises:
        ManifestError: there is no plain file ``tagmanifest-sha256.txt`` in it.
    """
    seal = package / SEAL
    if not seal.is_file() or is_link(seal.lstat()):
        raise ManifestError(f"no {SEAL} in {package.name}: not a finished package")
