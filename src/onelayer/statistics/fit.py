"""An unpenalised fit with its data: what summaries, effects and comparisons read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from onelayer.solution import Solution, Status
from onelayer.statistics.covariance import Errors, covariance
from onelayer.statistics.estimate import Estimate, pursued
from onelayer.statistics.matrix import Matrix
from onelayer.statistics.observations import frame_index
from onelayer.statistics.separation import Labelled, Separation, find_separation

CHEAP = 100_000  # numbers in the linear programs: some tenths of a second


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a summary says of where the data come from.

    Attributes
    ----------
    response : str
        The name of y.
    rows, given : int
        Rows used, and rows there were.
    dropped : tuple of (str, int)
        Columns with missing values, and in how many rows.
    references : tuple of (str, str)
        Factors, and the level each of theirs is compared with.
    offset : tuple of str
        What stands in offset(...), and `offset_columns`, which it is made of.
    """

    response: str
    rows: int
    given: int
    formula: str = ""
    weights: str = ""
    dropped: tuple[tuple[str, int], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    offset: tuple[str, ...] = ()
    offset_columns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fit:
    """What `LogitResult`, which says what its attributes are, is asked about."""

    estimate: Estimate
    errors: Errors
    context: Context
    separation: Separation | None = None
    matrix: Matrix | None = None  # of a formula: how X is made of the frame

    @property
    def firth(self) -> bool:
        """Whether the estimate is Firth's."""
        return self.estimate.penalised is not None

    @property
    def classes_(self) -> np.ndarray:
        """The response's values; the others are against the first."""
        return self.estimate.sample.classes

    @property
    def nobs(self) -> float:
        """Observations: the sum of the frequency weights."""
        return self.estimate.sample.total

    @property
    def loglik(self) -> float:
        """The log-likelihood at its maximum."""
        return self.estimate.loglik

    @property
    def parameters(self) -> int:
        """How many parameters there are."""
        return self.estimate.parameters

    @property
    def solution(self) -> Solution:
        """How it was solved."""
        return self.estimate.solution

    @cached_property
    def scaled_covariance(self) -> np.ndarray:
        """Cov (p, p) in the sample's variables."""
        return covariance(self.estimate, self.errors)

    @property
    def covariance(self) -> Any:
        """Cov of the coefficients for X as given: a DataFrame, labelled as `summary().frame` is."""
        sample = self.estimate.sample
        F = np.kron(np.eye(sample.blocks), sample.to_given)
        index = frame_index(sample)
        import pandas as pd

        return pd.DataFrame(F @ self.scaled_covariance @ F.T, index=index, columns=index)


def settled(estimate: Estimate, X: Any) -> tuple[Estimate, Separation | None]:
    """The estimate, and by which columns the classes are separated, where they are.

    A search that runs away says "separable"; a linear program proves it, or that the classes
    overlap after all. None where X is so large that this would take long.
    """
    sample = estimate.sample
    large = X.shape[0] * X.shape[1] * sample.blocks**2 > CHEAP
    sought = estimate.separable or (estimate.penalised is None and estimate.singular)
    if large or not sought:
        return estimate, None
    kept = np.flatnonzero(sample.counts > 0)
    data = Labelled(X, sample.targets, sample.features, sample.classes.tolist()).of(kept)
    separation = find_separation(data, intercept=sample.intercept)
    if separation.kind == "none":
        return (pursued(estimate) if estimate.separable else estimate), None
    apart = replace(estimate.solution, status=Status.SEPARABLE)
    return replace(estimate, solution=apart), separation
