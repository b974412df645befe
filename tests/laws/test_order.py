"""Order: columns in any order give the same bytes; rows and classes, the same to rounding."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from law_kinds import KINDS
from law_tables import random_tables, tries, write_frame

import onelayer

MADE = [name for name, kind in KINDS.items() if kind.name is None]
ALONE = {"C": 1.0, "calibrate": "none"}
"""Folds are drawn by row, so that with them another order is another model."""


@st.composite
def tables_in_two_orders(draw):
    """A table, and its columns in another order."""
    made = draw(random_tables())
    return made, draw(st.permutations(list(made.train.columns)))


@given(tables_in_two_orders())
@tries(15)
def test_columns_in_any_order_give_the_same_bytes(pair):
    made, order = pair
    with tempfile.TemporaryDirectory() as name:
        one = onelayer.train(write_frame(made.train, Path(name) / "a.csv"), **made.settings)
        other = onelayer.train(
            write_frame(made.train[order], Path(name) / "b.csv"), **made.settings
        )
    np.testing.assert_array_equal(other.coef, one.coef)
    np.testing.assert_array_equal(other.intercept, one.intercept)
    assert other.card.test == one.card.test
    expected = one.predict_proba(made.rows)
    np.testing.assert_array_equal(other.predict_proba(made.rows), expected)
    np.testing.assert_array_equal(one.predict_proba(made.test[order]), expected)


def test_columns_in_any_order_choose_the_same_penalty(tmp_path):
    sample = KINDS["csv"].make(0)
    frame = sample.X.assign(y=sample.y)
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    write_frame(frame, paths[0])
    write_frame(frame[frame.columns[::-1]], paths[1])
    one, other = (onelayer.train(path, target="y") for path in paths)
    np.testing.assert_array_equal(other.coef, one.coef)
    assert other.card.choice == one.card.choice
    assert other.card.test == one.card.test


def trained(kind, sample, test, folder):
    """A model of a sample, and its probabilities of the test set."""
    folder.mkdir()
    source, inputs = kind.write(sample, folder / "train"), kind.inputs(test, folder / "test")
    model = onelayer.train(source, **{**kind.settings, **ALONE}, test_size=0)
    return model, model.predict_proba(inputs)


@pytest.mark.parametrize("name", MADE)
def test_rows_in_another_order_give_the_same_model(name, tmp_path):
    """Pictures are files, whose order is that of their names."""
    kind = KINDS[name]
    sample, test = kind.make(0), kind.make(1)
    order = np.random.default_rng(0).permutation(len(sample))
    _, expected = trained(kind, sample, test, tmp_path / "a")
    _, found = trained(kind, sample.take(order), test, tmp_path / "b")
    # Of parts a sample, drawn by the rows' places, gives the start: another end within tol.
    in_parts = "on disk" in name or "dask" in name
    rtol, atol = (1e-4, 1e-5) if in_parts else (1e-7, 1e-9)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", MADE)
def test_classes_in_another_order_give_the_same_model(name, tmp_path):
    """Classes are sorted: the last becomes the first."""
    kind = KINDS[name]
    sample, test = kind.make(0), kind.make(1)
    classes, position = np.unique(sample.y, return_inverse=True)
    renamed = classes[::-1][position]
    _, expected = trained(kind, sample, test, tmp_path / "a")
    _, found = trained(kind, replace(sample, y=renamed), test, tmp_path / "b")
    np.testing.assert_allclose(found[:, ::-1], expected, rtol=1e-7, atol=1e-9)
