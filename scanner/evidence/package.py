"""A package from what a scan found: records in their final order, pictures, Manifest, seal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from manifests.canonical import canonical_bytes
from manifests.records import ORDER_OF, match_order, row_order
from manifests.writing import HostFacts, PackageWriter, SealedPackage
from scanner.captures import CaptureWriter
from scanner.evidence.manifest import (
    RunFacts,
    Searched,
    dataset_record,
    environment_record,
    event_records,
    limitation_codes,
    method_record,
    search_record,
    tool_record,
)
from scanner.evidence.outside import SeenOutside, capture_info
from scanner.evidence.records import (
    asked_in,
    coverage_record,
    excluded_record,
    finding_record,
    negative_records,
    observation_record,
    row_record,
    work_record,
)
from scanner.urls import platform_of, registrable_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from manifests.words import Lang
    from scanner.config import ScanConfig
    from scanner.coverage import ScannedShard
    from scanner.datasets import Dataset
    from scanner.exhibits import Exhibit, WorkPictures
    from scanner.grading import Chance, Match
    from scanner.identity import Identity
    from scanner.observations import Capture
    from scanner.outcomes import Compared
    from scanner.queries import Queries
    from scanner.works import Portfolio

WORKS_SHOWN = 2000  # some 20 MB; the report shows no more findings in full either
Place = tuple[int, int, int | None]  # shard index, row number, item


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a scan found, graded and with the dataset's side of it.

    ``not_listed`` counts leads beyond the limits, by tier; ``work_pictures`` are those of the works, in portfolio order; ``seen`` is
    None where nothing was looked at.
    """

    matches: Sequence[Match]
    exhibits: Mapping[Place, Exhibit]
    not_listed: Mapping[str, int]
    work_pictures: Sequence[WorkPictures]
    searched: Searched
    chance: Chance
    seen: SeenOutside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked: works, identity, datasets, settings."""

    portfolio: Portfolio
    identity: Identity | None
    datasets: Sequence[Dataset]
    config: ScanConfig
    queries: Queries
    claimant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequel:
    """What makes a package the next one of a case.

    ``previous`` names the package before it; ``changes`` makes the records of ``changes.jsonl`` from the findings; ``asked_of`` gives
    the rows that this run compared with a Work, by its index, and what of them was compared.
    """

    previous: Mapping[str, Any]
    changes: Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]
    asked_of: Callable[[int], tuple[int, Compared]]


def write_package(
    folder: Path,
    question: Question,
    shards: Sequence[ScannedShard],
    findings: Findings,
    *,
    run: RunFacts,
    lang: Lang,
    sequel: Sequel | None = None,
) -> tuple[SealedPackage, list[dict[str, Any]]]:
    """Write and seal the package; gives it and its findings.  A ``sequel`` holds what is new since the package before it.

    Raises:
        manifests.errors.OutputError: disk full or read-only; nothing is left behind.
    """
    portfolio, seen = question.portfolio, findings.seen
    limitations = limitation_codes(question.config, shards, seen)
    found = frozenset(match.work for match in findings.matches if match.work is not None)
    with PackageWriter(folder) as writer:
        captures = {} if seen is None else _add_captures(writer, seen, question.config)
        records = [
            finding_record(match, findings.exhibits[_place(match)], portfolio, shards[match.shard], captures)
            for match in findings.matches
        ]
        records.sort(key=match_order)
        writer.add_records("matches", records)
        asked_of = asked_in(shards) if sequel is None else sequel.asked_of
        negatives = negative_records(portfolio, found, asked_of, limitations)
        writer.add_records("negatives", _sorted("negatives", negatives))
        writer.add_records("coverage", _sorted("coverage", map(coverage_record, shards)))
        parts = _part_forms(findings.matches)
        works = [work_record(work, parts[index]) for index, work in enumerate(portfolio.works)]
        works += map(excluded_record, portfolio.excluded)
        writer.add_records("portfolio", _sorted("portfolio", works))
        looks = () if seen is None else (observation_record(each, captures) for each in seen.observations)
        writer.add_records("observations", _sorted("observations", looks))
        if sequel is not None:
            writer.add_records("changes", sequel.changes(records))
        writer.add_records("events", event_records(run.events))
        writer.add_file("environment.json", canonical_bytes(environment_record(fetching=seen is not None)))
        identity_sha256 = None
        if question.identity is not None:
            writer.add_file("identity.json", canonical_bytes(question.identity.record()))
            identity_sha256 = question.identity.digest
        _add_rows(writer, shards, findings)
        for path, content in sorted(_pictures(findings, records, portfolio).items()):
            writer.add_file(path, content)
        sealed = writer.seal(
            {
                "kind": "scan" if sequel is None else "rescan",
                "previous": None if sequel is None else dict(sequel.previous),
                "run": run.record(),
                "tool": tool_record(run.self_test),
                "config": question.config.record(),
                "config_sha256": question.config.sha256,
                "subject": {
                    "claimant": question.claimant,
                    "statement": None,
                    "asserted_by": None,
                    "identity_sha256": identity_sha256,
                },
                "portfolio": {"works": len(portfolio.works), "files_excluded": len(portfolio.excluded)},
                "method": method_record(question.config, findings.chance, fetching=seen is not None),
                "search": search_record(question.config, question.queries, findings.chance, findings.searched),
                "datasets": [
                    dataset_record(dataset, [each for each in shards if each.shard.dataset.name == dataset.name])
                    for dataset in question.datasets
                ],
                "limitations": limitations,
            },
            lang=lang,
            not_listed=findings.not_listed,
            describe_host=describe_host,
        )
    return sealed, records


def _part_forms(matches: Iterable[Match]) -> dict[int, list[tuple[str, str]]]:
    """By Work: the variants, and their fingerprints, in which parts of it were found."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for match in matches:
        for hit in match.hits:
            if hit.work is not None and hit.region is not None:
                found[hit.work].append((hit.variant or "", hit.work_value or ""))
    return found


