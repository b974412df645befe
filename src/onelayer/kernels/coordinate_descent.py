"""Coordinate descent on a quadratic with an L1 penalty. Its NumPy twin: solvers/l1/quadratic.py."""

from __future__ import annotations

from typing import Any

from onelayer.kernels.compile import kernel


@kernel
def sweep(Q: Any, g: Any, w: Any, l1: float) -> Any:
    """Each coordinate of w in turn to its minimum; the gradient g follows.

    Returns by how much the sweep lowered q(w) + l1 ||w||_1.
    """
    s = len(w)
    decrease = 0.0
    for j in range(s):
        bend = Q[j, j]
        old = w[j]
        if old == 0 and abs(g[j]) <= l1:
            continue
        new = 0.0
        if bend > 0:
            target = old - g[j] / bend
            margin = l1 / bend
            if target > margin:
                new = target - margin
            elif target < -margin:
                new = target + margin
        delta = new - old
        if delta == 0:
            continue
        decrease -= delta * (g[j] + 0.5 * bend * delta) + l1 * (abs(new) - abs(old))
        w[j] = new
        for i in range(s):
            g[i] += delta * Q[j, i]
    return decrease
