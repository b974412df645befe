"""What is there twice: across train and test, in two classes, or nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from onelayer.errors import DataError
from onelayer.inputs.examples import Examples, in_two_classes
from onelayer.readers import Audit
from onelayer.readers.pictures.alike import SMALLEST, Fingerprints, connected, nearly_same
from onelayer.words import count_of

SHOWN = 3  # a note names this many for people; the audit's fields have them all
CAMERA = 0.5
"""A larger share of a class that is nearly the same is a fixed camera, and no burst."""


def without_repeats(
    train: Examples, others: dict[str, Examples], audit: Audit, *, strict: bool
) -> tuple[Examples, Audit]:
    """Leave pictures out of training that also judge or choose, and note what has two labels.

    Rows of a table may agree by chance: they stay, with a note. What is the same in two classes
    stays too, as only the user can say which is right.

    Raises
    ------
    DataError
        Where nothing of a class would be left; with `strict`, for any such picture.
    """
    train, audit = _not_judging(train, others, audit, strict=strict)
    if train.repeats_by_chance:
        audit = _noted(audit, "many rows repeat, as by chance: they are split like any others")
    audit = _noted(audit, *_on_texts(train))
    ambiguous = in_two_classes(train)
    if not ambiguous.any():
        return train, audit
    if train.preprocessing is None:
        count = np.count_nonzero(ambiguous)
        same = "have the same text as" if _by_texts(train) else "are the same as"
        note = f"{count} {train.unit} {same} one of another class, and were kept"
        return train, _noted(audit, note)
    names = train.names[ambiguous].astype(str).tolist()
    _refuse(names, "the same in two classes", strict=strict)
    note = f"{len(names)} {train.unit} are the same in two classes and were kept: {_shown(names)}"
    groups = _named_groups(train.contents(), train.names, ambiguous)
    return train, replace(_noted(audit, note), in_two_classes=groups)


def _by_texts(train: Examples) -> bool:
    """Whether what tells examples apart is their text alone."""
    return train.preprocessing is None and not train.told.by_chance and train.group is None


def _on_texts(train: Examples) -> Iterator[str]:
    """Count the rows whose text is another's, which lie on one side of a split."""
    if not _by_texts(train):
        return
    sizes = np.bincount(train.contents())
    repeated = int((sizes[sizes > 1]).sum())
    if repeated:
        texts = int((sizes > 1).sum())
        yield (
            f"{repeated:,} {train.unit} have a text that others have too, {texts:,} different "
            "ones: the same text lies on one side of a split"
        )


def with_near_duplicates(
    train: Examples, others: dict[str, Examples], audit: Audit
) -> tuple[Examples, Audit]:
    """Find the pictures that are nearly the same, in all parts; a split keeps them on one side.

    Those of one class are held together. Where most of a class is nearly the same, they are not:
    that is a fixed camera, and nothing would be left to judge by.
    """
    to = train.preprocessing
    if to is None:
        return train, audit
    if min(to.height, to.width) < SMALLEST:
        note = (
            f"below {SMALLEST} x {SMALLEST} pixels only identical pictures are looked for, "
            "as different ones look nearly the same"
        )
        return train, _noted(audit, note)
    parts = {"train": train, **others}
    pairs = nearly_same(_fingerprints(parts))
    names = _names(parts)
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts.values()])
    labels = np.concatenate([part.labels for part in parts.values()])
    audit = _across(pairs, owner, labels, names, audit)
    m = len(train)
    inside = (owner[pairs] == 0).all(axis=1) & (labels[pairs[:, 0]] == labels[pairs[:, 1]])
    alike = connected(pairs[inside], m)
    alike, notes = _without_cameras(alike, train)
    groups = _named_groups(connected(pairs, len(names)), names)
    bursts = _named_groups(alike, train.names)
    if bursts:
        held = sum(map(len, bursts))
        shown = "; ".join(" ~ ".join(group[:SHOWN]) for group in bursts[:SHOWN])
        more = "; ..." if len(bursts) > SHOWN else ""
        count = f"{held} pictures nearly the same as another, in {count_of(len(bursts), 'groups')}"
        notes += (f"{count} kept on one side of a split: {shown}{more}",)
    return replace(train, alike=alike), replace(_noted(audit, *notes), near_duplicates=groups)


