"""How far fitted parameters are from the optimum of their own objective, on data that are given."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_consistent_length

from onelayer.errors import DataError
from onelayer.estimators.parameter_meanings import effective_penalty
from onelayer.estimators.parameters import layer_of
from onelayer.estimators.problem import Data, make_problem
from onelayer.estimators.validation import check_examples, check_weights
from onelayer.solvers import Run, solver_for

TOL = 1e-9  # guard: of the optimum that the parameters are held against


class Optimality(NamedTuple):
    """J at the parameters, the least J that a solver reaches from there, and (J - J*) / J at most.

    gap counts what the solver itself may have left; kind: "bound" or "estimate", as that is.
    """

    objective: float
    least: float
    gap: float
    kind: str


def optimality(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> Optimality:
    """Hold a fitted `LogisticRegression` against the optimum of its own J on X (m, n) and y (m,).

    J has the estimator's C, l1_ratio, class weights and scaling, as it was learnt: on the examples
    that it was fitted to, this is the gap of the fit, whoever made it. On others it says how far
    the fit is from one made there. Costs a warm fit to a tolerance of 1e-9.

    Raises
    ------
    DataError
        Where y holds a class that the estimator does not know, or less than two of its classes.
    """
    layer, X, y = layer_of(estimator), check_examples(estimator, X), column_or_1d(y)
    check_consistent_length(X, y, sample_weight)
    classes = np.asarray(estimator.classes_)
    targets = np.searchsorted(classes, y).clip(0, len(classes) - 1)
    unknown = np.flatnonzero(classes[targets] != y)
    if len(unknown):
        raise DataError(
            f"y has {y[unknown[0]]} in row {unknown[0]}, which is none of the classes of the fit"
        )
    data = Data(
        X=X,
        targets=targets,
        weights=check_weights(sample_weight, estimator.class_weight, classes, targets),
        k=len(classes),
        fit_intercept=estimator.fit_intercept,
    )
    problem = make_problem(data, effective_penalty(estimator), layer.scaling)
    objective = problem.objective
    theta = problem.start(layer)
    value = objective.value_and_gradient(theta)[0]
    _, solution = Run(objective, *solver_for(objective), tol=TOL).solve(theta)
    lower = solution.objective * (1 - solution.gap)
    return Optimality(
        objective=value,
        least=min(solution.objective, value),
        gap=float(max((value - lower) / value, 0.0)) if value else 0.0,
        kind=solution.gap_kind,
    )
