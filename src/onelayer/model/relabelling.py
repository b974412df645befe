"""What a person has said of mistakes is taken for true: other labels, and examples left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.inputs.examples import Examples
from onelayer.model.example_names import lined
from onelayer.report.mistakes import MistakeRow, read_mistakes
from onelayer.settings import RelabelGiven
from onelayer.words import spelt

LEAVE_OUT = "leave out"
_SHOWN = 5


def relabelled(
    sets: dict[str, Examples], given: RelabelGiven | None
) -> tuple[dict[str, Examples], tuple[MistakeRow, ...]]:
    """Return the sets as a person says they should be, and what was said.

    Parameters
    ----------
    sets
        As they were read, by the names of their parts.
    given
        A table of mistakes whose column `relabel` is filled in, or {example: class or "leave out"}.

    Raises
    ------
    DataError
        For a name that is not there, a label that the source no longer has, a class that is
        unknown, or one that would be left without examples.
    """
    if given is None:
        return sets, ()
    what = str(given) if isinstance(given, (str, Path)) else spelt("relabel")
    decided = _decided(given, what)
    places = _places(sets, [row.file for row in decided], what)
    found = {
        name: _changed(
            one,
            [(row, places[row.file][1]) for row in decided if places[row.file][0] == name],
            what,
        )
        for name, one in sets.items()
    }
    return found, tuple(decided)


def _decided(given: RelabelGiven, what: str) -> list[MistakeRow]:
    if isinstance(given, Mapping):
        rows = [MistakeRow(file=str(name), relabel=str(now)) for name, now in given.items()]
    else:
        rows = read_mistakes(Path(given))
    decided = [row for row in rows if row.relabel]
    if not decided:
        raise UsageError(
            f"{what} says nothing: write the right class, or {LEAVE_OUT!r}, into its column relabel"
        )
    return decided


def _places(
    sets: dict[str, Examples], wanted: Sequence[str], what: str
) -> dict[str, tuple[str, int]]:
    """Which set each example is in, and where: by the name there, or with its part before it."""
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in wanted}
    for part, examples in sets.items():
        own = {name.removeprefix(f"{part}/"): name for name in wanted}
        own |= {name: name for name in wanted}
        names = np.asarray(lined(examples).names)
        for at in np.flatnonzero(_among(names, list(own))).tolist():
            found[own[str(names[at])]].append((part, at))
    missing = [name for name, at in found.items() if not at]
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        example = str(lined(sets["train"]).names[0])
        raise DataError(
            f"{what} names {', '.join(missing[:_SHOWN])}{more}, and nothing that was read is so "
            f"called: names are as in a report's table of mistakes, like {example}"
        )
    for name, several in found.items():
        if len(several) > 1:
            ways = " or ".join(f"{part}/{name}" for part, _ in several)
            raise DataError(f"{what} names {name}, which {len(several)} sets have: write {ways}")
    return {name: at[0] for name, at in found.items()}


def _among(names: np.ndarray, wanted: list[str]) -> np.ndarray:
    """Which names are wanted: bool (m,). Numbers are compared as such: of very many no texts."""
    if names.dtype.kind not in "iu":
        return np.isin(names.astype(np.str_), wanted)
    numbers = [int(name) for name in wanted if name.isdecimal() and str(int(name)) == name]
    top = np.iinfo(names.dtype).max
    return np.isin(names, np.array([one for one in numbers if one <= top], names.dtype))


def _changed(examples: Examples, said: list[tuple[MistakeRow, int]], what: str) -> Examples:
    """Return one set with its new labels, without what is left out, and with notes on both."""
    if not said:
        return examples
    names = [str(label) for label in examples.classes.tolist()]
    labels, kept, moved = examples.labels.copy(), np.ones(len(examples), bool), Counter[str]()
    for row, at in said:
        before = names[int(labels[at])]
        if row.label not in {"", before}:
            raise DataError(
                f"{what} says that {row.file} is labelled {row.label}, and it is {before}: the "
                "source has changed since, so train again and start from the new table of mistakes"
            )
        if row.relabel == LEAVE_OUT:
            kept[at] = False
        elif row.relabel not in names:
            raise DataError(
                f"{what} relabels {row.file} as {row.relabel!r}, which is no class: give one of "
                f"{', '.join(names[:20])}, or {LEAVE_OUT!r}"
            )
        else:
            labels[at] = names.index(row.relabel)
            moved[f"{before} to {row.relabel}"] += 1
    return _audited(replace(examples, labels=labels), kept, moved, what)


def _audited(examples: Examples, kept: np.ndarray, moved: Counter[str], what: str) -> Examples:
    """Leave out what is to be, and count again."""
    names = lined(examples).names[~kept]
    found = examples.take(kept) if not kept.all() else examples
    audit = found.audit.of_labels(found.classes, found.labels, found.weights)
    empty = [name for name, size in audit.by_class.items() if size == 0]
    if empty:
        raise DataError(f"{what} leaves no example of {empty[0]}: a class needs some")
    each = ", ".join(f"{how} {count:,}" for how, count in moved.items())
    note = f"{moved.total():,} relabelled as {what} says: {each}"
    gone = tuple((str(name), f"as {what} says") for name in names)
    audit = replace(
        audit,
        left_out=(*audit.left_out, *gone),
        notes=(*audit.notes, note) if moved else audit.notes,
    )
    return replace(found, audit=audit)
