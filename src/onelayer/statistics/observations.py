"""What a likelihood is made of: X in a design, the classes, counts and names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from onelayer.designs import Design, Scaling, make_design, make_scaling
from onelayer.logistic import Binary, Head, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty

CONST = "const"


@dataclass(frozen=True, kw_only=True)
class Observations:
    """m rows of X (m, n), standardised as they are read, and what was observed on each.

    A parameter vector has q = K - 1 blocks, the classes but the first, each of `rows` entries:
    the features in the order of X, then the constant. Everything here is in the variables of
    `scaling`; `to_given` takes a block to those of X as given.

    Attributes
    ----------
    targets : ndarray (m,)
        Positions in `classes`.
    counts : ndarray (m,)
        How often each row was observed: frequency weights.
    offset : ndarray (m, k) or None
        What of z is known: its coefficient is 1.
    """

    design: Design
    scaling: Scaling
    targets: np.ndarray
    counts: np.ndarray
    classes: np.ndarray
    features: tuple[str, ...]
    intercept: bool
    offset: np.ndarray | None = None

    @property
    def rows(self) -> int:
        """Parameters of a block."""
        return len(self.features) + self.intercept

    @property
    def blocks(self) -> int:
        """q = K - 1."""
        return len(self.classes) - 1

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters of a block."""
        return (*self.features, CONST) if self.intercept else self.features

    @property
    def total(self) -> float:
        """N: observations, not rows."""
        return float(self.counts.sum())

    @property
    def shares(self) -> np.ndarray:
        """Counts that sum to 1."""
        return self.counts / self.total

    @property
    def head(self) -> Head:
        """Sigma for two classes, softmax for more."""
        return Binary() if self.blocks == 1 else Softmax(len(self.classes))

    @cached_property
    def objective(self) -> Objective:
        """J = -(log-likelihood) / N."""
        return Objective(
            loss=self.design.bind(self.head, self.targets, self.shares, offset=self.offset),
            penalty=Penalty(),
            intercept=self.intercept,
        )

    @property
    def without_features(self) -> Observations:
        """The same of a model of a constant alone, and the offset."""
        scaling = Scaling.identity(0)
        design = make_design(np.zeros((len(self.targets), 0)), scaling, double=True)
        return replace(self, design=design, scaling=scaling, features=(), intercept=True)

    @cached_property
    def to_given(self) -> np.ndarray:
        """F (rows, rows): a block of parameters for X as given from one for the scaled X."""
        scale, centre = self.scaling.scale, self.scaling.centre
        if not self.intercept:
            return np.diag(scale)
        F = np.diag(np.append(scale, 1.0))
        F[-1, :-1] = -centre * scale
        return F

    def square(self, H: np.ndarray) -> np.ndarray:
        """(q rows, q rows), class by class, from (n + 1, k, n + 1, k): without the first of K."""
        first = H.shape[1] - self.blocks
        H = H[: self.rows, first:, : self.rows, first:]
        size = self.blocks * self.rows
        return H.transpose(1, 0, 3, 2).reshape(size, size)


def make_sample(
    X: Any,
    targets: np.ndarray,
    counts: np.ndarray,
    *,
    classes: np.ndarray,
    features: tuple[str, ...],
    scaling: Scaling | None = None,
    intercept: bool = True,
) -> Observations:
    """X as designs hold it, in float64 blocks.

    With an intercept X is standardised, which changes no figure but the last digits of those for
    badly scaled X. Without one centring would change the model: `scaling` is then what was fitted.
    """
    standard = make_scaling(X, "standard", counts / counts.sum()) if intercept else None
    scaling = standard or scaling or Scaling.identity(X.shape[1])
    return Observations(
        design=make_design(X, scaling, double=True),
        scaling=scaling,
        targets=targets,
        counts=counts,
        classes=classes,
        features=features,
        intercept=intercept,
    )


def frame_index(sample: Observations) -> Any:
    """Features and the constant; for more than two classes levels (class, feature)."""
    import pandas as pd

    if sample.blocks == 1:
        return pd.Index(sample.names, name="feature")
    classes = sample.classes[1:].tolist()
    return pd.MultiIndex.from_product([classes, sample.names], names=["class", "feature"])
