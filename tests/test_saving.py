"""What `onelayer.save` takes: the saved model says what the estimator says, to rounding."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import onelayer
from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.errors import UsageError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 4))
NOISY = X[:, 0] + RANDOM.normal(size=80)
BINARY, THREE = (NOISY > 0).astype(int), np.digitize(NOISY, [-0.5, 0.5])
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(g=RANDOM.choice(["u", "v"], 80))
NUMBERS = FRAME[list("abcd")]
IDLE = ("idle", "passthrough")


def cv(**options):
    return LogisticRegressionCV(Cs=3, cv=3, **options)


def then_layer(*steps):
    return Pipeline([*steps, ("layer", LogisticRegression())])


def columns(*parts, **options):
    return make_pipeline(ColumnTransformer([*parts], **options), LogisticRegression())


SAVED = {
    "CV": (cv(), X, BINARY),
    "CV, three classes": (cv(), X, THREE),
    "CV, standardised": (cv(scaling="standard"), X, BINARY),
    "CV, L1": (cv(l1_ratios=[0.5, 1.0]), X, BINARY),
    "CV, no refit": (cv(refit=False), X, BINARY),
    "CV, older shapes": (cv(use_legacy_attributes=True), X, THREE),
    "CV on a frame": (cv(), NUMBERS, BINARY),
    "CV in a pipeline": (make_pipeline(StandardScaler(), cv()), X, BINARY),
    "idle first": (then_layer(IDLE), X, BINARY),
    "idle first, on a frame": (then_layer(IDLE), NUMBERS, BINARY),
    "None first": (then_layer(("idle", None)), X, BINARY),
    "idle between": (then_layer(("scaler", StandardScaler()), IDLE), X, BINARY),
    "idle inside": (
        then_layer(("inner", Pipeline([IDLE, ("s", StandardScaler())]))),
        X,
        BINARY,
    ),
    "idle alone inside": (then_layer(("inner", Pipeline([IDLE])), IDLE), X, BINARY),
    "idle columns": (
        columns(("s", StandardScaler(), ["a"]), ("p", "passthrough", ["b", "c"])),
        FRAME,
        BINARY,
    ),
    "the rest idle": (
        columns(("o", OneHotEncoder(), ["g"]), remainder="passthrough"),
        FRAME,
        THREE,
    ),
    "an array in another order": (
        columns(("s", StandardScaler(), [1, 0]), remainder="passthrough"),
        X,
        BINARY,
    ),
    "an array in part": (columns(("s", MinMaxScaler(), [3, 1])), X, BINARY),
    "an array, imputed": (columns(("i", SimpleImputer(), [2, 0])), X, BINARY),
    "a frame": (LogisticRegression(scaling="standard"), NUMBERS, THREE),
}


@pytest.mark.parametrize(("estimator", "given", "y"), SAVED.values(), ids=SAVED)
def test_the_saved_model_says_what_the_estimator_says(tmp_path, estimator, given, y):
    estimator.fit(given, y)
    onelayer.save(estimator, tmp_path / "m.safetensors")
    model = onelayer.load(tmp_path / "m.safetensors")
    expected = estimator.predict_proba(given)
    np.testing.assert_allclose(model.predict_proba(given), expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(model.predict(given), estimator.predict(given))
    if isinstance(given, pd.DataFrame):
        turned = given[given.columns[::-1]]
        np.testing.assert_array_equal(model.predict_proba(turned), model.predict_proba(given))


def test_a_chosen_penalty_is_that_of_the_saved_layer(tmp_path):
    fitted = cv(l1_ratios=[0.2, 0.7]).fit(X, BINARY)
    onelayer.save(fitted, tmp_path / "m.safetensors")
    restored = onelayer.load(tmp_path / "m.safetensors").estimator
    assert type(restored) is LogisticRegression
    assert (restored.C, restored.l1_ratio) == (fitted.C_, fitted.l1_ratio_)
    np.testing.assert_array_equal(restored.coef_, fitted.coef_)


def test_a_pipeline_without_a_layer_or_a_fit_is_refused(tmp_path):
    with pytest.raises(UsageError, match="the last step 'idle' is a str"):
        onelayer.save(Pipeline([("s", StandardScaler()), IDLE]).fit(X), tmp_path / "m")
    with pytest.raises(UsageError, match="pipeline that is not fitted"):
        onelayer.save(then_layer(IDLE), tmp_path / "m")
