python3 - <<'EOF'
import json
good = bad = 0
with open("data/matches.jsonl", encoding="utf-8", newline="\n") as stream:
    for match in map(json.loads, stream):
        for basis in match["basis"]:
            if basis["metric"].startswith("hamming/"):
                work, row = (int(basis[side].partition(":")[2], 16) for side in ("work_value", "row_value"))
                if (work ^ row).bit_count() == basis["value"]:
                    good += 1
                else:
                    bad += 1
                    print(match["match_id"], "records", basis["value"], "counted", (work ^ row).bit_count())
print(good, "agree,", bad, "do not")
EOF
