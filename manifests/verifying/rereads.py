"""What needs more than the package: shards and works given by the user, fingerprints with imagehash."""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from manifests.errors import FormatError, ProblemKind
from manifests.packages import CHUNK_BYTES, read_inside, shard16
from manifests.records import values_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from manifests.packages import Package
    from manifests.verifying.checks import Notes

SIDES: Final = {"phash64": (32, 8), "phash256": (64, 16)}  # algorithm: side of the rendition, of the hash
MAX_RENDITION_BYTES: Final = 64 << 10  # 64 x 64 grey pixels are 4 KiB


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file():
                yield path


def check_works(package: Package, originals: Path | None, notes: Notes) -> None:
    """Each work and rendition of the portfolio is among the files below ``originals``, by its SHA-256."""
    if originals is None:
        notes.skipped("works", "no --works given: the originals are not in the package")
        return
    notes.looked("works", 0)
    held = {_sha256(path) for path in _files_below(originals)}
    for number, work in enumerate(package.records("portfolio"), 1):
        for entry in (work, *work["renditions"]) if work["status"] == "included" else ():
            notes.looked("works")
            if entry["sha256"] not in held:
                name = entry.get("file") or work["files"][0]
                notes.problem("works", ProblemKind.MISSING, "data/portfolio.jsonl", number, expected=name)


def check_shards(package: Package, folder: Path | None, notes: Notes) -> None:
    """The shards found below ``folder`` have the digests of ``coverage.jsonl``, their rows the values of ``rows/``."""
    if folder is None:
        notes.skipped("shards", "no --shards given: the dataset is not in the package")
        return
    notes.looked("shards", 0)
    by_name = defaultdict(list)
    for path in _files_below(folder):
        by_name[path.name].append(path)
    checked = 0
    for number, shard in enumerate(package.records("coverage"), 1):
        held = [(_shard_digest(path, shard), path) for path in _candidates(folder, by_name, shard)]
        expected = shard["shard_sha256"] or _parts_digest(shard["parts"])
        same = [path for digest, path in held if digest == expected]
        checked += len(held)
        notes.looked("shards", len(held))
        if held and not same:  # of several files of that name, one has to be the shard
            notes.problem(
                "shards", ProblemKind.DIGEST_DIFFERS, "data/coverage.jsonl", number, expected=expected, found=held[0][0]
            )
        elif same and same[0].suffix == ".parquet":
            _check_rows(package, shard, same[0], notes)
    if not checked:
        notes.skipped("shards", "none of the shards is below --shards")


def _candidates(folder: Path, by_name: Mapping[str, list[Path]], shard: Mapping[str, Any]) -> list[Path]:
    """Where a shard may lie: at its own path, else every file of its name; a hostile name finds nothing outside."""
    if (shard["shard_sha256"] is None and not shard["parts"]) or shard["status"] == "skipped":
        return []
    name = shard["shard"].rpartition("/")[2]
    files = by_name.get(name, [])
    exact = [path for path in files if path.relative_to(folder).as_posix() == shard["shard"]]
    if exact or files:
        return exact or files
    is_plain = name not in {"", ".", ".."} and "\\" not in name and ":" not in name and "\0" not in name
    is_folder = is_plain and shard["shard_sha256"] is not None and (folder / name).is_dir()
    return [folder / name] if is_folder else []


def _parts_digest(parts: list[Mapping[str, Any]]) -> str:
    """What stands for a shard without a digest of the whole: its pieces, each with its own."""
    return "; ".join(f"{part['offset']}+{part['bytes']}: {part['sha256']}" for part in parts)


def _shard_digest(path: Path, shard: Mapping[str, Any]) -> str:
    """SHA-256 of a file; of a folder of pictures, of its list ``<hex>␠␠<relative path>`` sorted by path bytes.

    Of a shard that was read in part and has no digest, those of the same pieces of the file.
    """
    if shard["shard_sha256"] is None:
        with path.open("rb") as stream:
            return _parts_digest([{**part, "sha256": _piece_sha256(stream, part)} for part in shard["parts"]])
    if path.is_file():
        return _sha256(path)
    names = {file.relative_to(path).as_posix().encode("utf-8", "surrogateescape"): file for file in _files_below(path)}
    return hashlib.sha256(
        b"".join(b"%s  %s\n" % (_sha256(names[name]).encode(), name) for name in sorted(names))
    ).hexdigest()


def _piece_sha256(stream: BinaryIO, part: Mapping[str, Any]) -> str:
    stream.seek(part["offset"])
    digest, left = hashlib.sha256(), part["bytes"]
    while left and (chunk := stream.read(min(left, CHUNK_BYTES))):
        left -= len(chunk)
        digest.update(chunk)
    return digest.hexdigest()


