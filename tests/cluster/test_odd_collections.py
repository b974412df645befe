"""Odd collections on workers: the model of the same in memory, or an error that says what to do."""

import socket
from time import monotonic

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer import LogisticRegression
from onelayer.designs import clusters
from onelayer.errors import DataError, UsageError

pytestmark = pytest.mark.usefixtures("client")
QUICK = {"target": "y", "C": 1.0, "calibrate": "none"}
M = 400


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(M, 3)), columns=list("abc"))
    z = table["a"] - table["b"] + rng.logistic(size=M)
    return table.assign(n=rng.integers(0, 9, M), y=np.where(z > 0, "yes", "no"))


def there(*parts):
    made = [dask.delayed(part) for part in parts]
    return dd.from_delayed(made, meta=parts[0].iloc[:0], verify_meta=False)


def halves(frame, **second):
    """Two partitions, of which the second has other columns of these names."""
    return frame[: M // 2], frame[M // 2 :].assign(**second)


def require_same(parts):
    found = onelayer.train(there(*parts), **QUICK)
    expected = onelayer.train(pd.concat(parts), **QUICK)
    assert found.inputs.to_dict() == expected.inputs.to_dict()
    np.testing.assert_allclose(found.coef, expected.coef, atol=1e-5)


@pytest.mark.parametrize("one", [2**60, 2**62 - 9])
def test_large_whole_numbers_beside_others_are_rounded_as_pandas_rounds_them(frame, one):
    whole = frame.assign(n=frame["n"] + one)
    require_same(halves(whole, n=frame["n"][M // 2 :] * 1e17))


def test_numbers_of_both_signs_that_no_whole_type_holds_are_as_in_memory(frame):
    large = frame["n"][M // 2 :].astype("uint64") + np.uint64(2**63)
    require_same(halves(frame.assign(n=-frame["n"]), n=large))


def test_values_that_the_common_type_does_not_hold_are_named(frame):
    far = pd.Series(pd.Timestamp("9999-01-01"), frame.index[M // 2 :], dtype="datetime64[s]")
    near = frame.assign(n=pd.Timestamp("2020-01-01")).astype({"n": "datetime64[ns]"})
    with pytest.raises(DataError, match=r"column 'n' .* does not hold all of its values: .*; give"):
        onelayer.train(there(*halves(near, n=far)), **QUICK)


def test_types_that_do_not_go_together_are_named_and_what_to_do(frame):
    parts = halves(frame, n=frame["n"][M // 2 :] > 4)
    with pytest.raises(DataError, match=r"'n' .*: bool and int64; give all partitions one type"):
        onelayer.train(there(*parts), **QUICK)


def test_durations_are_refused_in_words(frame):
    odd = frame.assign(n=pd.to_timedelta(frame["n"], "s"))
    for given in (odd, there(*halves(odd))):
        with pytest.raises(DataError, match=r"column 'n' holds duration.*: make a number"):
            onelayer.train(given, **QUICK)


def test_two_columns_of_one_name_are_named(frame):
    X = frame[["a", "b", "c"]].set_axis(list("aba"), axis=1)
    y = da.from_array(frame["y"].to_numpy().astype("U3"))
    with pytest.raises(DataError, match="X has two columns called 'a': rename one"):
        LogisticRegression().fit(there(X[:100], X[100:]), y)


def test_a_bag_is_told_how_it_becomes_a_frame(frame):
    bag = db.from_sequence(frame.to_dict("records"), npartitions=2)
    labels = db.from_sequence(frame["y"].tolist(), npartitions=2)
    with pytest.raises(DataError, match=r"X is a Bag of Dask, .*: give X.to_dataframe\(\)"):
        LogisticRegression().fit(bag, labels)
    with pytest.raises(UsageError, match=r"a Bag of Dask .*: give its frame, bag.to_dataframe\(\)"):
        onelayer.train(bag, **QUICK)


def test_pictures_with_an_empty_chunk_are_rows(frame):
    X = frame[list("abcn")].to_numpy().reshape(M, 2, 2)
    y = frame["y"].to_numpy().astype("U3")
    parts = [X[:150], X[:0], X[150:]]
    chunks = [da.from_delayed(dask.delayed(one), one.shape, one.dtype) for one in parts]
    found = LogisticRegression(tol=1e-12).fit(da.concatenate(chunks), da.from_array(y))
    expected = LogisticRegression(tol=1e-12).fit(X, y)
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-9)


def test_the_type_that_is_told_is_the_one_that_was_given(frame):
    X, y = frame[["n", "n"]].to_numpy().astype(np.int32), frame["y"].to_numpy().astype("U3")
    found = onelayer.train((da.from_array(X), da.from_array(y)), C=1.0, calibrate="none")
    assert found.card.audit.notes[0].startswith("X is int32 (400, 2); ")


def test_an_address_that_takes_a_call_and_says_nothing_is_left_in_time(monkeypatch):
    monkeypatch.setattr(clusters, "REACHED", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        asked, began = f"tcp://127.0.0.1:{silent.getsockname()[1]}", monotonic()
        with pytest.raises(ConnectionError, match="no Dask scheduler answers at"):
            clusters.cluster_of(asked).__enter__()
        assert monotonic() - began < 10
