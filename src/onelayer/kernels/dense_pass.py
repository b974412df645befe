"""Fused passes over dense rows: forward and backward while the rows are in the cache.

Each kernel serves two passes that differ in one line, what it puts in the place of dz:
the residual v (a - y) for the loss, and h (X v) for a Hessian product, where `A`, the activations,
has rows. It is an array all the same where it has none, so that one kernel is compiled and not two;
`width` is None for binary problems, whose kernel then holds nothing of softmax. Sums of products
are float32 for FLUSH rows at most and float64 beyond, so that rounding does not grow with m.
"""

from __future__ import annotations

import math

from onelayer.kernels.compile import helper, kernel
from onelayer.kernels.elementary import exp_negative, widen, zeros
from onelayer.kernels.prefetch import prefetch_rows, rows_ahead
from onelayer.kernels.products import add_backward, add_forward, zeros_as

FLUSH = 512  # rows
TILE = 16  # rows that are converted together: 48 KB of 784 float32 features, half of L1 and L2's


@kernel
def binary_pass(X, centre, w, b, targets, weights, A, start, stop, G):
    """Loss and db of rows start..stop; their (X - centre)^T dz is added to G (n,).

    Four rows at a time share each read of w and of the gradient. w is in the products' type;
    centre is None for none.
    """
    n = X.shape[1]
    g = zeros(1, n, w.dtype)[0]
    dz = zeros(1, 4, w.dtype)[0]
    loss = 0.0
    db = 0.0
    ahead = rows_ahead(X)
    for r in range(start, stop, 4):
        prefetch_rows(X, r + ahead, r + ahead + 4)
        r1, r2, r3 = min(r + 1, stop - 1), min(r + 2, stop - 1), min(r + 3, stop - 1)
        z0 = z1 = z2 = z3 = w.dtype.type(0)
        for j in range(n):
            wj = w[j]
            c = w.dtype.type(0) if centre is None else centre[j]
            z0 += (widen(X[r, j]) - c) * wj
            z1 += (widen(X[r1, j]) - c) * wj
            z2 += (widen(X[r2, j]) - c) * wj
            z3 += (widen(X[r3, j]) - c) * wj
        for i in range(4):
            dz[i] = 0
            if r + i < stop:
                z = b + (z0 if i == 0 else z1 if i == 1 else z2 if i == 2 else z3)
                v = weights[r + i]
                if len(A) == 0:
                    e = math.exp(-abs(z))
                    y = targets[r + i]
                    u = (1 - 2 * y) * z
                    loss += v * (max(u, 0.0) + math.log1p(e))
                    d = v * (1 - 2 * y) * ((1.0 if u >= 0 else e) / (1 + e))
                else:
                    a = A[r + i, 0]
                    d = v * a * (1 - a) * z
                db += d
                dz[i] = d
        d0, d1, d2, d3 = dz[0], dz[1], dz[2], dz[3]
        for j in range(n):
            c = w.dtype.type(0) if centre is None else centre[j]
            g[j] += (
                (widen(X[r, j]) - c) * d0
                + (widen(X[r1, j]) - c) * d1
                + (widen(X[r2, j]) - c) * d2
                + (widen(X[r3, j]) - c) * d3
            )
        if (r - start) % FLUSH == FLUSH - 4:
            for j in range(n):
                G[j] += g[j]
                g[j] = 0
    for j in range(n):
        G[j] += g[j]
    return loss, db


@kernel
def columns_pass(X, centre, W, b, width, targets, weights, A, start, stop, G, db, loss):
    """The same for k columns: W (n', K) and b (K,) as `padded` gives them.

    Columns come in problems of `width` (None: binary, a column each); weights (m, problems);
    G (n, k), db (k,) and loss (problems,) are added to.
    """
    B = zeros(TILE, len(W), W.dtype)
    Z = zeros(TILE, W.shape[1], W.dtype)
    g = zeros_as(W)
    pending = 0
    for s in range(start, stop, TILE):
        rows = min(TILE, stop - s)
        convert(X, centre, s, rows, B)
        forward(B, W, b, Z)
        head(Z, width, len(db), targets, weights, A, s, rows, db, loss)
        add_backward(B, Z, g)
        pending += rows
        if pending >= FLUSH:
            flush(g, G)
            pending = 0
    flush(g, G)


