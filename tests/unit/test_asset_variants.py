"""Recall and false merges of asset keys on the corpus of families and on all real URLs of the sample data."""

import csv
import itertools
import json
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from url_corpus import FORMS, assets

from scanner.urls import asset_key


def identity_of(url: str) -> tuple[str, str, str]:
    key = asset_key(url)
    assert key is not None, url
    return key.identity


def test_the_corpus_is_as_large_as_the_target_asks() -> None:
    assert len(FORMS) >= 40
    assert min(len(set(forms)) for forms in FORMS.values()) >= 6


def keys_of(family: str) -> list[list[tuple[str, str, str]]]:
    return [[identity_of(url) for url in urls] for urls in assets(family, 20)]


def recall(family: str) -> tuple[int, int]:
    pairs = [pair for keys in keys_of(family) for pair in itertools.combinations(keys, 2)]
    return sum(first == second for first, second in pairs), len(pairs)


@pytest.mark.parametrize("family", FORMS)
def test_all_forms_of_an_asset_have_one_key(family: str) -> None:
    found, total = recall(family)
    assert found >= 0.9 * total, f"{found} of {total}"


def test_recall_over_all_families_is_at_least_95_percent() -> None:
    counts = [recall(family) for family in FORMS]
    assert sum(found for found, _ in counts) >= 0.95 * sum(total for _, total in counts)


def test_no_two_assets_of_a_family_are_merged() -> None:
    pairs = 0
    for family in FORMS:
        owner: dict[tuple[str, str, str], int] = {}
        numbered = [(number, key) for number, keys in enumerate(keys_of(family)) for key in keys]
        for number, key in numbered:
            assert owner.setdefault(key, number) == number, key
        pairs += len(numbered) * (len(numbered) - 1) // 2
    assert pairs >= 100_000


def test_neighbouring_ids_and_file_names_are_never_merged() -> None:
    urls: list[str] = []
    for number in range(400):
        urls += [
            f"https://e.example/wp-content/uploads/2017/03/photo-{number}.jpg",
            f"https://e.example/images/photo_{number}.jpg",
            f"https://e.example/photo.php?id={number}&w=300",
            f"https://cdn.shopify.com/s/files/1/1/1/products/fox_{number}.jpg?v=1",
            f"https://live.staticflickr.com/1/{4150476807 + number}_5e98176614_n.jpg",
            f"https://i.etsystatic.com/5762538/r/il/ab12cd/1/il_340x270.{1310915051 + number}_5kax.jpg",
            f"https://thumbs.dreamstime.com/b/red-fox-{124589490 + number}.jpg",
            f"https://res.cloudinary.com/x/image/upload/w_300/fox_{number}.jpg",
            f"https://t0.gstatic.com/images?q=tbn:ANd9GcQ{number:04d}",
            f"https://tse1.mm.bing.net/th?id=OIP.M{number:04d}&w=300",
            f"http://resize.over-blog.com/400x400-ct.jpg?https://img.over-blog.com/{number}.jpg",
            f"https://cdna.artstation.com/p/assets/images/images/002/241/{number:03d}/medium/fox.jpg",
        ]
    assert len({identity_of(url) for url in urls}) == len(urls)  # 11 million pairs


def real_urls(folder: Path) -> list[str]:
    with (folder / "laion-datasets" / "laion5b_aesthetic_urls.tsv").open(encoding="utf-8", newline="") as file:
        urls = [row["url"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    urls += pq.read_table(folder / "img2dataset" / "test_files" / "test_1000.clean.parquet")["URL"].to_pylist()
    for name in ("coyo-known-rows/coyo_rows.jsonl", "laion-known-rows/known_rows.jsonl"):
        rows = map(json.loads, (folder / name).read_text(encoding="utf-8").splitlines())
        urls += [row.get("url") or row.get("URL") for row in rows]
    return sorted({url for url in urls if url})


def test_real_urls_that_share_a_key_are_the_same_picture(shared_data: Path) -> None:
    groups = defaultdict(set)
    for url in real_urls(shared_data):
        groups[identity_of(url)].add(url)
    merged = [sorted(urls) for urls in groups.values() if len(urls) > 1]
    # Two rows of Coyo and LAION list one picture each twice; every further group has to be looked at before it is added here.
    assert merged == []


def test_duplicates_under_other_urls_are_found_among_real_rows(shared_data: Path) -> None:
    """Each real row, published again at another size, through Photon or without its tracking, keeps its key."""
    lost = []
    for url in real_urls(shared_data)[::5]:
        rest = url.partition("://")[2]
        if ":443" in rest or ":80/" in rest:  # the default port of one scheme is no default of the other
            continue
        forms = [f"http://{rest}", f"https://{rest}"]
        if "?" not in rest and "#" not in rest:
            forms.append(f"{url}?utm_source=laion")
        lost += [form for form in forms if identity_of(form) != identity_of(url)]
    assert lost == []
