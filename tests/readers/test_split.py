"""Held-out rows: stratified, identical ones on one side, the same for the same seed."""

from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from onelayer.errors import UsageError
from onelayer.readers import content_groups, split, split_notes, stratified_split


def test_equal_rows_share_a_number():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    images[3] = images[1]
    images[5] = images[1]
    images[5, 0, 0, 0] ^= 1
    np.testing.assert_array_equal(content_groups(images), [0, 1, 2, 1, 3, 4])
    assert content_groups(images).dtype == np.int32
    np.testing.assert_array_equal(content_groups(np.array([[0.5], [1.0], [0.5]])), [0, 1, 0])
    assert content_groups(images[:0]).shape == (0,)


def test_each_class_gives_its_share():
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    test = stratified_split(labels, np.arange(160), 0.2, seed=0)
    assert test.dtype == bool
    np.testing.assert_array_equal(np.bincount(labels[test]), [20, 10, 2])


def test_the_total_is_right_where_shares_are_fractions():
    labels = np.repeat(np.arange(40), 7)  # 0.2 * 7 = 1.4 of each class
    test = stratified_split(labels, np.arange(280), 0.2, seed=3)
    assert test.sum() == 56
    assert set(np.bincount(labels[test])) == {1, 2}


def test_the_seed_decides():
    labels = np.arange(200) % 2
    groups = np.arange(200)
    first = stratified_split(labels, groups, 0.3, 0)
    np.testing.assert_array_equal(first, stratified_split(labels, groups, 0.3, 0))
    assert (first != stratified_split(labels, groups, 0.3, 1)).any()


def test_names_and_text_serve_as_labels_and_groups():
    labels = np.array(["b", "a", "b", "a"])
    groups = np.array(["w", "x", "y", "z"])
    test = stratified_split(labels, groups, 0.5, 0)
    assert sorted(labels[test]) == ["a", "b"]


def test_a_huge_group_does_not_empty_a_side():
    groups = np.concatenate([np.zeros(90, int), np.arange(1, 11)])
    test = stratified_split(np.zeros(100, int), groups, 0.05, 0)
    assert not test[:90].any()
    assert test.sum() == 5


def test_a_class_of_one_group_stays_in_training_and_is_named():
    labels = np.array([0, 0, 0, 1, 1, 2])
    groups = np.array([0, 1, 2, 3, 3, 4])
    test = stratified_split(labels, groups, 0.4, 0)
    assert not test[3:].any()
    assert split_notes(labels, groups, test, ("ant", "bee", "cat"), "rows") == (
        "all 2 rows of bee are in one group: they stay in training, and nobody judges bee",
        "cat has one row alone: it stays in training, and nobody judges cat",
    )
    assert split_notes(labels[:3], groups[:3], test[:3], ("ant", "bee", "cat"), "rows") == ()
    together = np.array([0, 0, 1, 1, 1]), np.zeros(5, int), np.zeros(5, bool)
    assert split_notes(*together, ("ant", "bee"), "pictures") == (
        (
            "the 2 pictures of ant are in groups that are mostly of other classes: they stay in "
            "training, and nobody judges ant"
        ),
        "all 3 pictures of bee are in one group: they stay in training, and nobody judges bee",
    )


def test_nothing_is_held_out_for_none():
    assert not stratified_split(np.array([0, 1]), np.array([0, 1]), 0, 0).any()


@pytest.mark.parametrize("size", [-0.1, 1, 20, float("nan")])
def test_a_share_outside_of_0_and_1_is_refused(size):
    with pytest.raises(UsageError, match=r"test_size is .*: give a fraction, at least 0 and bel"):
        stratified_split(np.array([0, 1]), np.array([0, 1]), size, 0)


@given(
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=2, max_size=60),
    st.integers(0, 2000),
    st.randoms(use_true_random=False),
)
def test_groups_that_are_not_put_in_order_are_taken_as_those_that_are(groups, quota, random):
    """Some turns are those of another class, some groups beyond the first rows looked at."""
    sizes, mine = np.array(groups).T
    mine[:2] = True
    turn = np.array(random.sample(range(len(sizes)), len(sizes)))[mine == 1]
    sizes = sizes[mine == 1]
    order = np.argsort(turn)
    expected = np.zeros(len(sizes), bool)
    expected[order] = split._taken(sizes[order], quota)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("onelayer.readers.grouped.TOGETHER", 7)
        found = turn < split._first_left(turn, sizes, quota)
    assert found.tolist() == expected.tolist()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=60),
    st.floats(0.01, 0.99),
    st.integers(0, 5),
)
def test_promises_hold_for_any_rows(rows, size, seed):
    labels = np.array([label for label, _ in rows])
    groups = np.array([10 * label + group for label, group in rows])
    test = stratified_split(labels, groups, size, seed)
    for group in np.unique(groups):
        assert len(set(test[groups == group])) == 1
    for label in np.unique(labels):
        sides = set(test[labels == label])
        several = len(set(groups[labels == label])) > 1
        assert sides == ({True, False} if several else {False})


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=60),
    st.floats(0.01, 0.99),
)
def test_a_group_of_several_classes_is_on_one_side(rows, size):
    labels, groups = np.array(rows).T
    test = stratified_split(labels, groups, size, 0)
    for group in np.unique(groups):
        assert len(set(test[groups == group])) == 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40),
    st.floats(0.01, 0.99),
    st.integers(0, 5),
)
def test_the_notes_name_just_the_classes_of_which_no_row_is_held_out(rows, size, seed):
    labels, groups = np.array(rows).T
    test = stratified_split(labels, groups, size, seed)
    notes = split_notes(labels, groups, test, ("ant", "bee", "cat", "dog"), "rows")
    named = [note.rpartition(" ")[2] for note in notes]
    untold = sorted({*labels.tolist()} - {*labels[test].tolist()})
    assert named == [("ant", "bee", "cat", "dog")[label] for label in untold]
    for label, note in zip(untold, notes, strict=True):
        ways = len({*groups[labels == label].tolist()})
        assert ("are in one group:" in note) <= (ways == 1)


def test_sixty_thousand_rows_take_no_time():
    random = np.random.default_rng(0)
    labels, groups = random.integers(0, 10, 60000), random.integers(0, 50000, 60000)
    start = process_time()
    test = stratified_split(labels, groups, 0.2, 0)
    assert process_time() - start < 1  # 0.05; row by row it would be 10
    assert abs(test.mean() - 0.2) < 0.001


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, np.int16, "sparse", "columns"])
def test_rows_are_numbered_as_a_dictionary_of_their_bytes_would(kind):
    """Blocks of rows, words of 32 bits, a last word that is not full; over several parts."""
    random = np.random.default_rng(0)
    X = random.integers(0, 3, (60_000, 5)).astype(kind if isinstance(kind, type) else np.float64)
    rows = np.asfortranarray(X) if kind == "columns" else X
    parts = [sparse.csr_array(X[:50_000]), sparse.csr_array(X[50_000:])]
    numbers: dict[bytes, int] = {}
    expected = [numbers.setdefault(row.tobytes(), len(numbers)) for row in X]
    found = content_groups(*(parts if kind == "sparse" else (rows[:50_000], rows[50_000:])))
    np.testing.assert_array_equal(found, expected)


def test_a_hundred_thousand_different_rows_do_not_collide():
    """Neighbours of a grid of powers of two differ in few bits, all of them high."""
    X = 2.0 ** np.stack(np.meshgrid(*[np.arange(7)] * 6), axis=-1).reshape(-1, 6)
    assert content_groups(X).max() == 7**6 - 1
