"""Hessian products of softmax over the activations that have curvature, row after row.

A row's x meets the W of its own classes alone: two vectors from the second-level cache for each of
them, where the products of all classes run from registers. An activation takes twice as long.
"""

from __future__ import annotations

import numpy as np

from onelayer.kernels.compile import kernel, strict_kernel
from onelayer.kernels.dense_pass import FLUSH, flush
from onelayer.kernels.elementary import widen


@strict_kernel
def count_kept(A, weights, least, starts):
    """starts[i + 1] = how many activations of row i have v a (1 - a) >= least, and its largest.

    0 where that would be alone: one class by itself has no curvature. Both this and `fill_kept` are
    strict: were products fused in one of them alone, they would not count the same at `least`.
    """
    for i in range(len(A)):
        top, others = np.argmax(A[i]), 0
        for c in range(A.shape[1]):
            a = A[i, c]
            if c != top and weights[i] * a * (1 - a) >= least:
                others += 1
        starts[i + 1] = others + 1 if others > 0 else 0


@strict_kernel
def fill_kept(A, weights, least, starts, classes, activations):
    """Those activations and their classes, the largest of a row first.

    It has what the others lack: each row sums to 1.
    """
    for i in range(len(A)):
        t = starts[i]
        if starts[i + 1] == t:
            continue
        top = np.argmax(A[i])
        classes[t] = top
        others = A.dtype.type(0)
        t += 1
        for c in range(A.shape[1]):
            a = A[i, c]
            if c != top and weights[i] * a * (1 - a) >= least:
                classes[t], activations[t] = c, a
                others += a
                t += 1
        activations[starts[i]] = 1 - others


@kernel
def thinned_pass(X, centre, V, c, starts, classes, activations, weights, start, stop, G, db):
    """Add X'^T (v (d2L/dz2) (X' V + c)) of rows start..stop to G, its intercept part to db.

    V and G are (k, n), a class a row. Each class is taken against the row's largest, whose part is
    minus the sum of the others: where softmax is sure, rounding would hide all that is left of a
    difference from the mean, and of weak penalties more than they are.
    """
    k, n = V.shape
    x, u = np.empty(n, V.dtype), np.empty(k, V.dtype)
    g = np.zeros(V.shape, V.dtype)
    pending = 0
    for i in range(start, stop):
        first, last = starts[i], starts[i + 1]
        if first == last:
            continue
        for j in range(n):
            wide = widen(X[i, j])
            x[j] = wide if centre is None else wide - centre[j]
        mean = V.dtype.type(0)
        for t in range(first, last):
            row, z = V[classes[t]], V.dtype.type(0)
            for j in range(n):
                z += row[j] * x[j]
            u[t - first] = z + c[classes[t]]
        for t in range(first + 1, last):
            u[t - first] -= u[0]
            mean += activations[t] * u[t - first]
        u[0] = 0
        for t in range(first + 1, last):
            u[t - first] = weights[i] * activations[t] * (u[t - first] - mean)
            u[0] -= u[t - first]
        for t in range(first, last):
            dz = u[t - first]
            db[classes[t]] += dz
            row = g[classes[t]]
            for j in range(n):
                row[j] += dz * x[j]
        pending += last - first
        if pending >= FLUSH * k:
            flush(g, G)
            pending = 0
    flush(g, G)
