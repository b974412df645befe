"""Weighted Gram matrices, one a class, and the inverses of their factors, off BLAS's threads.

A class is one thread's, so that all cores are at work on matrices that are too small to be shared,
and their bytes do not depend on the number of threads. Matrices are (N, N) with N in whole strips
(`whole_strips`); what lies beyond n is the identity's.
"""

from __future__ import annotations

import numpy as np

from onelayer.kernels.compile import helper, kernel
from onelayer.kernels.tiles import add_product

STRIP = (
    48  # theory: columns of a strip, three vectors of the widest processors, and six tiles' rows
)
CHUNK = 256  # guard: rows that are gathered at a time: half of a second-level cache for 500 columns


def whole_strips(n: int) -> int:
    """N rounded up to whole strips."""
    return n + -n % STRIP


@kernel
def add_weighted_gram(X, rows, roots, gram):
    """The lower triangle of gram (N, N) += sum_t roots_t^2 x x^T, x = X[rows[t]] (n,)."""
    n, N = X.shape[1], len(gram)
    S = np.zeros((CHUNK, N), gram.dtype)
    for first in range(0, len(rows), CHUNK):
        count = min(CHUNK, len(rows) - first)
        for t in range(count):
            root, x, scaled = roots[first + t], X[rows[first + t]], S[t]
            for j in range(n):
                scaled[j] = root * x[j]
        for left in range(0, N, STRIP):
            P = S[:count, left : left + STRIP]
            add_product(S[:count, left:].T, P, gram[left:, left : left + STRIP])


@kernel
def invert_factor(M):
    """L^-1 in place of M = L L^T, of whose lower triangle alone it knows; False without an L.

    Strip by strip: a strip of L from those left of it, then one of rows of L^-1 from those above.
    """
    product = np.empty((STRIP, STRIP), M.dtype)
    for left in range(0, len(M), STRIP):
        right = left + STRIP
        corner = M[left:right, left:right]
        above = -M[left:right, :left].T.copy()
        add_product(M[left:, :left], above, M[left:, left:right])
        if not _invert_corner(corner):
            return False
        turned = corner.T.copy()
        for start in range(right, len(M), STRIP):
            block = M[start : start + STRIP, left:right]
            product[:] = 0
            add_product(block, turned, product)
            block[:] = product
    for top in range(STRIP, len(M), STRIP):
        bottom = top + STRIP
        corner = -M[top:bottom, top:bottom].copy()
        for left in range(0, top, STRIP):
            right = left + STRIP
            product[:] = 0
            add_product(M[top:bottom, left:top], M[left:top, left:right], product)
            M[top:bottom, left:right] = 0
            add_product(corner, product, M[top:bottom, left:right])
    return True


@helper
def _invert_corner(C):
    """L^-1 in place of a strip's own corner C = L L^T, zeros above; False where it has none."""
    for j in range(STRIP):
        for i in range(j, STRIP):
            for t in range(j):
                C[i, j] -= C[i, t] * C[j, t]
        if not C[j, j] > 0:
            return False
        pivot = np.sqrt(C[j, j])
        for i in range(j, STRIP):
            C[i, j] /= pivot
    for i in range(STRIP):
        C[i, i] = 1 / C[i, i]
        for j in range(i):
            known = C.dtype.type(0)
            for t in range(j, i):
                known += C[i, t] * C[t, j]
            C[i, j] = -known * C[i, i]
        C[i, i + 1 :] = 0
    return True
