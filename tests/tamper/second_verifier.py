"""A second verifier, from the specification alone: it shares no code with the first, only the data files of the format.

``python second_verifier.py PACKAGE`` exits 0, or ends with the first problem.  At most 150 lines that are not blank.
"""

# fmt: off
import hashlib
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

FORMAT = Path(__file__).resolve().parents[2] / "manifests"
WORDS, COLUMNS = (json.loads((FORMAT / "spec" / name).read_text("utf-8")) for name in ("words.json", "columns.json"))
TIERS, SAID = list(WORDS["tiers"]), WORDS["statements"]
SHAPES = {file.name.split(".")[0]: jsonschema.Draft202012Validator(json.loads(file.read_text("utf-8"))) for file in (FORMAT / "schema").iterdir()}
RECORDS = {"match": "matches", "negative": "negatives", "coverage": "coverage", "portfolio": "portfolio", "observation": "observations", "event": "events"}
TAGS = ("VERIFY.md", "VERIFY.zh.md", "README-FIRST.txt", "bag-info.txt", "bagit.txt", "manifest-sha256.txt", "manifest-sha512.txt")
PIXELS = {"shard_bytes": (None, "packaged"), "live_bytes": ("live", "live"), "archive_bytes": ("archive", "archived")}
LISTED = {"url_equal": "url_listed", "asset_equal": "asset_listed", "host_equal": "host_listed", "caption_contains": "caption_names"}
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def need(holds: Any, what: str) -> None:
    assert holds, what


def sha(*data: bytes, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, b"".join(data)).hexdigest()


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(data: bytes, shape: str) -> Any:
    value = json.loads(data.decode(), parse_float=lambda _: need(holds=False, what="a float"))
    need(canonical(value) == data, "not canonical")  # so no repeated key, no white space
    SHAPES[shape].validate(value)
    return value


def root(leaves: list[str]) -> str:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", bytes.fromhex(root(leaves[:half])), bytes.fromhex(root(leaves[half:])))


def lines(data: bytes) -> list[bytes]:
    need(data.endswith(b"\n") or not data, "no line feed at the end")
    return data.split(b"\n")[:-1]


