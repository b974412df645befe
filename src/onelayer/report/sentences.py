"""The report's sentences: what the figures mean, in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from onelayer.calibration import BINS, chance_error, chance_limit
from onelayer.card import Calibration, Choice, CostRule, ShareRule
from onelayer.estimators.folds import FOLDS, TOL, OutOfFold
from onelayer.evaluation import Trust
from onelayer.measures import Rate, is_weak
from onelayer.penalties import left_of
from onelayer.report.figures import costs_no_passes
from onelayer.report.judgement import Judgement
from onelayer.report.judging import Mean
from onelayer.report.learning import LearningCurve
from onelayer.report.material import Reported
from onelayer.report.results import Results, Suspects
from onelayer.solution import Record, Solution
from onelayer.words import RAW_PIXELS, c_in_words, count_in_words, loss_in_words, percent, way_out

AUC_GRADES = (0.7, 0.8, 0.9)
FEW = 500  # below it an interval is so wide that tenths of a per cent mean nothing


def verdict(judgement: Judgement) -> str:
    """Say in one sentence how good the layer is, beside one that never looks."""
    right, base = judgement.accuracy, judgement.base
    return (
        f"Right on {count_in_words(right.hits)} of {judged(judgement)} ({within(right)}); always "
        f"guessing the most frequent class would be right on {count_in_words(base.hits)}."
    )


def judged(judgement: Judgement) -> str:
    """Say how many examples judged, and whether that is the sum of their weights."""
    by_weight = "" if judgement.rows is None else ", by weight"
    return f"{count_in_words(judgement.accuracy.n)} {judgement.who}{by_weight}"


def within(rate: Rate) -> str:
    """Say the interval of a rate, with a decimal where there are examples enough for one."""
    low, high = rate.interval
    digits = 0 if rate.n < FEW else 1
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def loss_within(mean: Mean) -> str:
    """Say the interval of a log loss; nothing where there is none."""
    if mean.interval is None:
        return ""
    return f"{loss_in_words(mean.interval[0])} to {loss_in_words(mean.interval[1])}"


def meaning(judgement: Judgement, *, pictures: bool) -> str:
    """Say whether that is good, and why not where it is not."""
    right, base = judgement.accuracy, judgement.base.value
    if right.interval[0] <= base and not judgement.informed:
        return _always(judgement) or "That may be chance: guessing lies within the interval."
    if pictures and is_weak(right.value, base):
        return f"Better than guessing, but a weak result: {RAW_PIXELS}. {way_out()}."
    if not judgement.informed:
        return (
            "It answers better than guessing, but its probabilities say no more than the shares of "
            "the classes do: do not rely on them."
        )
    return f"{_removed(right.value, base)} {_told_apart(judgement)}".lstrip()


def _always(judgement: Judgement) -> str:
    """Say that one class is all that is ever answered, where it is; else nothing."""
    answered = np.flatnonzero(judgement.counts.sum(axis=0))
    if len(answered) != 1:
        return ""
    said = f"It answers {judgement.classes[answered[0]].name} in every case; whether its"
    n = count_in_words(judgement.accuracy.n)
    return f"{said} probabilities know more than guessing, {n} examples cannot tell."


def _removed(right: float, base: float) -> str:
    """The share of guessing's errors that is gone, where there is one."""
    removed = (right - base) / (1 - base) if base < 1 else 0.0
    if removed <= 0:
        return "One class is so frequent that its answers are no better; its probabilities are."
    return f"Of the errors that guessing would make, {percent(removed)} are gone."


def _told_apart(judgement: Judgement) -> str:
    """How well the probabilities order and inform, in the usual words for such an AUC."""
    gone = percent(1 - judgement.loss.value / judgement.base_loss.value)
    loss = f"the log loss is {gone} below that of answering the classes' shares"
    auc = judgement.auc
    if auc is None:
        return f"{loss[0].upper()}{loss[1:]}."
    return f"It tells the classes apart {told_apart(auc)} (AUC {auc:.3f}), and {loss}."


