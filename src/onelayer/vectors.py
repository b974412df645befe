"""Sums over vectors that stay clear of BLAS.

After a threaded product OpenBLAS's idle threads spin for some 20 ms, and take a core from the
kernels of the next pass: one norm of 10000 numbers between two passes made L1 fits take three
times as long. NumPy's own loops are as fast at these sizes.
"""

from __future__ import annotations

import numpy as np


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """sum a b over all elements, in float64."""
    return float(np.multiply(a, b, dtype=np.float64).sum())


def norm(a: np.ndarray) -> float:
    """sqrt(sum a^2)."""
    return float(np.sqrt(dot(a, a)))
