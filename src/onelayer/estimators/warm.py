"""What a warm start goes on from: the coefficients, and the factored Gram matrix of the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from onelayer.designs import Identity, Scaling
from onelayer.errors import DataError
from onelayer.estimators.layer_fit import Chosen
from onelayer.estimators.parameters import layer_of
from onelayer.estimators.problem import Problem
from onelayer.solvers import Gram, Rows, Solver, TruncatedNewton, goes_on_by_class


class WarmStartMixin:
    """An estimator whose next fit begins where the last one ended.

    Where the solver has factored a Gram matrix, the next fit on the same X needs none of its own.
    The same X is one of the same numbers under the same scaling: an array that was changed in place
    is another. Copies and pickles do without what was kept.
    """

    warm_start: bool
    solver: str
    _rows: tuple[Identity, Rows]

    def _start(self, problem: Problem) -> np.ndarray | None:
        """The previous coefficients, if this is a warm start and there are any."""
        if not self.warm_start or getattr(self, "coef_", None) is None:
            return None
        layer = layer_of(self)
        if not (np.isfinite(layer.coef).all() and np.isfinite(layer.b).all()):
            raise DataError(
                "warm_start=True begins at coef_ and intercept_, and these hold numbers that are "
                "not finite: set them to finite ones, or warm_start=False"
            )
        objective = problem.objective
        expected = (objective.head.width, objective.loss.traits.n)
        if layer.coef.shape != expected:
            raise ValueError(
                f"Initialization coef is of shape {layer.coef.shape}, expected shape {expected}: "
                "warm_start needs the features and classes of the previous fit"
            )
        return problem.start(layer)

    def _going_on(self, chosen: Chosen, problem: Problem) -> Chosen:
        """What was chosen; after a long fit what is faster from nearby, unless a name was asked."""
        last = getattr(self, "solution_", None)
        if not self.warm_start or self.solver != "auto" or last is None:
            return chosen
        if not goes_on_by_class(problem.objective, last):
            return chosen
        return TruncatedNewton(), "a warm start after a long fit: over a Gram matrix a class"

    def _with_rows(self, solver: Solver[Any], X: Any, scaling: Scaling | None) -> Solver[Any]:
        """The solver, on the rows of the last fit where they are the same."""
        kept = vars(self).pop("_rows", None)
        if not (self.warm_start and isinstance(solver, Gram)):
            return solver
        if kept is None or not kept[0].matches(X, scaling):
            kept = Identity.of(X, scaling), Rows()
        self._rows = kept
        return replace(solver, rows=self._rows[1])

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_rows"}
