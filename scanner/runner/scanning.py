"""One scan from the user's words to a sealed package: the story that the other modules tell in detail.

portfolio -> queries -> shards compared (``shard_loop``) -> findings (``finding``) -> package (``evidence``)
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.tiers import Tier
from scanner.config import RESULT_VERSION, ScanConfig
from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import is_address
from scanner.errors import ScannerError, UsageError
from scanner.events import Noticed, Watcher, unwatched
from scanner.evidence import Findings, Question, RunFacts, write_package
from scanner.fetch.addresses import parse_networks
from scanner.ledger import Ledger, open_ledger
from scanner.looks import Outside, open_looks
from scanner.looks.store import FOLDER as LOOKS
from scanner.metadata import compile_identifiers
from scanner.placeholders import known_placeholders
from scanner.portfolios import read_portfolio
from scanner.queries import Queries, compile_queries
from scanner.runner.clock import Course, utc_now
from scanner.runner.destination import choose_destination, incomplete_name, remove_partial
from scanner.runner.downloading import download_shards
from scanner.runner.executors import cluster_address, open_executor
from scanner.runner.finding import gather_findings
from scanner.runner.looking import Outlook
from scanner.runner.shard_loop import Comparing, ShardLoop
from scanner.runner.sources import open_shards, say_what_cannot_be_compared
from scanner.self_test import SelfTest, run_self_test
from scanner.work_pictures import row_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from manifests.words import Lang
    from scanner.datasets import Dataset
    from scanner.identity import Identity
    from scanner.works import Portfolio

MAX_WARNINGS = 20  # of what was declared: a class of artists declares thousands of pages alike


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """What the user asked for.

    ``portfolio``: folders, picture files, a ``works.csv``.  ``out``: see ``destination``.  ``workers``: processes; None is one for
    each core.  ``cluster``: the address of a Dask scheduler (``executors``).
    ``command`` is shown in the Manifest, paths by their last component.
    """

    portfolio: tuple[str, ...]
    datasets: tuple[Dataset, ...]
    identity: Identity | None = None
    config: ScanConfig = field(default_factory=ScanConfig)
    out: Path | None = None
    workers: int | None = None
    cluster: str | None = None
    lang: Lang = "en"
    command: tuple[str, ...] = ("provscan", "scan")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What a scan gave; ``record()`` is the object that ``scan --json`` prints."""

    package: Path
    manifest_sha256: str
    works: int
    files_excluded: int
    rows_scanned: int
    shards: dict[str, int]
    comparisons: int
    findings: int
    findings_by_tier: dict[str, int]
    works_with_findings: int
    incomplete: tuple[str, ...]
    seconds: float

    def record(self) -> dict[str, Any]:
        """``provscan.scan/1`` (cli.md)."""
        return {
            "schema": "provscan.scan/1",
            "package": str(self.package),
            "manifest_sha256": self.manifest_sha256,
            "works": self.works,
            "rows_scanned": self.rows_scanned,
            "shards": self.shards,
            "comparisons": str(self.comparisons),
            "findings": self.findings,
            "findings_by_tier": self.findings_by_tier,
            "works_with_findings": self.works_with_findings,
            "seconds": round(self.seconds, 3),
        }


