"""Building a HashIndex: the fingerprints of one part of a shard, and the file that all parts become (``shards.hash_index``).

What is kept is what a scan would compare: each stored picture under both fingerprints, with the same limits and the same code, and
the published hash of each row beside it.  A picture that cannot be decoded keeps its row, with its digest and no fingerprint.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scanner.comparisons.rows import column
from scanner.comparisons.seen import PictureEye, Seen, words_of
from scanner.datasets import Role
from scanner.errors import OutputError, ShardDamaged
from scanner.outcomes import Compared
from scanner.shards import scan_shard
from scanner.shards.hash_index import (
    HEADER_KEY,
    MAX_KEY_BYTES,
    ROW_GROUP_ROWS,
    SCHEMA,
    IndexHeader,
    RowsDigest,
    header_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from scanner.config import ScanConfig
    from scanner.shards import OpenShard, Part

INDEX_VERSION: Final = 1
"""Raised whenever the code may give another index for equal inputs; part of every ledger key."""

INDEXED: Final = frozenset({Role.IMAGE, Role.PHASH64})
"""A shard with none of these roles has nothing to index."""

PART_SCHEMA: Final = pa.schema([known for known in SCHEMA if known.name not in {"shard", "shard_id"}])
_HEAD: Final = b"provscan.index-part"


@dataclass(slots=True, kw_only=True)
class IndexPart:
    """The entries of one part of a shard (``PART_SCHEMA``), and what was read for them.

    ``compared.image`` counts stored pictures with fingerprints, ``compared.fingerprint`` published hashes.
    """

    rows: int = 0
    compared: Compared = field(default_factory=Compared)
    faults: Counter[str] = field(default_factory=Counter)
    stopped_at: str | None = None
    entries: pa.Table = field(default_factory=PART_SCHEMA.empty_table)

    def dumps(self) -> bytes:
        """An Arrow stream; the counts stand in its schema's metadata."""
        head = {
            "rows": self.rows,
            "compared": asdict(self.compared),
            "faults": self.faults,
            "stopped_at": self.stopped_at,
        }
        sink = pa.BufferOutputStream()
        schema = PART_SCHEMA.with_metadata({_HEAD: json.dumps(head, sort_keys=True)})
        with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
            stream.write_table(self.entries)
        return bytes(sink.getvalue())

    @classmethod
    def loads(cls, content: bytes) -> IndexPart:
        """The inverse of ``dumps``."""
        entries = pa.ipc.open_stream(content).read_all()
        head = json.loads(entries.schema.metadata[_HEAD])
        return cls(
            rows=head["rows"],
            compared=Compared(**head["compared"]),
            faults=Counter(head["faults"]),
            stopped_at=head["stopped_at"],
            entries=entries.replace_schema_metadata(),
        )


def fingerprint_part(shard: OpenShard, part: Part, config: ScanConfig, beat: Callable[[int], None]) -> IndexPart:
    """Fingerprint every stored picture of one part, and copy its published hashes.

    Deterministic, whatever the size of the batches.  A damaged shard ends it with what was read.  ``beat`` hears the number of rows
    after each batch.
    """
    done, eye = IndexPart(), PictureEye(config)
    tables = []
    try:
        for batch in scan_shard(shard, part, (INDEXED | {Role.ROW_KEY}) & shard.roles):
            done.rows += batch.read
            done.faults.update({str(fault): count for fault, count in batch.faults.items()})
            tables.append(_entries(batch.rows, eye, done.compared))
            beat(batch.read)
    except ShardDamaged as damage:
        done.stopped_at = damage.message
    done.faults.update(eye.faults)
    if tables:
        done.entries = pa.concat_tables(tables).combine_chunks()
    return done


def _entries(rows: pa.RecordBatch, eye: PictureEye, compared: Compared) -> pa.Table:
    """The entries of one batch in the order of its rows, a row's stored picture before its published hash."""
    stored = _stored(rows, eye)
    published = _published(rows)
    compared.image += len(stored) - stored["phash64"].null_count
    compared.fingerprint += len(published)
    found = pa.concat_tables([stored, published])
    at = found["at"].to_numpy()
    order = np.lexsort((np.arange(len(at)), at))
    found = found.take(order)
    place = found["at"].combine_chunks()
    own = {"row": rows.column("row").take(place), "item": rows.column("item").take(place)}
    keys = column(rows, Role.ROW_KEY)
    own["key"] = pa.nulls(len(place), pa.string()) if keys is None else row_keys(keys.take(place))
    named = {name: own.get(name, found[name] if name in found.column_names else None) for name in PART_SCHEMA.names}
    return pa.table(named, schema=PART_SCHEMA)


_FOUND: Final = pa.schema(
    [pa.field("at", pa.int64()), *(PART_SCHEMA.field(name) for name in ("source", "phash64", "phash256", "sha256"))]
)


