"""What a warm start keeps of the rows: one Gram matrix for a path, and never a stale one."""

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from onelayer import LogisticRegression
from onelayer.designs import Identity, Scaling, identity
from onelayer.designs.csr import CsrDesign
from onelayer.designs.dense import DenseDesign

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=(30, 80))
Y = (X[:, :3].sum(axis=1) + RANDOM.normal(size=30) > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])
STORED = {
    "float64": X,
    "float32": X.astype(np.float32),
    "bytes": (40 * X + 128).clip(0, 255).astype(np.uint8),
    "fortran": np.asfortranarray(X),
    "csr": sparse.csr_array(X * (np.abs(X) > 1)),
}


@pytest.fixture
def grams(monkeypatch):
    """How many Gram matrices were made."""
    made = []
    for design in (DenseDesign, CsrDesign):

        def counted(self, gram=design.gram):
            made.append(self)
            return gram(self)

        monkeypatch.setattr(design, "gram", counted)
    return made


def warm(**options):
    return LogisticRegression(**{"warm_start": True, "tol": 1e-10} | options)


def assert_solves(model, x, y, **fit):
    """The coefficients are those of a fit that has nothing behind it."""
    cold = clone(model).fit(x, y, **fit)
    np.testing.assert_allclose(model.coef_, cold.coef_, rtol=1e-4, atol=1e-6)
    assert model.solution_.objective == pytest.approx(cold.solution_.objective, rel=1e-9)


@pytest.mark.parametrize("scaling", [None, 0.1, "standard"])
@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("y", [Y, Y3])
def test_a_path_makes_one_gram_matrix(grams, stored, scaling, y):
    x, model = STORED[stored], warm(scaling=scaling)
    for C in (1e-2, 1e-1, 1.0):
        model.set_params(C=C).fit(x, y)
        assert model.solution_.solver == "gram"
        assert model.solution_.history[0].passes < (2 if C == 1e-2 else 0.5)  # no look at W either
    assert len(grams) == 1
    assert_solves(model, x, y)


@pytest.mark.parametrize("stored", STORED)
def test_an_array_changed_in_place_is_another(grams, stored):
    x, model = STORED[stored].copy(), warm()
    model.fit(x, Y)
    values = x.data if sparse.issparse(x) else x.reshape(-1, order="A")
    values[-1] = values[-1] + 3
    model.fit(x, Y)
    assert len(grams) == 2
    assert_solves(model, x, Y)


def test_weights_change_the_rows_only_through_their_moments(grams):
    weights = RANDOM.random(30)
    plain, standard = warm(), warm(scaling="standard")
    for model in (plain, standard):
        model.fit(X, Y)
        model.fit(X, Y, sample_weight=weights)
        assert_solves(model, X, Y, sample_weight=weights)
    assert len(grams) == 2 + 3  # each with one of assert_solves


def test_coefficients_of_ones_own_are_started_from():
    model = warm(tol=1e-3).fit(X, Y)
    model.coef_ = np.zeros((1, 80))
    model.intercept_ = np.zeros(1)
    model.fit(X, Y)
    assert model.solution_.history[0].objective == pytest.approx(np.log(2))
    model.coef_ *= 2  # in place
    doubled = model.coef_.copy()
    z = X @ doubled[0] + model.intercept_[0]
    model.fit(X, Y)
    expected = np.logaddexp(0, np.where(Y == 1, -z, z)).mean() + (doubled**2).sum() / 60
    assert model.solution_.history[0].objective == pytest.approx(expected)


def test_other_labels_and_a_cold_start(grams):
    model = warm().fit(X, Y)
    model.fit(X, 1 - Y)
    assert len(grams) == 1
    assert_solves(model, X, 1 - Y)
    model.set_params(warm_start=False).fit(X, Y)
    model.set_params(warm_start=True).fit(X, Y)
    assert len(grams) == 4  # with that of assert_solves


