"""The parameters of one fit, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LayerParameters:
    """Those of `LogisticRegression`, which says what each means, for fits without scikit-learn."""

    penalty: str | None = "deprecated"
    C: float = 1.0
    l1_ratio: float | None = 0.0
    dual: bool = False
    tol: float = 1e-7
    fit_intercept: bool = True
    intercept_scaling: float = 1
    class_weight: Any = None
    random_state: Any = None
    solver: str = "auto"
    max_iter: int = 1000
    verbose: int | bool = 0
    warm_start: bool = False
    n_jobs: int | None = None
    scaling: float | str | None = None
    learning_rate: float = 0.005
    firth: bool = False
    memory: float | str | None = None
