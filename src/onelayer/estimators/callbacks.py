"""scikit-learn's callbacks on our one loop: a task for the fit, and in it a task a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onelayer.solution import Record

Attributes = Callable[[], dict[str, Any]]


class FitTasks:
    """The hooks of one fit, as scikit-learn's own solver calls them.

    Each step is a task of its own, and one more begins that no step follows. `current` gives the
    attributes that make a fitted estimator of the parameters so far; they are made only for
    callbacks that ask for them.
    """

    def __init__(self, estimator: Any, context: Any, X: Any, y: Any, sample_weight: Any) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._told = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._fit = context
        self._fit.call_on_fit_task_begin(**self._told)
        self._listened = bool(vars(estimator).get("_skl_callbacks"))
        self._step: Any = None

    def follow(self, record: Record, current: Attributes) -> None:
        """A state of the loop: the step that led to it ends, and the next one begins."""
        if not self._listened:
            return
        if self._step is not None:
            self._step.call_on_fit_task_end(**self._told, reconstruction_attributes=current)
        self._step = self._fit.subcontext(task_name=f"iter {record.iteration}")
        self._step.call_on_fit_task_begin(**self._told, reconstruction_attributes=current)

    def end(self, steps: int, current: Attributes) -> None:
        """The fit is over; one that needed no step is told as one of a single step."""
        if self._step is not None:
            if steps == 0:
                self._step.call_on_fit_task_end(**self._told, reconstruction_attributes=current)
                self._step = self._fit.subcontext(task_name="iter 1")
                self._step.call_on_fit_task_begin(**self._told, reconstruction_attributes=current)
            self._step.call_on_fit_task_end(estimator=self._told["estimator"])
        self._fit.call_on_fit_task_end(**self._told, reconstruction_attributes={})
