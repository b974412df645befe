"""Collections of Dask without a cluster: the fit of arrays, the same bytes in any partitions."""

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from onelayer import LogisticRegression, check_separation
from onelayer.errors import DataError, UsageError


def split(array, lengths):
    """A Dask array of these parts, whose lengths it does not know."""
    ends = np.cumsum(lengths)
    parts = [array[end - length : end] for end, length in zip(ends, lengths, strict=True)]
    shape = (np.nan, *array.shape[1:])
    made = [da.from_delayed(dask.delayed(part), shape, meta=array[:0]) for part in parts]
    return da.concatenate(made, allow_unknown_chunksizes=True)


@st.composite
def partitions(draw, m=2500):
    cuts = draw(st.lists(st.integers(0, m), max_size=59))
    return np.diff([0, *sorted(cuts), m]).tolist()


def of(model):
    return model.coef_.tobytes(), model.intercept_.tobytes(), model.solution_.objective


@settings(max_examples=6, deadline=None)
@given(partitions(), partitions(), partitions(), st.sampled_from([2, 3]))
def test_partitions_do_not_matter(problem, ofX, ofy, ofw, k):
    X, y, w = problem(k)
    given_ = split(X, ofX), split(y, ofy), split(w, ofw)
    found = LogisticRegression(class_weight="balanced").fit(*given_)
    whole = (da.from_array(one, chunks=len(y)) for one in (X, y, w))
    assert of(found) == of(LogisticRegression(class_weight="balanced").fit(*whole))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("scaling", [None, "standard", 0.2])
@pytest.mark.parametrize("kind", ["dense", "csr", "float32", "bytes"])
def test_the_fit_is_that_of_arrays(problem, k, scaling, kind):
    X, y, w = problem(k)
    X = {
        "dense": lambda: X,
        "csr": lambda: sparse.csr_array(X * (np.abs(X) > 2)),
        "float32": lambda: X.astype(np.float32),
        "bytes": lambda: (X * 10 + 100).clip(0, 255).astype(np.uint8),
    }[kind]()
    how = {"tol": 1e-14, "scaling": scaling, "class_weight": "balanced"}
    here = LogisticRegression(**how).fit(X, y, w)
    there = LogisticRegression(**how).fit(*[split(one, [700, 0, 1800]) for one in (X, y, w)])
    top = np.abs(here.coef_).max()
    far = 1e-9 if X.dtype != np.float32 else 1e-6
    np.testing.assert_allclose(there.coef_, here.coef_, rtol=0, atol=far * top)
    assert there.coef_.dtype == here.coef_.dtype
    assert there.solution_.objective == pytest.approx(here.solution_.objective, rel=1e-13)
    assert (there.classes_ == here.classes_).all()


@pytest.mark.parametrize("k", [2, 3])
def test_answers_are_collections_and_those_of_arrays(problem, k):
    X, y, w = problem(k)
    dX, dy, dw = (da.from_array(one, chunks=(800, 4)[: one.ndim]) for one in (X, y, w))
    model = LogisticRegression().fit(dX, dy)
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        answer, expected = getattr(model, name)(dX), getattr(model, name)(X)
        assert isinstance(answer, da.Array)
        assert answer.chunks[0] == (800, 800, 800, 100)
        assert (answer.shape, answer.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(answer.compute(), expected)
        unknown = getattr(model, name)(split(X, [0, 2000, 500])).compute()
        np.testing.assert_array_equal(unknown, expected)
    assert model.score(dX, dy) == model.score(X, y)
    assert model.score(dX, dy.rechunk(333), dw) == pytest.approx(model.score(X, y, w), rel=1e-12)


def test_a_frame_whose_categories_differ_by_partition(problem):
    X, y, w = problem(3)
    frame = pd.DataFrame(X, columns=list("pqrstu")).assign(y=y, w=w).sort_values("y")
    frame["p"] = frame["p"].round()
    parts = np.array_split(np.arange(len(frame)), 7)
    made = [frame.iloc[part].astype({"y": "category", "p": "category"}) for part in parts]
    made = [part.assign(y=part["y"].cat.remove_unused_categories()) for part in made]
    meta = made[0].iloc[:0].assign(y=made[0]["y"].cat.as_unordered().iloc[:0])
    there = dd.from_map(lambda i: made[i], range(7), meta=meta)
    names = list("pqrstu")
    model = LogisticRegression().fit(there[names], there["y"], there["w"])
    expected = LogisticRegression().fit(frame[names], frame["y"].to_numpy(), frame["w"])
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-4)
    assert model.feature_names_in_.tolist() == names
    assert model.classes_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(
        model.predict(there[names]).compute(), model.predict(frame[names])
    )
    assert model.score(there[names], there["y"]) == model.score(frame[names], frame["y"].to_numpy())


