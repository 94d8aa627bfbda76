sha256sum < "$SHARD" | cut -c1-64 | grep -F -f - data/coverage.jsonl
