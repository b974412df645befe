"""From a model and what it was trained on, or other data, to the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from onelayer.designs import in_turn
from onelayer.errors import UsageError
from onelayer.estimators.fewer import of_fewer
from onelayer.estimators.folds import FOLDS, Folding, OutOfFold, out_of_fold
from onelayer.inputs.examples import Examples
from onelayer.model.example_names import PartNames, in_lines, lined
from onelayer.model.repeats import repeats_of
from onelayer.report.material import Judged, Material, Reported, Sample, Seen, TrainedOn
from onelayer.solution import Record
from onelayer.sources import Progress, Source

if TYPE_CHECKING:
    from onelayer.estimators.layer_fit import FittedLayer
    from onelayer.model.fitted import Model
    from onelayer.model.parts import Parts
    from onelayer.report.case import NextStep
    from onelayer.report.results import Results

MOST = 4000
"""Examples that one fold trains on at most where a report alone asks: enough to see which labels it
would contradict, and eight seconds for all five at 784 features and ten classes, whatever the size
of the data. A calibration trains on all: layers of fewer examples are surer of themselves."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a training leaves beside its model; it is not saved with it.

    Attributes
    ----------
    parts
        Who was trained on, who chose, who judged.
    Z, Z_val
        The forward passes of what judged and of the validation set, by the layer that was judged;
        None where there was none.
    folds
        What layers trained without them said of the training examples; None: not asked yet.
    fitted
        The layer that was judged.
    """

    parts: Parts
    Z: np.ndarray | None
    Z_val: np.ndarray | None
    folds: OutOfFold | None
    fitted: FittedLayer


@dataclass(frozen=True)
class Outputs:
    """Where a report is written, and its table of mistakes; None: not, or beside the report."""

    page: str | Path | None = None
    mistakes: str | Path | None = None

    def write(self, results: Results) -> None:
        """Write what is wanted."""
        from onelayer.report.page import write_mistakes, write_report

        if self.page is not None:
            write_report(results, self.page, self.mistakes)
        elif self.mistakes is not None:
            write_mistakes(results, self.mistakes)


def report_on_training(model: Model, outputs: Outputs, progress: Progress) -> tuple[NextStep, ...]:
    """Write a report on what the model was trained on, with a cross-validation.

    Returns what it advises, the first thing to see to at the front.

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
    return _write(_of_training(model, evidence), outputs)


def report_on_examples(
    model: Model, outputs: Outputs, source: Source, examples: Examples, Z: np.ndarray
) -> tuple[NextStep, ...]:
    """Write a report on the examples of another source, whose forward pass is Z.

    Returns what it advises.
    """
    judged = Judged(
        sample=_sample(lined(examples)), Z=Z, who=f"{examples.unit} of {source.described}"
    )
    trained = {} if model.card.audit is None else model.card.audit.mass
    counts = [trained.get(name, 0) for name in map(str, model.classes.tolist())]
    material = Material(
        source=source.described,
        source_id=source.identity,
        layer=_layer(model, examples, ()),
        audit=examples.audit,
        judged=judged,
        unseen=None,
        folds=None,
        shares=np.array(counts) / sum(counts) if sum(counts) else _shares(examples),
        other_data=True,
        in_lines=in_lines(examples),
        seen=model.card.source_id == source.identity,
    )
    return _write(material, outputs)


def _write(material: Material, outputs: Outputs) -> tuple[NextStep, ...]:
    from onelayer.report.results import collect

    results = collect(material)
    outputs.write(results)
    return results.findings


def _of_training(model: Model, evidence: Evidence) -> Material:
    parts, fitted = evidence.parts, evidence.fitted
    folds = evidence.folds or _folds(evidence)
    # Layers of fewer examples come first: beside all examples together they would take more memory.
    trained = None if folds is None else _trained(evidence, folds)
    return Material(
        source=parts.audit.source,
        source_id=model.card.source_id or "",
        layer=_layer(model, parts.train, fitted.solution.history),
        audit=parts.audit,
        judged=_judged(parts, evidence.Z),
        unseen=None if folds is None else _unseen(evidence, folds),
        folds=folds,
        shares=_shares(parts.train),
        in_lines=in_lines(parts.train),
        decided=parts.decided,
        trained=trained,
    )


