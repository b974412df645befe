"""What to do next: what stands out in the results, why that is said, and what to do about it.

Each finding is a function of the `Case`; it returns None where there is nothing to find. They stand
in the order in which a person should see to them: what makes the figures wrong comes before what
would make the layer better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from onelayer.calibration import threshold_for_recall
from onelayer.designs.row_products import seen_rows
from onelayer.measures import Rate, is_weak
from onelayer.report.case import Case, NextStep
from onelayer.report.learning import LearningCurve
from onelayer.report.material import Sample
from onelayer.words import RAW_PIXELS, count_in_words, loss_in_words, percent, spelt, to_drop

NEARLY_DECIDES = 0.98
"""The AUC of one column alone from which on it may hold the answer. The best single columns of
honest sets that are easy reach 0.975 (breast_cancer, worst perimeter)."""

FIVE_TIMES = 5
"""How many times as many pairs all other columns must order wrongly: a column that only leads."""

RARE = 0.1
"""The share of a class from which down a threshold at the likeliest class finds little of it."""

ZEROS = 0.01
"""Zeros as a share of a column, below which they matter little."""

APART = 1.0
"""How many standard deviations of the other values lie between zero and the least of them. In
pima, where a zero stands for no value, these are 1.4 (glucose), 1.9 (pressure) and 2.6 (body
mass); of columns whose zeros are zeros 0.3 (pregnancies) and below."""

DIFFERENT_VALUES = 10  # a column of fewer is of counts or marks

DRIFT = 0.25
"""How many standard deviations apart two means are no longer those of one kind of rows. Source:
Rubin 2001, page 174, where adjusting for such a difference can no longer be trusted."""

SURELY = 4.0
"""Standard errors of that difference: by chance one in 16000 columns."""

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


def _leak(case: Case) -> NextStep | None:
    for one in case.worth.columns:
        if one.alone is None or one.rest is None or one.alone < NEARLY_DECIDES:
            continue
        if 1 - one.rest > FIVE_TIMES * max(1 - one.alone, 1e-3):
            return NextStep(
                "leak",
                f"{one.name} nearly decides the answer alone",
                f"What it adds orders the classes with an AUC of {one.alone:.3f}; all other "
                f"columns together reach {one.rest:.3f}.",
                "If it is known only once the answer is, the figures below are those of looking it "
                f"up: train without it ({to_drop([one.name])}).",
            )
    return None


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


def _drift(case: Case) -> NextStep | None:
    trained, seen = case.material.trained, case.material.layer.seen
    if trained is None or seen is None or not trained.own_test:
        return None
    moved = sorted(_moved(case, trained.sample), reverse=True)
    if not moved:
        return None
    named = "; ".join(
        f"{name} {size:.2g} standard deviations ({before:.4g} in training, {now:.4g} here)"
        for size, name, before, now in moved[:3]
    )
    more = f"; {len(moved) - 3} more" * (len(moved) > 3)
    return NextStep(
        "drift",
        f"The {case.unit} that judge are not like those trained on: {moved[0][1]} has moved",
        f"Means that are further apart than chance allows: {named}{more}.",
        "Find out what changed between the two. The figures are those of the new kind; train on "
        "some of it as well.",
    )


def _moved(case: Case, train: Sample) -> Iterator[tuple[float, str, float, float]]:
    """Columns of numbers whose means differ: by how many deviations, name, means."""
    seen, test = case.material.layer.seen, case.judged.sample
    if seen is None or train.X.shape[1] > WIDE:
        return
    names, old = seen.numbers(_rows(train))
    _, new = seen.numbers(_rows(test))
    for name, a, b in zip(names, old.T, new.T, strict=True):
        spread = math.sqrt((a.var() + b.var()) / 2)
        apart = abs(float(a.mean() - b.mean()))
        surely = SURELY * math.sqrt(a.var() / len(a) + b.var() / len(b))
        if spread > 0 and apart > DRIFT * spread and apart > surely:
            yield apart / spread, name, float(a.mean()), float(b.mean())


WIDE = 2000  # features beyond which numbers are not looked at one by one
ROWS = 20_000  # of a set that are looked at, evenly


def _rows(sample: Sample) -> np.ndarray:
    """Dense rows of X (m, n), `ROWS` of them at most."""
    at = np.unique(np.linspace(0, len(sample) - 1, min(ROWS, len(sample))).astype(int))
    return seen_rows(sample.X[sample.places[at]], None)


def _blind(case: Case) -> NextStep | None:
    judgement = case.judgement
    right, base = judgement.accuracy, judgement.base.value
    if judgement.informed or right.interval[0] > base or case.material.layer.shape is not None:
        return None
    return NextStep(
        "blind",
        "The layer knows no more than guessing does",
        f"Log loss {loss_in_words(judgement.loss.value)}, and {loss_in_words(case.base)} for "
        "always answering the classes' shares.",
        "Look at the data first: whether the labels are right, and whether what tells the classes "
        "apart is among what the layer sees.",
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


def _zeros(case: Case) -> NextStep | None:
    layer, trained = case.material.layer, case.material.trained
    sample = case.judged.sample if trained is None else trained.sample
    if layer.seen is None or layer.shape is not None or sample.X.shape[1] > WIDE:
        return None
    names, values = layer.seen.numbers(_rows(sample))
    found = [(name, share) for name, x in zip(names, values.T, strict=True) if (share := _odd(x))]
    if not found:
        return None
    listed = ", ".join(f"{name} ({percent(share)})" for name, share in found[:6])
    return NextStep(
        "zeros",
        f"Zeros that may stand for no value: {', '.join(name for name, _ in found[:3])}"
        + ", ..." * (len(found) > 3),
        f"Exactly zero in {listed}, though all other values lie far from it.",
        "If nothing was measured there, say so: leave such cells empty, and they count as missing.",
    )


def _odd(x: np.ndarray) -> float:
    """The share of zeros where they are far from all else; 0 where they are not."""
    zero = np.abs(x) <= 1e-9 * max(float(np.abs(x).max(initial=0.0)), 1e-300)
    rest, share = x[~zero], float(zero.mean())
    if share < ZEROS or len(np.unique(rest)) < DIFFERENT_VALUES or rest.min() < 0:
        return 0.0
    return share if rest.min() > APART * rest.std() else 0.0


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
    scores = case.material.layer.readout.probabilities(found.Z)[:, k]
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
        f"Look at those errors below: more {case.unit} of the two, or something that tells them "
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


def _useless(case: Case) -> NextStep | None:
    idle, rise = case.worth.idle, case.worth.rise
    if rise is None or rise.interval is None or not case.judgement.informed:
        return None
    shown = ", ".join(idle[:6]) + f" and {len(idle) - 6} more" * (len(idle) > 6)
    one = len(idle) == 1
    return NextStep(
        "useless",
        f"{shown} {'carries' if one else 'carry'} nothing that the other columns do not",
        f"Without {'it' if one else 'all of them'} the log loss of what judges would rise by at "
        f"most {max(rise.interval[1], 0.0):.2g} (95 %), from "
        f"{loss_in_words(case.judgement.loss.value)}.",
        f"{'It' if one else 'They'} can be left out ({to_drop(idle[:6])}).",
    )


LOOKS: tuple[Callable[[Case], NextStep | None], ...] = (
    _leak,
    _repeats,
    _drift,
    _pixels,
    _blind,
    _by_heart,
    _heated,
    _zeros,
    _rare,
    _pair,
    _more,
    _useless,
    _enough,
)
"""In the order in which a person should see to them."""
