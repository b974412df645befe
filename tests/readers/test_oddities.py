"""The page of oddities of CSV files says what is read, of them all."""

from pathlib import Path

import pytest

import make_csv

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("odd", make_csv.ODDITIES, ids=lambda odd: f"{odd.kind}: {odd.title}")
def test_an_odd_file_is_read_as_its_author_meant(odd):
    found = make_csv.ours(odd.content)
    refused, _, why = odd.read.partition("refused: ")
    if why:
        assert found.startswith("refused: ")
        assert why in found
    else:
        assert found == refused


def test_there_are_a_hundred_and_the_page_has_them_all():
    assert len(make_csv.ODDITIES) >= 100
    assert (DOCS / "csv.md").read_text(encoding="utf-8") == make_csv.page()
