"""One ascent of the dual through sparse rows, an example at a time. See `solvers/dual/ascent.py`.

Not for several threads: every example changes the W that the next one reads.
"""

from __future__ import annotations

import math

import numpy as np

from onelayer.kernels.compile import helper, strict_helper, strict_kernel
from onelayer.kernels.csr_pass import row_backward, row_forward
from onelayer.kernels.dense_pass import largest
from onelayer.kernels.prefetch import prefetch_entries
from onelayer.kernels.sparse_sums import row_sums

ITERATIONS = 8  # of Newton's method on one example; two are enough as a rule
CLOSE = 0.1  # of the way still to go may be left: the next visit goes on
AHEAD = 2  # rows; rows in random order come 1.45 times as fast when asked for, 1 or 2 ahead


@helper
def _prefetch_row(data, indices, indptr, order, turn):
    """Ask for the row whose turn it will be, if there is one."""
    if turn < len(order):
        first, last = indptr[order[turn]], indptr[order[turn] + 1]
        prefetch_entries(data, first, last)
        prefetch_entries(indices, first, last)


@helper
def sigma(z):
    """1 / (1 + e^-z)."""
    e = math.exp(-abs(z))
    return (1.0 if z >= 0 else e) / (1 + e)


@helper
def _length(spread):
    """Of a Newton step along which no difference of two z changes by more than `spread`.

    log(1 + s) / s always gains (Bach 2010: the third derivative is at most s times the second);
    a whole step does too up to s = 1.79.
    """
    return 1.0 if spread <= 1 else math.log1p(spread) / spread


@strict_kernel
def csr_ascend_binary(data, indices, indptr, order, weights, q, rates, least, w, b, A, Z):
    """Each example of `order` to its best a, and w (n,) and b (1,) after it; A, Z (m, 1).

    One that would move by less than `least`, as v da dz, stays for now: half of a read's time is
    writing w. Returns sum v a (1 - a) (z - x w - b)^2 / 2 as it was met: about the gap before.
    """
    slack = 0.0
    for turn, r in enumerate(order):
        _prefetch_row(data, indices, indptr, order, turn + AHEAD)
        first, last = indptr[r], indptr[r + 1]
        far = b[0] + row_forward(data, indices, first, last, w)
        before, z = A[r, 0], Z[r, 0]
        slack += weights[r] * before * (1 - before) * (far - z) ** 2 / 2
        a = before
        for _ in range(ITERATIONS):
            step = (z + q[r] * (a - before) - far) / (1 + q[r] * a * (1 - a))
            step *= _length(abs(step))
            z -= step
            a = sigma(z)
            if abs(step) <= CLOSE * abs(z - Z[r, 0]):
                break
        u = weights[r] * (before - a)
        if abs(u * (Z[r, 0] - z)) < least:
            continue
        A[r, 0], Z[r, 0] = a, z
        b[0] += u * rates[1]
        row_backward(data, indices, first, last, u * rates[0], w)
    return slack


@strict_kernel
def csr_ascend_softmax(data, indices, indptr, order, weights, q, rates, least, W, b, A, Z):
    """The same for K classes: W (n, K), b (K,); A, Z (m, K).

    Newton's method on z + q (softmax(z) - a) = x W + b, whose Jacobian is diagonal but for one
    product: (1 + q a_c) on the diagonal, less q a a^T.
    """
    k = len(b)
    slack = 0.0
    row, z, a, step = np.empty((1, k)), np.empty(k), np.empty(k), np.empty(k)
    far = row[0]
    for turn, r in enumerate(order):
        _prefetch_row(data, indices, indptr, order, turn + AHEAD)
        row_sums(data, indices, indptr[r], indptr[r + 1], W, row, 0)
        far += b
        mean = square = 0.0
        for c in range(k):
            z[c] = Z[r, c]
            mean += A[r, c] * (far[c] - z[c])
            square += A[r, c] * (far[c] - z[c]) ** 2
            a[c] = A[r, c]
        slack += weights[r] * (square - mean * mean) / 2
        for _ in range(ITERATIONS):
            moved = rest = 0.0
            for c in range(k):
                step[c] = (z[c] + q[r] * (a[c] - A[r, c]) - far[c]) / (1 + q[r] * a[c])
                moved += a[c] * step[c]
                rest += a[c] / (1 + q[r] * a[c])
            shift = q[r] * moved / rest
            low = high = moved = whole = 0.0
            for c in range(k):
                step[c] += shift * a[c] / (1 + q[r] * a[c])
                low, high = min(low, step[c]), max(high, step[c])
            length = _length(high - low)
            for c in range(k):
                z[c] -= length * step[c]
                moved = max(moved, abs(step[c]))
                whole = max(whole, abs(z[c] - Z[r, c]))
            _softmax(z, a)
            if length * moved <= CLOSE * whole:
                break
        moved = 0.0
        for c in range(k):
            moved += (A[r, c] - a[c]) * (Z[r, c] - z[c])
        if weights[r] * abs(moved) < least:
            continue
        for c in range(k):
            step[c] = weights[r] * (A[r, c] - a[c])
            A[r, c], Z[r, c] = a[c], z[c]
            b[c] += rates[1] * step[c]
            step[c] *= rates[0]
        for e in range(indptr[r], indptr[r + 1]):
            x, j = data[e], indices[e]
            for c in range(k):
                W[j, c] += x * step[c]
    return slack


@strict_helper
def _softmax(z, a):
    """A = softmax(z)."""
    z_max = largest(z, 0, len(z))
    total = 0.0
    for c in range(len(z)):
        a[c] = math.exp(z[c] - z_max)
        total += a[c]
    for c in range(len(z)):
        a[c] /= total


@strict_kernel
def csr_row_squares(data, indptr, start, stop, squares):
    """||x||^2 of rows start..stop."""
    for r in range(start, stop):
        total = 0.0
        for e in range(indptr[r], indptr[r + 1]):
            total += np.float64(data[e]) * data[e]
        squares[r] = total
