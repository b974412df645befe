"""The pass over bytes in whole numbers against float64, at every edge; and whom it serves."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import onelayer
from onelayer import parallel
from onelayer.designs import Scaling, make_design
from onelayer.designs.blockwise import block_sums
from onelayer.designs.fused import FusedDense
from onelayer.designs.passes import Pass
from onelayer.kernels import byte_pass
from onelayer.kernels.byte_pass import MOST, OF_WEIGHTS, STRETCH, byte_weights
from onelayer.kernels.byte_vectors import WIDTH, as_digits, has_byte_products
from onelayer.kernels.compile import kernel
from onelayer.kernels.elementary import log_1p
from onelayer.logistic import Binary

RNG = np.random.default_rng(0)
LIMIT = 1e-7 if has_byte_products() else 2e-5  # of an error, relative to the largest entry
HOUSE = Path(onelayer.__file__).parent
here = pytest.mark.skipif(not has_byte_products(), reason="no byte products on this processor")


def problem(m, n):
    """X, a pass that is asked of it and a Hessian product."""
    X = RNG.integers(0, 256, (m, n), dtype=np.uint8)
    W, b = RNG.normal(size=(n, 1)) / 100 / np.sqrt(n), RNG.normal(size=1)
    targets, weights = RNG.integers(0, 2, m), RNG.uniform(size=(m, 1))
    A = RNG.uniform(size=(m, 1)).astype(np.float32)
    asked = [Pass(W, b, Binary(), targets, weights, given) for given in (None, A)]
    return X, asked


def both(X, asked, scaling=None):
    """The kernel's sums and those in float64."""
    twin = make_design(X.astype(np.float64), scaling)
    return FusedDense(X, scaling, np.dtype(np.float32)).sums(asked), block_sums(twin, asked)


def error(X, asked, scaling=None):
    """Of loss, G and db, each relative to its largest entry."""
    return [
        np.abs(ours - exact).max() / np.abs(exact).max()
        for ours, exact in zip(*both(X, asked, scaling), strict=True)
        if exact.any()  # a Hessian product has no loss
    ]


def in_floats(X, asked, monkeypatch):
    """The same error of the pass in float32."""
    with monkeypatch.context() as patched:
        patched.setattr(byte_pass, "has_byte_products", lambda: False)
        return error(X, asked)


@pytest.mark.parametrize("n", [64, 65, 127, 128, 129, 300, 784])
def test_every_number_of_rows_at_the_edges_of_a_block(n):
    for m in (*range(1, 9), 31, 32, 33, 63, 64, 65, 70):
        X, asked = problem(m, n)
        for one in asked:
            for ours, exact in zip(*both(X, one), strict=True):
                assert ours.shape == exact.shape
                np.testing.assert_allclose(ours, exact, rtol=LIMIT, atol=LIMIT * 255 * m)


