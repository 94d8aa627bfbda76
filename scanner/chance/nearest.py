"""How near the rows come to each work: the measurement that the chance model is fitted to."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from scanner.search import accelerated
from scanner.search.hits import as_words

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from scanner.search.hits import Words

_BLOCK_ROWS: Final = 8192
_CALL_ROWS: Final = 4096  # what numpy's calls for one query cost beyond the comparisons, in comparisons
_COMPILED_FROM: Final = 300_000_000  # comparisons of words: a third of a second here, half a second to load the kernel


def nearest_histogram(
    queries: ArrayLike, work_of_query: NDArray[np.int32], works: int, rows: ArrayLike
) -> NDArray[np.int64]:
    """Count, for each work, the rows by the distance of its nearest variant: ``int64[works, bits + 1]``.

    ``queries`` and ``rows`` are ``uint64[·]`` or ``uint64[·, words]``; histograms of batches add up.  A work without
    queries keeps a row of zeros.
    """
    asked, given = as_words(queries), as_words(rows)
    counts = np.zeros((works, 64 * asked.shape[1] + 1), np.int64)
    if not len(given) or not len(asked):
        return counts
    order = np.argsort(work_of_query, kind="stable")
    asked = np.ascontiguousarray(asked[order])
    first = np.searchsorted(work_of_query[order], np.arange(works + 1))
    compiled = accelerated.kernel_for(asked.size * (len(given) + _CALL_ROWS), _COMPILED_FROM)
    if compiled is None:
        nearest_reference(asked, first, given, counts)
    else:
        compiled.compiled_nearest(asked.ravel(), first, given.ravel(), asked.shape[1], counts)
    return counts


def nearest_reference(queries: Words, first: NDArray[np.int64], rows: Words, counts: NDArray[np.int64]) -> None:
    """Add to ``counts`` in plain numpy; the queries of work ``i`` are those from ``first[i]`` to ``first[i + 1]``."""
    bits = counts.shape[1] - 1
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        for work, (low, high) in enumerate(pairwise(first)):
            if low == high:
                continue
            nearest = np.full(len(block), bits, np.uint16)
            for variant in queries[low:high]:
                np.minimum(nearest, np.bitwise_count(block ^ variant).sum(axis=1, dtype=np.uint16), out=nearest)
            counts[work] += np.bincount(nearest, minlength=bits + 1)
