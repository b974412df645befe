"""From a fitted estimator to the model that keeps it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from onelayer.calibration import Readout
from onelayer.card import LEVELS, NUMBERS, Card, made_now
from onelayer.card.json_values import number
from onelayer.designs import Scaling
from onelayer.errors import UsageError
from onelayer.estimators import LayerClassifier, LogisticRegression, LogisticRegressionCV, layer_of
from onelayer.estimators.steps import entry_of, table_of
from onelayer.inputs import Inputs, RowInputs, TableInputs
from onelayer.inputs.encoding import Encoding
from onelayer.measures import head_of
from onelayer.model.fitted import Model


def from_estimator(
    estimator: Any,
    inputs: Inputs | None = None,
    readout: Readout | None = None,
    **card: Any,
) -> Model:
    """Return a fitted estimator as a model; `card` adds to what the estimator itself knows.

    `readout` is what its z means; None: its own probabilities, the largest of which answers.
    """
    if isinstance(estimator, Pipeline):
        return _from_pipeline(estimator, card)
    _require_fitted(estimator)
    layer = layer_of(estimator)
    inputs = inputs or RowInputs(layer.n)
    known = {
        "classes": [str(label) for label in estimator.classes_.tolist()],
        "features": layer.n,
        "scaling": _scaling_of(inputs, estimator.scaling),
        "preprocessing": inputs.preprocessing,
        "encoder": inputs.encoder_in_words,
        "solution": replace(estimator.solution_, history=()),
    }
    return Model(
        layer=layer,
        classes=estimator.classes_,
        readout=readout or Readout(head=head_of(estimator.classes_)),
        inputs=inputs,
        parameters=_parameters(estimator),
        card=Card(**{**made_now(), **known, **card}),
    )


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
        scaling = _scaling_of(inputs, model.card.scaling)
        return replace(model, inputs=inputs, card=replace(model.card, scaling=scaling))
    return replace(model, layer=model.layer.after(Scaling(table.centre, table.scale)))


def _scaling_of(inputs: Inputs, layers: float | str | None) -> float | str | None:
    """What the card says was done to X: by a table as it made its features, else by the layer."""
    if inputs.standardises:
        return NUMBERS
    return LEVELS if layers is None and inputs.columns else layers


def _is_of_arrays(pipeline: Pipeline, table: Encoding) -> bool:
    """Whether columns have no names, and every one is a feature, as it is or scaled."""
    n = entry_of(pipeline).n_features_in_
    plain = all(piece.make == "value" and piece.fill is None for piece in table.pieces)
    in_order = [piece.column for piece in table.pieces] == list(range(n))
    return plain and in_order and [c.name for c in table.columns] == [f"x{j}" for j in range(n)]


def _parameters(estimator: LayerClassifier) -> dict[str, Any]:
    """Return the parameters of the layer that JSON can hold: no generator, no weights by class.

    A layer that was chosen by cross-validation is one of the C and l1_ratio that were taken.
    """
    kept = (bool, int, float, str, type(None))
    known = LogisticRegression().get_params()
    given = {name: value for name, value in estimator.get_params().items() if name in known}
    if isinstance(estimator, LogisticRegressionCV):
        # The mean of each is what a fit of scikit-learn's older shape has, one a class.
        given |= {"C": np.mean(estimator.C_), "l1_ratio": float(np.mean(estimator.l1_ratio_))}
    parameters = {name: value for name, value in given.items() if isinstance(value, kept)}
    return {**parameters, "C": number(float(given["C"]))}


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
