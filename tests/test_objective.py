"""The objective's derivatives against central differences, and against each other."""

import numpy as np
import pytest
from scipy import sparse

from onelayer.designs import make_design, make_scaling
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty

M, N, STEP = 40, 5, 1e-5


@pytest.fixture(params=[Binary(), Softmax(3)], ids=["binary", "softmax"])
def head(request):
    return request.param


@pytest.fixture(params=[0.0, 0.3], ids=["free", "penalised"])
def penalty(request):
    return Penalty(request.param)


@pytest.fixture(params=[True, False], ids=["intercept", "no-intercept"])
def intercept(request):
    return request.param


@pytest.fixture(params=[np.asarray, sparse.csr_array], ids=["dense", "csr"])
def objective(request, head, penalty, intercept):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(M, N)) + 1
    weights = rng.random(M)
    weights /= weights.sum()
    X = request.param(X)
    return Objective(
        loss=make_design(X, make_scaling(X, "standard", weights)).bind(
            head, rng.integers(0, max(2, head.width), M), weights
        ),
        penalty=penalty,
        intercept=intercept,
    )


@pytest.fixture
def theta(objective):
    return np.random.default_rng(1).normal(size=objective.start().shape)


def unit_vectors(theta):
    for i in range(theta.size):
        e = np.zeros(theta.size)
        e[i] = 1
        yield e.reshape(theta.shape)


def test_start_is_zero_and_its_value_is_the_loss_of_no_knowledge(objective):
    theta = objective.start()
    assert theta.shape == (N + objective.intercept, objective.head.width)
    value, _ = objective.value_and_gradient(theta)
    assert value == pytest.approx(np.log(max(2, objective.head.width)), rel=1e-14)


def test_join_undoes_split(objective, theta):
    np.testing.assert_array_equal(objective.join(*objective.split(theta)), theta)


def test_gradient(objective, theta):
    _, gradient = objective.value_and_gradient(theta)
    slopes = [
        (
            objective.value_and_gradient(theta + STEP * e)[0]
            - objective.value_and_gradient(theta - STEP * e)[0]
        )
        / (2 * STEP)
        for e in unit_vectors(theta)
    ]
    np.testing.assert_allclose(gradient.ravel(), slopes, atol=1e-9)


def test_hessian(objective, theta):
    slopes = [
        (
            objective.value_and_gradient(theta + STEP * e)[1]
            - objective.value_and_gradient(theta - STEP * e)[1]
        ).ravel()
        / (2 * STEP)
        for e in unit_vectors(theta)
    ]
    H = objective.hessian(theta)
    np.testing.assert_allclose(H, np.array(slopes).T, atol=1e-9)
    np.testing.assert_allclose(H, H.T, atol=1e-15)
    assert np.linalg.eigvalsh(H).min() > -1e-15


def test_hessian_product(objective, theta):
    H, curvature = objective.hessian(theta), objective.curvature(theta)
    products = [objective.hessian_product(curvature, e).ravel() for e in unit_vectors(theta)]
    np.testing.assert_allclose(H, np.array(products).T, atol=1e-14)


def test_the_intercept_is_a_column_of_ones_that_is_not_penalised(objective, theta):
    if not objective.intercept:
        pytest.skip("is about the intercept")
    shifted = theta.copy()
    shifted[-1] += 5
    W = theta[:-1]
    at = {}
    for name, parameters in (("here", theta), ("there", shifted)):
        loss = objective.loss.value_and_gradient(W, parameters[-1])[0]
        at[name] = objective.value_and_gradient(parameters)[0] - loss
    assert at["here"] == pytest.approx(at["there"], rel=1e-12, abs=1e-15)
    assert at["here"] == pytest.approx(0.5 * objective.penalty.l2 * (W**2).sum(), abs=1e-15)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("strength", [0.0, 0.7])
def test_penalty(strength, l1_ratio):
    penalty = Penalty(strength, l1_ratio)
    W = np.random.default_rng(2).normal(size=(6, 2))
    expected = strength * (l1_ratio * np.abs(W).sum() + (1 - l1_ratio) / 2 * (W**2).sum())
    assert penalty.value(W) == pytest.approx(expected, abs=1e-15)
    np.testing.assert_allclose(penalty.gradient(W), strength * (1 - l1_ratio) * W, atol=1e-16)


def test_expansion_is_value_gradient_and_hessian_in_one_read(objective, theta):
    value, gradient = objective.value_and_gradient(theta)
    H = objective.hessian(theta)
    ledger = objective.design.ledger
    before = ledger.bytes_read
    one = objective.expansion(theta)
    assert ledger.bytes_read - before == objective.design.traits.nbytes
    assert one[0] == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(one[1], gradient, atol=1e-14)
    np.testing.assert_allclose(one[2], H, atol=1e-14)
