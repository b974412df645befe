"""LogisticRegressionCV: scikit-learn's contract and numbers, its own grid, frame and choices."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import clone, config_context, linear_model
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GroupKFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.errors import DataError, UsageError

IRIS, SPECIES = load_iris(return_X_y=True)
RAW, MALIGNANT = load_breast_cancer(return_X_y=True)
CANCER = StandardScaler().fit_transform(RAW)
FEW, FEW_LABELS = CANCER[::3, :10], MALIGNANT[::3]
WEIGHTS = np.random.default_rng(0).uniform(0, 3, len(MALIGNANT))
CS = np.logspace(-3, 1, 5)


def peer(**options):
    asked = {"scoring": "neg_log_loss", "l1_ratios": (0.0,), "solver": "newton-cholesky", **options}
    return linear_model.LogisticRegressionCV(
        Cs=CS, tol=1e-12, max_iter=10_000, use_legacy_attributes=False, **asked
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore:The least populated class in y:UserWarning")
@parametrize_with_checks([LogisticRegressionCV(Cs=2, cv=3)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_the_signature_is_scikit_learns_and_five_more():
    theirs = inspect.signature(linear_model.LogisticRegressionCV).parameters
    ours = inspect.signature(LogisticRegressionCV).parameters
    assert set(ours) - set(theirs) == {"selection", "scaling", "loo", "store_coefs", "memory"}
    assert set(theirs) <= set(ours)
    assert all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in ours.values())
    theirs = {name for name in dir(linear_model.LogisticRegressionCV) if name[0] != "_"}
    theirs -= {"param"}  # left over by a loop in the body of their class
    assert theirs - set(dir(LogisticRegressionCV)) == set()


PROBLEMS = {
    "binary": (CANCER, MALIGNANT, {}, {}),
    "multiclass": (IRIS, SPECIES, {}, {}),
    "weights": (CANCER, MALIGNANT, {}, {"sample_weight": WEIGHTS}),
    "class weights, weights": (
        CANCER,
        MALIGNANT,
        {"class_weight": "balanced"},
        {"sample_weight": WEIGHTS},
    ),
    "a scorer": (CANCER, MALIGNANT, {"scoring": make_scorer(f1_score)}, {}),
    "a scorer that asks for labels": (IRIS, SPECIES, {"scoring": "neg_brier_score"}, {}),
    "a callable": (
        IRIS,
        SPECIES,
        {"scoring": lambda model, X, y: -np.square(model.predict_proba(X)[:, 1] - (y == 1)).sum()},
        {},
    ),
    "accuracy": (IRIS, SPECIES, {"scoring": None}, {}),
    "no refit": (IRIS, SPECIES, {"refit": False}, {}),
    "no intercept": (CANCER, MALIGNANT, {"fit_intercept": False}, {}),
    "repeated folds": (
        IRIS,
        SPECIES,
        {"cv": RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)},
        {},
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_scores_coefficients_and_choice_are_scikit_learns(problem):
    X, y, options, fit = PROBLEMS[problem]
    ours = LogisticRegressionCV(Cs=CS, tol=1e-12, **options)
    theirs = peer(**options)
    ours.fit(X, y, **fit)
    theirs.fit(X, y, **fit)
    np.testing.assert_allclose(ours.scores_, theirs.scores_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(ours.coefs_paths_, theirs.coefs_paths_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-7, atol=1e-9)
    assert (ours.C_, ours.l1_ratio_) == (theirs.C_, theirs.l1_ratio_)
    assert ours.n_iter_.shape == theirs.n_iter_.shape
    score_options = {} if problem == "a callable" else fit
    assert ours.score(X, y, **score_options) == pytest.approx(theirs.score(X, y, **score_options))


def test_folds_may_lack_a_class():
    """Every fold leaves a whole class out, which is then never right; nothing breaks."""
    cv = [(np.flatnonzero(k != SPECIES), np.flatnonzero(k == SPECIES)) for k in range(3)]
    ours = LogisticRegressionCV(Cs=CS, cv=cv, scoring="accuracy").fit(IRIS, SPECIES)
    np.testing.assert_array_equal(ours.scores_, 0)
    assert CS[0] == ours.C_


def test_elastic_net_agrees_with_scikit_learn():
    options = {"l1_ratios": (0.3, 1.0), "cv": 3}
    ours = LogisticRegressionCV(Cs=CS[2:4], tol=1e-12, **options).fit(FEW, FEW_LABELS)
    theirs = peer(solver="saga", **options).set_params(Cs=CS[2:4], max_iter=100_000)
    theirs.fit(FEW, FEW_LABELS)
    np.testing.assert_allclose(ours.scores_, theirs.scores_, rtol=1e-6)  # as near as saga comes
    assert (ours.C_, ours.l1_ratio_) == (theirs.C_, theirs.l1_ratio_)
    assert (
        ours.results_["n_nonzero"].tolist()
        == (ours.path_coef_ != 0).sum(axis=(2, 3)).ravel().tolist()
    )


@pytest.mark.parametrize("y", [MALIGNANT, np.digitize(RAW[:, 0], [12, 15])])
@pytest.mark.parametrize("ratios", [(0.0,), (0.0, 0.5)])
def test_legacy_attributes_have_scikit_learns_shapes(y, ratios):
    options = {"Cs": CS[:2], "cv": 3, "l1_ratios": ratios, "use_legacy_attributes": True}
    ours = LogisticRegressionCV(**options).fit(CANCER, y)
    theirs = linear_model.LogisticRegressionCV(
        **options, solver="saga", scoring="neg_log_loss", max_iter=1, tol=1
    )
    with pytest.warns(ConvergenceWarning):
        theirs.fit(CANCER, y)
    assert ours.scores_.keys() == theirs.scores_.keys()
    for label in theirs.scores_:
        assert ours.scores_[label].shape == theirs.scores_[label].shape
        assert ours.coefs_paths_[label].shape == theirs.coefs_paths_[label].shape
    for name in ("C_", "l1_ratio_", "n_iter_", "Cs_", "l1_ratios_"):
        assert getattr(ours, name).shape == getattr(theirs, name).shape


def test_the_layer_taken_is_a_fit_alone():
    ours = LogisticRegressionCV(scaling="standard", tol=1e-10).fit(RAW, MALIGNANT)
    alone = LogisticRegression(C=ours.C_, scaling="standard", tol=1e-10).fit(RAW, MALIGNANT)
    np.testing.assert_allclose(ours.coef_, alone.coef_, rtol=1e-4)
    np.testing.assert_allclose(
        ours.predict_proba(RAW), alone.predict_proba(RAW), rtol=1e-4, atol=1e-8
    )


def test_folds_that_are_only_scored_are_solved_as_exactly_as_scores_need():
    """Scores differ by next to nothing from those of exact folds; the layer taken is as exact."""
    random = np.random.default_rng(3)
    X = random.integers(0, 256, (3000, 300), np.uint8)
    y = X[:, :9] @ random.normal(size=9) + 300 * random.normal(size=3000) > 0
    search = LogisticRegressionCV(Cs=[1e-7, 1e-6, 1e-5, 1e-4], cv=4)
    loose, exact = (clone(search).set_params(tol=tol).fit(X, y) for tol in (1e-7, 1e-10))
    error = exact.scores_.std(axis=0).max() / 2
    assert np.abs(loose.scores_ - exact.scores_).max() < 0.01 * error
    assert loose.solution_.gap <= 1e-7 < loose.n_iter_.sum()
    apart = clone(search).set_params(refit=False).fit(X, y)
    np.testing.assert_allclose(apart.scores_, exact.scores_, rtol=1e-4)


@pytest.mark.parametrize(("rows", "columns"), [(300, 30), (40, 300)])
@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_standardised_folds_have_the_moments_of_their_own_training_rows(rows, columns, ratio):
    """As a pipeline that scales inside of each fold; 40 rows of 300 columns go by Gram matrices."""
    random = np.random.default_rng(0)
    X = 5 + random.normal(size=(rows, columns)) * random.uniform(0.1, 30, columns)
    y = (X[:, 0] - 5 + X[:, 1] - 5 + random.normal(size=rows) > 0).astype(int)
    Cs = [0.01, 0.3]
    ours = LogisticRegressionCV(Cs=Cs, cv=3, scaling="standard", tol=1e-12, l1_ratios=(ratio,))
    ours.fit(X, y)
    for place, C in enumerate(Cs):
        for fold, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
            alone = LogisticRegression(C=C, l1_ratio=ratio, tol=1e-12)
            pipeline = make_pipeline(StandardScaler(), alone).fit(X[train], y[train])
            score = get_scorer("neg_log_loss")(pipeline, X[test], y[test])
            assert ours.scores_[fold, 0, place] == pytest.approx(score, rel=1e-7)


def test_large_folds_of_kernels_have_their_own_moments_too():
    random = np.random.default_rng(1)
    X = random.normal(size=(3000, 300)).astype(np.float32) * 20 + 100
    y = (X[:, :4].sum(axis=1) + 40 * random.normal(size=3000) > 400).astype(int)
    ours = LogisticRegressionCV(Cs=[1e-3], cv=3, scaling="standard").fit(X, y)
    for fold, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        alone = LogisticRegression(C=1e-3, scaling="standard").fit(X[train], y[train])
        score = get_scorer("neg_log_loss")(alone, X[test], y[test])
        assert ours.scores_[fold, 0, 0] == pytest.approx(score, rel=3e-5)


def test_a_row_twice_is_weight_two_and_weight_zero_is_no_row():
    repeats = np.random.default_rng(2).integers(0, 4, len(FEW))
    twice = np.repeat(np.arange(len(FEW)), repeats)
    fold = np.arange(len(FEW)) % 4
    cv = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(4)]
    cv_twice = [
        (np.flatnonzero(fold[twice] != k), np.flatnonzero(fold[twice] == k)) for k in range(4)
    ]
    options = {"Cs": 4, "tol": 1e-10, "scaling": "standard"}
    weighted = LogisticRegressionCV(**options, cv=cv).fit(FEW, FEW_LABELS, sample_weight=repeats)
    repeated = LogisticRegressionCV(**options, cv=cv_twice).fit(FEW[twice], FEW_LABELS[twice])
    np.testing.assert_allclose(weighted.Cs_, repeated.Cs_)
    np.testing.assert_allclose(weighted.scores_, repeated.scores_, rtol=1e-8)
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-6)


def test_the_grid_follows_the_scale_of_the_data():
    small = LogisticRegressionCV(cv=3).fit(FEW / 1000, FEW_LABELS)
    plain = LogisticRegressionCV(cv=3).fit(FEW, FEW_LABELS)
    np.testing.assert_allclose(small.Cs_, 1e6 * plain.Cs_, rtol=0.06)
    np.testing.assert_allclose(plain.Cs_[9] / plain.Cs_[0], 1e6, rtol=0.1)
    assert len(plain.Cs_) == 10


def test_the_strongest_l1_penalty_of_the_grid_leaves_no_weight():
    ours = LogisticRegressionCV(cv=3, l1_ratios=(1.0,), Cs=5).fit(FEW, FEW_LABELS)
    counts = ours.results_["n_nonzero"].tolist()
    assert counts[0] <= 1
    assert counts[-1] >= 9


def test_a_grid_is_extended_where_the_best_lies_at_its_edge():
    """Nearly separable: weaker penalties go on gaining beyond the grid's end."""
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 3))
    y = (X[:, 0] + 1e-3 * random.normal(size=400) > 0).astype(int)
    ours = LogisticRegressionCV(cv=3, Cs=4).fit(X, y)
    tried = ours.results_["C"].to_numpy()
    assert len(tried) in {7, 10}
    assert (np.diff(tried) > 0).all()
    given = LogisticRegressionCV(cv=3, Cs=tried).fit(X, y)
    assert len(given.Cs_) == len(tried)
    first = list(tried).index(ours.Cs_[0])  # as many as were asked for, with the one taken
    assert ours.C_ in ours.Cs_
    np.testing.assert_array_equal(ours.Cs_, tried[first : first + 4])
    np.testing.assert_allclose(ours.scores_, given.scores_[:, :, first : first + 4], rtol=1e-5)
    assert ours.coefs_paths_.shape == (3, 1, 4, 1, 4)
    assert ours.path_coef_.shape == (1, 4, 1, 3)
    noise = LogisticRegressionCV(cv=3, Cs=4).fit(X, random.permutation(y))
    assert noise.Cs_[0] == noise.C_  # flat there: nothing to follow


