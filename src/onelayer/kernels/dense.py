"""Fused passes over dense rows: forward and backward while the rows are in the cache."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onelayer.kernels.compile import kernel
from onelayer.kernels.numbers import widen

FLUSH = 256  # rows whose gradient is summed in the product's type before it joins float64


@kernel
def binary_pass(
    X: Any, w: Any, b: Any, targets: Any, weights: Any, start: int, stop: int, G: Any
) -> Any:
    """Loss and db of rows start..stop; their X^T (v dz) is added to G (n,), float64.

    Four rows at a time share each read of w and of the gradient.
    """
    n = X.shape[1]
    g = np.zeros(n, w.dtype)
    loss = 0.0
    db = 0.0
    dz = np.empty(4, w.dtype)
    for r in range(start, stop, 4):
        rows = min(4, stop - r)
        r0, r1, r2, r3 = r, min(r + 1, stop - 1), min(r + 2, stop - 1), min(r + 3, stop - 1)
        z0 = z1 = z2 = z3 = w.dtype.type(0)
        for j in range(n):
            wj = w[j]
            z0 += widen(X[r0, j]) * wj
            z1 += widen(X[r1, j]) * wj
            z2 += widen(X[r2, j]) * wj
            z3 += widen(X[r3, j]) * wj
        dz[:] = 0
        for i in range(rows):
            z = b + (z0 if i == 0 else z1 if i == 1 else z2 if i == 2 else z3)
            y = targets[r + i]
            v = weights[r + i]
            e = math.exp(-abs(z))
            loss += v * (max(z, 0.0) - y * z + math.log1p(e))
            s = 1 - 2 * y
            u = s * z
            d = v * s * ((1.0 if u >= 0 else e) / (1 + e))
            db += d
            dz[i] = d
        d0, d1, d2, d3 = dz[0], dz[1], dz[2], dz[3]
        for j in range(n):
            g[j] += (
                widen(X[r0, j]) * d0
                + widen(X[r1, j]) * d1
                + widen(X[r2, j]) * d2
                + widen(X[r3, j]) * d3
            )
        if (r - start) % FLUSH == FLUSH - 4:
            for j in range(n):
                G[j] += g[j]
                g[j] = 0
    for j in range(n):
        G[j] += g[j]
    return loss, db
