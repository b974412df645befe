"""The results that a report shows, computed once, as plain numbers and text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from onelayer.calibration import Bin, Readout
from onelayer.designs.row_products import seen_rows
from onelayer.errors import DataError
from onelayer.estimators.folds import OutOfFold
from onelayer.evaluation import Trust, reliability_of, small_answers
from onelayer.inputs.kept_pictures import Similar
from onelayer.measures import Rate, area_under_curve, is_weak, made_of_rows
from onelayer.readers import Audit
from onelayer.report.by_column import Looked, looked_at
from onelayer.report.by_threshold import by_threshold
from onelayer.report.case import Case, NextStep
from onelayer.report.findings import findings
from onelayer.report.importance import Worth, worth_of_columns
from onelayer.report.judgement import Cell, Example, Judgement
from onelayer.report.judging import (
    Mean,
    base_losses,
    by_class,
    confusion,
    first_of,
    losses,
    means_of,
    roc,
)
from onelayer.report.learning import LearningCurve, learning_curve
from onelayer.report.material import Judged, Material, Reported, Sample
from onelayer.report.mistakes import MistakeRow
from onelayer.report.partial_dependence import Effect, effects_of

MISTAKES = 12
SUSPECTS = 20
CELLS = 4  # of a row that are shown: a line
CELLS_OF = 20_000  # features beyond which a row is not unfolded


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """Examples whose probability most contradicts their label.

    Attributes
    ----------
    examples
        The least probable label first; only those that the layer would label otherwise.
    looked_at
        Examples that were looked at.
    right
        The share of them that the layers label as they are labelled.
    knows
        Whether that removes half of guessing's errors, see `is_weak`: below it most contradictions
        are the layer's own mistakes, and say nothing of the label.
    folds
        The layers that looked; None where it was the one that is reported on.
    """

    examples: tuple[Example, ...]
    looked_at: int
    right: float
    knows: bool
    folds: OutOfFold | None


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything that the page shows; `judgement` is None where nobody could judge.

    `worth` is that of the columns, `effects` what moving one does, `curve` what more examples
    gained, and `findings` what to do next, the first thing at the front. `in_lines`: examples are
    called by their lines in a file.
    `decided`: what a person has said of earlier mistakes, and was trained with.
    """

    source: str
    source_id: str
    layer: Reported
    audit: Audit
    judgement: Judgement | None
    suspects: Suspects | None
    cross_validated: bool
    other_data: bool
    seen: bool
    worth: Worth
    effects: tuple[Effect, ...]
    curve: LearningCurve | None
    findings: tuple[NextStep, ...]
    in_lines: bool
    decided: tuple[MistakeRow, ...]

    @property
    def pictures(self) -> bool:
        """Whether the examples are pictures."""
        return self.layer.card.preprocessing is not None

    @property
    def maps(self) -> bool:
        """Whether there is a picture whose places are shown."""
        found = () if self.judgement is None else self.judgement.mistakes
        return any(example.places is not None for example in found)

    @property
    def similar(self) -> bool:
        """Whether pictures of training are shown beside a mistake."""
        found = () if self.judgement is None else self.judgement.mistakes
        return any(example.similar for example in found)

    @cached_property
    def names(self) -> list[str]:
        """The classes as text."""
        return [str(label) for label in self.layer.classes.tolist()]


def collect(material: Material) -> Results:
    """Compute all that a report shows.

    Where nothing was held out, the out-of-fold answers judge the layer.
    """
    cross_validated = material.judged is None and material.unseen is not None
    judged = material.unseen if cross_validated else material.judged
    judgement = None if judged is None else _judge(judged, material)
    looked = None if judged is None else _looked(judged, material.layer)
    curve, case = _curve(material), None
    if judged is not None and judgement is not None:
        worth = _worth(looked, judgement, material.layer)
        case = Case(material, judgement, judged, worth, curve)
    return Results(
        source=material.source,
        source_id=material.source_id,
        layer=material.layer,
        audit=material.audit,
        judgement=judgement,
        suspects=_suspects(material),
        cross_validated=cross_validated,
        other_data=material.other_data,
        seen=material.seen,
        worth=Worth(()) if case is None else case.worth,
        effects=() if case is None else _effects(looked, case.worth, material.layer),
        curve=curve,
        findings=() if case is None else findings(case),
        in_lines=material.in_lines,
        decided=material.decided,
    )