def test_one_standard_error_takes_the_strongest_of_the_like():
    Cs = np.logspace(-2, 0, 30)
    best = LogisticRegressionCV(Cs=Cs).fit(CANCER, MALIGNANT)
    strong = LogisticRegressionCV(Cs=Cs, selection="1se").fit(CANCER, MALIGNANT)
    table = best.results_
    top = table.loc[table["mean_score"].idxmax()]
    enough = table[table["mean_score"] >= top["mean_score"] - top["std_error"]]
    assert top["C"] == best.C_
    assert strong.C_ == enough["C"].min() < best.C_
    np.testing.assert_array_equal(strong.coef_, best.path_coef_[0, list(Cs).index(strong.C_)])


def test_the_frame_says_what_the_arrays_say():
    ours = LogisticRegressionCV(Cs=CS, cv=3, l1_ratios=(0.0, 1.0), loo=False).fit(FEW, FEW_LABELS)
    table = ours.results_
    assert isinstance(table, pd.DataFrame)
    assert list(table) == [
        *("C", "l1_ratio", "mean_score", "std_error", "n_nonzero"),
        *("score_0", "score_1", "score_2"),
    ]
    scores = table[["score_0", "score_1", "score_2"]].to_numpy()
    np.testing.assert_array_equal(scores.T.reshape(3, 2, 5), ours.scores_)
    np.testing.assert_allclose(table["mean_score"], scores.mean(axis=1))
    np.testing.assert_allclose(table["std_error"], scores.std(axis=1, ddof=1) / np.sqrt(3))


