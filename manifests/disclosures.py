"""A disclosure: some exhibits of a package with their proofs, verifiable alone, without the rest (section 6).

::

    proof.json                               each disclosed line, its place in its file, the hashes up to that file's
    root matches.jsonl portfolio.jsonl coverage.jsonl rows/<shard16>.jsonl      the same lines again, for ordinary
    tools renditions/*.png thumbnails/*.jpg        the pictures of these exhibits, digests in the Manifest
    manifest.json  manifest-sha256.txt  tagmanifest-sha256.txt  proofs/    of the package, byte for byte

Checked from the line up: line → leaf → root in the Manifest → its digest in the list → the list's digest in the seal
→ the seal under signature and stamp (``proofs.checks``).  Standard library alone; the folder is hostile input.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from manifests.bag import LISTS, SEAL, parse_list
from manifests.canonical import canonical_bytes, parse_canonical
from manifests.errors import FormatError, ProblemKind
from manifests.merkle import leaf_hash, root_from_path
from manifests.packages import MANIFEST_SCHEMA, is_link, parse_record, read_inside, shard16
from manifests.records import match_id, values_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from manifests.verifying.checks import Notes

DISCLOSURE_SCHEMA: Final = "provscan.disclosure/1"
PROOF: Final = "proof.json"
MANIFEST: Final = "manifest.json"
LIST: Final = LISTS["sha256"]
LISTED_MANIFEST: Final = "data/manifest.json"  # where the list says the Manifest lies in the whole package
PICTURES: Final = ("renditions/", "thumbnails/")
MAX_PROOF_BYTES: Final = 256 << 20

_RECORD_FILE = re.compile(r"(?:matches|portfolio|coverage|rows/[0-9a-f]{16})\.jsonl")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosedLine:
    """One line of the package and the way up to the root of its file."""

    file: str  # relative to data/: "matches.jsonl"
    line: str  # without line feed
    leaf_index: int  # from 0
    tree_size: int
    path: tuple[str, ...]  # sibling hashes from the leaf upwards, 64 hex digits each

    def as_json(self) -> dict[str, Any]:
        """The entry of ``records`` in ``proof.json``."""
        return {
            "file": self.file,
            "line": self.line,
            "leaf_index": self.leaf_index,
            "tree_size": self.tree_size,
            "path": list(self.path),
        }


def is_disclosure(folder: Path) -> bool:
    """Whether a folder claims to be a disclosure: ``proof.json`` lies in it."""
    return (folder / PROOF).is_file()


def proof_bytes(lines: list[DisclosedLine]) -> bytes:
    """``proof.json`` for these lines, in their order."""
    return canonical_bytes({"schema": DISCLOSURE_SCHEMA, "records": [line.as_json() for line in lines]})


def parse_proof(content: bytes) -> tuple[DisclosedLine, ...]:
    """Read ``proof.json``.

    Raises:
        FormatError: not canonical JSON, another schema, or an entry of another shape; ``context`` names the entry.
    """
    value = parse_record(content, PROOF)
    if value.get("schema") != DISCLOSURE_SCHEMA or set(value) != {"schema", "records"}:
        raise FormatError(f"not {DISCLOSURE_SCHEMA}", context=PROOF)
    entries = value["records"]
    if not isinstance(entries, list) or not entries:
        raise FormatError("no records", context=PROOF)
    return tuple(_disclosed_line(entry, f"{PROOF}.records[{number}]") for number, entry in enumerate(entries))


def _disclosed_line(entry: Any, context: str) -> DisclosedLine:
    keys = {"file", "line", "leaf_index", "tree_size", "path"}
    if not isinstance(entry, dict) or set(entry) != keys:
        raise FormatError(f"not the keys {', '.join(sorted(keys))}", context=context)
    texts, numbers, path = (entry["file"], entry["line"]), (entry["leaf_index"], entry["tree_size"]), entry["path"]
    if not (all(type(text) is str for text in texts) and _RECORD_FILE.fullmatch(entry["file"])):
        raise FormatError("file or line is not what a disclosure holds", context=context)
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise FormatError("leaf_index and tree_size are numbers from 0", context=context)
    # 64 hashes: a tree of 2**64 lines
    if not (
        isinstance(path, list) and len(path) <= 64 and all(type(part) is str and _HEX.fullmatch(part) for part in path)
    ):
        raise FormatError("path is not a list of SHA-256 hashes", context=context)
    return DisclosedLine(**{**entry, "path": tuple(path)})


def check_disclosure(folder: Path, notes: Notes) -> None:
    """Check everything below the proofs; every problem goes into ``notes``.

    ``disclosure.seal`` (list and Manifest follow from the seal), ``disclosure.records`` (each line follows from the
    Manifest), ``disclosure.references`` (ids and digests recomputed; each match has its work, shard and row),
    ``disclosure.pictures`` (digests) and ``disclosure.unlisted`` (nothing else lies there).
    """
    disclosed = _Disclosed(folder, notes)
    for check, step in (
        ("disclosure.seal", disclosed.check_seal),
        ("disclosure.records", disclosed.check_records),
        ("disclosure.references", disclosed.check_references),
        ("disclosure.pictures", disclosed.check_pictures),
        ("disclosure.unlisted", disclosed.check_unlisted),
    ):
        disclosed.check = check
        notes.looked(check, step())


@dataclass(slots=True)
class _Disclosed:
    """What the steps of one check share; everything in it was read once, through the guarded door."""

    folder: Path
    notes: Notes
    lines: tuple[DisclosedLine, ...] = ()
    files: dict[str, dict[str, Any]] = field(default_factory=dict)  # the Manifest's, by path
    check: str = ""

    def add(self, kind: ProblemKind, path: str, found: str, expected: Any = None, line: int | None = None) -> None:
        self.notes.problem(self.check, kind, path, line, expected=expected, found=found)

    def read(self, path: str) -> bytes | None:
        """Read one file; null if it cannot be read, which is noted."""
        with self.notes.reading(self.check, path):
            return read_inside(self.folder, path, MAX_PROOF_BYTES)
        return None

    def check_seal(self) -> int:
        seal, listing, manifest = self.read(SEAL), self.read(LIST), self.read(MANIFEST)
        if seal is not None and listing is not None:
            self._compare(seal, SEAL, LIST, listing, LIST)
        if listing is not None and manifest is not None:
            self._compare(listing, LIST, LISTED_MANIFEST, manifest, MANIFEST)
        if manifest is not None:
            self._keep_files(manifest)
        return 2

    def _compare(self, listing: bytes, list_path: str, listed: str, content: bytes, path: str) -> None:
        digests, faults = parse_list(listing, "sha256")
        for number, fault in faults:
            self.add(ProblemKind.SPELLING, list_path, fault, line=number)
        actual = hashlib.sha256(content).hexdigest()
        if digests.get(listed) != actual:
            self.add(ProblemKind.DIGEST_DIFFERS, path, actual, digests.get(listed, f"not listed in {list_path}"))

    def _keep_files(self, manifest: bytes) -> None:
        try:
            value = parse_record(manifest, MANIFEST)
        except FormatError as error:
            self.add(ProblemKind.NOT_CANONICAL, MANIFEST, error.message)
            return
        if value.get("schema") != MANIFEST_SCHEMA or not isinstance(value.get("files"), list):
            self.add(ProblemKind.SCHEMA, MANIFEST, str(value.get("schema"))[:80], MANIFEST_SCHEMA)
            return
        entries = (entry for entry in value["files"] if isinstance(entry, dict))
        self.files = {entry["path"]: entry for entry in entries if isinstance(entry.get("path"), str)}

    def check_records(self) -> int:
        content = self.read(PROOF)
        try:
            self.lines = parse_proof(content) if content is not None else ()
        except FormatError as error:
            self.add(ProblemKind.SCHEMA, PROOF, error.message)
        shown: defaultdict[str, list[str]] = defaultdict(list)
        for line in self.lines:
            shown[line.file].append(line.line)
            self._follow(line)
        for path, texts in shown.items():
            copy = self.read(path)
            if copy is not None and copy != "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass"):
                self.add(ProblemKind.VALUE_DIFFERS, path, f"other lines than those in {PROOF}")
        return len(self.lines)

    def _follow(self, line: DisclosedLine) -> None:
        entry = self.files.get(line.file, {})
        where = f"leaf {line.leaf_index} of {line.tree_size}"
        if entry.get("lines") != line.tree_size:
            self.add(ProblemKind.COUNT_DIFFERS, line.file, where, f"{entry.get('lines')} lines")
            return
        try:
            leaf = leaf_hash(line.line.encode())
            root = root_from_path(leaf, line.leaf_index, line.tree_size, [bytes.fromhex(part) for part in line.path])
        except (FormatError, UnicodeEncodeError) as error:
            self.add(ProblemKind.VALUE_DIFFERS, line.file, f"{where}: {error}")
            return
        if root.hex() != entry.get("merkle_root"):
            self.add(
                ProblemKind.DIGEST_DIFFERS, line.file, f"{where} leads to {root.hex()}", str(entry.get("merkle_root"))
            )

    def check_references(self) -> int:
        records = [(line.file, record) for line in self.lines if (record := self._record(line)) is not None]
        matches = [record for file, record in records if file == "matches.jsonl"]
        works = {record.get("work_id") for file, record in records if file == "portfolio.jsonl"}
        shards = {record.get("shard_id") for file, record in records if file == "coverage.jsonl"}
        rows = {
            (file, record.get("row_number"), record.get("item")): record
            for file, record in records
            if file.startswith("rows/")
        }
        for match in matches:
            try:
                self._check_match(match, works, shards, rows)
            except (KeyError, TypeError, AttributeError, FormatError) as error:
                self.add(ProblemKind.SCHEMA, "matches.jsonl", f"a finding of another shape: {error!r}")
        if not matches:
            self.add(ProblemKind.MISSING, PROOF, "no finding is disclosed")
        return len(matches)

    def _record(self, line: DisclosedLine) -> dict[str, Any] | None:
        try:
            value = parse_canonical(line.line.encode())
        except (FormatError, UnicodeEncodeError) as error:
            self.add(ProblemKind.NOT_CANONICAL, line.file, str(error))
            return None
        if not isinstance(value, dict):
            self.add(ProblemKind.SCHEMA, line.file, "not an object")
            return None
        return value

    def _check_match(
        self,
        match: Mapping[str, Any],
        works: set[Any],
        shards: set[Any],
        rows: Mapping[tuple[Any, ...], Mapping[str, Any]],
    ) -> None:
        row = match["row"]
        expected = match_id(match["work_sha256"], row["shard_id"], row["row_number"], row["item"])
        name = f"match {match['match_id']}"
        if match["match_id"] != expected:
            self.add(ProblemKind.ID_DIFFERS, "matches.jsonl", str(match["match_id"]), expected)
        if match["work_id"] is not None and match["work_id"] not in works:
            self.add(ProblemKind.REFERENCE, "portfolio.jsonl", f"{name}: no line of its work {match['work_id']}")
        if row["shard_id"] not in shards:
            self.add(ProblemKind.REFERENCE, "coverage.jsonl", f"{name}: no line of its shard {row['shard_id']}")
        if row["values_sha256"] is None:
            return
        file = f"rows/{shard16(row['shard_id'])}.jsonl"
        verbatim = rows.get((file, row["row_number"], row["item"]))
        if verbatim is None:
            self.add(ProblemKind.REFERENCE, file, f"{name}: its row {row['row_number']} is not disclosed")
        elif values_sha256(verbatim["values"]) != row["values_sha256"]:
            self.add(ProblemKind.DIGEST_DIFFERS, file, values_sha256(verbatim["values"]), row["values_sha256"])

    def check_pictures(self) -> int:
        there = [path for path in self._listing() if path.startswith(PICTURES)]
        for path in there:
            content, entry = self.read(path), self.files.get(path)
            if entry is None:
                self.add(ProblemKind.UNEXPECTED, path, "the Manifest does not list it")
            elif content is not None and hashlib.sha256(content).hexdigest() != entry.get("sha256"):
                self.add(
                    ProblemKind.DIGEST_DIFFERS, path, hashlib.sha256(content).hexdigest(), str(entry.get("sha256"))
                )
        return len(there)

    def check_unlisted(self) -> int:
        wanted = {PROOF, MANIFEST, LIST, SEAL, *(line.file for line in self.lines)}
        there = self._listing()
        for path in there:
            if path not in wanted and not path.startswith((*PICTURES, "proofs/")):
                self.add(ProblemKind.UNEXPECTED, path, "not part of a disclosure")
        return len(there)

    def _listing(self) -> list[str]:
        """Every entry below the folder that is no folder, links included and never followed."""
        found: list[str] = []
        waiting = [self.folder]
        while waiting:
            folder = waiting.pop()
            try:
                entries = list(folder.iterdir())
            except OSError as error:
                self.add(ProblemKind.UNREADABLE, folder.name, error.strerror or "cannot be listed")
                continue
            for entry in entries:
                if entry.is_dir() and not is_link(entry.lstat()):
                    waiting.append(entry)
                else:
                    found.append(entry.relative_to(self.folder).as_posix())
        return sorted(found)
