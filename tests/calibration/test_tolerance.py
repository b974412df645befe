"""The recall that a threshold promises: by the binomial distribution, and by 2,000 runs."""

import math

import numpy as np
import pytest
from scipy.stats import binom

import onelayer
from onelayer.calibration import Promise, promise, threshold_for_recall

RUNS = 2000


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [1, 7, 22, 45, 77, 200, 1000])
def test_as_many_are_missed_as_the_binomial_distribution_allows(n, wanted):
    """r is the largest with P(Binomial(n, 1 - wanted) >= r) >= 0.9; r - 1 are missed."""
    ranks = np.arange(1, n + 1)
    allowed = ranks[binom.sf(ranks - 1, n, 1 - wanted) >= 0.9]
    found = promise(n, wanted)
    if len(allowed):
        assert found == Promise(wanted, wanted, n, int(allowed.max()) - 1)
    else:
        assert (found.wanted, found.n, found.missed) == (wanted, n, 0)
        assert found.recall == pytest.approx(0.1 ** (1 / n))
        assert binom.sf(0, n, 1 - found.recall) == pytest.approx(0.9)


def test_it_takes_45_examples_for_a_recall_of_95_percent():
    assert not promise(44, 0.95).kept
    assert promise(45, 0.95).kept
    assert [promise(9, q).needed for q in (0.8, 0.9, 0.95, 0.99)] == [11, 22, 45, 230]
    assert promise(10**6, 1.0).needed is None


@pytest.mark.parametrize(("n", "wanted"), [(45, 0.95), (77, 0.95), (300, 0.95), (60, 0.8)])
def test_the_promise_is_kept_in_nine_of_ten_runs(n, wanted):
    """Scores are uniform, so that the recall of new examples at t is 1 - t, exactly.

    Of 2,000 runs 0.9 +- 0.02 is three standard errors; more is kept where r is a whole number.
    """
    random = np.random.default_rng(n)
    of_class = np.repeat([True, False], [n, 2 * n])
    scores = np.where(of_class, random.random((RUNS, 3 * n)), 0.5 * random.random((RUNS, 3 * n)))
    reached = [1 - threshold_for_recall(row, of_class, wanted)[0] for row in scores]
    kept = np.mean(np.array(reached) >= wanted)
    assert 0.88 <= kept <= 0.97
    plain = np.sort(scores[:, :n], axis=1)[:, math.floor((1 - wanted) * n)]
    assert np.mean(1 - plain >= wanted) < 0.75  # what was promised before: the recall of the chosen


def test_what_too_few_examples_promise_is_kept_too():
    random, n = np.random.default_rng(1), 20
    found = promise(n, 0.95)
    of_class = np.repeat([True, False], n)
    scores = np.where(of_class, random.random((RUNS, 2 * n)), 0.0)
    reached = [1 - threshold_for_recall(row, of_class, 0.95)[0] for row in scores]
    assert np.mean(np.array(reached) >= found.recall) >= 0.88
    assert found.recall == pytest.approx(0.891, abs=5e-4)


def test_a_promise_in_words():
    assert promise(60, 0.95).in_words("ill") == (
        "with 90 % confidence it finds at least 95 % of new ill"
    )
    assert promise(20, 0.95).in_words("ill") == (
        "20 of ill are too few to assure 95 % (that takes 45): with 90 % confidence it finds at "
        "least 89.1 % of new ill"
    )
    assert "(no number does)" in promise(20, 1.0).in_words("ill")


def test_a_training_says_what_it_promises_and_what_was_reached():
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 3))
    y = np.where(X[:, 0] + random.normal(size=400) > 0, "ill", "well")
    model = onelayer.train((X, y), C=1.0, recall="ill=0.9")
    decision = model.card.decision
    assert (decision.promised, decision.confidence) == (0.9, 0.9)
    assert decision.reached.recall == model.card.test.recall["ill"]
    assert "with 90 % confidence it finds at least 90 % of new ill" in decision.words
    share = f"on 80 rows that judge it found {100 * decision.reached.recall:.1f} %"
    assert share in decision.words
    few = onelayer.train((X[:60], y[:60]), C=1.0, recall="ill=0.95").card.decision
    assert few.promised < 0.95
    assert "are too few to assure 95 % (that takes 45)" in few.words
    precise = onelayer.train((X, y), C=1.0, precision="ill=0.8").card.decision
    assert precise.promised is None
    assert "that judge it found" in precise.words
