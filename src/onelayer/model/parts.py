"""Who is trained on, who chooses C and who judges; nothing is chosen on what judges."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from onelayer.errors import DataError, DataWarning
from onelayer.inputs.examples import Examples, joined, numbered
from onelayer.inputs.fitting import fit_table
from onelayer.model.near_duplicates import with_near_duplicates, without_repeats
from onelayer.readers import Audit, find_splits, split_notes, stratified_split
from onelayer.readers.arrays.formats import Asked
from onelayer.readers.arrays.layout import Names
from onelayer.settings import Settings
from onelayer.sources.opening import (
    Progress,
    Reading,
    Source,
    described,
    parts_of,
    read_source,
    table_asked,
)

N = TypeVar("N", int, float)
Place: TypeAlias = tuple[Source, str | None]
"""A source and the part of it that is meant, where it has several."""


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
    """

    train: Examples
    val: Examples | None
    test: Examples | None
    judge: str
    audit: Audit
    test_set: str | None = None

    @property
    def everything(self) -> Examples:
        """All parts, as one."""
        return joined([part for part in (self.train, self.val, self.test) if part is not None])


def read_parts(source: Source, settings: Settings, progress: Progress) -> Parts:
    """Read the source and what judges it, and split where nothing does.

    With a test set it judges, and a validation set chooses; a validation set alone judges. Else
    `test_size` of every class is held out, identical and nearly identical pictures on one side.
    """
    places, notes = _places(source, settings)
    first = replace(Reading.asked(settings, progress), part=places["train"][1])
    train = read_source(places["train"][0], first)
    others = {
        name: _read_like(train, place, settings, progress)
        for name, place in places.items()
        if name != "train"
    }
    audit = _audit(source, {"train": train, **others}, notes)
    progress("looking for the same twice", 0, 1)
    train, *rest = numbered([train, *others.values()])
    others = dict(zip(others, rest, strict=True))
    train, audit = without_repeats(train, others, audit, strict=settings.strict)
    train, audit = with_near_duplicates(train, others, audit)
    if others:
        return _encoded(_judged_by_a_set(train, others, audit))
    return _encoded(_held_out(train, audit, settings))


def _encoded(parts: Parts) -> Parts:
    """Make features of a table's codes, as the rows that are trained on have it.

    What judges has no part in a median, a spread or the levels that are known.
    """
    train = parts.train
    if train.columns is None:
        return parts
    fitted = fit_table(train.codes, train.row_weights)
    for column in fitted.lost:
        warnings.warn(f"left out: {column}", DataWarning, stacklevel=2)
    features: dict[int, Any] = {}  # parts of one file share them

    def encoded(part: Examples) -> Examples:
        found = part.encoded(fitted.table, features.get(id(part.whole)))
        features[id(part.whole)] = found.whole
        return found

    return replace(
        parts,
        train=encoded(train),
        val=parts.val and encoded(parts.val),
        test=parts.test and encoded(parts.test),
        audit=_noted(parts.audit, *fitted.notes),
    )


def _places(source: Source, settings: Settings) -> tuple[dict[str, Place], tuple[str, ...]]:
    """Where training, validation and test examples lie, and what to say of the rest."""
    named = {name: (place, None) for name, place in _named(settings).items()}
    parts = parts_of(source, _asked(settings))
    if parts:
        own: dict[str, Place] = {
            part: (source, part) for part in ("val", "test") if part in parts and len(parts) > 1
        }
        return {"train": (source, "train"), **own, **named}, ()
    if isinstance(source, tuple) or not Path(source).is_dir():
        return {"train": (source, "train"), **named}, ()
    found = find_splits(source)
    split = {"train": found.train, "test": found.test, "val": found.val}
    places: dict[str, Place] = {name: (path, name) for name, path in split.items() if path}
    return {**places, **named}, found.notes


def _named(settings: Settings) -> dict[str, Source]:
    given = {"test": settings.test, "val": settings.val}
    return {name: source for name, source in given.items() if source is not None}


