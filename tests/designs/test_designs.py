"""Every design, every product, against the formulas on a dense float64 X' made as a whole."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy import sparse

from onelayer.designs import Design, Scaling, dense, make_design, make_scaling
from onelayer.designs.passes import Pass
from onelayer.logistic import Binary, Softmax, sigma, softmax

LABELS = np.zeros(0, np.intp)  # of what looks at none


class Case(NamedTuple):
    """A design, the X' it stands for, and how exact its products are."""

    design: Design
    X: np.ndarray
    tolerance: float


STORAGES = {
    "float64": lambda X: X,
    "float64-fortran": np.asfortranarray,
    "float64-strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "float64-reversed": lambda X: np.ascontiguousarray(X[::-1])[::-1],
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "uint8": lambda X: X.astype(np.uint8),
    "csr-float64": sparse.csr_array,
    "csr-matrix": sparse.csr_matrix,
    "csr-float32": lambda X: sparse.csr_array(X.astype(np.float32)),
    "csr-uint8": lambda X: sparse.csr_array(X.astype(np.uint8)),
    "csr-int64-indices": lambda X: wide_indices(sparse.csr_array(X)),
    "csr-unsorted": lambda X: unsorted(sparse.csr_array(X)),
}
SCALINGS = [None, 1 / 255, "standard"]
BIG = ["float32", "float16", "uint8"]
LIST = [(storage, scaling, 61, 7) for storage in STORAGES for scaling in SCALINGS]
LIST += [(storage, scaling, 3000, 700) for storage in BIG for scaling in (None, "standard")]


def wide_indices(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def unsorted(X):
    """The same matrix with each row's entries in descending order of column."""
    X = X.copy()
    for start, stop in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        X.indices[start:stop] = X.indices[start:stop][::-1].copy()
        X.data[start:stop] = X.data[start:stop][::-1].copy()
    X.has_sorted_indices = False
    return X


def pixels(m, n):
    """Bytes that every storage holds exactly, two thirds of them zero; column 1 is constant."""
    rng = np.random.default_rng(m)
    X = rng.integers(0, 256, (m, n)) * (rng.random((m, n)) < 1 / 3)
    X[:, 1] = 9
    return X.astype(np.float64)


def scaled(X, scaling):
    """X' as a whole; the centre is the design's own, for the reference checks the products."""
    return X if scaling is None else (X - scaling.centre) * scaling.scale


@pytest.fixture(scope="module", params=LIST, ids=lambda p: f"{p[0]}-{p[1]}-{p[2]}x{p[3]}")
def case(request):
    storage, scaling, m, n = request.param
    plain = pixels(m, n)
    X = STORAGES[storage](plain)
    made = make_scaling(X, scaling, np.full(m, 1 / m))
    design = make_design(X, made)
    tolerance = 1e-12 if design.dtype == np.float64 else 1.2e-5
    assert (design.dtype == np.float32) == (m == 3000)
    return Case(design, scaled(plain, made), tolerance)


@pytest.fixture(params=["binary", "binary-3", "softmax", "softmax-3"])
def setting(request, case):
    """A head, parameters of a sensible size, targets and weights for one or three problems."""
    m, n = case.X.shape
    problems = 3 if request.param.endswith("3") else 1
    head = Binary() if request.param.startswith("binary") else Softmax(3)
    rng = np.random.default_rng(1)
    k = problems * head.width
    W = rng.normal(size=(n, k)) / np.abs(case.X).max() / np.sqrt(n)
    weights = rng.random((m, problems)) * (rng.random((m, problems)) < 0.9)
    targets = rng.integers(0, max(2, head.width), m)
    return head, W, rng.normal(size=k), targets, weights / weights.sum(axis=0)


def agree(got, expected, case):
    """Equal within rounding beside the largest element."""
    assert np.abs(got - expected).max() <= case.tolerance * np.abs(expected).max()


def one_pass(case, product, *arguments):
    """The product's result, once the ledger has shown that it read X once."""
    before = case.design.ledger.bytes_read
    result = product(*arguments)
    assert case.design.ledger.bytes_read - before == case.design.traits.nbytes
    return result


def twin_loss(Z, targets, weights, head):
    """Loss and weighted residual, straight from the formulas."""
    loss, D = np.empty(weights.shape[1]), np.empty_like(Z)
    for p in range(weights.shape[1]):
        z = Z[:, p * head.width : (p + 1) * head.width]
        if head.width == 1:
            A, Y = sigma(z), targets[:, None]
            losses = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))[:, 0]
        else:
            A, Y = softmax(z), np.eye(head.width)[targets]
            losses = -np.log((A * Y).sum(axis=1))
        loss[p] = weights[:, p] @ losses
        D[:, p * head.width : (p + 1) * head.width] = (A - Y) * weights[:, [p]]
    return loss, D


