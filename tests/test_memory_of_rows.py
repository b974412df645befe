"""What a table larger than memory takes of it: bytes a row, whatever the column holds."""

import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onelayer
from onelayer import memory_limits
from onelayer.calibration import threshold_for_recall
from onelayer.designs.made_rows import MadeRows
from onelayer.designs.rows_in_turn import RowsInTurn
from onelayer.designs.rows_on_disk import columns_in_file
from onelayer.estimators.folds import Folded
from onelayer.evaluation import evaluate
from onelayer.inputs import made
from onelayer.inputs.codes import column_codes
from onelayer.inputs.column_kinds import ReadTable, look
from onelayer.inputs.columns import Codes
from onelayer.inputs.fitting import fit_table, telling
from onelayer.inputs.made import level_sizes, spread_of, weighted_quantiles
from onelayer.inputs.oddities import Oddities
from onelayer.model.repeats import repeats_of
from onelayer.readers import stratified_split
from onelayer.readers.tables.arrow_values import where_matching
from onelayer.readers.tables.cells import read_cells, read_in_turn, read_numbers
from onelayer.report.judging import Mean, first_of

M, PIECE = 300_000, 10_000
KINDS = {
    "numbers": lambda random: pa.array(random.normal(size=M), mask=random.random(M) < 0.1),
    "numbers as texts": lambda random: pa.array(random.normal(size=M).round(3).astype(str)),
    "levels": lambda random: pa.array(random.choice(["Oslo", "Rome", "Lima"], M)),
    "dates": lambda random: pa.array(random.integers(0, 1000, M).astype("datetime64[D]")),
}
MOST = {"numbers": 30, "numbers as texts": 45, "levels": 35, "dates": 45}
"""Bytes a row while a column is read and looked at, beside its cells in the file's own type."""


def pieces(column):
    return [column[start : start + PIECE] for start in range(0, M, PIECE)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_is_looked_at_takes_few_bytes_a_row(kind):
    column = pieces(KINDS[kind](np.random.default_rng(0)))
    pool, before, most = pa.default_memory_pool(), pa.total_allocated_bytes(), 0

    def in_turn():
        nonlocal most
        for piece in column:
            most = max(most, pa.total_allocated_bytes())
            yield piece

    rows = np.arange(M, dtype=np.int32)
    tracemalloc.start()
    try:
        cells = read_in_turn("x", in_turn())
        found = look(cells, ".", ReadTable("", ()))
        most = max(most, pa.total_allocated_bytes())
        column_codes(found.column, cells, "", rows, Oddities(""))
        here = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    del pool
    assert (most - before + here) / M < MOST[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ask", [fit_table, lambda codes: telling(codes, None)])
def test_what_a_column_becomes_takes_three_numbers_a_row(kind, ask, monkeypatch):
    cells = read_in_turn("x", pieces(KINDS[kind](np.random.default_rng(0))))
    column = look(cells, ".", ReadTable("", ())).column
    _, values = column_codes(column, cells, "", np.arange(M), Oddities(""))
    codes = Codes((column,), values[:, None])
    monkeypatch.setattr(made, "TOGETHER", PIECE)
    tracemalloc.start()
    try:
        ask(codes)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most / M < 26


texts = st.lists(
    st.sampled_from(["1.5", " 2", "n/a", "NA", "", "x", "-", "3,5", "Oslo", None]), min_size=1
)


@given(texts, st.integers(1, 5))
def test_a_column_in_pieces_is_the_column(words, size):
    array = pa.array(words, pa.string())
    parts = [array[start : start + size] for start in range(0, len(words), size)]
    whole, found = read_cells("x", array), read_in_turn("x", parts)
    assert found.values.to_pylist() == whole.values.to_pylist()
    assert found.words == whole.words
    assert found.missing.tolist() == [word is None for word in whole.values.to_pylist()]
    marked = where_matching(found.values, r"^\D+$").tolist()
    assert marked == [
        word is not None and not word[:1].isdigit() for word in found.values.to_pylist()
    ]
    numbers = read_numbers(found)
    np.testing.assert_array_equal(numbers.values, read_numbers(whole).values)
    odd = [word in {"x", "3,5", "Oslo"} for word in found.values.to_pylist()]
    assert numbers.odd.tolist() == odd


def folds_judged(Z, labels):
    """What the layer of a fold says, of which Z has all, beside a thousand that it judged before.

    Whether a row is of that fold, the first, is told by its label.
    """
    rows = np.arange(0, M, M // 1000, dtype=np.int32)
    folded = Folded(labels, rows, [0, 1]).until(1)
    known = Z[rows[labels[rows] == 0]]
    return folded.judged([known], [None], lambda _, some: Z[some])


GROUPS = np.random.default_rng(1).integers(0, 8 * M, M).astype(np.int32) // 4
"""Few rows are in one group."""

JUDGING = {
    "measures": (24, lambda Z, labels: evaluate(Z, labels, np.arange(2))),
    "mean": (2, lambda Z, _: Mean.of(Z[:, 0])),
    "recall": (10, lambda Z, labels: threshold_for_recall(Z[:, 0], labels == 1, 0.8)),
    "folds": (12, folds_judged),
    "groups": (32, lambda _, labels: stratified_split(labels, GROUPS, 0.2, 0)),
}
"""What is found of rows that judge, or which these are, and how many bytes a row it takes at most,
z aside."""


@pytest.mark.parametrize("what", JUDGING)
def test_what_judges_takes_few_bytes_a_row(what, monkeypatch):
    """Where there are very many: here more than a tenth of `M`, and of the rows looked at."""
    for many in ("report.judging.MANY", "calibration.threshold_curves.MANY", "measures.ROWS"):
        monkeypatch.setattr(f"onelayer.{many}", PIECE)
    monkeypatch.setattr("onelayer.readers.grouped.TOGETHER", PIECE)
    monkeypatch.setattr("onelayer.estimators.folds.JUDGED", PIECE)
    random = np.random.default_rng(0)
    Z, labels = random.normal(size=(M, 1)), random.integers(0, 2, M, np.int8)
    most, find = JUDGING[what]
    tracemalloc.start()
    try:
        find(Z, labels)
        here = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert here / M < most


numbers = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=40).map(np.array)


@given(numbers, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=3))
def test_quantiles_of_rows_that_count_the_same_are_those_of_weights_of_1(values, shares):
    weighted = weighted_quantiles(values, np.ones(len(values)), shares)
    assert weighted_quantiles(values, None, shares) == weighted


@settings(max_examples=30)
@given(numbers, st.integers(1, 50))
def test_what_is_summed_in_pieces_is_what_is_summed_at_once(values, together):
    values = np.append(values, [7.0, 8.0])
    weights = np.arange(1.0, 1 + len(values))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "TOGETHER", together)
        mean, scale = spread_of(values, weights, "x")
        sizes = level_sizes(np.where(values < 0, np.nan, values), 9, weights)
    assert mean == pytest.approx(np.average(values, weights=weights), rel=1e-12)
    spread = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    assert scale == pytest.approx(1 / spread, rel=1e-12)
    places = np.where(values < 0, 9, values).astype(int)
    np.testing.assert_array_equal(sizes, np.bincount(places, weights, minlength=10))


