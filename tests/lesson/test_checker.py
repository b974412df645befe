"""`check`: every slip has a learner's function with exactly that slip; right ones find nothing."""

import math
import sys

import numpy as np
import pytest

from onelayer import lesson
from onelayer.errors import UsageError


def stable_sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1, e) / (1 + e)


def cost_of_z(Z, Y):
    return (np.maximum(Z, 0) - Y * Z + np.log1p(np.exp(-np.abs(Z)))).mean()


def slips(function, like):
    return [finding.slip for finding in lesson.check(function, like=like).findings]


def found(function, like):
    """The one finding of a function with one slip, with the report that prints it."""
    report = lesson.check(function, like=like)
    assert not report.passed
    assert len(report.findings) == 1, str(report)
    return report.findings[0], str(report)


# --- right functions, in several styles ---------------------------------------------------------


def sigmoid(z):
    return np.piecewise(
        np.asarray(z, dtype=float),
        [np.asarray(z) >= 0],
        [lambda p: 1 / (1 + np.exp(-p)), lambda n: np.exp(n) / (1 + np.exp(n))],
    )


def propagate(w, b, X, Y):
    m = X.shape[1]
    Z = np.dot(w.T, X) + b
    A = stable_sigmoid(Z)
    cost = np.squeeze(np.array(cost_of_z(Z, Y)))
    dw = 1 / m * np.dot(X, (A - Y).T)
    db = 1 / m * np.sum(A - Y)
    return {"dw": dw, "db": db}, cost


def propagate_clipped(w, b, X, Y):
    m = X.shape[1]
    A = stable_sigmoid(w.T @ X + b)
    inside = np.clip(A, 1e-15, 1 - 1e-15)
    cost = -np.sum(Y * np.log(inside) + (1 - Y) * np.log(1 - inside)) / m
    return {"dw": X @ (A - Y).T / m, "db": np.float64((A - Y).mean())}, cost


def propagate_looped(w, b, X, Y):
    n_x, m = X.shape
    J, dw, db = 0.0, np.zeros((n_x, 1)), 0.0
    for i in range(m):
        z = sum(w[j, 0] * X[j, i] for j in range(n_x)) + b
        a = 1 / (1 + math.exp(-z)) if z > -700 else 0.0
        J += math.log1p(math.exp(-abs(z))) + max(z, 0) - Y[0, i] * z
        for j in range(n_x):
            dw[j, 0] += X[j, i] * (a - Y[0, i]) / m
        db += (a - Y[0, i]) / m
    return {"dw": dw, "db": db}, J / m


def optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009, print_cost=False):
    w, b, costs = w.copy(), float(b), []
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w -= learning_rate * grads["dw"]
        b -= learning_rate * grads["db"]
        if i % 100 == 0:
            costs.append(cost)
    return {"w": w, "b": b}, grads, costs


def predict(w, b, X):
    A = stable_sigmoid(w.T @ X + b)
    labels = np.zeros((1, X.shape[1]))
    for i in range(A.shape[1]):
        labels[0, i] = 1 if A[0, i] > 0.5 else 0
    return labels


@pytest.mark.parametrize(
    ("function", "like"),
    [
        (sigmoid, None),
        (stable_sigmoid, None),
        (lesson.sigmoid, None),
        (lambda z: np.exp(-np.logaddexp(0, -z)), "sigmoid"),
        (propagate, None),
        (propagate_clipped, None),
        (propagate_looped, None),
        (lesson.propagate, None),
        (lesson.propagate_with_loops, None),
        (optimize, None),
        (lesson.optimize, None),
        (predict, None),
        (lesson.predict, None),
        (lambda w, b, X: (w.T @ X + b > 0).astype(int), "predict"),
        (lambda w, b, X: 1.0 * (stable_sigmoid(np.dot(w.T, X) + b) > 0.5), "predict"),
    ],
)
def test_a_right_function_gives_no_finding(function, like):
    report = lesson.check(function, like=like)
    assert report.findings == ()
    assert report.passed
    assert "passed. Every value is right for\n" in str(report)