def describe_host(host: str) -> HostFacts:
    """The registrable domain and platform of a listed URL's host, for the roll-up."""
    return HostFacts(domain=registrable_domain(host) or host, platform=platform_of(host))


def _place(match: Match) -> Place:
    row = match.hits[0].row
    return match.shard, row.row_number, row.item


def _sorted(name: str, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(records, key=ORDER_OF[name])


def _add_captures(writer: PackageWriter, seen: SeenOutside, config: ScanConfig) -> dict[str, Capture]:
    """Write the capture files; gives where each look was kept, by observation id."""
    captures = CaptureWriter(capture_info(config))
    for path, records in groupby(captures.files(seen.looks()), key=lambda entry: entry[0]):
        writer.add_stream(path, (record for _, record in records))
    return captures.captures


def _add_rows(writer: PackageWriter, shards: Sequence[ScannedShard], findings: Findings) -> None:
    by_shard: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (index, _, _), exhibit in sorted(findings.exhibits.items(), key=lambda entry: _in_order(entry[0])):
        digest = shards[index].digest
        assert digest is not None
        by_shard[digest.shard_id.partition(":")[2][:16]].append(row_record(exhibit))
    for shard16, rows in sorted(by_shard.items()):
        writer.add_rows(shard16, sorted(rows, key=row_order))


def _pictures(findings: Findings, records: Sequence[dict[str, Any]], portfolio: Portfolio) -> dict[str, bytes]:
    """All pictures by path.  A finding without the dataset's picture gets the Work's, for the first ``WORKS_SHOWN`` of them."""
    pictures: dict[str, bytes] = {}
    for drawn in findings.work_pictures:
        pictures.update(drawn.renditions)
    for exhibit in findings.exhibits.values():
        pictures.update(exhibit.files)
    pictures.update({} if findings.seen is None else findings.seen.pictures)
    paired = {path.partition("/")[2].rpartition("-")[0] for path in pictures if path.startswith("thumbnails/")}
    thumbnails = {
        work.work_id: drawn.thumbnail for work, drawn in zip(portfolio.works, findings.work_pictures, strict=True)
    }
    alone = [record for record in records if record["match_id"] not in paired and thumbnails.get(record["work_id"])]
    for record in alone[:WORKS_SHOWN]:
        pictures[f"thumbnails/{record['match_id']}-work.jpg"] = thumbnails[record["work_id"]] or b""
    return pictures


def _in_order(place: Place) -> tuple[int, int, int]:
    shard, row, item = place
    return shard, row, -1 if item is None else item
