"""The files of a case: ``case.toml`` with the lists it names, the packages of its runs, and ``PACKAGES.txt``.

``PACKAGES.txt`` lists the packages in the order of the runs, ``<SHA-256 of data/manifest.json>  <package>/data/manifest.json``, so that
``sha256sum -c PACKAGES.txt`` reads it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from manifests.chaining import naming
from manifests.errors import ManifestError
from manifests.packages import open_package
from scanner.cases import parse_case
from scanner.errors import LedgerError, UsageError
from scanner.ledger import write_atomic
from scanner.runner.destination import SEAL
from scanner.runner.turning import said_to_vanish
from scanner.runner.user_texts import read_text, with_url_lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from manifests.packages import Package
    from scanner.cases import Case
    from scanner.ledger import History, Run


def read_case(folder: Path) -> Case:
    """The case in ``folder``; its paths relative to this process, the lists of addresses it names read in.

    Raises:
        UsageError: no ``case.toml``, or a faulty one (with the key).
    """
    file = folder / "case.toml"
    if not file.is_file():
        raise UsageError(f"{folder}: there is no case.toml in it", hint=f"Make a case: provscan init {folder}")
    case = parse_case(read_text(file), where=str(file))
    return replace(
        case,
        portfolio=tuple(str(folder / source) for source in case.portfolio),
        datasets=tuple(
            each if "://" in each.source else replace(each, source=str(folder / each.source)) for each in case.datasets
        ),
        identity=None if case.identity is None else with_url_lists(case.identity, folder),
    )


def case_name(folder: Path) -> str:
    """The case's name as it stands in the names of its packages: that of its folder, letters, digits, ``.``, ``_`` and ``-``."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", folder.resolve().name)[:40] or "case"


def list_packages(folder: Path, runs: Iterable[Run]) -> None:
    """Write ``packages/PACKAGES.txt``.

    Raises:
        OutputError: disk full or read-only.
    """
    lines = [f"{run.manifest_sha256}  {run.package}/data/manifest.json\n" for run in runs if run.manifest_sha256]
    write_atomic(folder / "packages" / "PACKAGES.txt", "".join(lines).encode())


def refuse_strangers(folder: Path, runs: Iterable[Run]) -> None:
    """Make sure that the ledger knows every package that ``PACKAGES.txt`` lists: an older ledger, or none, would begin a second chain.

    Raises:
        LedgerError: it lists one of which the ledger knows nothing.
    """
    try:
        lines = (folder / "packages" / "PACKAGES.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    known = {run.package for run in runs}
    for line in lines:
        package = line.partition("  ")[2].partition("/")[0]
        if package and package not in known:
            raise LedgerError(
                f"packages/{package} is listed in PACKAGES.txt, and the ledger knows nothing of it",
                hint="Put the ledger.sqlite and outcomes back that belong to these packages, or begin a new case: provscan init NEW-CASE",
            )


def adopt_sealed(folder: Path, history: History, finished_at: str) -> Run | None:
    """Record the package of a run that was killed between the seal and the record; None where there is no such run."""
    for run in history.runs():
        seal = folder / "packages" / run.package / SEAL
        if run.finished_at is None and seal.is_file():
            package = open_package(seal.parent)
            failed = (line for line in package.records("coverage") if line["status"] == "failed")
            gaps = gaps_digest((line["dataset"], line["shard"], line["reason"]) for line in failed)
            history.end_run(run.number, finished_at=finished_at, manifest_sha256=package.manifest_sha256, gaps=gaps)
            return replace(run, finished_at=finished_at, manifest_sha256=package.manifest_sha256)
    return None


def gaps_digest(gaps: Iterable[tuple[str, str, str | None]]) -> str:
    """The digest of gaps ``(dataset, shard, reason)``; empty where there are none."""
    lines = sorted(f"{dataset}/{shard}: {reason}" for dataset, shard, reason in gaps)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest() if lines else ""


_LOOKED_AT = frozenset({"live_bytes", "archive_bytes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A finding as an earlier package of the case states it; ``basis`` is what it rests on, figures of chance aside."""

    match_id: str
    work_id: str | None
    tier: str
    row: dict[str, Any]
    basis: frozenset[str]

    def side(self) -> dict[str, Any]:
        """A side of a line of ``changes.jsonl``."""
        return {"match_id": self.match_id, "tier": self.tier, "row": self.row}


def basis_of(basis: Iterable[dict[str, Any]]) -> frozenset[str]:
    """What a finding rests on in the dataset: which comparisons gave which values; what its address returned one day is not in it."""
    names = ("kind", "metric", "value", "variant", "column")
    in_dataset = (entry for entry in basis if entry["source_of_hash"] not in _LOOKED_AT)
    return frozenset(repr([entry[name] for name in names]) for entry in in_dataset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What the packages of a case state so far, by match id: every finding as its latest package has it.

    ``vanished`` are those that a package gave up and none states again.
    """

    previous: dict[str, Any] | None
    stated: dict[str, Stated]
    vanished: dict[str, Stated]

    def state(self, matches: Iterable[dict[str, Any]], changes: Iterable[dict[str, Any]]) -> None:
        """Go on by the lines of one more package."""
        for match in matches:
            self.vanished.pop(match["match_id"], None)
            self.stated[match["match_id"]] = Stated(
                match_id=match["match_id"],
                work_id=match["work_id"],
                tier=match["tier"],
                row=match["row"],
                basis=basis_of(match["basis"]),
            )
        for match_id in said_to_vanish(changes):
            if match_id in self.stated:
                self.vanished[match_id] = self.stated.pop(match_id)


def read_chain(folder: Path, runs: Sequence[Run]) -> Chain:
    """Read the findings of the packages of a case, each package being what its run recorded.

    Raises:
        LedgerError: a package is missing or is not what it was: what is new cannot be told.
    """
    chain = Chain(previous=None, stated={}, vanished={})
    for run in runs:
        if run.manifest_sha256 is None:
            continue
        package = _recorded(folder, run)
        changes = package.records("changes") if package.manifest["kind"] == "rescan" else ()
        chain.state(package.records("matches"), changes)
        chain = replace(chain, previous=dict(naming(package)))
    return chain


def _recorded(folder: Path, run: Run) -> Package:
    place = folder / "packages" / run.package
    hint = f"Put {run.package} back as it was (a copy of it will do), or begin a new case: provscan init NEW-CASE"
    try:
        package = open_package(place)
        listed = {entry["path"]: entry["sha256"] for entry in package.manifest["files"]}
        same = package.manifest_sha256 == run.manifest_sha256 and all(
            hashlib.sha256(package.read_bytes(f"data/{name}")).hexdigest() == listed[name]
            for name in ("matches.jsonl", "changes.jsonl")
            if name in listed
        )
    except (ManifestError, OSError, KeyError) as error:
        raise LedgerError(f"packages/{run.package} is missing or damaged: {error}", hint=hint) from error
    if not same:
        raise LedgerError(f"packages/{run.package} is not what it was when it was sealed", hint=hint)
    return package
