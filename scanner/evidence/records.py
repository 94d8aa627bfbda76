"""The records of a package, from graded matches, works and shards: dictionaries exactly as evidence.md section 5 has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manifests.records import match_id, values_sha256
from manifests.tiers import RowSource, derive_grading
from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Role
from scanner.outcomes import Compared
from scanner.shards.hash_index import ORIGIN
from scanner.subsets import subset_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from scanner.datasets import ShardDigest
    from scanner.exhibits import Exhibit
    from scanner.grading import Match
    from scanner.observations import Capture, Observation
    from scanner.works import Excluded, Portfolio, Work


def match_id_of(match: Match, portfolio: Portfolio, shard: ScannedShard) -> str:
    """The id of a match: by Work, shard and row alone."""
    assert shard.digest is not None
    row = match.hits[0].row
    sha256 = None if match.work is None else portfolio.works[match.work].sha256
    return match_id(sha256, shard.digest.shard_id, row.row_number, row.item)


def finding_record(
    match: Match,
    exhibit: Exhibit,
    portfolio: Portfolio,
    shard: ScannedShard,
    captures: Mapping[str, Capture] | None = None,
) -> dict[str, Any]:
    """One line of ``matches.jsonl``; ``captures`` say where looks were kept, by observation id."""
    assert shard.digest is not None
    assert shard.opened is not None
    work = None if match.work is None else portfolio.works[match.work]
    row, values = match.hits[0].row, exhibit.values
    second_check = None
    if match.checked is not None:
        second_check = {
            "method": match.checked.method,
            "value": match.checked.value,
            "threshold": match.checked.threshold,
            "passed": match.checked.passed,
        }
    url = _text(values.get(Role.URL))
    observation = None if match.observation is None else seen_record(match.observation, captures or {})
    grading = derive_grading(
        basis=match.basis,
        expected_chance_matches=match.expected_chance_matches,
        second_check=second_check,
        observation=observation,
        row_source=RowSource(
            lists_url=url is not None,
            holds_image=Role.IMAGE in shard.opened.roles,
            shard_confirmed=shard.digest.publisher is not None,
            shard_read_whole=shard.digest.digest_by == "computed",
        ),
    )
    caveats = set(grading.caveats) | match.caveats
    if any(kind.endswith((";base64", ";digest", ";unreadable")) for _, kind, _ in exhibit.verbatim.values):
        caveats.add("text_not_verbatim")
    return {
        "match_id": match_id_of(match, portfolio, shard),
        "grade": grading.grade.value,
        "tier": grading.tier.value,
        "statement_code": grading.statement_code.value,
        "work_id": None if work is None else work.work_id,
        "work_file": None if work is None else work.file,
        "work_sha256": None if work is None else work.sha256,
        "row": {
            "dataset": shard.shard.dataset.name,
            "release": shard.shard.dataset.release,
            "shard": shard.shard.name,
            "shard_id": shard.digest.shard_id,
            "shard_sha256": shard.digest.sha256,
            "row_number": row.row_number,
            "item": row.item,
            "row_group": row.row_group,
            "row_in_group": row.row_in_group,
            "key": _text(values.get(Role.ROW_KEY)),
            "url": url,
            "caption": _text(values.get(Role.CAPTION)),
            "width": values.get(Role.WIDTH),
            "height": values.get(Role.HEIGHT),
            "values_sha256": values_sha256([list(value) for value in exhibit.verbatim.values]),
        },
        "basis": [_with_origin(entry, exhibit.verbatim.values) for entry in match.basis],
        "expected_chance_matches": match.expected_chance_matches,
        "second_check": second_check,
        "observation": observation,
        "caveats": sorted(caveats),
        "subsets": [{"rule": rule, "state": str(state)} for rule, state in subset_states(shard.opened.layout, values)],
        "review": None,
    }


def seen_record(observation: Observation, captures: Mapping[str, Capture]) -> dict[str, Any]:
    """The ``observation`` of a line of ``matches.jsonl``: what a finding repeats of the look it rests on."""
    whole = observation_record(observation, captures)
    same = ("observation_id", "kind", "outcome", "status", "final_url", "content_sha256", "capture", "archive")
    return {"fetched_at": whole["requested_at"], **{name: whole[name] for name in same}}


def observation_record(observation: Observation, captures: Mapping[str, Capture]) -> dict[str, Any]:
    """One line of ``observations.jsonl``."""
    capture = captures.get(observation.observation_id)
    archive = observation.archive
    return {
        "observation_id": observation.observation_id,
        "kind": observation.kind,
        "url": _utf8(observation.url),
        "requested_at": observation.requested_at,
        "outcome": observation.outcome.value,
        "status": observation.status,
        "redirects": [
            {"url": _utf8(each.url), "status": each.status, "location": _utf8(each.location), "ip": each.ip}
            for each in observation.redirects
        ],
        "final_url": None if observation.final_url is None else _utf8(observation.final_url),
        "ip": observation.ip,
        "content_type": None if observation.content_type is None else _utf8(observation.content_type),
        "bytes": observation.bytes,
        "content_sha256": observation.content_sha256,
        "capture": None if capture is None else {"file": capture.file, "record_id": capture.record_id},
        "archive": None if archive is None else {"name": archive.name, "captured_at": archive.captured_at},
        "opt_out": [{"signal": _utf8(signal), "value": _utf8(value)} for signal, value in observation.opt_out],
    }


def _utf8(text: str) -> str:
    """A stranger's text as UTF-8 can hold it: a lone surrogate is shown as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _with_origin(entry: Mapping[str, Any], cells: Iterable[tuple[str, str, object]]) -> dict[str, Any]:
    """A comparison with an index's fingerprint names in its ``detail`` the row of the dataset that the index says it is of."""
    if entry["source_of_hash"] != "index":
        return dict(entry)
    origin = {f"indexed_{name}": str(value) for name, _, value in cells if name in ORIGIN and value is not None}
    return {**entry, "detail": {**(entry["detail"] or {}), **origin}}