# --- sigmoid ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "slip", "came"),
    [
        (lambda z: stable_sigmoid(-np.asarray(z)), "sign of z", "0.817574"),
        (np.tanh, "tanh in place of sigma", "a = 0"),
        (
            lambda z: stable_sigmoid(z) * (1 - stable_sigmoid(z)),
            "derivative in place of sigma",
            "a = 0.25",
        ),
        (lambda z: 1 / (1 + np.exp(-z)), "overflow", "overflow encountered in exp"),
        (lambda z: 2 * stable_sigmoid(z), "wrong value", "a = 1"),
        (
            lambda z: stable_sigmoid(np.ravel(z)) if np.ndim(z) else 0.5,
            "rank-1 array",
            "shape (3,)",
        ),
        (lambda _: None, "return value", "a = None"),
        (lambda z: np.where(np.abs(z) > 700, np.nan, stable_sigmoid(z)), "nan", "[[nan, nan]]"),
    ],
)
def test_sigmoid_slips(function, slip, came):
    finding, text = found(function, "sigmoid")
    assert finding.slip == slip
    assert came in finding.came
    assert finding.mend in text


def test_sigmoid_overflow_in_math_and_arrays_given_to_math():
    def one_number(z):
        if np.ndim(z) == 0:
            return 1 / (1 + math.exp(-z))
        return np.array([[one_number(x) for x in row] for row in z])

    finding, _ = found(one_number, "sigmoid")
    assert finding.slip == "overflow"
    assert "OverflowError" in finding.came
    finding, _ = found(lambda z: 1 / (1 + math.exp(-z)), "sigmoid")
    assert finding.slip == "exception"
    assert "math's functions take one number; NumPy's take arrays: np.exp" in finding.came


def test_sigmoid_that_writes_into_z():
    def in_place(z):
        if np.ndim(z):
            z *= -1
            return stable_sigmoid(-z)
        return stable_sigmoid(z)

    finding, _ = found(in_place, "sigmoid")
    assert (finding.slip, finding.came) == ("input modified in place", "z changed")


# --- propagate ----------------------------------------------------------------------------------


def altered(**changes):
    """A right propagate in which one quantity is replaced: each change is f(w, b, X, Y, A)."""

    def function(w, b, X, Y):
        A = stable_sigmoid(w.T @ X + b)
        m = X.shape[1]
        answer = {
            "dw": X @ (A - Y).T / m,
            "db": (A - Y).sum() / m,
            "cost": cost_of_z(w.T @ X + b, Y),
        }
        answer |= {name: change(w, b, X, Y, A) for name, change in changes.items()}
        return {"dw": answer["dw"], "db": answer["db"]}, answer["cost"]

    return function


def from_residual(residual):
    return altered(
        dw=lambda w, b, X, Y, A: X @ residual(w, b, X, Y, A).T / X.shape[1],
        db=lambda w, b, X, Y, A: residual(w, b, X, Y, A).sum() / X.shape[1],
    )


