"""Every kernel against its NumPy twin, the block loop; and the numbers that kernels are made of."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from onelayer import parallel
from onelayer.designs import Scaling, make_design
from onelayer.designs.blockwise import block_forward, block_sums
from onelayer.designs.fused import FusedCsr, FusedDense
from onelayer.designs.passes import Ledger, Pass
from onelayer.kernels import byte_pass, csr_pass, dense_pass
from onelayer.kernels.compile import kernel
from onelayer.kernels.elementary import UNDERFLOW, exp_negative, widen
from onelayer.logistic import Binary, Softmax

DTYPES = ["float64", "float32", "float16", "uint8"]
HEADS = [
    *[(Binary(), problems) for problems in range(1, 10)],
    *[(Softmax(width), 1) for width in range(2, 10)],
    (Softmax(3), 2),
    (Softmax(2), 4),
]
RNG = np.random.default_rng(0)
N = 7


def examples(dtype, m, n=N):
    if dtype == "uint8":
        return RNG.integers(0, 256, (m, n), dtype=np.uint8)
    return RNG.normal(size=(m, n)).astype(dtype)


def fused(X, scaling=None):
    """The kernels on X, however small, and the twin: the block loop on X in float64."""
    twin = make_design(X.astype(np.float64), scaling)
    if sparse.issparse(X):
        return FusedCsr(X, scaling), twin
    return FusedDense(X, scaling, np.dtype("f8" if X.dtype == np.float64 else "f4")), twin


def parameters(head, problems, n=N, size=1.0):
    k = problems * head.width
    return RNG.normal(size=(n, k)) * size, RNG.normal(size=k) * size


def targets_and_weights(head, problems, m):
    targets = RNG.integers(0, max(2, head.width), m)
    weights = RNG.uniform(size=(m, problems)) * RNG.integers(0, 2, (m, problems))
    return targets, weights


def agree(X, head, problems, size=1.0, scaling=None):
    """Loss, G, db and the Hessian product of one pass, kernel against twin."""
    m, n = X.shape
    kernels, twin = fused(X, scaling)
    W, b = parameters(head, problems, n, size)
    targets, weights = targets_and_weights(head, problems, m)
    A = head.curvature_activation(block_forward(twin, W, b))
    V, c = parameters(head, problems, n, size)
    exact = sparse.issparse(X) or X.dtype == np.float64
    rtol, atol = (1e-11, 1e-12) if exact else (2e-5, 2e-6)
    if not sparse.issparse(X):
        A = A.astype(kernels.dtype)  # as the kernels' own forward pass gives them
    for direction, activations in (((W, b), None), ((V, c), A)):
        got = kernels.sums(Pass(*direction, head, targets, weights, activations))
        expected = block_sums(twin, Pass(*direction, head, targets, weights, activations))
        for ours, theirs in zip(got, expected, strict=True):
            assert ours.shape == theirs.shape
            scale = atol * max(1.0, np.abs(expected[1]).max(initial=0), float(m))
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=scale)


def step(dtype):
    return 1 / 255 if dtype == "uint8" else 1.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_row_counts_at_the_edges_of_the_tiles(dtype):
    for m in range(1, 71):
        X = examples(dtype, m)
        agree(X, Binary(), 1, step(dtype))
        agree(X, Softmax(3), 1, step(dtype))
        agree(X, Binary(), 5, step(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("head", "problems"), HEADS, ids=str)
def test_all_numbers_of_columns(dtype, head, problems):
    for m in (1, 4, 15, 16, 17, 33):
        agree(examples(dtype, m), head, problems, step(dtype))


@pytest.mark.parametrize(
    ("dtype", "indices"), [("float64", "i4"), ("float64", "i8"), ("float32", "i4"), ("uint8", "i4")]
)
def test_sparse_rows(dtype, indices):
    for m in [*range(1, 20), 33, 70]:
        X = examples(dtype, m, 23)
        X[RNG.uniform(size=X.shape) < 0.8] = 0
        rows = sparse.csr_array(X)
        rows.indices, rows.indptr = rows.indices.astype(indices), rows.indptr.astype(indices)
        for head, problems in HEADS if m == 33 else [(Binary(), 1), (Softmax(3), 2)]:
            agree(rows, head, problems, step(dtype))


@pytest.mark.parametrize("m", [9, 2000], ids=["by columns", "by rows"])
@pytest.mark.parametrize("of", ["float64", "float32"])
def test_sparse_columns_beyond_whole_vectors(m, of):
    X = examples("float32", m, 60)
    X[RNG.uniform(size=X.shape) < 0.8] = 0
    kernels, dense, eps = FusedCsr(sparse.csr_array(X), None), X.astype(float), np.finfo(of).eps
    for k in (2, 7, 8, 9, 15, 16, 17, 20, 24, 25, 33, 48, 49, 100):
        targets, weights = targets_and_weights(Softmax(k), 1, m)
        V, c = (one.astype(of) for one in parameters(Softmax(k), 1, 60))
        A = RNG.uniform(size=(m, k)).astype(of)
        U = weights * A * (dense @ V + c - (A * (dense @ V + c)).sum(axis=1, keepdims=True))
        _, G, dc = kernels.sums(Pass(V, c, Softmax(k), targets, weights, A))
        assert G.dtype == of
        for found, expected in ((G, dense.T @ U), (dc, U.sum(axis=0))):
            np.testing.assert_allclose(found, expected, rtol=0, atol=30 * eps * np.abs(U).sum())
        np.testing.assert_allclose(kernels.forward(V, c), dense @ V + c, rtol=0, atol=1e-12)
        for found, power in zip(kernels.moments(A), (1, 2), strict=True):
            np.testing.assert_allclose(found, (dense**power).T @ A, rtol=1e-12, atol=1e-11)
        assert kernels._gathers(k) == (m == 9)


def test_one_copy_by_columns_serves_all_problems_of_a_design():
    X = sparse.random_array((300, 20_000), density=0.03, rng=0, format="csr")
    design = make_design(X)
    assert design.compiled
    one, other = (design.counted_by(Ledger()) for _ in range(2))
    assert one.by_kernels().columns is other.by_kernels().columns
    assert (one.ledger.bytes_read, design.ledger.bytes_read) == (design.traits.nbytes, 0)


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
def test_rows_that_are_centred_as_they_are_read(dtype):
    X = examples(dtype, 70)
    scaling = Scaling(RNG.normal(size=N), RNG.uniform(0.5, 2, N) * step(dtype))
    for head, problems in ((Binary(), 1), (Softmax(3), 1), (Binary(), 5)):
        agree(X, head, problems, scaling=scaling)
        agree(sparse.csr_array(X.astype(np.float64)), head, problems, scaling=scaling)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("head", "problems"), [(Binary(), 1), (Softmax(3), 1), (Softmax(70), 1)])
def test_many_rows_in_many_tasks(dtype, head, problems):
    X = examples(dtype, 6007, 60)
    assert len(parallel.partition(6007, X.nbytes, 8 * 60)) > 1
    agree(X, head, problems, 0.1 * step(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_forward(dtype):
    for m in (1, 15, 16, 17, 70):
        for k in range(1, 10):
            X = examples(dtype, m)
            kernels, twin = fused(X)
            W, b = RNG.normal(size=(N, k)) * step(dtype), RNG.normal(size=k)
            expected = block_forward(twin, W, b)
            np.testing.assert_allclose(kernels.forward(W, b), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("z", [-800.0, -80.0, 80.0, 800.0])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("head", [Binary(), Softmax(3)], ids=["binary", "softmax"])
def test_large_margins_stay_finite_and_right(head, dtype, z):
    X = np.array([[z], [-z], [z]], dtype)
    kernels, twin = fused(X)
    W, b = np.array([[1.0, -1.0, 0.5]])[:, : head.width], np.zeros(head.width)
    targets, weights = np.array([1, 1, 0]), np.ones((3, 1))
    got = kernels.sums(Pass(W, b, head, targets, weights))
    expected = block_sums(twin, Pass(W, b, head, targets, weights))
    for ours, theirs in zip(got, expected, strict=True):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_soft_targets_are_not_cut_to_whole_numbers(make):
    """The kernels know labels alone; a design of any size takes soft targets right."""
    dense = RNG.normal(size=(6000, 60))
    X, small = make(dense), make(dense[:600])
    y = RNG.uniform(size=6000)
    W, b = parameters(Binary(), 1, 60, 0.1)
    weights = np.full((6000, 1), 1 / 6000)
    Z = dense @ W + b
    loss, G, db = make_design(X).sums(Pass(W, b, Binary(), y, weights))
    assert loss[0] == pytest.approx(Binary().loss(Z, y).mean(), rel=1e-12)
    residual = Binary().residual(Z, y) / 6000
    np.testing.assert_allclose(G, dense.T @ residual, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(db, residual.sum(axis=0), rtol=1e-9)
    assert make_design(X).compiled
    assert not make_design(small).compiled


@kernel
def _widened(bits, out):
    for i in range(len(bits)):
        out[i] = widen(bits[i])


@kernel
def _exponentials(x, out):
    for i in range(len(x)):
        out[i] = exp_negative(x[i])


def test_every_finite_half_is_widened_exactly():
    bits = np.arange(65536, dtype=np.uint16)
    out = np.empty(65536, np.float32)
    _widened(bits, out)
    with np.errstate(invalid="ignore"):
        expected = bits.view(np.float16).astype(np.float32)
    finite = np.isfinite(expected)
    assert finite.sum() == 63488
    np.testing.assert_array_equal(out[finite].view(np.uint32), expected[finite].view(np.uint32))


def test_every_byte_is_widened_exactly():
    bits = np.arange(256, dtype=np.uint8)
    out = np.empty(256, np.float32)
    _widened(bits, out)
    np.testing.assert_array_equal(out, bits.astype(np.float32))


def test_the_exponential_is_right_to_two_units_in_the_last_place():
    x = np.concatenate([np.linspace(UNDERFLOW, 0, 2_000_001), -np.logspace(-8, 1.9, 100_000)])
    x = x.astype(np.float32)
    out = np.empty_like(x)
    _exponentials(x, out)
    exact = np.exp(x.astype(np.float64))
    units = np.abs(out - exact) / np.spacing(exact.astype(np.float32))
    assert units.max() <= 2


def test_the_exponential_at_its_ends():
    x = np.array([0.0, -0.0, UNDERFLOW, -88.0, -1e4, -np.inf], np.float32)
    out = np.empty_like(x)
    _exponentials(x, out)
    assert out[0] == out[1] == 1  # shares of a softmax divide by a sum that has this term
    assert (out[2:] > 0).all()
    assert (out[2:] < 2e-38).all()
    doubles = np.empty(2)
    _exponentials(np.array([-700.0, -1.0]), doubles)
    np.testing.assert_allclose(doubles, np.exp([-700.0, -1.0]), rtol=1e-15)


def test_a_partition_covers_every_row_once():
    for m in [*range(300), 1000, 4096, 99_991]:
        for data_bytes in (0, 1, 10_000, 2_000_000, 10**10):
            for result_bytes in (0, 8, 6272, 10**7):
                for limit in (1, 4, 8, 32):
                    ranges = parallel.partition(m, data_bytes, result_bytes, limit)
                    assert ranges[0][0] == 0
                    assert ranges[-1][1] == m
                    assert all(a[1] == b[0] for a, b in pairwise(ranges))
                    assert all(start < stop for start, stop in ranges) or m == 0
                    assert len(ranges) <= limit


@pytest.mark.parametrize("head", [Binary(), Softmax(3)], ids=["binary", "softmax"])
@pytest.mark.parametrize("problems", [1, 2])
@pytest.mark.parametrize("kind", ["dense", "bytes", "sparse"])
def test_losses_and_products_are_one_kernel(kind, head, problems):
    """What a fresh machine compiles for the first it need not compile again for the second."""
    X = examples("uint8" if kind == "bytes" else "float64", 40, 40)
    kernels = fused(sparse.csr_array(X) if kind == "sparse" else X)[0]
    W, b = parameters(head, problems, 40)
    targets, weights = targets_and_weights(head, problems, 40)
    A = RNG.uniform(size=(40, W.shape[1])).astype(getattr(kernels, "dtype", np.float64))
    kernels.sums(Pass(W, b, head, targets, weights))
    compiled = signatures()
    kernels.sums(Pass(W, b, head, targets, weights, A))
    assert signatures() == compiled


def test_few_and_many_columns_of_float64_are_one_kernel():
    """The second layout of W is for float32: of float64 a machine's first command compiles one."""
    X, compiled = examples("float64", 40, 40), set()
    kernels = fused(X)[0]
    for problems in (2, 5, 9, 20):
        W, b = parameters(Binary(), problems, 40)
        Z = kernels.forward(W, b)
        kernels.sums(Pass(W, b, Binary(), *targets_and_weights(Binary(), problems, 40)))
        np.testing.assert_allclose(Z, X @ W + b, atol=1e-12)
        compiled.add((*signatures(), len(dense_pass.forward_pass.signatures)))
    assert len(compiled) == 1


def test_rows_that_may_be_written_are_read_by_the_same_kernel():
    X = examples("float64", 40, 40)
    head, locked = Softmax(3), X.copy()
    locked.flags.writeable = False
    W, b = parameters(head, 1, 40)
    asked = Pass(W, b, head, *targets_and_weights(head, 1, 40))
    found = fused(locked)[0].sums(asked)
    compiled = signatures()
    for ours, theirs in zip(fused(X)[0].sums(asked), found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert signatures() == compiled
    X[0, 0] = 1  # it stays as the caller gave it


def signatures():
    """How many times each kernel of a pass has been compiled, or read from the cache."""
    passes = byte_pass.byte_pass, dense_pass.binary_pass, dense_pass.columns_pass
    sparse_passes = csr_pass.csr_binary_pass, csr_pass.csr_columns_pass
    return [len(one.signatures) for one in (*passes, *sparse_passes)]
