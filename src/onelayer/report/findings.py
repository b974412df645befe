"""What to do next: what stands out in the results, why that is said, and what to do about it.

Each finding is a function of the `Case`; it returns None where there is nothing to find. They stand
in the order in which a person should see to them: what makes the figures wrong comes before what
would make the layer better.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from onelayer.calibration import threshold_for_recall
from onelayer.measures import Rate, is_weak, made_of_rows
from onelayer.report.case import Case, NextStep
from onelayer.report.column_findings import drift, leak, useless, zeros
from onelayer.report.learning import LearningCurve
from onelayer.words import RAW_PIXELS, count_in_words, loss_in_words, percent, spelt

RARE = 0.1
"""The share of a class from which down a threshold at the likeliest class finds little of it."""

FEW = 30  # examples that judge, by which nothing is told from chance

MAY_KNOW = 0.1
"""Of guessing's log loss, what the layer may gain by its interval where it is not called blind."""

BY_HEART = 0.5
"""Of what the layer seems to have learnt on training, the share that new examples do not show."""

STILL_FALLING = 0.02
"""Of guessing's log loss, what the last doubling of the examples must have gained for the next to
be worth its while; a doubling gains about 0.7 times what the one before it did (error falls as the
root of the number of examples)."""

LEVEL = 0.01
"""The same, below which more of the same would change little."""

OF_THE_ERRORS = 0.2
"""Of all errors, the least share of a pair of classes that is worth a look by itself."""


def findings(case: Case) -> tuple[NextStep, ...]:
    """All that stands out, what is to be seen to first at the front."""
    found = (look(case) for look in LOOKS)
    return tuple(one for one in found if one is not None)


def _repeats(case: Case) -> NextStep | None:
    found = None if case.material.trained is None else case.material.trained.repeats
    if found is None:
        return None
    both = (
        f" {found.both:,} of the {found.judging:,} that judge are among those trained on: the "
        "figures flatter the layer."
        if found.both
        else " None of those that judge is among those trained on."
    )
    return NextStep(
        "repeats",
        f"{percent(found.rows / found.of)} of the {case.unit} repeat another",
        f"{found.rows:,} of {found.of:,} are equal to an earlier one in every column, although "
        f"{found.witness} is otherwise nearly always different.{both}",
        "Remove the copies, or, if they belong together, name a column that says which "
        f"({spelt('group')}).",
    )


def _blind(case: Case) -> NextStep | None:
    judgement = case.judgement
    right, base = judgement.accuracy, judgement.base.value
    if judgement.informed or right.interval[0] > base or case.material.layer.shape is not None:
        return None
    gain = judgement.gain.interval
    if gain is None or judgement.accuracy.n < FEW or gain[1] > MAY_KNOW * case.base:
        return _few(case)
    return NextStep(
        "blind",
        "The layer knows no more than guessing does",
        f"Log loss {loss_in_words(judgement.loss.value)}, and {loss_in_words(case.base)} for "
        "always answering the classes' shares.",
        "Look at the data first: whether the labels are right, and whether what tells the classes "
        "apart is among what the layer sees.",
    )


def _few(case: Case) -> NextStep:
    judgement, trained = case.judgement, case.material.trained
    n = count_in_words(judgement.accuracy.n)
    within = judgement.loss.interval
    sure = "" if within is None else f" (95 %: {' to '.join(map(loss_in_words, within))})"
    split_off = trained is not None and not trained.own_test and case.material.judged is not None
    advice = (
        f"Let all of them judge in turn: with {spelt('test_size=0', '--test-size 0')} the report "
        "is by cross-validation."
        if split_off
        else f"Judge it on more {case.unit}."
    )
    return NextStep(
        "few",
        f"{n} {case.unit} are too few to tell the layer from guessing",
        f"Log loss {loss_in_words(judgement.loss.value)}{sure}, and {loss_in_words(case.base)} for "
        "always answering the classes' shares.",
        advice,
    )


def _pixels(case: Case) -> NextStep | None:
    judgement, layer = case.judgement, case.material.layer
    if layer.shape is None or not is_weak(judgement.accuracy.value, judgement.base.value):
        return None
    return NextStep(
        "pixels",
        "Raw pixels are too little for these pictures",
        f"It is right on {percent(judgement.accuracy.value)}, and guessing on "
        f"{percent(judgement.base.value)}: {RAW_PIXELS}.",
        "Let an encoder see shapes, and train the layer on what it sees: "
        + spelt("features='efficientnet-lite0'", "--features efficientnet-lite0")
        + ".",
    )


