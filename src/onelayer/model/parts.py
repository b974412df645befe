"""Who is trained on, who chooses C and who judges; nothing is chosen on what judges."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from onelayer.errors import DataError, DataWarning
from onelayer.inputs.examples import Examples, joined, numbered
from onelayer.model.near_duplicates import with_near_duplicates, without_repeats
from onelayer.model.relabelling import relabelled
from onelayer.readers import Audit, split_notes, stratified_split
from onelayer.readers.grouped import counts_of
from onelayer.report.mistakes import MistakeRow
from onelayer.settings import Settings
from onelayer.sources import Like, Progress, Source, open_source
from onelayer.words import count_of, spelt

N = TypeVar("N", int, float)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of what was read, no example in two of them.

    Attributes
    ----------
    train
        What the model is trained on.
    val
        What C is chosen on; None where a part of `train` shall serve.
    test
        What judges; None where nothing was to be held out.
    judge
        In words, who judges.
    test_set
        Which set `test` was read from, "test" or "val"; None where it was split off.
    audit
        Of everything that was read.
    decided
        What a person has said of earlier mistakes; the labels are by it already.
    """

    train: Examples
    val: Examples | None
    test: Examples | None
    judge: str
    audit: Audit
    test_set: str | None = None
    decided: tuple[MistakeRow, ...] = ()

    @property
    def everything(self) -> Examples:
        """All parts, as one."""
        return joined([part for part in (self.train, self.val, self.test) if part is not None])


def read_parts(source: Source, settings: Settings, progress: Progress) -> Parts:
    """Read the source and what judges it, and split where nothing does.

    With a test set it judges, and a validation set chooses; a validation set alone judges. Else
    `test_size` of every class is held out, identical and nearly identical pictures on one side.
    """
    sets = read_sets(source, settings, progress)
    sets, decided = relabelled(sets, settings.relabel)
    audit = _audit(source, sets)
    train, others = sets["train"], {name: one for name, one in sets.items() if name != "train"}
    progress("looking for the same twice", 0, 1)
    train, *rest = numbered([train, *others.values()])
    others = dict(zip(others, rest, strict=True))
    train, audit = without_repeats(train, others, audit, strict=settings.strict)
    train, audit = with_near_duplicates(train, others, audit)
    found = _judged_by_a_set(train, others, audit) if others else _held_out(train, audit, settings)
    return _encoded(replace(found, decided=decided))


def read_sets(source: Source, settings: Settings, progress: Progress) -> dict[str, Examples]:
    """Read the source's own parts as they are, "train" first, and the sources that were named.

    What chooses and judges is read like what is trained on. Nothing is left out or held out.
    """
    train = source.read("train")
    others = _others(source, settings, progress)
    read = {name: _read_like(train, other, part) for name, (other, part) in others.items()}
    return {"train": train, **read}


def _encoded(parts: Parts) -> Parts:
    """Make features of a table's codes, as the rows that are trained on have it.

    What judges has no part in a median, a spread or the levels that are known.
    """
    inputs = parts.train.inputs.fit(parts.train)
    for column in inputs.lost:
        warnings.warn(f"left out: {column}", DataWarning, stacklevel=2)
    features: dict[int, Any] = {}  # parts of one file share them

    def encoded(part: Examples) -> Examples:
        found = part.encoded(inputs, features.get(id(part.whole)))
        features[id(part.whole)] = found.whole
        return found

    return replace(
        parts,
        train=encoded(parts.train),
        val=parts.val and encoded(parts.val),
        test=parts.test and encoded(parts.test),
        audit=_noted(parts.audit, *inputs.notes),
    )


def _others(
    source: Source, settings: Settings, progress: Progress
) -> dict[str, tuple[Source, str | None]]:
    """The sources that choose and judge: those that were named, else the source's own parts."""
    own = {part: (source, part) for part in source.parts() if part != "train"}
    # A file of labels is that of the training set alone; a name in a file is that of every set.
    labels = None if settings.y is None or Path(settings.y).suffix else settings.y
    like = replace(settings, y=labels)
    named = {
        name: (open_source(given, like, progress), None)
        for name, given in (("test", settings.test), ("val", settings.val))
        if given is not None
    }
    return {**own, **named}


