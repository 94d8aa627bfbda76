"""Folder shards: every picture a row, its number the line of the folder's list, its key the relative path."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

from scanner.datasets import RowFault
from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.digest_checks import COMPARED_PICTURES
from scanner.shards.batches import Part, SourceBatch
from scanner.shards.folders import folder_files, shown_name
from scanner.shards.json_values import fields_of, parse_object
from scanner.shards.packaged import (
    MAX_PICTURE_BYTES,
    MAX_TEXT_MEMBER_BYTES,
    SAMPLE_BYTES,
    Entry,
    EntryColumns,
    PictureBudget,
    sampled,
)
from scanner.shards.readers import Sampled
from scanner.shards.verbatim import Cell, SourceRow, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from scanner.shards.json_values import Document


Picture = tuple[int, str]  # line of the folder's list, relative path


def open_folder(path: str, name: str) -> Sampled:
    """List the folder and look at what lies beside the first 1,000 pictures.

    Raises:
        ShardDamaged: it cannot be listed.
    """
    try:
        files = list(folder_files(path))
    except OSError as error:
        raise ShardDamaged(f"{name}: it cannot be listed: {error.strerror or error}") from error
    pictures = [(line, relative) for line, (relative, _, is_picture) in enumerate(files) if is_picture]
    beside = frozenset(relative for relative, _, is_picture in files if not is_picture)
    budget = PictureBudget(pictures=COMPARED_PICTURES if beside else 0, bytes=SAMPLE_BYTES)
    entries = sampled(_entry(path, picture, beside, budget) for picture in pictures)
    columns = EntryColumns("__path__", entries)
    return Sampled(reader=FolderReader(path, pictures, beside, columns), sample=columns.table(entries))


class FolderReader:
    """One folder of pictures, with the ``.json`` and ``.txt`` files beside them.  See ``readers.Reader``."""

    types = Types.SCALARS
    headerless = False

    def __init__(self, path: str, pictures: Sequence[Picture], beside: frozenset[str], columns: EntryColumns) -> None:
        """Read ``pictures`` under ``path``, and of ``beside`` the files that share their stems."""
        self._path, self._pictures, self._beside, self._columns = path, pictures, beside, columns
        self.rows_total: int = len(pictures)
        self.schema: pa.Schema = columns.schema

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """Runs of ``max_rows`` pictures; ``begin`` and ``end`` count pictures, ``first_row`` is a line of the list."""
        starts = range(0, max(len(self._pictures), 1), max(max_rows, 1))
        return tuple(
            Part(
                index=index,
                first_row=self._pictures[start][0] if self._pictures else 0,
                rows=min(max_rows, len(self._pictures) - start),
                begin=start,
                end=min(start + max_rows, len(self._pictures)),
            )
            for index, start in enumerate(starts)
        )

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """The asked columns; a picture that cannot be read is null and counted as undecodable."""
        budget = PictureBudget(pictures=sys.maxsize if "image" in paths else 0)
        entries = (
            _entry(self._path, picture, self._beside, budget) for picture in self._pictures[part.begin : part.end]
        )
        yield from self._columns.batches(entries, paths)

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """One cell for the picture and for each file beside it: its path and the digest of its bytes."""
        wanted = set(rows)
        for line, relative in self._pictures:
            if line not in wanted:
                continue
            cells: list[Cell] = []
            document: Document = {}
            for name in (relative, *_sidecars(relative, self._beside)):
                raw = _bytes(os.path.join(self._path, name))  # noqa: PTH118 - keeps names that are not UTF-8
                cells.append((shown_name(name), "member", None if raw is None else digest_of(raw)))
                if name != relative and name.casefold().endswith(".json") and raw is not None:
                    document = parse_object(raw, Counter())
            yield SourceRow(number=line, cells=tuple(cells), fields=fields_of(document))


def _sidecars(relative: str, beside: frozenset[str]) -> Iterator[str]:
    stem = os.path.splitext(relative)[0]  # noqa: PTH122 - keeps names that are not UTF-8
    for suffix in (".json", ".JSON", ".txt", ".TXT"):
        if stem + suffix in beside:
            yield stem + suffix


def _entry(root: str, picture: Picture, beside: frozenset[str], budget: PictureBudget) -> Entry:
    line, relative = picture
    entry = Entry(number=line, key=shown_name(relative))
    whole = os.path.join(root, relative)  # noqa: PTH118 - keeps names that are not UTF-8
    entry.pictures.append(_picture(whole, entry.faults, budget))
    for name in _sidecars(relative, beside):
        raw = _bytes(os.path.join(root, name), MAX_TEXT_MEMBER_BYTES)  # noqa: PTH118 - keeps names that are not UTF-8
        if name.casefold().endswith(".json"):
            entry.json = raw
        else:
            entry.text = raw
    return entry


def _picture(path: str, faults: Counter[RowFault], budget: PictureBudget) -> bytes | None:
    if not budget.pictures:
        return None
    try:
        size = os.stat(path).st_size  # noqa: PTH116 - keeps names that are not UTF-8
    except OSError:
        faults[RowFault.IMAGE_UNDECODABLE] += 1
        return None
    if size > MAX_PICTURE_BYTES:
        faults[RowFault.IMAGE_OVER_LIMIT] += 1
        return None
    if not budget.takes(size):
        return None
    stored = _bytes(path)
    if stored is None:
        faults[RowFault.IMAGE_UNDECODABLE] += 1
    return stored


def _bytes(path: str, limit: int = -1) -> bytes | None:
    """Bytes of a file, None where it cannot be read: the caller counts it."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - keeps names that are not UTF-8
            return file.read(limit)
    except OSError:
        return None
