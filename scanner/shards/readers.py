"""What every format offers: one Protocol, one reader for each ``ShardKind``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from scanner.errors import ShardDamaged
    from scanner.layouts import Types
    from scanner.shards.batches import Part, SourceBatch
    from scanner.shards.verbatim import SourceRow


class Reader(Protocol):
    """A shard of one format, opened.  Holds no file handle and no rows between calls, so it may cross a process border.

    Every method may raise ``ShardDamaged``; no other error of a library or the operating system leaves it.
    """

    @property
    def schema(self) -> pa.Schema:
        """The columns as the file names them; for formats without types, text."""
        ...

    @property
    def types(self) -> Types:
        """How far the types in ``schema`` can be relied on when the layout is recognised."""
        ...

    @property
    def headerless(self) -> bool:
        """Whether the names in ``schema`` are made up (``f0``, ``f1`` …)."""
        ...

    @property
    def rows_total(self) -> int | None:
        """Rows of the whole file where they are known without reading it."""
        ...

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """Independent spans of about ``max_rows`` rows, in file order, that together are the whole file."""
        ...

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """The columns of these paths for the rows of one part, in file order.

        After damage the rows before it have been yielded and ``ShardDamaged`` is raised.
        """
        ...

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """Every column of the rows of these numbers (sorted, distinct), verbatim."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A reader just opened, and the rows its layout is recognised by; the reader itself keeps no rows, for there may be 40,000.

    ``sample`` holds up to 1,000 rows from the beginning, all columns; of pictures fewer, with nulls behind them.  ``damage`` is
    what cut it short: with it, an unknown layout says nothing.
    """

    reader: Reader
    sample: pa.Table
    damage: ShardDamaged | None = None
