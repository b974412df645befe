"""From what a model file holds back to a fitted estimator."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.errors import ModelFileError
from onelayer.estimators import LogisticRegression
from onelayer.estimators.parameters import shown
from onelayer.layer import Layer
from onelayer.solution import Solution


def restored(
    layer: Layer,
    classes: np.ndarray,
    parameters: dict[str, Any],
    solution: Solution | None,
) -> LogisticRegression:
    """Return the fitted estimator of these weights, parameters and solution, as a card has it.

    Raises
    ------
    ModelFileError
        Where the file that they are of holds parameters or a solution that no estimator has.
    """
    try:
        estimator = LogisticRegression(**_read(parameters))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"the model is damaged: its parameters cannot be understood: {error!r}"
        ) from error
    for name, value in shown(layer, np.dtype(np.float64)).items():
        setattr(estimator, name, value)
    estimator.classes_, estimator.n_features_in_ = classes, layer.n
    if solution is not None:
        estimator.solution_ = solution
        estimator.n_iter_ = np.array([solution.iterations])
    return estimator


def _read(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as an estimator has them: JSON writes an infinite C as text."""
    return {**parameters, "C": float(parameters["C"])} if "C" in parameters else parameters