def told_apart(auc: float) -> str:
    """The usual word for an AUC.

    Source: Hosmer, Lemeshow and Sturdivant 2013, page 177: below 0.7 poor, to 0.8 acceptable, to
    0.9 excellent, above it outstanding.
    """
    words = ("poorly", "acceptably", "well", "very well")
    return words[int(np.searchsorted(AUC_GRADES, auc, "right"))]


def trust(judgement: Judgement) -> str:
    """Say whether the probabilities mean what they say."""
    sure, right = judgement.confidence, judgement.accuracy
    said = f"On average it was {percent(sure)} sure, and right on {percent(right.value)}"
    low, high = right.interval
    if low <= sure <= high:
        verdict = f"sure to the right degree, as far as {count_in_words(right.n)} examples can tell"
    else:
        verdict = "too sure of itself" if sure > high else "better than it thinks"
    return f"{said}: {verdict}."


def trusts(judgement: Judgement) -> list[tuple[str, tuple[str, ...], int | None]]:
    """Rows of measure, its values now and before calibration, and which of the two is better.

    One value where there was no calibration; none is better where both read the same.
    """
    before = () if judgement.before is None else (judgement.before[1],)
    found = (judgement.trust, *before)
    names = ("Log loss", "Brier score", "Calibration error (ECE)")
    numbers = zip(*[(one.log_loss, one.brier, one.calibration_error) for one in found], strict=True)
    rows = zip(*map(_trust, found), strict=True)
    return [
        (name, row, int(np.argmin(values)) if len(set(row)) > 1 else None)
        for name, row, values in zip(names, rows, numbers, strict=True)
    ]


def unhelpful(judgement: Judgement) -> str:
    """Say where calibration raised the log loss of what judges, and whether that may be chance."""
    rise = judgement.heated
    if rise is None or rise.value <= 0 or rise.interval is None:
        return ""
    low, high = rise.interval
    what = f"Here calibration did not help: it raised the log loss by {rise.value:.3g}"
    if low > 0:
        return f"{what} (95 %: {low:.3g} to {high:.3g})."
    return f"{what}, which may be chance (95 %: {low:+.3g} to {high:+.3g})."


def _trust(found: Trust) -> list[str]:
    error = percent(found.calibration_error)
    return [loss_in_words(found.log_loss), f"{found.brier:.4f}", error]


def chance(judgement: Judgement) -> str:
    """Say how large a calibration error chance alone would show."""
    usual, limit = chance_error(judgement.bins), chance_limit(judgement.bins)
    n = count_in_words(judgement.accuracy.n)
    said = f"On {n} examples perfect probabilities would show an ECE of {percent(usual)} by chance"
    within = judgement.trust.calibration_error <= limit
    judged = "so this one is no sign of anything" if within else "so this one is more than chance"
    return f"{said}, and seldom more than {percent(limit)}: {judged}."


def calibrated(calibration: Calibration | None) -> str:
    """Say how the probabilities were calibrated."""
    return "" if calibration is None else f"Calibration: {calibration.words}."


def rule(decision: CostRule | ShareRule | None) -> str:
    """Say how answers are taken, where it is not by the largest probability."""
    return "" if decision is None else f"Its answer is {decision.words}."


def reached(decision: CostRule | ShareRule | None) -> list[tuple[str, str]]:
    """Rows of what a threshold was asked for, promises and came to on the examples that judge."""
    if not isinstance(decision, ShareRule):
        return []
    rows = [(f"{decision.kind.capitalize()} of {decision.of_class} asked for", decision.wanted)]
    if decision.promised is not None and decision.confidence is not None:
        surely = f"{100 * decision.confidence:g} % confidence"
        rows.append((f"Promised for new examples, with {surely}", decision.promised))
    if decision.reached is not None:
        for kind, share in vars(decision.reached).items():
            if share is not None:
                rows.append((f"Reached on what judges: {kind}", share))
    return [(name, percent(share)) for name, share in rows]


