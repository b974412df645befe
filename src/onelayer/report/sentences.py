"""The report's sentences: what the figures mean, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onelayer.measures import is_weak
from onelayer.penalties import left_of
from onelayer.report.figures import costs_no_passes
from onelayer.report.folds import FOLDS, TOL, OutOfFold
from onelayer.report.judging import Mean, Rate
from onelayer.report.material import Layer
from onelayer.report.results import Judgement, Results, Suspects
from onelayer.solution import Record, Status
from onelayer.words import c_in_words, loss_in_words, percent

FEW = 500  # below it an interval is so wide that tenths of a per cent mean nothing


def verdict(judgement: Judgement) -> str:
    """Say in one sentence how good the layer is, beside one that never looks."""
    right, base = judgement.accuracy, judgement.base
    return (
        f"Right on {right.hits:,} of {right.n:,} {judgement.who} ({within(right)}); "
        f"always guessing the most frequent class would be right on {base.hits:,}."
    )


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
    if right.interval[0] <= base:
        return "That may be chance: guessing lies within the interval."
    if is_weak(right.value, base):
        why = (
            "raw pixels see colour and position, not shape"
            if pictures
            else ("more than half of what guessing gets wrong is still wrong")
        )
        return f"Better than guessing, but a weak result: {why}."
    removed = (right.value - base) / (1 - base)
    return f"Of the errors that guessing would make, {percent(removed)} are gone."


def trust(judgement: Judgement) -> str:
    """Say whether the probabilities mean what they say."""
    sure, right = judgement.confidence, judgement.accuracy
    said = f"On average it was {percent(sure)} sure, and right on {percent(right.value)}"
    low, high = right.interval
    if low <= sure <= high:
        verdict = f"sure to the right degree, as far as {right.n:,} examples can tell"
    else:
        verdict = "too sure of itself" if sure > high else "better than it thinks"
    return f"{said}: {verdict}."


def divided(results: Results) -> str:
    """Say who was trained on and who judged, after what was read."""
    card = results.layer.card
    if results.other_data or card["train"] is None:
        return ""
    trained = f" Trained on {card['train']['n']:,}"
    return f"{trained}." if card["test"] is None else f"{trained}, judged by {card['judge']}."


def caveats(results: Results) -> list[str]:
    """Say what a reader must know before believing the figures."""
    found = []
    if results.seen:
        found.append(
            "The model was trained on most of these: the figures flatter it, and say nothing of "
            "examples that it has not seen."
        )
    if (results.layer.card["settings"] or {}).get("weights") is not None:
        found.append(
            "The table weighs its rows: the layer was trained with the weights, and on this page "
            "every row counts the same."
        )
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
    if results.layer.card["refit"] and not results.other_data:
        found.append(
            "After the judging the model was trained again on everything: the weights are those of "
            "that second training, the judgement is of the first."
        )
    return found


def per(layer: Layer) -> str:
    """Say what a weight of a column is for."""
    if layer.features is not None:
        return "numbers for a change by one standard deviation, levels for being there"
    change = "one standard deviation" if layer.card["scaling"] == "standard" else "one unit"
    return f"each for a change of its column by {change}"


def weights_left(coef: np.ndarray) -> str:
    """Say how many weights an L1 penalty has left; nothing where none is zero."""
    left = int(np.count_nonzero(left_of(coef)))
    return "" if left == coef.size else f"{left:,} of {coef.size:,} weights are not zero. "


def suspicion(suspects: Suspects | None, unit: str, place: str) -> str:
    """Say how the examples that may be in the wrong folder were found."""
    if suspects is None:
        return f"Too few {unit} of each class to look: a layer must be trained without them."
    found = f"{suspects.looked_at:,} {unit}"
    if suspects.folds is None:
        how = f"The model gave each of {found} a probability for the class that it stands in."
    else:
        how = (
            f"Each of {found} was shown to a layer trained without it ({FOLDS} layers at the same "
            f"C, each on the other folds, solved to a relative gap of {TOL:g})."
        )
        how += _capped(suspects.folds, unit)
    if not suspects.examples:
        return f"{how} None was given another class than its own."
    return (
        f"{how} Below are the {len(suspects.examples)} whose own class was found least likely, the "
        f"least likely first: some may stand in the wrong {place}, others are merely hard."
    )


def _capped(folds: OutOfFold, unit: str) -> str:
    if not folds.capped:
        return ""
    return (
        f" To save time each layer was trained on {folds.trained_on:,} {unit} of the other folds, "
        "drawn at random class by class; all were shown."
    )


def solved(solution: dict[str, Any]) -> list[tuple[str, str]]:
    """Pairs of a heading and its text: how the weights were found, how exactly, at what cost."""
    gap = solution["gap"]
    kind = {"bound": "a rigorous bound", "estimate": "estimated from the curvature"}
    exact = "undefined" if gap is None else f"{gap:.1e}, {kind[solution['gap_kind']]}"
    return [
        ("Outcome", f"{_OUTCOMES[solution['status']]}. {Status(solution['status']).advice}"),
        ("Solver", f"{solution['solver']}: {solution['reason']}"),
        ("Relative gap to the minimum", exact),
        ("Cost J at the end", f"{solution['objective']:.6g}"),
        ("Steps", f"{solution['iterations']:,}"),
        ("Passes", f"{solution['passes']:.1f} reads of all the data"),
        ("Time", f"{solution['seconds']:.2f} s"),
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


def chosen(choice: dict[str, Any] | None) -> str:
    """Say which C, and why."""
    if choice is None:
        return "not recorded"
    return f"{c_in_words(choice['C'])}, {choice['words']}"
