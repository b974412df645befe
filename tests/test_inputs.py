"""Inputs: one object makes rows of X in training and for ever after, and no card is asked."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import dump_svmlight_file

import onelayer
from onelayer.card import Card
from onelayer.errors import DataError
from onelayer.inputs import inputs_from, kept_inputs
from onelayer.inputs.columns import Codes, Column
from onelayer.inputs.fitting import fit_table, telling


def of_table(tmp_path):
    rows = [f"{k % 7};{'abc'[k % 3]};{1 + k % 2};{'no' if k % 5 < 2 else 'yes'}" for k in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["age;town;w;answer", *rows]))
    settings = {"target": "answer", "weights": "w", "delimiter": ";"}
    return onelayer.train(tmp_path / "t.csv", C=1.0, **settings), tmp_path / "t.csv"


def of_arrays(tmp_path):
    random = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", emb=random.normal(size=(60, 4)), kind=np.arange(60) % 2)
    return onelayer.train(tmp_path / "a.npz", x="emb", y="kind", C=1.0), tmp_path / "a.npz"


def of_libsvm(tmp_path):
    X = sparse.random(60, 9, 0.4, random_state=0).toarray()
    X[:, 0] = 1.0
    path = tmp_path / "a.svm"
    dump_svmlight_file(sparse.csr_matrix(X), np.arange(60) % 2, str(path), zero_based=False)
    return onelayer.train(path, n_features=9, C=1.0), path


def of_pictures(tmp_path):
    random = np.random.default_rng(1)
    X = random.integers(0, 256, (60, 5, 6, 3), dtype=np.uint8)
    np.savez(tmp_path / "p.npz", images=X, y=np.arange(60) % 3)
    return onelayer.train(tmp_path / "p.npz", C=1e-3), tmp_path / "p.npz"


@pytest.fixture(params=[of_table, of_arrays, of_libsvm, of_pictures], scope="module")
def made(request, tmp_path_factory):
    return request.param(tmp_path_factory.mktemp("inputs"))


BLANK = Card(classes=[], features=0, created="", versions={}, scaling=None)


def test_no_prediction_reads_the_card(made):
    model, source = made
    blank = replace(model, card=BLANK)
    np.testing.assert_array_equal(blank.predict_proba(source), model.predict_proba(source))
    np.testing.assert_array_equal(blank.contributions(source), model.contributions(source))
    assert blank.evaluate(source) == model.evaluate(source)


def test_json_keeps_them(made):
    model, source = made
    again = inputs_from(json.loads(json.dumps(kept_inputs(model.inputs))))
    assert again.kind == model.inputs.kind
    assert (again.n, again.features) == (model.layer.n, model.inputs.features)
    assert kept_inputs(again) == kept_inputs(model.inputs)
    found, expected = again.rows(source), model.rows(source)
    if sparse.issparse(expected):
        found, expected = found.toarray(), expected.toarray()
    np.testing.assert_array_equal(found, expected)


def test_they_made_what_was_trained_on(made):
    model, source = made
    parts = model.evidence.parts
    whole, rows = model.rows(source), parts.train.places
    found, trained = whole[rows], parts.train.matrix
    if sparse.issparse(trained):
        found, trained = found.toarray(), trained.toarray()
    np.testing.assert_array_equal(found, trained)
    assert parts.train.inputs is model.inputs


def test_contributions_are_of_what_people_see(made):
    model, source = made
    seen = model.contributions(source).shape[1]
    assert seen == (2 if model.columns else model.layer.n)


def test_an_unknown_kind_is_refused(made):
    with pytest.raises(ValueError, match="inputs of the kind 'smells' are unknown"):
        inputs_from({**kept_inputs(made[0].inputs), "kind": "smells"})


def test_rows_take_no_pictures(tmp_path):
    model, _ = of_arrays(tmp_path)
    with pytest.raises(DataError, match="was not trained on pictures but on a table of 4 features"):
        model.predict(["new.jpg"])


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 2.5, np.nan]), min_size=24, max_size=24),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["age", "column 0"]),
)
def test_rows_are_told_apart_by_the_columns_that_a_fit_looks_at(columns, first):
    """Those that say nothing, and an index that was written along, are among neither."""
    values = np.array([*columns, np.arange(24.0)]).T
    names = [first, "b", "c", "d", "e"][: values.shape[1]]
    codes = Codes(tuple(Column(name=name, kind="number") for name in names), values)
    told = telling(codes, None)
    assert [one.name for one in told] == [one.name for one in fit_table(codes).table.columns]


def test_no_rows_have_no_answers(tmp_path):
    """A frame of which nothing is left, as a filter may leave it."""
    model = of_table(tmp_path)[0]
    none = pd.DataFrame({"age": [1.0], "town": ["a"]}).iloc[:0]
    assert model.predict(none).shape == (0,)
    assert model.predict_proba(none).shape == (0, 2)
    assert of_arrays(tmp_path)[0].predict_proba(np.zeros((0, 4))).shape == (0, 2)
