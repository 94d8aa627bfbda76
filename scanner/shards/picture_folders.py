"""Folder shards: every picture a row, its number the line of the folder's list, its key the relative path."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from typing import TYPE_CHECKING

from scanner.datasets import RowFault
from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.digest_checks import COMPARED_PICTURES
from scanner.layouts.sampling import SAMPLE_ROWS
from scanner.shards.batches import Part, SourceBatch
from scanner.shards.folders import folder_files, shown_name
from scanner.shards.json_values import fields_of, parse_object
from scanner.shards.packaged import MAX_PICTURE_BYTES, MAX_TEXT_MEMBER_BYTES, Entry, EntryColumns
from scanner.shards.verbatim import Cell, SourceRow, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa


class FolderReader:
    """One folder of pictures, with the ``.json`` and ``.txt`` files beside them.  See ``readers.Reader``."""

    types = Types.SCALARS
    headerless = False
    damage: ShardDamaged | None = None  # what prevents sampling prevents opening

    def __init__(self, path: str, name: str) -> None:
        """List the folder and look at what lies beside the first pictures.

        Raises:
            ShardDamaged: it cannot be listed.
        """
        self._name = name
        try:
            files = list(folder_files(path))
        except OSError as error:
            raise ShardDamaged(f"{name}: it cannot be listed: {error.strerror or error}") from error
        self._pictures = [
            (line, relative, whole) for line, (relative, whole, is_picture) in enumerate(files) if is_picture
        ]
        self._beside = {whole for _, whole, is_picture in files if not is_picture}
        self.rows_total: int = len(self._pictures)
        self._sampled = [
            self._entry(picture, with_picture=place < COMPARED_PICTURES and bool(self._beside))
            for place, picture in enumerate(itertools.islice(self._pictures, SAMPLE_ROWS))
        ]
        self._columns = EntryColumns("__path__", self._sampled)
        self.schema: pa.Schema = self._columns.schema

    def sample(self) -> pa.Table:
        """What is known of the first 1,000 pictures."""
        return self._columns.table(self._sampled)

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
        entries = (
            self._entry(picture, with_picture="image" in paths) for picture in self._pictures[part.begin : part.end]
        )
        yield from self._columns.batches(entries, paths)

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """One cell for the picture and for each file beside it: its path and the digest of its bytes."""
        wanted = set(rows)
        for line, relative, whole in self._pictures:
            if line not in wanted:
                continue
            cells: list[Cell] = []
            document = {}
            for path in (whole, *self._sidecars(whole)):
                raw = _bytes(path)
                shown = shown_name(relative) if path == whole else shown_name(_sibling(relative, path))
                cells.append((shown, "member", None if raw is None else digest_of(raw)))
                if path.casefold().endswith(".json") and raw is not None:
                    document = dict(parse_object(raw, Counter()))
            yield SourceRow(number=line, cells=tuple(cells), fields=fields_of(document))

    def _sidecars(self, whole: str) -> Iterator[str]:
        stem = os.path.splitext(whole)[0]  # noqa: PTH122 - keeps names that are not UTF-8
        for suffix in (".json", ".JSON", ".txt", ".TXT"):
            if stem + suffix in self._beside:
                yield stem + suffix

    def _entry(self, picture: tuple[int, str, str], *, with_picture: bool) -> Entry:
        line, relative, whole = picture
        entry = Entry(number=line, key=shown_name(relative))
        entry.pictures.append(_picture(whole, entry.faults) if with_picture else None)
        for path in self._sidecars(whole):
            raw = _bytes(path, MAX_TEXT_MEMBER_BYTES)
            if path.casefold().endswith(".json"):
                entry.json = raw
            else:
                entry.text = raw
        return entry


def _picture(path: str, faults: Counter[RowFault]) -> bytes | None:
    try:
        if os.stat(path).st_size > MAX_PICTURE_BYTES:  # noqa: PTH116 - keeps names that are not UTF-8
            faults[RowFault.IMAGE_OVER_LIMIT] += 1
            return None
    except OSError:
        faults[RowFault.IMAGE_UNDECODABLE] += 1
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


def _sibling(relative: str, path: str) -> str:
    folder, slash, _ = relative.rpartition("/")
    return folder + slash + os.path.basename(path)  # noqa: PTH119 - keeps names that are not UTF-8
