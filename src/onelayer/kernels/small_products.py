"""Small linear algebra between passes, off BLAS's threads (see `vectors.py`)."""

from __future__ import annotations

from onelayer.kernels import tiles
from onelayer.kernels.compile import kernel


@kernel
def cholesky_solve_one(L, r):
    """R = (L L^T)^-1 r, in place, for one right-hand side (n,)."""
    n = len(L)
    for i in range(n):
        known = r.dtype.type(0)
        for j in range(i):
            known += L[i, j] * r[j]
        r[i] = (r[i] - known) / L[i, i]
    for i in range(n - 1, -1, -1):
        r[i] /= L[i, i]
        factor = r[i]
        for j in range(i):
            r[j] -= L[i, j] * factor


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
