"""Along a line z + t u, row by row: the loss, and the activations that Newton's model foresees.

What `foresight.py` has, whose words these are, without arrays in between. All is strict, for next
to the optimum a difference of activations is a millionth of them, and sums taken in another order
would lose it. Z (m, 2 k) holds z and u; whatever they are in, all is counted in float64. There are
two kernels of each kind: with two classes, of which the second has z and the first 0, and with K.
"""

from __future__ import annotations

import math

import numpy as np

from onelayer.foresight import TINY
from onelayer.kernels.compile import strict_helper, strict_kernel
from onelayer.kernels.elementary import exp_or_zero

SMALL = 1 / 64  # theory: what a series to the ninth power leaves out is the last digit's


@strict_kernel
def binary_loss(Z, t, weights, targets, start, stop):
    """Sums of v L and of its slope at z + t u."""
    value, slope = 0.0, 0.0
    for i in range(start, stop):
        z, u = line(Z, i, 0, t)
        sign = 1.0 if targets[i] == 0 else -1.0
        _, missed = both(sign * z)
        value += weights[i] * (max(sign * z, 0.0) + math.log1p(math.exp(-abs(z))))
        slope += weights[i] * sign * missed * u
    return value, slope


@strict_kernel
def softmax_loss(Z, t, weights, targets, start, stop):
    """The same of K classes."""
    k = Z.shape[1] // 2
    a = np.empty(k)
    value, slope = 0.0, 0.0
    for i in range(start, stop):
        top, rest = softmax(Z, i, t, a)
        z, u = line(Z, i, targets[i], t)
        change = 0.0
        for c in range(k):
            change += a[c] * (np.float64(Z[i, k + c]) - u)
        value += weights[i] * ((top - z) + rest)
        slope += weights[i] * change
    return value, slope


@strict_kernel
def binary_foresee(Z, t, weights, start, stop, change):
    """Write p - a of the second class; return the sums of v p of both."""
    first, second = 0.0, 0.0
    for i in range(start, stop):
        z, u = line(Z, i, 0, t)
        a0, a1 = both(z)
        before0, before1 = both(np.float64(Z[i, 0]))
        bend = before0 * before1 * u
        d = (before1 - a1) + bend if a1 < a0 else -((before0 - a0) - bend)
        if not (a0 > 0 and a1 > 0 and a1 + d > 0 and a0 - d > 0):
            d = 0.0
        change[i, 0] = d
        first += weights[i] * (a0 - d)
        second += weights[i] * (a1 + d)
    return np.array([first, second])


@strict_kernel
def softmax_foresee(Z, t, weights, start, stop, change):
    """The same of K classes; the largest changes by what the others lose."""
    k = change.shape[1]
    a, before, means = np.empty(k), np.empty(k), np.zeros(k)
    for i in range(start, stop):
        softmax(Z, i, t, a)
        softmax(Z, i, 0.0, before)
        d, top = change[i], np.argmax(a)
        mean, others = 0.0, 0.0
        for c in range(k):
            mean += before[c] * np.float64(Z[i, k + c])
        for c in range(k):
            d[c] = before[c] - a[c] + before[c] * (np.float64(Z[i, k + c]) - mean)
        d[top] = 0
        for c in range(k):
            others += d[c]
        d[top] = -others
        inside = True
        for c in range(k):
            inside &= (a[c] > 0 and a[c] + d[c] > 0) or d[c] == 0
        for c in range(k):
            d[c] = d[c] if inside else 0.0
            means[c] += weights[i] * (a[c] + d[c])
    return means


@strict_kernel
def binary_tell(Z, t, weights, targets, start, stop, given, lacking, beside, change):
    """Balance the changes; the sum of v KL(p || a). They become v (p - y), or v (p - a) `beside`.

    given and lacking (K,) are what `foresight.balance` takes, and nothing where all is zero.
    """
    apart = 0.0
    for i in range(start, stop):
        z, _ = line(Z, i, 0, t)
        a0, a1 = both(z)
        d = change[i, 0]
        d += (a0 - d) * given[0] * lacking[1] - (a1 + d) * given[1] * lacking[0]
        told = term(a0, -d, -abs(z)) + term(a1, d, -abs(z))
        apart += weights[i] * max(told, 0.0)
        if not beside:
            d += a1 if targets[i] == 0 else -a0
        change[i, 0] = weights[i] * d
    return apart


@strict_kernel
def softmax_tell(Z, t, weights, targets, start, stop, given, lacking, beside, change):
    """The same of K classes."""
    k = change.shape[1]
    a = np.empty(k)
    apart = 0.0
    for i in range(start, stop):
        top, rest = softmax(Z, i, t, a)
        d, gifts, told = change[i], 0.0, 0.0
        for c in range(k):
            gift = (a[c] + d[c]) * given[c]
            d[c] -= gift
            gifts += gift
        for c in range(k):
            d[c] += gifts * lacking[c]
            told += term(a[c], d[c], line(Z, i, c, t)[0] - top - rest)
        apart += weights[i] * max(told, 0.0)
        if not beside:
            a[targets[i]] = 0
            others = 0.0
            for c in range(k):
                others += a[c]
                d[c] += a[c]
            d[targets[i]] -= others
        for c in range(k):
            d[c] *= weights[i]
    return apart


@strict_helper
def line(Z, i, c, t):
    """z + t u and u of a class."""
    u = np.float64(Z[i, Z.shape[1] // 2 + c])
    return np.float64(Z[i, c]) + t * u, u


@strict_helper
def both(z):
    """1 - a and a, each to its last digits."""
    e = math.exp(-abs(z))
    likely = 1 / (1 + e)
    rare = e * likely
    return (rare, likely) if z > 0 else (likely, rare)


@strict_helper
def softmax(Z, i, t, a):
    """a of row i; the largest z, and the logarithm of the sum of e to all others less that."""
    for c in range(len(a)):
        a[c] = line(Z, i, c, t)[0]
    place = np.argmax(a)
    top = a[place]
    for c in range(len(a)):
        a[c] = exp_or_zero(a[c] - top)
    a[place] = 0
    others = 0.0
    for c in range(len(a)):
        others += a[c]
    a[place] = 1
    share = 1 / (1 + others)
    for c in range(len(a)):
        a[c] *= share
    return top, math.log1p(others)


@strict_helper
def term(a, d, log_a):
    """(a + d) log(1 + d / a) - d, a class's part of KL(a + d || a), be a too small for a float.

    Of small r = d / a it is a (r^2 / 2 - r^3 / 6 + r^4 / 12 - ...), of which nothing cancels.
    """
    if a < TINY:
        return d * (math.log(d) - log_a) - d if d > 0 else -d
    r = d / a
    if abs(r) > SMALL:
        return ((a + d) * math.log1p(r) if a + d > 0 else 0.0) - d
    s = 1 / 56 - r * (1 / 72)
    s = -1 / 42 + r * s
    s = 1 / 30 + r * s
    s = -1 / 20 + r * s
    s = 1 / 12 + r * s
    s = -1 / 6 + r * s
    return d * r * (0.5 + r * s)
