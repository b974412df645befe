"""What makes a row of X from what a person has: learnt once, used in training and ever after.

One file a kind. A new kind is a class with `rows` and `to_dict`, and one line in `_KINDS`.
"""

from __future__ import annotations

from typing import Any

from onelayer.inputs.base import Inputs
from onelayer.inputs.features import EncoderInputs
from onelayer.inputs.pictures import PictureInputs
from onelayer.inputs.rows import RowInputs
from onelayer.inputs.table import TableInputs

__all__ = [
    "EncoderInputs",
    "Inputs",
    "PictureInputs",
    "RowInputs",
    "TableInputs",
    "inputs_from",
    "kept_inputs",
]

_KINDS: tuple[type[Inputs], ...] = (EncoderInputs, PictureInputs, RowInputs, TableInputs)


def kept_inputs(inputs: Inputs) -> dict[str, Any]:
    """Return what JSON can hold, the kind by its name."""
    return {"kind": inputs.kind, **inputs.to_dict()}


def inputs_from(fields: dict[str, Any]) -> Inputs:
    """Return the inputs that `kept_inputs` described.

    Raises
    ------
    ValueError
        For a kind that there is not, or fields that do not fit each other.
    """
    for kind in _KINDS:
        if kind.kind == fields["kind"]:
            return kind.from_dict(fields)
    raise ValueError(f"inputs of the kind {fields['kind']!r} are unknown")
