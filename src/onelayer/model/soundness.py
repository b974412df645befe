"""What a model file may hold: whatever `load` would otherwise believe, said once and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from onelayer.designs import Scaling
from onelayer.errors import ModelFileError
from onelayer.inputs.kept_pictures import KEPT
from onelayer.layer import Layer
from onelayer.measures import head_of
from onelayer.model_file import ModelRecord

_ARRAYS = {"coef", "intercept", "centre", "scale", "class_weights", "costs", *KEPT}
_FIELDS = {"classes", "inputs", "preprocessing", "table", "parameters", "readout", "card"}
_READOUT = {"temperature", "threshold"}


def require_known(record: ModelRecord) -> None:
    """Refuse arrays and fields of other names: a model without them would answer otherwise.

    Raises
    ------
    ModelFileError
        Naming the first of them.
    """
    readout = record.metadata.get("readout") or {}
    for what, given, known in (
        ("an array", record.arrays, _ARRAYS),
        ("a field", record.metadata, _FIELDS),
        ("of its readout a field", readout, _READOUT),
    ):
        _require_among(what, given, known)


def require_classes(classes: np.ndarray) -> None:
    """Refuse fewer than two classes, and two of one name; ModelFileError says which."""
    labels = classes.tolist()
    if len(labels) < 2:
        raise ModelFileError(f"is damaged: a model of {len(labels)} class tells nothing apart")
    twice = [label for label, times in Counter(labels).items() if times > 1]
    if twice:
        raise ModelFileError(f"is damaged: the class {twice[0]!r} is there twice")


def sound_layer(arrays: dict[str, np.ndarray], classes: np.ndarray) -> Layer:
    """Return the layer of a file's arrays; ModelFileError where it does not fit the classes."""
    require_classes(classes)
    coef, intercept, rows = arrays["coef"], arrays["intercept"], head_of(classes).width
    if coef.dtype.kind != "f" or intercept.dtype.kind != "f":
        raise ModelFileError(f"is damaged: weights of dtype {coef.dtype}")
    if coef.ndim != 2 or coef.shape[0] != rows or intercept.shape != (rows,):
        raise ModelFileError(
            f"is damaged: weights {coef.shape} and {intercept.shape} for {len(classes)} classes"
        )
    if "scale" not in arrays:
        return Layer(coef.T, intercept)
    scaling = Scaling(arrays["centre"], arrays["scale"])
    if not scaling.centre.shape == scaling.scale.shape == coef.shape[1:]:
        raise ModelFileError(f"is damaged: a scaling of {scaling.scale.shape} for {coef.shape[1:]}")
    _require_scales(scaling.scale)
    return Layer(coef.T, intercept, scaling)


def _require_scales(scale: np.ndarray) -> None:
    """Refuse a scale of zero or below, which no training has; ModelFileError says which."""
    wrong = np.flatnonzero(~(scale > 0))
    if len(wrong):
        raise ModelFileError(f"is damaged: feature {wrong[0]} has a scale of {scale[wrong[0]]}")


def _require_among(what: str, given: Iterable[str], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ModelFileError(
            f"has {what} {unknown[0]!r}, which this version does not know: it is damaged, or was "
            "written by a newer onelayer (pip install -U onelayer)"
        )