def _not_judging(
    train: Examples, others: dict[str, Examples], audit: Audit, *, strict: bool
) -> tuple[Examples, Audit]:
    if not others:
        return train, audit
    judged = [part.contents() for part in others.values()]
    repeated = np.isin(train.contents(), np.concatenate([np.zeros(0, np.int32), *judged]))
    if not repeated.any():
        return train, audit
    where = " or ".join(others)
    if train.preprocessing is None:
        count = np.count_nonzero(repeated)
        note = f"{count} {train.unit} of train are also in {where}, and were kept"
        return train, _noted(audit, note)
    names = train.names[repeated].astype(str).tolist()
    reason = f"also in {where}, so not trained on"
    _refuse(names, reason, strict=strict)
    kept = train.take(~repeated)
    empty = set(range(len(train.classes))) - set(kept.labels.tolist())
    if empty:
        lost = ", ".join(str(train.classes[label]) for label in sorted(empty))
        raise DataError(f"all {train.unit} of {lost} are also in {where}")
    left_out = tuple((f"train/{name}", reason) for name in names)
    return kept, replace(audit, left_out=(*audit.left_out, *left_out))


def _fingerprints(parts: dict[str, Examples]) -> Fingerprints:
    first, *rest = (Fingerprints.of(_PicturesOf(part)) for part in parts.values())
    for other in rest:
        first = first.joined(other)
    return first


@dataclass(frozen=True)
class _PicturesOf:
    """The pictures of a part, uint8 (height, width, channels) each; some at a time are read."""

    part: Examples

    def __len__(self) -> int:
        return len(self.part)

    def __getitem__(self, some: slice) -> np.ndarray:
        part = self.part
        rows = part.places[some]
        if part.shown is not None:
            return part.shown.small[rows]
        shape = () if part.preprocessing is None else part.preprocessing.shape
        return np.asarray(part.whole[rows]).reshape(len(rows), *shape)


def _names(parts: dict[str, Examples]) -> np.ndarray:
    if len(parts) == 1:
        return next(iter(parts.values())).names.astype(str)
    named = [np.char.add(f"{name}/", part.names.astype(str)) for name, part in parts.items()]
    return np.concatenate(named)


def _across(
    pairs: np.ndarray, owner: np.ndarray, labels: np.ndarray, names: np.ndarray, audit: Audit
) -> Audit:
    """Note the pairs across parts, and those across classes: they are kept as they are."""
    split = owner[pairs[:, 0]] != owner[pairs[:, 1]]
    torn = (labels[pairs[:, 0]] != labels[pairs[:, 1]]) & ~split
    notes = [
        f"{marked.sum()} {what}: "
        + "; ".join(" ~ ".join(names[pair]) for pair in pairs[marked][:SHOWN])
        + ("; ..." if marked.sum() > SHOWN else "")
        for marked, what in (
            (split, "pairs of pictures across the parts are nearly the same, and were kept"),
            (torn, "pairs of pictures of two classes are nearly the same, and were kept"),
        )
        if marked.any()
    ]
    return _noted(audit, *notes)


def _without_cameras(alike: np.ndarray, train: Examples) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the pictures of a group for themselves where it is most of its class."""
    sizes = np.bincount(alike)[alike]
    of_class = np.bincount(train.labels)[train.labels]
    fixed = (sizes > CAMERA * of_class) & (sizes > 1)
    if not fixed.any():
        return alike, ()
    alike = np.where(fixed, alike.max() + 1 + np.arange(len(alike)), alike)
    names = ", ".join(str(train.classes[label]) for label in np.unique(train.labels[fixed]))
    note = (
        f"most pictures of {names} are nearly the same, as from a fixed camera: "
        "they are split like any others, and the judgement may flatter"
    )
    return alike, (note,)


def _named_groups(
    groups: np.ndarray, names: np.ndarray, among: np.ndarray | None = None
) -> tuple[tuple[str, ...], ...]:
    """Names by group, of groups of two or more; of the marked rows alone where any are."""
    rows = np.arange(len(groups)) if among is None else np.flatnonzero(among)
    order = rows[np.argsort(groups[rows], kind="stable")]
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    bounds = [0, *edges.tolist(), len(order)]
    found = [tuple(names[order[start:end]].astype(str).tolist()) for start, end in pairwise(bounds)]
    return tuple(sorted(group for group in found if len(group) > 1))


def _refuse(names: list[str], reason: str, *, strict: bool) -> None:
    if strict:
        raise DataError(f"{names[0]} is {reason}; {len(names)} such in all (strict)")


def _shown(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _noted(audit: Audit, *notes: str) -> Audit:
    return replace(audit, notes=(*audit.notes, *notes))
