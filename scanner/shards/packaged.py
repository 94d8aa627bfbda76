"""Rows made of files: a picture, and the ``.json`` and ``.txt`` files that share its stem.

Tar archives and folders present them under the same made-up columns: ``__key__`` or ``__path__``, ``image``, ``txt``, and the keys
of the json (``layouts.packaged`` says what they mean).
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from scanner.datasets import RowFault
from scanner.layouts.sampling import SAMPLE_ROWS
from scanner.shards.batches import SourceBatch
from scanner.shards.json_values import parse_object, record_batch, sample_table, schema_of
from scanner.shards.streams import UntilDamage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

MAX_PICTURE_BYTES = 128 << 20  # larger ones are counted image_over_limit and not read
MAX_TEXT_MEMBER_BYTES = 16 << 20
BATCH_ENTRIES = 4096
BATCH_PICTURE_BYTES = 8 << 20  # a batch is in memory three times: as entries, as columns, and the one before it
SAMPLE_BYTES = 32 << 20
MAX_MEMBERS_OF_ROW = 256  # a stem that goes on for longer becomes several rows
OWN = ("__key__", "__path__", "image", "txt")


@dataclass(slots=True, kw_only=True)
class Entry:
    """One row while it is put together; ``pictures`` holds the bytes of each picture, None where they were not read."""

    number: int
    key: str
    pictures: list[bytes | None] = field(default_factory=list)
    text: bytes | None = None
    json: bytes | None = None
    faults: Counter[RowFault] = field(default_factory=Counter)

    @property
    def bytes(self) -> int:
        """What it holds in memory."""
        pictures = sum(len(picture) for picture in self.pictures if picture is not None)
        return pictures + len(self.text or b"") + len(self.json or b"")

    @property
    def is_empty(self) -> bool:
        """Neither a picture nor a text nor a json: a file that nobody described."""
        return not self.pictures and self.text is None and self.json is None


@dataclass(slots=True, kw_only=True)
class PictureBudget:
    """How many pictures, and bytes of them, may still be read into memory; by default any."""

    pictures: int = sys.maxsize
    bytes: int = sys.maxsize

    def takes(self, size: int) -> bool:
        """Whether a picture of ``size`` bytes fits; if it does, it is spent."""
        if self.pictures <= 0 or size > self.bytes:
            return False
        self.pictures -= 1
        self.bytes -= size
        return True


def sampled(entries: Iterator[Entry]) -> list[Entry]:
    """The first 1,000 entries, fewer where their texts are large."""
    found: list[Entry] = []
    size = 0
    for entry in itertools.islice(entries, SAMPLE_ROWS):
        found.append(entry)
        size += entry.bytes
        if size > SAMPLE_BYTES:
            break
    return found


class EntryColumns:
    """The made-up columns of entries, and the batches of them."""

    def __init__(self, key_name: str, sampled: Sequence[Entry]) -> None:
        """Find the columns of ``sampled`` entries; ``key_name`` is ``__key__`` or ``__path__``."""
        self._key = key_name
        inner = schema_of(_json(entry, Counter()) for entry in sampled)
        fields = [pa.field(key_name, pa.string()), pa.field("image", pa.large_binary())]
        if any(entry.text is not None for entry in sampled):
            fields.append(pa.field("txt", pa.string()))
        self._json = pa.schema([known for known in inner if known.name not in OWN])
        self.schema = pa.schema([*fields, *self._json])

    def table(self, entries: Sequence[Entry]) -> pa.Table:
        """All columns of sampled entries, first pictures only."""
        named = {
            self._key: pa.array([entry.key for entry in entries], pa.string()),
            "image": pa.array([entry.pictures[0] if entry.pictures else None for entry in entries], pa.large_binary()),
            "txt": pa.array([entry.text for entry in entries], pa.binary()).view(pa.string()),
        }
        own = {name: values for name, values in named.items() if name in self.schema.names}
        inner = sample_table([_json(entry, Counter()) for entry in entries], self._json)
        return pa.table({**own, **dict(zip(inner.column_names, inner.columns, strict=True))})

    def batches(self, entries: Iterator[Entry], paths: Sequence[str]) -> Iterator[SourceBatch]:
        """Batches of at most 4,096 entries or about 8 MiB."""
        held: list[Entry] = []
        size = 0
        kept = UntilDamage(entries)
        for entry in kept:
            held.append(entry)
            size += entry.bytes
            if len(held) >= BATCH_ENTRIES or size >= BATCH_PICTURE_BYTES:
                yield self._batch(held, paths)
                held, size = [], 0
        if held:
            yield self._batch(held, paths)
        kept.raise_damage()

    def _batch(self, entries: Sequence[Entry], paths: Sequence[str]) -> SourceBatch:
        """One row for each picture; an entry of several pictures numbers them as items, one of none is a row without picture."""
        faults: Counter[RowFault] = Counter()
        spread: list[tuple[Entry, int, bytes | None]] = []
        for entry in entries:
            faults.update(entry.faults)
            if entry.is_empty:
                faults[RowFault.EMPTY_ROW] += 1
            several = len(entry.pictures) > 1
            pictures = entry.pictures or [None]
            spread += [(entry, place if several else -1, picture) for place, picture in enumerate(pictures)]
        named: dict[str, pa.Array] = {}
        for path in paths:
            if path == self._key:
                named[path] = pa.array([entry.key for entry, _, _ in spread], pa.string())
            elif path == "image":
                named[path] = pa.array([picture for _, _, picture in spread], pa.large_binary())
            elif path == "txt":
                named[path] = pa.array([entry.text for entry, _, _ in spread], pa.binary()).view(pa.string())
        asked = [path for path in paths if path not in OWN]
        if asked:
            parsed: dict[int, Mapping[str, Any]] = {entry.number: _json(entry, faults) for entry in entries}
            inner = record_batch([parsed[entry.number] for entry, _, _ in spread], self._json, asked, faults)
            named.update(zip(inner.schema.names, inner.columns, strict=True))
        return SourceBatch(
            columns=pa.RecordBatch.from_pydict(named) if named else pa.RecordBatch.from_arrays([], names=[]),
            rows=np.array([entry.number for entry, _, _ in spread], dtype=np.int64),
            items=np.array([place for _, place, _ in spread], dtype=np.int64),
            faults=faults,
        )


def _json(entry: Entry, faults: Counter[RowFault]) -> Mapping[str, Any]:
    return {} if entry.json is None else parse_object(entry.json, faults)
