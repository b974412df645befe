"""Who is trained on, who chooses C and who judges; nothing is chosen on what judges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from onelayer.errors import DataError
from onelayer.model.examples import Examples, also_in, in_two_classes, joined
from onelayer.model.settings import Settings
from onelayer.model.sources import Progress, Reading, Source, read_source
from onelayer.readers import Audit, Splits, find_splits, split_notes, stratified_split


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
    `test_size` of every class is held out, identical examples on one side.
    """
    splits = _splits(source, settings)
    train = read_source(splits.train, Reading.asked(settings, progress))
    named = {"test": splits.test, "val": splits.val}
    others = {
        name: _read_like(train, path, settings, progress)
        for name, path in named.items()
        if path is not None
    }
    audit = _audit(source, {"train": train, **others}, splits.notes)
    train, audit = _without_repeats(train, others, audit, settings)
    audit = _with_conflicts(train, audit, settings)
    if others:
        return _judged_by_a_set(train, others, audit)
    return _held_out(train, audit, settings)


def _splits(source: Source, settings: Settings) -> Splits:
    path = Path(source)
    found = find_splits(path) if path.is_dir() else Splits(train=path)
    val, test = _path(settings.val) or found.val, _path(settings.test) or found.test
    return replace(found, val=val, test=test)


def _path(source: Source | None) -> Path | None:
    return None if source is None else Path(source)


def _read_like(train: Examples, source: Path, settings: Settings, progress: Progress) -> Examples:
    reading = Reading.like(
        train.preprocessing, train.classes, strict=settings.strict, progress=progress
    )
    other = read_source(source, reading)
    if other.X.shape[1] != train.X.shape[1]:
        raise DataError(
            f"{source} has {other.X.shape[1]} features, and what is trained on "
            f"{train.X.shape[1]}: give sets of the same kind"
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
    return Parts(
        train=kept,
        val=None,
        test=held if len(held) else None,
        judge=f"{len(held)} {train.unit} held out, stratified by class, seed {settings.seed}",
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
        return replace(first, source=str(source), notes=(*notes, *first.notes))
    sizes = ", ".join(f"{audit.read} in {name}" for name, audit in audits.items())
    return Audit(
        source=str(source),
        read=sum(audit.read for audit in audits.values()),
        unit=first.unit,
        by_class={
            label: sum(audit.by_class.get(label, 0) for audit in audits.values())
            for label in first.by_class
        },
        left_out=tuple(
            (f"{name}/{file}", reason)
            for name, audit in audits.items()
            for file, reason in audit.left_out
        ),
        notes=(sizes, *notes, *dict.fromkeys(_notes_of(audits))),
    )


def _notes_of(audits: dict[str, Audit]) -> Iterator[str]:
    for name, audit in audits.items():
        # The size of the other parts is that of the first.
        yield from audit.notes if name == "train" else audit.notes[1:]


def _without_repeats(
    train: Examples, others: dict[str, Examples], audit: Audit, settings: Settings
) -> tuple[Examples, Audit]:
    """Leave out of training what also judges or chooses: it would flatter the model."""
    repeated = also_in(train, list(others.values())) if others else np.zeros(len(train), bool)
    if not repeated.any():
        return train, audit
    names = train.names[repeated].tolist()
    reason = f"also in {' or '.join(others)}, so not trained on"
    _refuse(names, reason, settings)
    kept = train.take(~repeated)
    empty = set(range(len(train.classes))) - set(kept.labels.tolist())
    if empty:
        lost = ", ".join(str(train.classes[label]) for label in sorted(empty))
        raise DataError(f"all {train.unit} of {lost} are also in {' or '.join(others)}")
    left_out = tuple((f"train/{name}", reason) for name in names)
    return kept, replace(audit, left_out=(*audit.left_out, *left_out))


def _with_conflicts(train: Examples, audit: Audit, settings: Settings) -> Audit:
    """Note what stands in two classes; it is kept, as only the user can say which is right."""
    ambiguous = in_two_classes(train)
    if not ambiguous.any():
        return audit
    names = train.names[ambiguous].tolist()
    _refuse(names, "the same in two classes", settings)
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    note = f"{len(names)} {train.unit} are the same in two classes and were kept: {shown}"
    return _noted(audit, note)


def _refuse(names: list[str], reason: str, settings: Settings) -> None:
    if settings.strict:
        raise DataError(f"{names[0]} is {reason}; {len(names)} such in all (strict)")


def _noted(audit: Audit, *notes: str) -> Audit:
    return replace(audit, notes=(*audit.notes, *notes))
