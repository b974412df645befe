"""Answers joined in a fixed tree: whoever joins what first, the same bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.designs.fixed_tree import FixedTree


def by_halves(answers, count):
    """The twin: what is up to the largest power of two below the count, and the rest."""
    if count == 1:
        return answers[0]
    half = 1 << (count - 1).bit_length() - 1
    return by_halves(answers[:half], half) + by_halves(answers[half:], count - half)


@given(st.integers(1, 70), st.data())
def test_the_sum_is_one_whoever_adds_up_what(count, data):
    rng = np.random.default_rng(count)
    answers = rng.normal(size=count) * 10.0 ** rng.integers(-9, 9, count)
    owners = data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    whole = FixedTree(count, lambda one, other: one + other)
    for owner in data.draw(st.permutations(range(5))):
        part = FixedTree(count, lambda one, other: one + other)
        part.add_all((0, i, answers[i]) for i in range(count) if owners[i] == owner)
        whole.add_all(part.branches)
    assert whole.whole == by_halves(answers, count)


@given(st.integers(1, 70), st.randoms())
def test_parts_keep_their_order(count, random):
    places = list(range(count))
    random.shuffle(places)
    tree = FixedTree(count, lambda one, other: one + other)
    tree.add_all((0, i, [i]) for i in places)
    assert tree.whole == list(range(count))


def test_neighbours_are_joined_at_once():
    tree = FixedTree(256, lambda one, other: one + other)
    tree.add_all((0, i, 1) for i in range(64, 128))
    assert tree.branches == [(6, 1, 64)]
    with pytest.raises(ValueError, match="unpack"):
        FixedTree(2, int.__add__).whole  # noqa: B018 - nobody has answered