@pytest.mark.parametrize(
    ("function", "slip", "mend"),
    [
        (altered(dw=lambda w, b, X, Y, A: X @ (A - Y).T), "1/m missing", "dw = X @ dZ.T / m"),
        (altered(db=lambda w, b, X, Y, A: (A - Y).sum()), "1/m missing", "db = dZ.sum() / m"),
        (
            altered(cost=lambda w, b, X, Y, A: 3 * cost_of_z(w.T @ X + b, Y)),
            "1/m missing",
            "cost = losses.sum() / m",
        ),
        (altered(dw=lambda w, b, X, Y, A: X @ (A - Y).T / 9), "1/m twice", "divide by m once"),
        (altered(dw=lambda w, b, X, Y, A: X @ (A - Y).T / 2), "divided by n_x", "m = X.shape[1]"),
        (
            altered(dw=lambda w, b, X, Y, A: (A - Y) @ X.T / X.shape[1]),
            "dw transposed",
            "dw = X @ dZ.T / m",
        ),
        (
            altered(dw=lambda w, b, X, Y, A: (X @ (A - Y).T / X.shape[1]).ravel()),
            "rank-1 array",
            "reshape(-1, 1)",
        ),
        (
            altered(dw=lambda w, b, X, Y, A: np.zeros((2, 3))),
            "wrong shape",
            "see `due`",
        ),
        (from_residual(lambda w, b, X, Y, A: Y - A), "sign of dZ", "dZ = A - Y"),
        (from_residual(lambda w, b, X, Y, A: A), "A in place of A - Y", "dZ = A - Y"),
        (from_residual(lambda w, b, X, Y, A: w.T @ X + b - Y), "sigma forgotten", "A = sigmoid(Z)"),
        (
            from_residual(lambda w, b, X, Y, A: stable_sigmoid(w.T @ X) - Y),
            "b forgotten",
            "Z = w.T @ X + b",
        ),
        (
            altered(db=lambda w, b, X, Y, A: (A - Y) / X.shape[1]),
            "db is an array",
            "db = dZ.sum() / m",
        ),
        (
            altered(db=lambda w, b, X, Y, A: (A - Y).mean(axis=1, keepdims=True)),
            "db is an array",
            "db = dZ.sum() / m",
        ),
        (
            altered(cost=lambda w, b, X, Y, A: np.array([[cost_of_z(w.T @ X + b, Y)]])),
            "cost is an array",
            "np.squeeze(cost)",
        ),
        (
            altered(cost=lambda w, b, X, Y, A: -cost_of_z(w.T @ X + b, Y)),
            "sign of the cost",
            "cost = -(...)",
        ),
        (
            altered(cost=lambda w, b, X, Y, A: cost_of_z(w.T @ X + b, Y) / np.log(2)),
            "log base",
            "np.log, not np.log2",
        ),
        (
            altered(cost=lambda w, b, X, Y, A: cost_of_z(w.T @ X + b, Y) / np.log(10)),
            "log base",
            "np.log, not np.log10",
        ),
        (
            altered(cost=lambda w, b, X, Y, A: ((A - Y) ** 2).mean()),
            "squared error",
            "cost = -(Y * np.log(A)",
        ),
        (
            altered(cost=lambda w, b, X, Y, A: -(Y * np.log(np.maximum(A, 1e-300))).mean()),
            "half of the loss missing",
            "(1 - Y) * np.log(1 - A)",
        ),
        (
            altered(cost=lambda w, b, X, Y, A: -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean()),
            "cost is nan at a = 0 or 1",
            "np.log1p(np.exp(-np.abs(Z)))",
        ),
        (
            altered(
                cost=lambda w, b, X, Y, A: np.where(
                    (np.abs(w.T @ X + b) > 30).any(), 3.0, cost_of_z(w.T @ X + b, Y)
                )
            ),
            "cost wrong at a = 0 or 1",
            "np.log1p",
        ),
        (lambda w, b, X, Y: propagate(w, b, X, Y)[0], "return value", "see `due`"),
        (lambda w, b, X, Y: ({"dw": w}, 0.0), "return value", "see `due`"),
        (altered(db=lambda w, b, X, Y, A: 0.123), "wrong value", "compare with `due`"),
    ],
)
def test_propagate_slips(function, slip, mend):
    finding, text = found(function, "propagate")
    assert finding.slip == slip
    assert mend in finding.mend
    assert finding.mend in text


def test_two_slips_are_both_named():
    both = from_residual(lambda w, b, X, Y, A: X.shape[1] * (Y - A))
    names = slips(both, "propagate")
    assert names == ["sign of dZ", "1/m missing", "1/m missing"]


def test_the_notebooks_own_propagate_is_told_of_overflow_and_nan():
    def textbook_sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def textbook(w, b, X, Y):
        m = X.shape[1]
        A = textbook_sigmoid(np.dot(w.T, X) + b)
        cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        return {"dw": 1 / m * np.dot(X, (A - Y).T), "db": 1 / m * np.sum(A - Y)}, cost

    assert sorted(slips(textbook, "propagate")) == ["cost is nan at a = 0 or 1", "overflow"]


def test_propagate_that_writes_into_its_data():
    def in_place(w, b, X, Y):
        X -= 0.5
        X += 0.5
        X[0, 0] += 0.25
        grads, cost = propagate(w, b, X, Y)
        return grads, cost

    assert "input modified in place" in slips(in_place, "propagate")
    report = lesson.check(in_place, like="propagate")
    assert "X changed" in str(report)


# --- optimize -----------------------------------------------------------------------------------


def descent(update, record=lambda i, before, after: before if i % 100 == 0 else None, late=False):
    """A right optimize but for its update or its record."""

    def function(w, b, X, Y, num_iterations, learning_rate):
        costs = []
        for i in range(num_iterations):
            grads, before = propagate(w, b, X, Y)
            w, b = update(w, b, grads, learning_rate)
            after_grads, after = propagate(w, b, X, Y)
            noted = record(i, before, after)
            if noted is not None:
                costs.append(noted)
        return {"w": w, "b": b}, after_grads if late else grads, costs

    return function


def step(w, b, g, alpha):
    return w - alpha * g["dw"], b - alpha * g["db"]


def optimize_with_b_array(w, b, X, Y, num_iterations, learning_rate):
    params, grads, costs = optimize(w, b, X, Y, num_iterations, learning_rate)
    return {"w": params["w"], "b": np.array([[params["b"]]])}, grads, costs


