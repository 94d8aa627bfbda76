"""HashIndex: the fingerprints of a dataset's pictures in one file, built once, shared, and scanned like the dataset itself.

Format ``provscan.hashindex/1``: one parquet file (zstd, page checksums, row groups of 262,144 rows, the last may be shorter) with
exactly the columns of ``SCHEMA``, one row for each fingerprint, ordered as the dataset is (a stored picture before the row's hash):

===========  ======  ==================================================================================================
``shard``    string  name of the shard in its dataset
``shard_id`` string  its digest as in every Manifest, ``sha256:HEX``: with ``row`` and ``item`` a reference anybody can follow
``row``      int64   row number in that shard, from 0
``item``     int32   place in an exploded list or among several pictures of a row, else null
``key``      string  the dataset's own key of the row, where its layout has one (and of at most 1,024 bytes)
``source``   string  ``shard_bytes``: computed by the builder from the stored picture; ``live_bytes``: from what the row's address
                     returned; ``compiler``: copied from the hash column
``phash64``  uint64  first bit most significant; null where the picture could not be decoded
``phash256`` string  64 hex digits; null likewise, and for ``compiler``
``sha256``   string  64 hex digits, of the stored picture's bytes; null for ``compiler``
===========  ======  ==================================================================================================

The key-value metadata ``provscan.hashindex`` holds canonical JSON (``IndexHeader.record``): who built it with what versions, how
pictures were brought into normal form, which shards were read and what could not be, the number of rows, and ``rows_sha256``, the
index's own digest: over the values of all rows, whatever library wrote the file (``RowsDigest``).  No path, no machine, and no time
but that of what was fetched (``fetched``): the same shards, looks, settings and library versions give the same bytes.

What an index says is its builder's word.  A hit in it is a lead until the picture itself is read (evidence.md section 1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping  # noqa: TC003 - used in dataclass field types
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from manifests.canonical import canonical_bytes
from manifests.errors import ManifestError
from scanner.datasets import FingerprintColumn, Layout, Role
from scanner.errors import ShardDamaged
from scanner.hashers import ALGORITHMS, BITS, SPECS
from scanner.normal_form import NORMAL_FORM
from scanner.observations import LATER_PERHAPS
from scanner.shards.parquet import ParquetReader
from scanner.shards.parquet_sources import LocalParquet

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.shards.parquet_sources import ParquetSource

FORMAT: Final = "provscan.hashindex/1"
HEADER_KEY: Final = b"provscan.hashindex"
MAX_KEY_BYTES: Final = 1024
ROW_GROUP_ROWS: Final = 1 << 18  # part of the format: finding one row again reads no more than this
SCHEMA: Final = pa.schema(
    [
        pa.field("shard", pa.string(), nullable=False),
        pa.field("shard_id", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("item", pa.int32()),
        pa.field("key", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("phash64", pa.uint64()),
        pa.field("phash256", pa.string()),
        pa.field("sha256", pa.string()),
    ]
)
ORIGIN: Final = frozenset({"shard", "shard_id", "row", "item", "source"})
"""Columns that say of which row of the dataset a fingerprint is, and who computed it."""

LAYOUT: Final = Layout(
    name="hash-index",
    source="built by provscan index build",
    signature={},  # known by its header, never by its columns
    columns={Role.ROW_KEY: "key", Role.PHASH64: "phash64", Role.PHASH256: "phash256"},
    fingerprints=(
        FingerprintColumn(column="phash64", algorithm="phash64"),
        FingerprintColumn(column="phash256", algorithm="phash256"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedShard:
    """One shard of the dataset: how many rows were read, how many held a picture or a published hash, and what went wrong.

    ``looked`` counts pictures that were fetched from the rows' addresses.

    ``status`` is that of coverage: ``scanned``, ``skipped`` or ``failed``, the last two with a reason.
    """

    shard: str
    shard_id: str | None
    layout: str | None
    bytes: int
    status: str
    reason: str | None
    rows: int
    pictures: int
    published: int
    faults: Mapping[str, int]
    looked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexHeader:
    """What an index says of itself; ``method`` and ``libraries`` decide whether its fingerprints can be compared with ours."""

    dataset: str
    tool: Mapping[str, str]
    method: Mapping[str, Any]
    libraries: Mapping[str, str]
    limits: Mapping[str, int]
    shards: tuple[IndexedShard, ...]
    rows: int
    rows_sha256: str
    format: str = field(default=FORMAT)
    fetched: Mapping[str, Any] | None = None

    def record(self) -> dict[str, Any]:
        """The header as canonical JSON takes it; what concerns fetching stands in it only where something was fetched."""
        said = asdict(self) | {"shards": [asdict(each) for each in self.shards]}
        if self.fetched is None:
            del said["fetched"]
            for shard in said["shards"]:
                del shard["looked"]
        return said

    @property
    def gaps(self) -> tuple[str, ...]:
        """Shards that could not be read to their end, with the reason; addresses that may still be asked."""
        gaps = tuple(f"{each.shard}: {each.reason}" for each in self.shards if each.status == "failed")
        outcomes = (self.fetched or {}).get("outcomes", {})
        unfinished = sum(outcomes.get(outcome, 0) for outcome in LATER_PERHAPS)
        return gaps + ((f"{unfinished:,} listed addresses gave no final answer",) if unfinished else ())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person who scans it should know."""
        told = [f"not, or not wholly, in this index: {gap}" for gap in self.gaps]
        if canonical_bytes(self.method) != canonical_bytes(fingerprint_method()):
            told.append("its fingerprints were computed in another way than ours: distances may differ by some bits")
        return tuple(told)

    @property
    def pictures(self) -> int:
        """Stored pictures whose fingerprints are in it."""
        return sum(each.pictures for each in self.shards)

    @property
    def looked(self) -> int:
        """Rows whose address returned a picture that is in it."""
        return sum(each.looked for each in self.shards)

    @property
    def published(self) -> int:
        """Rows whose published hash is in it."""
        return sum(each.published for each in self.shards)

    @property
    def summary(self) -> str:
        """One sentence for people."""
        read = [each for each in self.shards if each.status == "scanned"]
        rows = sum(each.rows for each in self.shards)
        builder = f"{self.tool['name']} {self.tool['version']}"
        held = f"{self.pictures:,} stored pictures and {self.published:,} published hashes"
        if self.fetched is not None:
            held = f"{self.looked:,} pictures fetched from their addresses, {held}"
        return f"{builder}, an index of {self.dataset}: {held} in {rows:,} rows of {len(read):,} shards"


