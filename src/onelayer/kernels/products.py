"""The two products of a pass over several columns: Z += B W and g += B^T Z.

B (rows, n) is a tile of rows, W and g (n, K), Z (rows, K). Along which axis the vector units run is
told by the layout of W. In C order it is the columns, in register tiles (`tiles.py`). In Fortran's
order it is the features, in tiles of 4 rows by 4 columns whose sixteen sums stay in registers: for
few columns, which would leave most of a vector empty.
"""

from __future__ import annotations

import numpy as np
from numba.extending import overload

from onelayer.kernels.compile import helper
from onelayer.kernels.elementary import zeros
from onelayer.kernels.tiles import add_product, whole_columns, whole_rows

FEW = 8  # columns; see `padded`


def padded(W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W (n, k) and b (k,) with zeros up to whole tiles, in the layout that is faster for them.

    With k = 2 to 4, a pass over 20000 x 784 bytes takes 6 ms along the features and 13 along the
    columns; with k = 8 9.5 and 13.5, 10 12.5 and 13, 16 16 and 14.5, 40 36 and 27 (one thread of a
    Sapphire Rapids). Of float64 a vector holds 8: its tiles are as fast with 5 to 8, a tenth slower
    with 2 to 4, and a machine's first command need not compile for both layouts.
    """
    n, k = W.shape
    few = k <= FEW and W.itemsize < 8
    columns = k + -k % 4 if few else whole_columns(k, W.itemsize)
    # Never a single row, which would be in both orders at once.
    rows = np.zeros((whole_rows(n), columns), W.dtype, order="F" if few else "C")
    offsets = np.zeros(columns, W.dtype)
    rows[:n, :k], offsets[:k] = W, b
    return rows, offsets


def zeros_as(W):
    """Zeros of W's shape and layout."""
    return np.zeros_like(W)


@overload(zeros_as, inline="always")
def _zeros_as(W):
    if W.layout == "C":
        return lambda W: zeros(W.shape[0], W.shape[1], W.dtype)
    return lambda W: zeros(W.shape[1], W.shape[0], W.dtype).T


def add_forward(B, W, Z):
    """Z += B W."""
    Z += B @ W


@overload(add_forward, inline="always")
def _add_forward(B, W, Z):  # noqa: ARG001
    if W.layout == "C":
        return lambda B, W, Z: add_product(B, W, Z)
    return lambda B, W, Z: add_dots(B, W.T, Z)


def add_backward(B, Z, g):
    """g += B^T Z."""
    g += B.T @ Z


@overload(add_backward, inline="always")
def _add_backward(B, Z, g):  # noqa: ARG001
    if g.layout == "C":
        return lambda B, Z, g: add_product(B.T, Z, g)
    return lambda B, Z, g: add_outer(B, Z, g.T)


@helper
def add_dots(B, W, Z):
    """Z += B W^T; W (K, n)."""
    for c in range(0, len(W), 4):
        for i in range(0, len(B), 4):
            a00 = a01 = a02 = a03 = Z.dtype.type(0)
            a10 = a11 = a12 = a13 = Z.dtype.type(0)
            a20 = a21 = a22 = a23 = Z.dtype.type(0)
            a30 = a31 = a32 = a33 = Z.dtype.type(0)
            for j in range(B.shape[1]):
                x0, x1, x2, x3 = B[i, j], B[i + 1, j], B[i + 2, j], B[i + 3, j]
                w0, w1, w2, w3 = W[c, j], W[c + 1, j], W[c + 2, j], W[c + 3, j]
                a00 += x0 * w0
                a01 += x0 * w1
                a02 += x0 * w2
                a03 += x0 * w3
                a10 += x1 * w0
                a11 += x1 * w1
                a12 += x1 * w2
                a13 += x1 * w3
                a20 += x2 * w0
                a21 += x2 * w1
                a22 += x2 * w2
                a23 += x2 * w3
                a30 += x3 * w0
                a31 += x3 * w1
                a32 += x3 * w2
                a33 += x3 * w3
            Z[i, c] += a00
            Z[i, c + 1] += a01
            Z[i, c + 2] += a02
            Z[i, c + 3] += a03
            Z[i + 1, c] += a10
            Z[i + 1, c + 1] += a11
            Z[i + 1, c + 2] += a12
            Z[i + 1, c + 3] += a13
            Z[i + 2, c] += a20
            Z[i + 2, c + 1] += a21
            Z[i + 2, c + 2] += a22
            Z[i + 2, c + 3] += a23
            Z[i + 3, c] += a30
            Z[i + 3, c + 1] += a31
            Z[i + 3, c + 2] += a32
            Z[i + 3, c + 3] += a33


@helper
def add_outer(B, Z, g):
    """g += Z^T B; g (K, n)."""
    for c in range(0, len(g), 4):
        for i in range(0, len(B), 4):
            d00, d01, d02, d03 = Z[i, c], Z[i, c + 1], Z[i, c + 2], Z[i, c + 3]
            d10, d11, d12, d13 = Z[i + 1, c], Z[i + 1, c + 1], Z[i + 1, c + 2], Z[i + 1, c + 3]
            d20, d21, d22, d23 = Z[i + 2, c], Z[i + 2, c + 1], Z[i + 2, c + 2], Z[i + 2, c + 3]
            d30, d31, d32, d33 = Z[i + 3, c], Z[i + 3, c + 1], Z[i + 3, c + 2], Z[i + 3, c + 3]
            for j in range(B.shape[1]):
                x0, x1, x2, x3 = B[i, j], B[i + 1, j], B[i + 2, j], B[i + 3, j]
                g[c, j] += x0 * d00 + x1 * d10 + x2 * d20 + x3 * d30
                g[c + 1, j] += x0 * d01 + x1 * d11 + x2 * d21 + x3 * d31
                g[c + 2, j] += x0 * d02 + x1 * d12 + x2 * d22 + x3 * d32
                g[c + 3, j] += x0 * d03 + x1 * d13 + x2 * d23 + x3 * d33
