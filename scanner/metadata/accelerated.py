"""When the compiled filter is worth its loading, and which cells it leaves to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.metadata.columns import TextColumn
    from scanner.metadata.compiled import Identifiers
    from scanner.metadata.literals import LiteralTable
    from scanner.metadata.prefilter import UrlFilter

PLAIN_ROWS = 20_000
"""Rows that are looked at one by one before the compiled filter is loaded: half a second of either."""


class Accelerator:
    """The filters of one set of identifiers, made when they first pay.  Only speed depends on it, never a result."""

    __slots__ = ("_captions", "_rows", "_urls", "is_loaded")

    def __init__(self) -> None:
        """Begin without filters."""
        self.is_loaded = False
        self._rows = 0
        self._urls: UrlFilter | None = None
        self._captions: LiteralTable | None = None

    def __reduce__(self) -> tuple[type[Accelerator], tuple[()]]:
        """Begin anew in another process: tables are made faster than sent."""
        return (Accelerator, ())

    def pays(self, rows: int) -> bool:
        """Whether these many further rows justify the filter; counts them."""
        self._rows += rows
        return self.is_loaded or self._rows >= PLAIN_ROWS

    def load(self, identifiers: Identifiers) -> None:
        """Make the filters, if that was not done yet."""
        if self.is_loaded:
            return
        from scanner.metadata import prefilter  # noqa: PLC0415 - numba is loaded only when it pays

        if prefilter.kernels() is not None:
            self._urls = prefilter.url_filter(identifiers)
            self._captions = prefilter.caption_filter(identifiers.terms.terms)
        self.is_loaded = True

    def url_cells(self, column: TextColumn, identifiers: Identifiers) -> Iterable[int]:
        """The cells of a URL column to look at, ascending."""
        if self._urls is None:
            return range(len(column))
        from scanner.metadata import prefilter  # noqa: PLC0415 - loaded already

        module = prefilter.kernels()
        assert module is not None
        cells = set(prefilter.surviving_urls(module, column, self._urls).tolist())
        if identifiers.bad_urls:
            wanted = pa.array(identifiers.bad_urls, pa.string()).cast(column.array.type)
            cells.update(pc.indices_nonzero(pc.is_in(column.array, value_set=wanted)).to_pylist())
        return sorted(cells)

    def caption_cells(self, column: TextColumn) -> Iterable[int]:
        """The cells of a caption column to look at, ascending."""
        if self._captions is None:
            return range(len(column))
        from scanner.metadata import prefilter  # noqa: PLC0415 - loaded already

        module = prefilter.kernels()
        assert module is not None
        return [int(cell) for cell in prefilter.surviving_captions(module, column, self._captions)]
