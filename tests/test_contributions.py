"""x_j w_j: for one layer they and the intercept are z, whatever the scaling."""

import numpy as np
import pytest
from scipy import sparse

import onelayer
from onelayer.errors import ShapeError
from onelayer.layer import class_score


@pytest.fixture(scope="module")
def numbers():
    """Forty rows of four numbers, far from zero, of three classes."""
    random = np.random.default_rng(0)
    y = np.repeat(["a", "b", "c"], 20)
    X = random.normal(100, 3, (60, 4)) + 4 * np.eye(3, 4)[np.repeat([0, 1, 2], 20)]
    return X, y


@pytest.mark.parametrize("classes", [2, 3])
def test_they_add_up_to_z_and_count_from_the_mean(numbers, classes):
    X, y = (part[: 20 * classes] for part in numbers)
    model = onelayer.train((X, y), test_size=0)
    found = model.contributions(X)
    assert found.shape == ((40, 4) if classes == 2 else (60, 4, 3))
    Z, b = model.forward(X), model.layer.inner[1]
    shares = found.reshape(len(X), 4, -1)
    np.testing.assert_allclose(shares.sum(axis=1) + b, Z, rtol=0, atol=1e-12)
    by_hand = (X - X.mean(axis=0))[:, :, None] * model.coef.T
    np.testing.assert_allclose(shares, by_hand, atol=1e-9)
    np.testing.assert_allclose(b, model.forward(X.mean(axis=0)[None])[0], atol=1e-9)


def test_those_of_pictures_are_weight_times_pixel(colours):
    model = onelayer.train(colours)
    files = sorted(colours.rglob("*.png"))[:3]
    X, _ = model.inputs.read_files(files)
    np.testing.assert_allclose(model.contributions(files), X * model.coef[0], atol=1e-12)
    np.testing.assert_allclose(model.layer.inner[1], model.intercept, atol=1e-12)


def test_sparse_rows_are_rows(numbers):
    X, y = numbers
    kept = np.where(np.abs(X - 100) > 3, X, 0)
    model = onelayer.train((sparse.csr_array(kept), y), test_size=0)
    found = model.contributions(sparse.csr_array(kept))
    np.testing.assert_array_equal(found, model.contributions(kept))
    np.testing.assert_allclose(
        found.sum(axis=1) + model.layer.inner[1], model.forward(kept), atol=1e-9
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_a_class_has_a_score_that_its_probability_grows_with(numbers, classes):
    X, y = (part[: 20 * classes] for part in numbers)
    model = onelayer.train((X, y), test_size=0)
    Z, A = model.forward(X), model.probabilities(X)
    scores = np.hstack([class_score(Z, k) for k in range(classes)])
    logits = np.hstack([class_score(model.readout.logits(Z), k) for k in range(classes)])
    for k in range(classes):
        found = model.score(X, k)
        np.testing.assert_allclose(found.z, scores[:, k], atol=1e-9)
    if classes == 2:
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), A, atol=1e-12)
    else:
        softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(softmax, A, atol=1e-12)


def test_a_wrong_shape_is_shown(numbers):
    X, y = numbers
    model = onelayer.train((X, y), test_size=0)
    with pytest.raises(ShapeError, match=r"X has the shape \(60, 3\): the model takes \(m, 4\)"):
        model.contributions(X[:, :3])
