"""What LLVM does in one step and numba has no word for: bits of a word, eight bytes at once, 64 bytes at once."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD, _BYTES, _INDEX = ir.IntType(64), ir.VectorType(ir.IntType(8), 64), ir.IntType(32)


def _trailing_zeros(_typing: Any, _value: Any) -> Any:
    """Count the zero bits below the lowest one of a 64-bit word that is not 0."""
    signature = types.uint64(types.uint64)

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return signature, codegen


trailing_zeros: Any = intrinsic(_trailing_zeros)


def _leading_zeros(_typing: Any, _value: Any) -> Any:
    """Count the zero bits above the highest one of a 64-bit word that is not 0."""
    signature = types.uint64(types.uint64)

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return signature, codegen


leading_zeros: Any = intrinsic(_leading_zeros)


def _load(_typing: Any, text: Any, _at: Any) -> Any:
    """Load eight bytes, little endian and unaligned; the caller sees to it that they are there."""
    signature = types.uint64(text, types.intp)

    def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        array = context.make_array(text)(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), _WORD.as_pointer())
        word = builder.load(place)
        word.align = 1
        return word

    return signature, codegen


load: Any = intrinsic(_load)


def _nonzero64(_typing: Any, text: Any, _at: Any) -> Any:
    """Tell of 64 bytes which are not 0, the first in the lowest bit."""
    signature = types.uint64(text, types.intp)

    def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        array = context.make_array(text)(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), _BYTES.as_pointer())
        found = builder.load(place)
        found.align = 1
        return builder.bitcast(builder.icmp_unsigned("!=", found, ir.Constant(_BYTES, None)), _WORD)

    return signature, codegen


nonzero64: Any = intrinsic(_nonzero64)


def _equal64(_typing: Any, text: Any, _at: Any, _byte: Any) -> Any:
    """Tell of 64 bytes which equal one byte, the first in the lowest bit."""
    signature = types.uint64(text, types.intp, types.uint8)

    def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        array = context.make_array(text)(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), _BYTES.as_pointer())
        found = builder.load(place)
        found.align = 1
        one = builder.insert_element(ir.Constant(_BYTES, ir.Undefined), arguments[2], _INDEX(0))
        same = builder.shuffle_vector(
            one, ir.Constant(_BYTES, ir.Undefined), ir.Constant(ir.VectorType(_INDEX, 64), None)
        )
        return builder.bitcast(builder.icmp_unsigned("==", found, same), _WORD)

    return signature, codegen


equal64: Any = intrinsic(_equal64)