@helper
def convert(X, centre, s, rows, B):
    """B = X[s : s + rows] - centre; rows beyond are zero."""
    for i in range(rows):
        for j in range(X.shape[1]):
            x = widen(X[s + i, j])
            B[i, j] = x if centre is None else x - centre[j]
    for i in range(rows, len(B)):
        for j in range(X.shape[1]):
            B[i, j] = 0


@helper
def forward(B, W, b, Z):
    """Z = B W + b."""
    for i in range(len(Z)):
        for c in range(len(b)):
            Z[i, c] = b[c]
    add_forward(B, W, Z)


@helper
def flush(g, G):
    """G += g, in float64; g = 0."""
    for j in range(len(G)):
        for c in range(G.shape[1]):
            G[j, c] += g[j, c]
            g[j, c] = 0


@helper
def head(Z, width, k, targets, weights, A, s, rows, db, loss):
    """Replace z by what is in the place of dz; add to the loss and db."""
    for i in range(rows, len(Z)):
        Z[i] = 0
    if len(A) > 0:
        for i in range(rows):
            for p in range(weights.shape[1]):
                if width is None:
                    curvature_row(Z[i], A[s + i], p, 1, weights[s + i, p])
                else:
                    curvature_row(Z[i], A[s + i], p * width, width, weights[s + i, p])
    elif width is None:
        for i in range(rows):
            for p in range(k):
                loss[p] += weights[s + i, p] * binary_row(
                    Z[i], p, targets[s + i], weights[s + i, p]
                )
    else:
        for i in range(rows):
            for p in range(weights.shape[1]):
                v = weights[s + i, p]
                loss[p] += v * margin_row(Z[i], p * width, width, targets[s + i])
        flat = Z.reshape(-1)
        for c in range(len(flat)):  # one long loop, so that the exponentials are vectorised
            flat[c] = exp_negative(flat[c])
        for i in range(rows):
            for p in range(weights.shape[1]):
                v = weights[s + i, p]
                loss[p] += v * share_row(Z[i], p * width, width, targets[s + i], v)
        for i in range(rows, len(Z)):
            Z[i] = 0
    for i in range(rows):
        for c in range(k):
            db[c] += Z[i, c]
        for c in range(k, Z.shape[1]):
            Z[i, c] = 0


@helper
def binary_row(z, p, y, v):
    """z[p] = v (a - y); returns L."""
    u = z[p] if y == 0 else -z[p]
    e = math.exp(-abs(u))
    d = v * ((1.0 if u >= 0 else e) / (1 + e))
    z[p] = d if y == 0 else -d
    return max(u, 0.0) + math.log1p(e)


@helper
def margin_row(z, first, width, y):
    """z = z - max z of one problem of one row; returns max z - z_y."""
    z_max = largest(z, first, first + width)
    for c in range(first, first + width):
        z[c] -= z_max
    return -z[first + y]


@helper
def largest(z, first, last):
    """max z[first:last]; four in turn, for each comparison waits for the one before."""
    m0 = m1 = m2 = m3 = z[first]
    c = first
    while c + 4 <= last:
        m0, m1 = max(m0, z[c]), max(m1, z[c + 1])
        m2, m3 = max(m2, z[c + 2]), max(m3, z[c + 3])
        c += 4
    while c < last:
        m0 = max(m0, z[c])
        c += 1
    return max(m0, m1, m2, m3)


