"""Wrong shapes and wrong values: each message names both shapes and the mend."""

import numpy as np
import pytest

from onelayer import lesson
from onelayer.errors import ShapeError

RANK_1 = (
    "A rank-1 array is neither a row nor a column, and NumPy would broadcast it without a word. "
)
W, B, X, Y = np.zeros((2, 1)), 0.0, np.ones((2, 5)), np.ones((1, 5))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"Y": np.ones(5)},
            (
                "Y has shape (5,), expected (1, 5). X has 5 columns, one an example. "
                f"{RANK_1}"
                "Mend it: Y = Y.reshape(1, -1)"
            ),
        ),
        (
            {"Y": np.ones((5, 1))},
            (
                "Y has shape (5, 1), expected (1, 5). X has 5 columns, one an example. "
                "Mend it: Y = Y.reshape(1, -1)"
            ),
        ),
        (
            {"Y": np.ones((1, 4))},
            "Y has shape (1, 4), expected (1, 5). X has 5 columns, one an example.",
        ),
        (
            {"Y": np.ones((1, 2))},
            (
                "Y has shape (1, 2), expected (1, 5). X has 5 columns, one an example, "
                "but Y has an entry a row: if your examples are rows, X = X.T."
            ),
        ),
        (
            {"w": np.zeros(2)},
            (
                "w has shape (2,), expected (2, 1). X has 2 rows, one a feature. "
                f"{RANK_1}"
                "Mend it: w = w.reshape(-1, 1)"
            ),
        ),
        (
            {"w": np.zeros((1, 2))},
            (
                "w has shape (1, 2), expected (2, 1). X has 2 rows, one a feature. "
                "Mend it: w = w.reshape(-1, 1)"
            ),
        ),
        (
            {"w": np.zeros((5, 1))},
            (
                "w has shape (5, 1), expected (2, 1). X has 2 rows, one a feature, "
                "but w has an entry a column: if your examples are rows, X = X.T."
            ),
        ),
        (
            {"X": np.ones(5)},
            (
                "X has shape (5,), expected (n_x, m). "
                f"{RANK_1}One example is one column. "
                "Mend it: X = X.reshape(-1, 1)"
            ),
        ),
        (
            {"X": np.ones((5, 4, 4, 3))},
            (
                "X has shape (5, 4, 4, 3), expected (n_x, m). Pictures become columns first. "
                "Mend it: X = images_to_columns(X)"
            ),
        ),
        (
            {"X": np.ones((2, 0))},
            (
                "X has shape (2, 0), expected (n_x, m) with at least one feature (row) and one "
                "example (column)"
            ),
        ),
        (
            {"b": np.zeros((1, 1))},
            "b has shape (1, 1), expected () as b is one number. Mend it: b = b.item()",
        ),
    ],
)
def test_a_wrong_shape_shows_both_shapes_and_the_mend(changed, message):
    arguments = {"w": W, "b": B, "X": X, "Y": Y} | changed
    with pytest.raises(ShapeError) as caught:
        lesson.propagate(**arguments)
    assert str(caught.value) == message
    with pytest.raises(ShapeError) as caught:
        lesson.optimize(**arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize("function", [lesson.linear_output, lesson.logistic_output, lesson.predict])
def test_every_forward_function_refuses_a_rank_1_w(function):
    with pytest.raises(ShapeError, match=r"w has shape \(2,\), expected \(2, 1\)"):
        function(np.zeros(2), 0.0, X)


def test_cost_and_loss_never_broadcast():
    with pytest.raises(ShapeError, match=r"A has shape \(5,\), expected \(1, 5\)"):
        lesson.cost(np.full(5, 0.5), Y)
    with pytest.raises(ShapeError, match=r"Y has shape \(5, 1\), expected \(1, 5\)"):
        lesson.cost(np.full((1, 5), 0.5), Y.T)
    with pytest.raises(ShapeError, match="a and y must match one to one"):
        lesson.loss(np.full((5, 1), 0.5), np.ones((1, 5)))


def test_nan_and_infinity_are_named_by_row_and_column():
    bad = X.copy()
    bad[1, 3] = np.nan
    bad[1, 4] = np.inf
    with pytest.raises(ValueError, match=r"X holds nan in row 1, column 3 \(counted from 0\)"):
        lesson.propagate(W, B, bad, Y)
    infinite = Y.copy()
    infinite[0, 2] = np.inf
    with pytest.raises(ValueError, match="Y holds inf in row 0, column 2"):
        lesson.propagate(W, B, X, infinite)
    with pytest.raises(ValueError, match="b is nan"):
        lesson.propagate(W, np.nan, X, Y)


def test_targets_outside_the_unit_interval_and_soft_labels():
    with pytest.raises(ValueError, match="Y holds 2 in row 0, column 1"):
        lesson.propagate(W, B, X, [[0, 2, 1, 1, 1]])
    with pytest.raises(
        ValueError, match=r"Y_test holds 0\.5 in row 0, column 0.*: a label is 0 or 1"
    ):
        lesson.model(X, Y, X, [[0.5, 1, 1, 1, 1]])
    with pytest.raises(ValueError, match="Y_train holds -1 in row 0, column 4"):
        lesson.model(X, [[1, 1, 1, 1, -1]], X, Y)


def test_model_refuses_sets_of_different_n_x():
    with pytest.raises(ShapeError, match=r"X_test has shape \(3, 4\), expected \(2, 4\)"):
        lesson.model(X, Y, np.ones((3, 4)), np.ones((1, 4)))


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="X must hold real numbers, got dtype <U3"):
        lesson.propagate(W, B, [["cat", "dog"]], Y)
    with pytest.raises(ValueError, match="z must hold real numbers, got dtype complex128"):
        lesson.sigmoid(1j)
