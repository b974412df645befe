"""The results that a report shows, computed once, as plain numbers and text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onelayer.measures import decide, head_of, probabilities_of
from onelayer.readers import Audit
from onelayer.report.folds import FOLDS, OutOfFold, out_of_fold
from onelayer.report.judging import (
    Bin,
    ClassJudgement,
    Mean,
    Rate,
    Roc,
    base_losses,
    by_class,
    confusion,
    losses,
    reliability,
    roc,
)
from onelayer.report.material import Judged, Layer, Material, Sample

MISTAKES = 12
SUSPECTS = 20


@dataclass(frozen=True)
class Example:
    """One example that a layer got wrong.

    Attributes
    ----------
    name
        Its file, or its row.
    label, answer
        The class that it stands in, and the one that the layer gave.
    p_label, p_answer
        The probabilities of the two.
    pixels
        The picture as the layer sees it, uint8 (height, width, channels); None for a row.
    """

    name: str
    label: str
    answer: str
    p_label: float
    p_answer: float
    pixels: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How the layer did.

    Attributes
    ----------
    who
        What it was judged on, in words, in the plural.
    accuracy, base
        The share right, and that of always saying the most frequent class of training.
    base_class
        That class.
    loss, base_loss
        Mean log loss in nats, and that of always answering the shares of training.
    auc
        Area under the ROC curve; with several classes the mean over each against the rest.
    counts
        (K, K), row the true class, column the answer.
    classes
        One judgement a class.
    roc
        For two classes.
    bins, confidence
        How often it is right by how sure it is, and how sure it is on average.
    mistakes
        The most confident ones first.
    """

    who: str
    accuracy: Rate
    base: Rate
    base_class: str
    loss: Mean
    base_loss: Mean
    auc: float | None
    counts: np.ndarray
    classes: tuple[ClassJudgement, ...]
    roc: Roc | None
    bins: tuple[Bin, ...]
    confidence: float
    mistakes: tuple[Example, ...]


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """Examples whose probability most contradicts their label.

    Attributes
    ----------
    examples
        The least probable label first; only those that the layer would label otherwise.
    looked_at
        Examples that were looked at.
    folds
        The layers that looked; None where it was the one that is reported on.
    """

    examples: tuple[Example, ...]
    looked_at: int
    folds: OutOfFold | None


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything that the page shows; `judgement` is None where nobody could judge."""

    source: str
    source_id: str
    layer: Layer
    audit: Audit
    judgement: Judgement | None
    suspects: Suspects | None
    cross_validated: bool
    other_data: bool
    seen: bool

    @cached_property
    def names(self) -> list[str]:
        """The classes as text."""
        return [str(label) for label in self.layer.classes.tolist()]


def collect(material: Material) -> Results:
    """Compute all that a report shows; the out-of-fold pass is what takes its time.

    Where nothing was held out, the out-of-fold answers judge the layer.
    """
    layer, judged = material.layer, material.judged
    found = _folded(material)
    cross_validated = judged is None and found is not None
    if cross_validated:
        judged = found[0] if found else None
    return Results(
        source=material.source,
        source_id=material.source_id,
        layer=layer,
        audit=material.audit,
        judgement=None if judged is None else _judge(judged, material),
        suspects=_suspects(material, found),
        cross_validated=cross_validated,
        other_data=material.folding is None,
        seen=material.seen,
    )


def _folded(material: Material) -> tuple[Judged, OutOfFold] | None:
    folding = material.folding
    if folding is None:
        return None
    folds = out_of_fold(folding, len(material.layer.classes))
    if folds is None:
        return None
    who = f"{material.audit.unit} in {FOLDS}-fold cross-validation"
    return Judged(sample=folding.sample.take(folds.rows), Z=folds.Z, who=who), folds


def _judge(judged: Judged, material: Material) -> Judgement:
    layer, labels = material.layer, judged.sample.labels
    head = head_of(layer.classes)
    names = [str(label) for label in layer.classes.tolist()]
    A, answers = probabilities_of(judged.Z, head), decide(judged.Z, head)
    confidence = np.take_along_axis(A, answers[:, None], axis=1)[:, 0]
    right = answers == labels
    counts = confusion(labels, answers, len(names))
    classes = by_class(counts, A, labels, names)
    aucs = [found.auc for found in classes if found.auc is not None]
    frequent = int(np.argmax(material.shares))
    wrong = np.flatnonzero(~right)
    most_confident = wrong[np.argsort(-confidence[wrong], kind="stable")[:MISTAKES]]
    return Judgement(
        who=judged.who,
        accuracy=Rate(int(right.sum()), len(labels)),
        base=Rate(int((labels == frequent).sum()), len(labels)),
        base_class=names[frequent],
        loss=Mean.of(losses(judged.Z, labels, head)),
        base_loss=Mean.of(base_losses(labels, material.shares)),
        auc=float(np.mean(aucs)) if aucs else None,
        counts=counts,
        classes=classes,
        roc=roc(labels, judged.Z[:, 0]) if len(names) == 2 else None,
        bins=reliability(confidence, right),
        confidence=float(confidence.mean()),
        mistakes=_examples(judged.sample, A, most_confident, layer),
    )


def _suspects(material: Material, found: tuple[Judged, OutOfFold] | None) -> Suspects | None:
    """Those out of fold; for other data the layer itself has not seen them."""
    judged, folds = found or (material.judged, None)
    if judged is None or (material.folding is not None and folds is None):
        return None
    layer, labels = material.layer, judged.sample.labels
    head = head_of(layer.classes)
    A, answers = probabilities_of(judged.Z, head), decide(judged.Z, head)
    p_label = np.take_along_axis(A, labels[:, None], axis=1)[:, 0]
    contradicted = np.flatnonzero(answers != labels)
    least = contradicted[np.argsort(p_label[contradicted], kind="stable")[:SUSPECTS]]
    examples = _examples(judged.sample, A, least, layer)
    return Suspects(examples=examples, looked_at=len(labels), folds=folds)


def _examples(sample: Sample, A: np.ndarray, rows: np.ndarray, layer: Layer) -> tuple[Example, ...]:
    names = [str(label) for label in layer.classes.tolist()]
    answers = A.argmax(axis=1)
    return tuple(
        Example(
            name=str(sample.names[row]),
            label=names[sample.labels[row]],
            answer=names[answers[row]],
            p_label=float(A[row, sample.labels[row]]),
            p_answer=float(A[row, answers[row]]),
            pixels=None if layer.shape is None else sample.X[row].reshape(layer.shape),
        )
        for row in rows.tolist()
    )
