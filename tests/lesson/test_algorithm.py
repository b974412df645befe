"""The algorithm against known values, central differences, and the reference results."""

import json

import numpy as np
import pytest

from onelayer import lesson

P1 = ([[1.0], [2.0]], 2.0, [[1, 2, -1], [3, 4, -3.2]], [[1, 0, 1]])


@pytest.fixture(scope="module")
def lecture(shared):
    return json.loads((shared / "reference" / "lecture_values.json").read_text())


def close_to_digits(came, due):
    """Equal to the digits given: 1e-8 covers the figures that were rounded."""
    np.testing.assert_allclose(came, due, rtol=1e-8, atol=1e-8)


def test_sigmoid_values_and_shapes():
    np.testing.assert_allclose(lesson.sigmoid([0, 2]), [0.5, 0.8807970779778823], rtol=1e-15)
    assert lesson.sigmoid(1) == pytest.approx(0.7310585786300049, rel=1e-15)
    assert lesson.sigmoid(np.zeros((2, 3))).shape == (2, 3)
    assert np.ndim(lesson.sigmoid(0)) == 0


def test_sigmoid_is_stable_at_any_z():
    np.testing.assert_array_equal(
        lesson.sigmoid([-np.inf, -1e308, -800, 800, 1e308, np.inf]), [0, 0, 0, 1, 1, 1]
    )
    assert lesson.sigmoid(-700.0) == pytest.approx(np.exp(-700.0), rel=1e-14)
    np.testing.assert_allclose(lesson.sigmoid(np.array([1], dtype=np.uint8)), [0.731058578630005])


def test_outputs_option_one_leaves_the_unit_interval_and_option_two_does_not():
    w, b, X = [[2.0]], -1.0, [[-1.0, 0.5, 3.0]]
    np.testing.assert_array_equal(lesson.linear_output(w, b, X), [[-3, 0, 5]])
    np.testing.assert_allclose(
        lesson.logistic_output(w, b, X), 1 / (1 + np.exp([[3.0, 0.0, -5.0]])), rtol=1e-15
    )


@pytest.mark.parametrize(
    ("a", "y", "due"),
    [
        (1, 1, 0.0),
        (0, 0, 0.0),
        (0, 1, np.inf),
        (1, 0, np.inf),
        (0.5, 1, np.log(2)),
        (1e-20, 0, 1e-20),  # log(1 - a) would be 0
        (0.25, 0.25, -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))),
        (0, 0.5, np.inf),
    ],
)
def test_loss_is_exact_also_where_a_is_0_or_1(a, y, due):
    assert lesson.loss(a, y) == pytest.approx(due, rel=1e-15, abs=0)
    assert not np.signbit(lesson.loss(a, y))


def test_cost_is_the_mean_loss():
    A, Y = np.array([[0.9, 0.2, 1.0]]), np.array([[1, 0, 1]])
    assert lesson.cost(A, Y) == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 3, rel=1e-14)
    assert lesson.cost([[0.0, 0.5]], [[1, 1]]) == np.inf


def test_loss_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match=r"a holds -0\.3, outside \[0, 1\]"):
        lesson.loss([0.5, -0.3], [1, 1])
    with pytest.raises(ValueError, match="y holds nan"):
        lesson.loss(0.5, np.nan)


def test_propagate_known_values():
    grads, cost = lesson.propagate(*P1)
    np.testing.assert_allclose(grads["dw"], [[0.998456014637956], [2.3950723884862066]], rtol=1e-13)
    assert grads["db"] == pytest.approx(0.001455578136784208, rel=1e-11)
    assert cost == pytest.approx(5.801545319394553, rel=1e-14)
    assert type(grads["db"]) is float
    assert type(cost) is float


def test_propagate_cost_is_finite_and_exact_where_a_rounds():
    grads, cost = lesson.propagate([[1.0]], 0.0, [[800.0, -800.0]], [[0, 1]])
    assert cost == 800.0
    np.testing.assert_array_equal(grads["dw"], [[800.0]])
    assert lesson.propagate([[1.0]], 0.0, [[40.0]], [[1]])[1] == pytest.approx(np.exp(-40))


