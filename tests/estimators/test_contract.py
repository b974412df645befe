"""What scikit-learn asks of an estimator, and what its users do with one."""

import inspect
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context, linear_model
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from onelayer import LogisticRegression

IRIS, SPECIES = load_iris(return_X_y=True)
CANCER, MALIGNANT = load_breast_cancer(return_X_y=True)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([LogisticRegression(), LogisticRegression(scaling="standard")])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_the_signature_is_scikit_learns_and_four_more():
    theirs = inspect.signature(linear_model.LogisticRegression).parameters
    ours = inspect.signature(LogisticRegression).parameters
    assert list(ours) == [*theirs, "scaling", "learning_rate", "firth", "memory"]
    assert [ours[name].kind for name in theirs] == [theirs[name].kind for name in theirs]
    differing = {name for name in theirs if ours[name].default != theirs[name].default}
    assert differing == {"solver", "tol", "max_iter"}


def test_the_public_methods_include_scikit_learns():
    theirs = {name for name in dir(linear_model.LogisticRegression) if not name.startswith("_")}
    assert theirs - set(dir(LogisticRegression)) == set()


@pytest.mark.parametrize("y", [MALIGNANT, np.digitize(CANCER[:, 0], [12, 15])])
def test_shapes_and_dtypes_of_attributes(y):
    k = 1 if len(set(y)) == 2 else 3
    model = LogisticRegression(scaling="standard").fit(CANCER.astype(np.float32), y)
    assert model.coef_.shape == (k, 30)
    assert model.intercept_.shape == (k,)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    assert model.n_iter_.shape == (1,)
    assert model.n_iter_.dtype == np.int32
    assert model.n_iter_[0] == model.solution_.iterations
    assert model.n_features_in_ == 30


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.array([3, 3, 7, 7]), np.array([3, 7])),
        (np.array([True, True, False, False]), np.array([False, True])),
        (np.array([2.0, 2.0, -1.0, -1.0], np.float32), np.array([-1, 2], np.float32)),
        (np.array(["b", "b", "a", "a"]), np.array(["a", "b"])),
        (np.array(["b", "b", "a", "a"], dtype=object), np.array(["a", "b"], dtype=object)),
        (np.array([200, 200, 100, 100], np.uint8), np.array([100, 200], np.uint8)),
    ],
)
def test_labels_keep_their_dtype(y, classes):
    X = np.array([[0.0], [1], [8], [9]])
    model = LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(model.classes_, classes)
    assert model.classes_.dtype == classes.dtype
    np.testing.assert_array_equal(model.predict(X), y)
    assert model.predict(X).dtype == y.dtype


def test_a_pickle_predicts_the_same():
    model = LogisticRegression(scaling="standard").fit(IRIS, SPECIES)
    twin = pickle.loads(pickle.dumps(model))  # noqa: S301 - its own pickle
    np.testing.assert_array_equal(twin.predict_proba(IRIS), model.predict_proba(IRIS))
    assert twin.solution_ == model.solution_


def test_a_clone_has_the_parameters_and_no_fit():
    model = LogisticRegression(C=3, scaling=0.5, learning_rate=0.1).fit(IRIS, SPECIES)
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "coef_")


def test_in_a_pipeline_scaling_is_a_standard_scaler():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-12)).fit(CANCER, MALIGNANT)
    model = LogisticRegression(tol=1e-12, scaling="standard").fit(CANCER, MALIGNANT)
    np.testing.assert_allclose(
        model.decision_function(CANCER), pipeline.decision_function(CANCER), rtol=1e-9, atol=1e-9
    )


def test_grid_search_prefers_what_scikit_learn_prefers():
    grid = {"C": [1e-4, 1e-2, 1]}
    ours = GridSearchCV(LogisticRegression(), grid, scoring="neg_log_loss").fit(IRIS, SPECIES)
    peer = linear_model.LogisticRegression(max_iter=1000)
    theirs = GridSearchCV(peer, grid, scoring="neg_log_loss").fit(IRIS, SPECIES)
    assert ours.best_params_ == theirs.best_params_
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-3
    )


def test_cross_validation_and_meta_estimators():
    scores = cross_val_score(LogisticRegression(scaling="standard"), CANCER, MALIGNANT)
    assert scores.mean() == pytest.approx(0.981, abs=0.002)
    for wrap in (CalibratedClassifierCV, OneVsRestClassifier):
        ours = wrap(LogisticRegression(tol=1e-10)).fit(IRIS, SPECIES)
        peer = linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-10)
        theirs = wrap(peer).fit(IRIS, SPECIES)
        np.testing.assert_allclose(
            ours.predict_proba(IRIS), theirs.predict_proba(IRIS), rtol=1e-4, atol=1e-6
        )


def test_sample_weights_are_routed():
    weights = np.random.default_rng(0).uniform(0.1, 3, len(SPECIES))
    with config_context(enable_metadata_routing=True):
        step = LogisticRegression().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), step)
        pipeline.fit(IRIS, SPECIES, sample_weight=weights)
    expected = LogisticRegression().fit(StandardScaler().fit_transform(IRIS), SPECIES, weights)
    np.testing.assert_array_equal(pipeline[-1].coef_, expected.coef_)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_give_feature_names(frame):
    names = ["long", "wide", "petal", "leaf"]
    X = frame(dict(zip(names, IRIS.T, strict=True)))
    model = LogisticRegression().fit(X, pd.Series(SPECIES) if frame is pd.DataFrame else SPECIES)
    assert list(model.feature_names_in_) == names
    plain = LogisticRegression().fit(IRIS, SPECIES)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), plain.predict(IRIS))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X[names[::-1]])


def test_polars_labels():
    labels = pl.Series("y", ["a", "b"] * 75)
    np.testing.assert_array_equal(LogisticRegression().fit(IRIS, labels).classes_, ["a", "b"])


def test_sparsify_and_densify():
    model = LogisticRegression(warm_start=True).fit(IRIS, SPECIES)
    expected = model.decision_function(IRIS)
    np.testing.assert_array_equal(model.sparsify().decision_function(IRIS), expected)
    assert model.fit(IRIS, SPECIES).n_iter_[0] <= 3
    coef = model.coef_.copy()
    np.testing.assert_array_equal(model.sparsify().densify().coef_, coef)


def test_tags_and_representations():
    tags = get_tags(LogisticRegression())
    assert tags.input_tags.sparse
    assert tags.classifier_tags.multi_class
    assert not get_tags(LogisticRegression(solver="liblinear")).classifier_tags.multi_class
    assert repr(LogisticRegression(C=2)) == "LogisticRegression(C=2)"
    assert "LogisticRegression" in LogisticRegression().fit(IRIS, SPECIES)._repr_html_()