def test_leave_one_out_is_near_a_cross_validation_with_every_row_a_fold():
    X, y = FEW[:60], FEW_LABELS[:60]
    cv = [(np.delete(np.arange(60), i), np.array([i])) for i in range(60)]
    exact = LogisticRegressionCV(Cs=[0.01, 0.1, 1.0], cv=cv, tol=1e-10).fit(X, y)
    ours = LogisticRegressionCV(Cs=[0.01, 0.1, 1.0], loo=True, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.loo_[0], -exact.scores_.mean(axis=0)[0], rtol=5e-3)
    np.testing.assert_array_equal(ours.results_["loo_log_loss"], ours.loo_[0])
    np.testing.assert_allclose(
        ours.results_["loo_std_error"], exact.scores_[:, 0].std(axis=0) / np.sqrt(60), rtol=0.02
    )


def test_groups_stay_together():
    groups = np.arange(len(FEW)) // 5
    ours = LogisticRegressionCV(Cs=CS[:2], cv=3).fit(FEW, FEW_LABELS, groups=groups)
    cv = GroupKFold(3)
    other = LogisticRegressionCV(Cs=CS[:2], cv=cv).fit(FEW, FEW_LABELS, groups=groups)
    with config_context(enable_metadata_routing=True):
        routed = LogisticRegressionCV(Cs=CS[:2], cv=cv).fit(FEW, FEW_LABELS, groups=groups)
    np.testing.assert_array_equal(other.scores_, routed.scores_)
    naive = LogisticRegressionCV(Cs=CS[:2], cv=list(cv.split(FEW, FEW_LABELS, groups)))
    np.testing.assert_array_equal(other.scores_, naive.fit(FEW, FEW_LABELS).scores_)
    assert not np.array_equal(ours.scores_, other.scores_)
    with pytest.raises(ValueError, match=r"Extra parameters passed are: \{'colour'\}"):
        LogisticRegressionCV().fit(FEW, FEW_LABELS, colour=groups)


