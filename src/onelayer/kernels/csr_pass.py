"""Fused passes over sparse rows (CSR): forward and backward while a row is in the cache.

As in `dense_pass.py`, A, the activations, has no rows for the loss and all for a Hessian product,
and `width` is None for binary problems.
Sums are float64 throughout: a sparse pass waits for memory, not for arithmetic.
"""

from __future__ import annotations

import math

import numpy as np

from onelayer.kernels.compile import kernel, strict_helper, strict_kernel
from onelayer.kernels.dense_pass import binary_row, curvature_row, margin_row, share_row
from onelayer.kernels.prefetch import prefetch_due
from onelayer.kernels.sparse_sums import row_sums


@strict_helper
def row_forward(data, indices, first, last, w):
    """X w of one row; four sums hide the latency of reading w out of order."""
    z0 = z1 = z2 = z3 = 0.0
    e = first
    while e + 4 <= last:
        z0 += data[e] * w[indices[e]]
        z1 += data[e + 1] * w[indices[e + 1]]
        z2 += data[e + 2] * w[indices[e + 2]]
        z3 += data[e + 3] * w[indices[e + 3]]
        e += 4
    while e < last:
        z0 += data[e] * w[indices[e]]
        e += 1
    return (z0 + z1) + (z2 + z3)


@strict_helper
def row_backward(data, indices, first, last, dz, G):
    """Add x^T dz of one row to G (n,)."""
    for e in range(first, last):
        G[indices[e]] += dz * data[e]


@strict_kernel
def csr_binary_pass(data, indices, indptr, w, b, targets, weights, A, start, stop, G):
    """Loss and db of rows start..stop; their X^T dz is added to G (n,)."""
    loss = 0.0
    db = 0.0
    z = np.empty(1)
    for r in range(start, stop):
        v = weights[r]
        if v == 0:
            continue
        first, last = indptr[r], indptr[r + 1]
        z[0] = b + row_forward(data, indices, first, last, w)
        if len(A) == 0:
            loss += v * binary_row(z, 0, targets[r], v)
        else:
            curvature_row(z, A[r], 0, 1, v)
        db += z[0]
        row_backward(data, indices, first, last, z[0], G)
    return loss, db


@kernel
def csr_columns_pass(
    data, indices, indptr, W, b, width, targets, weights, A, U, start, stop, G, db, loss
):
    """The same for k columns: W, G (n, k); b, db (k,); weights (m, problems); loss (problems,).

    With rows in U (m, k) dz is left there, for `csc_gather`, and G as it was.
    """
    k = len(b)
    row = np.empty((1, k), W.dtype)
    z = row[0]
    for r in range(start, stop):
        if weights.shape[1] == 1 and weights[r, 0] == 0:
            if len(U) > 0:
                U[r] = 0
            continue
        row_sums(data, indices, indptr[r], indptr[r + 1], W, row, 0)
        z += b
        for p in range(weights.shape[1]):
            v = weights[r, p]
            if width is None:
                if len(A) > 0:
                    curvature_row(z, A[r], p, 1, v)
                else:
                    loss[p] += v * binary_row(z, p, targets[r], v)
            elif len(A) > 0:
                curvature_row(z, A[r], p * width, width, v)
            else:
                first = p * width
                loss[p] += v * margin_row(z, first, width, targets[r])
                for c in range(first, first + width):
                    z[c] = math.exp(z[c])
                loss[p] += v * share_row(z, first, width, targets[r], v)
        db += z
        if len(U) > 0:
            U[r] = z
            continue
        for e in range(indptr[r], indptr[r + 1]):
            prefetch_due(G, indices, e, indptr[stop])
            x, j = data[e], indices[e]
            for c in range(k):
                G[j, c] += x * z[c]


@kernel
def csc_gather(data, indices, indptr, U, start, stop, G):
    """G[start:stop] = (X^T U)[start:stop] for X by columns (CSC), U (m, k) and k columns."""
    for j in range(start, stop):
        row_sums(data, indices, indptr[j], indptr[j + 1], U, G, j)


@strict_kernel
def csr_forward_pass(data, indices, indptr, W, b, start, stop, Z):
    """Z[start:stop] = X W + b for k columns; W (n, k)."""
    k = len(b)
    if k == 1:
        w = W.reshape(W.size)  # which Numba knows to be contiguous, as it does not know W[:, 0]
        for r in range(start, stop):
            Z[r, 0] = b[0] + row_forward(data, indices, indptr[r], indptr[r + 1], w)
        return
    for r in range(start, stop):
        row_sums(data, indices, indptr[r], indptr[r + 1], W, Z, r)
        for c in range(k):
            Z[r, c] += b[c]


@strict_kernel
def csr_moments_pass(data, indices, indptr, h, start, stop, moments):
    """Add sum_i h_i x_i, and sum_i h_i x_i^2 if there is room, to moments (1 or 2, n, k).

    h (m, k); over rows start..stop.
    """
    squares = len(moments) > 1
    if h.shape[1] == 1 and not squares:
        G = moments.reshape(moments.size)
        for r in range(start, stop):
            if h[r, 0] != 0:
                row_backward(data, indices, indptr[r], indptr[r + 1], h[r, 0], G)
        return
    for r in range(start, stop):
        if not h[r].any():
            continue
        for e in range(indptr[r], indptr[r + 1]):
            prefetch_due(moments[0], indices, e, indptr[stop])
            x, j = np.float64(data[e]), indices[e]
            for c in range(h.shape[1]):
                u = h[r, c] * x
                moments[0, j, c] += u
                if squares:
                    moments[1, j, c] += u * x
