"""`train` on data frames of Dask: the model of the same table in memory, in any partitions."""

from dataclasses import asdict

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import onelayer
from onelayer.errors import DataError, UsageError

QUICK = {"target": "churned", "C": 1.0, "calibrate": "none"}


def frame_of(parts, meta=None):
    """A Dask frame of these partitions, whatever they hold."""
    meta = parts[0].iloc[:0] if meta is None else meta
    return dd.from_delayed([dask.delayed(one) for one in parts], meta=meta, verify_meta=False)


def cut(frame, lengths):
    ends = np.cumsum(lengths)
    return frame_of([frame.iloc[end - n : end] for end, n in zip(ends, lengths, strict=True)])


@pytest.fixture(scope="module")
def table():
    rng, m = np.random.default_rng(3), 900
    age, plan = rng.normal(40, 9, m).round(1), rng.choice(["free", "pro", "team"], m)
    visits, start = rng.integers(0, 60, m), pd.Timestamp("2021-03-01")
    z = (age - 40) / 5 + (plan == "pro") - visits / 30
    return pd.DataFrame(
        {
            "age": np.where(rng.random(m) < 0.1, np.nan, age),
            "plan": np.where(rng.random(m) < 0.05, None, plan),
            "visits": visits,
            "joined": start + pd.to_timedelta(rng.integers(0, 700, m), "D"),
            "note": [" ".join(rng.choice(list("abcdefgh"), 6)) + " so it is" for _ in range(m)],
            "weight": rng.integers(0, 4, m),
            "town": rng.choice([f"town {i}" for i in range(40)], m),
            "churned": np.where(rng.random(m) < 0.02, None, np.where(z > 0, "yes", "no")),
        }
    )


def figures(model):
    """What a card says, but for how the data were read."""
    card = model.card
    parts = card.choice.C, card.judge, card.audit.by_class, str(card.baseline)
    return parts, asdict(card.test), asdict(card.train)


def require_same(found, expected):
    """Same inputs, both at the optimum by their own bound, and what follows from that."""
    assert found.inputs.to_dict() == expected.inputs.to_dict()
    one, other = found.card.solution, expected.card.solution
    assert one.objective == pytest.approx(other.objective, rel=2e-7)
    (said, *shown), (due, *judged) = figures(found), figures(expected)
    assert said == due
    for one, other in zip(shown, judged, strict=True):
        assert one["log_loss"] == pytest.approx(other["log_loss"], rel=1e-4)
        assert one["accuracy"] == pytest.approx(other["accuracy"], abs=0.006)  # a row on the edge


HOW = [
    {},
    {"weights": "weight", "class_weight": "balanced"},
    {"group": "town", "refit": True},
    {"text": "note"},
    {"l1_ratio": 1.0, "C": 0.3},
]


@pytest.mark.parametrize("how", HOW, ids=lambda how: " ".join(how) or "as it is")
def test_the_model_is_that_of_the_table_in_memory(table, how):
    asked = {**QUICK, "drop": () if "text" in how else ("note",), **how}
    require_same(
        onelayer.train(cut(table, [0, 250, 400, 250]), **asked), onelayer.train(table, **asked)
    )


@pytest.fixture(scope="module")
def plain(table):
    return table.drop(columns=["note", "town"])


@pytest.fixture(scope="module")
def whole(plain):
    """The model of one partition, by no cluster; C is chosen, and it is calibrated."""
    return onelayer.train(cut(plain, [900]), target="churned")


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 900), max_size=12))
def test_partitions_change_no_byte(plain, whole, cuts):
    lengths = np.diff([0, *sorted(cuts), 900]).tolist()
    found = onelayer.train(cut(plain, lengths), target="churned", C=whole.card.choice.C)
    assert found.coef.tobytes() == whole.coef.tobytes()
    assert found.inputs.to_dict() == whole.inputs.to_dict()
    assert found.card.test.accuracy == whole.card.test.accuracy


def test_a_cluster_chooses_and_calibrates_as_memory_does(whole, client, plain):
    there = onelayer.train(cut(plain, [300, 0, 600]), target="churned")
    require_same(there, onelayer.train(plain, target="churned"))
    assert there.coef.tobytes() == whole.coef.tobytes()
    assert there.card.test == whole.card.test
    assert there.card.calibration == whole.card.calibration
    assert len(client.nthreads()) == 4
    assert "read by 4 workers, in 2 partitions: X stays there" in there.card.audit.notes


def test_a_report_is_made_of_figures_and_a_few_rows(plain, tmp_path):
    model = onelayer.train(cut(plain, [450, 450]), **QUICK)
    model.report(tmp_path / "report.html")
    model.save(tmp_path / "m.safetensors")
    again = onelayer.load(tmp_path / "m.safetensors")
    held = model.evidence.parts.test.names
    rows = plain.iloc[held]
    np.testing.assert_array_equal(again.forward(again.rows(rows)), model.evidence.Z)
    assert "held-out rows" in (tmp_path / "report.html").read_text()


def test_another_collection_judges(plain):
    train, test = cut(plain[:600], [200, 400]), cut(plain[600:], [100, 200])
    found = onelayer.train(train, test=test, refit=True, **QUICK)
    here = onelayer.train(plain[:600], test=plain[600:], refit=True, **QUICK)
    require_same(found, here)
    assert found.evaluate(test).log_loss == pytest.approx(here.evaluate(plain[600:]).log_loss)