def test_weights_reach_the_scorer_where_it_asks_for_them():
    weights = WEIGHTS[::3]
    with config_context(enable_metadata_routing=True):
        plain = get_scorer("neg_log_loss")
        asks = plain.set_score_request(sample_weight=True)
        model = LogisticRegressionCV(Cs=CS[:2], cv=3, scoring=asks)
        model.set_fit_request(sample_weight=True)
        routed = model.fit(FEW, FEW_LABELS, sample_weight=weights)
    unrouted = LogisticRegressionCV(Cs=CS[:2], cv=3).fit(FEW, FEW_LABELS, sample_weight=weights)
    np.testing.assert_allclose(routed.scores_, unrouted.scores_, rtol=1e-10)


def test_coefficients_need_not_be_kept():
    ours = LogisticRegressionCV(Cs=CS, cv=3, store_coefs=False).fit(FEW, FEW_LABELS)
    kept = LogisticRegressionCV(Cs=CS, cv=3).fit(FEW, FEW_LABELS)
    assert not hasattr(ours, "coefs_paths_")
    assert not hasattr(ours, "path_coef_")
    np.testing.assert_array_equal(ours.coef_, kept.coef_)
    place = list(kept.Cs_).index(kept.C_)
    np.testing.assert_array_equal(kept.path_coef_[0, place], kept.coef_)
    np.testing.assert_array_equal(kept.path_intercept_[0, place], kept.intercept_)


