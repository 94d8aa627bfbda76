"""Byte digests: the row's own sha256 or md5 column against the files of the portfolio.

Equality is evidence of what the compiler's bytes were; inequality is evidence of nothing (datasets.md section 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from scanner.comparisons.rows import column, row_ref
from scanner.outcomes import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.queries import DigestQuery


def by_digest(
    rows: pa.RecordBatch, algorithm: str, known: Mapping[str, tuple[DigestQuery, ...]], name: str
) -> Iterator[Hit]:
    """Yield a Hit for every row whose ``algorithm`` column equals a file of the portfolio; ``name`` is the column's real name."""
    recorded = column(rows, algorithm)
    if recorded is None or not known:
        return
    asked = sorted(known)
    wanted = pa.array([bytes.fromhex(value) for value in asked], recorded.type)
    found = pc.index_in(recorded, value_set=wanted, skip_nulls=True)
    for index in pc.indices_nonzero(pc.is_valid(found)).to_numpy():
        value = asked[found[int(index)].as_py()]
        for query in known[value]:
            yield Hit(
                row=row_ref(rows, int(index)),
                work=query.work,
                kind="digest_equal",
                metric=algorithm,
                value=value,
                source_of_hash="compiler",
                column=name,
                work_value=f"{algorithm}:{value}",
                row_value=f"{algorithm}:{value}",
                work_file=query.file,
            )
