"""Disclose exhibits: single findings with their work, row, pictures and proof, and nothing of the rest (section 6)."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from manifests.bag import SEAL
from manifests.disclosures import (
    LIST,
    LISTED_MANIFEST,
    MANIFEST,
    PROOF,
    DisclosedLine,
    check_disclosure,
    proof_bytes,
)
from manifests.errors import AlreadyThere, ManifestError, VerificationError
from manifests.merkle import inclusion_paths, leaf_hash
from manifests.packages import Package, lines_inside, open_package, parse_record, read_inside, shard16
from manifests.proofs.names import STAMPS, files_below
from manifests.verifying.checks import Notes
from manifests.writing import output_errors

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def disclose(package_path: str | os.PathLike[str], match_ids: Sequence[str], out: Path) -> tuple[str, ...]:
    """Write a disclosure of these findings to ``out``; return the paths written, relative to it.

    Beside each finding come its work, shard and row lines, the grey pixels its fingerprints were computed from and its
    thumbnails.  The folder appears complete or not at all, and is checked before it does: a package whose lines, lists
    and seal do not agree cannot be disclosed from.  Reads each file concerned once; memory: 32 bytes and some a line.

    Raises:
        ManifestError: no such finding, or none named.
        VerificationError: what was written does not follow from the package's seal.
        OutputError: ``out`` is there and not empty, or cannot be written.
    """
    package = open_package(package_path)
    if not match_ids:
        raise ManifestError("no finding to disclose was named", hint="Name one or more match ids (m-…).")
    matches, lines = _findings(package, match_ids)
    lines += _accompanying(package, matches)
    contents = {
        PROOF: proof_bytes(lines),
        MANIFEST: package.read_bytes(LISTED_MANIFEST),
        LIST: package.read_bytes(LIST),
        SEAL: package.read_bytes(SEAL),
    }
    for line in lines:
        contents[line.file] = contents.get(line.file, b"") + line.line.encode() + b"\n"
    for path in _pictures(package, matches, lines):
        contents[path] = package.read_bytes(f"data/{path}")
    for folder in ("proofs", STAMPS):
        contents |= {path: read_inside(package.path, path) for path in files_below(package.path, folder)}
    _write(out, contents)
    return tuple(sorted(contents))


def _findings(package: Package, match_ids: Sequence[str]) -> tuple[list[dict[str, Any]], list[DisclosedLine]]:
    wanted = set(match_ids)
    lines = _chosen(package, "matches.jsonl", wanted, lambda record: record.get("match_id") in wanted)
    matches = [parse_record(line.line.encode(), line.file) for line in lines]
    absent = sorted(wanted - {match["match_id"] for match in matches})
    if absent:
        raise ManifestError(
            f"no finding {', '.join(absent)} in this package", hint="The match ids stand in exports/evidence.csv."
        )
    return matches, lines


def _accompanying(package: Package, matches: Iterable[Mapping[str, Any]]) -> list[DisclosedLine]:
    """The lines of the works, shards and rows these findings are about."""
    works = {match["work_id"] for match in matches} - {None}
    shards = {match["row"]["shard_id"] for match in matches}
    lines = _chosen(package, "portfolio.jsonl", works, lambda record: record["work_id"] in works) if works else []
    lines += _chosen(package, "coverage.jsonl", shards, lambda record: record["shard_id"] in shards)
    for shard_id in sorted(shards):
        rows = {
            (match["row"]["row_number"], match["row"]["item"])
            for match in matches
            if match["row"]["shard_id"] == shard_id and match["row"]["values_sha256"] is not None
        }
        if rows:
            lines += _rows(package, f"rows/{shard16(shard_id)}.jsonl", rows)
    return lines


def _rows(package: Package, file: str, rows: set[tuple[int, int | None]]) -> list[DisclosedLine]:
    numbers = {f'"row_number":{number},' for number, _ in rows}
    return _chosen(package, file, numbers, lambda record: (record["row_number"], record["item"]) in rows)


def _chosen(
    package: Package, file: str, needles: Iterable[str], is_wanted: Callable[[dict[str, Any]], bool]
) -> list[DisclosedLine]:
    """The lines of one file that are wanted, each with its inclusion path; only lines that hold a needle are parsed."""
    holds_one = re.compile(b"|".join(re.escape(needle.encode()) for needle in sorted(needles))).search
    leaves: list[bytes] = []
    chosen: list[tuple[int, bytes]] = []
    for number, line in enumerate(lines_inside(package.path, f"data/{file}")):
        leaves.append(leaf_hash(line))
        if holds_one(line) and is_wanted(parse_record(line, f"{file}:{number + 1}")):
            chosen.append((number, line))
    paths = inclusion_paths(leaves, [number for number, _ in chosen])
    return [
        DisclosedLine(
            file=file,
            line=line.decode("utf-8"),
            leaf_index=number,
            tree_size=len(leaves),
            path=tuple(part.hex() for part in path),
        )
        for (number, line), path in zip(chosen, paths, strict=True)
    ]


def _pictures(package: Package, matches: Sequence[Mapping[str, Any]], lines: Sequence[DisclosedLine]) -> list[str]:
    """Paths of the pictures of these findings: both sides' grey pixels in the forms compared, and the thumbnails."""
    listed = [entry["path"] for entry in package.manifest["files"]]
    thumbnails = tuple(f"thumbnails/{match['match_id']}-" for match in matches)
    variants = {"original"} | {entry["variant"] for match in matches for entry in match["basis"]}
    digests = {match["work_sha256"] for match in matches} - {None}
    digests |= {match["observation"]["content_sha256"] for match in matches if match["observation"]} - {None}
    for line in lines:
        if line.file.startswith("rows/"):
            digests.update(_DIGEST.findall(line.line))  # pictures packaged in the row: "sha256:HEX:bytes"
    sides = {digest[:16] for digest in digests}
    return [path for path in listed if path.startswith(thumbnails) or _is_rendition_of(path, sides, variants)]


def _is_rendition_of(path: str, sides: set[str], variants: set[str | None]) -> bool:
    """``renditions/<sha16>-<variant>-<fp>.png``; a variant's own name may hold dashes, a fingerprint's does not."""
    if not path.startswith("renditions/"):
        return False
    sha16, _, rest = path.removeprefix("renditions/").removesuffix(".png").partition("-")
    return sha16 in sides and rest.rpartition("-")[0] in variants


def _write(out: Path, contents: Mapping[str, bytes]) -> None:
    staging = out.with_name(f".{out.name}.writing")
    with output_errors(out.name):
        if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
            raise AlreadyThere(f"{out.name} is already there", hint="Choose another --out, or move it away.")
        if staging.exists():
            shutil.rmtree(staging)
        try:
            for path, content in contents.items():
                place = staging.joinpath(*path.split("/"))
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            _require_sound(staging)
            with suppress(FileNotFoundError):
                out.rmdir()  # an empty folder, or it would have been refused
            staging.rename(out)
        finally:
            shutil.rmtree(staging, ignore_errors=True)  # after the rename there is nothing left there


def _require_sound(staging: Path) -> None:
    notes = Notes()
    check_disclosure(staging, notes)
    verification = notes.verification()
    if verification.failed:
        raise VerificationError(verification.problems)
