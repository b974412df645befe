"""One fit of one contender, timed: all of `fit` on the array as it was given, and no more."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contender import Contender, Setting
from rows import Task


@dataclass(frozen=True)
class Fit:
    """What came back: seconds, (W, b) on x' for every case, and what onelayer says of itself.

    `exact` are the parameters that onelayer predicts from; `coef_` is float32 where X is.
    """

    seconds: float
    parameters: list[tuple[np.ndarray, np.ndarray]]
    exact: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    passes: float = float("nan")
    stated_gap: float = float("nan")
    status: str = ""
    history: tuple[tuple[float, float, float], ...] = ()  # seconds, passes, objective


class Bench:
    """A contender with its array and labels ready."""

    def __init__(self, contender: Contender, task: Task) -> None:
        self.contender, self.task = contender, task
        view = contender.view
        self.X = task.view.X if view == "given" else task.view.whole(np.dtype(view).type)
        self.y = task.y.astype(np.float64) if contender.float_labels else task.y

    def fit(self, tol: float | None) -> Fit:
        """Every case of the problem at one tolerance; the clock runs from constructor to fit."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a loose tolerance is what was asked for
            start = time.perf_counter()
            models = self._cross_validate(tol) if self._by_itself else self._each(tol)
            seconds = time.perf_counter() - start
        return replace(
            _report(seconds, self._parameters(models), models), exact=self._exact(models)
        )

    @property
    def _by_itself(self) -> bool:
        return self.contender.cross_validates

    def _setting(self, strength: float, m: int, tol: float | None) -> Setting:
        return Setting(self.task, strength, m, tol)

    def _cross_validate(self, tol: float | None) -> list[Any]:
        setting = self._setting(self.task.lambdas[0], len(self.y), tol)
        return [self.contender.estimator(setting).fit(self.X, self.y)]

    def _each(self, tol: float | None) -> list[Any]:
        """One estimator a case; along a path it goes on from the last where it can."""
        results: list[Any] = []
        rows, model = None, None
        X, y = self.X, self.y
        for case in self.task.cases():
            if case.rows is not rows:
                rows, model = case.rows, None
                X, y = self.X[rows], self.y[rows]
            setting = self._setting(case.strength, len(y), tol)
            model = self._next(model, setting)
            model.fit(X, y)
            results.append(_Fitted(model.coef_, getattr(model, "intercept_", 0.0), *_own(model)))
        return results

    def _next(self, model: Any, setting: Setting) -> Any:
        if model is not None and self.contender.warm:
            return model.set_params(**self.contender.strength(setting))
        model = self.contender.estimator(setting)
        if self.contender.package == "cyanure":
            model.intercept_ = np.zeros(1)  # it looks for one even where there is none (1.2.2)
        return model

    def _parameters(self, models: list[Any]) -> list[tuple[np.ndarray, np.ndarray]]:
        found = _path(models[0]) if self._by_itself else [(m.coef, m.intercept) for m in models]
        return [self._on_scaled(coef, intercept) for coef, intercept in found]

    def _exact(self, models: list[Any]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        fitted = [model for model in models if isinstance(model, _Fitted) and model.exact]
        return tuple(self._on_scaled(*model.exact) for model in fitted)

    def _on_scaled(self, coef: Any, intercept: Any) -> tuple[np.ndarray, np.ndarray]:
        n = self.X.shape[1]
        coef = np.array(coef, np.float64)
        W = coef.T if coef.ndim == 2 and coef.shape[1] == n and coef.shape[0] != n else coef
        W = W.reshape(n, -1)
        b = np.zeros(W.shape[1]) + np.array(intercept, np.float64).ravel()
        return self.task.view.parameters(W, b) if self.contender.view == "given" else (W, b)


@dataclass(frozen=True)
class _Fitted:
    coef: Any
    intercept: Any
    solution: Any
    exact: Any


def _own(model: Any) -> tuple[Any, Any]:
    """onelayer's account of the fit, and the parameters unrounded; peers give none."""
    if not hasattr(model, "solution_"):
        return None, None
    return model.solution_, parameters_of(model)


def parameters_of(model: Any) -> tuple[np.ndarray, np.ndarray]:
    """coef and intercept in float64, which predictions are made from."""
    from onelayer.estimators.parameters import layer_of

    layer = layer_of(model)
    return layer.coef, layer.b


def _path(model: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """coefs_paths_ is (folds, 1, Cs, classes, n + 1), the intercept last."""
    paths = np.asarray(model.coefs_paths_)
    flat = paths.reshape(-1, *paths.shape[-2:])
    return [(coef[:, :-1], coef[:, -1]) for coef in flat]


def _report(seconds: float, parameters: list[Any], models: list[Any]) -> Fit:
    solutions = [m.solution for m in models if isinstance(m, _Fitted) and m.solution is not None]
    if not solutions:
        return Fit(seconds, parameters)
    history: tuple[tuple[float, float, float], ...] = ()
    if len(solutions) == 1:
        history = tuple((r.seconds, r.passes, r.objective) for r in solutions[0].history)
    return Fit(
        seconds,
        parameters,
        passes=float(sum(solution.passes for solution in solutions)),
        stated_gap=float(max(solution.gap for solution in solutions)),
        status="; ".join(sorted({f"{s.solver}: {s.status.value}" for s in solutions})),
        history=history,
    )
