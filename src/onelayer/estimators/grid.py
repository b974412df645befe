"""Which values of C are worth trying: relative to the data, whatever its size and scale."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from onelayer.designs import (
    ColumnMoments,
    lies_on_cluster,
    make_design,
    make_moments,
    make_scaling,
)
from onelayer.estimators.problem import Data, head_of
from onelayer.logistic import Head
from onelayer.objective import Objective
from onelayer.penalties import Penalty

DECADES = 6  # of L2: from a penalty that holds all weights near zero to one that hardly holds any
DECADES_L1 = 4  # of L1, from the strongest at which a weight is not zero


def grid_of(
    data: Data, ratios: Sequence[float], count: int, moments: ColumnMoments | None = None
) -> list[float]:
    """`count` values of C that suit the data and every l1_ratio, from the strongest penalty down.

    With an L1 part it begins where the first weight appears: whatever is stronger leaves none.
    `moments` are those of the data under their weights; None: they are found in one read.
    """
    shares, total = data.weights.shares, data.weights.total
    tops, ends = [], []
    if 0 in ratios:
        moments = moments or make_moments(data.X, [shares])[0]
        top = strongest(moments, data.scaling)
        tops.append(top)
        ends.append(top / 10**DECADES)
    sparse = [ratio for ratio in ratios if ratio > 0]
    if sparse:
        top = strongest_l1(data)
        tops += [top / ratio for ratio in sparse]
        ends += [top / ratio / 10**DECADES_L1 for ratio in sparse]
    decades = float(np.log10(max(tops) / min(ends)))
    return grid(max(tops), decades, total, count)


def strongest(moments: ColumnMoments, scaling: float | str | None) -> float:
    """T, the sum of the variances of the scaled features, at least a billionth: a strength for L2.

    At lambda = T the weights have less than one degree of freedom together,
    sum_i d_i / (d_i + lambda) < 1; so a grid below T means the same at any number of features or
    examples, and at any scaling.
    """
    if isinstance(scaling, str):
        return float(max(1, moments.varies.sum()))
    factor = 1.0 if scaling is None else scaling
    return float(max(1e-9, factor**2 * moments.variance[moments.varies].sum()))


def strongest_l1(data: Data) -> float:
    """max |X^T dz| where the intercept stands alone: beyond it, L1 leaves every weight zero."""
    head, shares = head_of(data.k), data.weights.shares
    design = make_design(data.X, make_scaling(data.X, data.scaling, shares))
    if lies_on_cluster(data.X):
        loss = design.bind(head, data.targets, shares, found=data.surveyed)
        objective = Objective(loss=loss, penalty=Penalty(0.0))
        _, G, _ = loss.value_and_gradient(*objective.split(objective.base_rate()))
    else:
        G = design.combine(_residual(data.targets, shares, head))
    return float(max(1e-9, np.abs(G).max()))


def _residual(targets: np.ndarray, shares: np.ndarray, head: Head) -> np.ndarray:
    """v dz (m, k) of the classes' shares."""
    classes = max(2, head.width)
    rates = np.bincount(targets, shares, minlength=classes)
    residual = (rates - np.eye(classes)[targets]) * shares[:, None]
    return residual[:, 1:] if head.width == 1 else residual


def grid(strength: float, decades: float, total: Fraction | int, count: int) -> list[float]:
    """`count` values of C = 1 / (lambda total), ascending, from lambda = `strength` down.

    Values have two digits, fit to be typed again.
    """
    strengths = strength * np.logspace(0, -decades, count)
    return [typed(1 / (lam * float(total))) for lam in strengths]


def typed(C: float) -> float:
    """C with two digits."""
    return float(f"{C:.1e}")


def checked_values(Cs: Any) -> list[float]:
    """Values of C that were given; a ValueError where one is not above 0."""
    try:
        found = np.asarray(Cs, float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not len(found) or not (found > 0).all():
        raise ValueError(f"Cs must be a number of values, or values above 0: got {Cs!r}")
    return [float(C) for C in found]
