"""The line search on hard convex functions of one variable; what it costs, by the ledger."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from onelayer.designs import make_design
from onelayer.designs.loss import Loss, Turn, falls_on
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers.smooth.line_search import FLAT, LONGER, search_along
from onelayer.solvers.solver import State

FUNCTIONS = {
    "parabola": (lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1)),
    "far minimum": (lambda t: (t / 1e6 - 1) ** 2, lambda t: 2 * (t / 1e6 - 1) / 1e6),
    "near minimum": (lambda t: (1e6 * t - 1) ** 2, lambda t: 2e6 * (1e6 * t - 1)),
    "quartic": (lambda t: (t - 3) ** 4, lambda t: 4 * (t - 3) ** 3),
    "wall": (lambda t: np.exp(50 * t) - 60 * t, lambda t: 50 * np.exp(50 * t) - 60),
    "overflow": (lambda t: np.exp(1e4 * t) - 2e4 * t, lambda t: 1e4 * np.exp(1e4 * t) - 2e4),
    "logistic": (
        lambda t: np.logaddexp(0, -t) + 1e-3 * t,
        lambda t: -1 / (1 + np.exp(t)) + 1e-3,
    ),
    "big constant": (lambda t: 1e6 + (t - 1) ** 2, lambda t: 2 * (t - 1)),
}


@dataclass
class Line:
    """A function of theta (1,) as an objective, and how often it was read."""

    f: object
    df: object
    reads: list = field(default_factory=list)

    def value_and_gradient(self, theta):
        self.reads.append("one")
        return self.f(theta[0]), np.array([self.df(theta[0])])

    def turn(self, theta, direction, steps):
        self.reads.append("many")
        points = theta[0] + steps * direction[0]
        values, slopes = self.f(points), self.df(points) * direction[0]
        place = [*map(falls_on, values, slopes), False].index(False)
        near = slice(max(place - 1, 0), place + 1)
        return Turn(steps[near], values[near], slopes[near])

    def at(self, t):
        return State(theta=np.array([t]), value=self.f(t), gradient=np.array([self.df(t)]))


@pytest.mark.parametrize("length", [1e-8, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_strong_wolfe_in_three_reads(name, length):
    line = Line(*FUNCTIONS[name])
    with np.errstate(over="ignore", invalid="ignore"):
        start = line.at(0.0)
        trial = search_along(line, start, np.array([length]))
    assert trial is not None
    assert trial.value == line.f(trial.length * length)
    assert trial.value <= start.value * (1 + 1e-12)
    if name != "overflow" and trial.length < LONGER[-1]:
        assert abs(trial.slope) <= FLAT * abs(start.gradient[0]) * length
    assert len(line.reads) <= 3


def test_a_kink_that_no_length_of_the_grid_meets():
    line = Line(lambda t: np.hypot(t - 1e-3, 1e-5), lambda t: (t - 1e-3) / np.hypot(t - 1e-3, 1e-5))
    trial = search_along(line, line.at(0.0), np.ones(1))
    assert trial.value < 0.5 * line.f(0.0)
    assert line.reads == ["one", "many", "one"]


def test_where_every_step_rises_there_is_none():
    line = Line(lambda t: 0.0 * t + (np.asarray(t) > 0), lambda t: 1.0 + 0.0 * np.asarray(t))
    start = State(theta=np.zeros(1), value=0.0, gradient=np.array([-1.0]))
    assert search_along(line, start, np.ones(1)) is None
    assert len(line.reads) <= 3


@pytest.mark.parametrize("length", [1e-6, 1.0, 1e6])
def test_reads_by_the_ledger(length):
    """A search costs one read where its first trial holds, and two more where it does not."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    loss = make_design(X).bind(Binary(), y, np.full(200, 1 / 200))
    objective = Objective(loss=loss, penalty=Penalty(1e-3))
    value, gradient = objective.value_and_gradient(objective.start())
    state = State(theta=objective.start(), value=value, gradient=gradient)
    before = loss.bytes_read
    trial = search_along(objective, state, -length * gradient)
    assert trial.value < value
    assert loss.bytes_read - before == (1 if length == 1.0 else 3) * X.nbytes


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_where_j_turns_is_found_by_halving_as_by_looking_at_all_lengths(l2, k):
    rng = np.random.default_rng(k)
    X, y = rng.normal(size=(60, 4)), rng.integers(0, k, 60)
    head = Binary() if k == 2 else Softmax(k)
    loss = make_design(X).bind(head, y, rng.dirichlet(np.ones(60)))
    objective = Objective(loss=loss, penalty=Penalty(l2))
    theta, direction = rng.normal(size=(2, 5, head.width))
    start, step = objective.split(theta), objective.split(direction)
    for steps in (np.linspace(-9, 9, 20), np.array([-0.1]), np.array([50.0, 60])):
        read = [objective.value_and_gradient(theta + t * direction) for t in steps]
        values = np.array([value for value, _ in read])
        slopes = np.array([(gradient * direction).sum() for _, gradient in read])
        place = int((slopes <= 0).sum())  # J is convex
        near = slice(max(place - 1, 0), place + 1)
        before, turn = loss.bytes_read, objective.turn(theta, direction, steps)
        assert loss.bytes_read - before == X.nbytes
        of_all = Loss.turn(
            loss, start, step, steps, objective.penalty.along(start[0], step[0], steps)
        )
        for found in (turn, of_all):
            for ours, expected in zip(found, (steps, values, slopes), strict=True):
                np.testing.assert_allclose(ours, expected[near], rtol=1e-11)
