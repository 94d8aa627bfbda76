"""The main path: what happens to the rows of one shard.

::

    shard ── Layout ──> RecordBatch(row, url, caption, phash64, sha256, md5, image …)
       ├─ by digest       (sha256 / md5 column  = a file of the portfolio)
       ├─ by fingerprint  (published hash column, or a HashIndex, near a variant of a Work)
       ├─ by picture      (images inside the shard: digest, fingerprints, second check)
       └─ by identity     (URL, asset key, host, caption)
    ──> Outcome: hits, counts, distance histograms

Nothing is graded here: chance matches count the rows of the whole scan, so grading (``grading.py``) waits for the last shard.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scanner.chance import one_in, sampled
from scanner.comparisons import FingerprintComparison, PictureComparison, by_digest, by_identity
from scanner.comparisons.pictures import FileOfWork, fingerprint_of
from scanner.comparisons.rows import RowTally, column, row_ref
from scanner.datasets import Role, ShardKind
from scanner.errors import ShardDamaged
from scanner.hashers import ALGORITHMS
from scanner.metadata import trim_terms
from scanner.outcomes import Compared, Hit, Outcome, hit_order, row_order
from scanner.shards import OpenShard, Part, ShardBatch, scan_shard

if TYPE_CHECKING:
    from scanner.config import ScanConfig
    from scanner.datasets import RowRef
    from scanner.hashers import Algorithm
    from scanner.queries import Queries

Beat = Callable[[int], None]


def compare_part(
    shard: OpenShard,
    part: Part,
    queries: Queries,
    config: ScanConfig,
    *,
    shard_id: str,
    file_of_work: FileOfWork,
    beat: Beat,
) -> Outcome:
    """Compare every row of one part of a shard with every query; say what was found and what could not be compared.

    Deterministic: equal arguments give an equal Outcome, byte for byte, whatever the size of the batches.  Row faults are counted;
    a damaged shard ends it with what was read.  ``beat`` hears the number of rows after each batch.  No printing, no clock, no
    network; ``file_of_work`` gives the pixels of works for the second check.
    """
    comparison = Comparison(shard, queries, config, shard_id, file_of_work)
    try:
        for batch in scan_shard(shard, part, queries.wanted & shard.roles):
            comparison.compare(batch)
            beat(batch.read)
    except ShardDamaged as damage:
        comparison.outcome.stopped_at = damage.message
    return comparison.finished()


class Comparison:
    """The comparison of one part: the four ways, and the Outcome they add to."""

    def __init__(
        self,
        shard: OpenShard,
        queries: Queries,
        config: ScanConfig,
        shard_id: str,
        file_of_work: FileOfWork,
    ) -> None:
        """Compile the queries for this shard."""
        self.outcome = Outcome()
        self._shard = shard
        self._queries = queries
        self._config = config
        self._shard_id = shard_id
        self._every = one_in(shard.rows_total or 0, config.chance_sample_rows)
        self._recorded_by = "index" if shard.shard.kind is ShardKind.INDEX else "compiler"
        radii: dict[Algorithm, int] = {"phash64": config.radius64, "phash256": config.radius256}
        self._recorded = {
            name: FingerprintComparison(queries.fingerprints[name], queries.works, radius)
            for name, radius in radii.items()
            if Role(name) in shard.roles
        }
        self._pictures = PictureComparison(queries, config, shard_id, file_of_work)
        self._tallies = {name: RowTally() for name in _ROLES_OF}
        self._hits: list[Hit] = []
        self._chunks: set[tuple[int, int, str]] = set()
        self._candidates: list[tuple[str, RowRef]] = []

    def compare(self, batch: ShardBatch) -> None:
        """Compare one batch of rows in all four ways."""
        rows, outcome = batch.rows, self.outcome
        outcome.rows += batch.read  # of the file: an exploded list gives several items a row
        outcome.faults.update({str(fault): count for fault, count in batch.faults.items()})
        self._chunks.update(batch.chunks)
        self._count(rows)
        self._hits += self._by_digest(rows)
        self._hits += self._by_fingerprint(rows)
        self._hits += self._pictures.hits(rows)
        if self._queries.identifiers is not None:
            names = self._shard.columns
            self._hits += by_identity(rows, self._queries.identifiers, names, outcome.terms, self._candidates)

    def finished(self) -> Outcome:
        """The Outcome, its hits in row order and within the limits of the configuration."""
        outcome, pictures = self.outcome, self._pictures
        outcome.compared = Compared(
            image=pictures.decoded.rows, **{name: each.rows for name, each in self._tallies.items()}
        )
        outcome.faults.update(pictures.faults)
        for name in ALGORITHMS:
            comparisons = [pictures.prints[name], *(each for key, each in self._recorded.items() if key == name)]
            outcome.nearest[name] = sum((each.nearest for each in comparisons[1:]), comparisons[0].nearest)
            outcome.control[name] = sum((each.control for each in comparisons[1:]), comparisons[0].control)
            outcome.sampled[name] = sum(each.sampled for each in comparisons)
            outcome.fingerprinted[name] = sum(each.compared for each in comparisons)
            near: Counter[tuple[int, int]] = Counter()
            for each in comparisons:
                near.update(each.control_near)
            outcome.control_near += sorted((name, work, distance, count) for (work, distance), count in near.items())
        outcome.terms = trim_terms(outcome.terms)
        outcome.chunks = sorted(self._chunks)
        outcome.hits = within_limits(self._hits, self._config, outcome.not_listed)
        outcome.candidates = first_of_each_term(self._candidates, self._config.leads_per_term)
        return outcome

    def _by_digest(self, rows: pa.RecordBatch) -> Iterable[Hit]:
        for digest in self._shard.layout.digests:
            if digest.of == "served_bytes" and column(rows, digest.algorithm) is not None:
                known = self._queries.sha256 if digest.algorithm == "sha256" else self._queries.md5
                yield from by_digest(rows, digest.algorithm, known, self._shard.columns[Role(digest.algorithm)])

    def _by_fingerprint(self, rows: pa.RecordBatch) -> Iterable[Hit]:
        for name, comparison in self._recorded.items():
            recorded = column(rows, name)
            if recorded is None:
                continue
            words, index = _valid(recorded)
            numbers = rows.column("row").to_numpy()[index]
            near = comparison.near(words, sampled(numbers, self._shard_id, self._every))
            for position in range(len(near.row)):
                query, row = int(near.query[position]), int(near.row[position])
                yield Hit(
                    row=row_ref(rows, int(index[row])),
                    work=int(near.work[position]),
                    kind="fingerprint_near",
                    metric=f"hamming/{name}",
                    value=int(near.distance[position]),
                    source_of_hash=self._recorded_by,
                    variant=comparison.queries.variant[query],
                    column=self._shard.columns[Role(name)],
                    work_value=str(fingerprint_of(name, comparison.queries.words[query])),
                    row_value=str(fingerprint_of(name, words[row])),
                )

    def _count(self, rows: pa.RecordBatch) -> None:
        """Count the rows for which each comparison can be made: those with a value in one of its columns."""
        numbers = rows.column("row").to_numpy()
        for name, roles in _ROLES_OF.items():
            held = [present.is_valid().to_numpy(False) for role in roles if (present := column(rows, role)) is not None]  # noqa: FBT003
            if held:
                self._tallies[name].add(numbers[np.logical_or.reduce(held)])


_ROLES_OF: Final = {  # which columns make each comparison possible; a picture has a digest of its own
    "digest": (Role.SHA256, Role.MD5, Role.IMAGE),
    "fingerprint": (Role.PHASH64, Role.PHASH256),
    "url": (Role.URL,),
    "caption": (Role.CAPTION, Role.MACHINE_CAPTION),
}


def within_limits(hits: list[Hit], config: ScanConfig, not_listed: Counter[str]) -> list[Hit]:
    """Keep what may still matter after grading; count the rest in ``not_listed``, never drop it silently.

    Of unconfirmed fingerprint hits of one Work, the nearest ``leads_per_work`` are kept and, up to ``hits_per_work``, all within
    half the radius (these may yet carry a claim).  Of host and caption hits, the first ``leads_per_term`` rows of each term.
    All other hits are kept.  The result is in row order.
    """
    kept: list[Hit] = []
    leads: dict[tuple[int | None, str], list[Hit]] = defaultdict(list)
    terms: Counter[str] = Counter()
    for hit in hits:
        if hit.kind == "fingerprint_near" and not (hit.checked is not None and hit.checked.passed):
            leads[hit.work, hit.metric].append(hit)
        elif hit.kind in ("host_equal", "caption_contains"):
            term = f"{hit.kind}:{hit.value}"
            terms[term] += 1
            if terms[term] <= config.leads_per_term:
                kept.append(hit)
            else:
                not_listed[term] += 1
        else:
            kept.append(hit)
    for (work, metric), found in leads.items():
        found.sort(key=lambda hit: (hit.value, row_order(hit)))
        radius = config.radius64 if metric == "hamming/phash64" else config.radius256
        for place, hit in enumerate(found):
            if place < config.leads_per_work or (place < config.hits_per_work and int(hit.value) * 2 <= radius):
                kept.append(hit)
            else:
                not_listed[f"{metric}:{hit.source_of_hash}:{work}:{hit.value}"] += 1
    return sorted(kept, key=hit_order)


def first_of_each_term(candidates: Iterable[tuple[str, RowRef]], most: int) -> list[RowRef]:
    """The first ``most`` rows of each term, each row once, in row order."""
    terms: Counter[str] = Counter()
    kept: set[RowRef] = set()
    for term, row in candidates:
        terms[term] += 1
        if terms[term] <= most:
            kept.add(row)
    return sorted(kept, key=lambda row: (row.row_number, -1 if row.item is None else row.item))


def _valid(recorded: pa.Array) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Words (uint64[n, bits / 64]) of the rows that have a fingerprint, and their positions."""
    present = np.flatnonzero(recorded.is_valid().to_numpy(zero_copy_only=False))
    if pa.types.is_uint64(recorded.type):
        words = recorded.fill_null(0).to_numpy()[present].reshape(-1, 1)
    else:
        held = recorded if len(present) == len(recorded) else recorded.drop_null()
        width = held.type.byte_width // 8
        words = np.frombuffer(held.buffers()[1], ">u8", width * len(held), held.offset * held.type.byte_width)
        words = words.reshape(-1, width)
    return words.astype(np.uint64, copy=False), present