@here
@pytest.mark.parametrize("n", [64, 65, 129, 300])
def test_half_a_pass_is_as_exact(n):
    """z alone, of several columns, and X^T u alone, u partly 0."""
    random = np.random.default_rng(n)
    for m in (1, 3, 31, 32, 33, 70):
        X = random.integers(0, 256, (m, n), dtype=np.uint8)
        W, b, u = random.normal(size=(n, 3)), random.normal(size=3), random.normal(size=m)
        u[m // 2 :] = 0
        kernels, exact = FusedDense(X, None, np.dtype(np.float32)), X.astype(float)
        Z, G = exact @ W + b, exact.T @ u
        np.testing.assert_allclose(kernels.forward(W, b), Z, atol=1e-7 * np.abs(Z).max())
        least = 1e-8 * (np.abs(u) @ exact).max()
        np.testing.assert_allclose(kernels.backward(u)[:, 0], G, atol=least)


def test_wide_rows_in_blocks_of_eight_and_their_columns_in_stretches():
    X, asked = problem(37, MOST - 7)
    for one in asked:
        assert max(error(X, one)) < LIMIT


def test_whole_numbers_do_not_overflow():
    X, (asked, _) = problem(64, STRETCH)
    X[:] = 255
    for sign in (-1, 1):
        asked.W[:] = sign * 2.0**-20 * (1 - 2.0**-39)  # digits as large as they can be
        assert max(error(X, asked)) < LIMIT


@here
def test_more_exact_than_in_float32(monkeypatch):
    X, (asked, product) = problem(40_000, 784)
    for one in (asked, product):
        ours, floats = error(X, one), in_floats(X, one, monkeypatch)
        assert max(ours) < LIMIT
        assert 10 * ours[-2] < floats[-2]  # the gradient


@here
@pytest.mark.parametrize("sizes", [(-6, 1), (-40, 20), (-295, -290)])
def test_weights_of_widely_different_sizes(sizes):
    X, (asked, _) = problem(6000, 100)
    asked.weights[:] = 10.0 ** RNG.uniform(*sizes, asked.weights.shape)
    assert max(error(X, asked)) < LIMIT


@here
def test_small_residuals_late_in_a_separable_fit(monkeypatch):
    X, (asked, _) = problem(6000, 100)
    z = X @ asked.W
    asked.targets[:] = (z > np.median(z))[:, 0]
    asked.W[:] *= 400
    asked.b[:] = -400 * np.median(z)
    assert np.median(np.abs(X @ asked.W + asked.b)) > 50
    ours, floats = error(X, asked), in_floats(X, asked, monkeypatch)
    assert max(ours) < LIMIT < max(floats)


@here
def test_a_rare_pixel_under_standardisation_costs_the_others_nothing():
    X, (asked, _) = problem(6000, 100)
    X[:, 7] = 0
    X[11, 7] = 1
    scaling = Scaling(X.mean(axis=0), 1 / X.std(axis=0))
    assert scaling.scale.max() / scaling.scale.min() > 5000
    asked.W[:] = RNG.normal(size=asked.W.shape) / 10
    assert max(error(X, asked, scaling)) < LIMIT


@here
def test_large_margins_stay_finite_and_right():
    X, (asked, _) = problem(300, 64)
    for size in (800, 1e5, 1e300):
        asked.W[:] = np.sign(asked.W) * size
        (loss, G, db), (exact, *_) = both(X, asked)
        np.testing.assert_allclose(loss, exact, rtol=1e-6)
        assert np.isfinite(G).all()
        assert np.isfinite(db).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_have_no_unit(wrong):
    digits, unit = byte_weights(np.append(np.ones(63), wrong))
    assert not digits.any()
    assert np.isnan(unit)


@here
def test_a_weight_that_is_not_finite_is_seen_in_the_loss():
    X, (asked, _) = problem(100, 64)
    asked.W[3] = np.nan
    loss, _, _ = FusedDense(X, None, np.dtype(np.float32)).sums(asked)
    assert np.isnan(loss).all()


@here
def test_the_same_bytes_at_any_number_of_threads(monkeypatch):
    X, (asked, _) = problem(30_000, 200)
    design = FusedDense(X, None, np.dtype(np.float32))
    found = set()
    for threads in (1, 2, 5):
        monkeypatch.setattr(parallel, "thread_count", lambda threads=threads: threads)
        monkeypatch.setattr(parallel, "_pool", None)
        found.add(b"".join(part.tobytes() for part in design.sums(asked)))
    assert len(found) == 1


def test_digits_are_the_number_again():
    q = np.concatenate([RNG.integers(-(2**38), 2**38, 999), [0, 127, 128, -128, -129, 2**38]])
    digits = as_digits(q, 5).astype(np.int64)
    np.testing.assert_array_equal(sum(digits[k] << (8 * k) for k in range(5)), q)


@pytest.mark.parametrize("n", [64, 70, 784])
def test_weights_are_their_digits_to_38_bits_of_the_largest(n):
    w = RNG.normal(size=n) * 1e-3
    digits, unit = byte_weights(w)
    assert digits.shape == (OF_WEIGHTS, n + -n % WIDTH)
    whole, rest = n - n % WIDTH, digits.shape[1] - n % WIDTH
    assert not digits[:, whole:rest].any()
    numbers = sum(np.ldexp(digits[k].astype(float), 8 * k) for k in range(OF_WEIGHTS)) * unit
    found = np.append(numbers[:whole], numbers[rest:])
    np.testing.assert_allclose(found, w, rtol=0, atol=np.abs(w).max() * 2.0**-38)


def test_weights_of_zero_have_a_unit():
    digits, unit = byte_weights(np.zeros(64))
    assert not digits.any()
    assert 0 < unit < 1


@kernel
def _logarithms(e, out):
    for i in range(len(e)):
        out[i] = log_1p(e[i])


def test_the_logarithm_is_right_to_two_units_in_the_last_place():
    e = np.concatenate([np.linspace(0, 1, 100_001), np.logspace(-38, 0, 1000)]).astype(np.float32)
    out = np.empty_like(e)
    _logarithms(e, out)
    np.testing.assert_allclose(out, np.log1p(e.astype(np.float64)), rtol=2.5e-7)


@pytest.mark.parametrize(
    ("X", "served"),
    [
        (np.zeros((1, 64), np.uint8), True),
        (np.zeros((1, 63), np.uint8), False),
        (np.zeros((1, MOST), np.uint8), True),
        (np.zeros((1, MOST + 1), np.uint8), False),
        (np.zeros((1, 64), np.float32), False),
        (np.zeros((1, 64), np.uint16), False),
    ],
)
def test_what_is_served(X, served, monkeypatch):
    monkeypatch.setattr(byte_pass, "has_byte_products", lambda: True)
    assert byte_pass.takes(X) == served
    monkeypatch.setattr(byte_pass, "has_byte_products", lambda: False)
    assert not byte_pass.takes(X)


OLDER = """
import numpy as np
from onelayer import LogisticRegression
from onelayer.kernels.byte_vectors import has_byte_products
rng = np.random.default_rng(0)
X = rng.integers(0, 256, (30_000, 80), dtype=np.uint8)
model = LogisticRegression(scaling=1 / 255).fit(X, X[:, 3] > 127)
print(has_byte_products(), model.score(X, X[:, 3] > 127) > 0.99)
"""


def test_a_processor_without_the_instruction_fits_in_floats(tmp_path):
    older = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
    where = {"PYTHONPATH": str(HOUSE.parent), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", OLDER]
    done = subprocess.run(
        command, env=os.environ | older | where, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
