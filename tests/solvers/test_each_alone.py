"""Folds that are solved alone: on any number of threads the same, and given up together."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from onelayer.designs import make_design
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Folds, Run, Walking, make_path, named_solver, solver_for
from onelayer.solvers.paths import side_by_side

M, FOLDS = 3000, 3
STRENGTHS = (1e-2, 1e-3)
PLACE = np.arange(M) % FOLDS


def texts(classes, ratio=0.0, seed=0):
    """Sparse rows, large enough for the kernels, of which some columns tell the classes apart."""
    random = np.random.default_rng(seed)
    X = sparse.random(M, 2000, 0.05, "csr", np.float32, random_state=random)
    z = X[:, :50] @ random.normal(size=(50, classes)) + 0.1 * random.normal(size=(M, classes))
    head = Binary() if classes == 2 else Softmax(classes)
    weights = np.full(M, 1 / M)
    loss = make_design(X).bind(head, z.argmax(axis=1), weights)
    assert loss.compiled
    return Objective(loss=loss, penalty=Penalty(1.0, ratio))


def folds():
    weights = (PLACE[:, None] != np.arange(FOLDS)).astype(float)
    judged = tuple(np.flatnonzero(fold == PLACE) for fold in range(FOLDS))
    return Folds(weights / weights.sum(axis=0), judged)


def walked(objective, **how):
    path = make_path(objective, Walking(folds=folds(), tol=1e-6, **how))
    return [path.at(strength) for strength in STRENGTHS]


@pytest.mark.parametrize(("classes", "ratio"), [(2, 0.0), (3, 0.0), (2, 1.0)])
def test_threads_change_nothing_but_the_time(classes, ratio, monkeypatch):
    found = {}
    for threads in (1, 2, 3):
        monkeypatch.setattr(side_by_side, "thread_count", lambda count=threads: count)
        objective = texts(classes, ratio)
        points = walked(objective, whole=False)
        fits = [fit for point in points for fit in point.folds]
        read = sum(solution.bytes_read for _, solution in fits)
        shown = sum(objective.design.traits.nbytes for point in points if point.Z)
        assert objective.design.ledger.bytes_read == read + shown
        found[threads] = (
            [(theta.tobytes(), solution.passes, solution.gap) for theta, solution in fits],
            [Z.tobytes() for point in points for Z in point.Z],
        )
    assert found[1] == found[2] == found[3]


@pytest.mark.parametrize("classes", [2, 4])
def test_without_the_whole_the_folds_are_what_they_are_beside_it(classes):
    objective = texts(classes)
    for alone, beside in zip(
        walked(objective, whole=False), walked(objective, whole=True), strict=True
    ):
        assert (beside.whole, alone.whole) == (True, False)
        assert alone.theta is alone.folds[0][0]
        assert len(alone.folds) == len(beside.folds) == FOLDS
        for (_, one), (_, other) in zip(alone.folds, beside.folds, strict=True):
            assert one.status is Status.CONVERGED
            assert one.objective == pytest.approx(other.objective, rel=3e-6)


def test_a_path_without_the_whole_has_folds():
    with pytest.raises(ValueError, match="without the whole there are folds"):
        Walking(whole=False)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("solver", ["dual-ascent", "truncated-newton"])
def test_rows_without_weight_are_not_looked_at(classes, solver):
    objective = replace(texts(classes), penalty=Penalty(1e-3)).weighted(folds().weights[:, 0])
    X = objective.design.X.copy()
    held = X[PLACE == 0]
    X.data[np.repeat(PLACE == 0, np.diff(X.indptr))] = 7.0
    assert (X[PLACE == 0] != held).nnz
    other = replace(
        objective,
        loss=make_design(X).bind(objective.head, objective.targets, objective.weights),
    )
    thetas = [
        Run(problem, *named_solver(solver, problem, 0.1), tol=1e-5).solve()[0]
        for problem in (objective, other)
    ]
    np.testing.assert_array_equal(*thetas)


def test_tol_on_a_level_is_a_part_of_the_first_j():
    """At weaker penalties J is smaller, and scores differ by as much as before."""
    objective = texts(2)
    path = make_path(objective, Walking(folds=folds(), tol=1e-4, whole=False, level=True))
    first, last = path.at(1e-1), path.at(1e-6)
    height = min(solution.objective for _, solution in first.folds)
    for theta, solution in last.folds:
        del theta
        gap = solution.gap * solution.objective
        assert gap <= 1e-4 * height
    exact = make_path(objective, Walking(folds=folds(), tol=1e-9, whole=False))
    exact.at(1e-1)
    passes = [sum(s.passes for _, s in point.folds) for point in (last, exact.at(1e-6))]
    assert passes[0] < 0.7 * passes[1]


def test_one_that_fails_ends_the_others(monkeypatch):
    """Within a read, not a fit: Ctrl-C is answered within a second."""
    monkeypatch.setattr(side_by_side, "thread_count", lambda: 3)
    begun, ended = threading.Barrier(3), []

    def solve(self, start=None):
        place = begun.wait()
        if place == 0:
            raise KeyboardInterrupt
        try:
            while True:
                self.objective.value_and_gradient(start)
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    monkeypatch.setattr(Run, "solve", solve)
    with pytest.raises(KeyboardInterrupt):
        walked(texts(2), whole=False)
    assert ended == ["SharingEndedError"] * 2


def test_each_is_the_fit_alone():
    objective = texts(3)
    for point in walked(objective, whole=False):
        here = replace(objective, penalty=Penalty(point.strength))
        for number, (theta, solution) in enumerate(point.folds):
            fit = folds().alone(here, number)
            _, best = Run(fit, *solver_for(fit), tol=1e-8).solve()
            value = fit.value_and_gradient(theta)[0]
            assert value == pytest.approx(solution.objective, rel=1e-9)
            assert value - best.objective <= 1.1e-6 * best.objective


WEAKER = (1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)


@pytest.mark.parametrize("classes", [2, 4])
def test_where_the_ascent_is_slow_the_path_goes_on_from_where_it_leads(classes):
    """Each fit is as exact as it says; together they read X less often than each by itself."""
    objective, reads, alone = texts(classes), 0.0, 0.0
    path = make_path(objective, Walking(folds=folds(), tol=1e-3, whole=False))
    reasons = []
    for strength in WEAKER:
        point, here = path.at(strength), replace(objective, penalty=Penalty(strength))
        for number, (theta, solution) in enumerate(point.folds):
            fit = folds().alone(here, number)
            best = Run(fit, *solver_for(fit), tol=1e-6).solve()[1].objective
            value = fit.value_and_gradient(theta)[0]
            assert value == pytest.approx(solution.objective, rel=1e-9)
            assert (value - best) / value <= min(1e-3, 2 * solution.gap) + 1e-6
            if strength < 1e-4:
                reads += solution.passes
                alone += Run(fit, *solver_for(fit), tol=1e-3).solve()[1].passes
        reasons.append({solution.reason for _, solution in point.folds})
    assert side_by_side.AHEAD not in reasons[0]
    assert reasons[-1] == {side_by_side.AHEAD}
    assert reads < 0.7 * alone


def test_from_the_other_end_of_a_path_nothing_is_foretold():
    """Back at a stronger penalty the last optima lie on the wrong side."""
    objective = texts(2)
    path = make_path(objective, Walking(folds=folds(), tol=1e-3, whole=False))
    for strength in WEAKER:
        path.at(strength)
    back = path.at(WEAKER[0] * 3)
    assert side_by_side.AHEAD not in {solution.reason for _, solution in back.folds}
