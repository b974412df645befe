"""Judging has no part: whatever the test set holds, the trained parameters are the same."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from law_kinds import KINDS, Sample
from law_tables import KINDS as COLUMNS
from law_tables import random_tables, tries, write_frame
from scipy import sparse

import onelayer


def joined(one, other):
    """Two samples, one after the other."""
    if isinstance(one.X, pd.DataFrame):
        return Sample(pd.concat([one.X, other.X]), np.concatenate([one.y, other.y]))
    stack = sparse.vstack if sparse.issparse(one.X) else np.concatenate
    X = stack([one.X, other.X])
    return Sample(X.tocsr() if sparse.issparse(X) else X, np.concatenate([one.y, other.y]))


def require_same(found, expected):
    """Whether two models have the same parameters and answer by the same rule."""
    np.testing.assert_array_equal(found.coef, expected.coef)
    np.testing.assert_array_equal(found.intercept, expected.intercept)
    assert found.temperature == expected.temperature
    assert found.card.choice == expected.card.choice
    assert found.card.calibration == expected.card.calibration
    assert found.card.train == expected.card.train


@pytest.mark.parametrize("name", KINDS)
def test_another_test_set_leaves_the_parameters(name, tmp_path):
    kind = KINDS[name]
    source, test = kind.source(kind.make(0), tmp_path / "train"), kind.make(1)
    mislabelled = Sample(test.X, np.random.default_rng(0).permutation(test.y))
    sets = {"test": test, "mislabelled": mislabelled, "another": kind.make(2).take(np.arange(40))}
    models = [
        onelayer.train(
            source, test=kind.write(held, tmp_path / name), **{**kind.settings, "C": 1.0}
        )
        for name, held in sets.items()
    ]
    for model in models[1:]:
        require_same(model, models[0])
    assert models[1].card.test != models[0].card.test


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.name is None])
def test_what_is_held_out_has_no_part(name, tmp_path):
    """The rows that are held out are found by their names; their cells become those of others."""
    kind, sample = KINDS[name], KINDS[name].make(0)
    settings = {**kind.settings, "C": None}
    one = onelayer.train(kind.write(sample, tmp_path / "one"), **settings)
    numbers = [int(Path(str(name)).stem) for name in one.evidence.parts.test.names]
    place = np.arange(len(sample))
    place[numbers] += len(sample)
    both = joined(sample, kind.make(1)).take(place)
    other = onelayer.train(kind.write(Sample(both.X, sample.y), tmp_path / "other"), **settings)
    assert list(other.evidence.parts.test.names) == list(one.evidence.parts.test.names)
    require_same(other, one)
    assert other.card.test != one.card.test


@st.composite
def tables_with_two_test_sets(draw):
    """A table, and a test set in which one column's cells are of any kind that it can hold."""
    made = draw(random_tables())
    column = draw(st.sampled_from(list(made.made_of)))
    numeric = made.train[column].dtype.kind in "if"
    fitting = [kind for kind in COLUMNS if not numeric or "number" in kind or kind == "empty"]
    fitting = [kind for kind in fitting if kind != "levels like numbers"]
    cells = COLUMNS[draw(st.sampled_from(fitting))](np.random.default_rng(1), len(made.test))
    labels = draw(st.permutations(list(made.test.y)))
    return made, made.test.assign(**{column: cells, "y": labels})


@given(tables_with_two_test_sets())
@tries(15)
def test_any_cells_and_labels_of_the_test_set_leave_the_parameters(pair):
    made, other = pair
    with tempfile.TemporaryDirectory() as name:
        train, test = made.written(Path(name))
        one = onelayer.train(train, test=test, **made.settings)
        changed = write_frame(other, Path(name) / "other.csv")
        require_same(onelayer.train(train, test=changed, **made.settings), one)
