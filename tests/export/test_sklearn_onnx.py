"""sklearn-onnx converts the estimators as they predict, alone and at the end of a pipeline."""

import warnings

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onelayer
from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.errors import UsageError
from onelayer.estimators import onnx_conversion

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    skl2onnx = pytest.importorskip("skl2onnx")

DATA = {
    "two classes": load_breast_cancer(return_X_y=True),
    "ten": load_digits(return_X_y=True),
    "texts": (load_digits().data, np.array([f"digit {one}" for one in load_digits().target])),
}
ESTIMATORS = {
    "standardised": LogisticRegression(scaling="standard"),
    "far from zero": make_pipeline(StandardScaler(), LogisticRegression(C=1e3)),
    "L1": LogisticRegression(C=0.1, l1_ratio=1.0, scaling="standard"),
    "C chosen": make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=[0.1, 1.0], cv=3)),
}


@pytest.fixture(autouse=True, scope="module")
def registered():
    onelayer.register_sklearn_onnx()


def converted(fitted, X, **how):
    options = {"zipmap": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = skl2onnx.to_onnx(fitted, X[:1], options=options, **how)
    return onnxruntime.InferenceSession(file.SerializeToString())


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_probabilities_are_those_of_predict_proba(data, estimator, dtype):
    X, y = DATA[data]
    X = X[::3].astype(dtype)
    fitted = ESTIMATORS[estimator].fit(X, y[::3])
    label, A = converted(fitted, X).run(None, {"X": X})
    near = 1e-12 if dtype is np.float64 else 1e-4
    assert A.dtype == dtype
    np.testing.assert_allclose(A, fitted.predict_proba(X), rtol=0, atol=near)
    assert (label == fitted.predict(X)).mean() > (0.999 if dtype is np.float64 else 0.99)


def test_two_of_ours_in_one_graph():
    from sklearn.ensemble import VotingClassifier

    X, y = DATA["ten"]
    both = [("a", LogisticRegression(C=0.01)), ("b", LogisticRegression(C=1e-4))]
    fitted = VotingClassifier(both, voting="soft", flatten_transform=False).fit(X, y)
    _, A = converted(fitted, X).run(None, {"X": X})
    np.testing.assert_allclose(A, fitted.predict_proba(X), rtol=0, atol=1e-12)


def test_an_old_opset_is_refused_in_words():
    X, y = DATA["two classes"]
    with pytest.raises(UsageError, match="target_opset is 15: give 18 or more"):
        converted(LogisticRegression(scaling="standard").fit(X, y), X, target_opset=15)


def test_before_it_is_registered_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(onnx_conversion, "registered", set())
    X, y = DATA["two classes"]
    with pytest.raises(UsageError, match=r"call onelayer.register_sklearn_onnx\(\) first"):
        converted(LogisticRegression(scaling="standard").fit(X, y), X)
