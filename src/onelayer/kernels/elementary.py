"""How one stored number becomes a factor, and the functions of the loss without a call."""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from onelayer.kernels.compile import helper, strict_helper

HALF_BIAS = np.float32(2.0**112)  # between the exponents of float16 and float32
LOG2_E = np.float32(1.4426950408889634)
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)  # Cody and Waite 1980
# 1 + r + E2 r^2 + ... + E6 r^6 with the least relative error for |r| <= log(2) / 2: 4e-9, where
# the series to r^6 is off by 2e-7. Found by iteratively reweighted least squares.
E2, E3, E4 = np.float32(0.499999934), np.float32(0.166665206), np.float32(0.0416683881)
E5, E6 = np.float32(0.00836871696), np.float32(0.00138145986)
THIRD, FIFTH, SEVENTH = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)
NINTH, ELEVENTH, THIRTEENTH = np.float32(1 / 9), np.float32(1 / 11), np.float32(1 / 13)
UNDERFLOW = np.float32(-87.0)
LOG2_OF_E, LN2_MOST, LN2_REST = 1.4426950408889634, 6.93147180369123816e-01, 1.90821492927058770e-10
LEAST = -708.0


def widen(x):
    """X as a factor: uint8 and float16 (its bits, uint16) as float32, floats as they are."""
    return x


def _half(x):
    bits = np.uint32(x)
    magnitude = np.uint32((bits & np.uint32(0x7FFF)) << np.uint32(13)).view(np.float32)
    sign = np.float32(1.0) - np.float32((bits >> np.uint32(14)) & np.uint32(2))
    return sign * (magnitude * HALF_BIAS)


_WIDEN = {types.uint8: lambda x: np.float32(x), types.uint16: _half}


@overload(widen, inline="always")
def _widen(x):
    return _WIDEN.get(x, lambda x: x)


@helper
def zeros(rows, columns, kind):
    """Zeros (rows, columns); `np.zeros` itself is compiled anew for each way to say its shape."""
    return np.zeros((rows, columns), kind)


def exp_negative(x):
    """e^x for x <= 0; in float32 without a call, so that a loop over it is vectorised."""
    return math.exp(x)


def _exp_float32(x):
    """2^n e^r with |r| <= log(2) / 2, e^r by a polynomial: right to 2 units in the last."""
    x = max(x, UNDERFLOW)
    n = math.floor(x * LOG2_E + np.float32(0.5))
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = E6 * r + E5
    p = p * r + E4
    p = p * r + E3
    p = p * r + E2
    p = p * r + np.float32(1.0)
    p = p * r + np.float32(1.0)
    return p * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@overload(exp_negative, inline="always")
def _exp_negative(x):
    return _exp_float32 if x == types.float32 else (lambda x: math.exp(x))


@strict_helper
def exp_or_zero(x):
    """e^x for float64 x <= 0 without a call, and 0 for what is less than the least normal float.

    2^n e^r as `exp_negative` has it, e^r by its series: right to 1.1 units in the last.
    """
    n = math.floor(max(x, LEAST) * LOG2_OF_E + 0.5)
    r = (x - n * LN2_MOST) - n * LN2_REST
    p = r / 6227020800 + 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    power = np.int64((np.int64(n) + 1023) << np.int64(52)).view(np.float64)
    return p * power if x >= LEAST else 0.0


@helper
def log_1p(e):
    """log(1 + e) for float32 0 <= e <= 1 without a call: 2 artanh(e / (2 + e)), right to 4e-8."""
    s = e / (np.float32(2.0) + e)
    t = s * s
    p = t * THIRTEENTH + ELEVENTH
    p = p * t + NINTH
    p = p * t + SEVENTH
    p = p * t + FIFTH
    p = p * t + THIRD
    return np.float32(2.0) * (s + s * t * p)
