"""The l1_ratios that a cross-validation was asked for, in scikit-learn's old words and new."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from onelayer.errors import UsageError
from onelayer.estimators.parameter_meanings import PENALTY_DEPRECATED, check_solver

_KINDS = {0.0: "l2", 1.0: "l1"}


def asked_ratios(model: Any) -> list[float]:
    """`l1_ratios`, each once, in order, None being 0; or what a deprecated `penalty` means.

    Raises
    ------
    UsageError
        For ratios outside [0, 1] or none, for a solver that is not for them, and for `loo` with
        an L1 part.
    """
    ratios = _ratios(model)
    if not ratios or not all(0 <= ratio <= 1 for ratio in ratios):
        raise UsageError(
            "l1_ratios must be an array-like of numbers between 0 and 1; "
            f"got (l1_ratios={model.l1_ratios!r})"
        )
    for ratio in ratios:
        check_solver(model.solver, _KINDS.get(ratio, "elasticnet"), model.dual)
    if model.loo and any(ratios):
        raise UsageError(
            f"loo=True is for L2 penalties, l1_ratios=(0.0,): got l1_ratios={model.l1_ratios!r}"
        )
    return ratios


def _ratios(model: Any) -> list[float]:
    if model.penalty != "deprecated":
        warnings.warn(PENALTY_DEPRECATED, FutureWarning, stacklevel=5)
        if model.penalty != "elasticnet":
            return [1.0 if model.penalty == "l1" else 0.0]
        return _numbers(model.l1_ratios)
    return [0.0] if model.l1_ratios is None else _numbers(model.l1_ratios)


def _numbers(ratios: Any) -> list[float]:
    try:
        found = np.asarray([] if ratios is None else ratios, float).ravel()
    except (TypeError, ValueError):
        return []
    return list(dict.fromkeys(found.tolist()))
