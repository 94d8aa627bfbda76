"""Packages as fetching, rescans and remote datasets make them, built on ``package_builder``: plain values, no network.

``fetched()`` holds observations of every kind and their captures, ``remote()`` shards known by a publisher's digest or an ETag,
``rescanned(previous)`` a delta with ``changes.jsonl``.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import package_builder
from package_builder import World, match, near, row, sha, shard

from manifests.records import match_order

if TYPE_CHECKING:
    from manifests.packages import Package

CAPTURES = "captures/0000.warc.gz"
HTTP = "application/http; msgtype="


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def warc_record(kind: str, record_id: str, content_type: str, block: bytes, **fields: str) -> bytes:
    """One WARC 1.1 record as a gzip member; a payload digest is stated for HTTP."""
    stated = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Date": package_builder.STARTED,
        "WARC-Block-Digest": digest(block),
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    if content_type.startswith("application/http"):
        stated["WARC-Payload-Digest"] = digest(block.partition(b"\r\n\r\n")[2])
    stated |= {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in stated.items())
    return gzip.compress(b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n", mtime=0)


def answer(body: bytes, status: int = 200, **fields: str) -> bytes:
    """An HTTP answer as it came."""
    lines = [f"HTTP/1.1 {status} -", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def looked(number: int, kind: str, outcome: str, **said: Any) -> dict[str, Any]:
    """A line of ``observations.jsonl`` that no finding rests on."""
    return {
        "observation_id": f"o-{number:08d}",
        "kind": kind,
        "url": f"https://img.example.org/{number}",
        "requested_at": "2026-11-21T10:17:00Z",
        "outcome": outcome,
        "status": None,
        "redirects": [],
        "final_url": None,
        "ip": None,
        "content_type": None,
        "bytes": None,
        "content_sha256": None,
        "capture": None,
        "archive": None,
        "opt_out": [],
        **said,
    }


def fetched() -> World:
    """Every observation with its capture: plain, repeated (a revisit), in three codings, cut, a hop, nobody answering."""
    made = package_builder.world()
    members = [warc_record("warcinfo", "<urn:uuid:info>", "application/warc-fields", b"software: provscan\r\n")]
    codings = {
        21: ("gzip", gzip.compress),
        22: ("deflate", zlib.compress),
        31: ("deflate", lambda body: zlib.compress(body, wbits=-zlib.MAX_WBITS)),
        32: ("br", lambda body: body),  # never undone: the digest is that of the bytes as they came
    }
    for entry in made.observations:
        number = int(entry["observation_id"][2:])
        body = b"fox.png" if number in {20, 30} else f"picture {number}".encode()
        assert hashlib.sha256(body).hexdigest() == entry["content_sha256"]
        entry["bytes"] = len(body)
        name, encode = codings.get(number, ("", bytes))
        fields = {"Content_Encoding": name} if name else {"Content_Type": "image/jpeg"}
        if number == 30:  # the bytes that record 20 holds
            fields = {"WARC_Refers_To": "<urn:uuid:20>", "WARC_Payload_Digest": digest(body)}
            member = warc_record("revisit", "<urn:uuid:30>", f"{HTTP}response", answer(b""), **fields)
        else:
            member = warc_record("response", f"<urn:uuid:{number}>", f"{HTTP}response", answer(encode(body), **fields))
        members += [member, _request(number)]
        _keep(made, entry, f"<urn:uuid:{number}>")
    hop = {
        "url": "http://img.example.org/60",
        "status": 301,
        "location": "https://img.example.org/60",
        "ip": "203.0.113.7",
    }
    cut = warc_record("response", "<urn:uuid:60>", f"{HTTP}response", answer(b""), WARC_Truncated="length")
    made.observations += [
        looked(
            60,
            "live",
            "image",
            status=200,
            bytes=9,
            content_sha256=sha("unsafe"),
            redirects=[hop],
            capture=_named("<urn:uuid:60>"),
        ),
        looked(61, "live", "dns_failed"),
        looked(62, "robots", "text_read", status=404, capture=_named("<urn:uuid:62>")),
        looked(
            63, "index", "not_archived", status=200, bytes=2, content_sha256=sha("[]"), capture=_named("<urn:uuid:63>")
        ),
    ]
    members += [cut, warc_record("response", "<urn:uuid:62>", f"{HTTP}response", answer(b"no such page", 404))]
    members += [warc_record("response", "<urn:uuid:63>", f"{HTTP}response", answer(b"[]"))]
    made.files[CAPTURES] = b"".join(members)
    return made


def _request(number: int) -> bytes:
    block = f"GET /{number} HTTP/1.1\r\nHost: img.example.org\r\n\r\n".encode()
    return warc_record("request", f"<urn:uuid:{number}-request>", f"{HTTP}request", block)


def _named(record_id: str) -> dict[str, str]:
    return {"file": CAPTURES, "record_id": record_id}


def _keep(made: World, entry: dict[str, Any], record_id: str) -> None:
    """Name the capture in the observation and in the finding that rests on it."""
    entry["capture"] = _named(record_id)
    for found in made.matches:
        if found["observation"] and found["observation"]["observation_id"] == entry["observation_id"]:
            found["observation"]["capture"] = _named(record_id)


PART = {"offset": 0, "bytes": 4096, "sha256": sha("a chunk that was read")}


def remote() -> World:
    """Shards of a remote release: by ETag, by LFS oid and read in part, read whole and equal or different, and out of reach."""
    made = package_builder.world()
    fox = made.works[0]
    tagged = shard(
        "remote",
        "data/0.parquet",
        shard_id=f"etag:{sha('https://data.example/0.parquet')}",
        shard_sha256=None,
        shard_digest_by="none",
        parts=[PART, {**PART, "offset": 119360}],
    )
    stated = shard("remote", "data/1.parquet", shard_digest_by="publisher", parts=[PART])
    whole = {"value": stated["shard_sha256"], "source": "hf lfs oid", "equal": None}
    stated["publisher_digest"] = whole
    equal = shard("remote", "data/2.parquet")
    equal["publisher_digest"] = {**whole, "value": f"sha256:{equal['shard_sha256']}", "equal": True}
    other = shard("remote", "data/3.parquet", publisher_digest={**whole, "equal": False})
    md5 = {"value": "md5:9e107d9d372bb6826bd81d3542a419d6", "source": "s3 ETag", "equal": True}
    summed = shard("remote", "data/4.parquet", publisher_digest=md5)
    gated = shard(
        "remote",
        "data/5.parquet",
        shard_id=None,
        shard_sha256=None,
        shard_digest_by="none",
        bytes=None,
        rows=None,
        rows_scanned=0,
        status="failed",
        reason="gated: 401 GatedRepo",
        compared=dict.fromkeys(("digest", "fingerprint", "image", "url", "caption"), 0),
    )
    shards = [tagged, stated, equal, other, summed, gated]
    made.coverage += shards
    made.coverage.sort(key=lambda line: (line["dataset"].encode(), line["shard"].encode()))
    known = package_builder.dataset("remote", 5)
    made.datasets.append(
        {
            **known,
            "source": "hf://datasets/example/remote",
            "revision": "c" * 40,
            "shards": {"scanned": 5, "skipped": 0, "failed": 1},
            "rows_total": None,
        }
    )
    for number, line in enumerate(shards[:-1], 70):
        entry = near(fox, 4, "compiler", column="image_phash")
        extra = [["image_phash", "string", entry["row_value"].partition(":")[2]]]
        match(made, fox, row(made, line, number, extra), [entry], chance="0.00034")
    return made


def rescanned(earlier: Package) -> World:
    """What is new after ``earlier``: one finding appeared, one is now about another row, one vanished, one work left."""
    made = package_builder.world()
    before = {found["match_id"]: found for found in earlier.records("matches")}
    gone, moved, left, *_ = (found for found in before.values() if found["work_id"] is not None)
    kept = [line for line in made.coverage if line["dataset"] == "laion5b"]
    made.coverage, made.datasets = kept, [known for known in made.datasets if known["name"] == "laion5b"]
    made.matches = [
        found for found in made.matches if found["row"]["dataset"] == "laion5b" and not found["observation"]
    ]
    made.observations = []
    made.rows = {name: lines for name, lines in made.rows.items() if name == kept[0]["shard_id"][7:23]}
    made.matches.sort(key=match_order)
    made.changes = [package_builder.appeared(found) for found in made.matches]
    made.changes[0] = {**made.changes[0], "change": "changed", "before": package_builder.side(moved)}
    made.changes += [
        {"change": "vanished", "work_id": found["work_id"], "before": package_builder.side(found), "after": None}
        for found in (gone, {**left, "work_id": "w-0123456789abcdef"})
    ]
    made.kind, made.earlier_rows = "rescan", earlier.manifest["search"]["rows_scanned"]
    made.previous = {
        "manifest_sha256": earlier.manifest_sha256,
        "kind": "scan",
        "merkle_root": next(
            entry["merkle_root"] for entry in earlier.manifest["files"] if entry["path"] == "matches.jsonl"
        ),
    }
    return made
