"""Vectors of 64 bytes, and the processor's sum of four products of bytes (VNNI: vpdpbusd).

That one instruction multiplies 64 pixels by 64 signed digits and adds each four neighbours to one
of sixteen int32 sums, where floats take four conversions and four products. Numba has no vector
types; this module gives it one, of sixteen 32-bit words, and tuples of such for the digits of a
number. A number of `count` digits is sum_k 256^k digit_k with -128 <= digit_k < 128.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, registry
from numba.extending import intrinsic, models, register_model
from numba.np import arrayobj

WIDTH = 64  # bytes of a vector
BASE = 256.0  # of the digits
# So many times four products may be added to a word: 257 * 4 * 255 * 128 times this is below 2^31.
MOST_SUMS = 64
_I32 = ir.IntType(32)
_WORDS = ir.VectorType(_I32, 16)
_DOUBLES = ir.VectorType(ir.DoubleType(), 16)
_FUSED = ("contract",)  # a product and a sum may be one instruction
# As a shuffle: the first of a vector, sixteen times.
_FIRST = ir.Constant(_WORDS, [0] * 16)


def has_byte_products() -> bool:
    """Whether what Numba compiles for has the instruction; not every processor does."""
    _, _, features = registry.cpu_target.target_context.codegen().magic_tuple()
    return {"+avx512vnni", "+avx512bw"} <= set(features.split(","))


def as_digits(q: np.ndarray, count: int) -> np.ndarray:
    """The digits of whole numbers q (n,): (count, n) int8, the lowest first.

    Half the base added to every digit but the highest makes all of them bytes without a sign; each
    is then half the base too large, which turning its top bit takes away.
    """
    half = sum(128 << (8 * k) for k in range(count - 1))
    octets = ((q.astype("<i8") + half) ^ half).view(np.int8).reshape(len(q), 8)
    return np.ascontiguousarray(octets[:, :count].T)


class Vector(types.Type):
    """Sixteen 32-bit words, or 64 bytes."""

    def __init__(self) -> None:
        super().__init__(name="Vector64")


vector = Vector()


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _WORDS)


@intrinsic
def load(_context, X, row, column):
    """X[row, column : column + 64], bytes."""

    def emit(context, builder, signature, arguments):
        array, *indices = arguments
        place = _address(context, builder, signature.args[0], array, indices, _WORDS)
        return builder.load(place, align=1)

    return vector(X, row, column), emit


@intrinsic(prefer_literal=True)
def load_digits(_context, D, column, count):
    """D[k, column : column + 64] for k < count, a literal."""

    def emit(context, builder, signature, arguments):
        places = _places(context, builder, signature, arguments, _WORDS)
        loaded = [builder.load(place, align=1) for place in places]
        return context.make_tuple(builder, signature.return_type, loaded)

    return types.UniTuple(vector, count.literal_value)(D, column, count), emit


@intrinsic(prefer_literal=True)
def spread_digits(_context, D, column, count):
    """D[k, column : column + 4], sixteen times, for k < count, a literal."""

    def emit(context, builder, signature, arguments):
        places = _places(context, builder, signature, arguments, _I32)
        spread = [_spread(builder, builder.load(place, align=1), _WORDS) for place in places]
        return context.make_tuple(builder, signature.return_type, spread)

    return types.UniTuple(vector, count.literal_value)(D, column, count), emit


@intrinsic(prefer_literal=True)
def no_sums(_context, count):
    """Zeros: `count` vectors, a literal."""

    def emit(context, builder, signature, _arguments):
        zeros = [ir.Constant(_WORDS, [0] * 16)] * signature.return_type.count
        return context.make_tuple(builder, signature.return_type, zeros)

    return types.UniTuple(vector, count.literal_value)(count), emit


@intrinsic
def add_products(_context, sums, pixels, digits):
    """sums_k + pixels * digits_k, each four neighbours together, for every k."""

    def emit(context, builder, signature, arguments):
        kind = ir.FunctionType(_WORDS, [_WORDS] * 3)
        name = "llvm.x86.avx512.vpdpbusd.512"
        instruction = builder.module.declare_intrinsic(name, [], kind)
        held, factors = (cgutils.unpack_tuple(builder, arguments[i]) for i in (0, 2))
        added = [
            builder.call(instruction, [s, arguments[1], d])
            for s, d in zip(held, factors, strict=True)
        ]
        return context.make_tuple(builder, signature.return_type, added)

    return sums(sums, pixels, digits), emit


@intrinsic
def interleave(_context, x0, x1, x2, x3):
    """Four rows of 64 columns as four vectors, each 16 columns of four rows, by columns.

    Word 4 L + i of vector q is column 16 L + 4 q + i: bytes are paired within 16 neighbours.
    """

    def emit(context, builder, signature, arguments):
        a, b, c, d = (_cast(builder, x, 8) for x in arguments)
        words = []
        for half in (0, 1):
            pairs = [_shuffle(builder, x, y, half) for x, y in ((a, b), (c, d))]
            pair, next_pair = (_cast(builder, x, 16) for x in pairs)
            fours = [_shuffle(builder, pair, next_pair, quarter) for quarter in (0, 1)]
            words += [_cast(builder, x, 32) for x in fours]
        return context.make_tuple(builder, signature.return_type, words)

    return types.UniTuple(vector, 4)(x0, x1, x2, x3), emit


@intrinsic
def total(_context, sums):
    """The number that the sums of all words and digits are: float64."""

    def emit(_, builder, _signature, arguments):
        kind = ir.FunctionType(ir.DoubleType(), [ir.DoubleType(), _DOUBLES])
        reduce = builder.module.declare_intrinsic("llvm.vector.reduce.fadd.v16f64", [], kind)
        words = _numbers(builder, arguments[0])
        return builder.call(reduce, [ir.DoubleType()(0.0), words], fastmath=("reassoc",))

    return types.float64(sums), emit


@intrinsic
def add_numbers(_context, g, place, sums, unit):
    """g[place : place + 16] += unit * the numbers of the sums, in float64."""

    def emit(context, builder, signature, arguments):
        array, index, held, factor = arguments
        numbers = _numbers(builder, held)
        scaled = builder.fmul(numbers, _spread(builder, factor, _DOUBLES), flags=_FUSED)
        target = _address(context, builder, signature.args[0], array, [index], _DOUBLES)
        added = builder.fadd(scaled, builder.load(target, align=8), flags=_FUSED)
        builder.store(added, target, align=8)
        return context.get_dummy_value()

    return types.void(g, place, sums, unit), emit


def _address(context, builder, kind, array, indices, pointed):
    held = arrayobj.make_array(kind)(context, builder, array)
    place = cgutils.get_item_pointer(context, builder, kind, held, indices)
    return builder.bitcast(place, pointed.as_pointer())


def _places(context, builder, signature, arguments, pointed):
    D, column = arguments[:2]
    rows = (context.get_constant(types.intp, k) for k in range(signature.return_type.count))
    kind = signature.args[0]
    return [_address(context, builder, kind, D, [row, column], pointed) for row in rows]


def _spread(builder, scalar, kind):
    undefined = ir.Constant(kind, ir.Undefined)
    return builder.shuffle_vector(
        builder.insert_element(undefined, scalar, _I32(0)), undefined, _FIRST
    )


def _cast(builder, x, bits):
    return builder.bitcast(x, ir.VectorType(ir.IntType(bits), 8 * WIDTH // bits))


def _shuffle(builder, x, y, high):
    """The lower or the higher half of every 16 bytes of x and y, one of each in turn."""
    count = x.type.count
    lane = count // 4
    starts = range(high * lane // 2, count, lane)
    order = [j + e for s in starts for j in range(s, s + lane // 2) for e in (0, count)]
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(_I32, count), order))


def _numbers(builder, sums):
    """sum_k 256^k sums_k in float64, word by word, the highest digits first.

    Two neighbours at a time are one whole number: `MOST_SUMS` bounds them.
    """
    held = cgutils.unpack_tuple(builder, sums)
    pairs = [_pair(builder, *held[k : k + 2]) for k in range(0, len(held), 2)]
    *lower, value = (builder.sitofp(pair, _DOUBLES) for pair in pairs)
    base = ir.Constant(_DOUBLES, [BASE**2] * 16)
    for digit in reversed(lower):
        value = builder.fadd(builder.fmul(value, base, flags=_FUSED), digit, flags=_FUSED)
    return value


def _pair(builder, low, high=None):
    if high is None:
        return low
    return builder.add(low, builder.mul(high, ir.Constant(_WORDS, [int(BASE)] * 16)))
