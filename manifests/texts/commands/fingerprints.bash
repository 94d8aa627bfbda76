python3 - <<'EOF'
import json, pathlib
import imagehash
from PIL import Image
def lines(name):
    with open(name, encoding="utf-8", newline="\n") as stream:
        yield from map(json.loads, stream)
recorded = {known["value"] for work in lines("data/portfolio.jsonl") for known in work["fingerprints"]}
recorded |= {basis["row_value"] for match in lines("data/matches.jsonl") for basis in match["basis"]}
good = bad = 0
for picture in sorted(pathlib.Path("data/renditions").glob("*.png")):
    algorithm = picture.stem.rpartition("-")[2]
    side = {"phash64": 8, "phash256": 16}[algorithm]
    value = str(imagehash.phash(Image.open(picture), hash_size=side))
    if f"{algorithm}:{value}" in recorded or value in recorded:
        good += 1
    else:
        bad += 1
        print(picture.name, "gives", value, "which is not recorded")
print(good, "agree,", bad, "do not")
EOF
