"""make_table_classifier, and pipelines of known steps in model files."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

import onelayer
from onelayer import LogisticRegression, make_table_classifier
from onelayer.errors import DataError, UsageError

RANDOM = np.random.default_rng(0)
M = 240


@pytest.fixture(scope="module")
def frame():
    town = RANDOM.choice(["Oslo", "Rome", "Lima"], M)
    age = RANDOM.normal(40, 9, M)
    z = (age - 40) / 5 + (town == "Rome") * 2 - 1
    town[0] = "Bern"
    return pd.DataFrame(
        {
            "age": np.where(RANDOM.random(M) < 0.1, np.nan, age),
            "size": RANDOM.lognormal(3, 1, M),
            "town": pd.Series(town).where(RANDOM.random(M) >= 0.1),
            "member": RANDOM.choice([True, False], M),
            "always": 1,
            "bought": np.where(RANDOM.random(M) < 1 / (1 + np.exp(-z)), "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def unseen(frame):
    """Rows with a new level and missing cells everywhere."""
    rows = frame.head(6).copy()
    rows["town"] = ["Rome", "Cairo", None, "Bern", "?", "Lima"]
    rows.loc[[0, 2], "size"] = np.nan
    return rows


def saved(pipeline, folder):
    onelayer.save(pipeline, folder / "m.safetensors")
    return onelayer.load(folder / "m.safetensors")


@pytest.fixture(scope="module")
def pipeline(frame):
    with pytest.warns(UserWarning, match=r"left out: always \(always 1\)"):
        made = make_table_classifier(frame, "bought", C=0.5)
    return made.fit(frame, frame.bought)


def test_it_is_what_train_makes_of_the_same_table(frame, unseen, pipeline, tmp_path):
    frame.to_csv(tmp_path / "t.csv", index=False)
    options = {"C": 0.5, "test_size": 0, "calibrate": "none"}
    trained = onelayer.train(tmp_path / "t.csv", target="bought", **options)
    for rows in (frame, unseen):
        expected = pipeline.predict_proba(rows)
        np.testing.assert_allclose(trained.predict_proba(rows), expected, atol=1e-9)
    assert sorted(pipeline[:-1].get_feature_names_out()) != []


def test_its_model_file_predicts_what_it_does(frame, unseen, pipeline, tmp_path):
    loaded = saved(pipeline, tmp_path)
    for rows in (frame, unseen):
        np.testing.assert_allclose(
            loaded.predict_proba(rows), pipeline.predict_proba(rows), rtol=1e-12
        )
    age = next(column for column in loaded.columns if column.name == "age")
    assert age.median == np.nanmedian(frame.age)
    assert age.low < np.nanquantile(frame.age, 0.02) < np.nanquantile(frame.age, 0.98) < age.high
    assert "town = Rome" in loaded.inputs.encoding.features
    assert loaded.predict(frame).tolist() == pipeline.predict(frame).tolist()


def test_polars_and_pandas_are_the_same(frame, unseen, pipeline):
    other = clone(pipeline).fit(pl.from_pandas(frame), frame.bought.to_numpy())
    expected = pipeline.predict_proba(unseen)
    np.testing.assert_array_equal(other.predict_proba(pl.from_pandas(unseen)), expected)
    backwards = unseen[unseen.columns[::-1]].drop(columns=["bought", "always"])
    np.testing.assert_array_equal(pipeline.predict_proba(backwards), expected)


def test_what_cannot_be_made_is_said(frame):
    with pytest.raises(UsageError, match="the data frame has no column 'b': it has age, size, t"):
        make_table_classifier(frame, "b")
    with pytest.raises(DataError, match="column 'day' holds dates, and too many that"):
        make_table_classifier(frame.assign(day="99/99/2024"), "bought")


SCALERS = [StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler()]


@pytest.mark.parametrize("scaler", SCALERS, ids=repr)
@pytest.mark.parametrize("scaling", [None, "standard"])
def test_a_scaler_of_arrays_becomes_the_models_scaling(scaler, scaling, tmp_path):
    X = RANDOM.normal([1, 50, -3], [1, 20, 0.1], (80, 3))
    y = (X[:, 0] + RANDOM.normal(size=80) > 1).astype(int)
    fitted = make_pipeline(clone(scaler), LogisticRegression(scaling=scaling)).fit(X, y)
    loaded = saved(fitted, tmp_path)
    assert loaded.inputs.kind == "rows"
    np.testing.assert_allclose(loaded.predict_proba(X), fitted.predict_proba(X), rtol=1e-11)
    z = X @ loaded.coef[0] + loaded.intercept[0]
    np.testing.assert_allclose(z, fitted.decision_function(X), atol=1e-10)


def numbers(*steps):
    return make_pipeline(*steps), ["age", "size"]


def levels(**options):
    return OneHotEncoder(**{"handle_unknown": "infrequent_if_exist", **options}), ["town"]


def named(name, step, columns):
    return ColumnTransformer([(name, step, columns)], remainder="drop")


STEPS = {
    "median, indicator, standardised": make_column_transformer(
        numbers(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), levels()
    ),
    "scaled before it is filled": make_column_transformer(
        numbers(StandardScaler(), SimpleImputer(strategy="mean"), MinMaxScaler())
    ),
    "a constant": make_column_transformer(
        numbers(SimpleImputer(strategy="constant", fill_value=7.0), RobustScaler()),
        (MissingIndicator(), ["age"]),
    ),
    "pooled levels": make_column_transformer(levels(min_frequency=5)),
    "the most frequent levels": make_column_transformer(levels(max_categories=3)),
    "without the first level": make_column_transformer(
        levels(drop="first", handle_unknown="ignore")
    ),
    "a level where it is missing": make_column_transformer(
        (
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value="Rome"),
                OneHotEncoder(handle_unknown="ignore"),
            ),
            ["town"],
        )
    ),
    "standardised levels": make_pipeline(
        make_column_transformer(levels(sparse_output=False), ("passthrough", [1])),
        StandardScaler(),
    ),
    "by place and mask": make_column_transformer(
        (StandardScaler(), slice(1, 2)), (OneHotEncoder(), [False] * 3 + [True] + [False] * 2)
    ),
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_known_steps_predict_the_same_from_a_file(frame, steps, tmp_path):
    fitted = Pipeline([("features", clone(steps)), ("layer", LogisticRegression(C=2.0))])
    fitted.fit(frame, frame.bought)
    loaded = saved(fitted, tmp_path)
    np.testing.assert_allclose(
        loaded.predict_proba(frame), fitted.predict_proba(frame), rtol=1e-9, atol=1e-13
    )
    assert len(loaded.inputs.encoding.features) == fitted[:-1].transform(frame).shape[1]


UNKNOWN = {
    "an unknown step": (
        make_pipeline(StandardScaler(), PCA(2), LogisticRegression()),
        "step 'pca', a PCA, is not one that a model file can hold. It knows ColumnTransformer, ",
    ),
    "a step inside": (
        make_pipeline(named("half", PCA(1), [0, 1]), LogisticRegression()),
        "step 'half', a PCA, is not one that a model file can hold",
    ),
    "a function": (
        make_pipeline(FunctionTransformer(np.cbrt), LogisticRegression()),
        "step 'functiontransformer' runs a function, which a model file cannot hold",
    ),
    "clipping": (
        make_pipeline(MinMaxScaler(clip=True), LogisticRegression()),
        "step 'minmaxscaler' clips, which a model file cannot hold: clip=False",
    ),
    "a number for missing": (
        make_pipeline(SimpleImputer(missing_values=-1), LogisticRegression()),
        "step 'simpleimputer' takes -1 for missing: a model file knows NaN and None alone",
    ),
    "another layer": (
        make_pipeline(StandardScaler(), Peer()),
        "the last step 'logisticregression' is a LogisticRegression: a model file holds a onelayer",
    ),
}


def test_what_fills_one_kind_of_missing_and_leaves_the_other_is_refused(frame, tmp_path):
    """Where the two are not told apart, as in a file, the filled and the left ones are alike."""
    town = pd.Series(frame.town.tolist(), dtype=object)
    given = frame.assign(town=town.where(town.notna(), None))
    steps = STEPS["a level where it is missing"]
    fitted = Pipeline([("features", clone(steps)), ("layer", LogisticRegression())])
    fitted.fit(given, given.bought)
    with pytest.raises(UsageError, match="has a level for missing cells of 'town', which a step"):
        saved(fitted, tmp_path)


@pytest.mark.parametrize(("steps", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_step_is_named(steps, message, tmp_path):
    X = RANDOM.normal(size=(40, 3))
    fitted = clone(steps).fit(X, np.arange(40) % 2)
    with pytest.raises(UsageError) as caught:
        onelayer.save(fitted, tmp_path / "m.safetensors")
    assert str(caught.value).startswith(message)
    assert not (tmp_path / "m.safetensors").exists()


def test_a_pipeline_that_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(UsageError, match="a pipeline that is not fitted: call fit"):
        onelayer.save(make_pipeline(StandardScaler(), LogisticRegression()), tmp_path / "m")


def test_a_missing_number_that_nothing_stands_for_is_named(frame, tmp_path):
    whole = frame.dropna()
    steps = make_pipeline(named("n", StandardScaler(), ["age"]), LogisticRegression())
    loaded = saved(steps.fit(whole, whole.bought), tmp_path)
    with pytest.raises(DataError, match="column 'age' is missing in row 1, counted from 0, and no"):
        loaded.predict([{"age": 3}, {"age": None}])