def run_scan(request: ScanRequest, watch: Watcher = unwatched) -> ScanResult:
    """Scan, and write the package.

    Raises:
        UsageError: a path that is not there, no picture, no known layout, a place that is taken.
        OutputError: disk full or read-only; finished work is kept and the same call resumes.
        KeyboardInterrupt: passed on after the workers have ended; the same call resumes.
    """
    began = time.monotonic()
    started_at = utc_now()
    workers = request.workers or os.cpu_count() or 1
    cluster = None if request.cluster is None else cluster_address(request.cluster, request.config)
    if cluster is not None:
        request = with_absolute_paths(request)
    self_test = tested()
    shards = open_shards(request.datasets, watch, request.config)
    portfolio = read_portfolio(request.portfolio, config=request.config, workers=workers, watcher=watch)
    queries = compile_question(portfolio, request.identity, request.config, watch)
    say_what_cannot_be_compared(shards, queries.wanted, watch)
    question = Question(
        portfolio=portfolio,
        identity=request.identity,
        datasets=request.datasets,
        config=request.config,
        queries=queries,
    )
    run_name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    place = choose_destination(request.out, name=f"SCAN-{run_name}", scan_key=scan_key(request, queries))
    with open_ledger(place.partial) as ledger, open_outlook(ledger, question) as outlook:
        course = Course(ledger)
        begin_run(ledger, course, request, queries, run_name=run_name, started_at=started_at)
        if any(each.to_download for each in shards):
            download_shards(shards, place.partial, watch)
            say_what_cannot_be_compared(shards, queries.wanted, watch)
        work = Comparing(question)
        loop = ShardLoop(shards, work, ledger, course, watch)
        with open_executor(work.preparation, workers, cluster, files_read(shards, queries)) as pool:
            loop.run(pool)
            findings = gather_findings(shards, loop.outcomes, question, pool, watch, outlook)
            note_looks(course, findings)
        if place.replaces_incomplete:
            place.package.rename(incomplete_name(place.package))
        finished_at = course.note("tool", "finished")
        sealed, records = write_package(
            place.package,
            question,
            shards,
            findings,
            run=run_facts(ledger, request, self_test, finished_at),
            lang=request.lang,
        )
    incomplete = tuple(_gap(each) for each in shards if each.status is ShardStatus.FAILED)
    incomplete += () if findings.seen is None else findings.seen.unfinished
    if not incomplete:
        remove_partial(place.partial)
    by_tier = Counter(str(record["tier"]) for record in records)
    return ScanResult(
        package=sealed.path,
        manifest_sha256=sealed.manifest_sha256,
        works=len(portfolio.works),
        files_excluded=len(portfolio.excluded),
        rows_scanned=sum(each.rows_scanned for each in shards),
        shards={status.value: sum(each.status is status for each in shards) for status in ShardStatus},
        comparisons=findings.searched.comparisons,
        findings=len(records),
        findings_by_tier={tier.value: by_tier[tier.value] for tier in Tier},
        works_with_findings=len({record["work_id"] for record in records} - {None}),
        incomplete=incomplete,
        seconds=time.monotonic() - began,
    )


@contextmanager
def open_outlook(ledger: Ledger, question: Question) -> Iterator[Outlook | None]:
    """How this scan sees the world: None where nothing may be requested and nothing was requested before.

    Raises:
        LedgerError: what was fetched before is damaged.
        OutputError: there is no place for it.
    """
    config, identity = question.config, question.identity
    if config.fetch == "off" and not (ledger.folder / LOOKS).is_dir():
        yield None
        return
    domains = () if identity is None else identity.domains
    outside = Outside(
        allowed=parse_networks(config.allow_network),
        # Of a domain that was sold, robots.txt is somebody else's word today.
        own_domains=frozenset(domain.domain for domain in domains if domain.covers(utc_now()[:10])),
        picture=row_limits(config),
    )
    with open_looks(ledger.folder) as store:
        yield Outlook(store=store, folder=ledger.folder, asks=config.fetch != "off", outside=outside)


def note_looks(course: Course, findings: Findings) -> None:
    """Write into the course what was looked at."""
    if findings.seen is not None and findings.seen.observations:
        ids = sorted(each.observation_id for each in findings.seen.observations)
        digest = hashlib.sha256("".join(f"{each}\n" for each in ids).encode()).hexdigest()
        course.note("tool", "fetched", f"{len(ids)} observations", digest)


def tested() -> SelfTest:
    """The self-test, passed.

    Raises:
        ScannerError: it failed.
    """
    self_test = run_self_test()
    if self_test.failed:
        raise ScannerError(
            f"the self-test failed: {', '.join(self_test.failed[:3])}",
            hint="The libraries on this machine compute other fingerprints than the published vectors: reinstall provscan.",
        )
    return self_test


def with_absolute_paths(request: ScanRequest) -> ScanRequest:
    """The same request for workers that are in another folder: paths of this machine in full, addresses as they are."""
    return replace(
        request,
        portfolio=tuple(os.path.abspath(path) for path in request.portfolio),  # noqa: PTH100 - keeps links and globs
        datasets=tuple(
            each if is_address(each.source) else replace(each, source=os.path.abspath(each.source))  # noqa: PTH100
            for each in request.datasets
        ),
    )


def files_read(shards: Sequence[ScannedShard], queries: Queries) -> tuple[str, ...]:
    """One file out of each folder of shards and of works that workers read: who does not see these sees none."""
    paths = [str(Path(each.shard.path).absolute()) for each in shards if each.opened and not each.shard.read_remotely]
    paths += [str(Path(path).absolute()) for known in queries.paths for path in known if path is not None]
    return tuple(sorted({str(Path(path).parent): path for path in paths}.values()))


