sha256sum < "$WORK" | cut -c1-64 | grep -F -f - data/portfolio.jsonl