def test_propagate_takes_soft_targets():
    w, b, X = [[0.3], [-0.2]], 0.1, [[1.0, 2.0], [0.5, -1.0]]
    Y = np.array([[0.3, 0.8]])
    A = lesson.logistic_output(w, b, X)
    grads, cost = lesson.propagate(w, b, X, Y)
    assert cost == pytest.approx(lesson.cost(A, Y), rel=1e-14)
    assert grads["db"] == pytest.approx(float((A - Y).mean()), rel=1e-14)


def test_optimize_known_values_and_costs():
    params, grads, costs = lesson.optimize(*P1, 100, 0.009)
    np.testing.assert_allclose(
        params["w"], [[0.19033590888604332], [0.12259159246561413]], rtol=1e-12
    )
    assert params["b"] == pytest.approx(1.9253598300845747, rel=1e-13)
    assert grads["db"] == pytest.approx(0.2191945045406766, rel=1e-12)
    assert costs == [pytest.approx(5.801545319394553)]
    assert lesson.optimize(*P1, 101, 0.1)[2] == pytest.approx([5.801545319, 0.310571035])


def test_optimize_equals_its_steps_written_out():
    w, b, X, Y = np.array(P1[0]), P1[1], P1[2], P1[3]
    params, last, costs = lesson.optimize(w, b, X, Y, 5, 0.05, record_every=2)
    recorded = []
    for _ in range(5):
        grads, cost = lesson.propagate(w, b, X, Y)
        recorded.append(cost)
        w, b = w - 0.05 * grads["dw"], b - 0.05 * grads["db"]
    np.testing.assert_array_equal(params["w"], w)
    assert params["b"] == b
    assert costs == recorded[::2]
    np.testing.assert_array_equal(last["dw"], grads["dw"])


def test_nothing_is_modified_in_place():
    arguments = [np.array(a, dtype=float) for a in (P1[0], P1[2], P1[3])]
    before = [a.copy() for a in arguments]
    w, X, Y = arguments
    lesson.propagate(w, 2.0, X, Y)
    lesson.optimize(w, 2.0, X, Y, 10, 0.1)
    lesson.predict(w, 2.0, X)
    lesson.model(X, Y, X, Y, 10)
    for now, then in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_print_cost_prints_as_the_exercise_does(capsys):
    lesson.optimize([[0.0]], 0.0, [[1.0, -1.0]], [[1, 0]], 101, 0.1, print_cost=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Cost after iteration 0: 0.693147"
    assert lines[1].startswith("Cost after iteration 100: 0.1")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"num_iterations": 0}, "num_iterations is 0: expected 1 or more"),
        ({"record_every": 0}, "record_every is 0: expected 1 or more"),
        ({"learning_rate": -0.1}, r"learning_rate is -0\.1: .* would climb"),
        ({"learning_rate": np.nan}, "learning_rate is nan"),
    ],
)
def test_optimize_refuses_senseless_steps(keywords, message):
    with pytest.raises(ValueError, match=message):
        lesson.optimize(*P1, **keywords)


def test_values_beyond_float64_are_an_error_not_nan():
    with pytest.raises(ValueError, match="left the range of float64"):
        lesson.optimize([[0.0], [0.0]], 0.0, [[1e300, -1e300], [1e300, 1e10]], [[1, 0]], 5, 1e20)


def test_a_step_out_of_range_is_an_error_too():
    with pytest.raises(ValueError, match="or lower the learning rate"):
        lesson.optimize([[0.0]], 0.0, [[1e200]], [[1]], 1, 1e200)


def test_predict_counts_exactly_half_as_class_0():
    labels = lesson.predict([[1.0]], 0.0, [[-1.0, 0.0, 1e-3]])
    np.testing.assert_array_equal(labels, [[0, 0, 1]])
    assert labels.dtype.kind == "i"


