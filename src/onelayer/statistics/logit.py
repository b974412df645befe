"""`logit("y ~ ...", frame)`: an unpenalised fit that keeps its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from onelayer.errors import UsageError
from onelayer.statistics.bias_reduced import reduce_bias
from onelayer.statistics.covariance import make_errors
from onelayer.statistics.estimate import maximise
from onelayer.statistics.fit import settled
from onelayer.statistics.formula import ColumnRoles, columns_used, read_table
from onelayer.statistics.levels import classes_of
from onelayer.statistics.observations import Observations, make_sample
from onelayer.statistics.result import LogitResult


def logit(
    formula: str,
    frame: Any,
    *,
    robust: bool | str = False,
    cluster: str | None = None,
    weights: str | None = None,
    reference: Mapping[str, Any] | None = None,
    firth: bool = False,
) -> LogitResult:
    """Maximise l(beta) = sum_i n_i log a_{y_i}: no penalty, reference coding, complete cases.

    Every complete row is used; nothing is held out, nothing is pooled.

    Parameters
    ----------
    formula : str
        R's language, read by formulaic: `"y ~ age*sex + C(race, contr.treatment('white'))"`, and
        `.` for all other columns. Texts, booleans and categories are responses as numbers are.
        Of two values the second is modelled; of more, each against the first: in the order of a
        category's levels, which data frames know, others sorted. Booleans are categories here, as
        in R: `x:sold` is a slope where sold is true and another where it is false.
        `offset(log(t))`, for two classes, is added to z: a column whose coefficient is 1.
    frame : DataFrame
        pandas, or whatever narwhals reads. Rows with a missing value in a column that is used are
        left out, and counted in the summary.
    robust : bool, "HC0" or "HC1", default=False
        The sandwich's standard errors instead of Fisher's; True is HC1, HC0 times n / (n - p).
    cluster : str, default=None
        A column whose groups of rows may depend on each other: the clustered sandwich, times
        G / (G - 1) (n - 1) / (n - p).
    weights : str, default=None
        A column of frequency weights: a weight of 2 is the row twice, in every figure; 0 is the
        row left out. They are not sampling weights, whose errors they would make too small.
    reference : dict of str, default=None
        Levels to compare with, `{"race": "white"}`, instead of the first; for the response the
        class that the others are against. A column named here is a category, be it numbers.
    firth : bool, default=False
        Firth's bias-reduced estimate instead of the most likely one: finite where classes are
        separable, nearer in small samples; two classes. Tests and intervals are then by the
        penalised likelihood ratio, some 300 passes a coefficient.

    Returns
    -------
    LogitResult
        `.summary()`, `.marginal_effects()`; and `onelayer.compare(a, b)`.

    Raises
    ------
    UsageError
        When the formula, or a column or level that is named, cannot be found.
    DataError
        When the data cannot be used: no complete row, one class, a continuous response, collinear
        columns (they are named).

    Notes
    -----
    Separable classes have no estimate without `firth`: `summary()` says so, and by which columns,
    instead of printing numbers.

    The model matrix is made in float64, of the frame's complete rows; the fit and all that
    follows read it in blocks, two passes a step of Newton's method. Figures agree with R's glm and
    statsmodels, whose `cov_type="HC1"` leaves the factor out for discrete models.

    Examples
    --------
    >>> import onelayer, pandas as pd
    >>> frame = pd.DataFrame({"pass": list("nynyynyn"), "hours": [1, 2, 3, 4, 5, 2, 3, 4]})
    >>> onelayer.logit("pass ~ hours", frame).summary().frame["coef"].round(3).tolist()
    [0.569, -1.695]
    """
    _require_texts(formula=formula, weights=weights, cluster=cluster)
    columns, held = ColumnRoles(weights, cluster, dict(reference or {})), _pandas(frame)
    columns_used(formula, list(held.columns), columns)
    return fit_formula(formula, held, columns, robust=robust, firth=firth)


def _require_texts(formula: Any, **columns: Any) -> None:
    if not isinstance(formula, str):
        kind = type(formula).__name__
        raise UsageError(f"the formula is of type {kind}: give text, as in 'y ~ age + sex'")
    for role, name in columns.items():
        if name is not None and not isinstance(name, str):
            raise UsageError(
                f"{role} is of type {type(name).__name__}: give the name of a column of the frame"
            )


def fit_formula(
    formula: str, frame: Any, columns: ColumnRoles, *, robust: bool | str, firth: bool
) -> LogitResult:
    """As `logit`, for a pandas frame that may lack columns which `formula` takes away."""
    table = read_table(formula, frame, columns)
    classes, targets = classes_of(table.response, table.context.response)
    sample = make_sample(
        table.matrix.X,
        targets,
        table.counts,
        classes=classes,
        features=table.matrix.features,
        intercept=table.matrix.intercept,
    )
    sample = _beside(sample, table.offset)
    errors = make_errors(robust, table.cluster, table.counts, columns.cluster or "")
    if firth and errors.kind != "fisher":
        raise UsageError("firth=True has standard errors of its own: leave robust and cluster out")
    estimate, separation = settled(
        reduce_bias(sample) if firth else maximise(sample), table.matrix.X
    )
    return LogitResult(estimate, errors, table.context, separation, table.matrix)


def _beside(sample: Observations, offset: np.ndarray | None) -> Observations:
    """The sample with the formula's offset, which is one number a row."""
    if offset is not None and sample.blocks > 1:
        raise UsageError(
            f"offset(...) in a formula is for two classes, and the response has "
            f"{len(sample.classes)}: LogisticRegression takes an offset of a column a class"
        )
    return replace(sample, offset=offset)


def _pandas(frame: Any) -> Any:
    import narwhals as nw
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame
    try:
        known = nw.from_native(frame, eager_only=True)
        # Their levels are in the order of first appearance, which says nothing.
        loose = [name for name, kind in known.schema.items() if kind == nw.Categorical]
        return known.with_columns(nw.col(*loose).cast(nw.String) if loose else []).to_pandas()
    except TypeError:
        raise UsageError(f"frame is a {type(frame).__name__}: expected a data frame") from None
