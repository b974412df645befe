"""The table of coefficients, and how good the model is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc, ndtri

from onelayer.errors import UsageError
from onelayer.sheets.printable import Printable
from onelayer.sheets.sheet import Group, Pairs, Sheet
from onelayer.statistics import numbers
from onelayer.statistics.bias_reduced import penalised_rows
from onelayer.statistics.covariance import standard_errors
from onelayer.statistics.fit import Fit
from onelayer.statistics.limit import levels_in_words, limit
from onelayer.statistics.marginal import MarginalEffects, make_effects
from onelayer.statistics.observations import Observations, frame_index
from onelayer.statistics.profile import profile_intervals
from onelayer.statistics.tabulating import (
    COLUMNS,
    ODDS,
    bound_heads,
    cells_of,
    checked_level,
    class_name,
    data_facts,
    described,
    tabulated,
)
from onelayer.words import spelt

SEPARABLE = (
    "NO ESTIMATES. The classes are separable{by}: a combination of columns predicts them without "
    "a mistake, or all but those on the border, so the likelihood grows without end as "
    "coefficients do. No estimate, standard error or p-value exists, and none is shown. Look for "
    "a column that gives the response away, or a level in which all rows share one response"
    "{levels}; leave it out or merge levels{firth}."
)
PARTLY = (
    "NOT ALL ESTIMATES EXIST: {by}{levels}. The likelihood grows without end as these coefficients "
    "do, so they have no standard error or p-value. Leave the column out or merge levels{firth}."
)
LIMIT = (
    "The other coefficients are those that the likelihood tends to, estimated from the {rows} rows "
    "that are not separated."
)
UNKNOWN = "Where there is no coefficient, the rows that are left say nothing of it."
FIRTH = ", or take Firth's estimate ({}), which is finite"


def _firth() -> str:
    return FIRTH.format(spelt("firth=True", "--firth"))


MANY = 30  # clusters; Cameron and Miller 2015, section VI: "few" is below some 20 to 50
FEW = (
    "Few clusters: these standard errors tend to be too small and p-values too optimistic "
    "(Cameron and Miller 2015)."
)


@dataclass(frozen=True)
class Test:
    """A chi-squared statistic, its degrees of freedom and p; `name` says what was tested."""

    name: str
    statistic: float
    df: int

    @property
    def p_value(self) -> float:
        """P(chi2_df > statistic)."""
        return float(chdtrc(self.df, self.statistic)) if self.df else float("nan")

    @property
    def words(self) -> str:
        """For a summary."""
        if not self.df:
            return "nothing to test"
        if np.isnan(self.statistic):
            return f"none: too few clusters for {self.df} df"
        shown = numbers.fixed(self.statistic, 3)
        return f"{shown} on {self.df} df, {numbers.p_in_words(self.p_value)}"


@dataclass(frozen=True)
class Summary(Printable):
    """The coefficients of an unpenalised fit and what they are worth.

    Attributes
    ----------
    frame : DataFrame
        Float columns `coef, std_err, z, p_value, ci_low, ci_high, odds_ratio, odds_low, odds_high`;
        a row a coefficient in the order of X, `const` last; for K > 2 classes a level (class,
        feature), each class but the first against the first. NaN where the classes are
        separable, but for two classes of which some rows are not: infinite for columns that
        separate, else as they tend to.
    nobs, parameters, loglik, null_loglik : float, int, float, float
        Observations (the sum of frequency weights), coefficients, log-likelihood of the model, and
        of that without features.
    deviance, aic, bic, pseudo_r2 : float
        NaN for Firth's estimate, else
        -2 l; -2 l + 2 p; -2 l + p log N; 1 - l / l_null (McFadden).
    lr_test : Test
        2 (l - l_null): `statistic`, `df`, `p_value`.
    wald_test : Test
        That all coefficients but the constants are zero, by the standard errors asked for.
    errors : str
        Which standard errors these are.
    interval, level : str, float
        Which intervals these are.
    separable : bool
        Whether there are no estimates.
    """

    result: Fit
    values: np.ndarray
    interval: str
    level: float

    @property
    def frame(self) -> Any:
        """The numbers: see the class."""
        import pandas as pd

        index = frame_index(self.result.estimate.sample)
        return pd.DataFrame(self.values, index=index, columns=[*COLUMNS, *ODDS])

    @property
    def separable(self) -> bool:
        """Whether there are no estimates."""
        return self.result.estimate.separable

    @property
    def errors(self) -> str:
        """Which standard errors these are."""
        return self.result.errors.words

    @property
    def nobs(self) -> float:
        """Observations."""
        return self.result.nobs

    @property
    def parameters(self) -> int:
        """Coefficients, constants among them."""
        return self.result.parameters

    @property
    def loglik(self) -> float:
        """The log-likelihood of the model."""
        return self.result.loglik

    @property
    def null_loglik(self) -> float:
        """The log-likelihood of the model without features."""
        return self.result.estimate.null_loglik

    @property
    def deviance(self) -> float:
        """-2 l; NaN for Firth's estimate, which does not maximise l."""
        return float("nan") if self.result.firth else -2 * self.loglik

    @property
    def aic(self) -> float:
        """-2 l + 2 p."""
        return self.deviance + 2 * self.parameters

    @property
    def bic(self) -> float:
        """-2 l + p log N."""
        return self.deviance + self.parameters * float(np.log(self.nobs))

    @property
    def pseudo_r2(self) -> float:
        """McFadden's 1 - l / l_null; NaN for Firth's estimate."""
        if self.result.firth:
            return float("nan")
        return 1 - self.loglik / self.null_loglik

    @property
    def lr_test(self) -> Test:
        """2 (l - l_null)."""
        df = self.parameters - self.result.estimate.null_parameters
        name = "penalised ratio" if self.result.firth else "likelihood ratio"
        return Test(name, 2 * (self.loglik - self.null_loglik), df)

    @property
    def wald_test(self) -> Test:
        """w^T Cov(w)^-1 w over all coefficients w but the constants; NaN with too few clusters."""
        sample = self.result.estimate.sample
        w = self.result.estimate.reference[:, : len(sample.features)].ravel()
        slopes = np.tile(np.arange(sample.rows) < len(sample.features), sample.blocks)
        cov = self.result.scaled_covariance[np.ix_(slopes, slopes)]
        clusters = self.result.errors.clusters
        if clusters and clusters <= len(w):  # their covariance has rank clusters - 1 at most
            return Test("Wald", float("nan"), len(w))
        return Test("Wald", float(w @ np.linalg.solve(cov, w)), len(w))

    def to_dict(self) -> dict[str, Any]:
        """For JSON: what was read, which errors and intervals, figures, and the rows of `frame`."""
        test = self.lr_test
        return {
            **described(self.result),
            "separable": self.separable,
            "interval": self.interval,
            "level": self.level,
            "loglik": self.loglik,
            "null_loglik": self.null_loglik,
            "lr_test": {"statistic": test.statistic, "df": test.df, "p_value": test.p_value},
            "deviance": self.deviance,
            "aic": self.aic,
            "bic": self.bic,
            "pseudo_r2": self.pseudo_r2,
            "coefficients": self.frame.reset_index().to_dict(orient="records"),
        }

    def marginal_effects(self, *, dummies: bool = False, level: float = 0.95) -> MarginalEffects:
        """As `LogitResult.marginal_effects`."""
        return make_effects(self.result, level, dummies=dummies)

    @property
    def sheet(self) -> Sheet:
        """What is shown, in words."""
        sample = self.result.estimate.sample
        facts, bounds = (*data_facts(self.result), *self._kinds()), bound_heads(self.level)
        heads = ("", "coef", "std err", "z", "p", *bounds, "odds ratio", *bounds)
        if self.separable:
            return self._separated(facts, heads)
        return Sheet(
            title=title(self.result),
            facts=facts,
            heads=heads,
            together=(len(COLUMNS), len(ODDS)),
            groups=_groups(sample, self.values),
            figures=self._figures(),
            notes=(FEW,) if 0 < self.result.errors.clusters < MANY else (),
        )

    def _separated(self, facts: Pairs, heads: tuple[str, ...]) -> Sheet:
        """An alarm, and of half separated classes the coefficients that exist."""
        sample, found = self.result.estimate.sample, self.result.separation
        levels, firth = levels_in_words(self.result), _firth() * (sample.blocks == 1)
        if np.isfinite(self.values[:, 0]).any() and found is not None:
            rows = numbers.count(float((~found.separated).sum()))
            levels = f"; {levels}" if levels else ""
            unknown = [UNKNOWN] * bool(np.isnan(self.values[:, 0]).any())
            return Sheet(
                title=title(self.result),
                facts=facts,
                alarm=PARTLY.format(by=found, levels=levels, firth=firth),
                heads=heads,
                together=(len(COLUMNS), len(ODDS)),
                groups=_groups(sample, self.values),
                notes=(LIMIT.format(rows=rows), *unknown),
            )
        by = f" ({found})" if found is not None and found.kind != "none" else ""
        levels = f" ({levels})" if levels else ""
        alarm = SEPARABLE.format(by=by, levels=levels, firth=firth)
        return Sheet(title=title(self.result), facts=facts, alarm=alarm)

    def _kinds(self) -> Pairs:
        firth = self.result.firth
        kinds = {"wald": "Wald", "profile": "profile penalised likelihood, as z and p are"}
        if not firth:
            kinds["profile"] = "profile likelihood"
        intervals = f"{numbers.level(self.level)}, {kinds[self.interval]}"
        return () if self.separable else (("std errors", self.errors), ("intervals", intervals))

    def _figures(self) -> Pairs:
        test = self.lr_test if self.result.errors.kind == "fisher" else self.wald_test
        if self.result.firth:
            return (
                ("penalised l", numbers.fixed(self.loglik, 3)),
                ("without features", numbers.fixed(self.null_loglik, 3)),
                (test.name, test.words),
            )
        return (
            ("log-likelihood", numbers.fixed(self.loglik, 3)),
            ("without features", numbers.fixed(self.null_loglik, 3)),
            (test.name, test.words),
            ("deviance", numbers.fixed(self.deviance, 3)),
            ("AIC", numbers.fixed(self.aic, 3)),
            ("BIC", numbers.fixed(self.bic, 3)),
            ("pseudo R2", f"{numbers.fixed(self.pseudo_r2, 4)} (McFadden)"),
        )