def fingerprint_method() -> dict[str, Any]:
    """How this program brings pictures into normal form and which fingerprints it computes, without versions of libraries."""
    return {
        "pixels": [{"step": step.step, "params": dict(step.params)} for step in NORMAL_FORM],
        "fingerprints": [{"id": name, "bits": BITS[name], "spec": SPECS[name]} for name in ALGORITHMS],
    }


def library_versions() -> dict[str, str]:
    """The libraries that decode and hash; another version may move single bits."""
    from PIL import features  # noqa: PLC0415 - beside its one use

    codecs = {name: features.version(name) for name in ("jpg", "libjpeg_turbo", "zlib", "webp", "avif")}
    own = {name: metadata.version(name) for name in ("imagehash", "numpy", "pillow", "scipy")}
    return own | {f"pillow {name}": version or "none" for name, version in codecs.items()}


class HashIndexReader(ParquetReader):
    """The rows of an index.  See ``readers.Reader``."""

    def __init__(self, source: ParquetSource, name: str) -> None:
        """Read the footer; ``name`` is what errors call it.

        Raises:
            ShardDamaged: not the columns of the format.
        """
        super().__init__(source, name)
        self.schema = self.schema.remove_metadata()  # the header of 40,000 shards has no business in every task
        if not self.schema.equals(SCHEMA):
            raise ShardDamaged(f"{name}: an index with other columns than its format has", hint=_REBUILD)


def read_header(schema: pa.Schema, name: str) -> IndexHeader | None:
    """The header of a parquet file that is an index, from its schema's metadata; None for any other file.

    Raises:
        ShardDamaged: a header of another version, or one that cannot be read.
    """
    raw = (schema.metadata or {}).get(HEADER_KEY)
    if raw is None:
        return None
    try:
        record = json.loads(raw)
        if record["format"] != FORMAT:
            raise ShardDamaged(f"{name}: an index of format {str(record['format'])[:40]}", hint="Update provscan.")
        shards = tuple(IndexedShard(**each) for each in record["shards"])
        header = IndexHeader(**(record | {"shards": shards}))
        _ = header.summary, header.warnings
    except (ValueError, KeyError, TypeError, AttributeError, ManifestError) as error:
        raise ShardDamaged(f"{name}: an index whose header cannot be read", hint=_REBUILD) from error
    return header


def read_file_header(path: Path) -> IndexHeader | None:
    """The header of an index on this machine; None for any other parquet file.

    Raises:
        ShardDamaged: as ``read_header``, or no parquet file.
    """
    return read_header(ParquetReader(LocalParquet(str(path)), path.name).schema, path.name)


_REBUILD: Final = "Get the index again, or build it again: provscan index build."


class RowsDigest:
    """The digest of an index's rows: independent of parquet, of compression and of the library that wrote the file.

    SHA-256 over the row groups in order; of each, over the columns in the order of ``SCHEMA``: one byte a row (1 where there is a
    value), then all values, null as 0 or as the empty string: numbers little-endian in their width, texts as 8-byte little-endian
    lengths followed by their bytes.
    """

    def __init__(self) -> None:
        """Begin with no rows."""
        self._state = hashlib.sha256()

    def add(self, group: pa.Table) -> None:
        """Add one row group (every one but the last has ``ROW_GROUP_ROWS`` rows)."""
        for column in group.combine_chunks().columns:
            values = column.chunk(0) if column.num_chunks else pa.array([], column.type)
            self._state.update(values.is_valid().to_numpy(zero_copy_only=False).astype(np.uint8).tobytes())
            if pa.types.is_string(values.type):
                texts = values.fill_null("").cast(pa.large_binary())
                ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
                self._state.update(np.diff(ends).astype("<i8").tobytes())
                self._state.update((texts.buffers()[2] or pa.py_buffer(b""))[int(ends[0]) : int(ends[-1])])
            else:
                numbers = values.fill_null(0).to_numpy()
                self._state.update(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())

    def hexdigest(self) -> str:
        """The digest of all rows added."""
        return self._state.hexdigest()


def header_bytes(header: IndexHeader) -> bytes:
    """The one spelling of a header."""
    return canonical_bytes(header.record())
