"""The law of cases: what is asked apart and merged is what is asked together."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_world import copy_bytes, copy_hash, coyo, write_works
from synthetic_shards import table_of

from scanner.config import ScanConfig
from scanner.datasets import Dataset
from scanner.identity import Identity, Name
from scanner.merging import Places, merged, placed
from scanner.outcomes import Outcome
from scanner.pipeline import compare_part
from scanner.portfolios import read_portfolio
from scanner.queries import Queries
from scanner.query_sets import Asked, asked_today, compile_query_set, query_set
from scanner.shards import OpenShard, list_shards, open_shard
from scanner.work_pictures import looked_at
from scanner.works import Declared, Portfolio, Rendition

CONFIG = ScanConfig(variants="fast", chance_sample_rows=100, leads_per_term=2)
URL = "https://img.example.org/fox.jpg"
IDENTITY = Identity(names=(Name(name="Ada Example"),), work_urls=("https://img.example.org/hare.jpg",))
Split = list[tuple[frozenset[int], bool]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    portfolio = read_portfolio(write_works(tmp_path_factory.mktemp("w") / "works"), config=CONFIG, workers=0)
    first, second, third = portfolio.works
    shown = Rendition(file="works/web.png", sha256="5" * 64, md5="5" * 32, fingerprints=second.fingerprints[:1])
    works = (
        replace(first, declared=Declared(title="The Quiet Fox", published_urls=(URL,))),
        replace(second, renditions=(shown,)),
        replace(third, declared=Declared(published_urls=(URL,))),
    )
    return asked_today(Portfolio(works=works), IDENTITY)


@pytest.fixture(scope="module", params=["hashes", "pictures"])
def shard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenShard:
    folder = tmp_path_factory.mktemp("d")
    if request.param == "hashes":
        planted = {number: {"image_phash": copy_hash(number % 3)} for number in (5, 40, 41, 90)}
        planted[41] |= {"url": URL, "text": "the quiet fox by Ada Example"}
        planted[60] = {"url": "https://img.example.org/hare.jpg"}
        planted |= {number: {"text": "in the style of Ada Example"} for number in range(70, 80)}
        pq.write_table(coyo(120, planted), folder / "a.parquet")
    else:
        cells = {number: {"image": copy_bytes(number % 3)} for number in (1, 4, 5)}
        pq.write_table(table_of("hf-pictures", 8, cells), folder / "a.parquet")
    listed, _ = list_shards(Dataset(name="d", source=str(folder)))
    return open_shard(listed[0])


def compared(shard: OpenShard, queries: Queries) -> Outcome:
    (part,) = shard.parts(1 << 20)
    file_of_work = functools.partial(looked_at, queries, CONFIG)
    outcome = compare_part(
        shard, part, queries, CONFIG, shard_id="sha256:" + "0" * 64, file_of_work=file_of_work, beat=lambda _: None
    )
    return Outcome.loads(outcome.dumps())


def asked_apart(asked: Asked, shard: OpenShard, items: frozenset[str], *, declared: bool) -> Outcome:
    """One query set compared alone, put to today's places as the ledger's reader does."""
    chosen, works = query_set(asked, items, declared=declared)
    queries = compile_query_set(asked, chosen, works, control_works=100)
    by_item = {item: place for place, item in enumerate(asked.items)}
    by_sha256 = {work.sha256: place for place, work in enumerate(asked.portfolio.works)}
    whole = compile_query_set(asked, *_everything(asked), control_works=100)
    places = Places(
        works=len(asked.items),
        pictures=tuple(by_item.get(item) for item in chosen.items),
        declared=tuple(by_sha256.get(sha256) for sha256 in chosen.works) if declared else None,
        files={**whole.sha256, **whole.md5},
    )
    return placed(compared(shard, queries), places)


def _everything(asked: Asked) -> tuple[object, Portfolio]:
    return query_set(asked, frozenset(asked.items), declared=True)  # type: ignore[return-value]


PARTITIONS = ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 2))
SPLITS: list[Split] = [  # every way to keep the works apart, and what was declared with any group of them or alone
    [(frozenset(work for work in range(3) if owner[work] == group), group == declared) for group in range(4)]
    for owner in PARTITIONS
    for declared in range(4)
]


def test_asking_apart_and_merging_is_asking_together(asked: Asked, shard: OpenShard) -> None:
    together = asked_apart(asked, shard, frozenset(asked.items), declared=True)
    assert together.hits
    for split in SPLITS if shard.layout.name == "coyo700m" else SPLITS[2::9]:  # pictures take longer
        check_split(asked, shard, split, together)


def check_split(asked: Asked, shard: OpenShard, split: Split, together: Outcome) -> None:
    parts = [
        asked_apart(asked, shard, frozenset(asked.items[work] for work in works), declared=declared)
        for works, declared in split
        if works or declared
    ]
    apart = merged(parts)
    assert apart.hits == together.hits
    assert (apart.rows, apart.compared, apart.faults) == (together.rows, together.compared, together.faults)
    assert (apart.terms, apart.not_listed) == (together.terms, together.not_listed)
    assert (apart.fingerprinted, apart.sampled) == (together.fingerprinted, together.sampled)
    assert apart.control_near == together.control_near
    for name, table in together.nearest.items():
        np.testing.assert_array_equal(apart.nearest[name], table)
        np.testing.assert_array_equal(apart.control[name], together.control[name])


def test_a_work_that_left_the_portfolio_takes_its_hits_along(asked: Asked, shard: OpenShard) -> None:
    together = asked_apart(asked, shard, frozenset(asked.items), declared=True)
    places = Places(works=2, pictures=(None, 0, 1), declared=None, files={})
    left = placed(together, places)
    assert {hit.work for hit in left.hits} <= {0, 1}
    assert {hit.kind for hit in left.hits} <= {"digest_equal", "fingerprint_near"}
    assert left.terms == Counter()
    assert all(table.shape[0] == 2 for table in left.nearest.values())


def test_what_is_declared_alone_reads_no_pictures(asked: Asked, shard: OpenShard) -> None:
    chosen, works = query_set(asked, frozenset(), declared=True)
    queries = compile_query_set(asked, chosen, works, control_works=100)
    assert {role.value for role in queries.wanted} == {"url", "caption", "machine_caption"}
    outcome = compared(shard, queries)
    assert outcome.compared.fingerprint == outcome.compared.image == 0
    assert outcome.rows == shard.rows_total


def test_the_digest_of_what_is_declared_does_not_know_file_names(asked: Asked) -> None:
    renamed = Portfolio(works=tuple(replace(work, file=f"z/{work.file}") for work in reversed(asked.portfolio.works)))
    assert asked_today(renamed, IDENTITY).declared == asked.declared
    assert set(asked_today(renamed, IDENTITY).items) == set(asked.items)
    assert asked_today(Portfolio(works=asked.portfolio.works[1:2]), None).declared is None
