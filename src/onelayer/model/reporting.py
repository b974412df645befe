"""From a model and what it was trained on, or other data, to the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from onelayer.errors import UsageError
from onelayer.model.examples import Examples
from onelayer.model.sources import Progress, Source, identity
from onelayer.report.material import Folding, Judged, Layer, Material, Sample
from onelayer.solution import Record

if TYPE_CHECKING:
    from onelayer.estimators import LogisticRegression
    from onelayer.model.fitted import Model
    from onelayer.model.parts import Parts

Part = TypeVar("Part", Examples, Examples | None)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a training leaves beside its model; it is not saved with it.

    Attributes
    ----------
    parts
        Who was trained on, who chose, who judged.
    Z
        The forward pass of what judged, by the layer that was judged; None where nobody did.
    estimator
        The estimator that was fitted.
    """

    parts: Parts
    Z: np.ndarray | None
    estimator: LogisticRegression


def report_on_training(model: Model, path: str | Path, progress: Progress) -> None:
    """Write a report on what the model was trained on, with a cross-validation.

    Raises
    ------
    UsageError
        For a model that holds no examples, as it was loaded from a file.
    """
    evidence = model.evidence
    if evidence is None:
        raise UsageError(
            "this model holds no examples, as it was not trained just now: name a source, as in "
            'model.report("report.html", "photos/")'
        )
    progress("cross-validating and drawing the report", 0, 1)
    _write(_of_training(model, evidence), path)


def report_on_examples(
    model: Model, path: str | Path, source: Source, examples: Examples, Z: np.ndarray
) -> None:
    """Write a report on the examples of another source, whose forward pass is Z."""
    judged = Judged(sample=_sample(examples), Z=Z, who=f"{examples.unit} of {source}")
    trained = model.card.audit or {"by_class": {}}
    counts = [trained["by_class"].get(name, 0) for name in map(str, model.classes.tolist())]
    material = Material(
        source=str(source),
        source_id=identity(source),
        layer=_layer(model, examples, ()),
        audit=examples.audit,
        judged=judged,
        folding=None,
        shares=np.array(counts) / sum(counts) if sum(counts) else _shares(examples),
        seen=model.card.source_id == identity(source),
    )
    _write(material, path)


def _write(material: Material, path: str | Path) -> None:
    from onelayer.report.page import write_report
    from onelayer.report.results import collect

    write_report(collect(material), path)


def _of_training(model: Model, evidence: Evidence) -> Material:
    parts, estimator = evidence.parts, evidence.estimator
    everything = _everything(parts)
    return Material(
        source=parts.audit.source,
        source_id=model.card.source_id or "",
        layer=_layer(model, parts.train, estimator.solution_.history),
        audit=parts.audit,
        judged=_judged(parts, evidence.Z),
        folding=Folding(
            sample=_sample(everything),
            groups=everything.groups(),
            estimator=estimator,
            seed=estimator.random_state,
        ),
        shares=_shares(parts.train),
    )


def _layer(model: Model, examples: Examples, history: tuple[Record, ...]) -> Layer:
    scaling = model.scaling
    sizes = np.ones(model.coef.shape[1])
    if scaling is not None and examples.scaling == "standard":
        sizes = 1 / scaling.scale  # the standard deviations: w of standardised X is w times these
    return Layer(
        classes=model.classes,
        coef=model.coef,
        sizes=sizes,
        shape=None if model.preprocessing is None else model.preprocessing.shape,
        features=examples.features,
        history=history,
        card=model.card.to_dict(),
    )


def _sample(examples: Examples) -> Sample:
    return Sample(X=examples.X, labels=examples.labels, names=examples.names)


def _judged(parts: Parts, Z: np.ndarray | None) -> Judged | None:
    if parts.test is None or Z is None:
        return None
    unit = parts.test.unit
    who = f"held-out {unit}" if parts.test_set is None else f"{unit} of {parts.judge}"
    return Judged(sample=_sample(parts.test), Z=Z, who=who)


def _everything(parts: Parts) -> Examples:
    """All parts as one; where they were read from several sets, a name says from which."""
    if parts.test_set is None:
        return parts.everything
    return replace(
        parts,
        train=_named(parts.train, "train"),
        val=_named(parts.val, "val"),
        test=_named(parts.test, parts.test_set),
    ).everything


def _named(examples: Part, part: str) -> Part:
    if examples is None:
        return None
    return replace(examples, names=np.array([f"{part}/{name}" for name in examples.names]))


def _shares(examples: Examples) -> np.ndarray:
    return np.bincount(examples.labels, minlength=len(examples.classes)) / len(examples)
