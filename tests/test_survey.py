"""Before the first step X is read twice at most: what one read finds is handed on."""

import numpy as np
import pytest
from scipy import sparse

import onelayer
from onelayer import LogisticRegression
from onelayer.designs import ColumnMoments, make_moments, size_of, survey
from onelayer.errors import DataError
from onelayer.estimators.cross_validation import Accuracy, PenaltyPath
from onelayer.estimators.grid import grid_of
from onelayer.estimators.parameters import layer_of
from onelayer.estimators.problem import Data
from onelayer.estimators.splitters import splits_of
from onelayer.estimators.weights import Weights
from onelayer.readers.row_arrays import digests_of, surveyed

M, N = 3000, 40
RNG = np.random.default_rng(0)
X = RNG.normal(size=(M, N)).astype(np.float32)
Y = (X[:, 0] + RNG.normal(size=M) > 0).astype(int)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_read_finds_the_largest_value_and_shows_every_row_once(dtype, order):
    given = np.asarray(100 * np.abs(X), dtype, order=order)
    blocks = []
    found = survey(given, blocks.append)
    np.testing.assert_array_equal(np.concatenate(blocks), given)
    assert found.largest == (255.0 if dtype == np.uint8 else np.abs(given.astype(float)).max())
    assert found.bytes_read == given.nbytes
    np.testing.assert_array_equal(surveyed(given, "it")[1], digests_of(given))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("stored", [np.asarray, sparse.csr_array])
def test_what_is_not_finite_is_named_by_its_row_and_column(value, stored):
    given = np.where(RNG.random((M, N)) < 0.5, X, 0)
    given[2999, 7], given[1234, 39] = value, value
    with pytest.raises(DataError, match="in row 1234, column 39 of X, counted from 0"):
        surveyed(stored(given), "it")
    with pytest.raises(DataError, match="in row 1234, column 39 of X, counted from 0"):
        onelayer.train((stored(given), Y))


def test_moments_of_all_folds_are_those_of_each_and_tell_what_varies():
    given = X.astype(np.float64)
    given[:, 3], given[::2, 4] = 0.1, 0.1
    given[1::2, 4] = 7.0
    even = np.arange(M) % 2 == 0
    weights = [np.full(M, 1 / M), even / even.sum()]
    for stored in (given, sparse.csr_array(given)):
        for found, v in zip(make_moments(stored, weights), weights, strict=True):
            np.testing.assert_allclose(found.mean, v @ given, atol=1e-12)
            np.testing.assert_allclose(found.variance, v @ (given - v @ given) ** 2, atol=1e-12)
            assert not found.varies[3]
            assert found.varies[4] == (v is weights[0])


@pytest.mark.parametrize(("scaling", "reads"), [("standard", 2), (None, 1), (0.5, 1)])
def test_the_estimator_reads_x_once_and_once_more_for_moments(scaling, reads):
    model = LogisticRegression(scaling=scaling).fit(X, Y)
    assert model.solution_.surveyed == reads
    assert model.solution_.passes == model.solution_.bytes_read / X.nbytes


@pytest.mark.parametrize(("scaling", "reads"), [("standard", 2), (None, 1)])
def test_a_path_with_its_folds_and_its_grid_reads_x_twice(scaling, reads):
    data = Data(
        X=X, targets=Y, weights=Weights.of(np.ones(M)), k=2, scaling=scaling, survey=survey(X)
    )
    path = PenaltyPath(data, splits_of(5, data, Y, {}, Y >= 0), 0.0, Accuracy())
    assert path.objective.loss.bytes_read == reads * size_of(X)
    assert isinstance(path.moments, ColumnMoments) is (scaling == "standard")
    assert grid_of(data, [0.0], 10, path.moments) == grid_of(data, [0.0], 10)


def test_a_training_reads_x_twice_before_the_first_step_of_its_fit():
    model = onelayer.train((X, Y))
    assert model.card.solution.surveyed == 2
    assert model.card.to_dict()["solution"]["surveyed"] == 2
    assert model.evidence.parts.train.survey.bytes_read == X.nbytes


def test_what_was_read_before_gives_the_same_layer_to_the_last_bit():
    """The classes by name, rows held out, and labels of text: as the estimator finds them alone."""
    names = np.array(["no", "yes"])[Y]
    model = onelayer.train((X, names), C=0.5)
    train = model.evidence.parts.train
    weights = np.zeros(M)
    weights[train.places] = 1
    alone = LogisticRegression(C=0.5, scaling="standard", random_state=0).fit(X, names, weights)
    np.testing.assert_array_equal(model.classes, alone.classes_)
    np.testing.assert_array_equal(model.coef, layer_of(alone).coef)
    np.testing.assert_array_equal(model.intercept, layer_of(alone).b)
