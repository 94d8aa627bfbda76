"""The compiled brute-force comparison.  Imported only when it is used: numba costs half a second to load.

Numba compiles for the processor it runs on (AVX-512, AVX2, NEON).  Two decisions make it as fast as hand-written C:

* A block of 128 rows is decided at once.  The least distance of the block to one query is a running minimum without
  branch or store; single rows are looked at only when it is within the radius.
* The vectors are written out in LLVM's own terms, eight rows wide, because the automatic vectoriser prefers half-width
  registers (7.8 against 16 thousand million comparisons a second on one core).  The minimum is taken over 32-bit lanes:
  counts fit, and AVX2 and NEON have no 64-bit minimum.

Threads are Python's (the kernels let go of the GIL): numba's own pools cannot be forked, and entered twice they stop
the process.  All intrinsics stand in the file of the kernels that use them, because numba's cache looks at one source
file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.cgutils import get_or_insert_function
from numba.core.errors import NumbaError
from numba.extending import intrinsic

__all__ = ["BLOCK", "NumbaError", "compiled", "compiled_nearest", "compiled_search", "popcount"]

BLOCK = 128  # rows decided at once; 64 to 1024 measure alike, and short blocks look at fewer single rows
_LANES = 8
_INDEX = ir.IntType(64)
_ROWS = ir.VectorType(ir.IntType(64), _LANES)
_HALVES = ir.VectorType(ir.IntType(32), 2 * _LANES)


def _popcount(_typing: Any, _value: Any) -> Any:
    """Count the ones of a 64-bit word."""
    signature = types.uint64(types.uint64)

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return signature, codegen


def _splat(builder: Any, value: Any) -> Any:
    """One value in all lanes."""
    undefined = ir.Constant(_ROWS, ir.Undefined)
    single = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(ir.IntType(32), _LANES), [0] * _LANES))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> Any:
    """Address of ``array[offset]``."""
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [offset])


def _any_near(words: int) -> Any:
    """Make the test: is any row of a block within the radius of a query, over its first ``words`` words?

    ``block`` is word-major (word ``w`` of row ``i`` at ``w * BLOCK + i``); ``queries`` is flat, and the third
    argument is the place of the query's first word in it.
    """

    def any_near(_typing: Any, block: Any, queries: Any, _query: Any, _radius: Any) -> Any:
        signature = types.boolean(block, queries, types.intp, types.uint64)

        def codegen(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
            ones = _declared(builder.module, ir.FunctionType(_ROWS, [_ROWS]), "llvm.ctpop.v8i64")
            lesser = _declared(builder.module, ir.FunctionType(_HALVES, [_HALVES, _HALVES]), "llvm.umin.v16i32")
            rows = _pointer(context, builder, given.args[0], arguments[0], ir.Constant(_INDEX, 0))
            asked_at = _pointer(context, builder, given.args[1], arguments[1], arguments[2])
            asked = [
                _splat(builder, builder.load(builder.gep(asked_at, [ir.Constant(_INDEX, word)])))
                for word in range(words)
            ]
            least: list[Any] = []
            for first in range(0, BLOCK, _LANES):
                total = None
                for word in range(words):
                    at = builder.gep(rows, [ir.Constant(_INDEX, word * BLOCK + first)])
                    row = builder.load(builder.bitcast(at, _ROWS.as_pointer()), align=8)
                    count = builder.call(ones, [builder.xor(row, asked[word])])
                    total = count if total is None else builder.add(total, count)
                halves = builder.bitcast(total, _HALVES)
                # Two running minima, so that one need not wait for the other.
                least = [*least, halves] if len(least) < 2 else [least[1], builder.call(lesser, [least[0], halves])]
            within = builder.icmp_unsigned(
                "<=",
                builder.bitcast(builder.call(lesser, least), _ROWS),
                _splat(builder, arguments[3]),
            )
            mask = builder.bitcast(within, ir.IntType(_LANES))
            return builder.icmp_unsigned("!=", mask, ir.Constant(ir.IntType(_LANES), 0))

        return signature, codegen

    return intrinsic(any_near)


_declared: Any = get_or_insert_function
popcount: Any = intrinsic(_popcount)
_near1, _near2, _near3, _near4 = (_any_near(words) for words in (1, 2, 3, 4))


def block_is_near(block: Any, queries: Any, query: Any, lead: Any, radius: Any) -> Any:
    """Say whether some row of the block is within the radius over its first ``lead`` words (1 to 4)."""
    if lead == 1:
        return _near1(block, queries, query, radius)
    if lead == 2:
        return _near2(block, queries, query, radius)
    if lead == 3:
        return _near3(block, queries, query, radius)
    return _near4(block, queries, query, radius)


def load_block(rows: Any, words: Any, start: Any, block: Any) -> None:
    """Copy rows into the word-major block; past the last row, the first of the block stands in."""
    count, size = len(rows) // words, len(block) // words
    for i in range(size):
        source = (start + i if start + i < count else start) * words
        for word in range(words):
            block[word * size + i] = rows[source + word]


def search_rows(queries: Any, rows: Any, shape: Any, radius: Any, out: Any) -> int:
    """Write the pairs within the radius into ``out``; return how many there are, also when they do not fit.

    ``queries``, ``rows``: uint64, flat.  ``shape``: words to each, and how many leading words decide about a block.
    """
    words, lead = shape
    out_query, out_row, out_distance = out
    count, asked, found = len(rows) // words, len(queries) // words, 0
    block = np.empty(BLOCK * words, np.uint64)
    for start in range(0, count, BLOCK):
        _load_block(rows, words, start, block)
        for number in range(asked):
            if _block_is_near(block, queries, number * words, lead, radius):
                for i in range(min(BLOCK, count - start)):
                    distance = np.uint64(0)
                    for word in range(words):
                        distance += popcount(block[word * BLOCK + i] ^ queries[number * words + word])
                    if distance <= radius:
                        if found < len(out_row):
                            out_query[found], out_row[found], out_distance[found] = number, start + i, distance
                        found += 1
    return found


def nearest_of(block: Any, queries: Any, words: Any, span: Any, nearest: Any) -> None:
    """Set ``nearest`` to each row's distance to the nearest of the queries from ``span[0]`` to ``span[1]``."""
    size = len(nearest)
    nearest[:] = np.uint64(64 * words)
    for number in range(span[0], span[1]):
        if words == 1:
            query = queries[number]
            for i in range(size):
                nearest[i] = min(nearest[i], popcount(block[i] ^ query))
        else:
            for i in range(size):
                distance = np.uint64(0)
                for word in range(words):
                    distance += popcount(block[word * size + i] ^ queries[number * words + word])
                nearest[i] = min(nearest[i], distance)


def count_nearest(queries: Any, first_query: Any, rows: Any, words: Any, counts: Any) -> None:
    """Add each row to ``counts[work, d]``: d is its distance to the nearest query of the work."""
    count = len(rows) // words
    nearest, block = np.empty(2 * BLOCK, np.uint64), np.empty(2 * BLOCK * words, np.uint64)
    for start in range(0, count, 2 * BLOCK):
        _load_block(rows, words, start, block)
        for work in range(len(first_query) - 1):
            if first_query[work] < first_query[work + 1]:
                _nearest_of(block, queries, words, (first_query[work], first_query[work + 1]), nearest)
                for i in range(min(2 * BLOCK, count - start)):
                    counts[work, np.int64(nearest[i])] += 1


def compiled(function: Any) -> Any:
    """Compile to run without the GIL, kept on disk: beside this file or, where that is read-only, in the user cache."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither folder can be written: compile anew in each process, half a second
        return njit(nogil=True)(function)


_block_is_near = compiled(block_is_near)
_load_block = compiled(load_block)
_nearest_of = compiled(nearest_of)
compiled_search = compiled(search_rows)
compiled_nearest = compiled(count_nearest)
