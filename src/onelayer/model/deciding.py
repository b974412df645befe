"""The rule that answers: from what was asked for to what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onelayer.calibration import (
    Chosen,
    Costs,
    Decision,
    Readout,
    Threshold,
    cost_matrix,
    promise,
    share_in_words,
    threshold_for_precision,
    threshold_for_recall,
)
from onelayer.calibration.tolerance import CONFIDENCE
from onelayer.card import CostRule, Reached, ShareRule
from onelayer.card.decided import Share
from onelayer.errors import DataError, UsageError
from onelayer.estimators.folds import OutOfFold
from onelayer.inputs.examples import Examples
from onelayer.measures import Rate, made_of_rows
from onelayer.settings import Settings, ShareGiven, share_of
from onelayer.words import spelt

_CHOOSERS = {"recall": threshold_for_recall, "precision": threshold_for_precision}


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """What layers said of examples that they had not been trained on.

    Attributes
    ----------
    Z
        The forward pass, (j, 1) or (j, K).
    labels
        (j,), positions of the classes.
    who
        What the examples are, in words.
    weights
        (j,), what each example counts; None: the same.
    folds
        The layers; None where it was one, and a set of its own.
    """

    Z: np.ndarray
    labels: np.ndarray
    who: str
    weights: np.ndarray | None = None
    folds: OutOfFold | None = None


def check_decision(settings: Settings, classes: np.ndarray) -> None:
    """Refuse a rule that these classes cannot have, before anything is trained.

    Raises
    ------
    UsageError
        For costs that cannot be read, or a class that there is not.
    """
    names = _names(classes)
    if settings.costs is not None:
        cost_matrix(settings.costs, names)
    for kind, given in _asked(settings).items():
        _position(kind, share_of(kind, given)[0], names)


def decided(
    settings: Settings, classes: np.ndarray, readout: Readout, unseen: Unseen | None
) -> tuple[Decision | None, CostRule | ShareRule | None]:
    """The rule that was asked for, and what a card says of it; None twice where there is none.

    Raises
    ------
    DataError
        Where there are no examples to choose a threshold on, or none has the precision wanted.
    """
    names = _names(classes)
    if settings.costs is not None:
        costs = Costs(cost_matrix(settings.costs, names))
        return costs, CostRule(tuple(map(tuple, costs.matrix.tolist())), costs.in_words(names))
    for kind, given in _asked(settings).items():
        name, wanted = share_of(kind, given)
        unseen = _required(unseen, kind, wanted)
        try:
            chosen = _chosen(kind, _position(kind, name, names), wanted, readout, unseen)
        except DataError as error:
            raise DataError(f"{kind} of {name}: of {unseen.who} {error}") from error
        return chosen.rule, ShareRule(
            kind=kind,
            of_class=name,
            wanted=wanted,
            threshold=chosen.rule.value,
            words=chosen.in_words(names, unseen.who),
            promised=None if chosen.promise is None else chosen.promise.recall,
            confidence=None if chosen.promise is None else CONFIDENCE,
        )
    return None, None


def with_reached(
    decision: CostRule | ShareRule | None, readout: Readout, test: Examples, Z: np.ndarray
) -> CostRule | ShareRule | None:
    """Add to what a card says of a threshold what it came to on the examples that judge."""
    rule = readout.decision
    if not isinstance(decision, ShareRule) or not isinstance(rule, Threshold):
        return decision
    of_class, said = test.labels == rule.position, readout.answers(Z) == rule.position
    recall, precision = _rate(of_class, said, test.weights), _rate(said, of_class, test.weights)
    name, words = decision.of_class, decision.words
    if recall is not None:
        words += f"; on {len(test)} {test.unit} that judge it found {share_in_words(recall)}"
    if recall is not None and precision is not None:
        words += f" of {name}, and {share_in_words(precision)} was right"
    reached = Reached(*(None if rate is None else rate.value for rate in (recall, precision)))
    return replace(decision, reached=reached, words=words)


def _rate(among: np.ndarray, hit: np.ndarray, weights: np.ndarray | None) -> Rate | None:
    """The share of hits among these; None where there are none of them, by weight."""
    s = np.ones(len(hit)) if weights is None else np.asarray(weights)
    return Rate.of(hit[among], s[among]) if s[among].sum() > 0 else None


def _asked(settings: Settings) -> Mapping[Share, ShareGiven]:
    given: dict[Share, ShareGiven | None] = {
        "recall": settings.recall,
        "precision": settings.precision,
    }
    return {kind: share for kind, share in given.items() if share is not None}


def _required(unseen: Unseen | None, kind: str, wanted: float) -> Unseen:
    if unseen is None:
        raise DataError(
            f"there are too few examples to choose a threshold for a {kind} of {wanted:g}: it "
            "takes 20 that the layer was not trained on; give more, or costs"
        )
    return unseen


def _chosen(kind: str, position: int, wanted: float, readout: Readout, unseen: Unseen) -> Chosen:
    Z, of_class = unseen.Z, unseen.labels == position
    scores = made_of_rows(len(Z), lambda rows: readout.probabilities(Z[rows])[:, position])
    value, recall, precision = _CHOOSERS[kind](scores, of_class, wanted, unseen.weights)
    promised = promise(recall.n, wanted) if kind == "recall" else None
    return Chosen(Threshold(position, value), recall, precision, promised)


def _position(kind: str, name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise UsageError(f"{spelt(kind)} is of {name!r}: the classes are {', '.join(names)}")
    return list(names).index(name)


def _names(classes: np.ndarray) -> list[str]:
    return [str(label) for label in classes.tolist()]
