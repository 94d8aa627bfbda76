"""A small but complete package with a finding of every tier, from plain values: what format tests begin with.

``build_package(folder)`` writes it through the real writer.  ``world()`` gives its records to change before writing:

    world = package_builder.world()
    world.matches[0]["caveats"].append("low_detail")
    package_builder.write(world, tmp_path / "p")
"""

from __future__ import annotations

import hashlib
import math
import statistics
import struct
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.canonical import canonical_bytes
from manifests.packages import shard16
from manifests.records import FIRST_PREVIOUS, chain_digest, match_id, match_order, row_order, values_sha256, work_id
from manifests.tiers import RowSource, derive_grading
from manifests.writing import PackageWriter, own_domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from manifests.words import Lang
    from manifests.writing import HostFacts, SealedPackage

HERE = Path(__file__).resolve().parent
STARTED = "2026-11-21T10:15:00Z"
FINISHED = "2026-11-21T10:20:00Z"
RUN_ID = "20261121T101500Z-3f2a9c1d"
ROWS = 1000  # of every shard


def grey_pattern(number: int) -> list[list[int]]:
    """32 x 32 grey pixels, of whole numbers only."""
    return [[(x * x * (3 + number) + y * y * 5 + x * y * number) // 7 % 256 for x in range(32)] for y in range(32)]


def grey_png(pixels: list[list[int]]) -> bytes:
    """A PNG of 8-bit grey pixels."""
    head = struct.pack(">IIBBBBB", len(pixels[0]), len(pixels), 8, 0, 0, 0, 0)
    raw = b"".join(b"\0" + bytes(line) for line in pixels)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@cache
def phash64(number: int) -> str:
    """``imagehash.phash`` of ``grey_pattern(number)``, written out: DCT-II, 8 x 8 low frequencies, above the median."""
    pixels = grey_pattern(number)
    waves = [[math.cos(math.pi * u * (2 * x + 1) / 64) for x in range(32)] for u in range(8)]
    across = [[sum(line[x] * wave[x] for x in range(32)) for wave in waves] for line in pixels]
    low = [sum(across[y][u] * wave[y] for y in range(32)) for wave in waves for u in range(8)]
    median = statistics.median(low)
    return f"{int(''.join('1' if value > median else '0' for value in low), 2):016x}"


def sha(text: str) -> str:
    """A digest that stands for a file: SHA-256 of its name."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class World:
    """All records of one package, as plain values."""

    works: list[dict[str, Any]] = field(default_factory=list)
    matches: list[dict[str, Any]] = field(default_factory=list)
    coverage: list[dict[str, Any]] = field(default_factory=list)
    observations: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    datasets: list[dict[str, Any]] = field(default_factory=list)
    not_listed: dict[str, int] = field(default_factory=dict)
    changes: list[dict[str, Any]] | None = None
    kind: str = "scan"
    previous: dict[str, Any] | None = None
    earlier_rows: int = 0  # scanned by the runs before, of a rescan


def work(name: str, number: int, **declared: Any) -> dict[str, Any]:
    """A portfolio line; ``number`` makes its fingerprints."""
    sha256 = sha(name)
    return {
        "work_id": work_id(sha256),
        "files": [f"portfolio/{name}"],
        "renditions": [],
        "bytes": 1000 + number,
        "sha256": sha256,
        "md5": hashlib.md5(name.encode()).hexdigest(),
        "format": "PNG",
        "width": 800,
        "height": 600,
        "detail": "0.4312",
        "fingerprints": [
            {"id": "phash64", "variant": "original", "value": f"phash64:{phash64(number)}"},
            {"id": "phash64", "variant": "mirror", "value": f"phash64:{number * 0x0F1E2D3C4B5A6978 % 2**64:016x}"},
        ],
        "title": declared.get("title"),
        "registration": declared.get("registration"),
        "first_published": declared.get("first_published"),
        "published_urls": declared.get("published_urls", []),
        "iscc": None,
        "status": "included",
        "reason": None,
    }


def excluded(name: str, reason: str = "undecodable") -> dict[str, Any]:
    """A portfolio line for a file that could not become a Work."""
    return {
        **dict.fromkeys(work("x", 1)),
        "files": [f"portfolio/{name}"],
        "renditions": [],
        "fingerprints": [],
        "published_urls": [],
        "bytes": 12,
        "sha256": sha(name),
        "md5": hashlib.md5(name.encode()).hexdigest(),
        "status": "excluded",
        "reason": reason,
    }


def dataset(name: str, shards: int, *, release: str | None = "1.0.0", rows: int = ROWS) -> dict[str, Any]:
    """A line of the Manifest's ``datasets``; all shards scanned."""
    return {
        "name": name,
        "release": release,
        "publisher": "Example Publisher",
        "source": "local",
        "revision": None,
        "layout": f"{name}/1",
        "columns": {"url": "URL", "caption": "TEXT"},
        "schema_sha256": sha(f"schema of {name}"),
        "statement": None,
        "shards": {"scanned": shards, "skipped": 0, "failed": 0},
        "rows_total": shards * rows,
        "rows_scanned": shards * rows,
    }


def shard(
    dataset_name: str, name: str, *, release: str | None = "1.0.0", rows: int = ROWS, **changed: Any
) -> dict[str, Any]:
    """A coverage line of a scanned shard, its digest confirmed by nobody."""
    digest = sha(f"{dataset_name}/{name}")
    return {
        "dataset": dataset_name,
        "release": release,
        "shard": name,
        "shard_id": f"sha256:{digest}",
        "shard_sha256": digest,
        "shard_digest_by": "computed",
        "publisher_digest": None,
        "parts": [],
        "bytes": 123456,
        "rows": rows,
        "rows_scanned": rows,
        "status": "scanned",
        "reason": None,
        "compared": {"digest": 0, "fingerprint": rows, "image": 0, "url": rows, "caption": rows},
        "row_faults": {},
        **changed,
    }


def row(
    world: World, coverage: dict[str, Any], row_number: int, extra: list[list[Any]], **shown: Any
) -> dict[str, Any]:
    """Add a verbatim row (URL, TEXT, then ``extra``) and return the ``row`` of a match on it."""
    url = shown.get("url", f"https://img.example.org/{row_number}.jpg")
    caption = shown.get("caption", f"Fox {row_number}, ink on paper")
    values = [["URL", "string", url], ["TEXT", "string", caption], *extra]
    record = {"row_number": row_number, "item": None, "row_check": None, "values": values}
    kept = world.rows.setdefault(shard16(coverage["shard_id"]), [])
    if record not in kept:
        kept.append(record)
        kept.sort(key=row_order)
    return {
        "dataset": coverage["dataset"],
        "release": coverage["release"],
        "shard": coverage["shard"],
        "shard_id": coverage["shard_id"],
        "shard_sha256": coverage["shard_sha256"],
        "row_number": row_number,
        "item": None,
        "row_group": 0,
        "row_in_group": row_number,
        "key": str(8589934592 + row_number),
        "url": url,
        "caption": caption,
        "width": 800,
        "height": 600,
        "values_sha256": values_sha256(values),
    }


def basis(kind: str, metric: str, value: Any, **rest: Any) -> dict[str, Any]:
    """One entry of ``basis``."""
    return {
        "kind": kind,
        "metric": metric,
        "value": value,
        "threshold": rest.get("threshold"),
        "variant": rest.get("variant"),
        "source_of_hash": rest.get("source"),
        "column": rest.get("column"),
        "work_value": rest.get("work_value"),
        "row_value": rest.get("row_value"),
        "detail": rest.get("detail"),
    }


def near(
    of: dict[str, Any], bits: int, source: str, *, variant: str = "mirror", column: str | None = None
) -> dict[str, Any]:
    """A ``fingerprint_near`` whose row value differs from the work's in ``bits`` bits."""
    known = next(entry["value"] for entry in of["fingerprints"] if entry["variant"] == variant)
    other = int(known.partition(":")[2], 16) ^ ((1 << bits) - 1)
    return basis(
        "fingerprint_near",
        "hamming/phash64",
        bits,
        threshold=8,
        variant=variant,
        source=source,
        column=column,
        work_value=known,
        row_value=f"phash64:{other:016x}",
    )


def match(
    world: World,
    of: dict[str, Any] | None,
    row_of: dict[str, Any],
    entries: list[dict[str, Any]],
    *,
    chance: str | None = None,
    check: dict[str, Any] | None = None,
    seen: dict[str, Any] | None = None,
    holds_image: bool = False,
) -> dict[str, Any]:
    """Add a finding, graded by the tier table."""
    shard_line = next(line for line in world.coverage if line["shard_id"] == row_of["shard_id"])
    graded = derive_grading(
        basis=entries,
        expected_chance_matches=chance,
        second_check=check,
        observation=seen,
        row_source=RowSource(
            lists_url=row_of["url"] is not None,
            holds_image=holds_image,
            shard_confirmed=shard_line["publisher_digest"] is not None,
            shard_read_whole=shard_line["shard_digest_by"] == "computed",
        ),
    )
    sha256 = of["sha256"] if of else None
    record = {
        "match_id": match_id(sha256, row_of["shard_id"], row_of["row_number"], row_of["item"]),
        "grade": graded.grade.value,
        "tier": graded.tier.value,
        "statement_code": graded.statement_code.value,
        "work_id": of["work_id"] if of else None,
        "work_file": of["files"][0] if of else None,
        "work_sha256": sha256,
        "row": row_of,
        "basis": entries,
        "expected_chance_matches": chance,
        "second_check": dict(check) if check else None,
        "observation": seen,
        "caveats": list(graded.caveats),
        "subsets": [],
        "review": None,
    }
    world.matches.append(record)
    return record


def observation(world: World, number: int, url: str, *, content_sha256: str, archive: bool = False) -> dict[str, Any]:
    """Add an observation line and return the ``observation`` of a match on it."""
    full: dict[str, Any] = {
        "observation_id": f"o-{number:08d}",
        "kind": "archive" if archive else "live",
        "url": url,
        "requested_at": "2026-11-21T10:16:00Z",
        "outcome": "image",
        "status": 200,
        "redirects": [],
        "final_url": url,
        "ip": "203.0.113.7",
        "content_type": "image/jpeg",
        "bytes": 54321,
        "content_sha256": content_sha256,
        "capture": None,
        "archive": {"name": "archive.example", "captured_at": "2021-03-04T05:06:07Z"} if archive else None,
        "opt_out": [] if archive else [{"signal": "x-robots-tag", "value": "noai"}],
    }
    world.observations.append(full)
    kept = ("observation_id", "kind", "outcome", "status", "final_url", "content_sha256", "capture", "archive")
    return {**{key: full[key] for key in kept}, "fetched_at": full["requested_at"]}


CHECK_PASSED = {"method": "structure/1", "value": "0.91", "threshold": "0.60", "passed": True}
CHECK_FAILED = {"method": "structure/1", "value": "0.12", "threshold": "0.60", "passed": False}


def world() -> World:
    """Works, shards, rows and one finding of every statement code but ``no_match``, which two works without findings have."""
    made = World()
    fox = work(
        "fox.png",
        3,
        title="Fuchs & 狐狸",
        registration={"no": "VA0002123456", "date": "2020-01-02", "office": "US Copyright Office"},
        first_published="2019-05-06",
        published_urls=["https://artist.example/fox.jpg"],
    )
    owl = work("owl.png", 5, title='=HYPERLINK("x")')
    made.works = [fox, owl, work("hen.png", 7), work("elk.png", 11), excluded("broken.png")]
    coyo = shard("coyo700m", "data/part-00000.parquet")
    laion = shard(
        "laion5b",
        "part-00001.parquet",
        publisher_digest={"value": sha("laion5b/part-00001.parquet"), "source": "publisher", "equal": True},
    )
    tar = shard(
        "pictures",
        "00000.tar",
        release=None,
        compared={"digest": ROWS, "fingerprint": ROWS, "image": ROWS, "url": ROWS, "caption": 0},
    )
    made.coverage = [coyo, laion, tar]
    made.datasets = [dataset("coyo700m", 1), dataset("laion5b", 1), dataset("pictures", 1, release=None)]
    _recorded(made, fox, owl, coyo, laion)
    _seen(made, fox, owl, laion)
    _packaged(made, fox, owl, tar)
    _declared(made, fox, laion)
    for number, known in ((3, fox), (5, owl)):
        made.files[f"renditions/{known['sha256'][:16]}-original-phash64.png"] = grey_png(grey_pattern(number))
    made.files["identity.json"] = canonical_bytes(
        {"schema": "provscan.identity/1", "names": ["Ada Fox"], "hosts": ["img.example.org"]}
    )
    made.files["environment.json"] = canonical_bytes({"python": "3.11.9", "os": "Linux", "pillow": "13.0"})
    made.not_listed = {"fingerprint_lead": 7}
    return made


def _recorded(
    made: World, fox: dict[str, Any], owl: dict[str, Any], coyo: dict[str, Any], laion: dict[str, Any]
) -> None:
    """What a compiler recorded: digests and a perceptual hash, near, too near by chance, and one of an index."""
    entry = near(fox, 4, "compiler", column="image_phash")
    extra = [["image_phash", "string", entry["row_value"].partition(":")[2]]]
    match(made, fox, row(made, coyo, 12, extra), [entry], chance="0.00034")
    entry = near(owl, 8, "compiler", column="image_phash")
    extra = [["image_phash", "string", entry["row_value"].partition(":")[2]]]
    match(made, owl, row(made, coyo, 13, extra), [entry], chance="1.21")
    match(made, owl, row(made, coyo, 14, []), [near(owl, 6, "index")], chance="0.0005")
    for number, algorithm in ((15, "sha256"), (16, "md5")):
        digest = fox[algorithm]
        equal = basis(
            "digest_equal",
            algorithm,
            f"{algorithm}:{digest}",
            source="compiler",
            column=algorithm,
            work_value=f"{algorithm}:{digest}",
            row_value=f"{algorithm}:{digest}",
        )
        match(made, fox, row(made, laion, number, [[algorithm, "string", digest]]), [equal])


def _seen(made: World, fox: dict[str, Any], owl: dict[str, Any], laion: dict[str, Any]) -> None:
    """What the URL or an archive returned: the file itself, a copy, a picture that did not pass."""
    for number, archive in ((20, False), (30, True)):
        source = "archive_bytes" if archive else "live_bytes"
        for place, (of, passed) in enumerate(((fox, True), (owl, True), (owl, False))):
            row_of = row(made, laion, number + place, [])
            same = of is fox
            content = fox["sha256"] if same else sha(f"picture {number + place}")
            seen = observation(made, number + place, row_of["url"], content_sha256=content, archive=archive)
            equal = basis(
                "digest_equal",
                "sha256",
                f"sha256:{fox['sha256']}",
                source=source,
                work_value=f"sha256:{fox['sha256']}",
                row_value=f"sha256:{fox['sha256']}",
            )
            check = None if same else CHECK_PASSED if passed else CHECK_FAILED
            entries = [equal] if same else [near(owl, 4, source)]
            match(made, of, row_of, entries, chance=None if same else "0.02", check=check, seen=seen)


def _packaged(made: World, fox: dict[str, Any], owl: dict[str, Any], tar: dict[str, Any]) -> None:
    """Pictures inside a shard: the file itself, a copy, one that nobody checked."""
    for number, (of, check) in enumerate(((fox, None), (owl, CHECK_PASSED), (owl, None)), 40):
        content = fox["sha256"] if of is fox else sha(f"picture {number}")
        row_of = row(made, tar, number, [["jpg", "member", f"sha256:{content}:54321"]])
        equal = basis(
            "digest_equal",
            "sha256",
            f"sha256:{fox['sha256']}",
            source="shard_bytes",
            work_value=f"sha256:{fox['sha256']}",
            row_value=f"sha256:{fox['sha256']}",
        )
        entries = [equal] if of is fox else [near(owl, 2, "shard_bytes")]
        match(made, of, row_of, entries, chance=None if of is fox else "0.0001", check=check, holds_image=True)


def _declared(made: World, fox: dict[str, Any], laion: dict[str, Any]) -> None:
    """What the claimant declared: URL, asset key, host, name; the last two about no work."""
    url = "https://artist.example/fox.jpg"
    listed = basis("url_equal", "url_rules/1", url, column="URL", work_value=url, row_value=url)
    match(made, fox, row(made, laion, 50, [], url=url), [listed])
    sized = "https://artist.example/fox-300x200.jpg"
    asset = basis(
        "asset_equal", "url_rules/1", "wordpress:artist.example/fox.jpg", column="URL", work_value=url, row_value=sized
    )
    match(made, fox, row(made, laion, 51, [], url=sized), [asset])
    host_row = row(made, laion, 52, [])
    host = basis(
        "host_equal",
        "url_rules/1",
        "img.example.org",
        column="URL",
        work_value="img.example.org",
        row_value=host_row["url"],
    )
    match(made, None, host_row, [host])
    named_row = row(made, laion, 53, [], caption="Ada Fox, \u202eportrait\u202c\twith tab", url=None)
    named = basis(
        "caption_contains", "names/1", "Ada Fox", column="TEXT", work_value="Ada Fox", row_value=named_row["caption"]
    )
    match(made, None, named_row, [named])


def negatives(world: World) -> list[dict[str, Any]]:
    """A line for each included work without a finding."""
    found = {entry["work_id"] for entry in world.matches}
    compared = {name: sum(line["compared"][name] for line in world.coverage) for name in world.coverage[0]["compared"]}
    return [
        {
            "work_id": entry["work_id"],
            "work_file": entry["files"][0],
            "statement_code": "no_match",
            "rows_scanned": sum(line["rows_scanned"] for line in world.coverage),
            "compared": compared,
            "caveats": ["chosen_by_claimant"],
        }
        for entry in world.works
        if entry["status"] == "included" and entry["work_id"] not in found
    ]


def appeared(found: dict[str, Any]) -> dict[str, Any]:
    """The line of ``changes.jsonl`` for a finding that was not there before."""
    return {"change": "appeared", "work_id": found["work_id"], "before": None, "after": side(found)}


def side(found: dict[str, Any]) -> dict[str, Any]:
    """What a change says of a finding."""
    return {name: found[name] for name in ("match_id", "tier", "row")}


def events() -> list[dict[str, Any]]:
    """A chained course of the run."""
    made: list[dict[str, Any]] = []
    previous = FIRST_PREVIOUS
    for seq, action in enumerate(("portfolio_read", "method_fixed", "shard_scanned", "finished")):
        record = {
            "seq": seq,
            "at": STARTED,
            "actor": "tool",
            "action": action,
            "object": None,
            "sha256": None,
            "prev_sha256": previous,
        }
        previous = chain_digest(canonical_bytes(record))
        made.append(record)
    return made


def manifest(world: World) -> dict[str, Any]:
    """The Manifest as ``PackageWriter.seal`` wants it."""
    scanned = sum(line["rows_scanned"] for line in world.coverage)
    identity = hashlib.sha256(world.files["identity.json"]).hexdigest() if "identity.json" in world.files else None
    config: dict[str, Any] = {"radius": 8, "variants": "fast", "limits": {"leads": 100}}
    return {
        "kind": world.kind,
        "previous": world.previous,
        "run": {
            "run_id": RUN_ID,
            "started_at": STARTED,
            "method_fixed_at": STARTED,
            "finished_at": FINISHED,
            "command": ["provscan", "scan", "works", "--dataset", "laion5b=laion5b-meta"],
            "read_at": {entry["name"]: STARTED for entry in world.datasets},
            "clock": {"source": "system", "synchronised": "unknown"},
        },
        "tool": {
            "name": "provscan",
            "version": "1.0.0",
            "source_commit": None,
            "self_test": {"vectors_sha256": sha("vectors"), "passed": 212, "total": 212},
        },
        "config": config,
        "config_sha256": hashlib.sha256(canonical_bytes(config)).hexdigest(),
        "subject": {"claimant": "Ada Fox", "statement": None, "asserted_by": None, "identity_sha256": identity},
        "portfolio": {
            "works": sum(entry["status"] == "included" for entry in world.works),
            "files_excluded": sum(entry["status"] == "excluded" for entry in world.works),
        },
        "method": {
            "pixels": [{"step": "exif_transpose", "params": {}}],
            "fingerprints": [
                {
                    "id": "phash64",
                    "bits": 64,
                    "spec": "imagehash.phash; ISO 24138:2024 Image-Code",
                    "implementation": "imagehash 4.3.2",
                }
            ],
            "variants": ["original", "mirror"],
            "url_rules": "url_rules/1",
            "second_check": {"id": "structure/1", "threshold": "0.60"},
            "chance": {"id": "tail/1", "params": {}, "sample_rows": ROWS},
            "tiers": 1,
        },
        "search": {
            "queries": 8,
            "rows_scanned": scanned + world.earlier_rows,
            "rows_with_fingerprint": sum(line["compared"]["fingerprint"] for line in world.coverage),
            "comparisons": str(8 * scanned),
            "expected_chance_matches_total": "0.0123",
            "interval95": ["0.001", "0.2"],
            "control": {"kind": "decoys", "works": 4, "findings": 0},
        },
        "datasets": world.datasets,
        "limitations": ["chosen_by_claimant", "no_recorded_hash"],
    }


def write(
    world: World,
    folder: Path,
    *,
    lang: Lang = "en",
    exhibit_prefix: str = "PROV",
    describe_host: Callable[[str], HostFacts] = own_domain,
) -> SealedPackage:
    """Write ``world`` through the real writer."""
    with PackageWriter(folder) as writer:
        writer.add_records("portfolio", sorted(world.works, key=lambda entry: entry["files"][0].encode()))
        writer.add_records("matches", sorted(world.matches, key=match_order))
        writer.add_records("negatives", sorted(negatives(world), key=lambda entry: entry["work_file"].encode()))
        writer.add_records("coverage", world.coverage)
        writer.add_records("observations", sorted(world.observations, key=lambda entry: entry["observation_id"]))
        writer.add_records("events", events())
        if world.changes is not None:
            writer.add_records("changes", world.changes)
        for name, kept in sorted(world.rows.items()):
            writer.add_rows(name, kept)
        for path, content in sorted(world.files.items()):
            writer.add_file(path, content)
        return writer.seal(
            manifest(world),
            lang=lang,
            exhibit_prefix=exhibit_prefix,
            not_listed=world.not_listed,
            describe_host=describe_host,
        )


def build_package(folder: Path, *, lang: Lang = "en") -> SealedPackage:
    """Write the whole world to ``folder``, which must not exist."""
    return write(world(), folder, lang=lang)