def _check_rows(package: Package, shard: Mapping[str, Any], path: Path, notes: Notes) -> None:
    name = shard16(shard["shard_id"])
    if not package.exists(f"data/rows/{name}.jsonl"):
        return
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - optional

        from manifests.verifying.arrow_rows import parquet_rows  # noqa: PLC0415 - needs pyarrow
    except ImportError:
        return  # the shard's own digest was compared; the rows are then those of the same bytes
    kept = {record["row_number"]: record["values"] for record in package.rows(name)}  # items of a row hold all of it
    try:
        for number, values in parquet_rows(path, kept):
            notes.looked("shards")
            if values_sha256(values) != values_sha256(kept.pop(number)):
                notes.problem("shards", ProblemKind.VALUE_DIFFERS, f"data/rows/{name}.jsonl", found=f"row {number}")
    except (OSError, ValueError, FormatError, ArrowException) as error:
        notes.problem("shards", ProblemKind.UNREADABLE, f"data/rows/{name}.jsonl", found=str(error))
        return
    for number in kept:
        notes.problem("shards", ProblemKind.MISSING, f"data/rows/{name}.jsonl", found=f"the shard has no row {number}")


def check_fingerprints(package: Package, notes: Notes) -> None:
    """``imagehash.phash`` of each rendition gives the fingerprint that the records state for it."""
    paths = [entry["path"] for entry in package.manifest["files"] if entry["path"].startswith("renditions/")]
    if not paths:
        notes.skipped("fingerprints", "the package holds no renditions", applies=False)
        return
    try:
        import imagehash  # noqa: PLC0415 - optional
        from PIL import Image  # noqa: PLC0415
    except ImportError:
        notes.skipped("fingerprints", "imagehash is not installed")
        return
    notes.looked("fingerprints", 0)
    stated = _stated_fingerprints(package)
    for path in paths:
        with notes.reading("fingerprints", f"data/{path}"):
            side, hash_size = _expected_sides(path)
            content = read_inside(package.path, f"data/{path}", MAX_RENDITION_BYTES)
            stream = _grey_png(content, side)
            with Image.open(stream, formats=["PNG"]) as picture:
                found = str(imagehash.phash(picture, hash_size=hash_size))
            _compare(path, found, stated, notes)


def _expected_sides(path: str) -> tuple[int, int]:
    algorithm = path.rpartition("-")[2].removesuffix(".png")
    if algorithm not in SIDES:
        raise FormatError(f"a rendition for an unknown fingerprint {algorithm[:40]}")
    return SIDES[algorithm]


def _grey_png(content: bytes, side: int) -> io.BytesIO:
    """Only a PNG of 8-bit grey pixels of that side goes to a decoder."""
    head = struct.pack(">8sI4sIIBB", b"\x89PNG\r\n\x1a\n", 13, b"IHDR", side, side, 8, 0)
    if not content.startswith(head):
        raise FormatError(f"not a PNG of {side} x {side} grey pixels")
    return io.BytesIO(content)


def _stated_fingerprints(package: Package) -> dict[tuple[str, str, str], set[str]]:
    """``(sha16, variant, algorithm)`` to the values that portfolio and matches state."""
    stated: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for work in package.records("portfolio"):
        for known in work["fingerprints"] if work["status"] == "included" else ():
            stated[work["sha256"][:16], known["variant"], known["id"]].add(known["value"])
    for match in package.records("matches"):
        for entry in match["basis"]:
            if entry["kind"] == "fingerprint_near" and entry["source_of_hash"] != "compiler":
                region = (entry["detail"] or {}).get("region")
                form = "original" if region is None else f"region-{region.replace(',', '-')}"
                stated["", form, entry["metric"].partition("/")[2]].add(entry["row_value"])
    return stated


def _compare(path: str, found: str, stated: Mapping[tuple[str, str, str], set[str]], notes: Notes) -> None:
    """A work's rendition gives its portfolio value; one of the dataset's side some value of the matches."""
    sha16, _, rest = path.removeprefix("renditions/").partition("-")
    variant, _, algorithm = rest.removesuffix(".png").rpartition("-")
    expected = stated.get((sha16, variant, algorithm)) or stated.get(("", variant, algorithm), set())
    notes.looked("fingerprints")
    if f"{algorithm}:{found}" not in expected:
        what = ProblemKind.BITS_DIFFER
        shown = next(iter(expected)) if len(expected) == 1 else f"one of {len(expected)} stated"
        notes.problem("fingerprints", what, f"data/{path}", expected=shown, found=f"{algorithm}:{found}")
