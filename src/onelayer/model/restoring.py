"""From what a model file holds back to a fitted estimator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onelayer.designs import Scaling
from onelayer.errors import ModelFileError
from onelayer.estimators import LogisticRegression
from onelayer.solution import Solution, Status


def restored(
    *,
    coef: np.ndarray,
    intercept: np.ndarray,
    classes: np.ndarray,
    scaling: Scaling | None,
    parameters: dict[str, Any],
    solution: dict[str, Any] | None,
) -> LogisticRegression:
    """Return the fitted estimator of these weights, parameters and solution, as a card has it.

    Raises
    ------
    ModelFileError
        Where the file that they are of holds parameters or a solution that no estimator has.
    """
    try:
        estimator = LogisticRegression(**_read(parameters))
        found = None if solution is None else _solution(solution)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"the model is damaged: its parameters cannot be understood: {error!r}"
        ) from error
    estimator.coef_, estimator.intercept_ = coef, intercept
    estimator.scaling_ = scaling
    estimator.classes_, estimator.n_features_in_ = classes, coef.shape[1]
    if found is not None:
        estimator.solution_ = found
        estimator.n_iter_ = np.array([found.iterations])
    return estimator


def _read(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as an estimator has them: JSON writes an infinite C as text."""
    return {**parameters, "C": float(parameters["C"])} if "C" in parameters else parameters


def _solution(named: dict[str, Any]) -> Solution:
    undefined = {"gap": math.nan, "gap_bound": math.inf}
    missing = {name: value for name, value in undefined.items() if named[name] is None}
    status = Status(named["status"])
    return Solution(**{**named, **missing, "status": status, "history": ()})
