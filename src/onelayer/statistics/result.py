"""A fitted model with its data: summaries, effects and comparisons are asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.solution import Solution
from onelayer.statistics.covariance import Errors, covariance
from onelayer.statistics.estimate import Estimate
from onelayer.statistics.separation import Labelled, Separation, find_separation

CHEAP = 100_000  # numbers in the linear programs: some tenths of a second

if TYPE_CHECKING:
    from onelayer.statistics.marginal import MarginalEffects
    from onelayer.statistics.summary import Summary


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
    """

    response: str
    rows: int
    given: int
    formula: str = ""
    weights: str = ""
    dropped: tuple[tuple[str, int], ...] = ()
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LogitResult:
    """An unpenalised fit, its data, and which standard errors were asked for.

    Attributes
    ----------
    classes_ : ndarray (K,)
        The response's values, sorted. Of two the second is modelled, of more all but the first,
        each against the first.
    nobs : float
        Observations: the sum of the frequency weights.
    loglik : float
        The log-likelihood at its maximum.
    parameters : int
        Its parameters.
    solution : Solution
        How it was solved.
    separation : Separation or None
        By which columns the classes are separated, where they are and telling is cheap.
    """

    estimate: Estimate
    errors: Errors
    context: Context
    separation: Separation | None = None

    @property
    def firth(self) -> bool:
        """Whether the estimate is Firth's."""
        return self.estimate.penalised is not None

    @property
    def classes_(self) -> np.ndarray:
        """The response's values, sorted."""
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
        from onelayer.statistics.summary import frame_index

        sample = self.estimate.sample
        F = np.kron(np.eye(sample.blocks), sample.to_given)
        index = frame_index(sample)
        import pandas as pd

        return pd.DataFrame(F @ self.scaled_covariance @ F.T, index=index, columns=index)

    def summary(self, *, interval: str | None = None, level: float = 0.95) -> Summary:
        """Estimates, errors, tests, intervals, odds ratios, and how good the model is.

        Parameters
        ----------
        interval : {"wald", "profile"}, default=None
            None is "wald", and "profile" for Firth's estimate, whose tests it makes too.
            "wald" is estimate +- quantile * standard error; "profile" is where the profile
            likelihood falls below the test's bound: for two classes, better in small samples;
            some ten passes a bound, for Firth's estimate some hundred.
        level : float in (0, 1), default=0.95
            Of the intervals.

        Raises
        ------
        UsageError
            For another name, a level outside (0, 1), or profile intervals with robust errors or
            more than two classes.
        """
        from onelayer.statistics.summary import make_summary

        interval = interval or ("profile" if self.firth else "wald")
        if interval not in ("wald", "profile"):
            raise UsageError(f"interval={interval!r}: expected 'wald' or 'profile'")
        if interval == "profile" and self.errors.kind != "fisher":
            raise UsageError(
                "Profile likelihood intervals believe the model, robust standard errors do not: "
                "take interval='wald', or leave robust and cluster out"
            )
        return make_summary(self, interval, _checked_level(level))

    def marginal_effects(self, *, dummies: bool = False, level: float = 0.95) -> MarginalEffects:
        """What one unit more of a feature does to the probabilities, on average over the data.

        Parameters
        ----------
        dummies : bool, default=False
            Change features of zeros and ones from 0 to 1, instead of taking their derivative.
        level : float in (0, 1), default=0.95
            Of the intervals.

        Raises
        ------
        DataError
            When the classes are separable: there is no estimate.
        """
        from onelayer.statistics.marginal import make_effects

        if self.estimate.separable:
            raise DataError("The classes are separable: without estimates there are no effects")
        return make_effects(self, _checked_level(level), dummies=dummies)

    def __repr__(self) -> str:
        formula = self.context.formula or f"{self.context.response} on X"
        return f"<LogitResult {formula}: {self.nobs:g} observations, {self.solution.status}>"


def named_separation(estimate: Estimate, X: Any) -> Separation | None:
    """By which columns the classes are separated; None where they are not, or X is large."""
    sample = estimate.sample
    if not estimate.separable or X.shape[0] * X.shape[1] * sample.blocks**2 > CHEAP:
        return None
    kept = np.flatnonzero(sample.counts > 0)
    data = Labelled(X, sample.targets, sample.features, sample.classes.tolist()).of(kept)
    return find_separation(data, intercept=sample.intercept)


def _checked_level(level: float) -> float:
    if not 0 < level < 1:
        raise UsageError(f"level={level}: expected a number between 0 and 1, such as 0.95")
    return float(level)
