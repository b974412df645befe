"""Rows in groups: places among values, classes of groups, contents numbered; in little memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.estimators.folds import assign_folds
from onelayer.inputs.examples import common
from onelayer.readers import grouped, row_arrays
from onelayer.readers.grouped import Grouped, ascending, how_many_different, places_of
from onelayer.readers.row_arrays import numbers_of
from onelayer.readers.split import stratified_split

SMALL = st.lists(st.integers(0, 12), min_size=1, max_size=60)


@pytest.fixture(autouse=True, scope="module")
def few_together():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(grouped, "TOGETHER", 7)
        patched.setattr(row_arrays, "_TOGETHER", 7)
        yield


@given(SMALL, st.sampled_from(["int32", "uint8", "int64", "U5", "far", "negative"]))
def test_places_are_those_among_the_sorted_values(values, kind):
    given = np.array(values)
    given = {"far": given * 10**9, "negative": given - 5}.get(kind, given)
    given = given.astype(kind) if kind not in {"far", "negative"} else given
    found, places = places_of(given)
    expected, inverse = np.unique(given, return_inverse=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(places, inverse)
    assert found.dtype == given.dtype
    assert places.dtype.itemsize == 1


@given(SMALL)
def test_contents_are_numbered_as_they_first_appear(values):
    digests = np.array(values, np.uint64) << np.uint64(60)
    first = {}
    expected = [first.setdefault(value, len(first)) for value in digests.tolist()]
    halves = np.array_split(digests, 2)
    for parts in ([digests], halves):
        np.testing.assert_array_equal(numbers_of(parts), expected)
    assert how_many_different(numbers_of([digests])) == len(first)


@given(SMALL, st.data())
def test_a_group_is_of_its_most_frequent_class_of_equals_the_first(groups, data):
    m = len(groups)
    labels = np.array(data.draw(st.lists(st.integers(0, 4), min_size=m, max_size=m)))
    found = Grouped.of(labels, np.array(groups))
    for at, group in enumerate(sorted({*groups})):
        own = labels[np.array(groups) == group]
        counts = np.bincount(own, minlength=5)
        assert found.classes[found.group_class[at]] == counts.argmax()
    rows = [labels[found.spread(found.group_class) == k] for k in range(len(found.classes))]
    assert found.rows_of_classes.tolist() == [len(of_it) for of_it in rows]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 5))
def test_single_rows_are_split_alike_whatever_their_groups_are_called(labels, seed):
    """As texts, and as numbers that do not grow in steps of one, they are the same groups."""
    labels = np.array(labels)
    plain = np.arange(len(labels))
    assert ascending(plain)
    named = np.array([f"{at:04}" for at in plain])
    for groups in (3 * plain + 1, named):
        for fraction in (0.2, 0.5):
            np.testing.assert_array_equal(
                stratified_split(labels, groups, fraction, seed),
                stratified_split(labels, plain, fraction, seed),
            )
        np.testing.assert_array_equal(
            assign_folds(labels, groups, seed), assign_folds(labels, plain, seed)
        )


def test_rows_that_repeat_by_chance():
    assert common(np.arange(10) % 3)
    assert not common(np.arange(10))
    assert not common(np.array([5, 9, 11]))  # numbers of a part have gaps


@pytest.mark.parametrize("repeats", [False, True])
def test_a_row_takes_few_bytes_while_it_is_split(repeats):
    m = 200_000
    with pytest.MonkeyPatch.context() as patched:
        for room, name in ((grouped, "TOGETHER"), (row_arrays, "_TOGETHER")):
            patched.setattr(room, name, 10_000)
        digests = np.random.default_rng(0).integers(0, 2**63, m).astype(np.uint64)
        if repeats:
            digests[m // 2 :: 50] = digests[: m // 2 : 50]
        labels = (digests % 3).astype(np.int32)
        tracemalloc.start()
        contents = numbers_of([digests])
        first = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        held = stratified_split(labels, contents, 0.2, 0)
        assign_folds(labels, contents, 0)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert 0.19 * m < held.sum() < 0.21 * m
    assert first < 40 * m
    assert most < (45 if repeats else 20) * m
