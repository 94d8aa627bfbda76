"""A second verifier, from the specification alone, sharing only the format's data files; at most 150 lines that are not blank."""

# fmt: off
import gzip, hashlib, json, re, sys, zlib  # noqa: E401, I001
from decimal import Decimal
from functools import reduce
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
    half = 1 << max(len(leaves) - 1, 1).bit_length() - 1
    return "".join(leaves) or sha() if len(leaves) < 2 else sha(b"\1", bytes.fromhex(root(leaves[:half])), bytes.fromhex(root(leaves[half:])))


def lines(data: bytes) -> list[bytes]:
    need(data.endswith(b"\n") or not data, "no line feed at the end")
    return data.split(b"\n")[:-1]


def read_bag(folder: Path) -> dict[str, bytes]:
    entries = [entry for entry in folder.rglob("*") if entry.relative_to(folder).parts[0] != "proofs"]
    files = {entry.relative_to(folder).as_posix(): entry.read_bytes() for entry in entries if entry.is_symlink() or not entry.is_dir()}
    payload = sorted(path for path in files if path.startswith("data/"))
    for name, listed in (("tagmanifest-sha256", sorted(TAGS)), ("manifest-sha256", payload), ("manifest-sha512", payload)):
        need(files[f"{name}.txt"].decode() == "".join(f"{sha(files[path], algorithm=name.split('-')[1])}  {path}\n" for path in listed), name)
    need((not any(entry.is_symlink() for entry in entries) and set(files) == {*TAGS, "tagmanifest-sha256.txt", *payload}) and (f"Payload-Oxum: {sum(len(files[path]) for path in payload)}.{len(payload)}" in files["bag-info.txt"].decode().split("\n") and files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"), "files nobody lists, bagit.txt, bag-info.txt")
    return {**{path[5:]: files[path] for path in payload}, "../info": files["bag-info.txt"]}


def statement(entry: Any, match: Any) -> str:
    source, kind, check, seen = entry["source_of_hash"], entry["kind"], match["second_check"], match["observation"]
    if kind != "fingerprint_near":
        return LISTED[kind] if kind in LISTED else f"compiler_{entry['metric']}_equal" if source == "compiler" else f"{PIXELS[source][1]}_digest_equal"
    pair = [entry[side].partition(":") for side in ("work_value", "row_value")]
    chance, failed = Decimal(match["expected_chance_matches"]), check and not check["passed"]
    need(({f"hamming/{algorithm}" for algorithm, _, _ in pair} == {entry["metric"]} and (int(pair[0][2], 16) ^ int(pair[1][2], 16)).bit_count() == entry["value"] <= entry["threshold"]) and (f"{chance.normalize():f}" == match["expected_chance_matches"] and len(chance.normalize().as_tuple().digits) < 4 and chance >= Decimal("0.000001")), "bits, chance")
    if source in PIXELS:
        return "lead_unchecked" if not check or PIXELS[source][0] != (seen["kind"] if seen else None) else "lead_check_failed" if failed else f"{PIXELS[source][1]}_matched"
    return "compiler_fingerprint_near" if source == "compiler" and chance <= Decimal("0.001") else "lead_check_failed" if failed else "lead_by_chance" if chance > Decimal("0.001") else "lead_unchecked"


def check_tier(match: Any, shard: Any, row: Any) -> None:
    codes, seen, check = [list(SAID).index(statement(entry, match)) for entry in match["basis"]], match["observation"], match["second_check"]
    code, tier, image = list(SAID)[codes[0]], SAID[list(SAID)[codes[0]]]["tier"], any("binary" in kind or kind == "member" for _, kind, _ in row["values"])
    need((code, tier, WORDS["tiers"][tier]) == (match["statement_code"], match["tier"], match["grade"]) and codes == sorted(codes), "tier")
    lead, on_sight = tier == "fingerprint_lead", {"live_image": "live", "archived_image": "archive"}.get(tier)
    conditions = {"url_not_image": match["row"]["url"] is not None and not image and not lead and tier != "packaged_image", "index_hash": lead and match["basis"][0]["source_of_hash"] == "index",
        "chance_matches_high": lead and Decimal(match["expected_chance_matches"]) > Decimal("0.001"), "live_image_differs": tier == "compiler_fingerprint" and seen and seen["kind"] == "live" and check and not check["passed"],
        "shard_digest_unconfirmed": shard["publisher_digest"] is None, "shard_read_in_part": shard["shard_digest_by"] != "computed"}
    need((not on_sight or seen["kind"] == on_sight) and {*SAID[code]["caveats"], *filter(conditions.get, conditions)} <= set(match["caveats"]) and match["caveats"] == sorted(set(match["caveats"])), "caveats")


def match_id(work: str | None, row: Any) -> str:
    return "m-" + sha(f"provscan.match/1\n{work or '-'}\n{row['shard_id']}\n{row['row_number']}{'' if row['item'] is None else '.' + str(row['item'])}\n".encode())[:32]


def check_match(match: Any, man: Any, got: Any, rows: Any) -> dict[str, Any]:
    row, seen, check = match["row"], match["observation"], match["second_check"]
    work: Any = next((work for work in got["portfolio"] if work["work_id"] == match["work_id"] is not None), None)
    shard = next(line for line in got["coverage"] if all(line[key] == row[key] for key in ("dataset", "release", "shard", "shard_id", "shard_sha256")))
    dataset = next(line for line in man["datasets"] if (line["name"], line["release"]) == (row["dataset"], row["release"]))
    kept = rows[f"rows/{row['shard_id'].split(':')[1][:16]}.jsonl"][row["row_number"], row["item"]]
    cells = {name: value for name, _, value in kept["values"]}
    need((match["match_id"] == match_id(match["work_sha256"], row) and row["row_number"] < shard["rows"] and row["values_sha256"] == sha(canonical(kept["values"]))) and (all(row[key] in (None, cells.get(dataset["columns"].get(key), row[key])) for key in ("url", "caption")) and all(str(row[key]) in (str(None), str(cells.get(dataset["columns"].get(role), row[key]))) for key, role in (("width", "width"), ("height", "height"), ("key", "row_key"))) and (match["work_file"], match["work_sha256"]) == ((work["files"][0], work["sha256"]) if work else (None, None))), "row, work")
    source: Any = next((line for line in got["observations"] if seen and line["observation_id"] == seen["observation_id"]), {})
    need((not seen or all(seen[key] == source["requested_at" if key == "fetched_at" else key] for key in seen)) and (not check or ((not check["passed"] or Decimal(check["value"]) >= Decimal(check["threshold"])) and {"id": check["method"], "threshold": check["threshold"]} == man["method"]["second_check"])), "observation, second check")
    for entry in match["basis"]:
        if entry["kind"] == "digest_equal":
            own, held = {f"{name}:{file[name]}" for file in (work, *work["renditions"]) for name in ("sha256", "md5")}, (digest := entry["value"].rpartition(":")[2]) in (seen["content_sha256"] if entry["source_of_hash"] in {"live_bytes", "archive_bytes"} else json.dumps(cells))
            need(entry["work_value"] == entry["row_value"] == f"{entry['metric']}:{digest}" in own and held, "the digest")
        if entry["kind"] == "fingerprint_near":
            need({"id": entry["metric"][8:], "variant": entry["variant"], "value": entry["work_value"]} in work["fingerprints"] and (entry["source_of_hash"] != "compiler" or entry["row_value"].split(":")[1] == cells[entry["column"]]), "query, recorded hash")
    check_tier(match, shard, kept)
    return {"match": match, "work": work, "dataset": dataset, "manifest": man, "near": next((b for b in match["basis"] if b["kind"] == "fingerprint_near"), None)}


def check_accounts(man: Any, data: Any, got: Any) -> None:
    matches, results, total = got["matches"], man["results"], man["search"]["rows_scanned"]
    found, included = {match["work_id"] for match in matches} - {None}, {work["work_id"] for work in got["portfolio"] if work["status"] == "included" and work["work_id"] == f"w-{work['sha256'][:16]}"}
    counts = [sum(work["status"] == status for work in got["portfolio"]) for status in ("included", "excluded")]
    need(counts == [man["portfolio"]["works"], man["portfolio"]["files_excluded"]] and included == found ^ {line["work_id"] for line in got["negatives"]} and all((line["rows_scanned"] == total and line["compared"] == {key: sum(shard["compared"][key] for shard in got["coverage"]) for key in line["compared"]}) or (line["rows_scanned"] <= total and man["kind"] != "scan" and max(line["compared"].values()) <= line["rows_scanned"]) for line in got["negatives"]), "negatives")
    tally = [{value: sum(match[name] == value for match in matches) for value in known} for name, known in (("tier", TIERS), ("grade", "ABCD"))]
    need(([*tally, len(matches), len(found), len(got["negatives"])] == [results["by_tier"], results["by_grade"], results["findings"], results["works_with_findings"], results["works_without"]]) and ({f"External-Identifier: {man['run']['run_id']}", f"Bagging-Date: {man['run']['finished_at'][:10]}", f"Bag-Software-Agent: {man['tool']['name']} {man['tool']['version']}"} <= set(data["../info"].decode().split("\n"))), "results, bag-info.txt")
    pairs = [(match["row"]["url"].split("/")[2].split(":")[0], match["work_id"]) for match in matches if match["row"]["url"]]
    need([(line["host"], line["findings"], line["works"]) for line in results["by_host"]] == [(host, sum(host == other for other, _ in pairs), len({work for other, work in pairs if other == host and work})) for host in sorted(dict(pairs))], "by_host")
    need((all(sum(line["status"] == status for line in got["coverage"]) == sum(known["shards"][status] for known in man["datasets"]) for status in ("scanned", "skipped", "failed")) and sum(map(rows_of, got["coverage"])) == sum(line["rows_scanned"] for line in man["datasets"]) in {total, *(range(total) if man["kind"] != "scan" else ())}) and ([event["prev_sha256"] for event in got["events"]] == ["0" * 64, *map(sha, lines(data["events.jsonl"]))][:-1] and man["config_sha256"] == sha(canonical(man["config"])) and man["subject"]["identity_sha256"] == (sha(data["identity.json"]) if "identity.json" in data else None)), "shards, events, digests")
    order = [((match["work_file"] or "\U0010ffff").encode(), TIERS.index(match["tier"]), match["row"]["dataset"], match["row"]["row_number"]) for match in matches]
    need(order == sorted(order) and man["limitations"] == sorted(set(man["limitations"])) and (man["previous"] is None) == (man["kind"] == "scan") and man["tool"]["self_test"]["passed"] <= man["tool"]["self_test"]["total"] and Decimal(man["search"]["interval95"][0]) <= Decimal(man["search"]["interval95"][1]) and (man["kind"] != "scan" or man["search"]["rows_with_fingerprint"] <= sum(line["compared"]["fingerprint"] + line["compared"]["image"] for line in got["coverage"])), "order, search")


def rows_of(shard: Any) -> int:
    digest, whose, said, rows = shard["shard_sha256"], shard["shard_digest_by"], shard["publisher_digest"], shard["rows_scanned"]
    need(max(shard["compared"].values()) <= rows and (shard["rows"] is None or rows == shard["rows"] or (rows < shard["rows"] and shard["status"] == "failed") or (not rows and shard["status"] == "skipped")) and all(0 < part["bytes"] <= shard["bytes"] - part["offset"] for part in shard["parts"]), "rows, parts")
    need(shard["shard_id"] in (None, f"sha256:{digest}") or (digest is None and shard["shard_id"].startswith("etag:") and (shard["parts"] or not rows)), "shard_id")
    need((digest is None) == (whose == "none") and (said or whose != "publisher") and (not said or (said["equal"] is None) == (whose != "computed")) and (not said or ":" in said["value"].removeprefix("sha256:") or (said["value"].removeprefix("sha256:") == digest) == (said["equal"] is not False)), "whose digest")
    return int(rows)


def check_changes(man: Any, data: Any, got: Any) -> None:
    changes, works = [parse(line, "change") for line in lines(data.get("changes.jsonl", b""))], {work["work_id"]: work["sha256"] for work in got["portfolio"]}
    stated = sorted(canonical([match["work_id"], {key: match[key] for key in ("match_id", "tier", "row")}]) for match in got["matches"])
    need("changes.jsonl" not in data or (man["kind"] != "scan" and stated == sorted(canonical([change["work_id"], change["after"]]) for change in changes if change["after"])), "changes")
    need(all([bool(change["before"]), bool(change["after"])] == {"appeared": [False, True], "vanished": [True, False], "changed": [True, True]}[change["change"]] and (not change["before"] or change["work_id"] not in {None, *works} or change["before"]["match_id"] == match_id(works.get(change["work_id"]), change["before"]["row"])) for change in changes), "sides")


def check_captures(data: Any, got: Any) -> None:
    held: dict[Any, Any] = {}
    for path in (path for path in data if path.startswith("captures/")):
        rest = gzip.decompress(data[path])
        while rest:
            fields = dict(line.split(": ", 1) for line in rest.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
            rest, block = (text := rest.partition(b"\r\n\r\n")[2])[(size := int(fields["Content-Length"])) + 4:], text[:size]
            head, _, body = block.partition(b"\r\n\r\n") if fields["Content-Type"].startswith("application/http") else (b"", b"", block)
            payload, record = f"sha256:{sha(body)}", (path, fields["WARC-Record-ID"])
            need(text[size:size + 4] == b"\r\n\r\n" and fields["WARC-Block-Digest"] == f"sha256:{sha(block)}" and fields.get("WARC-Payload-Digest", payload) in {payload, *[fields.get("WARC-Payload-Digest")] * (fields["WARC-Type"] == "revisit")} and record not in held, "record")
            held[record] = (fields, head, body, payload)
    origins = {record: (fields, head, body, payload) for (_, record), (fields, head, body, payload) in held.items() if fields["WARC-Type"] != "revisit"}
    need(all(origins[fields["WARC-Refers-To"]][3] == fields["WARC-Payload-Digest"] for fields, *_ in held.values() if fields["WARC-Type"] == "revisit"), "revisit")
    for seen in (seen for seen in got["observations"] if seen["capture"]):
        fields, head, *_ = held[seen["capture"]["file"], seen["capture"]["record_id"]]
        fields, coded, body, _ = origins[fields.get("WARC-Refers-To", fields["WARC-Record-ID"])]
        body = zlib.decompress(body, 47 if body[:1] in (b"\x1f", b"\x78") else -15) if re.search(rb"(?i)\ncontent-encoding: (gzip|deflate)\r", coded + b"\r\n") else body
        need(int(head.split()[1]) == seen["status"] and (seen["content_sha256"] is None or "WARC-Truncated" in fields or (sha(body), len(body)) == (seen["content_sha256"], seen["bytes"] or len(body))), "what was seen")


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
            raw = reduce(lambda below, key: below.get(key) if below else None, (column["from"] or "").split("."), values)
            need(not column["from"] or field == ("" if raw is None else cell(str(raw), column["prefix"])), column["column"])


def verify(folder: Path) -> None:
    data = read_bag(folder)
    man = parse(data["manifest.json"], "manifest")
    listed = {entry["path"]: entry for entry in man["files"] + man["run"]["files"]}
    need(set(listed) == {path for path in data if not path.startswith(("../", "manifest.json", "exports/", "report.html", "drafts/"))}, "files of the Manifest")
    for path, entry in listed.items():
        tree = (len(lines(data[path])), root([sha(b"\0", line) for line in lines(data[path])])) if path.endswith(".jsonl") else (None, None)
        need((entry["bytes"], entry["sha256"], entry["lines"], entry["merkle_root"]) == (len(data[path]), sha(data[path]), *tree), path)
    got = {name: [parse(line, shape) for line in lines(data[f"{name}.jsonl"])] for shape, name in RECORDS.items()}
    rows = {path: {(row["row_number"], row["item"]): row for row in (parse(line, "row") for line in lines(text))} for path, text in data.items() if path.startswith("rows/") and path.endswith(".jsonl")}
    check_table(data, [check_match(match, man, got, rows) for match in got["matches"]])
    check_accounts(man, data, got)
    check_changes(man, data, got)
    check_captures(data, got)


if __name__ == "__main__":
    verify(Path(sys.argv[1]))  # a hostile package may fail anywhere: every error is the same verdict