@pytest.mark.parametrize("labels", [[10, 50, 20], [-7, 2**40, 3], [True, False], [0.0, 2.0, 1.0]])
def test_labels_are_what_they_are(problem, labels):
    X, y, _ = problem(len(labels))
    y = np.array(labels)[np.unique(y, return_inverse=True)[1]]
    found = LogisticRegression().fit(split(X, [1000, 1500]), split(y, [2499, 1]))
    assert found.classes_.tolist() == sorted(labels)
    assert found.classes_.dtype == y.dtype
    assert found.predict(split(X, [2500])).dtype == y.dtype
    assert found.score(split(X, [2500]), split(y, [2500])) == found.score(X, y)


def test_ten_classes_of_which_two_are_in_one_partition(problem):
    X, y, _ = problem(10)
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    ends = [0, *(np.flatnonzero(y[1:] != y[:-1]) + 1), len(y)]
    found = LogisticRegression(tol=1e-12).fit(split(X, np.diff(ends)), split(y, np.diff(ends)))
    expected = LogisticRegression(tol=1e-12).fit(X, y)
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-6)
    assert len(found.classes_) == 10


def test_a_sample_that_does_not_see_all_is_only_a_start():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40000, 3))
    X[::4000, 2] = 50
    y = (rng.random(40000) < 1 / (1 + np.exp(-X[:, 0] - 0.05 * X[:, 2]))).astype(int)
    found = LogisticRegression(tol=1e-13).fit(split(X, [17, 39983]), split(y, [40000]))
    expected = LogisticRegression(tol=1e-13).fit(X, y)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=1e-8)


@pytest.mark.parametrize(("k", "l1_ratio"), [(2, 1.0), (2, 0.5), (3, 1.0)])
def test_penalties_with_an_l1_part(problem, k, l1_ratio):
    X, y, w = problem(k)
    how = {"l1_ratio": l1_ratio, "C": 0.01, "tol": 1e-10}
    here = LogisticRegression(**how).fit(X, y, w)
    there = LogisticRegression(**how).fit(*[split(one, [700, 0, 1800]) for one in (X, y, w)])
    assert there.solution_.objective == pytest.approx(here.solution_.objective, rel=2e-10)
    assert there.solution_.gap <= 1e-10
    np.testing.assert_array_equal(there.coef_ == 0, here.coef_ == 0)
    whole = [da.from_array(one, chunks=len(y)) for one in (X, y, w)]
    assert of(LogisticRegression(**how).fit(*whole)) == of(there)


