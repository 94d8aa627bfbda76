"""The pictures behind a dataset's listed addresses, fingerprinted for an index: looked at politely, kept in the build's own store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scanner.datasets import Role
from scanner.events import Noticed, Watcher
from scanner.fetch.addresses import parse_networks
from scanner.indexes import PART_SCHEMA, row_keys
from scanner.looks import LookStore, Outside, Wanted, fetch_looks, open_looks, plan_looks
from scanner.observations import LATER_PERHAPS, FetchOutcome
from scanner.runner.choosing import address_tables
from scanner.runner.looked import is_unsafe
from scanner.work_pictures import row_limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from scanner.config import ScanConfig
    from scanner.coverage import ScannedShard
    from scanner.processes import Executor


@dataclass(slots=True, kw_only=True)
class LookedDataset:
    """What looking gave: entries by shard (``PART_SCHEMA``, in row order), and what the header says of it."""

    entries: dict[int, pa.Table] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    first: str | None = None
    last: str | None = None

    def record(self) -> dict[str, Any]:
        """For the header: when it was looked at, and what came of it, by outcome."""
        return {"first": self.first, "last": self.last, "outcomes": dict(sorted(self.outcomes.items()))}

    @property
    def unfinished(self) -> int:
        """Addresses that another run may still get an answer from."""
        return sum(self.outcomes[outcome] for outcome in LATER_PERHAPS)


def is_looked_at(scanned: ScannedShard) -> bool:
    """Whether a shard lists addresses and holds no pictures of its own."""
    return scanned.opened is not None and Role.URL in scanned.opened.roles and Role.IMAGE not in scanned.opened.roles


def look_at_dataset(
    shards: Sequence[ScannedShard], pool: Executor, folder: Path, config: ScanConfig, watch: Watcher
) -> LookedDataset:
    """Look at every listed address of the shards without pictures; the store lies in ``folder`` and is resumed.

    Raises:
        OutputError: disk full; what was finished is kept and the same call resumes.
        KeyboardInterrupt: passed on.
    """
    parts: dict[int, list[pa.Table]] = {}
    for index, table in address_tables([each if is_looked_at(each) else None for each in shards], pool, watch):
        parts.setdefault(index, []).append(table)
    tables = {index: pa.concat_tables(held) for index, held in sorted(parts.items())}
    outside = Outside(allowed=parse_networks(config.allow_network), picture=row_limits(config))
    looked = LookedDataset()
    with open_looks(folder) as store:
        wanted = [each for table in tables.values() for each in _wanted(table)]
        for sentence in plan_looks(wanted, policy=config.fetch_policy, store=store, outside=outside).sentences():
            watch(Noticed(text=sentence))
        fetch_looks(wanted, policy=config.fetch_policy, store=store, watch=watch, outside=outside)
        for index, table in tables.items():
            looked.entries[index] = _entries(table, store, looked)
    return looked


def merged(parts: Iterable[pa.Table], live: pa.Table) -> pa.Table:
    """The entries of a shard's parts and those looked at, as the dataset is ordered: a row's picture before its published hash."""
    entries = pa.concat_tables([live, *parts]).combine_chunks()
    keys = pa.table(
        {
            "row": entries["row"],
            "item": pc.fill_null(entries["item"], -1),
            "published": pc.equal(entries["source"], "compiler"),
        }
    )
    return entries.take(pc.sort_indices(keys, [(name, "ascending") for name in keys.column_names]))


def _wanted(table: pa.Table) -> list[Wanted]:
    marks = [role for role in (Role.PUNSAFE, Role.NSFW) if role in table.column_names]
    columns = [table[role].to_pylist() for role in marks]
    urls = table[Role.URL].to_pylist()
    unsafe = [is_unsafe(dict(zip(marks, cells, strict=True))) for cells in zip(*columns, strict=True)] if marks else []
    return [Wanted(url=url, unsafe=bool(unsafe and unsafe[at])) for at, url in enumerate(urls) if url]


def _entries(table: pa.Table, store: LookStore, looked: LookedDataset) -> pa.Table:
    """One entry for each row whose address returned a picture."""
    places: list[int] = []
    known: list[Mapping[str, Any]] = []
    for at, url in enumerate(table[Role.URL].to_pylist()):
        head = store.head("live", url) if url else None
        if head is None:
            continue
        observation, facts = head["observation"], head["facts"]
        outcome, seen_at = observation["outcome"], observation["requested_at"]
        looked.outcomes[outcome] += 1
        looked.first = min(looked.first or seen_at, seen_at)
        looked.last = max(looked.last or seen_at, seen_at)
        if outcome == FetchOutcome.IMAGE and "phash64" in facts:
            places.append(at)
            known.append({**facts, "sha256": observation["content_sha256"]})
    rows = table.take(pa.array(places, pa.int64()))
    columns = {
        "row": rows["row"],
        "item": rows["item"],
        "key": row_keys(rows[Role.ROW_KEY].combine_chunks()) if Role.ROW_KEY in rows.column_names else None,
        "source": ["live_bytes"] * len(known),
        "phash64": pa.array(np.array([int(each["phash64"], 16) for each in known], np.uint64)),
        "phash256": [each["phash256"] for each in known],
        "sha256": [each["sha256"] for each in known],
    }
    filled = {
        name: pa.nulls(len(known), PART_SCHEMA.field(name).type) if value is None else value
        for name, value in columns.items()
    }
    return pa.table({name: filled[name] for name in PART_SCHEMA.names}, schema=PART_SCHEMA)
