"""Folds, scores and weights that are none: what is said of them."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.errors import DataError, UsageError

EXAMPLES = np.arange(180.0).reshape(60, 3) % 7, np.arange(60) % 2
ODD_FOLDS = [
    ([np.arange(3)], r"fold 0 of cv is array.*: expected a pair, the rows to train on and"),
    ([(np.arange(9), "ab")], "fold 0 of cv is .*: expected a pair"),
    (
        [(np.arange(60), np.arange(61))],
        "fold 0 of cv names row 60, and X has 60: rows count ",
    ),
    ([(np.arange(60), [-61])], "fold 0 of cv names row -61, and X has 60"),
    (GroupKFold(3), r"cv=GroupKFold splits by groups, and there are none: .* fit\(X, y, groups="),
    (GroupShuffleSplit(3), "cv=GroupShuffleSplit splits by groups, and there are none"),
]


@pytest.mark.parametrize(("cv", "said"), ODD_FOLDS)
def test_folds_that_are_none_say_what_was_expected(cv, said):
    X, y = EXAMPLES
    with pytest.raises(UsageError, match=said):
        LogisticRegressionCV(Cs=[1.0], cv=cv).fit(X, y)


def test_scores_that_are_no_numbers_choose_nothing():
    X, y = EXAMPLES

    def scored(score, **more):
        return LogisticRegressionCV(Cs=[0.1, 1.0], scoring=score, **more).fit(X, y)

    for selection in ("min", "1se"):
        said = r"gives no C a finite score: fold 0 has nan at C=0\.1\. Give folds"
        with pytest.raises(DataError, match=said):
            scored(lambda *_: np.nan, selection=selection)
    for odd in ("good", None, [1, 2]):
        with pytest.raises(UsageError, match=r"scoring returned .*: it must return one number"):
            scored(lambda *_, odd=odd: odd)
    kept = scored(lambda one, *_: np.nan if one.C == 1.0 else 0.5)
    assert kept.C_ == 0.1


@pytest.mark.parametrize("Cs", [["a"], [None], [{}], [[1], [1, 2]]])
def test_penalties_that_are_no_numbers_are_refused(Cs):
    X, y = EXAMPLES
    with pytest.raises(ValueError, match="Cs must be a number of values, or values above 0: got"):
        LogisticRegressionCV(Cs=Cs).fit(X, y)


@pytest.mark.parametrize("weights", [{0: 1, 5: 2}, {"0": 1}, {0: "x"}, {0: [1, 2]}])
def test_class_weights_that_do_not_fit_y_are_named_beside_its_classes(weights):
    X, y = EXAMPLES
    for kind in (LogisticRegression, LogisticRegressionCV):
        with pytest.raises(DataError, match=r"class_weight=.* does not fit y, which holds 0, 1: "):
            kind(class_weight=weights).fit(X, y)


@pytest.mark.parametrize("name", ["coef_", "intercept_"])
def test_a_warm_start_from_what_is_not_finite_is_refused(name):
    X, y = EXAMPLES
    model = LogisticRegression(warm_start=True).fit(X, y)
    setattr(model, name, getattr(model, name) * np.nan)
    with pytest.raises(DataError, match=r"warm_start=True begins at coef_ and .* not finite: set"):
        model.fit(X, y)
