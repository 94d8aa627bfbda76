"""From a position in a batch to a RowRef, for the few rows that survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scanner.datasets import RowRef

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa


def row_ref(rows: pa.RecordBatch, index: int) -> RowRef:
    """Where row ``index`` of the batch stands in its shard."""

    def cell(name: str) -> Any:
        return rows.column(name)[index].as_py()

    return RowRef(
        row_number=cell("row"), item=cell("item"), row_group=cell("row_group"), row_in_group=cell("row_in_group")
    )


class RowTally:
    """Counts rows of a shard, each once: an exploded list gives several items a row, and a batch may end between two of them."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.rows = 0
        self._last = -1

    def add(self, numbers: npt.NDArray[np.int64]) -> None:
        """Count the rows of one batch by their numbers in the shard, ascending."""
        if len(numbers):
            changed = int(np.count_nonzero(numbers[1:] != numbers[:-1]))
            self.rows += changed + (int(numbers[0]) != self._last)
            self._last = int(numbers[-1])


def column(rows: pa.RecordBatch, name: str) -> pa.Array | None:
    """The column of a role, or None where this shard has none."""
    position = rows.schema.get_field_index(name)
    return None if position < 0 else rows.column(position)
