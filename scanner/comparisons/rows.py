"""From a position in a batch to a RowRef, for the few rows that survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner.datasets import RowRef

if TYPE_CHECKING:
    import pyarrow as pa


def row_ref(rows: pa.RecordBatch, index: int) -> RowRef:
    """Where row ``index`` of the batch stands in its shard."""

    def cell(name: str) -> Any:
        return rows.column(name)[index].as_py()

    return RowRef(
        row_number=cell("row"), item=cell("item"), row_group=cell("row_group"), row_in_group=cell("row_in_group")
    )


def column(rows: pa.RecordBatch, name: str) -> pa.Array | None:
    """The column of a role, or None where this shard has none."""
    position = rows.schema.get_field_index(name)
    return None if position < 0 else rows.column(position)
