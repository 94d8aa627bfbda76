"""Where a package goes, and where unfinished work lies beside it.

``--out DIR`` becomes the package itself when DIR does not exist; in an existing folder the package is made under its own name.
Unfinished work lies in ``<package>.partial/`` and is found again by the digest of the question (``scan_key``): equal works,
datasets and configuration.  A finished, complete package is never overwritten; an incomplete one is completed and kept as
``DIR.incomplete-N``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from manifests.errors import ManifestError
from manifests.packages import open_package
from scanner.archives.pace import FILE_NAME as ARCHIVES
from scanner.errors import UsageError
from scanner.ledger import peek_meta
from scanner.looks.store import FOLDER as LOOKS
from scanner.looks.store import remove_looks

SEAL = "tagmanifest-sha256.txt"  # a folder that has it is a finished package


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where this scan writes: ``package`` (does not exist yet, or is incomplete) and ``partial`` beside it."""

    package: Path
    partial: Path
    replaces_incomplete: bool = False


def choose_destination(out: Path | None, *, name: str, scan_key: str) -> Destination:
    """Decide where the package goes; ``name`` is the package's own name if it needs one.

    Raises:
        UsageError: the place holds a finished package, a file, or unfinished work of another scan.
    """
    if out is None:
        return _under(Path(), name, scan_key)
    if (out / SEAL).is_file():
        return _completing(out, scan_key)
    if out.is_dir():
        return _under(out, name, scan_key)
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} is a file", hint="Give --out a folder that does not exist yet.")
    partial = out.with_name(out.name + ".partial")
    if partial.exists() and not same_scan(partial, scan_key):
        raise UsageError(
            f"{partial} holds unfinished work of another scan (other works, datasets or settings)",
            hint=f"Choose another --out, or remove {partial.name}.",
        )
    return Destination(package=out, partial=partial)


def incomplete_name(package: Path) -> Path:
    """The first free ``DIR.incomplete-N``."""
    number = 1
    while (kept := package.with_name(f"{package.name}.incomplete-{number}")).exists():
        number += 1
    return kept


def is_incomplete(package: Path) -> bool:
    """Whether a finished folder is a package that says of itself that shards are missing."""
    try:
        return "incomplete" in open_package(package).manifest["limitations"]
    except (ManifestError, OSError, KeyError):
        return False


def _under(folder: Path, name: str, scan_key: str) -> Destination:
    for partial in sorted(folder.glob("SCAN-*.partial")):
        if same_scan(partial, scan_key):
            package = partial.with_name(partial.name.removesuffix(".partial"))
            return Destination(package=package, partial=partial, replaces_incomplete=(package / SEAL).is_file())
    return Destination(package=folder / name, partial=folder / f"{name}.partial")


def _completing(out: Path, scan_key: str) -> Destination:
    partial = out.with_name(out.name + ".partial")
    if is_incomplete(out) and partial.exists() and same_scan(partial, scan_key):
        return Destination(package=out, partial=partial, replaces_incomplete=True)
    raise UsageError(
        f"{out} already holds a finished package", hint="Packages are never overwritten: choose another --out."
    )


def remove_partial(partial: Path) -> None:
    """Remove finished work; only files of ours, so that a stranger's folder of this name loses nothing."""
    for finished in (*(partial / "outcomes").glob("*"), *(partial / "downloads").glob("*")):
        finished.unlink()
    remove_looks(partial)
    for name in _OWN:
        if (partial / name).is_dir():
            (partial / name).rmdir()
        else:
            (partial / name).unlink(missing_ok=True)
    partial.rmdir()


_OWN = (
    "outcomes",
    "downloads",
    LOOKS,
    *(f"{ARCHIVES}{suffix}" for suffix in ("-wal", "-shm", "-journal", "")),
    *(f"ledger.sqlite{suffix}" for suffix in ("-wal", "-shm", "-journal", "")),
    "lock",
)


def same_scan(partial: Path, scan_key: str) -> bool:
    """Whether ``partial`` holds unfinished work of this scan, or nothing yet."""
    if not partial.is_dir():
        return False
    known = peek_meta(partial, "scan_key")
    if known is None:  # killed before the first entry; a folder with anything else in it is not ours
        return all(entry.name in _OWN for entry in partial.iterdir())
    return known == scan_key
