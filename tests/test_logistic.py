"""The layer against decimals of 400 digits, at every margin, in both precisions."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from onelayer.logistic import Binary, Softmax, sigma, softmax

MARGINS = [s * z for z in (0.0, 1e-3, 1.0, 37.0, 40.0, 80.0, 800.0) for s in (1, -1)]
DTYPES = [np.float32, np.float64]
ULPS = 4


def exact_softmax(z):
    """Softmax of the floats z, as decimals."""
    e = [Decimal(float(x)).exp() for x in z]
    return [x / sum(e) for x in e]


@pytest.fixture(autouse=True)
def many_digits():
    with localcontext() as context:
        context.prec, context.Emin = 400, -100000
        yield


@pytest.fixture(autouse=True)
def no_floating_point_flags():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


def close(got, exact, ulps=ULPS):
    """Whether `got` is `exact` within some units in the last place, denormals included."""
    tiny = float(np.finfo(got.dtype).smallest_subnormal)
    return abs(float(got) - float(exact)) <= ulps * max(np.spacing(abs(got)), tiny)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("margin", MARGINS)
class TestBinary:
    def test_sigma(self, margin, dtype):
        z = dtype(margin)
        a = sigma(np.array([z]))
        assert a.dtype == dtype
        assert close(a[0], 1 / (1 + Decimal(-float(z)).exp()))

    @pytest.mark.parametrize("y", [0, 1])
    def test_loss(self, margin, dtype, y):
        z = dtype(margin)
        loss = Binary().loss(np.array([[z]]), np.array([y]))
        assert loss.dtype == dtype
        assert close(loss[0, 0], (1 + Decimal((1 - 2 * y) * float(z)).exp()).ln())

    @pytest.mark.parametrize("y", [0, 1])
    def test_residual(self, margin, dtype, y):
        z = dtype(margin)
        residual = Binary().residual(np.array([[z]]), np.array([y]))
        assert residual.dtype == dtype
        assert close(residual[0, 0], 1 / (1 + Decimal(-float(z)).exp()) - y)

    def test_curvature_keeps_its_digits_where_the_activation_rounds_to_one(self, margin, dtype):
        z = dtype(margin)
        head = Binary()
        A = head.curvature_activation(np.array([[z]]))
        e = Decimal(-abs(float(z))).exp()
        exact = e / (1 + e) ** 2
        assert close(head.curvature(A)[0, 0, 0], exact)
        assert close(head.curvature_product(A, np.array([[dtype(1)]]))[0, 0], exact)

    @pytest.mark.parametrize("y", [0, 1])
    def test_expansion_has_the_digits_of_each_alone(self, margin, dtype, y):
        z = dtype(margin)
        loss, residual, root = Binary().expansion(np.array([[z]]), np.array([y]))
        assert loss.dtype == residual.dtype == root.dtype == dtype
        e = Decimal(-abs(float(z))).exp()
        assert close(loss[0, 0], (1 + Decimal((1 - 2 * y) * float(z)).exp()).ln())
        assert close(residual[0, 0], 1 / (1 + Decimal(-float(z)).exp()) - y)
        assert close(root[0, 0] ** 2, e / (1 + e) ** 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("y", [0, 1, 2])
class TestSoftmax:
    def test_loss(self, margin, dtype, y):
        z = np.array([0.25, margin, -1], dtype)
        loss = Softmax(3).loss(z[None], np.array([y]))
        assert loss.dtype == dtype
        # z_max - z_y is exact or rounds once; what the logarithm adds is exact on its own.
        assert close(loss[0, 0], -exact_softmax(z)[y].ln(), ulps=8)

    def test_residual(self, margin, dtype, y):
        z = np.array([0.25, margin, -1], dtype)
        residual = Softmax(3).residual(z[None], np.array([y]))
        assert residual.dtype == dtype
        a = exact_softmax(z)
        exact = [a[k] - (k == y) for k in range(3)]
        # z - z_max rounds, and exp turns that into relative error |z| eps.
        allowed = 8 + abs(margin)
        assert all(close(residual[0, k], exact[k], allowed) for k in range(3))

    def test_curvature(self, margin, dtype, y):
        z = np.array([0.25, margin, -1], dtype)
        head = Softmax(3)
        C = head.curvature(head.curvature_activation(z[None]))[0]
        a = exact_softmax(z)
        exact = [
            [a[i] * (sum(a[j] for j in range(3) if j != i) if i == k else -a[k]) for k in range(3)]
            for i in range(3)
        ]
        allowed = 16 + 2 * abs(margin)
        assert all(close(C[y, k], exact[y][k], allowed) for k in range(3))


def test_loss_of_a_confident_right_answer_is_the_exponential_to_the_last_bit():
    z, y = np.array([[40.0]]), np.array([1])
    assert Binary().loss(z, y)[0, 0] == np.exp(-40.0)
    assert Softmax(2).loss(np.array([[0.0, 40.0]]), y)[0, 0] == np.exp(-40.0)
    assert Binary().residual(z, y)[0, 0] == -np.exp(-40.0)


@pytest.mark.parametrize("y", [0, 1])
def test_binary_infinite_z(y):
    Z = np.array([[np.inf], [-np.inf]])
    targets = np.array([y, y])
    assert Binary().loss(Z, targets)[:, 0].tolist() == ([0, np.inf] if y else [np.inf, 0])
    assert Binary().residual(Z, targets)[:, 0].tolist() == ([0, -1] if y else [1, 0])
    assert Binary().activation(Z)[:, 0].tolist() == [1, 0]
    assert Binary().curvature_activation(Z)[:, 0].tolist() == [0, 0]
    loss, residual, root = Binary().expansion(Z, targets)
    assert loss[:, 0].tolist() == ([0, np.inf] if y else [np.inf, 0])
    assert residual[:, 0].tolist() == ([0, -1] if y else [1, 0])
    assert root[:, 0].tolist() == [0, 0]


def test_softmax_expansion_is_the_loss_the_residual_and_the_activation():
    rng = np.random.default_rng(0)
    head, Z, y = Softmax(3), rng.normal(size=(40, 6)) * 9, rng.integers(0, 3, 40)
    Z[0, 1] = -np.inf
    loss, residual, root = head.expansion(Z, y)
    np.testing.assert_allclose(loss, head.loss(Z, y), rtol=1e-15)
    np.testing.assert_allclose(residual, head.residual(Z, y), rtol=1e-14)
    np.testing.assert_allclose(root, head.activation(Z), rtol=1e-14)


def test_softmax_of_an_excluded_class():
    Z, y = np.array([[0.0, -np.inf, 0.0]]), np.array([0])
    assert softmax(Z)[0].tolist() == [0.5, 0, 0.5]
    assert Softmax(3).loss(Z, y)[0, 0] == np.log(2)
    assert Softmax(3).residual(Z, y)[0].tolist() == [-0.5, 0, 0.5]


def test_negative_zero_is_zero():
    Z = np.array([[-0.0]])
    assert sigma(Z)[0, 0] == 0.5
    assert Binary().loss(Z, np.array([1]))[0, 0] == np.log(2)
    assert Binary().residual(Z, np.array([0]))[0, 0] == 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint64, np.bool_, np.float64])
def test_targets_of_any_type(dtype):
    Z = np.array([[2.0], [2.0]])
    targets = np.array([0, 1]).astype(dtype)
    assert Binary().loss(Z, targets)[:, 0] == pytest.approx([2.1269280110429727, 0.126928011042972])
    assert Binary().residual(Z, targets)[:, 0] == pytest.approx([0.880797077977, -0.119202922022])
    both = np.hstack([np.zeros((2, 1)), Z])
    assert Softmax(2).loss(both, targets)[:, 0] == pytest.approx(Binary().loss(Z, targets)[:, 0])


HEADS = [Binary(), Softmax(2), Softmax(4)]


@pytest.mark.parametrize("head", HEADS, ids=str)
class TestCalculus:
    """At random z, several problems side by side."""

    @pytest.fixture
    def data(self, head):
        rng = np.random.default_rng(0)
        Z = rng.normal(0, 3, (50, 3 * head.width))
        return Z, rng.integers(0, max(2, head.width), 50)

    def test_residual_is_the_slope_of_the_loss(self, head, data):
        Z, y = data
        h = 1e-5
        for j in range(Z.shape[1]):
            E = np.zeros(Z.shape[1])
            E[j] = h
            slope = (head.loss(Z + E, y) - head.loss(Z - E, y))[:, j // head.width] / (2 * h)
            np.testing.assert_allclose(head.residual(Z, y)[:, j], slope, atol=1e-9)

    def test_curvature_is_the_slope_of_the_residual(self, head, data):
        Z, y = data[0][:, : head.width], data[1]
        h = 1e-5
        C = head.curvature(head.curvature_activation(Z))
        for j in range(head.width):
            E = np.zeros(head.width)
            E[j] = h
            slope = (head.residual(Z + E, y) - head.residual(Z - E, y)) / (2 * h)
            np.testing.assert_allclose(C[:, :, j], slope, atol=1e-9)

    def test_the_root_tells_the_curvature(self, head, data):
        Z = data[0][:, : head.width]
        A = head.curvature_activation(Z)
        F, r = head.curvature_root(A), np.array([1.0, -2.0, 0.5])
        S = np.einsum("ic,id,p,q->pcqd", F, F, r, r)
        expected = np.einsum("icd,p,q->pcqd", head.curvature(A), r, r)
        np.testing.assert_allclose(head.hessian(S), expected, atol=1e-14)

    def test_curvature_product_is_the_product_with_the_curvature(self, head, data):
        Z = data[0][:, : head.width]
        U = np.random.default_rng(1).normal(size=Z.shape)
        A = head.curvature_activation(Z)
        expected = np.einsum("ijk,ik->ij", head.curvature(A), U)
        np.testing.assert_allclose(head.curvature_product(A, U), expected, atol=1e-15)

    def test_problems_side_by_side_are_problems_alone(self, head, data):
        Z, y = data
        U = np.random.default_rng(2).normal(size=Z.shape)
        product = head.curvature_product(head.curvature_activation(Z), U)
        for p in range(3):
            part = np.s_[:, p * head.width : (p + 1) * head.width]
            own = Z[part].copy()
            np.testing.assert_array_equal(head.loss(Z, y)[:, p], head.loss(own, y)[:, 0])
            np.testing.assert_array_equal(head.residual(Z, y)[part], head.residual(own, y))
            np.testing.assert_array_equal(head.activation(Z)[part], head.activation(own))
            alone = head.curvature_product(head.curvature_activation(own), U[part].copy())
            np.testing.assert_array_equal(product[part], alone)

    def test_arguments_are_left_alone(self, head, data):
        Z, y = data
        before = Z.copy()
        head.loss(Z, y)
        head.residual(Z, y)
        head.curvature_product(head.curvature_activation(Z), Z)
        np.testing.assert_array_equal(Z, before)


def test_two_class_softmax_is_the_binary_layer_of_the_difference():
    rng = np.random.default_rng(3)
    Z, y = rng.normal(0, 5, (40, 2)), rng.integers(0, 2, 40)
    z = Z[:, 1:] - Z[:, :1]
    np.testing.assert_allclose(Softmax(2).loss(Z, y), Binary().loss(z, y), rtol=1e-12)
    np.testing.assert_allclose(softmax(Z)[:, 1], sigma(z)[:, 0], rtol=1e-12)