def _gap(each: ScannedShard) -> str:
    reason = (each.reason or "").removeprefix(f"{each.shard.name}: ")
    return f"{each.shard.dataset.name}/{each.shard.name}: {reason}"


def compile_question(
    portfolio: Portfolio, identity: Identity | None, config: ScanConfig, watch: Watcher = unwatched
) -> Queries:
    """The queries of a portfolio and an identity; warnings about what was declared go to the watcher."""
    identifiers = compile_identifiers(identity, portfolio.works)
    for warning in identifiers.warnings[:MAX_WARNINGS]:
        watch(Noticed(text=warning))
    if len(identifiers.warnings) > MAX_WARNINGS:
        watch(
            Noticed(
                text=f"{len(identifiers.warnings) - MAX_WARNINGS:,} further declarations of these kinds are not named here"
            )
        )
    placeholders = {each.sha256: each.name for each in known_placeholders()}
    for work in portfolio.works:
        if work.sha256 in placeholders:
            text = f"{work.file} is a picture that stands in for others ({placeholders[work.sha256]}): its digest is not compared"
            watch(Noticed(text=text))
    known = identity.digest if identity is not None else "-"
    digest = hashlib.sha256(f"{portfolio.digest}\n{known}\n".encode()).hexdigest()
    return compile_queries(portfolio, identifiers, control_works=config.control_works, digest=digest)


def scan_key(request: ScanRequest, queries: Queries) -> str:
    """What makes two commands the same scan: equal works, identity, datasets and settings."""
    said = [str(RESULT_VERSION), queries.digest, request.config.sha256]
    for each in request.datasets:
        source = each.source if is_address(each.source) else Path(each.source).resolve()
        said.append(f"{each.name}\n{source}\n{each.layout}\n{sorted(each.columns.items())}")
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogateescape")).hexdigest()


def begin_run(
    ledger: Ledger, course: Course, request: ScanRequest, queries: Queries, *, run_name: str, started_at: str
) -> None:
    """Begin the course of the run, or take it up again where it was interrupted: within these lines too, by a full disk."""
    if ledger.meta("method_fixed_at") is None:
        ledger.remember("run_id", run_name)
        ledger.remember("started_at", ledger.meta("started_at") or started_at)
        ledger.remember("scan_key", scan_key(request, queries))
        course.note("user", "scan started", " ".join(request.command))
        course.note("tool", "portfolio read", f"{queries.works} works", queries.digest)
        ledger.remember("method_fixed_at", course.note("tool", "method fixed", None, request.config.sha256))
    else:
        course.note("user", "scan resumed", " ".join(request.command))
    for dataset in request.datasets:
        if ledger.meta(f"read_at {dataset.name}") is None:
            ledger.remember(f"read_at {dataset.name}", utc_now())


def run_facts(ledger: Ledger, request: ScanRequest, self_test: SelfTest, finished_at: str) -> RunFacts:
    """The times and the name of this run, as the ledger kept them over interruptions."""
    return RunFacts(
        run_id=ledger.meta("run_id") or "",
        started_at=ledger.meta("started_at") or "",
        method_fixed_at=ledger.meta("method_fixed_at") or "",
        finished_at=finished_at,
        command=request.command,
        read_at={each.name: ledger.meta(f"read_at {each.name}") or "" for each in request.datasets},
        events=tuple(ledger.events()),
        self_test=self_test,
    )


def plan_scan(request: ScanRequest, watch: Watcher = unwatched) -> tuple[Portfolio, list[ScannedShard], Queries]:
    """What ``--dry-run`` shows: the works, the shards with their layouts, the queries.  Nothing is compared or written."""
    shards = open_shards(request.datasets, watch, request.config)
    workers = request.workers or os.cpu_count() or 1
    portfolio = read_portfolio(request.portfolio, config=request.config, workers=workers, watcher=watch)
    return portfolio, shards, compile_question(portfolio, request.identity, request.config, watch)


def check_names(datasets: Sequence[Dataset]) -> None:
    """Refuse two datasets of one name: the evidence could not tell their rows apart.

    Raises:
        UsageError: two of one name.
    """
    names = [dataset.name for dataset in datasets]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"two datasets are called {twice}", hint="Name one of them: --dataset NAME=PATH.")