def twin_curvature(z, head):
    """d2L/dz2 of one problem: (m, width, width)."""
    if head.width == 1:
        a = sigma(z)
        return (a * (1 - a))[:, :, None]
    A = softmax(z)
    return np.stack([np.diag(a) - np.outer(a, a) for a in A])


def test_traits(case):
    traits = case.design.traits
    assert (traits.m, traits.n) == case.X.shape
    assert {"rows", "hessian", "gram"} <= traits.offers


def test_forward(case, setting):
    _, W, b, _, _ = setting
    agree(one_pass(case, case.design.forward, W, b), case.X @ W + b, case)


def test_loss_pass(case, setting):
    head, W, b, targets, weights = setting
    loss, G, db = one_pass(case, case.design.sums, Pass(W, b, head, targets, weights))
    expected, D = twin_loss(case.X @ W + b, targets, weights, head)
    assert loss.dtype == G.dtype == db.dtype == np.float64
    agree(loss, expected, case)
    agree(G, case.X.T @ D, case)
    agree(db, D.sum(axis=0), case)


def test_hessian_product(case, setting):
    head, W, b, _, weights = setting
    rng = np.random.default_rng(2)
    V, c = rng.normal(size=W.shape) / np.abs(case.X).max(), rng.normal(size=b.shape)
    A = head.curvature_activation(one_pass(case, case.design.forward, W, b))
    _, P, dc = one_pass(case, case.design.sums, Pass(V, c, head, LABELS, weights, A))
    Z, U = case.X @ W + b, case.X @ V + c
    R = np.empty_like(Z)
    for p in range(weights.shape[1]):
        part = np.s_[:, p * head.width : (p + 1) * head.width]
        R[part] = np.einsum("ijk,ik->ij", twin_curvature(Z[part], head), U[part]) * weights[:, [p]]
    agree(P, case.X.T @ R, case)
    agree(dc, R.sum(axis=0), case)


@pytest.mark.parametrize("head", [Binary(), Softmax(3)], ids=["binary", "softmax"])
def test_hessian_pass(case, head):
    m, n = case.X.shape
    if m == 3000 and head.width > 1:
        pytest.skip("the small designs show it")
    rng = np.random.default_rng(3)
    W = rng.normal(size=(n, head.width)) / np.abs(case.X).max() / np.sqrt(n)
    b = rng.normal(size=head.width)
    weights = rng.random((m, 1)) / m
    H = one_pass(case, case.design.hessian, Pass(W, b, head, LABELS, weights))
    C = twin_curvature(case.X @ W + b, head) * weights[:, :, None]
    B = np.column_stack([case.X, np.ones(m)])
    for i in range(head.width):
        for j in range(head.width):
            agree(H[:, i, :, j], (B * C[:, i, [j]]).T @ B, case)


def twin_rows(case):
    """z, [X' 1] and some function of z for `of_rows`, as a whole."""
    rng = np.random.default_rng(5)
    W = rng.normal(size=(case.X.shape[1], 2)) / np.abs(case.X).max() / np.sqrt(case.X.shape[1])
    b = rng.normal(size=2)
    return W, b, np.tanh(case.X @ W + b), np.column_stack([case.X, np.ones(len(case.X))])


def test_outer_pass(case):
    W, b, T, B = twin_rows(case)
    H = one_pass(
        case,
        case.design.outer_pass,
        W,
        b,
        lambda _rows, Z: np.tanh(Z),
    )
    for c in range(2):
        for d in range(2):
            agree(H[:, c, :, d], (B * (T[:, [c]] * T[:, [d]])).T @ B, case)


def test_sums_pass(case):
    W, b, T, B = twin_rows(case)
    factors = np.random.default_rng(6).random((len(B), 1))
    sums = one_pass(case, case.design.sums_pass, W, b, lambda rows, Z: np.tanh(Z) * factors[rows])
    agree(sums, B.T @ (T * factors), case)


def test_groups_pass(case):
    _, _, T, B = twin_rows(case)
    groups = np.random.default_rng(7).permutation(np.arange(len(B)) % 11)
    expected = np.array([np.einsum("ik,ij->kj", T[groups == g], B[groups == g]) for g in range(11)])
    agree(one_pass(case, case.design.groups_pass, groups, T), expected, case)


def test_triangle_pass(case):
    _, _, _, B = twin_rows(case)
    v = np.random.default_rng(8).random(len(B))
    R = one_pass(case, case.design.triangle_pass, v)
    assert R.shape[0] == min(B.shape)
    agree(R.T @ R, (B * v[:, None]).T @ B, case)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
