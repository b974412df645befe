"""Loops, gradient check, graph, broadcasting, images, activations."""

import doctest
import sys
from importlib import import_module

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer import lesson
from onelayer.errors import DataError, MissingExtraError, ShapeError


def test_loops_and_vectors_agree():
    X, Y, w, b = lesson.random_examples(7, 11, seed=2)
    grads, cost = lesson.propagate_with_loops(w, b, X, Y)
    vector_grads, vector_cost = lesson.propagate(w, b, X, Y)
    np.testing.assert_allclose(grads["dw"], vector_grads["dw"], rtol=1e-13, atol=1e-15)
    assert grads["db"] == pytest.approx(vector_grads["db"], rel=1e-13)
    assert cost == pytest.approx(vector_cost, rel=1e-14)
    assert lesson.propagate_with_loops([[1.0]], 0.0, [[-800.0]], [[1]])[1] == 800.0


def test_time_vectorisation_measures_both_on_the_same_data():
    timing = lesson.time_vectorisation(n_x=60, m=80, repeats=2)
    assert timing.agree
    assert timing.largest_difference < 1e-12
    assert timing.ratio == timing.loop_seconds / timing.vector_seconds
    assert timing.ratio > 1
    assert "80 examples of 60 features" in str(timing)
    assert "Both agree" in str(timing)
    apart = lesson.Vectorisation(60, 80, 1.0, 0.01, largest_difference=1e-3)
    assert not apart.agree
    assert "Both DISAGREE (largest difference 0.001)" in str(apart)
    with pytest.raises(ValueError, match="repeats is 0"):
        lesson.time_vectorisation(repeats=0)


def test_gradient_check_passes_the_right_gradient():
    X, Y, w, b = lesson.random_examples(4, 30)
    result = lesson.gradient_check(w, b, X, Y)
    assert result.passed
    assert result.relative_difference < 1e-8
    assert result.backward.shape == result.central_differences.shape == (5, 1)
    np.testing.assert_allclose(result.backward, result.central_differences, atol=1e-9)
    assert "gradient check passed" in str(result)


def test_gradient_check_passes_raw_pixels_and_a_vanishing_gradient():
    pixels = np.array([[0.0, 255, 128, 30], [255, 3, 90, 200]])
    assert lesson.gradient_check([[0.001], [-0.002]], 0.1, pixels, [[0, 1, 1, 0]]).passed
    at_optimum = lesson.gradient_check([[0.0]], 0.0, [[1.0, 1.0]], [[1, 0]])
    assert at_optimum.passed
    assert at_optimum.backward.tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("factor", [-1, 1.0001, 30])
def test_gradient_check_fails_a_wrong_gradient(factor):
    def wrong(w, b, X, Y):
        grads, cost = lesson.propagate(w, b, X, Y)
        return {"dw": factor * grads["dw"], "db": grads["db"]}, cost

    X, Y, w, b = lesson.random_examples(4, 30)
    result = lesson.gradient_check(w, b, X, Y, wrong)
    assert not result.passed
    assert "FAILED" in str(result)
    assert "dw[" in str(result)


def test_graph_forward_and_backward_values():
    graph = lesson.computation_graph([[0.8], [-0.5]], 0.1, [[1.0], [2.0]], 1)
    a = 1 / (1 + np.exp(0.1))
    due = {"u1": 0.8, "u2": -1.0, "z": -0.1, "a": a, "J": -np.log(a)}
    for name, value in due.items():
        assert graph[name].value == pytest.approx(value, rel=1e-14)
    slopes = {"a": -1 / a, "z": a - 1, "b": a - 1, "w1": a - 1, "w2": 2 * (a - 1), "u2": a - 1}
    for name, slope in (slopes | {"x1": 0.8 * (a - 1), "x2": -0.5 * (a - 1), "J": 1}).items():
        assert graph[name].gradient == pytest.approx(slope, rel=1e-14)


def test_graph_agrees_with_propagate_on_one_example():
    X, Y, w, b = lesson.random_examples(5, 1, seed=4)
    graph = lesson.computation_graph(w, b, X, Y.item())
    grads, cost = lesson.propagate(w, b, X, Y)
    assert [graph[f"w{j}"].gradient for j in range(1, 6)] == pytest.approx(grads["dw"][:, 0])
    assert graph["b"].gradient == grads["db"]
    assert graph["J"].value == cost
    node = graph["a"]
    assert node.gradient * node.value * (1 - node.value) == pytest.approx(graph["z"].gradient)


