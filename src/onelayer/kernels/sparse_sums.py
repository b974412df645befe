"""Sums over the entries of one sparse row, or column, that stay in registers.

sum_e x_e W[j_e] for k columns of W. LLVM keeps such sums in memory, where every entry waits for the
one before, and takes columns beyond whole vectors one by one: of 1.7 million entries in 20 columns
X W took 11.1 ms and takes 5.2, X^T U by columns 9.8 and 4.1 (float32, one thread of a Xeon).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from onelayer.kernels.compile import helper
from onelayer.kernels.tiles import BYTES, FUSED, spread

VECTORS = 3  # measured: of one round; of 20 columns in float64 it takes them all


def _sums(vectors: int) -> Any:
    """A function that leaves sum_e data[e] W[indices[e]], `vectors` of it, in out[row]."""

    @intrinsic
    def sums(_context, data, indices, start, stop, W, column, out, row):
        signature = types.void(data, indices, start, stop, W, column, out, row)
        return signature, lambda *generated: _generate(vectors, *generated)

    return sums


def _generate(vectors: int, context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    kinds, arrays = signature.args, {}
    for place in (0, 1, 4, 6):
        arrays[place] = arrayobj.make_array(kinds[place])(context, builder, arguments[place])
    start, stop, column, row = (arguments[place] for place in (2, 3, 5, 7))
    number = context.get_value_type(kinds[4].dtype)
    size = context.get_abi_sizeof(number)
    lanes = BYTES // size
    vector = ir.VectorType(number, lanes)

    def entry(place: int, e: Any, kind: Any) -> Any:
        pointer = cgutils.get_item_pointer(context, builder, kinds[place], arrays[place], [e])
        return context.cast(builder, builder.load(pointer), kinds[place].dtype, kind)

    def along(place: int, i: Any, j: Any) -> Any:
        pointer = cgutils.get_item_pointer(context, builder, kinds[place], arrays[place], [i, j])
        return builder.bitcast(pointer, vector.as_pointer())

    # A vector that would end beyond the last column begins earlier: what two have is the same.
    width = cgutils.unpack_tuple(builder, arrays[6].shape, 2)[1]
    latest = builder.sub(width, ir.Constant(width.type, lanes))
    columns = [builder.add(column, ir.Constant(column.type, v * lanes)) for v in range(vectors)]
    columns = [builder.select(builder.icmp_signed("<", c, latest), c, latest) for c in columns]
    sums = [cgutils.alloca_once_value(builder, ir.Constant(vector, [0.0] * lanes)) for _ in columns]
    for total in sums:
        builder.store(ir.Constant(vector, [0.0] * lanes), total)
    with cgutils.for_range_slice(builder, start, stop, ir.Constant(start.type, 1)) as (e, _):
        x, j = spread(builder, entry(0, e, kinds[4].dtype), lanes), entry(1, e, types.intp)
        for c, total in zip(columns, sums, strict=True):
            factor = builder.load(along(4, j, c), align=size)
            product = builder.fmul(x, factor, flags=FUSED)
            builder.store(builder.fadd(builder.load(total), product, flags=FUSED), total)
    for c, total in zip(columns, sums, strict=True):
        builder.store(builder.load(total), along(6, row, c), align=size)
    return context.get_dummy_value()


_sums_1, _sums_2, _sums_3 = _sums(1), _sums(2), _sums(VECTORS)


@helper
def row_sums(data, indices, start, stop, W, out, row):
    """out[row] = sum_e data[e] W[indices[e]] over the entries e in start..stop.

    W (n, k) and out (., k) lie in C order and are of one type.
    """
    k, lanes = W.shape[1], BYTES // W.itemsize
    if k < lanes:
        for c in range(k):
            out[row, c] = 0
        for e in range(start, stop):
            x, j = data[e], indices[e]
            for c in range(k):
                out[row, c] += x * W[j, c]
        return
    for column in range(0, k, VECTORS * lanes):
        left = k - column
        if left > 2 * lanes:
            _sums_3(data, indices, start, stop, W, column, out, row)
        elif left > lanes:
            _sums_2(data, indices, start, stop, W, column, out, row)
        else:
            _sums_1(data, indices, start, stop, W, column, out, row)