def make_summary(result: Fit, interval: str | None = None, level: float = 0.95) -> Summary:
    """All the numbers at once; see `LogitResult.summary`."""
    estimate, level = result.estimate, checked_level(level)
    interval = _checked_interval(result, interval)
    quantile = float(ndtri(0.5 + level / 2))
    if estimate.separable:
        nothing = np.full((2, estimate.parameters), np.nan)
        coef, errors = limit(result) or nothing
        bounds = coef[:, None] + quantile * errors[:, None] * [-1, 1]
        return Summary(result, tabulated(coef, errors, bounds, odds=True), interval, level)
    coef = estimate.coefficients.ravel()
    errors = standard_errors(estimate.sample, result.scaled_covariance).ravel()
    if interval == "profile" and result.firth:
        z, bounds = penalised_rows(estimate, level)
        return Summary(result, tabulated(coef, errors, bounds, odds=True, z=z), interval, level)
    if interval == "profile":
        bounds = profile_intervals(estimate, quantile)
    else:
        bounds = np.column_stack([coef - quantile * errors, coef + quantile * errors])
    return Summary(result, tabulated(coef, errors, bounds, odds=True), interval, level)


def _checked_interval(result: Fit, interval: str | None) -> str:
    interval = interval or ("profile" if result.firth else "wald")
    if interval not in ("wald", "profile"):
        raise UsageError(f"interval={interval!r}: expected 'wald' or 'profile'")
    if interval == "profile" and result.errors.kind != "fisher":
        raise UsageError(
            "Profile likelihood intervals believe the model, robust standard errors do not: "
            "take interval='wald', or leave robust and cluster out"
        )
    return interval


def title(result: Fit) -> str:
    """What was fitted."""
    sample, context = result.estimate.sample, result.context
    kind = "Logistic" if sample.blocks == 1 else "Multinomial logistic"
    how = "by Firth's bias reduction" if result.firth else "without a penalty"
    return f"{kind} regression {how}" + (f": {context.formula}" * bool(context.formula))


def _groups(sample: Observations, values: np.ndarray) -> tuple[Group, ...]:
    cells = cells_of(values)
    rows = [(sample.names[i % sample.rows], *cell) for i, cell in enumerate(cells)]
    headings = [f"{class_name(c)} against {class_name(sample.classes[0])}" for c in sample.classes]
    return tuple(
        Group(headings[1 + q] if sample.blocks > 1 else "", tuple(rows[at : at + sample.rows]))
        for q, at in enumerate(range(0, len(rows), sample.rows))
    )