@pytest.mark.parametrize(
    ("function", "slip", "mend"),
    [
        (
            descent(lambda w, b, g, r: (w + r * g["dw"], b + r * g["db"])),
            "gradient ascent",
            "w = w - learning_rate * dw",
        ),
        (descent(lambda w, b, g, r: (w, b)), "parameters not updated", "inside the loop"),
        (
            descent(lambda w, b, g, r: (w, b - r * g["db"])),
            "parameters not updated",
            "w = w - learning_rate * dw",
        ),
        (
            descent(lambda w, b, g, r: (w - r * g["dw"], b)),
            "parameters not updated",
            "b = b - learning_rate * db",
        ),
        (
            descent(lambda w, b, g, r: (w - g["dw"], b - g["db"])),
            "learning rate forgotten",
            "learning_rate * dw",
        ),
        (
            descent(lambda w, b, g, r: (w - 3 * r * g["dw"], b - 3 * r * g["db"])),
            "1/m missing",
            "dw = X @ dZ.T / m in propagate",
        ),
        (
            descent(step, lambda i, before, after: after if i % 100 == 0 else None),
            "cost recorded after the update",
            "before w and b change",
        ),
        (
            descent(step, lambda i, before, after: before),
            "cost recorded at every iteration",
            "if i % 100 == 0",
        ),
        (
            descent(step, lambda i, before, after: before if i % 100 == 0 and i else None),
            "first cost missing",
            "if i % 100 == 0",
        ),
        (descent(step, lambda i, before, after: None), "no cost recorded", "if i % 100 == 0"),
        (
            optimize_with_b_array,
            "b is an array",
            "db a number",
        ),
        (descent(step, late=True), "gradients taken after the update", "first, then the update"),
        (
            lambda w, b, X, Y, n, r: optimize(w, b, X, Y, n + 1, r),
            "number of iterations",
            "for i in range(num_iterations):",
        ),
        (
            lambda w, b, X, Y, n, r: optimize(w, b, X, Y, max(1, n - 1), r),
            "number of iterations",
            "for i in range(num_iterations):",
        ),
        (lambda w, b, X, Y, n, r: optimize(w, b, X, Y, n, r)[0], "return value", "see `due`"),
    ],
)
def test_optimize_slips(function, slip, mend):
    report = lesson.check(function, like="optimize")
    finding = report.findings[0]
    assert finding.slip == slip, str(report)
    assert mend in finding.mend
    assert finding.mend in str(report)
    assert "wrong value" not in {f.slip for f in report.findings}


def test_optimize_that_writes_into_the_callers_w():
    def in_place(w, b, X, Y, num_iterations, learning_rate):
        costs = []
        for i in range(num_iterations):
            grads, cost = propagate(w, b, X, Y)
            w -= learning_rate * grads["dw"]
            b -= learning_rate * grads["db"]
            if i % 100 == 0:
                costs.append(cost)
        return {"w": w, "b": b}, grads, costs

    finding, text = found(in_place, "optimize")
    assert (finding.slip, finding.came) == ("input modified in place", "w changed")
    assert "w -= ... writes into the caller's" in text


# --- predict ------------------------------------------------------------------------------------


def chances(w, b, X):
    return stable_sigmoid(w.T @ X + b)


@pytest.mark.parametrize(
    ("function", "slip"),
    [
        (lambda w, b, X: (chances(w, b, X) >= 0.5).astype(int), "0.5 counted as class 1"),
        (lambda w, b, X: (chances(w, b, X) < 0.5).astype(int), "classes swapped"),
        (chances, "labels not 0 or 1"),
        (lambda w, b, X: np.where(chances(w, b, X) > 0.5, 1, -1), "labels not 0 or 1"),
        (lambda w, b, X: np.where(chances(w, b, X) > 0.5, "cat", "dog"), "labels not 0 or 1"),
        (lambda w, b, X: (chances(w, b, X) > 0.5).astype(int).ravel(), "rank-1 array"),
        (lambda w, b, X: (chances(w, b, X) > 0.5).astype(int)[0].tolist(), "rank-1 array"),
        (lambda w, b, X: (chances(w, b, X) > 0.5).astype(int).T, "labels transposed"),
        (lambda w, b, X: (w.T @ X > 0).astype(int), "b forgotten"),
        (lambda w, b, X: None, "return value"),
        (lambda w, b, X: np.zeros((1, X.shape[1])), "wrong value"),
    ],
)
def test_predict_slips(function, slip):
    finding, text = found(function, "predict")
    assert finding.slip == slip
    assert text.startswith("check(")
    assert "1 finding\n  1. " + slip in text