def test_a_penalty_beyond_all_measure_stands_beside_others():
    ours = LogisticRegressionCV(Cs=[1e-12, 1.0, np.inf], cv=3)
    with pytest.warns(ConvergenceWarning, match="without a penalty the weights grow") as caught:
        ours.fit(IRIS, SPECIES)
    assert len(caught) == 1
    theirs = peer(cv=3).set_params(Cs=[1e-12, 1.0]).fit(IRIS, SPECIES)
    np.testing.assert_allclose(ours.scores_[:, :, :2], theirs.scores_, rtol=1e-5)
    assert np.isfinite(ours.scores_).all()


def test_one_warning_for_all_fits_that_ended_early():
    with pytest.warns(ConvergenceWarning, match="of 20 fits failed to converge") as caught:
        LogisticRegressionCV(Cs=CS, cv=3, max_iter=1).fit(FEW, FEW_LABELS)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_progress_is_a_line_a_trial(capsys):
    LogisticRegressionCV(Cs=[0.1, 1.0], cv=3, verbose=1).fit(FEW, FEW_LABELS)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("C 0.1, l1_ratio 0: score -0.")
    assert second.startswith("C 1, ")


def test_a_pickle_and_frames():
    frame = pd.DataFrame(IRIS, columns=["long", "wide", "petal", "leaf"])
    model = LogisticRegressionCV(Cs=3).fit(frame, SPECIES.astype(str))
    twin = pickle.loads(pickle.dumps(model))  # noqa: S301 - its own pickle
    assert twin.predict(frame).tolist() == model.predict(frame).tolist()
    assert list(twin.feature_names_in_) == ["long", "wide", "petal", "leaf"]
    pd.testing.assert_frame_equal(twin.results_, model.results_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"Cs": [0.1, -1]}, "Cs must be a number of values, or values above 0: got"),
        ({"Cs": []}, "Cs must be a number of values, or values above 0: got"),
        (
            {"l1_ratios": (0.5, 2)},
            "l1_ratios must be an array-like of numbers between 0 and 1; got",
        ),
        ({"l1_ratios": ()}, "l1_ratios must be an array-like of numbers between 0 and 1; got"),
        ({"l1_ratios": (1.0,), "loo": True}, r"loo=True is for L2 penalties, l1_ratios=\(0.0,\)"),
        ({"l1_ratios": (0.5,), "solver": "lbfgs"}, "Solver lbfgs supports only 'l2' or None"),
        ({"dual": True}, "Solver auto supports only dual=False"),
        ({"cv": []}, "cv gives no folds"),
        ({"cv": [([0, 1, 100], [])]}, "fold 0 of cv judges no row"),
    ],
)
def test_wrong_use_is_refused_with_the_reason(options, message):
    with pytest.raises((UsageError, DataError, ValueError), match=message):
        LogisticRegressionCV(**options).fit(FEW, FEW_LABELS)


def test_a_fold_without_weight_to_train_on_is_refused():
    weights = np.zeros(len(FEW))
    weights[:60] = 1
    cv = [(np.arange(60, 120), np.arange(60))]
    with pytest.raises(DataError, match="fold 0 of cv trains on no row with a weight above zero"):
        LogisticRegressionCV(cv=cv).fit(FEW, FEW_LABELS, sample_weight=weights)


def test_scikit_learns_deprecated_words_warn_once_and_are_understood():
    with pytest.warns(FutureWarning, match="'penalty' was deprecated") as caught:
        old = LogisticRegressionCV(penalty="l1", Cs=CS[2:4], cv=3).fit(FEW, FEW_LABELS)
    assert len(caught) == 1
    new = LogisticRegressionCV(l1_ratios=(1.0,), Cs=CS[2:4], cv=3).fit(FEW, FEW_LABELS)
    np.testing.assert_array_equal(old.coef_, new.coef_)


def test_a_fold_may_be_trained_on_a_single_class():
    """J falls to nothing as b runs away: an answer all the same, and the wrong one."""
    cv = [(np.flatnonzero(k != FEW_LABELS), np.flatnonzero(k == FEW_LABELS)) for k in range(2)]
    ours = LogisticRegressionCV(Cs=[1e-3], cv=cv, scoring="accuracy").fit(FEW, FEW_LABELS)
    np.testing.assert_array_equal(ours.scores_, 0)