def test_partitions_may_differ_in_types_order_and_levels():
    rng, m = np.random.default_rng(0), 300
    x, kind = rng.integers(0, 50, m), rng.choice(list("abc"), m)
    y = x + 10 * (kind == "a") + rng.normal(0, 9, m) > 28
    whole = pd.DataFrame({"x": x, "kind": kind, "y": np.where(y, "up", "down")})
    one, two, three = (whole[:100], whole[100:200], whole[200:])
    parts = [
        one.assign(kind=one.kind.astype("category")),
        two.iloc[:0].astype({"x": object}),
        two.assign(x=two.x.astype(float))[["y", "x", "kind"]],
        three.assign(kind=pd.Categorical(three.kind, list("cbad")), x=three.x.astype("Int32")),
    ]
    asked = {**QUICK, "target": "y"}
    require_same(onelayer.train(frame_of(parts), **asked), onelayer.train(whole, **asked))


def test_labels_may_come_beside_the_frame(plain):
    plain = plain.dropna(subset=["churned"])
    X, y = plain.drop(columns="churned"), plain.churned
    asked = {"C": 1.0, "calibrate": "none"}
    pair = dd.from_pandas(X, npartitions=3), dd.from_pandas(y, npartitions=3)
    require_same(onelayer.train(pair, **asked), onelayer.train((X, y), **asked))
    with pytest.raises(UsageError, match="y a Series: give y as a column of X"):
        onelayer.train((pair[0], y), **asked)
    with pytest.raises(DataError, match="X has 3 partitions, and y 2: give y as a column of X"):
        onelayer.train((pair[0], dd.from_pandas(y, npartitions=2)), **asked)


def test_answers_are_asked_for_partition_by_partition(plain, whole):
    frame = cut(plain, [400, 0, 500])
    with pytest.raises(
        UsageError, match=r"frame\.map_partitions\(load\('m\.safetensors'\)\.predict"
    ):
        whole.predict(frame)
    found = [whole.predict(part) for part in dask.compute(*frame.to_delayed()) if len(part)]
    np.testing.assert_array_equal(np.concatenate(found), whole.predict(plain))


def test_what_cannot_be_trained_on_is_refused_in_words(plain, monkeypatch):
    from onelayer.sources import columns_there

    other = frame_of([plain[:500], plain[500:].rename(columns={"age": "years"})])
    with pytest.raises(DataError, match=r"partition 1, .*, lacks age and has years more, beside"):
        onelayer.train(other, **QUICK)
    dates = frame_of([plain[:500], plain[500:].assign(age=plain.joined)])
    with pytest.raises(DataError, match="column 'age' is of another type in another partition: "):
        onelayer.train(dates, **QUICK)
    with pytest.raises(DataError, match="has no rows: all 2 partitions are empty"):
        onelayer.train(frame_of([plain[:0], plain[:0]]), **QUICK)
    monkeypatch.setattr(columns_there, "MOST_TEXTS", 2)
    with pytest.raises(DataError, match=r"column 'plan' has 3 different texts, .* drop=\['plan'\]"):
        onelayer.train(cut(plain, [400, 500]), **QUICK)


def arrays(kind):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(700, 6)) * [1, 9, 90, 1, 1, 1] + [0, 3, 900, 0, 0, 0]
    z = X[:, 0] + X[:, 1] / 9 + rng.normal(size=700) / 2
    if kind == "bytes":
        X = (40 * rng.normal(size=(700, 6)) + 128).clip(0, 255).astype(np.uint8)
        z = X[:, 0] - 128 + rng.normal(size=700)
    if kind == "csr":
        X = sparse.csr_array(np.where(np.abs(X) > 0.5, X, 0).round(2))
    return X.astype(np.float32) if kind == "float32" else X, np.digitize(z, [-0.4, 0.6]) * 20 - 10


@pytest.mark.parametrize("kind", ["numbers", "float32", "bytes", "csr"])
def test_arrays_give_the_model_of_arrays_in_memory(kind):
    X, y = arrays(kind)
    parts = [dask.delayed(X[rows]) for rows in (slice(0, 0), slice(0, 300), slice(300, 700))]
    shapes = [(0, 6), (300, 6), (400, 6)]
    there = da.concatenate(
        [
            da.from_delayed(part, shape, meta=X[:0])
            for part, shape in zip(parts, shapes, strict=True)
        ]
    )
    found = onelayer.train((there, da.from_array(y, chunks=123)), C=1.0, calibrate="none")
    require_same(found, onelayer.train((X, y), C=1.0, calibrate="none"))


def test_arrays_that_cannot_be_trained_on_are_refused_in_words():
    X, y = arrays("numbers")
    there = da.from_array(y, chunks=100)
    with pytest.raises(UsageError, match="X lies in memory, and the other is a collection of Dask"):
        onelayer.train((X, there))
    with pytest.raises(UsageError, match=r"X is a Dask array of 3 dimensions: .* give \(m, n\)"):
        onelayer.train((da.from_array(X.reshape(700, 3, 2), chunks=100), there))
    X[523, 4] = np.nan
    with pytest.raises(DataError, match="the Dask arrays have nan in row 523, column 4 of X"):
        onelayer.train((da.from_array(X, chunks=(100, 6)), there))