def test_graph_where_a_has_rounded_and_for_soft_targets():
    wrong = lesson.computation_graph([[1.0]], 0.0, [[800.0]], 0)
    assert wrong["a"].gradient == np.inf
    assert (wrong["z"].gradient, wrong["J"].value) == (1.0, 800.0)
    right = lesson.computation_graph([[1.0]], 0.0, [[800.0]], 1)
    assert (right["a"].gradient, right["z"].gradient, right["J"].value) == (-1.0, 0.0, 0.0)
    soft = lesson.computation_graph([[1.0]], 0.0, [[0.0]], 0.25)
    assert soft["a"].gradient == pytest.approx(-0.25 / 0.5 + 0.75 / 0.5)


def test_graph_prints_forward_then_backward_and_shortens():
    text = str(lesson.computation_graph([[0.8]], 0.1, [[1.0]], 1))
    assert text.splitlines()[0] == "One example, n_x = 1, y = 1"
    assert text.index("forward") < text.index("z = 0.9") < text.index("backward")
    assert "= dJ/da * a (1 - a) = -y (1 - a) + (1 - y) a = a - y" in text
    long = str(lesson.computation_graph(np.zeros((12288, 1)), 0.0, np.ones((12288, 1)), 1))
    assert len(long.splitlines()) < 45
    assert long.count("... 12284 more features alike") == 2


def test_graph_refuses_several_examples_and_bad_targets():
    with pytest.raises(ShapeError, match=r"x has shape \(1, 2\), expected \(1, 1\)"):
        lesson.computation_graph([[1.0]], 0.0, [[1.0, 2.0]], 1)
    with pytest.raises(ShapeError, match=r"y has shape \(1, 1\)"):
        lesson.computation_graph([[1.0]], 0.0, [[1.0]], [[1]])
    with pytest.raises(DataError, match="y is 2"):
        lesson.computation_graph([[1.0]], 0.0, [[1.0]], 2)
    with pytest.raises(KeyError, match="no node 'q' here: x1, w1, u1, b, z, a, J"):
        lesson.computation_graph([[1.0]], 0.0, [[1.0]], 1)["q"]


lengths = st.lists(st.integers(1, 3), max_size=4).map(tuple)


@given(lengths, lengths)
def test_broadcast_agrees_with_numpy(a, b):
    try:
        due = np.broadcast_shapes(a, b)
    except ValueError:
        due = None
    explained = lesson.explain_broadcast(a, b)
    assert explained.shape == due
    assert explained.possible == (due is not None)
    assert explained.explanation == str(lesson.explain_broadcast(np.ones(a), np.ones(b)))


@pytest.mark.parametrize(
    ("a", "b", "shape", "said"),
    [
        ((1, 4), (3, 4), (3, 4), "a: its 1 row is repeated down the 3 rows (axis 0, 3 copies)."),
        ((3, 1), (3, 4), (3, 4), "a: its 1 column is repeated across the 4 columns (axis 1, 4 c"),
        (2.5, (3, 4), (3, 4), "a: its one number is copied everywhere (12 copies)."),
        ((3, 1), (1, 4), (3, 4), "b: its 1 row is repeated down the 3 rows"),
        ((2, 1, 4), (5, 3, 1), None, "on the axis 3 from the right a has 2 and b has 5"),
        ((1, 3, 4), (5, 3, 4), (5, 3, 4), "a: repeated 5 times along axis 0."),
        ((3, 4), (4, 3), None, "Transposed it would: a.T is (4, 3)."),
        ((4, 2), (4, 3), None, "on the last axis a has 2 and b has 3"),
        ((5,), (5, 1), (5, 5), "(5, 1) is meant, say so: a = a.reshape(-1, 1)"),
        ((5, 1), (5,), (5, 5), "(5, 1) is meant, say so: b = b.reshape(-1, 1)"),
        ((4,), (3, 4), (3, 4), "(1, 4) is meant, say so: a = a.reshape(1, -1)"),
        ((3,), (3, 4), None, "(3, 1) is meant, say so: a = a.reshape(-1, 1)"),
        ([1, 2, 3], (3, 3), (3, 3), "a is a rank-1 array"),
    ],
)
def test_broadcast_is_told_in_words(a, b, shape, said):
    explained = lesson.explain_broadcast(a, b)
    assert explained.shape == shape
    assert said in str(explained)


