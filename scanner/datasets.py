"""Datasets, shards, rows and layouts: values only.

A Dataset is a named corpus; a Shard is one file of one of its releases (or one folder of pictures); a Row is one entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping  # noqa: TC003 - used in dataclass field types
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from scanner.remote_policy import Access  # noqa: TC001 - used in dataclass field types


class Role(StrEnum):
    """What a column means to us.  A role may be absent; every consumer says which roles it needs."""

    URL = "url"
    CAPTION = "caption"
    MACHINE_CAPTION = "machine_caption"
    PAGE_URL = "page_url"
    WIDTH = "width"
    HEIGHT = "height"
    ORIGINAL_WIDTH = "original_width"
    ORIGINAL_HEIGHT = "original_height"
    ROW_KEY = "row_key"
    STATUS = "status"
    ERROR = "error"
    LANGUAGE = "language"
    LICENSE = "license"
    SIMILARITY = "similarity"
    AESTHETIC = "aesthetic"
    PUNSAFE = "punsafe"
    PWATERMARK = "pwatermark"
    NSFW = "nsfw"
    IMAGE = "image"
    IMAGE_PATH = "image_path"
    SHA256 = "sha256"
    MD5 = "md5"
    PHASH64 = "phash64"
    PHASH256 = "phash256"


class RowFault(StrEnum):
    """What can be wrong with one row.  Counted in coverage; never stops a shard, never hides the row."""

    NO_URL = "no_url"
    BAD_URL = "bad_url"
    BAD_SIZE = "bad_size"
    BAD_DIGEST = "bad_digest"
    BAD_FINGERPRINT = "bad_fingerprint"
    INEXACT_ID = "inexact_id"
    INVALID_UTF8 = "invalid_utf8"
    VALUE_TRUNCATED = "value_truncated"
    BAD_JSON = "bad_json"
    EMPTY_ROW = "empty_row"
    ROW_CHECK_FAILED = "row_check_failed"
    IMAGE_UNDECODABLE = "image_undecodable"
    IMAGE_OVER_LIMIT = "image_over_limit"


class ShardKind(StrEnum):
    """How a shard is stored."""

    PARQUET = "parquet"
    DELIMITED = "delimited"  # csv or tsv, with or without header
    JSONL = "jsonl"
    JSON = "json"
    TAR = "tar"
    FOLDER = "folder"  # a plain folder of pictures: each file a Row
    INDEX = "index"  # a HashIndex
    OTHER = "other"  # a file that is not read, or a folder that cannot be: never opened


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestColumn:
    """A column of byte digests.  ``of`` says of which bytes: comparing the wrong ones never matches."""

    column: str
    algorithm: Literal["sha256", "md5"]
    of: Literal["served_bytes", "stored_bytes"] = "served_bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerprintColumn:
    """A column of published perceptual hashes in imagehash's own form: 16 hex digits, or 64 of ``phash256``."""

    column: str
    algorithm: Literal["phash64", "phash256"] = "phash64"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """A column that the publisher computed from the row's own text (LAION's ``hash``): finds damage, not copies."""

    method: Literal["mmh3/url+text/1"]
    column: str
    of: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The map from a corpus's column names to ours: a value of a dozen lines, not a class.

    ``signature`` maps the column names that must be there to an Arrow type (``int64``) or, where the publisher's type is not known,
    a type class (``text`` ``number`` ``list`` ``binary`` ``struct`` ``bool``, see ``layouts.type_class``).  Only the class decides
    whether the layout fits; exact types break ties.  ``forbids`` are names that rule it out.

    ``columns`` maps a Role to a column reference: a name, dotted into structs (``image.bytes``, ``image_info.raw_url``); ``a or b``,
    the first that is there; ``a + b``, both, joined by a line feed; ``texts[beside]`` and ``text_list[image_info.index]``, the text
    that belongs to an item of an exploded list.  A column outside the signature is optional: absent, so is its role.

    ``explode`` names the list column of which each element is an item of its own.  ``headerless`` gives the column names in order
    for files without a header line.  ``url_encoded`` names text columns whose cells are percent-encoded (YFCC100M).  ``generic``
    marks plain names that many files share: the sampled values must then agree.
    """

    name: str
    version: str = "1"
    source: str
    signature: Mapping[str, str]
    forbids: frozenset[str] = frozenset()
    columns: Mapping[Role, str]
    digests: tuple[DigestColumn, ...] = ()
    fingerprints: tuple[FingerprintColumn, ...] = ()
    row_check: RowCheck | None = None
    explode: str | None = None
    size_of: Literal["hashed_picture", "original", "embedded", "stored"] | None = None
    headerless: tuple[str, ...] = ()
    publisher: str | None = None
    url_encoded: frozenset[str] = frozenset()
    generic: bool = False

    @property
    def id(self) -> str:
        """``coyo700m/1``, as in the Manifest."""
        return f"{self.name}/{self.version}"


SCHEMES = ("https://", "http://", "s3://", "gs://", "hf://")


def is_address(source: str) -> bool:
    """Whether a dataset's source is a remote address and no path of this computer."""
    return source.startswith(SCHEMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A named corpus as the user gave it: ``name`` for the Manifest, ``source`` a path, glob or address."""

    name: str
    source: str
    release: str | None = None
    publisher: str | None = None
    revision: str | None = None
    statement: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # role -> column, from --columns
    layout: str | None = None  # from --layout


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherDigest:
    """A SHA-256 that the publisher states for a file (lower-case hex), and where it is stated."""

    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file at a remote address, as its host describes it.

    ``address`` is what evidence shows: without a query, for that may be a credential; ``asked`` is what is asked for.  ``etag`` and
    ``last_modified`` are verbatim.  ``ranged`` says that parts of it may be asked for, ``pinned`` that its address names its content
    (a commit) and not only a place.
    """

    address: str
    asked: str = field(repr=False)
    bytes: int
    etag: str | None = None
    last_modified: str | None = None
    publisher: PublisherDigest | None = None
    ranged: bool = True
    pinned: bool = False
    access: Access = field(repr=False)

    @property
    def shard_id(self) -> str:
        """Which file this is without reading it: the publisher's digest, else a digest of what its host says of it."""
        if self.publisher is not None:
            return f"sha256:{self.publisher.value}"
        said = f"{self.address}\n{self.etag or ''}\n{self.bytes}\n{self.last_modified or ''}\n"
        return f"etag:{hashlib.sha256(said.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One file (or folder of pictures) of a dataset, before it is opened.

    ``name`` is its path relative to the dataset, with ``/``: what the Manifest shows.  ``path`` is where it lies on this machine
    and never leaves it; of a file that is read where it is (``remote``, not downloaded) the address.
    """

    dataset: Dataset = field(repr=False)
    name: str
    path: str
    kind: ShardKind
    bytes: int
    remote: RemoteFile | None = None

    @property
    def read_remotely(self) -> RemoteFile | None:
        """The remote file, where parts of it are asked for instead of reading a copy on this machine."""
        return self.remote if self.remote is not None and self.path == self.remote.address else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardDigest:
    """Which shard this was: the SHA-256 of all its bytes (of a folder: of its ``<hex>␠␠<path>`` list), computed here.

    Of a remote file read in part it is the publisher's (``digest_by``), or None and ``shard_id`` made of what its host says.
    ``publisher`` is the publisher's digest, if any was at hand.
    """

    shard_id: str
    sha256: str | None
    digest_by: Literal["computed", "publisher", "none"]
    bytes: int
    publisher: PublisherDigest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRef:
    """Where a row stands: the shard and its 0-based number in the whole file; ``item`` where a list was exploded."""

    row_number: int
    item: int | None = None
    row_group: int | None = None
    row_in_group: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbatimRow:
    """One row as it stands in the shard, every column, for ``rows/``.

    ``values`` are ``(name, type, value)`` in file column order, spelled as evidence.md section 5 ``values_sha256`` says.
    ``chunks`` are the stretches of a remote file that were asked for it: offset, bytes, SHA-256.
    """

    row_number: int
    item: int | None
    row_check: Mapping[str, object] | None
    values: tuple[tuple[str, str, object], ...]
    chunks: tuple[tuple[int, int, str], ...] = ()
