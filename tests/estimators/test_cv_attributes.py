"""What a search leaves on its estimator, in the shapes that were asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer

from onelayer import LogisticRegressionCV
from onelayer.estimators.attributes import Trials

FEW, FEW_LABELS = (part[:120] for part in load_breast_cancer(return_X_y=True))
FEW = (FEW[:, :10] - FEW[:, :10].mean(axis=0)) / FEW[:, :10].std(axis=0)
CS = [1e-3, 1e-2, 0.1]


def test_a_scorer_is_asked_fold_by_fold_of_the_same_rows_at_every_penalty():
    asked = []

    def seen(model, X, _):
        asked.append((model.C, X[0, 0]))
        return -len(asked)

    ours = LogisticRegressionCV(Cs=CS[:3], cv=2, scoring=seen).fit(FEW, FEW_LABELS)
    Cs, rows = zip(*asked, strict=True)
    assert list(Cs) == [*CS[:3], *CS[:3]]
    assert len(set(rows[:3])) == len(set(rows[3:])) == 1
    np.testing.assert_array_equal(ours.scores_[:, 0], [[-1, -2, -3], [-4, -5, -6]])


def test_older_shapes_lack_the_axis_of_ratios_that_were_not_given():
    options = {"Cs": CS[:2], "cv": 3, "use_legacy_attributes": True}
    none = LogisticRegressionCV(**options).fit(FEW, FEW_LABELS)
    given = LogisticRegressionCV(**options, l1_ratios=(0.0,)).fit(FEW, FEW_LABELS)
    np.testing.assert_array_equal(none.coef_, given.coef_)
    np.testing.assert_array_equal(none.scores_[1], given.scores_[1][:, :, 0])
    assert none.n_iter_.shape == (1, 3, 2)
    assert none.scores_[1].shape == (3, 2)
    assert none.coefs_paths_[1].shape == (3, 2, 11)


@given(st.integers(1, 20), st.integers(0, 6), st.data())
def test_values_around_one_are_as_many_as_asked_for_in_a_row(count, extended, data):
    Cs = [2.0**i for i in range(count + extended)]
    C = data.draw(st.sampled_from(Cs))
    shown = Trials(None, Cs, [0.0]).around(C, count).Cs
    assert len(shown) == count
    assert C in shown
    assert shown == Cs[Cs.index(shown[0]) :][:count]
