"""``manifest.json`` against the files and the records: digests, lines, roots, and every total counted again."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from manifests import bag
from manifests.canonical import canonical_bytes
from manifests.errors import ProblemKind, UnsafePath
from manifests.packages import DERIVED, OF_THE_RUN, parse_record, read_inside
from manifests.verifying.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from manifests.records import Tally
    from manifests.verifying.checks import Notes
    from manifests.verifying.seal import FileFacts
    from manifests.verifying.tables import Tables

MANIFEST: Final = "data/manifest.json"


def read_manifest(folder: Path, notes: Notes) -> dict[str, Any] | None:
    """The Manifest, if it is canonical and has the shape of its schema; what is wrong is noted."""
    notes.looked("manifest.canonical")
    with notes.reading("manifest.canonical", MANIFEST):
        return _shaped(parse_record(read_inside(folder, MANIFEST, 64 << 20), ""), notes)
    return None


def _shaped(manifest: dict[str, Any], notes: Notes) -> dict[str, Any] | None:
    notes.looked("manifest.schema")
    faults = shape_of("manifest")(manifest)
    for where, what in faults:
        notes.problem("manifest.schema", ProblemKind.SCHEMA, MANIFEST, found=f"{where}: {what}")
    return None if faults else manifest


def check_files(manifest: Mapping[str, Any], facts: Mapping[str, FileFacts], notes: Notes) -> None:
    """Every payload file is listed once, in its place, as it is; derived ones are the bag's affair alone."""
    wanted = {path.removeprefix("data/"): known for path, known in facts.items() if path != MANIFEST}
    wanted = {path: known for path, known in wanted.items() if not path.startswith(DERIVED)}
    for part, entries, of_run in (("files", manifest["files"], False), ("run.files", manifest["run"]["files"], True)):
        listed = {entry["path"]: entry for entry in entries}
        notes.looked("manifest.files", len(entries))
        if [entry["path"] for entry in entries] != sorted(listed):
            _note(notes, "manifest.files", f"{part} is not sorted, or names a file twice")
        belonging = {path for path in wanted if path.startswith(OF_THE_RUN) is of_run}
        for path in sorted(belonging ^ listed.keys()):
            kind = ProblemKind.MISSING if path in listed else ProblemKind.UNEXPECTED
            notes.problem("manifest.files", kind, f"data/{path}", found=f"against {part} of the Manifest")
        for path in sorted(belonging & listed.keys()):
            for name, expected in listed[path].items():
                found = path if name == "path" else getattr(wanted[path], name)
                if found != expected:
                    what = ProblemKind.DIGEST_DIFFERS
                    notes.problem("manifest.files", what, f"data/{path}", expected=f"{name} {expected}", found=found)


def check_counts(manifest: Mapping[str, Any], tally: Tally, negatives: int, tables: Tables, notes: Notes) -> None:
    """``results`` and ``portfolio`` counted again from the records."""
    results = manifest["results"]
    counted = {
        "findings": tally.findings,
        "by_tier": tally.by_tier(),
        "by_grade": tally.by_grade(),
        "works_with_findings": len(tally.works),
        "works_without": negatives,
        "reviewed": tally.reviewed(),
        "by_host": tally.by_host(),
    }
    stated = {name: results[name] for name in counted}
    stated["by_host"] = [(entry["host"], entry["findings"], entry["works"]) for entry in results["by_host"]]
    counted["portfolio"] = {"works": len(tables.works), "files_excluded": tables.excluded}
    stated["portfolio"] = manifest["portfolio"]
    for name, found in counted.items():
        notes.looked("manifest.counts")
        if stated[name] != found:
            _note(notes, "manifest.counts", f"{name}: {stated[name]}", f"{found}")
    for entry in results["by_host"]:
        if entry["host"] != entry["domain"] and not entry["host"].endswith(f".{entry['domain']}"):
            _note(notes, "manifest.counts", f"results.by_host: {entry['domain']} is no domain of {entry['host']}")


def check_statements(folder: Path, manifest: Mapping[str, Any], facts: Mapping[str, FileFacts], notes: Notes) -> None:
    """What the Manifest says of itself: digests of its parts, sorted codes, the order of its times, its contents."""
    for what in _own_faults(manifest, facts):
        _note(notes, "manifest.counts", what)
    identity = manifest["subject"]["identity_sha256"]
    held = facts.get("data/identity.json")
    if (held.sha256 if held else None) != identity:
        _note(notes, "manifest.counts", f"subject.identity_sha256 {identity}", held.sha256 if held else "no such file")
    for what in _bag_info_faults(folder, manifest):
        notes.problem("manifest.counts", ProblemKind.VALUE_DIFFERS, bag.BAG_INFO, found=what)
    for name in ("identity.json", "environment.json"):
        if f"data/{name}" in facts:
            notes.looked("manifest.canonical")
            with notes.reading("manifest.canonical", f"data/{name}"):
                parse_record(read_inside(folder, f"data/{name}"), "")


def _bag_info_faults(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """``bag-info.txt`` names the run, its day and its tool as the Manifest does."""
    try:
        content = read_inside(folder, bag.BAG_INFO)
    except (OSError, UnsafePath):
        return  # the bag's own checks say so
    run, tool = manifest["run"], manifest["tool"]
    wanted = bag.bag_info_bytes(
        payload_bytes=0,
        payload_files=0,
        date=run["finished_at"][:10],
        run_id=run["run_id"],
        software=f"{tool['name']} {tool['version']}",
    )
    for line in wanted.decode().split("\n"):
        label, colon, _ = line.partition(":")
        if colon and label != "Payload-Oxum" and line not in content.decode("utf-8", "replace").split("\n"):
            yield f"no line {line!r}"


def _own_faults(manifest: Mapping[str, Any], facts: Mapping[str, FileFacts]) -> Iterator[str]:
    digest = hashlib.sha256(canonical_bytes(manifest["config"])).hexdigest()
    if manifest["config_sha256"] != digest:
        yield f"config_sha256 is not {digest}"
    limitations = manifest["limitations"]
    if limitations != sorted(set(limitations)):
        yield "limitations are not sorted, or one is given twice"
    run = manifest["run"]
    if not run["started_at"] <= run["finished_at"] or not run["method_fixed_at"] <= run["finished_at"]:
        yield "the run finished before it began"
    if manifest["tool"]["self_test"]["passed"] > manifest["tool"]["self_test"]["total"]:
        yield "more vectors of the self-test passed than there are"
    low, high = map(Decimal, manifest["search"]["interval95"])
    if low > high:
        yield f"search.interval95 ends below its beginning: {low}, {high}"
    if (manifest["previous"] is None) != (manifest["kind"] == "scan"):
        yield f"a package of kind {manifest['kind']} with previous {manifest['previous']}"
    if manifest["kind"] == "scan" and "data/changes.jsonl" in facts:
        yield "a package of kind scan with changes.jsonl: nothing came before it"
    paths = [path.removeprefix("data/") for path in facts]
    there = {
        "captures": any(path.startswith("captures/") for path in paths),
        "drafts": any(path.startswith("drafts/") for path in paths),
        "parquet_rows": any(path.endswith(".parquet") for path in paths),
        "thumbnails": any(path.startswith("thumbnails/") for path in paths),
    }
    for name, found in there.items():
        if manifest["contents"][name] is not found:
            yield f"contents.{name} is {manifest['contents'][name]}, but the package says {found}"


def _note(notes: Notes, check: str, found: str, expected: str | None = None) -> None:
    notes.problem(check, ProblemKind.COUNT_DIFFERS, MANIFEST, expected=expected, found=found)