def bins(results: Results) -> str:
    """Say what the points of the reliability diagram are."""
    who = (
        f"Predictions by their probability of {results.names[1]}"
        if len(results.names) == 2
        else "Examples by the probability of their likeliest class"
    )
    return f"{who}, in {BINS} bins of equally many, each with its 95 % interval (Wilson)."


def divided(results: Results) -> str:
    """Say who was trained on and who judged, after what was read."""
    card = results.layer.card
    if results.other_data or card.train is None:
        return ""
    by_weight = " by weight" * bool(results.audit.weights)
    trained = f" Trained on {count_in_words(card.train.n)}{by_weight}"
    return f"{trained}." if card.test is None else f"{trained}, judged by {card.judge}."


def looked(results: Results) -> str:
    """Say what a report looks for and has not found."""
    found = "no class is rare and missed, no two classes make most of the errors"
    if results.layer.seen is not None:
        found += ", no single column decides, none carries nothing, no zeros look like gaps"
    if results.curve is None:
        return found
    return f"{found}, and more examples would neither change little nor help surely"


def learning(curve: LearningCurve | None) -> str:
    """Say what the learning curve shows."""
    if curve is None:
        return ""
    rights = ", ".join(
        f"{percent(step.right.value)} with {step.trained_on:,}" for step in curve.steps
    )
    part = (
        "" if curve.whole else " Of the examples for training only a part was used, to save time."
    )
    return (
        "Each point is a layer of so many examples at the same C, on the same examples that it was "
        f"not trained on; shaded: 95 %. Dashed: guessing. Right on {rights}.{part}"
    )


def caveats(results: Results) -> list[str]:
    """Say what a reader must know before believing the figures."""
    found = []
    if results.seen:
        found.append(
            "The model was trained on most of these: the figures flatter it, and say nothing of "
            "examples that it has not seen."
        )
    found += _weighed(results)
    if results.cross_validated:
        found.append(
            f"Nothing was held out, so {FOLDS} layers like this one judged in turn what they had "
            "not been trained on."
        )
    if results.judgement is None:
        found.append(
            "Nobody has judged this model: nothing was held out, and there are too few examples "
            "of each class for a cross-validation."
        )
    card = results.layer.card
    if card.choice is not None and card.choice.note is not None:
        found.append(card.choice.note)
    if card.refit and not results.other_data:
        found.append(
            "After the judging the model was trained again on everything: the weights are those of "
            "that second training, the judgement is of the first."
        )
    return found


def _weighed(results: Results) -> list[str]:
    """Say what weights do to the figures; nothing where there are none."""
    judgement = results.judgement
    if judgement is not None and judgement.rows is not None:
        n = count_in_words(judgement.accuracy.n)
        words = (
            "The table weighs its rows: one of weight 2 counts as two examples in every figure, "
            f"in training and here. {judgement.rows:,} rows judge, and count as {n}; lists of "
            "rows have each once. Intervals are those of so many examples: too narrow where a "
            "weight says how many others a row stands for, as in a survey."
        )
        return [words]
    asked = results.layer.card.settings
    if judgement is not None and asked is not None and asked.weights is not None:
        return ["The layer was trained with weights; here there are none: every row counts as one."]
    return []


def per(layer: Reported) -> str:
    """Say what a weight of a column is for."""
    if layer.card.scaling == "standard":
        return "each for a change of its column by one standard deviation"
    if layer.features is not None:
        return "numbers for a change by one standard deviation, levels for being there"
    return "each for a change of its column by one unit"


def moved(results: Results) -> str:
    """Say what the curves of the columns show; nothing where there are none."""
    if not results.effects:
        return ""
    names = results.names
    shown = names[results.effects[0].classes[0]]
    whose = f"of {shown}" if len(names) == 2 else "of the classes that it moves most"
    return (
        f"The mean probability {whose} if all {results.audit.unit} had this value in the column "
        "and were otherwise as they are (partial dependence), for the columns that are worth most. "
        "Ticks: each a hundredth of them."
    )


