"""How far a row group may expand when it is decoded: a dictionary lets one stored value stand in a million rows.

A column chunk of 20,000 equal captions of 1 MiB takes 50 kB in the file and 20 GiB decoded.  Its footer does not say so: the
dictionary is looked at before the rows are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scanner.layouts.references import type_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def longest_value(source: object, metadata: pq.FileMetaData, groups: Iterable[int], columns: Sequence[str]) -> int:
    """Bytes of the longest value in the dictionaries of ``columns`` in ``groups``; 0 where nothing is dictionary-encoded.

    ``source`` is what pyarrow opens.

    Costs about a millisecond for each column of a row group: no more than its first page is read.

    Raises:
        pyarrow.ArrowException, OSError: as reading the rows would.
    """
    schema = metadata.schema.to_arrow_schema()
    texts = [
        name for name in columns if name in schema.names and type_class(schema.field(name).type) in {"text", "binary"}
    ]
    longest = 0
    if not texts:
        return longest
    with pq.ParquetFile(
        source, metadata=metadata, read_dictionary=texts, pre_buffer=False, buffer_size=1 << 16
    ) as file:
        for group in groups:
            batch = next(file.iter_batches(1, row_groups=[group], columns=texts, use_threads=False), None)
            for values in batch.columns if batch is not None else ():
                if pa.types.is_dictionary(values.type):
                    longest = max(longest, pc.max(pc.binary_length(values.dictionary)).as_py() or 0)
    return longest
