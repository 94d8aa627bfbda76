python3 - "$SHARD" data/coverage.jsonl <<'EOF'
import hashlib, json, pathlib, sys
path = pathlib.Path(sys.argv[1])
for line in open(sys.argv[2], encoding="utf-8"):
    shard = json.loads(line)
    if shard["shard"].rpartition("/")[2] == path.name:
        for part in shard["parts"]:
            with path.open("rb") as file:
                file.seek(part["offset"])
                found = hashlib.sha256(file.read(part["bytes"])).hexdigest()
            print(shard["shard"], part["offset"], part["bytes"], "equal" if found == part["sha256"] else "DIFFERENT")
EOF
