"""The Manifest of a scan: the canonical statement of what was asked, of what, how, and in what state of the machine."""

from __future__ import annotations

import hashlib
import locale
import os
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from manifests.canonical import canonical_bytes
from manifests.records import FIRST_PREVIOUS, chain_digest
from manifests.tiers import TIER_TABLE_VERSION, chance_text
from scanner._version import __version__
from scanner.chance import METHOD as CHANCE_METHOD
from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Dataset, Role, is_address
from scanner.evidence.outside import SeenOutside, network_record
from scanner.hashers import ALGORITHMS, BITS, SPECS
from scanner.installation import code_sha256, installed_libraries
from scanner.normal_form import NORMAL_FORM
from scanner.placeholders import LIST_ID as PLACEHOLDERS
from scanner.placeholders import list_sha256
from scanner.second_check import METHOD as SECOND_CHECK_METHOD
from scanner.second_check import THRESHOLD as SECOND_CHECK_THRESHOLD
from scanner.urls import URL_RULES
from scanner.variants import VARIANT_SETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.config import ScanConfig
    from scanner.grading import Chance
    from scanner.ledger import LedgerEvent
    from scanner.queries import Queries
    from scanner.self_test import SelfTest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What belongs to this run alone: the only part of a Manifest that may differ between two runs on equal inputs."""

    run_id: str
    started_at: str
    method_fixed_at: str
    finished_at: str
    command: tuple[str, ...]
    read_at: Mapping[str, str]
    events: tuple[LedgerEvent, ...]
    self_test: SelfTest

    def record(self) -> dict[str, Any]:
        """The ``run`` of the Manifest, without ``files``."""
        return {
            "run_id": self.run_id,
            "started_at": self.started_at,
            "method_fixed_at": self.method_fixed_at,
            "finished_at": self.finished_at,
            "command": list(self.command),
            "read_at": dict(self.read_at),
            "clock": {"source": "system", "synchronised": "unknown"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """How much was compared: of a case, to date.

    ``comparisons`` are pairs (query, row fingerprint) decided, ``control_works`` the works with decoys in the negative control,
    ``control_findings`` the rows near enough to a decoy to carry a claim.
    """

    rows_scanned: int
    comparisons: int
    control_works: int
    control_findings: int


def method_record(config: ScanConfig, chance: Chance, *, fetching: bool = False) -> dict[str, Any]:
    """The ``method`` of the Manifest: how the comparison was made, fixed before the first row was read."""
    return {
        "pixels": [{"step": step.step, "params": dict(step.params)} for step in NORMAL_FORM],
        "fingerprints": [
            {
                "id": algorithm,
                "bits": BITS[algorithm],
                "spec": SPECS[algorithm],
                "implementation": f"imagehash {metadata.version('imagehash')}",
            }
            for algorithm in ALGORITHMS
        ],
        "variants": [variant.name for variant in VARIANT_SETS[config.variants]],
        "url_rules": URL_RULES,
        **({"placeholders": {"id": PLACEHOLDERS, "sha256": list_sha256()}} if fetching else {}),
        "second_check": {"id": SECOND_CHECK_METHOD, "threshold": str(SECOND_CHECK_THRESHOLD)},
        "chance": {
            "id": CHANCE_METHOD,
            "params": {name: dict(model.params) for name, model in sorted(chance.models.items())},
            "sample_rows": max((model.sample_rows for model in chance.models.values()), default=0),
        },
        "tiers": TIER_TABLE_VERSION,
    }


def search_record(config: ScanConfig, queries: Queries, chance: Chance, searched: Searched) -> dict[str, Any]:
    """The ``search`` of the Manifest: how much was compared, what chance would give, what the control gave."""
    total, low, high = 0.0, 0.0, 0.0
    radii = {"phash64": config.radius64, "phash256": config.radius256}
    for algorithm, model in sorted(chance.models.items()):
        rows = chance.rows[algorithm]
        claims = [model.largest_distance(work, rows) for work in range(queries.works)]
        within = [None if near is None else min(near, radii[algorithm]) for near in claims]
        mean, least, most = model.total(within, rows)
        total, low, high = total + mean, low + least, high + most
    return {
        "queries": sum(len(each.words) for each in queries.fingerprints.values()),
        "rows_scanned": searched.rows_scanned,
        # A row may count twice among the compared: by its published hash and by the picture that its address returned.
        "rows_with_fingerprint": min(max(chance.rows.values(), default=0), searched.rows_scanned),
        "comparisons": str(searched.comparisons),
        "expected_chance_matches_total": chance_text(total),
        "interval95": [_plain(low), _plain(high)],
        "control": {
            "kind": "decoys",
            "works": searched.control_works,
            "findings": searched.control_findings,
        },
    }


def _plain(value: float) -> str:
    return "0" if value <= 0 else chance_text(value)


def dataset_record(dataset: Dataset, shards: Sequence[ScannedShard]) -> dict[str, Any]:
    """One entry of ``datasets``: of several layouts among its shards the one of the first opened shard is named."""
    dataset = shards[0].shard.dataset if shards else dataset  # of a remote one: as its host resolved it
    described = [scanned.facts for scanned in shards if scanned.facts is not None]
    first = described[0] if described else None
    known = [facts.rows_total for facts in described if facts.rows_total is not None]
    by_status = {status: sum(scanned.status is status for scanned in shards) for status in ShardStatus}
    return {
        "name": dataset.name,
        "release": dataset.release,
        "publisher": dataset.publisher or (first.publisher if first else None),
        "source": dataset.source.partition("?")[0]
        if is_address(dataset.source)
        else "local",  # a query may be a credential
        "revision": dataset.revision,
        "layout": first.layout if first else "not read",
        "columns": dict(first.columns) if first else {},
        "schema_sha256": first.schema_sha256 if first else hashlib.sha256(b"[]").hexdigest(),  # of no columns
        "statement": dataset.statement,
        "shards": {status.value: by_status[status] for status in ShardStatus},
        "rows_total": sum(known) if len(known) == len(shards) else None,
        "rows_scanned": sum(scanned.rows_scanned for scanned in shards),
    }


def limitation_codes(config: ScanConfig, shards: Sequence[ScannedShard], seen: SeenOutside | None = None) -> list[str]:
    """What has to be said with this scan as a whole, sorted; ``seen``: what was looked at, also by an earlier run."""
    codes = {"chosen_by_claimant"}
    if config.fetch == "off" and not (seen is not None and seen.observations):
        codes.add("fetch_off")
    unfinished = seen is not None and seen.unfinished
    if unfinished or any(scanned.status is ShardStatus.FAILED for scanned in shards):
        codes.add("incomplete")
    hashes = {Role.SHA256, Role.MD5, Role.PHASH64, Role.PHASH256}
    if any(scanned.facts is not None and not hashes & scanned.facts.roles for scanned in shards):
        codes.add("no_recorded_hash")
    return sorted(codes)


def tool_record(self_test: SelfTest) -> dict[str, Any]:
    """The ``tool`` of the Manifest."""
    return {
        "name": "provscan",
        "version": __version__,
        "source_commit": None,
        "self_test": {
            "vectors_sha256": self_test.vectors_sha256,
            "passed": self_test.passed,
            "total": self_test.total,
        },
    }


def event_records(events: Iterable[LedgerEvent]) -> Iterable[dict[str, Any]]:
    """The lines of ``events.jsonl``, each naming the digest of the one before."""
    previous = FIRST_PREVIOUS
    for seq, event in enumerate(events, 1):
        record = {
            "seq": seq,
            "at": event.at,
            "actor": event.actor,
            "action": event.action,
            "object": event.object,
            "sha256": event.sha256,
            "prev_sha256": previous,
        }
        previous = chain_digest(canonical_bytes(record))
        yield record


def environment_record(*, fetching: bool = False) -> dict[str, Any]:
    """``environment.json``: the machine and its libraries, without a name of a user or a machine; the network when ``fetching``."""
    from PIL import features  # noqa: PLC0415 - beside its one use

    codecs = {name: features.version(name) for name in ("jpg", "libjpeg_turbo", "zlib", "webp", "avif", "libtiff")}
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "system_release": platform.release(),
        "machine": platform.machine(),
        "cpu_count": os.cpu_count(),
        "locale": locale.setlocale(locale.LC_CTYPE),
        "pillow_codecs": codecs,
        "libraries": dict(installed_libraries()),
        "code_sha256": code_sha256(),
        **({"network": network_record()} if fetching else {}),
    }
