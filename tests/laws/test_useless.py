"""Nothing useless matters: a column that says nothing moves no answer by a bit, wherever it is."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from law_kinds import KINDS
from law_tables import USELESS, M, random_tables, tries, write_frame

import onelayer


@st.composite
def tables_with_useless_columns(draw):
    """A table, and the same with columns that say nothing at any places, under any names."""
    made = draw(random_tables())
    frame = made.train.copy()
    # A level of one row that counts for many is that of many rows, and so not rare.
    kinds = [kind for kind in USELESS if kind != "mostly rare" or "weights" not in made.settings]
    for at, kind in enumerate(draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3))):
        place, name = draw(st.integers(0, frame.shape[1])), draw(st.sampled_from("_Zz")) + str(at)
        frame.insert(place, name, USELESS[kind](np.random.default_rng(at), M))
    return made, frame


@given(tables_with_useless_columns())
@tries(15)
def test_a_useless_column_moves_nothing_by_a_bit(pair):
    """Nor does it move a row to the other side of the hold-out, or into another fold."""
    made, frame = pair
    with tempfile.TemporaryDirectory() as name:
        one = onelayer.train(write_frame(made.train, Path(name) / "a.csv"), **made.settings)
        other = onelayer.train(write_frame(frame, Path(name) / "b.csv"), **made.settings)
    np.testing.assert_array_equal(other.coef, one.coef)
    np.testing.assert_array_equal(other.intercept, one.intercept)
    assert other.card.test == one.card.test
    np.testing.assert_array_equal(other.predict_proba(made.rows), one.predict_proba(made.rows))


@given(tables_with_useless_columns())
@tries(8)
def test_what_judges_need_not_have_a_useless_column(pair):
    """Nor have the same kind of cells there: what is not looked at is not looked for."""
    made, frame = pair
    with tempfile.TemporaryDirectory() as name:
        train, test = made.written(Path(name))
        one = onelayer.train(train, test=test, **made.settings)
        useless = write_frame(frame, Path(name) / "useless.csv")
        other = onelayer.train(useless, test=test, **made.settings)
        assert other.card.test == one.card.test == other.evaluate(test)
        odd = {column: "12,5" for column in frame if column not in made.train}
        odd_test = write_frame(made.test.assign(**odd), Path(name) / "odd.csv")
        assert onelayer.train(useless, test=odd_test, **made.settings).card.test == one.card.test


def test_a_useless_column_chooses_the_same_penalty(tmp_path):
    sample = KINDS["csv"].make(0)
    frame = sample.X.assign(y=sample.y)
    one = onelayer.train(write_frame(frame, tmp_path / "a.csv"), target="y")
    frame.insert(0, "key", [f"key {at}" for at in range(len(frame))])
    other = onelayer.train(write_frame(frame, tmp_path / "b.csv"), target="y")
    assert other.card.choice == one.card.choice
    np.testing.assert_array_equal(other.coef, one.coef)