def test_that_no_row_repeats_is_seen_in_few_bytes_a_row():
    rng, m = np.random.default_rng(0), 60_000
    X = rng.normal(size=(m, 2))
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": X[:, 0] > rng.normal(size=m)})
    parts = onelayer.train(frame, target="y", C=1.0, calibrate="none").evidence.parts
    tracemalloc.start()
    try:
        assert repeats_of(parts) is None
        assert tracemalloc.get_traced_memory()[1] / m < 15
    finally:
        tracemalloc.stop()


@given(st.lists(st.integers(0, 3), max_size=60).map(np.array), st.integers(1, 5))
def test_the_first_of_rows_are_those_of_a_stable_order(keys, count):
    rows = np.arange(100, 100 + len(keys))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("onelayer.measures.ROWS", 7)
        found = first_of(rows, lambda some: keys[some - 100].astype(float), count)
    assert found.tolist() == (100 + np.argsort(keys, kind="stable")[:count]).tolist()


@pytest.fixture
def stored(tmp_path):
    X = np.random.default_rng(0).normal(size=(500, 3))
    (tmp_path / "codes").write_bytes(X.T.tobytes())
    return X, columns_in_file(tmp_path / "codes", X.shape, 0)


@pytest.mark.parametrize(
    "rows", [slice(3, 400), slice(10, 300, 7), np.arange(0, 500, 3), np.arange(500) % 5 == 0]
)
def test_rows_that_are_made_some_at_a_time_are_those_made_at_once(rows, stored, monkeypatch):
    X, rows_there = stored
    made_rows = MadeRows.of(rows_there, lambda codes: 2 * codes, 3, "twice")
    monkeypatch.setattr("onelayer.designs.made_rows.TOGETHER", 8)
    np.testing.assert_array_equal(made_rows[rows], 2 * X[rows])


@pytest.mark.parametrize("rows", [slice(M - 5, M + 5), np.arange(M - 5, M + 5)])
def test_some_rows_of_several_sources_take_no_memory_for_the_others(rows):
    both = RowsInTurn([np.zeros((M, 1)), np.ones((M, 1))])
    tracemalloc.start()
    try:
        found = both[rows]
        here = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[:, 0].tolist() == [0.0] * 5 + [1.0] * 5
    assert here < 10_000


@pytest.mark.parametrize("size", [1 << 26, 800])
def test_a_column_is_read_of_some_rows(size, stored, monkeypatch):
    X, rows_there = stored
    monkeypatch.setattr("onelayer.designs.rows_on_disk.GROUP_BYTES", size)
    rows = np.arange(0, 500, 3, dtype=np.int32)[20:]
    np.testing.assert_array_equal(rows_there.column(1, rows), X[rows, 1])
    np.testing.assert_array_equal(rows_there.column(2), X[:, 2])


def test_what_was_freed_goes_back_where_the_system_takes_it(monkeypatch):
    memory_limits.give_back()

    def unknown(_):
        raise OSError("no such library")

    monkeypatch.setattr(memory_limits.ctypes, "CDLL", unknown)
    kept = pa.array(range(1000))
    memory_limits.give_back()
    assert kept.to_pylist() == list(range(1000))
