"""Weak penalties on sparse rows: a few stronger ones lead up to them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from onelayer import LogisticRegression
from onelayer.designs import make_design
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run, led_up, solver_for

M, N = 3000, 2000


def rows(classes):
    random = np.random.default_rng(0)
    X = sparse.random(M, N, 0.05, "csr", np.float32, random_state=random)
    z = X[:, :50] @ random.normal(size=(50, classes)) + 0.1 * random.normal(size=(M, classes))
    return X, z.argmax(axis=1)


def texts(classes, C, ratio=0.0, dense=False):
    X, y = rows(classes)
    head = Binary() if classes == 2 else Softmax(classes)
    design = make_design(X.toarray() if dense else X)
    loss = design.bind(head, y, np.full(M, 1 / M))
    return Objective(loss=loss, penalty=Penalty(1 / (C * M), ratio))


@pytest.mark.parametrize("classes", [3, 6])
def test_it_leads_near_the_optimum_and_all_its_reads_are_counted(classes):
    objective = texts(classes, C=300.0)
    solver, reason = solver_for(objective)
    before = objective.loss.bytes_read
    theta, led = Run(objective, solver, reason, 1e-7, begin=led_up).solve()
    assert led.bytes_read == objective.loss.bytes_read - before
    _, cold = Run(objective, solver, reason, 1e-7).solve()
    assert led.objective == pytest.approx(cold.objective, rel=2e-7)
    assert objective.value_and_gradient(theta)[0] == pytest.approx(led.objective, rel=1e-12)
    assert max(led.gap, cold.gap) <= 1e-7
    assert led.history[0].objective < 1.1 * cold.objective < 0.1 * cold.history[0].objective
    assert led.history[0].passes > 20


@pytest.mark.parametrize(
    "options",
    [
        {"classes": 4, "C": 1.0},
        {"classes": 2, "C": 300.0},
        {"classes": 4, "C": 300.0, "ratio": 1.0},
        {"classes": 4, "C": 300.0, "dense": True},
    ],
)
def test_other_fits_begin_at_zero(options):
    objective = texts(**options)
    read = objective.loss.bytes_read
    assert list(led_up(objective)) == []
    assert objective.loss.bytes_read - read <= objective.loss.traits.nbytes


def test_a_penalty_of_next_to_nothing_is_led_up_to_in_finitely_many_steps():
    objective = texts(3, C=300.0)
    assert np.isfinite(list(led_up(replace(objective, penalty=Penalty(1e-12))))).all()
    assert list(led_up(replace(objective, penalty=Penalty(1e-320)))) == []


def test_who_has_a_start_goes_on_from_there():
    objective = texts(3, C=300.0)
    solver, reason = solver_for(objective)
    theta, _ = Run(objective, solver, reason, 1e-7).solve()

    def begin(_objective):
        raise AssertionError("there is a start")

    again = Run(objective, solver, reason, 1e-6, begin=begin).solve(theta)[1]
    assert again.passes < 20


def test_the_estimator_is_led_up_to_its_penalty():
    X, y = rows(4)
    model = LogisticRegression(C=300.0).fit(X, y)
    objective = texts(4, C=300.0)
    led = Run(objective, *solver_for(objective), 1e-7, begin=led_up).solve()[1]
    assert model.solution_.passes == led.passes
    assert model.solution_.objective == led.objective


def test_who_interrupts_on_the_way_keeps_the_latest_optimum():
    objective = texts(3, C=300.0)
    reached = []

    def begin(whole):
        for theta in led_up(whole):
            if len(reached) == 2:
                raise KeyboardInterrupt
            reached.append(theta)
            yield theta

    run = Run(objective, *solver_for(objective), 1e-7, begin=begin)
    with pytest.raises(KeyboardInterrupt):
        run.solve()
    assert run.solution.status is Status.INTERRUPTED
    np.testing.assert_allclose(run.theta, objective.symmetric(reached[-1]), rtol=1e-12)
    value, _ = objective.value_and_gradient(run.theta)
    assert run.solution.objective == pytest.approx(value, rel=1e-12)
