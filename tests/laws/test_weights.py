"""Weights: 2 is the row twice, 0 is no row, and 1 everywhere is no weight at all."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from law_tables import USELESS, random_tables, tries, write_frame

import onelayer

ALONE = {"C": 1.0, "calibrate": "none", "test_size": 0}
SAME = {"rtol": 1e-6, "atol": 1e-8}


def trained(frame, folder, name, **settings):
    return onelayer.train(write_frame(frame, folder / f"{name}.csv"), target="y", **settings)


def without_text(made):
    """A table's rows without texts that all differ, which rows that are repeated have twice."""
    return made.train.drop(columns=[c for c, kind in made.made_of.items() if kind in USELESS])


@given(random_tables(extra=False, without=("sentences",)))
@tries(12)
def test_a_weight_of_two_is_the_row_twice(made):
    random = np.random.default_rng(0)
    rows = without_text(made)
    counts = random.integers(0, 4, len(rows))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repeated = rows.loc[rows.index.repeat(counts)]
        twice = trained(repeated, folder, "twice", **ALONE)
        once = trained(rows.assign(n=counts), folder, "once", weights="n", **ALONE)
        np.testing.assert_allclose(once.coef, twice.coef, **SAME)
        np.testing.assert_allclose(once.intercept, twice.intercept, **SAME)
        judged = [
            once.evaluate(folder / "once.csv").to_dict(),
            once.evaluate(folder / "twice.csv").to_dict(),
        ]
    assert judged[0]["n"] == judged[1]["n"] == counts.sum()
    for measure in ("accuracy", "balanced_accuracy", "log_loss", "brier", "auc"):
        assert judged[0][measure] == pytest.approx(judged[1][measure], rel=1e-12), measure


@given(random_tables(extra=False))
@tries(8)
def test_weights_of_one_are_no_weights(made):
    with tempfile.TemporaryDirectory() as name:
        plain = trained(made.train, Path(name), "plain", C=1.0)
        ones = trained(made.train.assign(n=1), Path(name), "ones", C=1.0, weights="n")
    np.testing.assert_array_equal(ones.coef, plain.coef)
    np.testing.assert_array_equal(ones.intercept, plain.intercept)
    assert ones.temperature == plain.temperature
    assert ones.card.test == plain.card.test


@given(random_tables(extra=False, without=("sentences",)))
@tries(8)
def test_equal_weights_are_no_weights(made):
    """C counts for each row, so that a fifth of it stands against rows that count for five."""
    rows = without_text(made)
    with tempfile.TemporaryDirectory() as name:
        plain = trained(rows, Path(name), "plain", **ALONE)
        fives = trained(rows.assign(n=0.2), Path(name), "fives", weights="n", **{**ALONE, "C": 5.0})
    np.testing.assert_allclose(fives.coef, plain.coef, **SAME)
    np.testing.assert_allclose(fives.intercept, plain.intercept, **SAME)


@given(random_tables(extra=False))
@tries(8)
def test_a_row_or_class_without_weight_is_none(made):
    """Its cells are not looked at: neither new levels, nor a class of its own, nor text."""
    frame = made.train.assign(n=1)
    ghosts = frame.iloc[:5].assign(n=0, y="a class without weight")
    for column, kind in made.made_of.items():
        if kind in {"category", "codes"}:
            ghosts[column] = "a level without weight"
    mixed = frame.iloc[:30], ghosts, frame.iloc[30:]
    with tempfile.TemporaryDirectory() as name:
        plain = trained(frame, Path(name), "plain", C=1.0, weights="n")
        path = Path(name) / "ghosts.csv"
        path.write_text(
            "".join(part.to_csv(index=False, header=at == 0) for at, part in enumerate(mixed))
        )
        haunted = onelayer.train(path, target="y", C=1.0, weights="n")
    np.testing.assert_array_equal(haunted.classes, plain.classes)
    np.testing.assert_array_equal(haunted.coef, plain.coef)
    np.testing.assert_array_equal(haunted.intercept, plain.intercept)
    assert haunted.card.test == plain.card.test
