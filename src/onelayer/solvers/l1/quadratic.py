"""min_w q(w) + l1 ||w||_1 for a quadratic q with the Gram matrix at hand.

Coordinate descent finds which coordinates are zero and the signs of the others; Newton's step on
those, one Cholesky, finishes what coordinate descent would take long over (Lee et al. 2007,
feature-sign search).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np
from scipy import linalg

from onelayer.penalties import Penalty
from onelayer.solvers.algebra import noise

Sweep = Callable[[np.ndarray, np.ndarray, np.ndarray, float], float]

SWEEPS = 20  # guard: before a Newton step
COMPILED_SWEEPS = 300  # measured: 20 us each at s = 400; Cholesky on busy cores took 170 ms
ROUNDS = 10  # guard: of sweeps and Newton steps
STEPS = 50  # guard: of Newton between sweeps, on at most
FEW = 400  # guard: coordinates
RIDGES = 6  # guard: the last is of the size of Q
ENOUGH = 1e-9  # measured: of the decrease, what a last sweep may gain; 1e-3 took 6 passes, not 3
CLOSE = 1e-3  # guard: of the subgradient at the start, what may be left: the dual point feels it
ROUNDED = 1e-9  # guard: of l1, the same
UNITS = 8  # guard: of rounding, what is none of both
EPS = float(np.finfo(np.float64).eps)
LOOSELY = 1e-3  # guard: of the decrease, where the model changes before it is exact


def sweep(Q: np.ndarray, g: np.ndarray, w: np.ndarray, l1: float) -> float:
    """Each coordinate of w in turn to its minimum; the gradient g follows. The kernel's twin.

    Returns by how much the sweep lowered q(w) + l1 ||w||_1.
    """
    decrease = 0.0
    for j in range(len(w)):
        old, bend = w[j], Q[j, j]
        if old == 0 and abs(g[j]) <= l1:
            continue
        target = bend * old - g[j]
        new = np.sign(target) * max(abs(target) - l1, 0) / bend if bend > 0 else 0.0
        delta = new - old
        if delta:
            decrease -= delta * (g[j] + 0.5 * bend * delta) + l1 * (abs(new) - abs(old))
            w[j] = new
            g += delta * Q[j]
    return decrease


TWIN = sweep


def compiled_sweep() -> Sweep:
    """The kernel, for data large enough to wait for it."""
    kernel: Sweep = import_module("onelayer.kernels.coordinate_descent").sweep
    return kernel


def minimise(
    Q: np.ndarray,
    g: np.ndarray,
    w: np.ndarray,
    l1: float,
    sweep: Sweep = sweep,
    enough: float = ENOUGH,
    close: float = CLOSE,
) -> float:
    """Lower q(w) + l1 ||w||_1 until nothing is left to gain; w and g, the gradient of q, follow.

    That is where a sweep gains no more than `enough` of the decrease so far, and no entry of the
    subgradient is more than `close` of what it was: where Q hardly bends, as along the direction
    in which all classes of a feature move together, sweeps gain little far from the minimum.
    Q (s, s) is symmetric and positive semi-definite. Returns the decrease.
    """
    total, left = 0.0, max(close * _violation(g, w, l1).max(initial=0), ROUNDED * l1)
    sweeps = SWEEPS if sweep is TWIN else COMPILED_SWEEPS
    for _ in range(ROUNDS):
        for _ in range(sweeps):
            gain = sweep(Q, g, w, l1)
            total += gain
            if gain <= enough * total:
                break
        if gain <= enough * total and _ends(Q, g, w, l1, left):
            return total
        total += _newton_on_support(Q, g, w, l1)
    return total


def _violation(g: np.ndarray, w: np.ndarray, l1: float) -> np.ndarray:
    """The sizes (s,) of the subgradient of q(w) + l1 ||w||_1."""
    return np.abs(Penalty(l1, 1.0).subgradient(w, g))


def _ends(Q: np.ndarray, g: np.ndarray, w: np.ndarray, l1: float, left: float) -> bool:
    """Whether the subgradient is no more than what may be left, or than g's own rounding."""
    violation = _violation(g, w, l1)
    if (violation <= left).all():
        return True
    return bool((violation <= np.maximum(left, UNITS * EPS * (np.abs(Q) @ np.abs(w)))).all())


def _newton_on_support(Q: np.ndarray, g: np.ndarray, w: np.ndarray, l1: float) -> float:
    """Newton's steps on the non-zero coordinates, none of which changes its sign.

    A coordinate that a step takes to 0 is left there, and the others go on, to the end of a whole
    step: a sweep would at once take it back to where it came from.
    """
    total, steps = 0.0, STEPS if len(w) <= FEW else 1
    for _ in range(steps):
        decrease, whole = _newton(Q, g, w, l1)
        total += decrease
        if whole:
            break
    return total


def _newton(Q: np.ndarray, g: np.ndarray, w: np.ndarray, l1: float) -> tuple[float, bool]:
    """One: the decrease, and whether there is nothing more to gain with these signs.

    It ends at the first zero, or goes all the way with each coordinate left at its zero: what
    lowers the model more. The latter does where hundreds of coordinates are to become zero.
    """
    (support,) = w.nonzero()
    signs = np.sign(w[support])
    slope = g[support] + l1 * signs
    step = _newton_step(Q[np.ix_(support, support)], slope)
    against = step * signs < 0
    reach = np.min(-w[support][against] / step[against], initial=1.0)
    decrease = -reach * (1 - 0.5 * reach) * float(slope @ step)
    if not (np.isfinite(decrease) and decrease > 0):
        return 0.0, True
    change = _kept(w[support], reach * step, signs)
    bent = change @ Q[support]
    if reach < 1:
        all_the_way = _kept(w[support], step, signs)
        bends = all_the_way @ Q[support]
        more = -float(slope @ all_the_way + 0.5 * bends[support] @ all_the_way)
        if more > decrease:
            change, bent, decrease = all_the_way, bends, more
    g += bent
    w[support] += change
    return decrease, reach == 1


def _kept(w: np.ndarray, step: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """The step, each coordinate no farther than to 0."""
    return np.where(np.sign(w + step) == signs, step, -w)


def _newton_step(Q: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """-(Q + ridge)^-1 slope, in units that bring Q's diagonal to 1.

    The ridge is what rounding may have taken from Q. Along directions that do not bend, as of
    columns alike, or of one feature in all classes, it makes a long step, which ends where a
    coordinate becomes zero: the least ||w||_1 lies there.
    """
    unit = 1 / np.sqrt(np.where(np.diag(Q) > 0, np.diag(Q), 1))
    scaled, ridge = unit[:, None] * Q * unit, noise(len(Q))
    for _ in range(RIDGES):
        try:
            factor = linalg.cho_factor(scaled + ridge * np.eye(len(Q)), check_finite=False)
        except linalg.LinAlgError:
            ridge *= 100
            continue
        return -unit * linalg.cho_solve(factor, unit * slope, check_finite=False)
    return np.zeros_like(slope)
