"""The binary pass over bytes in whole numbers: z and X^T dz by sums of products of bytes.

Weights and residuals are rounded to whole multiples of a power of two, so small that the largest
has 38 and 30 bits: then z and X^T dz are sums of whole numbers, which are exact. As digits of 8
bits both are factors that the processor multiplies bytes by without making floats of them. In the
cache the pass takes 0.55 of the time of the one in float32, and its gradient is a hundred times as
exact; from memory (200000 x 784, two threads of a Sapphire Rapids) it takes 9.2 ms instead of
15.3, where reading alone takes 6.5.
"""

from __future__ import annotations

import math

import numpy as np

from onelayer.kernels.byte_vectors import (
    MOST_SUMS,
    WIDTH,
    add_numbers,
    add_products,
    as_digits,
    has_byte_products,
    interleave,
    load,
    load_digits,
    no_sums,
    spread_digits,
    total,
)
from onelayer.kernels.compile import helper, kernel, part
from onelayer.kernels.elementary import exp_negative, log_1p
from onelayer.kernels.prefetch import LINE, prefetch_far

# Digits. A rare pixel's weight, under standardisation, is up to some 2^15 times the others': five
# leave these the 24 bits of a float32. Residuals are rounded block by block.
OF_WEIGHTS, OF_RESIDUALS = 5, 4
ROWS, BLOCK = 32, 1 << 18  # of rows that are read twice: their number and their bytes, at most
MOST = BLOCK // 8  # columns: at 30000 it was 1.1 times as fast as floats, at 100000 0.9
LEAST = -990  # the binary exponent of the least |dz| that has all its digits
STRETCH = MOST_SUMS * WIDTH  # of columns whose sums are whole numbers


def takes(X: np.ndarray) -> bool:
    """Whether `byte_pass` serves this X on this machine."""
    return X.dtype == np.uint8 and WIDTH <= X.shape[1] <= MOST and has_byte_products()


def byte_weights(w: np.ndarray) -> tuple[np.ndarray, float]:
    """w (n,) in units: the digits (5, n'), 64 columns after 64, and the unit.

    The last 64 columns of a row are read as a whole: those among them that were read before have
    digits of 0. Weights that are not finite make the unit NaN, and with it every z.
    """
    n, w = len(w), w.astype(np.float64)
    if not np.isfinite(w).all():
        return np.zeros((OF_WEIGHTS, n + -n % WIDTH), np.int8), math.nan
    exponent = math.frexp(np.abs(w).max())[1] - (8 * OF_WEIGHTS - 2)
    digits = as_digits(np.rint(np.ldexp(w, -exponent)), OF_WEIGHTS)
    whole, rest = np.split(digits, [n - n % WIDTH], axis=1)
    repeated = np.zeros((OF_WEIGHTS, -n % WIDTH), np.int8)
    return np.hstack([whole, repeated, rest]), math.ldexp(1.0, exponent)


