"""The packages of a case as one statement: every finding once, as its latest package has it; made for exports, never sealed.

Each link of the chain is verified first, and each package.  What the statement says of a finding names the package that states it:
run, Manifest and Merkle leaf are that package's.  Exhibit numbers are those of the statement, so they have a prefix of its own.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from manifests.canonical import canonical_bytes
from manifests.chaining import REVIEW, merged_matches, ordered_chain
from manifests.errors import ManifestError, VerificationError
from manifests.merkle import leaf_hash
from manifests.packages import Package, inside, open_package
from manifests.records import ORDER_OF, Tally, row_order
from manifests.verifying import verify_package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from manifests.errors import Problem

PREFIX: Final = "CASE"
_PICTURES: Final = ("thumbnails/", "renditions/")
_COMPARISONS: Final = ("digest", "fingerprint", "image", "url", "caption")


def open_chain(case: Path) -> tuple[Package, ...]:
    """The packages in ``case/packages``, reviews too, each verified, in the order in which they follow each other.

    Raises:
        ManifestError: there is none.
        VerificationError: a package fails a check, or the chain has a gap or a fork; every problem is listed.
    """
    folders = sorted(path.parent for path in (case / "packages").glob("*/tagmanifest-sha256.txt"))
    if not folders:
        raise ManifestError(f"{case}: there is no package in it", hint=f"Run it first: provscan rescan {case}")
    problems: list[Problem] = []
    for folder in folders:
        problems += verify_package(folder).problems
    if problems:
        raise VerificationError(tuple(problems))
    return ordered_chain([open_package(folder) for folder in folders])


def merge(chain: Sequence[Package], folder: Path) -> Package:
    """Write the records of the whole chain into ``folder`` and open them as one package; the last one gives its settings.

    The work's own lines (title, registrations) are those of the latest package that has it.
    """
    last = next(package for package in reversed(chain) if package.manifest["kind"] != REVIEW)
    (folder / "data" / "rows").mkdir(parents=True)
    matches = list(merged_matches(chain))
    stated = {match["work_id"] for match in matches}
    coverage = list(_coverage(chain))
    negatives = list(_negatives(chain, stated, last))
    _write(folder, "matches", matches)
    _write(folder, "portfolio", sorted(_portfolio(chain, stated, last), key=ORDER_OF["portfolio"]))
    _write(folder, "coverage", sorted(coverage, key=ORDER_OF["coverage"]))
    _write(folder, "negatives", sorted(negatives, key=ORDER_OF["negatives"]))
    observations = _latest(chain, "observations", lambda line: line["observation_id"])
    _write(folder, "observations", sorted(observations, key=ORDER_OF["observations"]))
    _write(folder, "events", last.records("events"))
    _merge_rows(chain, folder)
    files = _copy_pictures(chain, folder)
    manifest = _manifest(chain, last, matches, negatives, coverage)
    return Package(
        path=folder,
        manifest={**manifest, "files": files},
        manifest_sha256=last.manifest_sha256,
        origins=_origins(chain),
    )


def _origins(chain: Iterable[Package]) -> dict[str, dict[str, str]]:
    """By match id, the package that states the finding: its run, its Manifest, the leaf of its line."""
    found = {}
    for package in chain:
        for line, match in zip(package.lines("matches"), package.records("matches"), strict=True):
            found[match["match_id"]] = {
                "run_id": str(package.manifest["run"]["run_id"]),
                "manifest_sha256": package.manifest_sha256,
                "merkle_leaf": leaf_hash(line).hex(),
            }
    return found


def _latest(chain: Iterable[Package], name: str, key: Any) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for package in chain:
        for line in package.records(name):
            found[key(line)] = line
    return list(found.values())


def _portfolio(chain: Iterable[Package], stated: set[str | None], last: Package) -> Iterable[dict[str, Any]]:
    """The works of today and those with findings, each once whatever its file was called; and today's files that are no works."""
    works = {line["work_id"]: line for package in chain for line in _works(package) if line["work_id"] in stated}
    yield from (works | {line["work_id"]: line for line in _works(last)}).values()
    for line in last.records("portfolio"):
        if line["status"] != "included" and line["work_id"] not in works:
            yield line


def _works(package: Package) -> Iterable[dict[str, Any]]:
    return (line for line in package.records("portfolio") if line["status"] == "included")


def _coverage(chain: Iterable[Package]) -> Iterable[dict[str, Any]]:
    """Each shard once: as the latest run has it that compared it, else as the latest that speaks of it."""
    found: dict[tuple[str, str | None, str], dict[str, Any]] = {}
    for package in chain:
        for line in package.records("coverage"):
            key = line["dataset"], line["release"], line["shard_id"] or line["shard"]
            before = found.get(key)
            if before is None or line["status"] == "scanned" or before["status"] != "scanned":
                found[key] = line
    names: Counter[tuple[str, str | None, str]] = Counter()
    for line in found.values():
        key = line["dataset"], line["release"], line["shard"]
        names[key] += 1
        # Two files that had one name, one after the other: told apart by the digest behind it.
        apart = names[key] > 1 and line["shard_id"]
        yield {**line, "shard": f"{line['shard']}@{line['shard_id'].partition(':')[2][:16]}"} if apart else line


