"""Small linear algebra between passes, off BLAS's threads (see `vectors.py`)."""

from __future__ import annotations

from onelayer.kernels import tiles
from onelayer.kernels.compile import kernel


@kernel
def solve_forward(strip, start, r):
    """L^-1 r, in place, in the rows from `start` that the strip has of L (see `strips.py`)."""
    for i in range(len(strip)):
        known = r.dtype.type(0)
        for j in range(start + i):
            known += strip[i, j] * r[j]
        r[start + i] = (r[start + i] - known) / strip[i, start + i]


@kernel
def solve_backward(strip, start, r):
    """L^-T r, in place: what the strip's rows of L, the last first, have to say of r."""
    for i in range(len(strip) - 1, -1, -1):
        r[start + i] /= strip[i, start + i]
        factor = r[start + i]
        for j in range(start + i):
            r[j] -= strip[i, j] * factor


@kernel
def tile_product(A, P, C):
    """C += A P in whole tiles (see `tiles.py`)."""
    tiles.add_product(A, P, C)


@kernel
def plain_product(A, B, C):
    """C += A B for small ones; A (p, q), B (q, k)."""
    for i in range(len(A)):
        for j in range(len(B)):
            for c in range(C.shape[1]):
                C[i, c] += A[i, j] * B[j, c]


@kernel
def rows_times(S, g, start, stop, products):
    """Add S[:, start:stop] g[start:stop] to products (p,), float64."""
    for i in range(len(S)):
        total = S.dtype.type(0)
        for j in range(start, stop):
            total += S[i, j] * g[j]
        products[i] += total


@kernel
def combine_rows(c, S, start, stop, out):
    """Add sum_i c_i S[i, start:stop] to out[start:stop]."""
    for i in range(len(S)):
        for j in range(start, stop):
            out[j] += c[i] * S[i, j]


@kernel
def triangles_squared(packed, right, first, last, solution):
    """Add L_c^T L_c right_c to solution_c for the triangles c of first..last; both (k, n).

    packed (k, n (n + 1) / 2) has the rows of each L_c, lower triangles, one after another. A row
    serves both products while it is in the cache.
    """
    for c in range(first, last):
        start = 0
        for i in range(right.shape[1]):
            total = packed.dtype.type(0)
            for j in range(i + 1):
                total += packed[c, start + j] * right[c, j]
            for j in range(i + 1):
                solution[c, j] += packed[c, start + j] * total
            start += i + 1