def _read_like(train: Examples, source: Source, part: str | None) -> Examples:
    other = source.read(part, Like(train.told, train.classes))
    if other.n != train.told.n:
        raise DataError(
            f"{source.described} has {other.n} features, and what is trained on "
            f"{train.told.n}: give sets of the same kind"
        )
    return other


def _judged_by_a_set(train: Examples, others: dict[str, Examples], audit: Audit) -> Parts:
    if "test" in others:
        return Parts(
            train=train,
            val=others.get("val"),
            test=others["test"],
            judge="the test set",
            audit=audit,
            test_set="test",
        )
    return Parts(
        train=train,
        val=None,
        test=others["val"],
        judge="the validation set",
        audit=audit,
        test_set="val",
    )


def _held_out(train: Examples, audit: Audit, settings: Settings) -> Parts:
    if settings.test_size == 0:
        return Parts(train=train, val=None, test=None, judge="nobody", audit=audit)
    marked = _marked(train, settings.test_size, settings.seed)
    kept, held = train.take(~marked), train.take(marked)
    notes = split_notes(train.labels, train.groups(), marked, train.classes.tolist(), train.unit)
    together = f", each {settings.group} on one side" * (train.group is not None)
    whole = ", each row with all of its weight" * (train.weights is not None)
    how = f"stratified by class{together}{whole}, seed {settings.seed}"
    return Parts(
        train=kept,
        val=None,
        test=held if len(held) else None,
        judge=f"{count_of(len(held), train.unit)} held out, {how}",
        audit=_noted(audit, *notes),
    )


def split(examples: Examples, fraction: float, seed: int) -> tuple[Examples, Examples]:
    """Split off a fraction of every class, as `_marked` says; the second may be empty."""
    held = _marked(examples, fraction, seed)
    return examples.take(~held), examples.take(held)


def _marked(examples: Examples, fraction: float, seed: int) -> np.ndarray:
    """Mark a fraction of every class, what is identical alike: bool (m,); it may be none.

    Raises
    ------
    DataError
        Where a class has nothing that is not also in another class, and would be lost.
    """
    held = stratified_split(examples.labels, examples.groups(), fraction, seed)
    K = len(examples.classes)
    counts = counts_of(examples.labels[~held], K)
    lost = np.flatnonzero((counts == 0) & (counts_of(examples.labels, K) > 0)).tolist()
    if lost and examples.group is not None:
        raise DataError(
            f"all groups with a row of {examples.classes[lost[0]]} are mostly of another class, "
            "and would be held out: give finer groups, or name a "
            f"source that judges by {spelt('test')}"
        )
    if lost:
        raise DataError(
            f"every example of {examples.classes[lost[0]]} is also in another class: "
            "say which is right, and remove the other"
        )
    return held


def _audit(source: Source, parts: dict[str, Examples]) -> Audit:
    """Return one audit for all parts, a name in it with its part before it where there are several.

    What was chosen was chosen for the first part; the others were read the same way.
    """
    audits = {name: part.audit for name, part in parts.items()}
    first = audits["train"]
    if len(audits) == 1:
        return replace(first, source=source.described, notes=(*source.notes, *first.notes))
    sizes = ", ".join(f"{audit.read} in {name}" for name, audit in audits.items())
    return Audit(
        source=source.described,
        read=sum(audit.read for audit in audits.values()),
        unit=first.unit,
        by_class=_summed(first.by_class, [audit.by_class for audit in audits.values()]),
        weights=_summed(first.weights, [audit.mass for audit in audits.values()]),
        left_out=tuple(
            (f"{name}/{file}", reason)
            for name, audit in audits.items()
            for file, reason in audit.left_out
        ),
        notes=(sizes, *source.notes, *dict.fromkeys(_notes_of(audits))),
    )


def _summed(classes: Iterable[str], parts: Sequence[Mapping[str, N]]) -> dict[str, N]:
    return {label: sum([part[label] for part in parts if label in part]) for label in classes}


def _notes_of(audits: dict[str, Audit]) -> Iterator[str]:
    for name, audit in audits.items():
        # The size of the other parts is that of the first.
        yield from audit.notes if name == "train" else audit.notes[1:]


def _noted(audit: Audit, *notes: str) -> Audit:
    return replace(audit, notes=(*audit.notes, *notes))