def test_copies_and_pickles_are_light(grams):
    model = warm().fit(X, Y)
    assert "_rows" in vars(model)
    for other in (copy.deepcopy(model), copy.copy(model), clone(model)):
        assert "_rows" not in vars(other)
    assert len(pickle.dumps(model)) < 6000  # the Gram matrix has 7200 bytes
    other = copy.deepcopy(model).set_params(C=0.1).fit(X, Y)
    assert len(grams) == 2
    np.testing.assert_array_equal(model.predict(X), clone(model).fit(X, Y).predict(X))
    assert_solves(other, X, Y)


@pytest.fixture(params=["by its numbers", "by a digest"])
def alike(request, monkeypatch):
    """Whether one X' passes for another."""
    if request.param == "by a digest":
        monkeypatch.setattr(identity, "COPIED", 0)

    def compared(x, other, scaling=None, other_scaling=None):
        return Identity.of(x, scaling).matches(other, other_scaling)

    return compared


class TestIdentity:
    def test_the_same_numbers_are_the_same(self, alike):
        for x in STORED.values():
            assert alike(x, copy.deepcopy(x))

    def test_a_single_bit_a_shape_a_type_and_a_scaling_tell(self, alike):
        bits = X.copy()
        bits.view(np.uint64)[29, 79] ^= 1
        bytes_ = STORED["bytes"]
        scaling = Scaling(np.zeros(80), np.ones(80))
        moved = Scaling(np.full(80, 1e-300), np.ones(80))
        assert not alike(X, bits)
        assert not alike(X, X.reshape(80, 30))
        assert not alike(bytes_, bytes_.astype(float))
        assert not alike(X, X, None, scaling)
        assert not alike(X, X, scaling, moved)
        assert alike(X, X, moved, moved)

    def test_a_sparse_matrix_is_another_where_an_entry_lies_elsewhere(self, alike):
        x = STORED["csr"]
        elsewhere, wider = x.copy(), sparse.csr_array((x.data, x.indices, x.indptr), shape=(30, 81))
        elsewhere.indices[-1] -= 1
        assert not alike(x, elsewhere)
        assert not alike(x, wider)
        assert not alike(sparse.csr_array(X), X)

    def test_rows_out_of_order_in_memory_are_read_as_they_are_seen(self, alike):
        assert alike(X[::2, ::2], X[::2, ::2].copy())

    def test_what_lies_behind_the_entries_of_a_csr_does_not_count(self, alike):
        x = sparse.csr_array(X)
        spare = sparse.csr_array(
            (np.append(x.data, 7.0), np.append(x.indices, x.indices[:1]), x.indptr), shape=x.shape
        )
        assert alike(spare, x)


def test_what_is_kept_does_not_follow_a_change_in_place():
    x = X.copy()
    kept = Identity.of(x, None)
    x[3, 4] += 1
    assert not kept.matches(x, None)


def test_many_classes_go_on_by_newtons_method_after_a_long_fit():
    """The optimum is that of a cold fit, in fewer reads; not after a short fit, and not by name."""
    random = np.random.default_rng(0)
    m, n, K = 4000, 250, 50
    y = random.integers(0, K, m)
    X = (0.35 * random.normal(size=(K, n))[y] + random.normal(size=(m, n))).astype(np.float32)
    warm = LogisticRegression(C=0.03, warm_start=True, tol=1e-6).fit(X, y)
    assert warm.solution_.solver == "lbfgs"
    after = warm.set_params(C=0.1).fit(X, y).solution_
    cold = LogisticRegression(C=0.1, tol=1e-6).fit(X, y).solution_
    assert (after.solver, cold.solver) == ("truncated-newton", "lbfgs")
    assert abs(after.objective / cold.objective - 1) <= 2e-6
    assert after.passes < 0.8 * cold.passes
    named = warm.set_params(C=0.03, solver="lbfgs").fit(X, y).set_params(C=0.1).fit(X, y)
    assert named.solution_.solver == "lbfgs"
