"""From a fitted layer to the model that keeps it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from onelayer.calibration import Readout
from onelayer.card import LEVELS, NUMBERS, Card, made_now
from onelayer.card.json_values import number
from onelayer.estimators.layer_fit import FittedLayer
from onelayer.inputs import Inputs, RowInputs
from onelayer.measures import head_of
from onelayer.model.fitted import Model


def as_model(
    fitted: FittedLayer,
    inputs: Inputs | None = None,
    readout: Readout | None = None,
    **card: Any,
) -> Model:
    """Return a fitted layer as a model; `card` adds to what the fit itself knows.

    `readout` is what its z means; None: its own probabilities, the largest of which answers.
    """
    classes, layer = fitted.classes, fitted.layer
    inputs = inputs or RowInputs(layer.n)
    known = {
        "classes": [str(label) for label in classes.tolist()],
        "features": layer.n,
        "scaling": scaling_in_words(inputs, fitted.asked.scaling),
        "preprocessing": inputs.preprocessing,
        "encoder": inputs.encoder_in_words,
        "solution": replace(fitted.solution, history=()),
    }
    return Model(
        layer=layer,
        classes=classes,
        readout=readout or Readout(head=head_of(classes)),
        inputs=inputs,
        parameters=recorded_parameters(asdict(fitted.asked)),
        card=Card(**{**made_now(), **known, **card}),
    )


def scaling_in_words(inputs: Inputs, layers: float | str | None) -> float | str | None:
    """What the card says was done to X: by a table as it made its features, else by the layer."""
    if inputs.standardises:
        return NUMBERS
    return LEVELS if layers is None and inputs.columns else layers


def recorded_parameters(given: dict[str, Any]) -> dict[str, Any]:
    """Return those that JSON can hold, by name: no generator, no weights by class."""
    kept = (bool, int, float, str, type(None))
    parameters = {name: given[name] for name in sorted(given) if isinstance(given[name], kept)}
    return {**parameters, "C": number(float(given["C"]))}