@helper
def share_row(e, first, width, y, v):
    """v (a - y) from e^{z - max z}, whose largest is exactly 1; returns log sum e.

    The true class is minus the sum of the others, and the logarithm is that of 1 and the others:
    nothing cancels.
    """
    last, true = first + width, first + y
    top = first
    while top < last - 1 and e[top] != 1:
        top += 1
    e[top] = 0
    others = 0.0
    for c in range(first, last):
        others += e[c]
    share = v / (1 + others)
    rest = others if top == true else 1 + (others - e[true])
    for c in range(first, last):
        e[c] *= share
    e[top] = share
    e[true] = -share * rest
    return math.log1p(others)


@helper
def curvature_row(u, a, first, width, v):
    """u = v (d2L/dz2) u: a (1 - a) u, or a (u - a^T u) for softmax."""
    if width == 1:
        u[first] *= v * a[first] * (1 - a[first])
    else:
        mean = 0.0
        for c in range(first, first + width):
            mean += a[c] * u[c]
        for c in range(first, first + width):
            u[c] = v * a[c] * (u[c] - mean)


@kernel
def moments_pass(X, centre, h, start, stop, moments):
    """Add sum_i h_i x_i and sum_i h_i x_i^2 of rows start..stop, x less the centre, to moments.

    h (m, k) in the products' type; moments (2 k, n), the sums of x before those of x^2.
    """
    n, k = X.shape[1], h.shape[1]
    B = zeros(TILE, n, h.dtype)
    g = zeros(2 * k, n, h.dtype)
    pending = 0
    for s in range(start, stop, TILE):
        rows = min(TILE, stop - s)
        convert(X, centre, s, rows, B)
        for i in range(rows):
            for c in range(k):
                v = h[s + i, c]
                for j in range(n):
                    u = v * B[i, j]
                    g[c, j] += u
                    g[k + c, j] += u * B[i, j]
        pending += rows
        if pending >= FLUSH:
            flush(g, moments)
            pending = 0
    flush(g, moments)


@kernel
def forward_pass(X, centre, W, b, start, stop, Z):
    """Z[start:stop] = (X - centre) W + b for k columns; W (n', K) padded as above."""
    B = zeros(TILE, len(W), W.dtype)
    T = zeros(TILE, W.shape[1], W.dtype)
    for s in range(start, stop, TILE):
        rows = min(TILE, stop - s)
        convert(X, centre, s, rows, B)
        forward(B, W, b, T)
        for i in range(rows):
            for c in range(Z.shape[1]):
                Z[s + i, c] = T[i, c]


@kernel
def backward_pass(X, centre, U, start, stop, G):
    """Add (X - centre)^T U of rows start..stop to G (n', K), whole tiles; U (m, k) in its type.

    For more columns than a few: in tiles along them.
    """
    B = zeros(TILE, len(G), U.dtype)
    T = zeros(TILE, G.shape[1], U.dtype)
    g = zeros(len(G), G.shape[1], U.dtype)
    pending = 0
    for s in range(start, stop, TILE):
        rows = min(TILE, stop - s)
        convert(X, centre, s, rows, B)
        for i in range(TILE):
            for c in range(U.shape[1]):
                T[i, c] = U[s + i, c] if i < rows else 0
        add_backward(B, T, g)
        pending += rows
        if pending >= FLUSH:
            flush(g, G)
            pending = 0
    flush(g, G)


@kernel
def convert_rows(X, centre, start, stop, first, B):
    """B[start - first : stop - first] = X[start:stop] - centre, in the products' type."""
    for r in range(start, stop):
        for j in range(X.shape[1]):
            x = widen(X[r, j])
            B[r - first, j] = x if centre is None else x - centre[j]


@kernel
def head_rows(Z, width, targets, weights, A, start, stop, first, db, loss):
    """The head on rows start..stop of a block that begins at row `first`; Z is their z."""
    part = Z[start - first : stop - first]
    head(part, width, Z.shape[1], targets, weights, A, start, stop - start, db, loss)