def _looked(judged: Judged, layer: Reported) -> Looked | None:
    if layer.seen is None or layer.shape is not None:
        return None
    return looked_at(judged, layer.seen)


def _worth(looked: Looked | None, judgement: Judgement, layer: Reported) -> Worth:
    if looked is None:
        return Worth(())
    return worth_of_columns(looked, layer.readout, judgement.base_loss.value)


def _effects(looked: Looked | None, worth: Worth, layer: Reported) -> tuple[Effect, ...]:
    """Those of the columns that are worth something, the most important first."""
    if looked is None or layer.seen is None:
        return ()
    some = [one.name for one in worth.columns if one.rise.value > 0 and one.name not in worth.idle]
    alone = looked.names if len(looked.names) == 1 else ()
    return effects_of(looked, layer, layer.seen, tuple(some) or alone)


def _curve(material: Material) -> LearningCurve | None:
    trained, folds = material.trained, material.folds
    if trained is None or folds is None:
        return None
    return learning_curve(trained.fewer, folds, trained.sample, material.layer.readout.head)


def _judge(judged: Judged, material: Material) -> Judgement:
    layer, labels, readout = material.layer, judged.sample.labels, material.layer.readout
    weights = judged.sample.weights
    names = [str(label) for label in layer.classes.tolist()]
    answers = small_answers(readout, judged.Z, len(names))
    right = answers == labels
    counts = confusion(labels, answers, len(names), weights)
    frequent = int(np.argmax(material.shares))

    def unsure(rows: np.ndarray) -> np.ndarray:
        return -_probability_of(judged.Z[rows], readout, answers[rows])

    most_confident = first_of(np.flatnonzero(~right), unsure, MISTAKES)
    own, means = Readout(head=readout.head), _means(judged, material, answers)
    return Judgement(
        who=judged.who,
        rows=None if weights is None else len(labels),
        accuracy=Rate.of(right, weights),
        base=Rate.of(labels == frequent, weights),
        base_class=names[frequent],
        loss=means.loss,
        base_loss=means.base_loss,
        auc=area_under_curve(readout.logits_of(judged.Z), labels, readout.head, weights),
        counts=counts,
        classes=by_class(counts, _by_class(judged.Z, readout), labels, names, weights),
        roc=roc(labels, judged.Z[:, 0], weights) if len(names) == 2 else None,
        thresholds=(by_threshold(judged.Z, labels, readout, weights) if len(names) == 2 else None),
        bins=_bins(judged, readout),
        trust=_trust(judged, readout),
        before=None if readout.plain else (_bins(judged, own), _trust(judged, own)),
        gain=means.gain,
        heated=means.heated,
        confidence=means.confidence.value,
        cost=readout.cost(labels, answers, weights),
        mistakes=_examples(judged, most_confident, layer, answers, maps=judged is material.judged),
    )


class _Means(NamedTuple):
    """Means over the examples that judge, as in `Judgement`."""

    loss: Mean
    base_loss: Mean
    gain: Mean
    confidence: Mean
    heated: Mean | None = None


def _means(judged: Judged, material: Material, answers: np.ndarray) -> _Means:
    """All in one walk over the examples, of which some are looked at at a time."""
    Z, labels, readout = judged.Z, judged.sample.labels, material.layer.readout

    def of_rows(rows: slice) -> list[np.ndarray]:
        each = _losses(Z[rows], labels[rows], readout)
        guessed = base_losses(labels[rows], material.shares)
        found = [each, guessed, guessed - each, _probability_of(Z[rows], readout, answers[rows])]
        if readout.plain:
            return found
        return [*found, each - _losses(Z[rows], labels[rows], Readout(head=readout.head))]

    return _Means(*means_of(len(Z), of_rows, judged.sample.weights))


def _losses(Z: np.ndarray, labels: np.ndarray, readout: Readout) -> np.ndarray:
    """L of each example, (m,)."""
    return made_of_rows(
        len(Z), lambda rows: losses(readout.logits(Z[rows]), labels[rows], readout.head)
    )


def _probability_of(Z: np.ndarray, readout: Readout, k: np.ndarray) -> np.ndarray:
    """That of class k (m,) of each example, (m,)."""

    def of_rows(rows: slice) -> np.ndarray:
        A = readout.probabilities(Z[rows])
        return np.take_along_axis(A, k[rows, None].astype(np.intp), axis=1)[:, 0]

    return made_of_rows(len(Z), of_rows)


