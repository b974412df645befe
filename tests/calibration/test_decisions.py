"""Thresholds and costs against their definitions, one by one."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from onelayer.calibration import (
    Chosen,
    Costs,
    Readout,
    Threshold,
    class_offsets,
    cost_matrix,
    promise,
    threshold_for_precision,
    threshold_for_recall,
)
from onelayer.errors import DataError, UsageError
from onelayer.logistic import Binary, Softmax, softmax
from onelayer.measures import Rate

RANDOM = np.random.default_rng(2)
NAMES = ["cat", "dog", "fox"]


def _scored(m=300):
    of_class = RANDOM.random(m) < 0.3
    return np.round(np.clip(0.3 * of_class + RANDOM.random(m) * 0.7, 0, 1), 2), of_class


@pytest.mark.parametrize("wanted", [0.5, 0.9, 0.95, 1.0])
def test_a_recall_is_assured_and_no_higher_threshold_assures_it(wanted):
    scores, of_class = _scored()
    threshold, recall, precision = threshold_for_recall(scores, of_class, wanted)
    assert recall.value == recall_score(of_class, scores > threshold) >= wanted
    assert precision.value == precision_score(of_class, scores > threshold)
    missed = promise(of_class.sum(), wanted).missed
    assert (of_class & (scores <= threshold)).sum() <= missed
    higher = np.unique(scores)[np.unique(scores) > threshold]
    assert all((of_class & (scores <= t)).sum() > missed for t in higher)


@pytest.mark.parametrize("wanted", [0.4, 0.6, 0.9])
def test_a_precision_is_reached_and_no_lower_threshold_has_it(wanted):
    scores, of_class = _scored()
    threshold, recall, precision = threshold_for_precision(scores, of_class, wanted)
    assert precision.value == precision_score(of_class, scores > threshold) >= wanted
    assert recall.value == recall_score(of_class, scores > threshold)
    between = (np.unique(scores)[1:] + np.unique(scores)[:-1]) / 2
    assert all(precision_score(of_class, scores > t) < wanted for t in between[between < threshold])


@pytest.mark.parametrize("wanted", [0.01, 0.05, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("m", [5, 30, 3000])
def test_examples_that_count_the_same_are_answered_as_those_of_weight_1(wanted, m):
    scores, of_class = _scored(m)
    of_class[-1] = True
    weighted = threshold_for_recall(scores, of_class, wanted, np.ones(m))
    assert threshold_for_recall(scores, of_class, wanted) == weighted


@pytest.mark.parametrize("choose", [threshold_for_recall, threshold_for_precision])
def test_weight_two_is_an_example_twice_and_weight_zero_none(choose):
    scores, of_class = _scored()
    weights = RANDOM.integers(0, 3, len(scores))
    twice = np.repeat(scores, weights), np.repeat(of_class, weights)
    assert choose(scores, of_class, 0.8, weights) == choose(*twice, 0.8)


def test_the_threshold_lies_half_way_to_the_next_score():
    scores, of_class = np.array([0.9, 0.6, 0.2]), np.array([True, True, False])
    threshold, recall, precision = threshold_for_recall(scores, of_class, 0.05)
    assert (threshold, recall, precision) == (0.75, Rate(1, 2), Rate(1, 1))
    assert threshold_for_recall(scores, of_class, 1.0)[0] == pytest.approx(0.4)
    assert threshold_for_precision(scores, of_class, 0.6)[0] == pytest.approx(0.1)


def test_what_cannot_be_reached_is_said():
    scores = np.array([0.9, 0.5])
    with pytest.raises(DataError, match="no example of that class is among those"):
        threshold_for_recall(scores, np.zeros(2, bool), 0.5)
    with pytest.raises(
        DataError, match=r"no threshold has a precision of 0\.9: the highest is 0\.5"
    ):
        threshold_for_precision(scores, np.array([False, True]), 0.9)


def test_a_threshold_answers_its_class_above_it_and_else_the_likeliest_other():
    A = np.array([[0.5, 0.3, 0.2], [0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.2, 0.25, 0.55]])
    assert Threshold(1, 0.25).answers(A).tolist() == [1, 0, 1, 2]  # at 0.25 exactly not
    assert Threshold(0, 0.6).answers(A).tolist() == [1, 2, 1, 2]


def test_costs_answer_what_costs_least_one_by_one():
    A, matrix = softmax(RANDOM.normal(size=(100, 3))), RANDOM.random((3, 3))
    expected = [
        min(range(3), key=lambda j, a=a: sum(a[k] * matrix[k, j] for k in range(3))) for a in A
    ]
    rule = Costs(matrix)
    assert rule.answers(A).tolist() == expected
    labels = RANDOM.integers(0, 3, 100)
    paid = np.mean([matrix[k, j] for k, j in zip(labels, expected, strict=True)])
    assert rule.mean_cost(labels, rule.answers(A)) == pytest.approx(paid)


def test_of_two_classes_costs_are_a_threshold():
    """Elkan 2001: with costs 1 and 20 the second class is answered above 1 / 21."""
    rule = Costs(np.array([[0.0, 1.0], [20.0, 0.0]]))
    assert rule.threshold == pytest.approx(1 / 21)
    p = np.linspace(0, 1, 1001)
    A = np.column_stack([1 - p, p])
    assert (rule.answers(A) == Threshold(1, 1 / 21).answers(A)).all()
    assert rule.in_words(["well", "ill"]) == (
        "what costs least on average: ill where its probability is above 0.0476, else well"
    )


def test_equal_costs_are_the_largest_probability():
    A = softmax(RANDOM.normal(size=(200, 4)))
    assert (Costs(1 - np.eye(4)).answers(A) == A.argmax(axis=1)).all()


def test_class_weights_are_taken_out_of_z():
    """Bayes: with class k s_k times as frequent, a_k is s_k p_k over their sum."""
    weights = np.array([0.5, 1.0, 3.0])
    P = softmax(RANDOM.normal(size=(50, 3)))
    weighted = weights * P / (weights * P).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax(np.log(weighted) + class_offsets(weights)), P, rtol=1e-12)
    two = weights[:2] * P[:, :2]
    z = np.log(two[:, 1:] / two[:, :1]) + class_offsets(weights[:2])
    np.testing.assert_allclose(z[:, 0], np.log(P[:, 1] / P[:, 0]), rtol=1e-10, atol=1e-12)


def test_a_readout_divides_corrects_and_answers():
    Z = RANDOM.normal(size=(40, 3))
    weights = np.array([0.5, 1.0, 3.0])
    found = Readout(head=Softmax(3), temperature=2.0, class_weights=weights)
    expected = softmax(Z / 2 - np.log(weights))
    np.testing.assert_allclose(found.probabilities(Z), expected, rtol=1e-12)
    assert (found.answers(Z) == Z.argmax(axis=1)).all()  # as the layer was fitted to tell
    ruled = Readout(head=Softmax(3), temperature=2.0, decision=Threshold(2, 0.1))
    assert (ruled.answers(Z) == Threshold(2, 0.1).answers(softmax(Z / 2))).all()
    assert Readout(head=Binary()).plain
    assert not found.plain
    names = ["a", "b", "c"]
    assert Readout(head=Softmax(3), temperature=2.0).rule_in_words(names) is None
    assert ruled.rule_in_words(names) == (
        "c where its probability is above 0.1, else the likeliest of the others"
    )
    assert found.rule_in_words(names).endswith("likeliest before class weights are taken out")


def test_a_chosen_threshold_in_words():
    chosen = Chosen(Threshold(1, 0.125), Rate(19, 20), Rate(19, 38))
    assert chosen.in_words(["well", "ill"], "50 rows") == (
        "ill where its probability is above 0.125, else well; on 50 rows that finds 95.0 % "
        "(76 to 99 %) of ill, and 50.0 % (35 to 65 %) of what it calls ill is right"
    )


PAIRS = np.array([[0, 5, 1], [1, 0, 0.5], [1, 1, 0]], float)


def test_costs_as_pairs_text_and_matrix_are_the_same(tmp_path):
    file = tmp_path / "costs.csv"
    # The file's own order: answers and classes are found by their names.
    file.write_text("true,fox,cat,dog\ndog,0.5,1,0\ncat,1,0,5\nfox,0,1,1\n")
    given = ["cat:dog=5, dog:fox=0.5", {("cat", "dog"): 5, ("dog", "fox"): 0.5}, PAIRS]
    for costs in (*given, PAIRS.tolist(), str(file), file):
        np.testing.assert_array_equal(cost_matrix(costs, NAMES), PAIRS)


def test_names_may_have_colons():
    found = cost_matrix("a:b:c=7", ["a:b", "c"])
    np.testing.assert_array_equal(found, [[0, 7], [1, 0]])


WRONG = {
    "nothing": "costs are 'nothing', which is neither a file nor costs: give \"true:answer=cost",
    "cat:cow=2": "costs speak of 'cow': the classes are cat, dog, fox",
    "cat=2": "costs say 'cat' without a colon",
    "cat:dog=much": "the cost of 'cat:dog=much' is no finite number",
    "cat:dog=nan": "the cost of 'cat:dog=nan' is no finite number",
    "cat:cat=3": "to take cat for dog costs 1, less than 3 for the right answer",
    "cat:dog=-1": "to take cat for dog costs -1, less than 0 for the right answer",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_costs_that_make_no_sense_are_refused(text, message):
    with pytest.raises(UsageError) as refused:
        cost_matrix(text, NAMES)
    assert message in str(refused.value)


def test_matrices_and_files_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"shape \(2, 2\): for the 3 classes cat, dog, fox give"):
        cost_matrix(np.eye(2), NAMES)
    with pytest.raises(UsageError, match="hold NaN or infinity"):
        cost_matrix(np.full((3, 3), np.nan), NAMES)
    with pytest.raises(UsageError, match="cannot be read as numbers"):
        cost_matrix([["a"]], NAMES)
    with pytest.raises(UsageError, match="no mistake costs more than a right answer"):
        cost_matrix(np.zeros((3, 3)), NAMES)
    file = tmp_path / "costs.csv"
    file.write_text("true,cat,dog\ncat,0,1\n")
    with pytest.raises(UsageError, match=r"2 rows of \[3\] cells: for 3 classes give 4 by 4"):
        cost_matrix(file, NAMES)
    file.write_text("\n".join(itertools.chain(["true,cat,dog,dog"], [f"{n},0,1,1" for n in NAMES])))
    with pytest.raises(UsageError, match="names a class twice"):
        cost_matrix(file, NAMES)
