"""Estimators and pipelines come back from joblib and skops as they went, to the last bit."""

import io

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.solution import Solution

X, Y = (array[:300] for array in load_digits(return_X_y=True))


def by_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


def by_skops(estimator):
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(estimator)
    strange = skops.get_untrusted_types(data=data)
    assert [name for name in strange if not name.startswith("onelayer.")] == []
    return skops.loads(data, trusted=strange)


@pytest.mark.parametrize("there_and_back", [by_joblib, by_skops])
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(C=0.1),
        LogisticRegression(C=0.1, l1_ratio=1, scaling="standard"),
        LogisticRegressionCV(Cs=[0.01, 0.1], scaling=1 / 16),
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1)),
    ],
    ids=["plain", "l1, standardised", "cross-validated", "pipeline"],
)
def test_what_comes_back_predicts_the_same(estimator, there_and_back):
    twin = there_and_back(estimator.fit(X, Y))
    np.testing.assert_array_equal(twin.predict_proba(X), estimator.predict_proba(X))
    np.testing.assert_array_equal(twin.predict(X), estimator.predict(X))
    last = twin[-1] if hasattr(twin, "steps") else twin
    assert isinstance(last.solution_, Solution)
    assert last.solution_.status.advice
