"""How C is chosen: ten values, the log loss of examples that were not trained on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from onelayer.designs import make_scaling, varies
from onelayer.measures import head_of, log_loss
from onelayer.model.examples import Examples

Fit: TypeAlias = Callable[[float, Examples], Any]
"""Called as fit(C, examples), returns a fitted estimator."""

VALUES = 10
DECADES = 6  # from a penalty that holds all weights near zero to one that hardly holds any
PATIENCE = 2  # values in a row worse than the best: the log loss over L2 penalties has one valley


@dataclass(frozen=True)
class Choice:
    """The C taken, the (C, log loss) pairs tried, and why, in words."""

    C: float
    tried: tuple[tuple[float, float], ...]
    words: str


def path_of(examples: Examples) -> list[float]:
    """Ten values of C, from the strongest penalty to the weakest.

    lambda = 1 / (C m) runs over six decades down from T, the sum of the variances of the scaled
    features (the trace of their covariance). At lambda = T the weights have less than one degree of
    freedom together, sum_i d_i / (d_i + lambda) < 1; so the path means the same at any picture
    size, number of examples and scaling. Values have two digits, fit to be typed again.
    """
    m = float(examples.row_weights.sum())
    strengths = _total_variance(examples) * np.logspace(0, -DECADES, VALUES)
    return [float(f"{1 / (strength * m):.1e}") for strength in strengths]


@dataclass(frozen=True)
class Choosing:
    """How to choose: what to train, what to judge by, and whom to tell.

    `keep` is called with every estimator that is the best so far, `tell` as tell(done, total).
    """

    train: Examples
    judge: Examples
    fit: Fit
    keep: Callable[[Any], None]
    tell: Callable[[int, int], None]


def choose(how: Choosing) -> Choice:
    """Fit along the path and take the C with the least log loss on examples not trained on.

    The path ends early where two values in a row are worse than the best so far; what they cost
    grows as the penalty weakens.
    """
    path = path_of(how.train)
    tried: list[tuple[float, float]] = []
    for done, C in enumerate(path):
        how.tell(done, len(path))
        estimator = how.fit(C, how.train)
        tried.append((C, _loss_of(estimator, how.judge)))
        if _worse(tried) == 0:
            how.keep(estimator)
        if _worse(tried) >= PATIENCE:
            break
    how.tell(len(path), len(path))
    best = min(tried, key=lambda pair: pair[1])[0]
    words = (
        f"the best of {len(tried)} tried, by log loss on {len(how.judge)} other {how.judge.unit}"
    )
    return Choice(best, tuple(tried), words + _at_an_end(best, path))


def _loss_of(estimator: Any, judge: Examples) -> float:
    """Log loss; infinite where gradient descent overshot so far that it is no number."""
    Z = estimator.decision_function(judge.X).reshape(len(judge), -1)
    loss = log_loss(Z, judge.labels, head_of(judge.classes), judge.weights)
    return loss if math.isfinite(loss) else math.inf


def _worse(tried: list[tuple[float, float]]) -> int:
    """How many values came after the best, once one was finite."""
    losses = [loss for _, loss in tried]
    best = int(np.argmin(losses))
    return len(losses) - 1 - best if math.isfinite(losses[best]) else 0


def _at_an_end(best: float, path: list[float]) -> str:
    if best == path[0]:
        return "; the strongest penalty tried"
    return "; the weakest penalty tried" if best == path[-1] else ""


def _total_variance(examples: Examples) -> float:
    """Return the sum of the variances of the scaled features, at least a billionth."""
    weights = examples.row_weights
    moments = make_scaling(examples.X, "standard", weights / weights.sum())
    varying = varies(examples.X)
    variances = np.where(varying, moments.scale**-2.0, 0) if moments is not None else np.zeros(1)
    if isinstance(examples.scaling, str):
        return float(max(1, varying.sum()))
    scale = 1.0 if examples.scaling is None else examples.scaling
    return float(max(1e-9, scale**2 * variances.sum()))