def test_double_products_of_large_single_data(dtype):
    X = pixels(3000, 700).astype(dtype)
    design = make_design(X, double=True)
    assert design.dtype == np.float64
    assert not design.compiled
    W, b = np.random.default_rng(9).normal(size=(700, 1)), np.ones(1)
    expected = X.astype(np.float64) @ W + b
    assert np.abs(design.forward(W, b) - expected).max() <= 1e-12 * np.abs(expected).max()


def test_gram(case):
    if len(case.X) == 3000 and case.design.scaling is None:
        pytest.skip("the scaled ones of that size show it")
    rows = np.arange(0, len(case.X), 1 + len(case.X) // 500)  # all of a small one
    agree(one_pass(case, case.design.gram)[rows], case.X[rows] @ case.X.T, case)


@pytest.mark.parametrize("k", [1, 3])
def test_moments_pass(case, k):
    h = np.random.default_rng(2).random((len(case.X), k))
    sums, squares = one_pass(case, case.design.moments, h)
    assert np.abs(sums - case.X.T @ h).max() <= case.tolerance * np.abs(case.X).max() * h.sum()
    agree(squares, (case.X**2).T @ h, case)


def test_forms_pass(case):
    n = case.X.shape[1] + 1
    halves = np.random.default_rng(5).normal(size=(2, n, n))
    M = halves @ halves.transpose(0, 2, 1)
    R = np.column_stack([case.X, np.ones(len(case.X))])
    agree(one_pass(case, case.design.forms_pass, M), ((R @ M) * R).sum(axis=2).T, case)


@pytest.mark.parametrize("k", [1, 3])
def test_combine(case, k):
    alpha = np.random.default_rng(4).normal(size=(len(case.X), k))
    agree(one_pass(case, case.design.combine, alpha), case.X.T @ alpha, case)


def test_a_problem_of_weight_zero_has_no_loss(case):
    m, n = case.X.shape
    nothing = Pass(np.zeros((n, 1)), np.zeros(1), Binary(), np.zeros(m, int), np.zeros((m, 1)))
    loss, G, db = case.design.sums(nothing)
    assert not loss.any()
    assert not G.any()
    assert not db.any()


@pytest.mark.parametrize("block_bytes", [1, 1 << 10, 1 << 14])
@pytest.mark.parametrize("storage", ["float64", "float64-fortran", "uint8"])
def test_the_size_of_a_block_changes_nothing_beyond_rounding(storage, block_bytes, monkeypatch):
    X = STORAGES[storage](pixels(61, 7))
    rng = np.random.default_rng(5)
    W, b, y = rng.normal(size=(7, 1)) / 255, rng.normal(size=1), rng.integers(0, 2, 61)
    v = rng.random((61, 1))
    v /= v.sum()

    def products():
        made = make_scaling(X, "standard", v[:, 0])
        design = make_design(X, made)
        asked = Pass(W, b, Binary(), y, v)
        loss, G, db = design.sums(asked)
        H = design.hessian(asked)
        alpha = np.ones((61, 1))
        parts = [made.centre, made.scale, design.forward(W, b), loss, G, db, H]
        return [*parts, design.gram(), design.combine(alpha)]

    whole = products()
    monkeypatch.setattr(dense, "BLOCK_BYTES", block_bytes)
    for got, expected in zip(products(), whole, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12 * np.abs(expected).max())


def test_the_same_call_gives_the_same_bytes():
    X = pixels(3000, 700).astype(np.uint8)
    design = make_design(X)
    y = np.random.default_rng(6).integers(0, 2, 3000)
    asked = Pass(np.full((700, 1), 1e-4), np.zeros(1), Binary(), y, np.full((3000, 1), 1 / 3000))
    first, second = design.sums(asked), design.sums(asked)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


def test_scaling_identity_changes_nothing():
    X = pixels(61, 7)
    np.testing.assert_array_equal(
        make_design(X, Scaling.identity(7)).forward(np.ones((7, 1)), np.zeros(1)),
        make_design(X).forward(np.ones((7, 1)), np.zeros(1)),
    )


@pytest.mark.parametrize("storage", ["float64", "float32", "uint8", "csr-float64"])
def test_x_is_left_alone(storage):
    X = STORAGES[storage](pixels(61, 7))
    before = X.copy()
    v = np.full(61, 1 / 61)
    design = make_design(X, make_scaling(X, "standard", v))
    design.sums(Pass(np.ones((7, 1)), np.zeros(1), Binary(), np.zeros(61, int), v[:, None]))
    design.gram()
    design.combine(np.ones((61, 1)))
    assert abs(X - before).max() == 0
    assert X.dtype == before.dtype