def test_broadcast_refuses_a_negative_length():
    with pytest.raises(ValueError, match="is no shape"):
        lesson.explain_broadcast((-1, 2), (2,))


def test_images_become_columns_and_back():
    images = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    X = lesson.images_to_columns(images)
    assert X.shape == (60, 2)
    assert X.dtype == np.uint8
    for i in range(2):
        np.testing.assert_array_equal(X[:, [i]], lesson.image_to_column(images[i]))
    row, column, channel = 2, 3, 1
    assert X[(row * 5 + column) * 3 + channel, 1] == images[1, row, column, channel]
    np.testing.assert_array_equal(lesson.columns_to_images(X, 4, 5), images)
    np.testing.assert_array_equal(lesson.column_to_image(X[:, [1]], 4, 5), images[1])


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("image_to_column", (np.ones((4, 5)),), "(4, 5), expected (height, width, 3)"),
        ("images_to_columns", (np.ones((4, 5, 3)),), "One picture: image_to_column(image)"),
        ("column_to_image", (np.ones(60), 4, 5), "Mend it: column = column.reshape(-1, 1)"),
        ("column_to_image", (np.ones((59, 1)), 4, 5), "(59, 1), expected (60, 1)"),
        ("columns_to_images", (np.ones((2, 60)), 4, 5), "Mend it: X = X.T"),
        ("columns_to_images", (np.ones(60), 4, 5), "(60,), expected (60, m)"),
    ],
)
def test_images_of_another_shape(function, arguments, message):
    with pytest.raises(ShapeError) as caught:
        getattr(lesson, function)(*arguments)
    assert message in str(caught.value)


@pytest.fixture
def exercise_files(tmp_path):
    random = np.random.default_rng(0)
    for name, m in (("train", 3), ("test", 2)):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file[f"{name}_set_x"] = random.integers(0, 256, (m, 4, 4, 3), dtype=np.uint8)
            file[f"{name}_set_y"] = np.arange(m) % 2
            file["list_classes"] = np.array([b"non-cat", b"cat"])
    return tmp_path / "train.h5", tmp_path / "test.h5"


def test_load_h5_returns_what_the_exercise_did(exercise_files):
    X, Y, X_test, Y_test, classes = lesson.load_h5(*exercise_files)
    with h5py.File(exercise_files[0]) as file:
        np.testing.assert_array_equal(X, file["train_set_x"])
    assert X.dtype == np.uint8
    np.testing.assert_array_equal(Y, [[0, 1, 0]])
    assert X_test.shape == (2, 4, 4, 3)
    np.testing.assert_array_equal(Y_test, [[0, 1]])
    assert classes[1].decode("utf-8") == "cat"


def test_load_h5_says_what_is_wrong(exercise_files, tmp_path, monkeypatch):
    train, test = exercise_files
    with pytest.raises(
        DataError, match="has no dataset 'train_set_x'; it holds list_classes, test"
    ):
        lesson.load_h5(test, test)
    with pytest.raises(FileNotFoundError, match=r"none\.h5 is not there"):
        lesson.load_h5(train, tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(DataError, match=r"text\.h5 is not an HDF5 file"):
        lesson.load_h5(train, tmp_path / "text.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'onelayer\[hdf5\]'"):
        lesson.load_h5(train, test)


def test_activations():
    z = np.array([-800.0, -2.0, 0.0, 3.0, 800.0])
    np.testing.assert_array_equal(lesson.relu(z), [0, 0, 0, 3, 800])
    np.testing.assert_allclose(lesson.leaky_relu(z), [-8, -0.02, 0, 3, 800])
    np.testing.assert_allclose(lesson.tanh(z), 2 * lesson.sigmoid(2 * z) - 1, atol=1e-15)
    with pytest.raises(ValueError, match="slope is 2"):
        lesson.leaky_relu(z, 2)


@pytest.mark.parametrize("room", ["algorithm", "broadcasting"])
def test_docstring_examples_run(room):
    result = doctest.testmod(import_module(f"onelayer.lesson.{room}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_every_public_name_is_there_and_documented():
    for name in lesson.__all__:
        assert getattr(lesson, name).__doc__
    assert sorted(lesson.__all__) == list(lesson.__all__)
