"""A column whose texts repeat says what it would say cell by cell."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.readers.tables import text_counts
from onelayer.readers.tables.cells import nature_of, read_in_turn
from onelayer.readers.tables.notation import NOTHING, Notation
from onelayer.readers.tables.text_counts import TextCounts

WORDS = ["1.5", "1,5", "2,345", "7 %", "n/a", "x", "02139", "2024-05-01", "Oslo", "true", "-", None]
COLUMNS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), min_size=1, max_size=6)


@given(COLUMNS)
def test_what_is_counted_is_what_is_found_cell_by_cell(pieces):
    column = pa.chunked_array([pa.array(one, pa.large_string()) for one in pieces])
    counted = TextCounts.of(column)
    cells = TextCounts(column)
    assert counted.counts is not None
    assert counted.known == cells.known
    for pattern in (NOTHING, r"\d", "^$", "(?i)oslo"):
        assert counted.matching(pattern) == cells.matching(pattern)
    for part in ("%", ",", "zzz"):
        assert counted.any_with(part) == cells.any_with(part)
    for notation in (Notation(), Notation(","), Notation(".", ","), Notation(unit="%")):
        assert counted.read_by(notation.read) == cells.read_by(notation.read)


@given(COLUMNS)
def test_a_column_is_taken_for_the_same_however_many_texts_it_has(pieces):
    cells = read_in_turn("x", [pa.array(one, pa.string()) for one in pieces])
    found = nature_of(cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_counts, "FEW", 1)
        assert nature_of(cells) == found


def test_a_column_of_many_texts_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(text_counts, "FEW", 3)
    few, many = (
        pa.chunked_array([["a", "b"], ["b", "c"]]),
        pa.chunked_array([["a", "b"], ["c", "d"]]),
    )
    assert TextCounts.of(few).counts.tolist() == [1, 2, 1]
    assert TextCounts.of(many).texts is many
