"""From what a model file holds back to a fitted estimator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onelayer.errors import ModelFileError
from onelayer.estimators import LogisticRegression
from onelayer.estimators.parameters import shown
from onelayer.layer import Layer
from onelayer.solution import Solution, Status


def restored(
    *,
    layer: Layer,
    classes: np.ndarray,
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
    for name, value in shown(layer, np.dtype(np.float64)).items():
        setattr(estimator, name, value)
    estimator.classes_, estimator.n_features_in_ = classes, layer.n
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
