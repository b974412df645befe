"""What a model file says of a model: `loading.py` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onelayer.inputs import kept_inputs
from onelayer.model.readouts import kept_arrays, kept_fields
from onelayer.model_file import ModelRecord, encode_labels

if TYPE_CHECKING:
    from onelayer.model.fitted import Model


def record_of(model: Model) -> ModelRecord:
    """Return what the file holds."""
    metadata = {
        "classes": encode_labels(model.classes),
        "inputs": kept_inputs(model.inputs),
        "parameters": model.parameters,
        "readout": kept_fields(model.readout),
        "card": model.card.to_dict(),
    }
    arrays = {"coef": model.coef, "intercept": model.intercept, **kept_arrays(model.readout)}
    if model.scaling is not None:
        arrays |= {"centre": model.scaling.centre, "scale": model.scaling.scale}
    if model.kept is not None:
        arrays |= model.kept.to_arrays()
    return ModelRecord(arrays, metadata)
