"""The bag: is the seal over exactly these files, spelled exactly so, and is nothing else here?"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from manifests import bag
from manifests.errors import ProblemKind, UnsafePath
from manifests.merkle import TreeHash, leaf_hash
from manifests.packages import (
    CHUNK_BYTES,
    MAX_FILE_BYTES,
    MAX_LINE_BYTES,
    is_link,
    open_inside,
    read_inside,
    safe_parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from manifests.verifying.checks import Notes

PROOFS: Final = "proofs"
MAX_NAME: Final = 120  # of a path under data/
MAX_LIST_BYTES: Final = MAX_FILE_BYTES
MAX_DEPTH: Final = 16  # folders below folders; the format has two


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What one file is: computed here, from its bytes."""

    bytes: int
    sha256: str
    sha512: str
    lines: int | None
    merkle_root: str | None


def check_bag(folder: Path, notes: Notes) -> dict[str, FileFacts]:
    """Check seal, lists and spelling, note every difference; return the facts of every payload file by path.

    Reads every file of the package once.  Files in ``proofs/`` are made after the seal and are not the bag's affair.
    """
    for check in ("bag.seal", "bag.sha256", "bag.sha512", "bag.unlisted", "bag.spelling"):
        notes.looked(check, 0)
    present = set(_plain_files(folder, notes))
    payload = sorted(path for path in present if path.startswith("data/"))
    facts = {}
    for path in payload:
        with notes.reading("bag.sha256", path):
            facts[path] = _facts(folder, path)
    _check_names(payload, notes)
    sealed = _list(folder, bag.SEAL, "sha256", "bag.seal", notes)
    lists = {name: _list(folder, file, name, f"bag.{name}", notes) for name, file in bag.LISTS.items()}
    for algorithm, digests in lists.items():
        _compare(algorithm, digests, facts, notes)
    _check_seal(folder, sealed, notes)
    listed = {*sealed, bag.SEAL}.union(*lists.values())
    for path in sorted(present - listed):
        notes.problem("bag.unlisted", ProblemKind.UNEXPECTED, path)
    notes.looked("bag.unlisted", len(present))
    _check_spelling(folder, facts, notes)
    return facts


def _plain_files(folder: Path, notes: Notes, below: str = "", depth: int = 0) -> Iterator[str]:
    """Paths of all plain files but those in ``proofs/``; links, devices and unreadable folders are noted."""
    if depth > MAX_DEPTH:
        notes.problem("bag.unlisted", ProblemKind.UNSAFE, below, found="too many folders in folders")
        return
    with notes.reading("bag.unlisted", below or "."), os.scandir(folder / below) as entries:
        for entry in sorted(entries, key=lambda known: os.fsencode(known.name)):
            path = f"{below}/{entry.name}" if below else entry.name
            status = entry.stat(follow_symlinks=False)
            if is_link(status):
                notes.problem("bag.unlisted", ProblemKind.UNSAFE, path, found="a link")
            elif stat.S_ISDIR(status.st_mode):
                if path != PROOFS:
                    yield from _plain_files(folder, notes, path, depth + 1)
            elif stat.S_ISREG(status.st_mode) and path != PROOFS:
                yield path
            else:
                notes.problem("bag.unlisted", ProblemKind.UNSAFE, path, found="not a plain file")


def _facts(folder: Path, path: str) -> FileFacts:
    size, sha256, sha512 = 0, hashlib.sha256(), hashlib.sha512()
    tree = TreeHash() if path.endswith(".jsonl") else None
    with open_inside(folder, path) as stream:
        while chunk := stream.readline(MAX_LINE_BYTES + 1) if tree else stream.read(CHUNK_BYTES):
            size += len(chunk)
            sha256.update(chunk)
            sha512.update(chunk)
            if tree:
                tree.add(leaf_hash(chunk.removesuffix(b"\n")))
    return FileFacts(
        bytes=size,
        sha256=sha256.hexdigest(),
        sha512=sha512.hexdigest(),
        lines=tree.size if tree else None,
        merkle_root=tree.root().hex() if tree else None,
    )


def _check_names(payload: list[str], notes: Notes) -> None:
    folded: dict[str, str] = {}
    for path in payload:
        with notes.reading("bag.spelling", path):
            safe_parts(path)
            if len(path) - len("data/") > MAX_NAME:
                raise UnsafePath(f"a name of more than {MAX_NAME} characters")
        other = folded.setdefault(path.casefold(), path)
        if other != path:
            notes.problem("bag.spelling", ProblemKind.SPELLING, path, found=f"differs only in letter case from {other}")


def _list(folder: Path, name: str, algorithm: str, check: str, notes: Notes) -> dict[str, str]:
    """The digests of one list; a missing list is a problem of ``check``, each odd line one of the spelling."""
    digests: dict[str, str] = {}
    with notes.reading(check, name):
        digests, faults = bag.parse_list(read_inside(folder, name, MAX_LIST_BYTES), algorithm)
        for line, what in faults:
            notes.problem("bag.spelling", ProblemKind.SPELLING, name, line, found=what)
    notes.looked("bag.spelling")
    return digests


def _compare(algorithm: str, digests: dict[str, str], facts: dict[str, FileFacts], notes: Notes) -> None:
    check = f"bag.{algorithm}"
    notes.looked(check, len(digests))
    for path, expected in digests.items():
        if path not in facts:
            notes.problem(check, ProblemKind.MISSING, path)
        elif (found := getattr(facts[path], algorithm)) != expected:
            notes.problem(check, ProblemKind.DIGEST_DIFFERS, path, expected=expected, found=found)
    for path in sorted(facts.keys() - digests.keys()):
        notes.problem(check, ProblemKind.UNEXPECTED, path, found="in no line of the list")


def _check_seal(folder: Path, sealed: dict[str, str], notes: Notes) -> None:
    for path, expected in sealed.items():
        notes.looked("bag.seal")
        with notes.reading("bag.seal", path):
            found = hashlib.sha256(read_inside(folder, path)).hexdigest()
            if found != expected:
                notes.problem("bag.seal", ProblemKind.DIGEST_DIFFERS, path, expected=expected, found=found)
    for path in sorted(set(bag.TAG_FILES) - sealed.keys()):
        notes.problem("bag.seal", ProblemKind.MISSING, path, found="not under the seal")
    for path in sorted(sealed.keys() - set(bag.TAG_FILES)):
        notes.problem("bag.seal", ProblemKind.UNEXPECTED, path, found="not a file of a package")


def _check_spelling(folder: Path, facts: dict[str, FileFacts], notes: Notes) -> None:
    """``bagit.txt`` to the byte; ``bag-info.txt`` as far as it counts."""
    with notes.reading("bag.spelling", bag.DECLARATION):
        notes.looked("bag.spelling")
        if read_inside(folder, bag.DECLARATION) != bag.DECLARATION_TEXT:
            notes.problem("bag.spelling", ProblemKind.SPELLING, bag.DECLARATION)
    with notes.reading("bag.spelling", bag.BAG_INFO):
        notes.looked("bag.spelling")
        counted = f"Payload-Oxum: {sum(known.bytes for known in facts.values())}.{len(facts)}"
        if counted not in read_inside(folder, bag.BAG_INFO).decode("utf-8", "replace").split("\n"):
            notes.problem("bag.spelling", ProblemKind.COUNT_DIFFERS, bag.BAG_INFO, expected=counted)