def weights_left(coef: np.ndarray) -> str:
    """Say how many weights an L1 penalty has left; nothing where none is zero."""
    left = int(np.count_nonzero(left_of(coef)))
    return "" if left == coef.size else f"{left:,} of {coef.size:,} weights are not zero. "


def suspicion(suspects: Suspects | None, unit: str, place: str, table: str) -> str:
    """Say how the examples that may be in the wrong folder were found."""
    if suspects is None:
        return f"Too few {unit} of each class to look: a layer must be trained without them."
    found = f"{suspects.looked_at:,} {unit}"
    if suspects.folds is None:
        how = f"The model gave each of {found} a probability of being in its labelled class."
    else:
        held = suspects.looked_at > len(suspects.folds.rows)
        rest = "; what was held out, to the layer itself" if held else ""
        how = (
            f"Each of {found} was shown to a layer trained without it ({FOLDS} layers at the same "
            f"penalty, each on the other folds, solved to a relative gap of {TOL:g}{rest})."
        )
        how += _capped(suspects.folds, unit)
    if not suspects.examples:
        return f"{how} All were predicted to be in the class that they are labelled with."
    if not suspects.knows:
        return (
            f"{how} It labelled {percent(suspects.right)} of them as they are labelled: too few to "
            "know better. Where such a layer contradicts a label, the mistake is most likely its "
            f"own. The {len(suspects.examples)} that it contradicts most are in {table}."
        )
    return (
        f"{how} Below are the {len(suspects.examples)} whose label was found least likely, the "
        f"least likely first: some may be in the wrong {place}, others are merely hard."
    )


def _capped(folds: OutOfFold, unit: str) -> str:
    if not folds.capped:
        return ""
    return (
        f" To save time each layer was trained on {folds.trained_on:,} {unit} of the other folds, "
        "drawn at random class by class; all were shown."
    )


def solved(solution: Solution) -> list[tuple[str, str]]:
    """Pairs of a heading and its text: how the weights were found, how exactly, at what cost."""
    kind = {"bound": "a rigorous bound", "estimate": "estimated from the curvature"}
    gap, undefined = solution.gap, math.isnan(solution.gap)
    exact = "undefined" if undefined else f"{gap:.1e}, {kind[solution.gap_kind]}"
    return [
        ("Outcome", f"{_OUTCOMES[solution.status]}. {solution.status.advice}"),
        ("Solver", f"{solution.solver}: {solution.reason}"),
        ("Relative gap to the minimum", exact),
        ("Cost J at the end", f"{solution.objective:.6g}"),
        ("Steps", f"{solution.iterations:,}"),
        ("Passes", f"{solution.passes:.1f} reads of all the data"),
        ("Time", f"{solution.seconds:.2f} s"),
    ]


def costs(history: Sequence[Record]) -> str:
    """Say what the figure of the cost counts."""
    if history and costs_no_passes(history):
        return (
            "J, the mean log loss with its penalty, step by step. The steps cost no pass: they "
            "work on the Gram matrix, made before the first of them."
        )
    return "J, the mean log loss with its penalty, over the passes over the data that it cost."


_OUTCOMES = {
    "converged": "Converged",
    "max_iter": "Stopped after the steps that were allowed",
    "separable": "Separable classes",
    "stalled": "Stalled",
    "interrupted": "Interrupted",
}


def chosen(choice: Choice | None) -> str:
    """Say which C, and why."""
    if choice is None:
        return "not recorded"
    return f"{c_in_words(choice.C)}, {choice.words}"


def tried(choice: Choice | None) -> str:
    """Say what the curve of the penalties shows."""
    what = "The mean log loss of examples that were not trained on, and do not judge"
    if choice is None or not choice.std_errors:
        return f"{what}."
    return f"{what}, over {FOLDS} folds; shaded: its standard error."
