"""What is unlike any example trained on: never one of those, and whatever stands beside it."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from law_tables import random_tables, tries, write_frame

import onelayer


def trained(table, frame):
    with tempfile.TemporaryDirectory() as name:
        source = write_frame(frame, Path(name) / "t.csv")
        return onelayer.train(source, **table.settings, test_size=0, calibrate="none")


def far_away(frame):
    """The same rows, of which every other has numbers, dates and levels that nobody has seen."""
    odd = frame.copy()
    for name in frame:
        cells = odd[name].astype(object)
        number = pd.api.types.is_numeric_dtype(frame[name])
        dated = frame[name].astype(str).str.match(r"\d+[/-]\d+[/-]\d+").any()
        cells[::2] = 1e6 if number else frame[name].max() if dated else "never seen"
        odd[name] = cells
    return odd


@given(random_tables(without=("sentences",)))
@tries(15)
def test_no_row_trained_on_is_unlike_them(table):
    model = trained(table, table.train)
    assert model.unlike(table.train) == [""] * len(table.train)


@given(random_tables(without=("dates", "sentences")), st.randoms(use_true_random=False))
@tries(10)
def test_a_row_is_as_unlike_whatever_stands_beside_it(table, random):
    model = trained(table, table.train)
    rows = far_away(table.rows)
    said = model.unlike(rows)
    assert any(said)
    order = random.sample(range(len(rows)), len(rows))
    assert model.unlike(rows.iloc[order]) == [said[at] for at in order]
    alone = random.randrange(len(rows))
    assert model.unlike(rows.iloc[[alone]]) == [said[alone]]


@given(random_tables(extra=False, without=("dates", "sentences", "identifying")))
@tries(8)
def test_weight_2_is_a_row_twice(table):
    weights = np.arange(len(table.train)) % 3 + 1
    repeated = table.train.iloc[np.repeat(np.arange(len(weights)), weights)]
    with tempfile.TemporaryDirectory() as name:
        how = {**table.settings, "test_size": 0, "calibrate": "none"}
        frame = table.train.assign(weight=weights)
        one = onelayer.train(write_frame(frame, Path(name) / "a.csv"), weights="weight", **how)
        two = onelayer.train(write_frame(repeated, Path(name) / "b.csv"), **how)
    rows = far_away(table.rows)
    assert one.unlike(rows) == two.unlike(rows)
