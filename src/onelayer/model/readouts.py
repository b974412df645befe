"""How a model file keeps what z means: temperature, class weights and the rule that answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onelayer.calibration import Costs, Readout, Threshold, cost_matrix
from onelayer.errors import ModelFileError, UsageError
from onelayer.logistic import Head


def kept_arrays(readout: Readout) -> dict[str, np.ndarray]:
    """The arrays of a readout, by the names that they have in a file."""
    arrays = {} if readout.class_weights is None else {"class_weights": readout.class_weights}
    rule = readout.decision
    return {**arrays, "costs": rule.matrix} if isinstance(rule, Costs) else arrays


def kept_fields(readout: Readout) -> dict[str, Any]:
    """What of a readout JSON says."""
    rule = readout.decision
    threshold = isinstance(rule, Threshold) and {"class": rule.position, "value": rule.value}
    return {"temperature": readout.temperature, "threshold": threshold or None}


def read_readout(
    head: Head, K: int, arrays: dict[str, np.ndarray], fields: dict[str, Any] | None
) -> Readout:
    """The readout of K classes that was kept; of a file from before there were any, a plain one.

    Raises
    ------
    ModelFileError
        Where what was kept cannot have been a readout.
    """
    if fields is None:
        return Readout(head=head)
    temperature, class_weights = fields["temperature"], arrays.get("class_weights")
    if not (_is_number(temperature) and temperature > 0):
        raise ModelFileError(f"is damaged: a temperature of {temperature!r}")
    if class_weights is not None and (class_weights.shape != (K,) or not (class_weights > 0).all()):
        raise ModelFileError(f"is damaged: {K} classes cannot have these class weights")
    rule = _costs(arrays["costs"], K) if "costs" in arrays else _threshold(fields["threshold"], K)
    return Readout(
        head=head, temperature=float(temperature), class_weights=class_weights, decision=rule
    )


def _costs(matrix: np.ndarray, K: int) -> Costs:
    try:
        return Costs(cost_matrix(matrix, [f"class {k}" for k in range(K)]))
    except UsageError as error:
        raise ModelFileError(f"is damaged: {error}") from error


def _threshold(kept: dict[str, Any] | None, K: int) -> Threshold | None:
    if kept is None:
        return None
    position, value = kept["class"], kept["value"]
    if position not in range(K) or not (_is_number(value) and 0 <= value <= 1):
        raise ModelFileError(f"is damaged: a threshold of {value!r} on class {position!r}")
    return Threshold(int(position), float(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
