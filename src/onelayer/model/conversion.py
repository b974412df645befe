"""From a fitted estimator to the model that keeps it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from onelayer.designs import Scaling
from onelayer.errors import UsageError
from onelayer.estimators import LayerClassifier, LogisticRegressionCV, layer_of
from onelayer.estimators.layer_fit import FittedLayer
from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.estimators.steps import entry_of, table_of
from onelayer.inputs import TableInputs
from onelayer.inputs.encoding import Encoding
from onelayer.model.as_model import as_model, recorded_parameters, scaling_in_words
from onelayer.model.fitted import Model


def from_estimator(estimator: Any, **card: Any) -> Model:
    """Return a fitted estimator as a model; `card` adds to what the estimator itself knows."""
    if isinstance(estimator, Pipeline):
        return _from_pipeline(estimator, card)
    _require_fitted(estimator)
    fitted = FittedLayer(
        asked=LayerParameters(scaling=estimator.scaling),
        classes=estimator.classes_,
        layer=layer_of(estimator),
        solution=estimator.solution_,
    )
    return replace(as_model(fitted, **card), parameters=_parameters(estimator))


def save(model: Model | LayerClassifier | Pipeline, path: str | Path) -> None:
    """Write a model, or a fitted `LogisticRegression` or pipeline that ends in one, to one file.

    The steps of a pipeline are those of a closed list, see `estimators/steps.py`.

    Raises
    ------
    UsageError
        For anything else.
    """
    if isinstance(model, LayerClassifier) and "feature_names_in_" in vars(model):
        model = Pipeline([("layer", model)])  # so that the columns of a frame are found by name
    fitted = model if isinstance(model, Model) else from_estimator(model)
    fitted.save(path)


def _from_pipeline(pipeline: Pipeline, card: dict[str, Any]) -> Model:
    """Steps become the model's table; those of an array alone become its scaling."""
    try:
        check_is_fitted(pipeline)
    except NotFittedError as error:
        raise UsageError("cannot save a pipeline that is not fitted: call fit(X, y)") from error
    table, layer = table_of(pipeline)
    model = from_estimator(layer, **card)
    if not _is_of_arrays(pipeline, table):
        inputs = TableInputs.of(table)
        scaling = scaling_in_words(inputs, model.card.scaling)
        return replace(model, inputs=inputs, card=replace(model.card, scaling=scaling))
    return replace(model, layer=model.layer.after(Scaling(table.centre, table.scale)))


def _is_of_arrays(pipeline: Pipeline, table: Encoding) -> bool:
    """Whether columns have no names, and every one is a feature, as it is or scaled."""
    n = entry_of(pipeline).n_features_in_
    plain = all(piece.make == "value" and piece.fill is None for piece in table.pieces)
    in_order = [piece.column for piece in table.pieces] == list(range(n))
    return plain and in_order and [c.name for c in table.columns] == [f"x{j}" for j in range(n)]


def _parameters(estimator: LayerClassifier) -> dict[str, Any]:
    """Return those of the layer; of a cross-validation the C and l1_ratio that were taken."""
    known = {field.name for field in fields(LayerParameters)}
    given = {name: value for name, value in estimator.get_params().items() if name in known}
    if isinstance(estimator, LogisticRegressionCV):
        # The mean of each is what a fit of scikit-learn's older shape has, one a class.
        given |= {"C": np.mean(estimator.C_), "l1_ratio": float(np.mean(estimator.l1_ratio_))}
    return recorded_parameters(given)


def _require_fitted(estimator: Any) -> None:
    if not isinstance(estimator, LayerClassifier):
        raise UsageError(
            f"cannot save a {type(estimator).__name__}: give a onelayer Model or a fitted "
            "onelayer LogisticRegression"
        )
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise UsageError("cannot save an estimator that is not fitted: call fit(X, y)") from error