def _by_heart(case: Case) -> NextStep | None:
    card, judgement = case.material.layer.card, case.judgement
    asked = card.settings is not None and card.settings.C is not None
    if card.train is None or case.material.other_data or not asked:
        return None
    # The layer's own: a temperature hides how sure of itself it has become.
    own = (
        card.train.log_loss if card.train.uncalibrated is None else card.train.uncalibrated.log_loss
    )
    loss = judgement.loss.value if judgement.before is None else judgement.before[1].log_loss
    surely = card.train.accuracy > judgement.accuracy.interval[1]
    if not surely or loss - own < BY_HEART * (case.base - own):
        return None
    return NextStep(
        "over-fit",
        "The layer has learnt its training examples by heart",
        f"Log loss {loss_in_words(own)} on them (right on {percent(card.train.accuracy)}), "
        f"{loss_in_words(loss)} on those that judge (right on "
        f"{percent(judgement.accuracy.value)}); guessing has {loss_in_words(case.base)}.",
        f"Leave {spelt('C')} out, so that a penalty is chosen by cross-validation; it is as asked "
        "now.",
    )


def _rare(case: Case) -> NextStep | None:
    judgement, total = case.judgement, case.judgement.accuracy.n
    for k, one in enumerate(judgement.classes):
        seldom = 0 < one.n < RARE * total and one.auc is not None and one.auc >= 0.7
        if seldom and one.recall is not None and one.recall < 0.5:
            return NextStep(
                "rare",
                f"{one.name} is rare, and mostly missed",
                f"{percent(one.n / total)} of the {case.unit} are {one.name}; the likeliest class "
                f"finds {percent(one.recall)} of them. {_at_threshold(case, k)}",
                "Say what you want instead of the likeliest class: "
                f"{spelt(f'recall={{{one.name!r}: 0.8}}', f'--recall {one.name}=0.8')}, or what a "
                f"wrong answer costs ({spelt('costs')}).",
            )
    return None


def _at_threshold(case: Case, k: int) -> str:
    """What a threshold for eight tenths of a class would come to, on examples not trained on."""
    found = case.material.unseen or case.judged
    Z, readout = found.Z, case.material.layer.readout
    scores = made_of_rows(len(Z), lambda rows: readout.probabilities(Z[rows])[:, k])
    of_class = found.sample.labels == k
    value, recall, precision = threshold_for_recall(scores, of_class, 0.8, found.sample.weights)
    return (
        f"Answering it from a probability of {value:.2g} finds {percent(recall.value)}, and "
        f"{percent(precision.value)} of what is called {case.names[k]} then is."
    )


def _pair(case: Case) -> NextStep | None:
    counts, K = case.judgement.counts, len(case.names)
    both = np.triu(counts + counts.T, 1)
    errors = float(both.sum())
    if K < 3 or errors < 10:
        return None
    i, j = divmod(int(both.argmax()), K)
    share = Rate(float(both[i, j]), errors)
    least = max(OF_THE_ERRORS, 2 / (K * (K - 1) / 2)) if K > 3 else 0.5
    if share.interval[0] < least:
        return None
    return NextStep(
        "pair",
        f"{case.names[i]} and {case.names[j]} are what it confuses",
        f"{count_in_words(share.hits)} of its {count_in_words(errors)} errors are between the two.",
        f"Look at those errors: more {case.unit} of the two, or something that tells them "
        "apart, helps most; or make one class of them.",
    )


def _more(case: Case) -> NextStep | None:
    curve = case.curve
    if curve is None or curve.gain.interval is None or not curve.whole:
        return None
    if curve.gain.interval[0] <= 0 or curve.gain.value < STILL_FALLING * case.base:
        return None
    return NextStep(
        "more",
        f"More {case.unit} would help",
        f"{_last(curve)}: it is still falling.",
        f"Twice as many {case.unit} would gain about "
        f"{loss_in_words(curve.gain.value / math.sqrt(2))} more, if it goes on as it did.",
    )


def _enough(case: Case) -> NextStep | None:
    curve = case.curve
    if curve is None or curve.gain.interval is None:
        return None
    if curve.gain.interval[1] > LEVEL * case.base or not case.judgement.informed:
        return None
    return NextStep(
        "enough",
        f"More {case.unit} of the same kind would change little",
        f"{_last(curve)}.",
        "What would help is something else to look at: other columns, or features that say more.",
    )


def _last(curve: LearningCurve) -> str:
    """What the last doubling came to."""
    half, whole = curve.steps[-2:]
    return (
        f"From {half.trained_on:,} to {whole.trained_on:,} training examples the log loss of "
        f"others went from {loss_in_words(half.loss.value)} to {loss_in_words(whole.loss.value)}"
    )


def _heated(case: Case) -> NextStep | None:
    rise = case.judgement.heated
    if rise is None or rise.interval is None or rise.interval[0] <= 0:
        return None
    low, high = rise.interval
    return NextStep(
        "calibration",
        "Calibration made the probabilities worse",
        f"It raised the log loss of what judges by {rise.value:.3g} (95 %: {low:.3g} to "
        f"{high:.3g}).",
        "What it was calibrated on is unlike what judges: find out why, or leave it out "
        f"({spelt('calibrate')} none).",
    )


LOOKS: tuple[Callable[[Case], NextStep | None], ...] = (
    leak,
    _repeats,
    drift,
    _pixels,
    _blind,
    _by_heart,
    _heated,
    zeros,
    _rare,
    _pair,
    _more,
    useless,
    _enough,
)
"""In the order in which a person should see to them."""