def _negatives(chain: Sequence[Package], stated: set[str | None], last: Package) -> Iterable[dict[str, Any]]:
    """Works of today without a finding in the whole chain.

    Only rows count of which a package says without doubt that they were compared with the Work, each shard once: where a run
    compared its shards with some works and not with others, its line for this Work says less than all of them, and none is counted.
    """
    rows: defaultdict[str, dict[str, int]] = defaultdict(dict)
    compared: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for package in chain:
        if package.manifest["kind"] == REVIEW:
            continue
        scanned = [line for line in package.records("coverage") if line["rows_scanned"]]
        total = sum(line["rows_scanned"] for line in scanned)
        totals = {name: sum(line["compared"][name] for line in scanned) for name in _COMPARISONS}
        for negative in package.records("negatives"):
            if negative["rows_scanned"] == total:
                rows[negative["work_id"]] |= {line["shard_id"]: line["rows_scanned"] for line in scanned}
            for name in _COMPARISONS:
                if negative["compared"][name] == totals[name]:
                    compared[negative["work_id"], name] |= {
                        line["shard_id"]: line["compared"][name] for line in scanned
                    }
    for line in last.records("portfolio"):
        if line["status"] == "included" and line["work_id"] not in stated:
            work = line["work_id"]
            yield {
                "work_id": work,
                "work_file": line["files"][0],
                "statement_code": "no_match",
                "rows_scanned": sum(rows[work].values()),
                "compared": {name: sum(compared[work, name].values()) for name in _COMPARISONS},
                "caveats": last.manifest["limitations"],
            }


def _merge_rows(chain: Iterable[Package], folder: Path) -> None:
    found: defaultdict[str, dict[tuple[int, int], dict[str, Any]]] = defaultdict(dict)
    for package in chain:
        for entry in package.manifest["files"]:
            if entry["path"].startswith("rows/") and entry["path"].endswith(".jsonl"):
                shard16 = entry["path"].removeprefix("rows/").removesuffix(".jsonl")
                for row in package.rows(shard16):
                    found[shard16][row_order(row)] = row
    for shard16, rows in found.items():
        _write(folder, f"rows/{shard16}", (row for _, row in sorted(rows.items())))


def _copy_pictures(chain: Iterable[Package], folder: Path) -> list[dict[str, Any]]:
    found: dict[str, tuple[Package, dict[str, Any]]] = {}
    for package in chain:
        for entry in package.manifest["files"]:
            if entry["path"].startswith(_PICTURES):
                found[entry["path"]] = package, entry
    for path, (package, _) in found.items():
        place = folder / "data" / path
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(inside(package.path, f"data/{path}"), place)
    return [entry for _, (_, entry) in sorted(found.items())]


def _manifest(
    chain: Sequence[Package],
    last: Package,
    matches: Sequence[Mapping[str, Any]],
    negatives: Sequence[Mapping[str, Any]],
    coverage: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The last package's Manifest with the counts of the whole."""
    tally = Tally()
    hosts: dict[str, dict[str, Any]] = {}
    datasets: dict[tuple[str, str | None], dict[str, Any]] = {}
    limitations: set[str] = set()
    for package in chain:
        hosts |= {entry["host"]: entry for entry in package.manifest["results"]["by_host"]}
        datasets |= {(entry["name"], entry["release"]): entry for entry in package.manifest["datasets"]}
        limitations |= set(package.manifest["limitations"]) - {"incomplete"}
    for match in matches:
        tally.add(match)
    if "incomplete" in last.manifest["limitations"]:
        limitations.add("incomplete")
    results = {
        "findings": tally.findings,
        "by_tier": tally.by_tier(),
        "by_grade": tally.by_grade(),
        "works_with_findings": len(tally.works),
        "works_without": len(negatives),
        "not_listed": sum(
            (Counter(package.manifest["results"]["not_listed"]) for package in _runs(chain)), Counter[str]()
        ),
        "reviewed": tally.reviewed(),
        "by_host": [{**hosts[host], "findings": n, "works": works} for host, n, works in tally.by_host()],
    }
    return {
        **last.manifest,
        "kind": "scan",
        "previous": None,
        "results": results,
        "datasets": [_dataset(entry, coverage) for _, entry in sorted(datasets.items(), key=lambda one: one[0][0])],
        "limitations": sorted(limitations),
        "contents": {**last.manifest["contents"], "exhibit_prefix": PREFIX},
    }


def _runs(chain: Iterable[Package]) -> Iterable[Package]:
    return (package for package in chain if package.manifest["kind"] != REVIEW)


def _dataset(entry: Mapping[str, Any], coverage: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    mine = [line for line in coverage if (line["dataset"], line["release"]) == (entry["name"], entry["release"])]
    shards = {status: sum(line["status"] == status for line in mine) for status in ("scanned", "skipped", "failed")}
    return {**entry, "shards": shards, "rows_total": None, "rows_scanned": sum(line["rows_scanned"] for line in mine)}


def _write(folder: Path, name: str, records: Iterable[Mapping[str, Any]]) -> None:
    with (folder / "data" / f"{name}.jsonl").open("wb") as stream:
        stream.writelines(canonical_bytes(record) + b"\n" for record in records)
