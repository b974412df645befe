"""What a model file may hold: whatever `load` would otherwise believe, said once and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from onelayer.errors import ModelFileError
from onelayer.model_file import ModelRecord

_ARRAYS = {"coef", "intercept", "centre", "scale", "class_weights", "costs"}
_FIELDS = {"classes", "preprocessing", "table", "parameters", "readout", "card"}
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


def require_scales(scale: np.ndarray) -> None:
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
