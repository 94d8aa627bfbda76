python3 - ⟦match_id⟧ <<'EOF'
import hashlib, json, sys
def lines(name):
    with open(name, encoding="utf-8", newline="\n") as stream:
        yield from map(json.loads, stream)
match = next(match for match in lines("data/matches.jsonl") if match["match_id"] == sys.argv[1])
row = match["row"]
file = "data/rows/" + row["shard_id"].partition(":")[2][:16] + ".jsonl"
kept = next(kept for kept in lines(file) if (kept["row_number"], kept["item"]) == (row["row_number"], row["item"]))
for name, kind, value in kept["values"]:
    print(name, f"({kind})", "=", value)
spelled = json.dumps(kept["values"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
print("recorded", row["values_sha256"])
print("computed", hashlib.sha256(spelled.encode()).hexdigest())
EOF
