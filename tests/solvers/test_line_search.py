"""The line search on convex functions of one variable, each hard in its own way."""

import numpy as np
import pytest

from onelayer.solvers.smooth.line_search import FLAT, SUFFICIENT, Trial, search

FUNCTIONS = {
    "parabola": (lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1)),
    "far minimum": (lambda t: (t / 1e6 - 1) ** 2, lambda t: 2 * (t / 1e6 - 1) / 1e6),
    "near minimum": (lambda t: (1e6 * t - 1) ** 2, lambda t: 2e6 * (1e6 * t - 1)),
    "quartic": (lambda t: (t - 3) ** 4, lambda t: 4 * (t - 3) ** 3),
    "kink": (lambda t: np.hypot(t - 1e-3, 1e-5), lambda t: (t - 1e-3) / np.hypot(t - 1e-3, 1e-5)),
    "wall": (lambda t: np.exp(50 * t) - 60 * t, lambda t: 50 * np.exp(50 * t) - 60),
    "overflow": (lambda t: np.exp(1e4 * t) - 2e4 * t, lambda t: 1e4 * np.exp(1e4 * t) - 2e4),
    "logistic": (
        lambda t: np.logaddexp(0, -t) + 1e-3 * t,
        lambda t: -1 / (1 + np.exp(t)) + 1e-3,
    ),
    "big constant": (lambda t: 1e6 + (t - 1) ** 2, lambda t: 2 * (t - 1)),
}


@pytest.mark.parametrize("first", [1e-8, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_strong_wolfe(name, first):
    f, df = FUNCTIONS[name]
    with np.errstate(over="ignore"):
        start = Trial(0.0, np.zeros(1), f(0.0), np.array([df(0.0)]), df(0.0))
        trial = search(
            lambda theta: (f(theta[0]), np.array([df(theta[0])])), start, np.ones(1), first
        )
    assert trial is not None
    assert trial.value == f(trial.length)
    allowed = 1e-12 * abs(start.value)
    assert trial.value <= start.value + SUFFICIENT * trial.length * start.slope + allowed
    assert abs(trial.slope) <= FLAT * abs(start.slope)


def test_where_every_step_rises_there_is_none():
    start = Trial(0.0, np.zeros(1), 0.0, np.array([-1.0]), -1.0)
    assert search(lambda _: (1.0, np.array([-1.0])), start, np.ones(1)) is None
