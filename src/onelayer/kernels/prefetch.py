"""Rows on their way into the cache before their turn.

A pass over small numbers computes little per byte, and the processor's own prefetcher stops at
every page of 4 KB. Asking ahead made a binary pass over bytes 1.3 times as fast, over float32
1.25 times (50000 x 784 and 12500 x 784, one thread, Sapphire Rapids); with ten columns it brought
nothing. `benchmarks/pass_speed.py` times a pass.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from onelayer.kernels.compile import helper

AHEAD = 1 << 14  # bytes; 8 to 64 KB did equally well, 128 a tenth worse
ENTRIES = 8  # measured: of a sparse row, how far ahead
LINE = 64  # bytes of a cache line
_READ, _DATA = 0, 1  # llvm.prefetch's operands: for reading, data
_ALL, _OUTER = 3, 2  # and the levels of the cache: all, all but the first


@intrinsic
def prefetch(_context, X, row, column):
    """Ask for the cache line of X[row, column]; never faults, changes nothing."""
    return types.void(X, row, column), partial(_ask, _ALL)


@intrinsic
def prefetch_entry(_context, x, place):
    """The same for x[place] of one axis."""
    return types.void(x, place), partial(_ask, _ALL)


@intrinsic
def prefetch_far(_context, X, row, column):
    """The same of what is not due soon, as far as the second level.

    A column beyond the last is one of the next row's.
    """
    return types.void(X, row, column), partial(_ask, _OUTER)


def _ask(level, context, builder, signature, arguments):
    array, *indices = arguments
    array_type = signature.args[0]
    held = arrayobj.make_array(array_type)(context, builder, array)
    element = cgutils.get_item_pointer(context, builder, array_type, held, indices)
    address = builder.bitcast(element, cgutils.voidptr_t)
    integer = ir.IntType(32)
    function = builder.module.declare_intrinsic(
        "llvm.prefetch",
        [cgutils.voidptr_t],
        ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t] + 3 * [integer]),
    )
    builder.call(function, [address, integer(_READ), integer(level), integer(_DATA)])
    return context.get_dummy_value()


@helper
def prefetch_entries(x, start, stop):
    """Ask for x[start:stop], one axis."""
    for place in range(start, stop, LINE // x.itemsize):
        prefetch_entry(x, place)


@helper
def rows_ahead(X):
    """How many rows ahead of their turn rows are asked for."""
    return 4 + AHEAD // (X.shape[1] * X.itemsize)


@helper
def prefetch_rows(X, start, stop):
    """Ask for rows start..stop of X, those of them that there are."""
    step = LINE // X.itemsize
    for row in range(start, min(stop, len(X))):
        for column in range(0, X.shape[1], step):
            prefetch(X, row, column)


@helper
def prefetch_due(W, indices, e, stop):
    """Ask for the row of W that the entry `ENTRIES` after e names, or the last before stop.

    Of 56436 x 20 numbers they come from beyond the second level of the cache: X W took 18 ms
    instead of 24, X^T dz 17 instead of 23 (1.7 million entries, one thread of a Xeon).
    """
    row, column = np.int64(indices[min(e + ENTRIES, stop - 1)]), 0
    while column < W.shape[1]:
        prefetch(W, row, column)
        column += LINE // W.itemsize
