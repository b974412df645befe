"""How one stored number becomes the number that products are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

HALF_BIAS = np.float32(2.0**112)  # between the exponents of float16 and float32


def widen(x: Any) -> Any:
    """x as a factor: uint8 and float16 (its bits, uint16) as float32, floats as they are."""
    return x


def _half(x):  # type: ignore
    bits = np.uint32(x)
    magnitude = np.uint32((bits & np.uint32(0x7FFF)) << np.uint32(13)).view(np.float32)
    sign = np.float32(1.0) - np.float32((bits >> np.uint32(14)) & np.uint32(2))
    return sign * (magnitude * HALF_BIAS)


_CONVERSIONS = {types.uint8: lambda x: np.float32(x), types.uint16: _half}


@overload(widen, inline="always")
def _widen(x):
    return _CONVERSIONS.get(x, lambda x: x)
