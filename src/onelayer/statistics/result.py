"""A fitted model with its data: summaries, effects and comparisons are asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from onelayer.statistics.fit import Fit
from onelayer.statistics.marginal import MarginalEffects, make_effects
from onelayer.statistics.summary import Summary, make_summary


@final
@dataclass(frozen=True, repr=False)
class LogitResult(Fit):
    """An unpenalised fit, its data, and which standard errors were asked for.

    Attributes
    ----------
    classes_ : ndarray (K,)
        The response's values, sorted or in the order of a category's levels, the reference first.
        Of two the second is modelled, of more all but the first, each against the first.
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
        return make_summary(self, interval, level)

    def marginal_effects(self, *, dummies: bool = False, level: float = 0.95) -> MarginalEffects:
        """What moving a variable does to the probabilities, on average over the data.

        Of a formula each variable moves in all terms that it is in, products, powers and splines: a
        number by the derivative, a category or a boolean from the level that it is compared with to
        each other, as R's marginaleffects does. Of an X that was given each column moves alone.

        Parameters
        ----------
        dummies : bool, default=False
            Change numbers that are all zeros and ones from 0 to 1, instead of the derivative.
        level : float in (0, 1), default=0.95
            Of the intervals.

        Raises
        ------
        DataError
            When the classes are separable, so that there is no estimate; for an expression without
            a derivative (`x // 2`), or that looks at other rows too (`x - x.mean()`).
        """
        return make_effects(self, level, dummies=dummies)

    def __repr__(self) -> str:
        formula = self.context.formula or f"{self.context.response} on X"
        return f"<LogitResult {formula}: {self.nobs:g} observations, {self.solution.status}>"
