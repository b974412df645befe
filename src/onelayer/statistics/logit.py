"""`logit("y ~ ...", frame)`: an unpenalised fit that keeps its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.statistics.bias_reduced import reduce_bias
from onelayer.statistics.covariance import make_errors
from onelayer.statistics.estimate import maximise
from onelayer.statistics.fit import named_separation
from onelayer.statistics.formula import ColumnRoles, read_table
from onelayer.statistics.observations import make_sample
from onelayer.statistics.result import LogitResult

CLASSES = 20  # different whole numbers that a response may have; more are a count or a measure


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
        Of two values the second in sorted order is modelled; of more, each against the first.
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
        Levels to compare with, `{"race": "white"}`, instead of the first in sorted order. A column
        named here is a category, be it numbers.
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
    columns = ColumnRoles(weights, cluster, dict(reference or {}))
    table = read_table(formula, _pandas(frame), columns)
    classes, targets = _classes(table.y, table.context.response)
    sample = make_sample(
        table.matrix.X,
        targets,
        table.counts,
        classes=classes,
        features=table.matrix.features,
        intercept=table.matrix.intercept,
    )
    errors = make_errors(robust, table.cluster, table.counts, cluster or "")
    if firth and errors.kind != "fisher":
        raise UsageError("firth=True has standard errors of its own: leave robust and cluster out")
    estimate = reduce_bias(sample) if firth else maximise(sample)
    return LogitResult(estimate, errors, table.context, named_separation(estimate, table.matrix.X))


def _pandas(frame: Any) -> Any:
    import narwhals as nw
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame
    try:
        return nw.from_native(frame, eager_only=True).to_pandas()
    except TypeError:
        raise UsageError(f"frame is a {type(frame).__name__}: expected a data frame") from None


def _classes(y: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The sorted values of the response, and every row's position among them."""
    if y.ndim != 1:
        raise DataError(f"The response {name} has shape {y.shape}: expected one column")
    try:
        classes, targets = np.unique(y, return_inverse=True)
    except TypeError:
        kinds = sorted({type(value).__name__ for value in y})
        raise DataError(f"The response {name} mixes {' and '.join(kinds)}: make it one") from None
    if len(classes) < 2:
        raise DataError(
            f"The response {name} has one value only in the rows that are used: {classes[0]!s}"
        )
    fractions = classes.dtype.kind == "f" and not (classes == np.round(classes)).all()
    if classes.dtype.kind in "iuf" and len(classes) > (2 if fractions else CLASSES):
        raise DataError(
            f"The response {name} holds {len(classes):,} different numbers: logistic regression "
            f"needs classes. Give a threshold, as in 'I({name} > {np.median(y):.4g}) ~ ...', or "
            "texts where they are names"
        )
    return classes, targets
