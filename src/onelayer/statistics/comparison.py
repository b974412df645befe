"""Models side by side, and the likelihood-ratio test between nested ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from onelayer.designs.blockwise import OfRows
from onelayer.errors import DataError, UsageError
from onelayer.sheets.printable import Printable
from onelayer.sheets.sheet import Group, Pairs, Sheet
from onelayer.statistics import numbers
from onelayer.statistics.fit import Fit
from onelayer.statistics.observations import Observations, frame_index
from onelayer.statistics.result import LogitResult
from onelayer.statistics.summary import Summary, Test, make_summary
from onelayer.statistics.tabulating import class_name, data_facts

APART = 1e-10  # of |x|^2: what rounding leaves of a column that is spanned
ERRORS = "A coefficient with its standard error below it."


@dataclass(frozen=True)
class Comparison(Printable):
    """Models in columns, and a test of each against every model that is nested in it.

    Attributes
    ----------
    frame : DataFrame
        A row a coefficient, a column a model, NaN where a model has none; then the rows
        `log-likelihood, parameters, deviance, AIC, BIC`.
    tests : dict of (int, int) to Test
        2 (l_b - l_a) of each pair (a, b) of positions, a nested in b: `statistic, df, p_value`.
    """

    summaries: tuple[Summary, ...]
    tests: dict[tuple[int, int], Test]

    @property
    def frame(self) -> Any:
        """The numbers: see the class."""
        import pandas as pd

        columns = {self._name(i): self._column(i) for i in range(len(self.summaries))}
        return pd.DataFrame(columns).reindex(pd.Index([*self._order(), *_FIGURES]))

    def _column(self, position: int) -> Any:
        import pandas as pd

        summary = self.summaries[position]
        coef = dict(zip(_labels(summary), summary.values[:, 0], strict=True))
        return pd.Series({**coef, **{name: take(summary) for name, take in _FIGURES.items()}})

    def _name(self, position: int) -> str:
        return f"({position + 1})"

    def _order(self) -> list[str]:
        """Rows of all models: each where the largest has it, constants last."""
        rows: dict[str, None] = {}
        for summary in sorted(self.summaries, key=lambda summary: -summary.parameters):
            rows.update(dict.fromkeys(_labels(summary)))
        return sorted(rows, key=lambda label: label.endswith("const"))

    @property
    def sheet(self) -> Sheet:
        """What is shown, in words."""
        first = self.summaries[0].result
        formulas = tuple(
            (self._name(i), summary.result.context.formula or "on X")
            for i, summary in enumerate(self.summaries)
        )
        columns = [self._cells(summary) for summary in self.summaries]
        rows = tuple(zip(self._cell_names(), *columns, strict=True))
        return Sheet(
            title="Logistic regressions without a penalty, side by side",
            facts=(*formulas, *data_facts(first)[:2], ("std errors", self.summaries[0].errors)),
            heads=("", *(self._name(i) for i in range(len(self.summaries)))),
            groups=(Group("", rows[: -len(_FIGURES)]), Group("", rows[-len(_FIGURES) :])),
            figures=self._tested(),
            notes=(ERRORS,),
        )

    def _cell_names(self) -> list[str]:
        names = [line for label in self._order() for line in (label, "")]
        return [*names, *_FIGURES]

    def _cells(self, summary: Summary) -> list[str]:
        found = dict(zip(_labels(summary), summary.values, strict=True))
        cells = []
        for label in self._order():
            coef, error = found[label][:2] if label in found else (np.nan, np.nan)
            shown = numbers.by_error(error, error)
            cells += [numbers.by_error(coef, error) + " ", f"({shown})" * bool(shown)]
        figures = [
            numbers.count(take(summary)) if name == "parameters" else f"{take(summary):.3f} "
            for name, take in _FIGURES.items()
        ]
        return numbers.aligned([*cells, *figures])

    def _tested(self) -> Pairs:
        if not self.tests:
            return (("tests", "no model is nested in another: compare AIC or BIC"),)
        return tuple(
            (f"({b + 1}) against ({a + 1})", f"likelihood ratio {test.words}")
            for (a, b), test in self.tests.items()
        )


_FIGURES: dict[str, Any] = {
    "log-likelihood": lambda summary: summary.loglik,
    "parameters": lambda summary: summary.parameters,
    "deviance": lambda summary: summary.deviance,
    "AIC": lambda summary: summary.aic,
    "BIC": lambda summary: summary.bic,
}


def compare(*models: LogitResult | Summary) -> Comparison:
    """Models of the same response on the same rows, side by side, with tests of nested ones.

    2 (l_b - l_a) is chi-squared with p_b - p_a degrees of freedom where a is true and the columns
    of b span those of a, which is looked at in X itself, not in names.

    Parameters
    ----------
    *models : LogitResult or Summary
        Two or more, of `logit` or of `LogisticRegression.summary`.

    Raises
    ------
    UsageError
        For fewer than two models.
    DataError
        When they differ in their rows, counts or response (often because of missing values in
        another column), or one of them has no estimates.
    """
    results = [model.result if isinstance(model, Summary) else model for model in models]
    odd = next((result for result in results if not isinstance(result, LogitResult)), None)
    if odd is not None:
        raise UsageError(
            "compare takes results of logit, or summaries, and one of these is of type "
            f"{type(odd).__name__}: models of train are compared by `onelayer compare`"
        )
    if len(results) < 2:
        raise UsageError("compare needs two models at least")
    for result in results:
        if result.firth:
            raise UsageError(
                "compare is for maximum likelihood: Firth's penalty differs from model to model"
            )
        if result.estimate.separable:
            raise DataError(f"{result!r} has no estimates: its classes are separable")
        _require_same_data(results[0].estimate.sample, result.estimate.sample)
    by_size = sorted(range(len(results)), key=lambda i: results[i].parameters)
    pairs = ((a, b) for a, b in combinations(by_size, 2) if _nested(results[a], results[b]))
    tests = {(a, b): _test(results[a], results[b]) for a, b in pairs}
    return Comparison(tuple(map(make_summary, results)), tests)


def _nested(a: Fit, b: Fit) -> bool:
    return a.parameters < b.parameters and _spans(b.estimate.sample, a.estimate.sample)


def _test(a: Fit, b: Fit) -> Test:
    statistic = max(0.0, 2 * (b.loglik - a.loglik))
    return Test("likelihood ratio", statistic, b.parameters - a.parameters)


def _require_same_data(a: Observations, b: Observations) -> None:
    same = (
        np.array_equal(a.classes, b.classes)
        and np.array_equal(a.targets, b.targets)
        and np.array_equal(a.counts, b.counts)
    )
    if same and not _same_offset(a.offset, b.offset):
        raise DataError(
            "The models have different offsets, so a test of one against the other would be of the "
            "offset too: give both the same offset"
        )
    if not same:
        raise DataError(
            f"The models were fitted to different data ({len(a.targets):,} rows and "
            f"{len(b.targets):,}, or another response): leave the rows that one of them lacks out "
            "of both, with frame.dropna(subset=...)"
        )


def _same_offset(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """None is an offset of 0."""
    given = [np.zeros((1, 1)) if offset is None else offset for offset in (a, b)]
    return bool((given[0] == given[1]).all())


def _spans(large: Observations, small: Observations) -> bool:
    """Whether every column of the small X is a combination of the large one's.

    |x|^2 less the square of its projection, for x column by column: two passes each.
    """
    R = large.design.triangle_pass(large.shares)[:, : large.rows]
    for column in range(small.rows):
        x = _column(small, column)
        weighted = (x * large.shares[:, None])[:, :1]
        cross = large.design.sums_pass(*_zero(large), _rows_of(weighted))
        inside = np.linalg.lstsq(R.T, cross[: large.rows, 0], rcond=None)[0]
        square = float(weighted[:, 0] @ x[:, 0])
        if square - inside @ inside > APART * square:
            return False
    return True


def _rows_of(values: np.ndarray) -> OfRows:
    return lambda rows, _z: values[rows]


def _column(sample: Observations, position: int) -> np.ndarray:
    """A column of the scaled X, or the constant: (m, 1)."""
    unit = np.zeros((len(sample.features) + 1, 1))
    unit[position] = 1
    return sample.design.forward(unit[:-1], unit[-1])


def _zero(sample: Observations) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((len(sample.features), 1)), np.zeros(1)


def _labels(summary: Summary) -> list[str]:
    """Rows of a frame as one text each."""
    sample = summary.result.estimate.sample
    if sample.blocks == 1:
        return list(sample.names)
    return [f"{class_name(c)}: {name}" for c, name in frame_index(sample)]
