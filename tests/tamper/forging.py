"""How a careful forger works: change records, then compute every digest again, so that only what they mean can tell."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from manifests import bag
from manifests.canonical import canonical_bytes
from manifests.errors import ManifestError
from manifests.exports.domains import domains_csv
from manifests.exports.evidence_csv import evidence_csv
from manifests.merkle import leaf_hash, root
from manifests.packages import open_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Record = dict[str, Any]


def records(folder: Path, name: str) -> list[Record]:
    """The records of ``data/<name>.jsonl``."""
    return [json.loads(line) for line in (folder / f"data/{name}.jsonl").read_bytes().split(b"\n")[:-1]]


def write_records(folder: Path, name: str, changed: list[Record]) -> None:
    """Write them back, canonically."""
    (folder / f"data/{name}.jsonl").write_bytes(b"".join(canonical_bytes(record) + b"\n" for record in changed))


def edit(folder: Path, name: str, change: Callable[[list[Record]], None]) -> None:
    """Change the records of one file."""
    found = records(folder, name)
    change(found)
    write_records(folder, name, found)


def edit_manifest(folder: Path, change: Callable[[Record], None]) -> None:
    """Change the Manifest."""
    path = folder / "data/manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_bytes(canonical_bytes(manifest))


def _entry(path: Path, name: str) -> Record:
    content = path.read_bytes()
    lines = content.split(b"\n")[:-1] if name.endswith(".jsonl") else None
    return {
        "path": name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "lines": None if lines is None else len(lines),
        "merkle_root": None if lines is None else root(map(leaf_hash, lines)).hex(),
    }


def _list_again(folder: Path) -> Callable[[Record], None]:
    def change(manifest: Record) -> None:
        for entries in (manifest["files"], manifest["run"]["files"]):
            entries[:] = [
                _entry(folder / "data" / entry["path"], entry["path"])
                for entry in entries
                if (folder / "data" / entry["path"]).is_file()
            ]

    return change


def reseal(folder: Path, *, tables: bool = True) -> None:
    """Compute again: the Manifest's files, the tables, both lists, the seal."""
    edit_manifest(folder, _list_again(folder))
    if tables:
        try:
            chunks = list(evidence_csv(open_package(folder)))
            (folder / "data/exports/evidence.csv").write_bytes(b"".join(chunk for _, chunk in chunks))
            (folder / "data/exports/domains.csv").write_bytes(domains_csv(open_package(folder).manifest))
        except (ManifestError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            pass  # what was made of the records is no record any more: the old tables stay
    reseal_bag(folder)


def reseal_bag(folder: Path) -> None:
    """Compute again both lists and the seal only."""
    payload = sorted(path for path in (folder / "data").rglob("*") if path.is_file())
    content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in payload}
    for algorithm, name in bag.LISTS.items():
        entries = ((path, hashlib.new(algorithm, data).hexdigest()) for path, data in content.items())
        (folder / name).write_bytes(bag.list_bytes(entries))
    facts = (folder / bag.BAG_INFO).read_text(encoding="utf-8").split("\n")
    oxum = f"Payload-Oxum: {sum(map(len, content.values()))}.{len(content)}"
    facts = [oxum if line.startswith("Payload-Oxum") else line for line in facts]
    (folder / bag.BAG_INFO).write_bytes("\n".join(facts).encode())
    tags = ((name, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name in bag.TAG_FILES)
    (folder / bag.SEAL).write_bytes(bag.list_bytes(tags))