def bad(X, row, value):
    X = X.copy()
    X[row] = value
    return X


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda X, y, w: (bad(X, (1900, 3), np.nan), y, w), "NaN. .* row 1900, column 3"),
        (lambda X, y, w: (bad(X, (5, 0), -np.inf), y, w), "infinity .* row 5, column 0"),
        (lambda X, y, w: (X, y, bad(w, 2100, -1)), "Negative .* -1.0 at row 2100"),
        (lambda X, y, w: (X, y, bad(w, 2100, np.nan)), "sample_weight contains NaN.* row 2100"),
        (lambda X, y, w: (X, y, w * 0), "their total is zero"),
        (lambda X, y, w: (X, y, w * (y == "a")), "only the class 'a' has any"),
        (lambda X, y, w: (X, y[:-1], w), r"\[2500, 2499, 2500\]"),
        (lambda X, y, w: (X, np.full(len(y), 7), w), "only one class: 7"),
        (lambda X, y, w: (X, X[: len(y), 0], w), "continuous"),
        (lambda X, y, w: (X, bad(np.zeros(len(y)), 1999, np.nan), w), "y contains NaN.* row 1999"),
        (lambda X, y, w: (X[:, 0], y, w), "Expected 2D array, got 1D"),
        (lambda X, y, w: (X[:0], y[:0], w[:0]), "0 sample"),
        (
            lambda X, y, w: (np.full(X.shape, "n/a"), y, w),
            "Partition . of X: could not convert string to float",
        ),
        (lambda X, y, w: (X * 1e300, y, w), "X holds values as large as .* overflow float64"),
        (
            lambda X, y, w: (X, bad(y.astype(object), 2100, None), w),
            "Input y contains NaN. The first is at row 2100",
        ),
        (
            lambda X, y, w: (np.ma.array(X, mask=X > 9.5), y, w),
            r"Partition . of X: X is masked at \(",
        ),
        (
            lambda X, y, w: (X, y, np.column_stack([w, w])),
            r"Partition . of sample_weight: .* got an array of shape \(1250, 2\)",
        ),
    ],
)
def test_bad_input_is_named(problem, change, says):
    X, y, w = change(*problem(2))
    parts = [len(y) // 2, len(y) - len(y) // 2]
    wrong = [split(one, [len(one) // 3, len(one) - len(one) // 3]) for one in (X, y)]
    with pytest.raises(ValueError, match=says):
        LogisticRegression().fit(*wrong, split(w, parts if len(w) == len(y) else [len(w)]))


def frame_of(parts, columns):
    """A Dask frame of these partitions, whatever columns they have."""
    meta = pd.DataFrame(np.empty((0, len(columns))), columns=columns)
    return dd.from_map(lambda i: parts[i], range(len(parts)), meta=meta)


def test_dates_among_the_columns_are_named(problem):
    X, y, _ = problem(2)
    frame = pd.DataFrame(X, columns=list("abcdef")).assign(when=pd.Timestamp("2020-01-01"))
    with pytest.raises(DataError, match=r"Partition . of X: column 'when' holds dates or times"):
        LogisticRegression().fit(dd.from_pandas(frame, npartitions=2), da.from_array(y))


def test_an_error_does_not_print_a_partition(problem):
    X, y, _ = problem(2)
    with pytest.raises(DataError, match=r"Partition . of X: Complex data not supported$"):
        LogisticRegression().fit(da.from_array(X.astype(complex)), da.from_array(y))


def test_a_client_that_is_none_is_refused(problem):
    X, y, _ = problem(2)
    model = LogisticRegression()
    model.client = "tcp://127.0.0.1:8786"
    with pytest.raises(UsageError, match=r"client is a str: give a distributed.Client, as"):
        model.fit(da.from_array(X), da.from_array(y))


def test_columns_of_a_partition_go_by_their_names(problem):
    X, y, _ = problem(2)
    names = list("pqrstu")
    frame = pd.DataFrame(X, columns=names)
    expected = LogisticRegression().fit(*(da.from_array(one, chunks=2500) for one in (X, y)))
    there = frame_of([frame[:1000], frame[1000:][names[::-1]]], names)
    model = LogisticRegression().fit(there, split(y, [2500]))
    assert of(model) == of(expected)
    np.testing.assert_array_equal(model.predict(there).compute(), expected.predict(X))
    odd = frame_of([frame[:1000], frame[1000:].rename(columns={"p": "x"})], names)
    with pytest.raises(DataError, match=r"Partition 1 of X: it has the columns \['x', 'q',"):
        LogisticRegression().fit(odd, split(y, [2500]))


def test_other_features_are_refused_before_anything_is_computed(problem):
    X, y, _ = problem(2)
    frame = dd.from_pandas(pd.DataFrame(X, columns=list("pqrstu")), npartitions=3)
    model = LogisticRegression().fit(frame, split(y, [2500]))
    for asked, says in (
        (frame[list("qprstu")], "must be in the same order"),
        (frame[list("pqrst")], "Feature names seen at fit time, yet now missing:\n- u"),
    ):
        with pytest.raises(ValueError, match=says):
            model.predict_proba(asked)
    model = LogisticRegression().fit(split(X, [2500]), split(y, [2500]))
    with pytest.raises(DataError, match="X has 5 features, but LogisticRegression is expecting 6"):
        model.predict(da.from_array(X[:, :5], chunks=1000))
    with pytest.raises(DataError, match="X has one dimension"):
        model.predict(da.from_array(X[:, 0], chunks=1000))


def test_a_delayed_value_is_no_collection_of_rows(problem):
    X, y, _ = problem(2)
    with pytest.raises(DataError, match=r"X is a Delayed .* dask.array.from_delayed\(X, shape"):
        LogisticRegression().fit(dask.delayed(X), split(y, [2500]))


def test_collections_and_arrays_are_not_mixed(problem):
    X, y, w = problem(2)
    dX, dy = (split(one, [1000, 1500]) for one in (X, y))
    for given_ in ((dX, y), (X, dy), (dX, dy, w)):
        with pytest.raises(DataError, match="give all as collections"):
            LogisticRegression().fit(*given_)
    model = LogisticRegression().fit(dX, dy, 2.0)
    assert of(model)[2] == pytest.approx(LogisticRegression().fit(X, y, 2.0).solution_.objective)
    for asked in (
        lambda: LogisticRegression(C=np.inf).fit(X, y).summary(dX, dy),
        lambda: check_separation(dX, y),
    ):
        with pytest.raises(DataError, match=r"give X.compute\(\)"):
            asked()


def test_what_needs_all_rows_says_so(problem):
    X, y, _ = problem(2)
    dX, dy = split(X, [2500]), split(y, [2500])
    for how in ({"solver": "gram"}, {"solver": "dual-ascent"}, {"firth": True, "C": np.inf}):
        with pytest.raises(UsageError, match="OnCluster"):
            LogisticRegression(**how).fit(dX, dy)


def test_separable_data_are_recognised():
    X = np.linspace(-1, 1, 2000)[:, None]
    y = (X[:, 0] > 0).astype(int)
    with pytest.warns(UserWarning, match="separates the classes"):
        model = LogisticRegression(C=np.inf).fit(split(X, [2000]), split(y, [2000]))
    assert model.solution_.status == "separable"


def test_one_survey_and_the_passes_are_counted(problem):
    X, y, w = problem(2)
    found = LogisticRegression().fit(*[split(one, [2500]) for one in (X, y, w)])
    assert found.solution_.surveyed == 1
    assert found.solution_.passes <= 6
    assert "a sample of it gives the start" in found.solution_.reason