def read_bag(folder: Path) -> dict[str, bytes]:
    entries = [entry for entry in folder.rglob("*") if entry.relative_to(folder).parts[0] != "proofs"]
    files = {entry.relative_to(folder).as_posix(): entry.read_bytes() for entry in entries if entry.is_symlink() or not entry.is_dir()}
    payload = sorted(path for path in files if path.startswith("data/"))
    for name, listed in (("tagmanifest-sha256", sorted(TAGS)), ("manifest-sha256", payload), ("manifest-sha512", payload)):
        made = "".join(f"{sha(files[path], algorithm=name.split('-')[1])}  {path}\n" for path in listed)
        need(files[f"{name}.txt"].decode() == made, name)
    need(not any(entry.is_symlink() for entry in entries) and set(files) == {*TAGS, "tagmanifest-sha256.txt", *payload}, "files nobody lists")
    oxum = f"Payload-Oxum: {sum(len(files[path]) for path in payload)}.{len(payload)}" in files["bag-info.txt"].decode().split("\n")
    need(oxum and files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bagit.txt, bag-info.txt")
    return {path[5:]: files[path] for path in payload}


def statement(entry: Any, match: Any) -> str:
    source, kind, check, seen = entry["source_of_hash"], entry["kind"], match["second_check"], match["observation"]
    if kind != "fingerprint_near":
        return LISTED[kind] if kind in LISTED else f"compiler_{entry['metric']}_equal" if source == "compiler" else f"{PIXELS[source][1]}_digest_equal"
    pair = [entry[side].partition(":") for side in ("work_value", "row_value")]
    need({f"hamming/{algorithm}" for algorithm, _, _ in pair} == {entry["metric"]}, "the metric")
    need((int(pair[0][2], 16) ^ int(pair[1][2], 16)).bit_count() == entry["value"] <= entry["threshold"], "the bits")
    high, failed = Decimal(match["expected_chance_matches"]) > Decimal("0.001"), check and not check["passed"]
    if source in PIXELS:
        looked = check and PIXELS[source][0] == (seen["kind"] if seen else None)
        return "lead_unchecked" if not looked else "lead_check_failed" if failed else f"{PIXELS[source][1]}_matched"
    weak = "lead_check_failed" if failed else "lead_by_chance" if high else "lead_unchecked"
    return "compiler_fingerprint_near" if source == "compiler" and not high else weak


def check_tier(match: Any, shard: Any, row: Any) -> None:
    codes = [list(SAID).index(statement(entry, match)) for entry in match["basis"]]
    code, seen, check = list(SAID)[codes[0]], match["observation"], match["second_check"]
    tier, image = SAID[code]["tier"], any("binary" in kind or kind == "member" for _, kind, _ in row["values"])
    need((code, tier, WORDS["tiers"][tier]) == (match["statement_code"], match["tier"], match["grade"]) and codes == sorted(codes), "tier")
    lead, on_sight = tier == "fingerprint_lead", {"live_image": "live", "archived_image": "archive"}.get(tier)
    conditions = {
        "url_not_image": match["row"]["url"] is not None and not image and not lead and tier != "packaged_image", "index_hash": lead and match["basis"][0]["source_of_hash"] == "index",
        "chance_matches_high": lead and Decimal(match["expected_chance_matches"]) > Decimal("0.001"),
        "live_image_differs": tier == "compiler_fingerprint" and seen and check and not check["passed"],
        "shard_digest_unconfirmed": shard["publisher_digest"] is None, "shard_read_in_part": shard["shard_digest_by"] != "computed"}
    need((not on_sight or seen["kind"] == on_sight) and {*SAID[code]["caveats"], *filter(conditions.get, conditions)} <= set(match["caveats"]) and match["caveats"] == sorted(set(match["caveats"])), "caveats")


def check_match(match: Any, man: Any, got: Any, rows: Any) -> dict[str, Any]:
    row, seen, check = match["row"], match["observation"], match["second_check"]
    work: Any = next((work for work in got["portfolio"] if work["work_id"] == match["work_id"] is not None), None)
    shard = next(line for line in got["coverage"] if all(line[key] == row[key] for key in ("dataset", "release", "shard", "shard_id", "shard_sha256")))
    dataset = next(line for line in man["datasets"] if (line["name"], line["release"]) == (row["dataset"], row["release"]))
    kept = rows[f"rows/{row['shard_id'].split(':')[1][:16]}.jsonl"][row["row_number"], row["item"]]
    cells = {name: value for name, _, value in kept["values"]}
    place = str(row["row_number"]) + ("" if row["item"] is None else f".{row['item']}")
    digest = sha(f"provscan.match/1\n{match['work_sha256'] or '-'}\n{row['shard_id']}\n{place}\n".encode())
    need(match["match_id"] == f"m-{digest[:32]}" and row["row_number"] < shard["rows"] and row["values_sha256"] == sha(canonical(kept["values"])), "row")
    need(all(row[key] in (None, cells.get(dataset["columns"].get(key), row[key])) for key in ("url", "caption")), "what is shown of the row")
    need((match["work_file"], match["work_sha256"]) == ((work["files"][0], work["sha256"]) if work else (None, None)), "the work")
    source: Any = next((line for line in got["observations"] if seen and line["observation_id"] == seen["observation_id"]), {})
    need(not seen or all(seen[key] == source["requested_at" if key == "fetched_at" else key] for key in seen), "observation")
    need(not check or ((not check["passed"] or Decimal(check["value"]) >= Decimal(check["threshold"])) and {"id": check["method"], "threshold": check["threshold"]} == man["method"]["second_check"]), "second check")
    for entry in match["basis"]:
        if entry["kind"] == "digest_equal":
            own = {f"{name}:{file[name]}" for file in (work, *work["renditions"]) for name in ("sha256", "md5")}
            held = entry["value"].split(":")[1] in (seen["content_sha256"] if seen else json.dumps(cells))
            need(entry["work_value"] == entry["row_value"] == entry["value"] in own and held, "the digest")
        if entry["kind"] == "fingerprint_near":
            need({"id": entry["metric"][8:], "variant": entry["variant"], "value": entry["work_value"]} in work["fingerprints"], "query")
            need(entry["source_of_hash"] != "compiler" or entry["row_value"].split(":")[1] == cells[entry["column"]], "recorded hash")
    check_tier(match, shard, kept)
    return {"match": match, "work": work, "dataset": dataset, "manifest": man, "near": next((b for b in match["basis"] if b["kind"] == "fingerprint_near"), None)}


def check_accounts(man: Any, data: Any, got: Any) -> None:
    matches, results, total = got["matches"], man["results"], man["search"]["rows_scanned"]
    found, included = {match["work_id"] for match in matches} - {None}, {work["work_id"] for work in got["portfolio"] if work["status"] == "included" and work["work_id"] == f"w-{work['sha256'][:16]}"}
    counts = {status: sum(work["status"] == status for work in got["portfolio"]) for status in ("included", "excluded")}
    need(list(counts.values()) == [man["portfolio"]["works"], man["portfolio"]["files_excluded"]] and included == found ^ {line["work_id"] for line in got["negatives"]} and {total} >= {line["rows_scanned"] for line in got["negatives"]}, "negatives")
    tally = [{value: sum(match[name] == value for match in matches) for value in known} for name, known in (("tier", TIERS), ("grade", "ABCD"))]
    need([*tally, len(matches), len(found), len(got["negatives"])] == [results["by_tier"], results["by_grade"], results["findings"], results["works_with_findings"], results["works_without"]], "results")
    pairs = [(match["row"]["url"].split("/")[2], match["work_id"]) for match in matches if match["row"]["url"]]
    hosts = [(host, sum(host == other for other, _ in pairs), len({work for other, work in pairs if other == host and work})) for host in sorted(dict(pairs))]
    need(hosts == [(line["host"], line["findings"], line["works"]) for line in results["by_host"]], "by_host")
    need([sum(line["status"] == status for line in got["coverage"]) for status in ("scanned", "skipped", "failed")] == [sum(known["shards"][status] for known in man["datasets"]) for status in ("scanned", "skipped", "failed")], "shards")
    need(all(max(line["compared"].values()) <= line["rows_scanned"] <= line["rows"] for line in got["coverage"]) and total == sum(line["rows_scanned"] for line in got["coverage"]) == sum(line["rows_scanned"] for line in man["datasets"]), "rows_scanned")
    need([event["prev_sha256"] for event in got["events"]] == ["0" * 64, *map(sha, lines(data["events.jsonl"]))][:-1], "events")
    need(man["config_sha256"] == sha(canonical(man["config"])) and man["subject"]["identity_sha256"] == sha(data["identity.json"]), "digests")
    order = [((match["work_file"] or "\U0010ffff").encode(), TIERS.index(match["tier"]), match["row"]["dataset"], match["row"]["row_number"]) for match in matches]
    need(order == sorted(order) and man["limitations"] == sorted(set(man["limitations"])) and (man["previous"] is None) == (man["kind"] == "scan"), "order")


def look(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if value else None
    return value


def cell(raw: str, prefix: str) -> str:
    text = prefix + raw
    if CONTROL.search(text):
        text = re.sub(rf"\\|{CONTROL.pattern}", lambda mark: "\\\\" if mark[0] == "\\" else f"\\u{ord(mark[0]):04x}", text)
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@＝＋－＠") else text


def check_table(data: Any, known: Any) -> None:
    table = [[field.replace('""', '"') for field in line[1:-1].split('","')] for line in data["exports/evidence.csv"].decode("utf-8-sig").split("\r\n")]
    need(table[0] == [column["column"] for column in COLUMNS] and len(table) == len(known) + 2 and table[-1] == [""], "lines of the table")
    for line, values in zip(table[1:], known, strict=False):
        for field, column in zip(line, COLUMNS, strict=True):
            raw = look(values, column["from"] or "")
            need(not column["from"] or field == ("" if raw is None else cell(str(raw), column["prefix"])), column["column"])


def verify(folder: Path) -> None:
    data = read_bag(folder)
    man = parse(data["manifest.json"], "manifest")
    listed = {entry["path"]: entry for entry in man["files"] + man["run"]["files"]}
    need(set(listed) == {path for path in data if not path.startswith(("manifest.json", "exports/", "report.html", "drafts/"))}, "files of the Manifest")
    for path, entry in listed.items():
        leaves = [sha(b"\0", line) for line in lines(data[path])] if path.endswith(".jsonl") else None
        tree = (None, None) if leaves is None else (len(leaves), root(leaves))
        need((entry["bytes"], entry["sha256"], entry["lines"], entry["merkle_root"]) == (len(data[path]), sha(data[path]), *tree), path)
    got = {name: [parse(line, shape) for line in lines(data[f"{name}.jsonl"])] for shape, name in RECORDS.items()}
    kept = {path: [parse(line, "row") for line in lines(text)] for path, text in data.items() if path.startswith("rows/")}
    rows = {path: {(row["row_number"], row["item"]): row for row in found} for path, found in kept.items()}
    known = [check_match(match, man, got, rows) for match in got["matches"]]
    check_accounts(man, data, got)
    check_table(data, known)


if __name__ == "__main__":
    verify(Path(sys.argv[1]))  # a hostile package may fail anywhere: every error is the same verdict