def _trained(evidence: Evidence, folds: OutOfFold) -> TrainedOn:
    parts, asked = evidence.parts, evidence.fitted.asked
    descends = asked.solver == "gradient-descent"  # twenty descents more would tell little
    fewer = [] if descends else of_fewer(_folding(evidence), folds.trained_on)
    return TrainedOn(
        sample=_sample(parts.train),
        fewer=tuple(fewer),
        repeats=repeats_of(parts),
        own_test=parts.test_set is not None,
    )


def _folds(evidence: Evidence) -> OutOfFold | None:
    return out_of_fold(replace(_folding(evidence), most=MOST))


def _folding(evidence: Evidence) -> Folding:
    train, asked = evidence.parts.train, evidence.fitted.asked
    return Folding(
        X=train.whole,
        places=train.places,
        labels=train.labels,
        groups=train.groups(),
        asked=asked,
        classes=train.classes,
        seed=asked.random_state,
        weights=train.weights,
        survey=train.survey,
    )


def _unseen(evidence: Evidence, folds: OutOfFold) -> Judged:
    """All examples, with the forward pass of a layer that was not trained on them."""
    everything, train = _sample_of_all(evidence.parts), evidence.parts.train
    others = [Z for Z in (evidence.Z_val, evidence.Z) if Z is not None]
    held = np.arange(len(train), len(everything), dtype=np.int32)
    who = f"{train.unit} in {FOLDS}-fold cross-validation"
    sample = everything.take(np.concatenate([folds.rows, held]))
    Z = in_turn([folds.Z, *others]) if others else folds.Z  # of very many rows no copy
    return Judged(sample=sample, Z=Z, who=who)


def _layer(model: Model, examples: Examples, history: tuple[Record, ...]) -> Reported:
    scaling = model.scaling
    sizes = np.ones(model.coef.shape[1])
    if scaling is not None and examples.scaling == "standard":
        sizes = 1 / scaling.scale  # the standard deviations: w of standardised X is w times these
    return Reported(
        classes=model.classes,
        coef=model.coef,
        sizes=sizes,
        shape=model.inputs.pixels,
        explain=partial(_picture_map, model),
        similar=lambda x: model.similar_to(x[None])[0],
        features=model.inputs.features or None,
        history=history,
        card=model.card,
        readout=model.readout,
        seen=_seen(model),
    )


def _seen(model: Model) -> Seen | None:
    """What the layer looks at, where that has names."""
    inputs, layer = model.inputs, model.layer
    if not inputs.parts:
        return None
    return Seen(
        names=inputs.parts,
        shares=lambda X: inputs.explain(layer.contributions(X)),
        cells=inputs.cells,
        numbers=inputs.numbers,
        moves=inputs.moves,
    )


def _sample(examples: Examples) -> Sample:
    return Sample(
        X=examples.whole,
        places=examples.places,
        labels=examples.labels,
        names=examples.names,
        weights=examples.weights,
        shown=examples.shown,
    )


def _picture_map(model: Model, picture: np.ndarray, k: int) -> np.ndarray | None:
    """What each place of a picture adds to the score of class k."""
    found = model.score_of_places(picture, k)
    return None if found is None else found[0]


def _judged(parts: Parts, Z: np.ndarray | None) -> Judged | None:
    if parts.test is None or Z is None:
        return None
    unit = parts.test.unit
    who = f"held-out {unit}" if parts.test_set is None else f"{unit} of {parts.judge}"
    return Judged(sample=_sample(lined(parts.test)), Z=Z, who=who)


def _sample_of_all(parts: Parts) -> Sample:
    """All parts as one; where they were read from several sets, a name says from which."""
    val, test = parts.val and lined(parts.val), parts.test and lined(parts.test)
    called = replace(parts, train=lined(parts.train), val=val, test=test)
    sample = _sample(called.everything)
    if parts.test_set is None:
        return sample
    sets = {"train": called.train, "val": val, parts.test_set: test}
    named = {name: one for name, one in sets.items() if one is not None}
    return replace(sample, names=PartNames.of(named))


def _shares(examples: Examples) -> np.ndarray:
    weights = examples.weights
    return examples.class_sums / (len(examples) if weights is None else weights.sum())
