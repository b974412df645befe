"""Standardisation: the moments of hard columns against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from onelayer.designs import make_design, make_scaling, make_scalings
from onelayer.designs.dense import SMALL_BYTES
from onelayer.errors import DataError

M = 400
RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=M)
COLUMNS = {
    "normal": NOISE,
    "mean 1e9": 1e9 + NOISE,
    "mean -1e12": -1e12 + NOISE,
    "tiny variance": 1 + 1e-12 * NOISE,
    "tiny values": 1e-150 * NOISE,
    "huge values": 1e150 * NOISE,
    "mostly zero": NOISE * (RNG.random(M) < 0.05),
    "one value": np.eye(1, M, 7)[0],
    "mean 1e9, some zero": (1e9 + NOISE) * (RNG.random(M) < 0.5),
}
CONSTANTS = [0.0, 1.0, 0.1, -1e9 - 1 / 3, 1e150, 1e-300]
WEIGHTS = {
    "equal": np.full(M, 1 / M),
    "random": RNG.random(M),
    "uneven": 10.0 ** RNG.uniform(-9, 0, M),
    "half zero": np.where(np.arange(M) < M // 2, 0, RNG.random(M)),
}
HOW = {"dense": np.asarray, "csr": sparse.csr_array}


def exact_moments(x, weights):
    """Weighted mean and variance, computed in rationals and rounded once."""
    x, v = [Fraction(float(a)) for a in x], [Fraction(float(a)) for a in weights]
    mean = sum(a * b for a, b in zip(x, v, strict=True)) / sum(v)
    variance = sum(b * (a - mean) ** 2 for a, b in zip(x, v, strict=True)) / sum(v)
    return float(mean), float(variance)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("weighting", WEIGHTS)
@pytest.mark.parametrize("column", COLUMNS)
def test_moments(column, weighting, how):
    x, v = COLUMNS[column], WEIGHTS[weighting] / WEIGHTS[weighting].sum()
    mean, variance = exact_moments(x, v)
    scaling = make_scaling(HOW[how](np.column_stack([x, NOISE])), "standard", v)
    assert scaling.centre[0] == pytest.approx(mean, rel=1e-14, abs=1e-15 * np.abs(x).max())
    expected = 1 / np.sqrt(variance) if variance else 1
    assert scaling.scale[0] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("weighting", WEIGHTS)
@pytest.mark.parametrize("m", [3, M, 70_001])
@pytest.mark.parametrize("value", CONSTANTS)
def test_a_constant_column_has_scale_one(value, m, weighting, how):
    v = np.resize(WEIGHTS[weighting], m) if m != 3 else np.array([0.0, 0.3, 0.7])
    scaling = make_scaling(HOW[how](np.full((m, 2), value)), "standard", v / v.sum())
    assert scaling.scale.tolist() == [1, 1]
    assert scaling.centre == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("how", HOW)
def test_constant_where_the_weight_is(how):
    x = np.where(np.arange(M) < M // 2, NOISE, 1e6)
    v = WEIGHTS["half zero"] / WEIGHTS["half zero"].sum()
    assert make_scaling(HOW[how](x[:, None]), "standard", v).scale.tolist() == [1]


@pytest.mark.parametrize("how", HOW)
def test_a_weight_of_two_is_a_row_twice_and_zero_a_row_removed(how):
    X = np.column_stack([COLUMNS["normal"], COLUMNS["mean 1e9"]])
    counts = np.arange(M) % 3
    weighted = make_scaling(HOW[how](X), "standard", counts / counts.sum())
    repeated = X.repeat(counts, axis=0)
    equal = make_scaling(HOW[how](repeated), "standard", np.full(len(repeated), 1 / len(repeated)))
    np.testing.assert_allclose(weighted.centre, equal.centre, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(weighted.scale, equal.scale, rtol=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("big", [False, True])
def test_standardised_columns_have_mean_zero_and_variance_one(dtype, big):
    """Also of bytes, whose mean is no byte: an intercept may be absent to take up the rest."""
    m = 2 * SMALL_BYTES // 3 if big else 300
    x = (np.random.default_rng(1).random((m, 3)) < [0.5, 0.9, 0.99]).astype(dtype)
    v = np.full(m, 1 / m)
    design = make_design(x, make_scaling(x, "standard", v))
    Z = design.forward(np.eye(3), np.zeros(3)).astype(np.float64)
    assert np.abs(Z.mean(axis=0)).max() < 1e-5
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-5)


def test_a_far_mean_costs_a_float32_product_nothing():
    """1e7 + small integers are exact in float32; centred in the block, so is z."""
    m = 600_000
    steps = np.random.default_rng(2).integers(-9, 10, (m, 1))
    X = (1e7 + steps).astype(np.float32)
    v = np.full(m, 1 / m)
    scaling = make_scaling(X, "standard", v)
    z = make_design(X, scaling).forward(np.ones((1, 1)), np.zeros(1))
    assert make_design(X).dtype == np.float32
    exact = (1e7 + steps - scaling.centre) * scaling.scale
    assert np.abs(z - exact).max() < 1e-6


def test_csr_entries_given_in_parts_are_their_sum():
    rows, columns = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 0])
    X = sparse.csr_array((np.array([1.0, 2, 5, 7]), columns, np.array([0, 2, 3, 4])), (3, 1))
    assert rows.size == X.nnz
    scaling = make_scaling(X, "standard", np.full(3, 1 / 3))
    assert scaling.scale[0] == pytest.approx(1 / np.std([3, 5, 7]))
    assert X.nnz == 4


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("value", [1e200, 1e308])
def test_what_overflows_is_named(how, value):
    X = np.column_stack([NOISE, value * np.sign(NOISE)])
    with pytest.raises(DataError, match=r"Column 1 of X is too large to be standardised"):
        make_scaling(HOW[how](X), "standard", np.full(M, 1 / M))


@pytest.mark.parametrize("how", HOW)
def test_moments_of_several_weightings_are_those_of_each_alone_to_the_last_bit(how):
    random = np.random.default_rng(5)
    X = HOW[how](np.column_stack([random.normal(1e6, 1, M), random.integers(0, 3, M), np.ones(M)]))
    weights = random.uniform(size=(M, 4)) * (random.random((M, 4)) > 0.3)
    weights /= weights.sum(axis=0)
    together = make_scalings(X, "standard", list(weights.T))
    for column, found in zip(weights.T, together, strict=True):
        alone = make_scaling(X, "standard", column)
        np.testing.assert_array_equal(found.centre, alone.centre)
        np.testing.assert_array_equal(found.scale, alone.scale)
