"""Matrix products in tiles whose sums stay in registers.

The columns of C lie along the vector units, and a tile of ROWS x three vectors takes all its sums
from memory once. LLVM's own vectoriser runs along the rows of X instead, eight numbers at a time,
and reloads and adds up lanes: 18 and 31 microseconds for the two products of 16 x 512 by 512 x 100
in float32, where tiles take 12 and 13 (one thread of a Sapphire Rapids).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from onelayer.kernels.compile import helper

# 32 registers of 64 bytes with AVX-512, 16 of 32 with AVX2; a tile of ROWS x 3 sums, three factors
# and one broadcast fill them. Other processors take the narrower tile apart themselves.
_WIDE = get_host_cpu_features().get("avx512f", False)
BYTES = 64 if _WIDE else 32
ROWS = 8 if _WIDE else 4
PANEL = 1 << 14  # bytes of P that one round of tiles reads: a third of a first-level cache
FUSED = ("contract",)  # a product and a sum may round once


def _tile(vectors: int) -> Any:
    """A function that adds to a tile of C, ROWS x `vectors` of it, A P over start..stop."""

    @intrinsic
    def tile(_context, A, P, C, row, column, start, stop):
        signature = types.void(A, P, C, row, column, start, stop)
        return signature, lambda *generated: _generate(vectors, *generated)

    return tile


def spread(builder: Any, x: Any, lanes: int) -> Any:
    """A vector of x alone."""
    undefined = ir.Constant(ir.VectorType(x.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, x, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        first, first, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    )


def _generate(vectors: int, context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    kinds = signature.args
    a, p, c = (arrayobj.make_array(kinds[i])(context, builder, arguments[i]) for i in range(3))
    row, column, start, stop = arguments[3:]
    number = context.get_value_type(kinds[2].dtype)
    size = context.get_abi_sizeof(number)
    lanes = BYTES // size
    vector = ir.VectorType(number, lanes)

    def element(kind: Any, array: Any, i: Any, j: Any, of: Any) -> Any:
        pointer = cgutils.get_item_pointer(context, builder, kind, array, [i, j])
        return builder.bitcast(pointer, of.as_pointer())

    def along(first: Any, v: int) -> Any:
        return builder.add(first, ir.Constant(first.type, v * lanes))

    def below(r: int) -> Any:
        return builder.add(row, ir.Constant(row.type, r))

    zero = ir.Constant(vector, [0.0] * lanes)
    places = [(r, v) for r in range(ROWS) for v in range(vectors)]
    sums = {place: cgutils.alloca_once_value(builder, zero) for place in places}
    for place in places:
        builder.store(zero, sums[place])
    with cgutils.for_range_slice(builder, start, stop, ir.Constant(start.type, 1)) as (t, _):
        factors = [
            builder.load(element(kinds[1], p, t, along(column, v), vector), align=size)
            for v in range(vectors)
        ]
        for r in range(ROWS):
            x = builder.load(element(kinds[0], a, below(r), t, number))
            same = spread(builder, x, lanes)
            for v, factor in enumerate(factors):
                product = builder.fmul(same, factor, flags=FUSED)
                total = builder.fadd(builder.load(sums[r, v]), product, flags=FUSED)
                builder.store(total, sums[r, v])
    for r, v in places:
        target = element(kinds[2], c, below(r), along(column, v), vector)
        total = builder.fadd(builder.load(target, align=size), builder.load(sums[r, v]))
        builder.store(total, target, align=size)
    return context.get_dummy_value()


_tile_1, _tile_2, _tile_3 = _tile(1), _tile(2), _tile(3)


@helper
def add_product(A, P, C):
    """C += A P; A (R, T) in any layout, P (T, K), C (R, K), R and K whole tiles (`whole_rows`).

    Each sum over T is made PANEL by PANEL, so that its rounding grows with their number.
    """
    lanes = BYTES // C.itemsize
    depth = max(16, PANEL // (P.shape[1] * P.itemsize))
    for start in range(0, len(P), depth):
        stop = min(start + depth, len(P))
        for column in range(0, C.shape[1], 3 * lanes):
            left = C.shape[1] - column
            for row in range(0, len(C), ROWS):
                if left >= 3 * lanes:
                    _tile_3(A, P, C, row, column, start, stop)
                elif left >= 2 * lanes:
                    _tile_2(A, P, C, row, column, start, stop)
                else:
                    _tile_1(A, P, C, row, column, start, stop)


def whole_rows(count: int) -> int:
    """`count` rows rounded up to whole tiles."""
    return count + -count % ROWS


def whole_columns(count: int, itemsize: int) -> int:
    """`count` columns rounded up to whole vectors."""
    return count + -count % (BYTES // itemsize)