def test_model_recovers_what_the_labels_were_drawn_from():
    X, Y, w, b = lesson.random_examples(3, 4000, seed=1)
    result = lesson.model(X[:, :3000], Y[:, :3000], X[:, 3000:], Y[:, 3000:], 2000, 0.5)
    grads, _ = lesson.propagate(result.w, result.b, X[:, :3000], Y[:, :3000])
    assert np.abs(grads["dw"]).max() < 1e-6  # converged
    np.testing.assert_allclose(result.w, w, atol=0.15)  # four standard errors
    assert result.b == pytest.approx(b, abs=0.15)
    ideal = (lesson.predict(w, b, X[:, 3000:]) == Y[:, 3000:]).mean()
    assert result.test_accuracy == pytest.approx(ideal, abs=0.02)
    assert result.test_accuracy == (result.Y_prediction_test == Y[:, 3000:]).mean()
    assert result.train_accuracy == (result.Y_prediction_train == Y[:, :3000]).mean()
    assert result.train_accuracy != result.test_accuracy
    assert len(result.costs) == 20
    assert result.costs[0] == pytest.approx(np.log(2))


def test_model_reads_like_the_notebooks_dictionary(capsys):
    X, Y = lesson.one_feature_examples()
    result = lesson.model(X, Y, X, Y, num_iterations=200, learning_rate=0.1, print_cost=True)
    assert result["costs"] is result.costs
    assert result["w"] is result.w
    assert result["learning_rate"] == 0.1
    np.testing.assert_array_equal(
        result["Y_prediction_test"], lesson.predict(result.w, result.b, X)
    )
    assert result.train_accuracy == (result.Y_prediction_train == Y).mean()
    assert capsys.readouterr().out.splitlines()[-1] == f"test accuracy: {result.test_accuracy:.2%}"
    with pytest.raises(KeyError, match="no 'weights' here: one of w, b, costs"):
        result["weights"]


def test_uint8_pixels_do_not_overflow():
    pixels = np.array([[200, 250, 3], [255, 255, 0]], dtype=np.uint8)
    Y = np.array([[1, 1, 0]], dtype=np.uint8)
    as_floats = lesson.optimize([[0.0], [0.0]], 0.0, pixels.astype(float), Y.astype(float), 50)
    as_pixels = lesson.optimize([[0], [0]], 0, pixels, Y, 50)
    np.testing.assert_array_equal(as_pixels[0]["w"], as_floats[0]["w"])
    assert as_pixels[2] == as_floats[2]


@pytest.mark.shared
def test_reference_sigmoid_and_propagate(lecture):
    for case in lecture["sigmoid"]:
        np.testing.assert_allclose(lesson.sigmoid(case["z"]), case["a"], rtol=1e-15)
    for case in lecture["propagate"]:
        arguments = [case[name] for name in ("w", "b", "X", "Y")]
        grads, cost = lesson.propagate(*arguments)
        close_to_digits(grads["dw"], case["dw"])
        close_to_digits(grads["db"], case["db"])
        assert cost == pytest.approx(case["cost"], rel=1e-13)
        if "A" in case:
            close_to_digits(lesson.logistic_output(*arguments[:3])[0], case["A"])


@pytest.mark.shared
def test_reference_optimize(lecture):
    starts = {case["name"]: case for case in lecture["propagate"]}
    for case in lecture["optimize"]:
        start = [starts[case["start"]][name] for name in ("w", "b", "X", "Y")]
        params, grads, costs = lesson.optimize(*start, case["iterations"], case["learning_rate"])
        close_to_digits(params["w"], case["w"])
        close_to_digits(params["b"], case["b"])
        close_to_digits(grads["dw"], case["dw"])
        close_to_digits(grads["db"], case["db"])
        if "costs_every_100" in case:
            np.testing.assert_allclose(costs, case["costs_every_100"], atol=5e-10)


@pytest.mark.shared
def test_reference_predict(lecture):
    for case in lecture["predict"]:
        arguments = [case[name] for name in ("w", "b", "X")]
        np.testing.assert_array_equal(lesson.predict(*arguments), case["labels"])
        if "A" in case:
            np.testing.assert_allclose(lesson.logistic_output(*arguments)[0], case["A"], atol=5e-8)