# --- exceptions, names, the report --------------------------------------------------------------


def swapped_product(w, b, X, Y):
    return {"dw": w, "db": b}, w @ X


def old_product(w, b, X, Y):
    return {"dw": w, "db": b}, np.dot(w, X)


def misspelt(w, b, X, Y):
    return {"dw": w, "db": b}, undefined_name  # noqa: F821  the slip under test


def of_three(w, b, X):
    return w, b, X


def no_division(w, b, X, Y):
    return 1 // (X.shape[1] - 3)


def list_method(w, b, X, Y):
    return [1].mean()


def missing_key(w, b, X, Y):
    return {}["dw"]


def past_the_end(w, b, X, Y):
    return X[2]


def own_error(w, b, X, Y):
    raise RuntimeError("mine")


@pytest.mark.parametrize(
    ("function", "came"),
    [
        (swapped_product, "the shapes do not meet: Z = w.T @ X + b is (1, n_x) @ (n_x, m)"),
        (old_product, "the shapes do not meet"),
        (misspelt, "a name is not defined"),
        (of_three, "see `tried` for how the function is called"),
        (no_division, "a division by zero: is m = X.shape[1]?"),
        (list_method, "this object has no such method"),
        (missing_key, 'a dictionary lacks this key: grads has "dw" and "db"'),
        (past_the_end, "an index is past the end"),
        (own_error, "RuntimeError: mine"),
    ],
)
def test_what_the_learners_code_raises_is_reported_with_advice(function, came):
    finding, _ = found(function, "propagate")
    assert finding.slip == "exception"
    assert came in finding.came


def test_an_exception_names_the_learners_line():
    finding, _ = found(swapped_product, "propagate")
    line = swapped_product.__code__.co_firstlineno + 1
    assert f'in line {line}: return {{"dw": w, "db": b}}, w @ X' in finding.came


def test_names_are_recognised_and_else_asked_for():
    def my_sigmoid_2(z):
        return stable_sigmoid(z)

    report = lesson.check(my_sigmoid_2)
    assert (report.kind, report.function) == ("sigmoid", "my_sigmoid_2")
    assert str(report).startswith("check(my_sigmoid_2, as sigmoid): passed")
    with pytest.raises(UsageError, match=r"'slips' could be any function: say check\(slips"):
        lesson.check(slips)
    with pytest.raises(UsageError, match="like='sigma': expected one of sigmoid, propagate"):
        lesson.check(sigmoid, like="sigma")
    with pytest.raises(UsageError, match=r"check takes a function, got float: leave out the \(\)"):
        lesson.check(0.5)


def test_a_report_says_what_was_tried_what_came_and_what_was_due():
    _, text = found(from_residual(lambda w, b, X, Y, A: Y - A), "propagate")
    assert text == (
        "check(function, as propagate): 1 finding\n"
        "  1. sign of dZ: dZ is Y - A: descent would climb the cost\n"
        "     tried  propagate(w, b, X, Y) with w = [[0.5], [-0.3]], b = 0.2, "
        "X = [[1, -2, 0.5], [3, 1, -1.5]], Y = [[1, 0, 1]]\n"
        "     came   dw = [[0.397946], [0.322062]], shape (2, 1)\n"
        "     due    dw = [[-0.397946], [-0.322062]], shape (2, 1)\n"
        "     mend   dZ = A - Y"
    )


def answers_of_no_use():
    grads = {"dw": None, "db": None}
    odd = {"dw": [[1], [2, 3]], "db": "x"}
    values = [None, "text", 1j, [], {}, object(), np.array("x"), np.ones((2, 2)), (1,), "y" * 999]
    values += [(grads, None), (odd, "y"), ({"w": 1j, "b": {}}, odd, [[1], [2, 3]]), ((), (), ())]
    values += [({"w": np.ones(2), "b": np.ones(1)}, {"dw": [], "db": []}, None)]
    return values


@pytest.mark.parametrize("like", ["sigmoid", "propagate", "optimize", "predict"])
@pytest.mark.parametrize("answer", answers_of_no_use())
def test_whatever_comes_back_the_check_reports_it(like, answer):
    report = lesson.check(lambda *_: answer, like=like)
    assert not report.passed
    assert len(str(report)) < 3000


def test_a_learner_who_exits_is_reported_too():
    def sigmoid_that_exits(z):
        sys.exit("done")

    finding, _ = found(sigmoid_that_exits, "sigmoid")
    assert finding.came.startswith("SystemExit: done")