def _stored(rows: pa.RecordBatch, eye: PictureEye) -> pa.Table:
    images = column(rows, Role.IMAGE)
    if images is None:
        return _FOUND.empty_table()
    return pa.concat_tables([_FOUND.empty_table(), *map(_measured, eye.looks(images))])


def _measured(seen: list[Seen]) -> pa.Table:
    decoded = [picture.decoded for picture in seen if picture.decoded is not None]
    narrow = iter(words_of(decoded, "phash64")[:, 0].tolist() if decoded else ())
    wide = iter(words_of(decoded, "phash256").astype(">u8") if decoded else ())
    is_seen = [picture.decoded is not None for picture in seen]
    return pa.table(
        {
            "at": [picture.index for picture in seen],
            "source": ["shard_bytes"] * len(seen),
            "phash64": pa.array([next(narrow) if known else None for known in is_seen], pa.uint64()),
            "phash256": pa.array([next(wide).tobytes().hex() if known else None for known in is_seen], pa.string()),
            "sha256": [picture.sha256 for picture in seen],
        },
        schema=_FOUND,
    )


def _published(rows: pa.RecordBatch) -> pa.Table:
    hashes = column(rows, Role.PHASH64)
    if hashes is None:
        return _FOUND.empty_table()
    at = np.flatnonzero(hashes.is_valid().to_numpy(zero_copy_only=False))
    nothing = pa.nulls(len(at), pa.string())
    source = pa.repeat("compiler", len(at))
    return pa.table([pa.array(at), source, hashes.take(pa.array(at)), nothing, nothing], schema=_FOUND)


def row_keys(keys: pa.Array) -> pa.Array:
    """Keys as an index keeps them: those of at most ``MAX_KEY_BYTES``, others null."""
    return pc.if_else(pc.less_equal(pc.binary_length(keys), MAX_KEY_BYTES), keys, pa.scalar(None, pa.string()))


# Reading one column of random bits is all that a search does: it lies there as it is in memory.  The references of rows shrink to
# almost nothing by their own regularity, digests to the 32 bytes that they are.
_WRITTEN: Final = {
    "version": "2.6",
    "compression": {known.name: "none" if known.name == "phash64" else "zstd" for known in SCHEMA},
    "compression_level": {"key": 9},
    "use_dictionary": ["shard", "shard_id", "source"],
    "column_encoding": {
        "row": "DELTA_BINARY_PACKED",
        "item": "DELTA_BINARY_PACKED",
        "key": "PLAIN",  # front coding would save half a byte a row, and is not read by every tool
        "phash64": "PLAIN",
        "phash256": "PLAIN",
        "sha256": "PLAIN",
    },
    "write_statistics": ["shard_id", "row"],
    "write_page_checksum": True,
    "store_schema": False,
}
Entries = tuple[str, str, pa.Table]  # shard, shard_id, entries of one part


def write_index(path: Path, parts: Iterable[Entries], header_of: Callable[[int, str], IndexHeader]) -> IndexHeader:
    """Write all parts, in order, as one index; ``header_of(rows, rows_sha256)`` gives its header once they are known.

    The file is flushed to disk under ``path``, which is for the caller to rename.

    Raises:
        OutputError: disk full or folder read-only; nothing is left behind.
    """
    rows, digest = 0, RowsDigest()
    try:
        with path.open("wb") as stream:
            with pq.ParquetWriter(stream, SCHEMA, **_WRITTEN) as writer:
                for group in row_groups(parts):
                    rows += group.num_rows
                    digest.add(group)
                    writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                header = header_of(rows, digest.hexdigest())
                writer.add_key_value_metadata({HEADER_KEY: header_bytes(header)})
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OutputError(
            f"the index could not be written: {error.strerror or error}",
            hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
        ) from error
    return header


def row_groups(parts: Iterable[Entries]) -> Iterator[pa.Table]:
    """The rows of all parts as tables of exactly ``ROW_GROUP_ROWS`` rows, the last as short as it is: the same for any parts."""
    held: list[pa.Table] = []
    rows = 0
    for shard, shard_id, entries in parts:
        start = 0
        while start < entries.num_rows:
            piece = entries.slice(start, ROW_GROUP_ROWS - rows)
            held.append(_of_shard(shard, shard_id, piece))
            start += piece.num_rows
            rows += piece.num_rows
            if rows == ROW_GROUP_ROWS:
                yield pa.concat_tables(held).combine_chunks()
                held, rows = [], 0
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _of_shard(shard: str, shard_id: str, entries: pa.Table) -> pa.Table:
    names = [pa.repeat(shard, entries.num_rows), pa.repeat(shard_id, entries.num_rows)]
    return pa.table([*names, *entries.columns], schema=SCHEMA)
