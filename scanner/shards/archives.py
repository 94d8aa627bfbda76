"""Tar shards (webdataset, img2dataset): streamed, never extracted; consecutive members of one stem are one row."""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from scanner.datasets import RowFault
from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.digest_checks import COMPARED_PICTURES
from scanner.layouts.sampling import looks_like_picture
from scanner.shards.batches import Part, SourceBatch
from scanner.shards.folders import is_picture_name
from scanner.shards.json_values import fields_of, parse_object
from scanner.shards.members import Member, Members, stem_and_suffix
from scanner.shards.packaged import (
    MAX_MEMBERS_OF_ROW,
    MAX_PICTURE_BYTES,
    MAX_TEXT_MEMBER_BYTES,
    SAMPLE_BYTES,
    Entry,
    EntryColumns,
    PictureBudget,
    sampled,
)
from scanner.shards.readers import Sampled
from scanner.shards.streams import Cursor, UntilDamage, is_compressed
from scanner.shards.verbatim import SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from scanner.shards.json_values import Document
    from scanner.shards.verbatim import Cell

INDEX_BYTES = 64 << 20  # smaller archives are one part: finding spans costs more than it saves
_CHUNK = 1 << 20


def open_tar(path: str, name: str) -> Sampled:
    """Read the first 1,000 samples for the columns, of the first 50 the pictures too.

    Raises:
        ShardDamaged: no tar, or damaged before its first sample.
    """
    budget = PictureBudget(pictures=COMPARED_PICTURES, bytes=SAMPLE_BYTES)
    kept = UntilDamage(_entries(path, name, _WHOLE, budget))
    entries = sampled(iter(kept))
    if not entries:
        kept.raise_damage()
    columns = EntryColumns("__key__", entries)
    return Sampled(reader=TarReader(path, name, columns), sample=columns.table(entries), damage=kept.damage)


class TarReader:
    """One tar file, plain or compressed.  See ``readers.Reader``."""

    types = Types.SCALARS
    headerless = False
    rows_total: int | None = None

    def __init__(self, path: str, name: str, columns: EntryColumns) -> None:
        """Read ``path`` as rows of ``columns``; ``name`` is what errors call it."""
        self._path, self._name, self._columns = path, name, columns
        self.schema: pa.Schema = columns.schema

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """Spans of an uncompressed archive, found by its headers alone; after damage the last span runs to the end."""
        try:
            if os.path.getsize(self._path) < INDEX_BYTES or is_compressed(self._path):  # noqa: PTH202
                return (_WHOLE,)
        except OSError as error:
            raise ShardDamaged(f"{self._name}: it cannot be read: {error}") from error
        begins: list[tuple[int, int]] = []
        rows = 0
        with closing(Cursor(self._path, self._name)) as cursor:
            samples = _Samples()
            try:
                for member in Members(cursor, self._name):
                    if samples.begins_with(member):
                        if rows % max_rows == 0:
                            begins.append((rows, member.header))
                        rows += 1
            except ShardDamaged:
                rows = -1  # the part that meets the damage reports it
        edges = [*begins, (rows, -1)]
        return tuple(
            Part(index=index, first_row=first, rows=after - first if after >= 0 else None, begin=begin, end=end)
            for index, ((first, begin), (after, end)) in enumerate(itertools.pairwise(edges))
        ) or (_WHOLE,)

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """The asked columns; pictures are read only where asked for, else passed over."""
        yield from self._columns.batches(
            _entries(self._path, self._name, part, PictureBudget(pictures=sys.maxsize if "image" in paths else 0)),
            paths,
        )

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """One cell for each member of a row: its name and the digest of its bytes."""
        wanted, last = set(rows), max(rows, default=-1)
        number, faults = -1, Counter[RowFault]()
        cells: list[Cell] = []
        document: Document = {}
        with closing(Cursor(self._path, self._name)) as cursor:
            members, samples = Members(cursor, self._name), _Samples()
            kept = UntilDamage(iter(members))
            for member in kept:
                if samples.begins_with(member):
                    if number in wanted:
                        yield SourceRow(number=number, cells=tuple(cells), fields=fields_of(document))
                    number, cells, document = number + 1, [], {}
                    if number > last:
                        return
                if number in wanted:
                    try:
                        digest, head = _digest(members, member)
                    except ShardDamaged:  # as in the comparison: the members before the damage are the row
                        break
                    cells.append((shown(member.name), "member", digest))
                    if samples.suffix == "json":
                        document = parse_object(head, faults)
        if number in wanted:
            yield SourceRow(number=number, cells=tuple(cells), fields=fields_of(document))