@kernel
def byte_pass(X, digits, unit, b, targets, weights, A, start, stop, G):
    """As `dense.binary_pass`, of bytes, with w as `byte_weights` gives it; WIDTH <= n <= MOST."""
    n = X.shape[1]
    z = np.zeros(ROWS)
    dz = np.zeros(ROWS)
    factors = np.zeros((OF_RESIDUALS, ROWS), np.int8)
    g = np.zeros(digits.shape[1])
    loss = 0.0
    db = 0.0
    size = min(ROWS, BLOCK // n // 4 * 4)
    for s in range(start, stop, size):
        rows = min(size, stop - s)
        ahead = forward(X, digits, s, rows, z, (s + size) * n)
        for i in range(rows):
            z[i] = z[i] * unit + b
        if len(A) == 0:
            loss += residual(z, targets, weights, s, rows, dz)
        else:
            curvature(z, weights, A, s, rows, dz)
        for i in range(rows, ROWS):
            dz[i] = 0
        for i in range(rows):
            db += dz[i]
        backward_block(X, dz, factors, s, rows, g, ahead)
    add_in_order(g, n, G)
    return loss, db


@kernel
def byte_forward_pass(X, digits, units, b, start, stop, Z):
    """Z[start:stop] = X w + b for a few columns w, digits (k, 5, n') and units (k,) as above."""
    n = X.shape[1]
    z = np.zeros(ROWS)
    size = min(ROWS, BLOCK // n // 4 * 4)
    for s in range(start, stop, size):
        rows = min(size, stop - s)
        ahead = (s + size) * n
        for c in range(len(digits)):
            ahead = forward(X, digits[c], s, rows, z, ahead)
            for i in range(rows):
                Z[s + i, c] = z[i] * units[c] + b[c]


@kernel
def byte_backward_pass(X, h, start, stop, G):
    """G += X^T h of the rows start..stop; h (m,) and G (n,) in float64."""
    n = X.shape[1]
    dz = np.zeros(ROWS)
    factors = np.zeros((OF_RESIDUALS, ROWS), np.int8)
    g = np.zeros(n + -n % WIDTH)
    size = min(ROWS, BLOCK // n // 4 * 4)
    for s in range(start, stop, size):
        rows = min(size, stop - s)
        for i in range(ROWS):
            dz[i] = h[s + i] if i < rows else 0.0
        backward_block(X, dz, factors, s, rows, g, (s + size) * n)
    add_in_order(g, n, G)


@helper
def forward(X, digits, s, rows, z, ahead):
    """z = X w of a block's rows in units; returns the place in X up to which it has asked."""
    n = X.shape[1]
    for i in range(0, rows, 4):
        r0, r1, r2, r3 = four_rows(s + i, s + rows)
        z[i] = z[i + 1] = z[i + 2] = z[i + 3] = 0.0
        for begin in range(0, n, STRETCH):
            z0 = z1 = z2 = z3 = no_sums(OF_WEIGHTS)
            for first in range(begin, min(n, begin + STRETCH), WIDTH):
                ahead = ask(X, ahead, 2)
                j = min(first, n - WIDTH)
                w = load_digits(digits, first, OF_WEIGHTS)
                z0 = add_products(z0, load(X, r0, j), w)
                z1 = add_products(z1, load(X, r1, j), w)
                z2 = add_products(z2, load(X, r2, j), w)
                z3 = add_products(z3, load(X, r3, j), w)
            z[i] += total(z0)
            z[i + 1] += total(z1)
            z[i + 2] += total(z2)
            z[i + 3] += total(z3)
    return ahead


@part
def four_rows(r, stop):
    """Rows r to r + 3; the last in place of those that there are not, whose dz are 0."""
    return r, min(r + 1, stop - 1), min(r + 2, stop - 1), min(r + 3, stop - 1)


@part
def ask(X, place, lines):
    """Ask for so many cache lines of X; returns the place behind them, in bytes from X's first."""
    for _ in range(lines):
        prefetch_far(X, 0, min(place, X.size - 1))
        place += LINE
    return place


@part
def residual(z, targets, weights, s, rows, dz):
    """dz = v (a - y); returns the loss. Without a branch or a call, so that it is vectorised."""
    loss = 0.0
    for i in range(rows):
        v = weights[s + i]
        sign = np.float64(1 - 2 * targets[s + i])
        u = sign * z[i]
        e = exp_negative(-np.float32(abs(u)))
        positive = 0.0 if u < 0 else u  # NaN stays
        loss += v * (positive + log_1p(e))
        dz[i] = v * sign * ((e if u < 0 else np.float32(1)) / (np.float32(1) + e))
    return loss


@part
def curvature(z, weights, A, s, rows, dz):
    """dz = v a (1 - a) z."""
    for i in range(rows):
        a = A[s + i, 0]
        dz[i] = weights[s + i] * a * (1 - a) * z[i]


@helper
def round_residuals(dz, top, factors):
    """Digits of dz in units of a power of two, `top` the largest |dz|; returns the unit."""
    exponent = max(math.frexp(top)[1], LEAST) - (8 * OF_RESIDUALS - 2)
    inverse = math.ldexp(1.0, -exponent)
    half = np.int32(0x808080)
    for i in range(ROWS):
        q = (np.int32(np.rint(dz[i] * inverse)) + half) ^ half  # as in `as_digits`
        for k in range(OF_RESIDUALS):
            factors[k, i] = np.int8(q >> (8 * k))
    return math.ldexp(1.0, exponent)


@helper
def backward_block(X, dz, factors, s, rows, g, ahead):
    """g += X^T dz of a block, dz rounded to digits first; nothing where dz is 0."""
    top = 0.0
    for i in range(rows):
        top = max(top, abs(dz[i]))
    if top > 0:
        backward(X, factors, s, rows, round_residuals(dz, top, factors), g, ahead)


@helper
def backward(X, factors, s, rows, unit, g, ahead):
    """g += X^T dz of a block, its columns in the order that `interleave` leaves them in."""
    n = X.shape[1]
    for first in range(0, n, WIDTH):
        j = min(first, n - WIDTH)
        g0 = g1 = g2 = g3 = no_sums(OF_RESIDUALS)
        for i in range(0, rows, 4):
            ahead = ask(X, ahead, 2)
            r0, r1, r2, r3 = four_rows(s + i, s + rows)
            x0, x1 = load(X, r0, j), load(X, r1, j)
            x0, x1, x2, x3 = interleave(x0, x1, load(X, r2, j), load(X, r3, j))
            d = spread_digits(factors, i, OF_RESIDUALS)
            g0 = add_products(g0, x0, d)
            g1 = add_products(g1, x1, d)
            g2 = add_products(g2, x2, d)
            g3 = add_products(g3, x3, d)
        add_numbers(g, first, g0, unit)
        add_numbers(g, first + 16, g1, unit)
        add_numbers(g, first + 32, g2, unit)
        add_numbers(g, first + 48, g3, unit)


@helper
def add_in_order(g, n, G):
    """G += g in the order of X's columns, each once."""
    for first in range(0, n, WIDTH):
        for place in range(WIDTH):
            vector, lane, i = place // 16, place // 4 % 4, place % 4
            j = min(first, n - WIDTH) + 16 * lane + 4 * vector + i
            if j >= first:
                G[j] += g[first + place]
