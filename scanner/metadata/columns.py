"""Text columns as bytes and offsets: one view for every Arrow text type, without a Python object per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextColumn:
    """The cells of a column: cell ``i`` is ``content[offsets[i]:offsets[i + 1]]`` and belongs to row ``rows[i]`` (None: to row i).

    ``array`` is the same as plain Arrow text or binary.  Null cells are marked in ``valid`` (None: there are none).
    """

    array: pa.Array
    content: Bytes
    offsets: Offsets
    valid: npt.NDArray[np.bool_] | None
    rows: Offsets | None

    def __len__(self) -> int:
        """Count the cells, null ones included."""
        return len(self.offsets) - 1

    def row_of(self, cell: int) -> int:
        """The row a cell belongs to."""
        return cell if self.rows is None else int(self.rows[cell])

    def text_of(self, cell: int) -> str:
        """A cell as text; bytes that are no UTF-8 are shown as U+FFFD."""
        return self.content[self.offsets[cell] : self.offsets[cell + 1]].tobytes().decode("utf-8", "replace")

    def texts(self, cells: Iterable[int] | None = None) -> Iterator[tuple[int, str]]:
        """Row and text of the given cells (None: of all) that are not null."""
        for cell in range(len(self)) if cells is None else cells:
            if self.valid is None or self.valid[cell]:
                yield self.row_of(cell), self.text_of(cell)


def text_column(column: pa.Array | pa.ChunkedArray | None) -> TextColumn | None:
    """The cells of an Arrow column; None where there is no column or it holds no text.

    Text, binary, dictionary and view types are taken; of a list column every element is a cell of its row.
    """
    if column is None:
        return None
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    rows: Offsets | None = None
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        import pyarrow.compute as pc  # noqa: PLC0415 - 40 ms, for list columns alone

        rows = np.asarray(pc.list_parent_indices(array), dtype=np.int64)
        array = pc.list_flatten(array)
    if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
        array = array.cast(pa.large_binary())
    if not _is_text(array.type):
        return None
    return _view(array, rows)


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def _view(array: pa.Array, rows: Offsets | None) -> TextColumn:
    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    _, offsets, content = array.buffers()
    if len(array) == 0 or offsets is None:
        return TextColumn(
            array=array, content=np.empty(0, np.uint8), offsets=np.zeros(1, np.int64), valid=None, rows=rows
        )
    ends = np.frombuffer(offsets, dtype=np.int64 if wide else np.int32)[array.offset : array.offset + len(array) + 1]
    return TextColumn(
        array=array,
        content=np.empty(0, np.uint8) if content is None else np.frombuffer(content, dtype=np.uint8),
        offsets=ends.astype(np.int64, copy=False),
        valid=np.asarray(array.is_valid()) if array.null_count else None,
        rows=rows,
    )
