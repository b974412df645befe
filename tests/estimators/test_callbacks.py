"""scikit-learn's callback protocol: which hooks are called, when, and with what."""

import numpy as np
import pytest
from sklearn.callback.tests._utils import (
    FailingCallback,
    RecordingAutoPropagatedCallback,
    RecordingCallback,
)
from sklearn.model_selection import GridSearchCV

from onelayer import LogisticRegression

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 4))
Y = (X[:, 0] + RNG.normal(size=80) > 0).astype(int)
SOLVERS = [
    ("newton", {}),
    ("lbfgs", {}),
    ("gram", {}),
    ("gradient-descent", {"max_iter": 5}),
    ("coordinate-descent", {"l1_ratio": 1, "C": 0.1}),
]


def hooks(recorder):
    return [
        (entry["name"], entry["context"].task_name, entry["kwargs"]["fitted_estimator"])
        for entry in recorder.record
        if entry["name"].startswith("on_fit_task")
    ]


@pytest.mark.parametrize(("solver", "options"), SOLVERS)
def test_every_solver_tells_of_every_step(solver, options):
    recorder = RecordingCallback()
    model = LogisticRegression(solver=solver, **options).set_callbacks(recorder).fit(X, Y)
    steps = int(model.n_iter_[0])
    names = [(name, task) for name, task, _ in hooks(recorder)]
    between = [
        (hook, f"iter {step}")
        for step in range(steps + 1)
        for hook in ("on_fit_task_begin", "on_fit_task_end")
    ]
    assert names == [("on_fit_task_begin", "fit"), *between, ("on_fit_task_end", "fit")]
    assert recorder.count_hooks("setup") == recorder.count_hooks("teardown") == 1


@pytest.mark.parametrize("scaling", [None, "standard"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_estimator_after_a_step_is_that_of_so_many_steps(scaling, dtype):
    recorder = RecordingCallback()
    options = {"solver": "newton", "scaling": scaling, "C": 0.1, "tol": 1e-12}
    data = (X * 10 + 5).astype(dtype)
    final = LogisticRegression(**options).set_callbacks(recorder).fit(data, Y)
    ends = [model for name, task, model in hooks(recorder) if name == "on_fit_task_end"]
    for steps, model in enumerate(ends[:2], start=1):
        with pytest.warns(UserWarning, match="failed to converge"):
            expected = LogisticRegression(**options, max_iter=steps).fit(data, Y)
        np.testing.assert_array_equal(model.coef_, expected.coef_)
        np.testing.assert_array_equal(model.predict_proba(data), expected.predict_proba(data))
    assert not np.array_equal(ends[0].coef_, final.coef_)


def test_the_hooks_see_the_data_and_the_weights():
    recorder, weights = RecordingCallback(), np.full(80, 2.0)
    LogisticRegression().set_callbacks(recorder).fit(X, Y, weights)
    told = next(e["kwargs"] for e in recorder.record if e["name"] == "on_fit_task_begin")
    np.testing.assert_array_equal(told["X"], X)
    np.testing.assert_array_equal(told["y"], Y)
    assert told["metadata"]["sample_weight"] is weights


def test_a_hook_that_fails_ends_the_fit_and_is_torn_down():
    failing = FailingCallback(fail_at="on_fit_task_end")
    with pytest.raises(ValueError, match="failed at on_fit_task_end"):
        LogisticRegression().set_callbacks(failing).fit(X, Y)
    assert failing.count_hooks("teardown") == 1


def test_callbacks_change_nothing():
    plain = LogisticRegression().fit(X, Y)
    told = LogisticRegression().set_callbacks(RecordingCallback()).fit(X, Y)
    np.testing.assert_array_equal(plain.coef_, told.coef_)


def test_a_grid_search_hands_its_callbacks_down():
    recorder = RecordingAutoPropagatedCallback()
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)
    search.set_callbacks(recorder).fit(X, Y)
    names = [entry["context"].estimator_name for entry in recorder.record]
    steps = sum("iter" in (entry["context"].task_name or "") for entry in recorder.record)
    assert "LogisticRegression" in names
    assert steps > 2 * 5  # at least one step in each of four fits and the last