def _by_class(Z: np.ndarray, readout: Readout) -> Callable[[int], np.ndarray]:
    """Says the probabilities of a class, (m,); of two classes they are made when asked for."""
    if Z.shape[1] > 1:
        A = made_of_rows(len(Z), lambda rows: readout.probabilities(Z[rows]))
        return lambda k: A[:, k]
    return lambda k: made_of_rows(len(Z), lambda rows: readout.probabilities(Z[rows])[:, k])


def _bins(judged: Judged, readout: Readout) -> tuple[Bin, ...]:
    return reliability_of(judged.Z, judged.sample.labels, readout, judged.sample.weights)


def _trust(judged: Judged, readout: Readout) -> Trust:
    return Trust.of(judged.Z, judged.sample.labels, readout, judged.sample.weights)


def _suspects(material: Material) -> Suspects | None:
    """Those that a layer not trained on them contradicts; for other data the layer itself."""
    judged = material.judged if material.other_data else material.unseen
    if judged is None:
        return None
    layer, labels = material.layer, judged.sample.labels
    answers = small_answers(layer.readout, judged.Z, len(layer.classes))

    def p_label(rows: np.ndarray) -> np.ndarray:
        return _probability_of(judged.Z[rows], layer.readout, labels[rows])

    least = first_of(np.flatnonzero(answers != labels), p_label, SUSPECTS)
    weights = judged.sample.weights
    right = Rate.of(answers == labels, weights).value
    base = Rate.of(labels == int(np.argmax(material.shares)), weights).value
    return Suspects(
        examples=_examples(judged, least, layer, answers),
        looked_at=len(labels),
        right=right,
        knows=not is_weak(right, base),
        folds=material.folds,
    )


def _examples(
    judged: Judged,
    rows: np.ndarray,
    layer: Reported,
    answers: np.ndarray,
    *,
    maps: bool = False,
) -> tuple[Example, ...]:
    """Say of each what it was taken for; with maps of what the layer itself saw in it."""
    names, sample = [str(label) for label in layer.classes.tolist()], judged.sample
    A = layer.readout.probabilities(judged.Z[rows])
    return tuple(
        Example(
            name=str(sample.names[row]),
            label=names[sample.labels[row]],
            answer=names[answers[row]],
            p_label=float(a[sample.labels[row]]),
            p_answer=float(a[answers[row]]),
            pixels=_pixels(sample, row, layer),
            places=_places(sample, row, layer, int(answers[row])) if maps else None,
            similar=_similar(sample, row, layer) if maps else (),
            cells=_cells(sample, row, layer, int(answers[row])) if maps else (),
        )
        for row, a in zip(rows.tolist(), A, strict=True)
    )


def _cells(sample: Sample, row: int, layer: Reported, k: int) -> tuple[Cell, ...]:
    """The columns that spoke most for the answer, beside the label, and what stands in them."""
    seen, label = layer.seen, int(sample.labels[row])
    if seen is None or layer.shape is not None or sample.X.shape[1] > CELLS_OF:
        return ()
    x = sample.X[sample.places[[row]]]
    shares = seen.shares(x)[0]
    speaks = (
        shares[:, 0] * (1 if k else -1) if shares.shape[1] == 1 else shares[:, k] - shares[:, label]
    )
    texts = seen.cells(seen_rows(x, None))[0]
    most = np.argsort(-speaks, kind="stable")[:CELLS].tolist()
    alone = len(seen.names) == 1  # what it holds is all there is to be seen
    return tuple(
        Cell(seen.names[j], texts[j], float(speaks[j])) for j in most if alone or speaks[j] > 0
    )


def _similar(sample: Sample, row: int, layer: Reported) -> tuple[Similar, ...]:
    """The pictures of training most like it."""
    return () if sample.shown is None else tuple(layer.similar(sample.X[sample.places[row]]))


def _pixels(sample: Sample, row: int, layer: Reported) -> np.ndarray | None:
    at = sample.places[row]
    if sample.shown is not None:
        return sample.shown.small[at]
    return None if layer.shape is None else sample.X[at].reshape(layer.shape)


def _places(sample: Sample, row: int, layer: Reported, k: int) -> np.ndarray | None:
    """Encode the picture once more; None where it is there no more."""
    if sample.shown is None:
        return None
    try:
        return layer.explain(sample.shown.again(int(sample.places[row])), k)
    except (DataError, OSError):
        return None