def _asked(settings: Settings) -> Asked:
    return Asked(Names(settings.x, settings.y), settings.n_features)


def _read_like(train: Examples, place: Place, settings: Settings, progress: Progress) -> Examples:
    source, part = place
    # A file of labels is that of the training set alone; a name in a file is that of every set.
    labels = settings.y if part or not (settings.y and Path(settings.y).suffix) else None
    arrays = Asked(Names(settings.x, labels), train.n, train.index_base)
    reading = Reading.like(
        train.preprocessing,
        train.classes,
        strict=settings.strict,
        progress=progress,
        arrays=arrays,
        table=replace(table_asked(settings), columns=train.told),
    )
    other = read_source(source, replace(reading, part=part))
    if train.told is None and other.n != train.n:
        raise DataError(
            f"{described(source)} has {other.n} features, and what is trained on "
            f"{train.n}: give sets of the same kind"
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
    kept, held = split(train, settings.test_size, settings.seed)
    notes = split_notes(train.labels, train.groups(), train.classes.tolist())
    together = f", each {settings.group} on one side" * (train.group is not None)
    whole = ", each row with all of its weight" * (train.weights is not None)
    how = f"stratified by class{together}{whole}, seed {settings.seed}"
    return Parts(
        train=kept,
        val=None,
        test=held if len(held) else None,
        judge=f"{len(held)} {train.unit} held out, {how}",
        audit=_noted(audit, *notes),
    )


def split(examples: Examples, fraction: float, seed: int) -> tuple[Examples, Examples]:
    """Split off a fraction of every class, what is identical on one side; the second may be empty.

    Raises
    ------
    DataError
        Where a class has nothing that is not also in another class, and would be lost.
    """
    held = stratified_split(examples.labels, examples.groups(), fraction, seed)
    kept = examples.take(~held)
    lost = sorted(set(examples.labels.tolist()) - set(kept.labels.tolist()))
    if lost and examples.group is not None:
        raise DataError(
            f"all groups with a row of {examples.classes[lost[0]]} are mostly of another class, "
            "and would be held out: give finer groups, or name a --test source"
        )
    if lost:
        raise DataError(
            f"every example of {examples.classes[lost[0]]} is also in another class: "
            "say which is right, and remove the other"
        )
    return kept, examples.take(held)


def _audit(source: Source, parts: dict[str, Examples], notes: tuple[str, ...]) -> Audit:
    """Return one audit for all parts, a name in it with its part before it where there are several.

    What was chosen was chosen for the first part; the others were read the same way.
    """
    audits = {name: part.audit for name, part in parts.items()}
    first = audits["train"]
    if len(audits) == 1:
        return replace(first, source=described(source), notes=(*notes, *first.notes))
    sizes = ", ".join(f"{audit.read} in {name}" for name, audit in audits.items())
    return Audit(
        source=described(source),
        read=sum(audit.read for audit in audits.values()),
        unit=first.unit,
        by_class=_summed(first.by_class, [audit.by_class for audit in audits.values()]),
        weights=_summed(first.weights, [audit.mass for audit in audits.values()]),
        left_out=tuple(
            (f"{name}/{file}", reason)
            for name, audit in audits.items()
            for file, reason in audit.left_out
        ),
        notes=(sizes, *notes, *dict.fromkeys(_notes_of(audits))),
    )


def _summed(classes: Iterable[str], parts: Sequence[Mapping[str, N]]) -> dict[str, N]:
    return {label: sum([part[label] for part in parts if label in part]) for label in classes}


def _notes_of(audits: dict[str, Audit]) -> Iterator[str]:
    for name, audit in audits.items():
        # The size of the other parts is that of the first.
        yield from audit.notes if name == "train" else audit.notes[1:]


def _noted(audit: Audit, *notes: str) -> Audit:
    return replace(audit, notes=(*audit.notes, *notes))
