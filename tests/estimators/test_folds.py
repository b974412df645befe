"""Out of fold: nobody is judged by a layer that was trained on them."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression as Peer

from onelayer.estimators.folds import Folding, assign_folds, out_of_fold
from onelayer.estimators.layer_parameters import LayerParameters


def _folding(m=120, n=4, groups=None, most=None, **parameters):
    random = np.random.default_rng(0)
    X = random.normal(size=(m, n))
    labels = (X[:, 0] + 0.5 * random.normal(size=m) > 0).astype(np.int64)
    groups = np.arange(m) if groups is None else groups
    return Folding(
        X=X,
        places=np.arange(m),
        labels=labels,
        groups=groups,
        asked=LayerParameters(**parameters),
        classes=np.unique(labels),
        seed=0,
        most=most,
    )


def test_every_fold_has_a_fifth_of_every_class():
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    fold = assign_folds(labels, np.arange(100), seed=3)
    counts = [np.bincount(labels[fold == k]).tolist() for k in range(5)]
    assert counts == [[10, 6, 4]] * 5


def test_a_group_lies_in_one_fold_and_a_class_of_one_group_in_none():
    labels = np.array([0] * 20 + [1] * 20 + [2] * 3)
    groups = np.array([*np.repeat(np.arange(10), 2), *np.arange(10, 30), 99, 99, 99])
    fold = assign_folds(labels, groups, seed=0)
    assert (fold[:20:2] == fold[1:20:2]).all()
    assert (fold[-3:] == -1).all()
    assert set(fold[:40].tolist()) == {0, 1, 2, 3, 4}


def test_it_is_the_naive_loop_with_a_peer():
    folding = _folding(C=2.0)
    found = out_of_fold(folding)
    fold = assign_folds(folding.labels, folding.groups, 0)
    expected = np.zeros(120)
    for k in range(5):
        C = 2.0 * 120 / (fold != k).sum()  # the same lambda
        peer = Peer(C=C, tol=1e-10, max_iter=1000)
        peer.fit(folding.X[fold != k], folding.labels[fold != k])
        expected[fold == k] = peer.decision_function(folding.X[fold == k])
    assert found.rows.tolist() == list(range(120))
    assert not found.capped
    np.testing.assert_allclose(found.Z[:, 0], expected, rtol=0.02, atol=0.02)


def test_with_many_examples_a_choice_is_trained_on_and_all_are_judged():
    found = out_of_fold(_folding(most=40))
    assert found.capped
    assert 36 <= found.trained_on <= 44
    assert len(found.rows) == 120


def test_where_some_are_enough_further_folds_are_not_trained():
    """Folds of 24: 30 take two of them, and what they say is what all five would."""
    folding = _folding()
    all_five, some = out_of_fold(folding), out_of_fold(replace(folding, enough=30))
    assert (len(some.rows), some.partial, all_five.partial) == (48, True, False)
    together = all_five.Z[np.isin(all_five.rows, some.rows)]
    np.testing.assert_allclose(some.Z, together, rtol=1e-3, atol=1e-3)  # solved to a gap of 1e-4
    assert not out_of_fold(replace(folding, enough=120)).partial


@pytest.mark.parametrize("most", [None, 40])
def test_of_a_fold_that_is_enough_some_are_judged_evenly_as_among_all(most, monkeypatch):
    """Folds of 24, of which ten at most are wanted: every third."""
    folding = replace(_folding(most=most), enough=5)
    every = out_of_fold(folding)
    monkeypatch.setattr("onelayer.estimators.folds.JUDGED", 10)
    some = out_of_fold(folding)
    assert some.rows.tolist() == every.rows[::3].tolist()
    assert (len(every.rows), some.partial) == (24, True)
    np.testing.assert_array_equal(some.Z, every.Z[::3])
    assert (some.trained_on, some.capped) == (every.trained_on, every.capped)


def test_a_copy_of_an_example_does_not_vouch_for_it():
    """Every example twice, its copy labelled alike: without groups each would know its own."""
    random = np.random.default_rng(1)
    X = np.repeat(random.normal(size=(150, 300)), 2, axis=0)
    labels = np.repeat(random.integers(0, 2, 150), 2)

    def right(groups):
        of_them = {"X": X, "places": np.arange(300), "labels": labels, "classes": np.arange(2)}
        folding = Folding(**of_them, groups=groups, asked=LayerParameters(C=100.0), seed=0)
        return ((out_of_fold(folding).Z[:, 0] > 0) == labels).mean()

    assert right(np.arange(300)) > 0.8
    assert right(np.repeat(np.arange(150), 2)) < 0.65  # of 150 coins


def test_no_class_with_two_groups_means_no_folds():
    assert out_of_fold(_folding(m=40, groups=np.zeros(40))) is None


@pytest.mark.parametrize("K", [2, 3])
def test_the_shape_is_that_of_a_forward_pass(K):
    folding = _folding()
    labels = np.arange(120) % K
    folding = replace(folding, labels=labels, classes=np.arange(K))
    assert out_of_fold(folding).Z.shape == (120, 1 if K == 2 else K)


def test_whoever_waits_is_told_of_the_folds():
    told = []
    out_of_fold(_folding(), lambda *at: told.append(at))
    assert told == [(0, 5), (5, 5)]