_WHOLE = Part(index=0, first_row=0, rows=None, begin=0, end=-1)


class _Samples:
    """Decides where a sample begins: at a new stem, or when a suffix comes a second time under the same one."""

    def __init__(self) -> None:
        self.stem: bytes = b""
        self.suffix = ""
        self._seen: set[str] | None = None

    def begins_with(self, member: Member) -> bool:
        stem, self.suffix = stem_and_suffix(member.name)
        seen = self._seen
        fresh = seen is None or stem != self.stem or self.suffix in seen or len(seen) >= MAX_MEMBERS_OF_ROW
        if fresh or self._seen is None:
            self.stem, self._seen = stem, set()
        self._seen.add(self.suffix)
        return fresh


def shown(name: bytes) -> str:
    r"""A member's name for records; bytes that are no UTF-8 as ``\xNN``."""
    return name.decode("utf-8", "backslashreplace")


def _take(entry: Entry, member: Member, members: Members, suffix: str, budget: PictureBudget) -> None:
    """Put one member into its row."""
    head = b""
    is_picture = is_picture_name(f"x.{suffix}")
    if not suffix:
        head = members.read(16)
        is_picture = looks_like_picture(head)
    if is_picture and member.size + entry.bytes > MAX_PICTURE_BYTES:
        entry.faults[RowFault.IMAGE_OVER_LIMIT] += 1
        entry.pictures.append(None)
    elif is_picture:
        entry.pictures.append(head + members.read(member.size) if budget.takes(member.size) else None)
    elif suffix in {"json", "txt"}:
        if member.size > MAX_TEXT_MEMBER_BYTES:
            entry.faults[RowFault.VALUE_TRUNCATED] += 1
        text = members.read(MAX_TEXT_MEMBER_BYTES)
        entry.json, entry.text = (text, entry.text) if suffix == "json" else (entry.json, text)


def _digest(members: Members, member: Member) -> tuple[str, bytes]:
    """``sha256:HEX:bytes`` of a member, and its first MiB."""
    state = hashlib.sha256()
    head = b""
    while chunk := members.read(_CHUNK):
        state.update(chunk)
        head = head or chunk
    return f"sha256:{state.hexdigest()}:{member.size}", head


def _entries(path: str, name: str, part: Part, budget: PictureBudget) -> Iterator[Entry]:
    """The samples of a part; pictures beyond the budget are passed over and stand as None.

    A sample cut off by damage is handed out with the members that were whole, then the damage is raised.
    """
    entry: Entry | None = None
    with closing(Cursor(path, name, start=part.begin)) as cursor:
        members, samples = Members(cursor, name), _Samples()
        number = part.first_row - 1
        kept = UntilDamage(iter(members))
        for member in kept:
            if 0 <= part.end <= member.header:
                break
            if samples.begins_with(member):
                if entry is not None:
                    yield entry
                number += 1
                entry = Entry(number=number, key=shown(samples.stem))
            assert entry is not None
            try:
                _take(entry, member, members, samples.suffix, budget)
            except ShardDamaged:
                if not entry.is_empty:
                    yield entry
                raise
        if entry is not None:
            yield entry
        kept.raise_damage()
