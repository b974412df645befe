"""What the page calls good, bad or chance, and what it makes of a calibration."""

from dataclasses import replace

import numpy as np
import pytest

import onelayer
from onelayer.measures import Rate
from onelayer.model.reporting import _of_training
from onelayer.report.judging import Mean
from onelayer.report.page import render
from onelayer.report.results import collect
from onelayer.report.sentences import meaning, told_apart, trusts, unhelpful


def results_of(source, **options):
    model = onelayer.train(source, **options)
    return collect(_of_training(model, model.evidence))


def rare(m=4000, n=5, strength=1.0, seed=0):
    """One class in twelve, told apart by a score that overlaps."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, n))
    z = strength * X @ np.array([2.0, -1.0, 1.0, 0.5, 1.0])[:n] - 5.5 * strength
    return X, np.where(random.random(m) < 1 / (1 + np.exp(-z)), "fraud", "fine")


@pytest.fixture(scope="module")
def found():
    return results_of(rare())


def test_a_rare_class_is_judged_by_its_order_not_by_accuracy_alone(found):
    judgement = found.judgement
    assert (judgement.accuracy.value - judgement.base.value) / (1 - judgement.base.value) < 0.5
    words = meaning(judgement, pictures=False)
    assert "weak" not in words
    assert f"tells the classes apart very well (AUC {judgement.auc:.3f})" in words
    gone = 1 - judgement.loss.value / judgement.base_loss.value
    assert f"the log loss is {100 * gone:.1f} % below that of" in words


def test_guessing_within_the_interval_is_chance_only_where_the_probabilities_know_no_more(found):
    even = replace(found.judgement, accuracy=found.judgement.base)
    assert meaning(even, pictures=False).startswith("One class is so frequent that its answers")
    blind = replace(even, gain=Mean(0.001, (-0.01, 0.012)))
    assert meaning(blind, pictures=False).startswith("That may be chance")
    only = np.array([[700.0, 0], [100, 0]])
    assert meaning(replace(blind, counts=only), pictures=False) == (
        f"It answers {blind.classes[0].name} in every case; whether its probabilities know more "
        f"than guessing, {blind.accuracy.n:,.0f} examples cannot tell."
    )
    better = replace(blind, accuracy=Rate(790, 800))
    assert "do not rely on them" in meaning(better, pictures=False)


@pytest.mark.parametrize(
    ("auc", "word"), [(0.55, "poorly"), (0.7, "acceptably"), (0.85, "well"), (0.9, "very well")]
)
def test_the_words_are_those_of_the_textbook(auc, word):
    assert told_apart(auc) == word


def test_a_temperature_that_may_be_one_is_not_applied_unless_asked_for():
    source = rare(m=1500)
    left = onelayer.train(source, C=1.0)
    words = left.card.calibration.words
    assert words.startswith("none needed: temperature ")
    assert words.endswith("z was about right")
    assert left.temperature == 1
    assert left.card.test.uncalibrated is None
    asked = onelayer.train(source, C=1.0, calibrate="temperature")
    assert asked.temperature != 1
    assert "about right, and is divided by it" in asked.card.calibration.words


@pytest.fixture(scope="module")
def misled():
    """Calibrated on a set that has a fifth of its labels turned, judged by a right one."""
    X, y = rare(seed=1)
    turned = np.random.default_rng(2).random(len(y)) < 0.2
    other = np.where(turned, np.where(y == "fine", "fraud", "fine"), y)
    return results_of(rare(), C=1.0, val=(X, other), test=rare(seed=3))


def test_the_better_value_is_the_bold_one(misled):
    rows = {name: (values, better) for name, values, better in trusts(misled.judgement)}
    (now, before), better = rows["Log loss"]
    assert float(now) > float(before)
    assert better == 1
    page = render(misled)
    row = f'Log loss</th><td class="n">{now}</td><td class="n"><strong>{before}</strong></td>'
    assert row in page
    low, high = misled.judgement.heated.interval
    assert unhelpful(misled.judgement).endswith(f"(95 %: {low:.3g} to {high:.3g}).")
    assert "Here calibration did not help: it raised the log loss by" in page


def test_a_layer_that_is_seldom_right_accuses_nobody(found):
    assert not found.suspects.knows
    page = render(found)
    assert "the mistake is most likely its own" in page
    assert "some may be in the wrong" not in page
    known = results_of("breast_cancer").suspects
    assert known.knows
    assert known.right > 0.95