def row_record(exhibit: Exhibit) -> dict[str, Any]:
    """One line of ``rows/<shard16>.jsonl``: the row as it stands."""
    check = exhibit.verbatim.row_check
    return {
        "row_number": exhibit.row_number,
        "item": exhibit.item,
        "row_check": None if check is None else dict(check),
        "values": [list(value) for value in exhibit.verbatim.values],
    }


def work_record(work: Work, parts: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    """The line of ``portfolio.jsonl`` of a Work that was compared.

    ``parts`` are the forms that no list names: those in which parts of it were found, ``(variant, fingerprint)``.
    """
    declared = work.declared
    asked = [(known.variant, str(known.fingerprint)) for known in work.looks()]
    asked += sorted(set(parts) - set(asked))
    registration = {
        "no": declared.registration_no,
        "date": declared.registration_date,
        "office": declared.registration_office,
    }
    return {
        "work_id": work.work_id,
        "files": list(work.files),
        "renditions": [{"file": each.file, "sha256": each.sha256, "md5": each.md5} for each in work.renditions],
        "bytes": work.bytes,
        "sha256": work.sha256,
        "md5": work.md5,
        "format": work.format,
        "width": work.width,
        "height": work.height,
        "detail": str(work.detail),
        "fingerprints": [
            {"id": value.partition(":")[0], "variant": variant, "value": value} for variant, value in asked
        ],
        "title": declared.title,
        "registration": registration,
        "first_published": declared.first_published,
        "published_urls": list(declared.published_urls),
        "iscc": declared.iscc,
        "status": "included",
        "reason": None,
    }


def excluded_record(excluded: Excluded) -> dict[str, Any]:
    """The line of ``portfolio.jsonl`` of a file that could not become a Work."""
    reason = excluded.reason.value if not excluded.detail else f"{excluded.reason.value}: {excluded.detail}"
    return {
        "work_id": None if excluded.sha256 is None else f"w-{excluded.sha256[:16]}",
        "files": [excluded.file],
        "renditions": [],
        "bytes": excluded.bytes,
        "sha256": excluded.sha256,
        "md5": excluded.md5,
        "format": None,
        "width": None,
        "height": None,
        "detail": None,
        "fingerprints": [],
        "title": None,
        "registration": {"no": None, "date": None, "office": None},
        "first_published": None,
        "published_urls": [],
        "iscc": None,
        "status": "excluded",
        "reason": reason,
    }


def coverage_record(scanned: ScannedShard) -> dict[str, Any]:
    """The line of ``coverage.jsonl`` of a shard, had or not."""
    digest = scanned.digest
    rows = scanned.facts.rows_total if scanned.facts is not None else None
    if rows is None and scanned.status is ShardStatus.SCANNED:
        rows = scanned.rows_scanned
    return {
        "dataset": scanned.shard.dataset.name,
        "release": scanned.shard.dataset.release,
        "shard": scanned.shard.name,
        "shard_id": None if digest is None else digest.shard_id,
        "shard_sha256": None if digest is None else digest.sha256,
        "shard_digest_by": "none" if digest is None else digest.digest_by,
        "publisher_digest": None if digest is None else publisher_record(digest),
        "parts": [{"offset": start, "bytes": size, "sha256": sha256} for start, size, sha256 in sorted(scanned.chunks)],
        "bytes": scanned.shard.bytes if digest is None else digest.bytes,
        "rows": rows,
        "rows_scanned": scanned.rows_scanned,
        "status": scanned.status.value,
        "reason": scanned.reason,
        "compared": compared_record(scanned.compared),
        "row_faults": {code: count for code, count in sorted(scanned.faults.items()) if count},
    }


def publisher_record(digest: ShardDigest) -> dict[str, Any] | None:
    """The publisher's digest of a shard, and whether it is that of the bytes read; null where not all of them were."""
    if digest.publisher is None:
        return None
    equal = digest.sha256 == digest.publisher.value if digest.digest_by == "computed" else None
    return {"value": digest.publisher.value, "source": digest.publisher.source, "equal": equal}


def compared_record(compared: Compared) -> dict[str, int]:
    """Rows for which each comparison was made."""
    return {
        "digest": compared.digest,
        "fingerprint": compared.fingerprint,
        "image": compared.image,
        "url": compared.url,
        "caption": compared.caption,
    }


def asked_in(shards: Iterable[ScannedShard]) -> Callable[[int], tuple[int, Compared]]:
    """The rows that a scan compared with each Work, and what of them: with every Work the same."""
    rows, compared = 0, Compared()
    for scanned in shards:
        rows += scanned.rows_scanned
        compared.add(scanned.compared)
    return lambda _: (rows, compared)


def negative_records(
    portfolio: Portfolio,
    found: frozenset[int],
    asked_of: Callable[[int], tuple[int, Compared]],
    limitations: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """One line of ``negatives.jsonl`` for every Work without a finding: how many rows were compared with it."""
    for index, work in enumerate(portfolio.works):
        if index in found:
            continue
        rows, compared = asked_of(index)
        yield {
            "work_id": work.work_id,
            "work_file": work.file,
            "statement_code": "no_match",
            "rows_scanned": rows,
            "compared": compared_record(compared),
            "caveats": list(limitations),
        }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
