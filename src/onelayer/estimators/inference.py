"""What a fitted estimator's coefficients are worth, from the data that it was fitted to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, column_or_1d

from onelayer.errors import DataError, UsageError
from onelayer.estimators.parameters import layer_of
from onelayer.estimators.validation import check_examples, check_offset, check_weights
from onelayer.solution import Status
from onelayer.statistics import Summary
from onelayer.statistics.bias_reduced import reduce_bias
from onelayer.statistics.covariance import make_errors
from onelayer.statistics.estimate import Estimate, maximise
from onelayer.statistics.fit import Context, settled
from onelayer.statistics.observations import Observations, make_sample
from onelayer.statistics.result import LogitResult

NEAR = 0.1  # standard errors between the coefficients and the data's own estimate


class InferenceMixin:
    """Adds `summary` to an estimator with `coef_`, `classes_` and `solution_`."""

    def summary(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        offset: Any = None,
        robust: bool | str = False,
        cluster: Any = None,
        interval: str | None = None,
        level: float = 0.95,
    ) -> Summary:
        """Standard errors, tests, intervals and odds ratios of an unpenalised fit (`C=inf`).

        Parameters
        ----------
        X, y, sample_weight
            What was given to `fit`; weights are counts, 2 is a row given twice in every figure.
        offset : array (m,) or (m, K), default=None
            What was given to `fit`.
        robust : bool, "HC0" or "HC1", default=False
            The sandwich's errors instead of Fisher's; True is HC1.
        cluster : array (m,), default=None
            A label for each row: rows of one label may depend on each other.
        interval : {"wald", "profile"}, default=None
            By standard errors, or by the profile likelihood (two classes); None is "wald", and
            "profile" with `firth=True`.
        level : float in (0, 1), default=0.95
            Of the intervals.

        Returns
        -------
        Summary
            Print it, or take its `frame`; `marginal_effects()` is there too. It keeps X.

        Raises
        ------
        ValueError
            When the fit is penalised or class-weighted, X and y are not what was fitted, columns
            are collinear (they are named), or options contradict each other.
        """
        given = (X, y, sample_weight, offset)
        result = infer(self, *given, robust=robust, cluster=cluster)
        return result.summary(interval=interval, level=level)


def infer(
    model: Any, X: Any, y: Any, sample_weight: Any, offset: Any, *, robust: Any, cluster: Any
) -> LogitResult:
    """The likelihood's maximum from the model's coefficients on, which are to be all but there.

    Raises
    ------
    UsageError
        When the fit is penalised or class-weighted.
    DataError
        When X and y are not what was fitted.
    """
    check_is_fitted(model)
    _require_likelihood(model)
    examples, targets = check_examples(model, X, mapped=True), _targets(model, y)
    if len(targets) != examples.shape[0]:
        raise DataError(f"X has {examples.shape[0]} rows and y {len(targets)}")
    weights = check_weights(sample_weight, None, model.classes_, targets)
    counts = weights.relative * float(weights.unit)
    sample = make_sample(
        examples,
        targets,
        counts,
        classes=model.classes_,
        features=_names(model),
        scaling=model.scaling_,
        intercept=model.fit_intercept,
    )
    sample = replace(sample, offset=check_offset(offset, examples, len(model.classes_)))
    estimate, separation = settled(_estimate(model, sample), examples)
    context = Context(
        response=str(getattr(y, "name", None) or "y"),
        rows=len(targets),
        given=len(targets),
        weights="" if sample_weight is None else "sample_weight",
    )
    errors = make_errors(robust, cluster, counts)
    if model.firth and errors.kind != "fisher":
        raise UsageError("firth=True has standard errors of its own: leave robust and cluster out")
    return LogitResult(estimate, errors, context, separation)


def _estimate(model: Any, sample: Observations) -> Estimate:
    layer = layer_of(model)
    W, b = sample.scaling.unfold(layer.W, layer.b)
    start = sample.objective.join(W, b)
    if model.solution_.status is Status.SEPARABLE:
        return Estimate(sample, start, model.solution_)
    if model.firth:
        return reduce_bias(sample, start)
    estimate = maximise(sample, start)
    if not estimate.separable:
        _require_near(model, estimate)
    return estimate


def _require_near(model: Any, estimate: Estimate) -> None:
    """The likelihood that the coefficients miss is what tol allows, and no more."""
    first = estimate.solution.history[0].objective
    missed = 2 * estimate.sample.total * (first - estimate.solution.objective)
    allowed = NEAR**2 + 4 * estimate.sample.total * model.tol * first
    if missed <= allowed:
        return
    if model.solution_.status is not Status.CONVERGED:
        status = model.solution_.status
        raise DataError(f"The fit has not reached its optimum ({status}): {status.advice}")
    raise DataError(
        f"X and y (and sample_weight, offset) are not what this model was fitted to: its "
        f"coefficients are {np.sqrt(missed):.2g} standard errors from the most likely ones there. "
        "Give the data of fit"
    )


def _require_likelihood(model: Any) -> None:
    """No penalty and no class weights, or there is no likelihood to speak of."""
    if model.penalty is not None and not np.isinf(model.C):
        raise UsageError(
            f"This fit is penalised (C={model.C:g}): its coefficients are shrunk, so p-values and "
            "intervals that do not know of it would be wrong. Fit with C=numpy.inf for inference; "
            "to choose or judge a penalised model, cross-validate it"
        )
    if model.class_weight is not None:
        raise UsageError(
            f"class_weight={model.class_weight!r} replaces the data's likelihood by another, so "
            "its standard errors would be wrong. Fit with class_weight=None for inference, and "
            "move the threshold of predict_proba instead"
        )


def _targets(model: Any, y: Any) -> np.ndarray:
    labels = column_or_1d(y, warn=True)
    positions = np.searchsorted(model.classes_, labels).clip(0, len(model.classes_) - 1)
    unknown = model.classes_[positions] != labels
    if unknown.any():
        row = int(np.argmax(unknown))
        label = labels.tolist()[row]
        raise DataError(f"y is {label!r} at row {row}, which is no class of this model")
    return positions


def _names(model: Any) -> tuple[str, ...]:
    """Of the data frame's columns, else x0, x1, ..., as scikit-learn's."""
    names = getattr(model, "feature_names_in_", None)
    return tuple(f"x{i}" for i in range(model.n_features_in_)) if names is None else tuple(names)
