"""What a source becomes: rows of numbers, their labels, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from onelayer.designs import Survey, are_remote, in_turn, on_one_worker, stays_on_disk
from onelayer.inputs.base import Inputs
from onelayer.inputs.shown import Shown, joined_shown
from onelayer.layer import Layer
from onelayer.readers import Audit, Preprocessing, content_groups, joined_groups, stacked
from onelayer.readers.grouped import counts_of, how_many_different
from onelayer.readers.row_arrays import numbers_of

T = TypeVar("T")

COMMON = 0.1
"""Repeated rows of a table, as a share: above it they are taken to agree by chance, as rows of few
values do, and are split like any others."""


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Examples of one source, or of a part of it.

    Attributes
    ----------
    whole
        Everything that was read, (M, n), a row an example, dense or CSR; pictures as uint8, row by
        row, channels last. Parts of one source share it, and none copies it.
    rows
        (m,), which of its rows these examples are; None: all of them, in order.
    labels
        (m,), positions in `classes`, whole numbers; of a table in the smallest type.
    classes
        (K,), the labels that the user knows.
    names
        (m,), the file of each row as text, or its number.
    inputs
        What made the rows; before its `fit` they may be something else, as a table's codes.
    audit
        What was read, left out and chosen.
    content
        (m,), equal for rows of equal bytes, in all parts of what was read; None: not counted yet.
    alike
        (m,), equal for pictures that are nearly the same; None where none are known to be.
    weights
        (m,), how many rows each counts for; None: every row counts the same.
    group
        (m,), equal for rows that must lie on one side of a split; None where nobody said.
    shown
        The pictures that every row of `whole` was made of by an encoder; None for anything else.
    survey
        What a read of `whole` has found; None: nobody has looked.
    digests
        (m,), of the rows' bytes, found in that read, until rows are numbered by content.
    """

    whole: Any
    labels: np.ndarray
    classes: np.ndarray
    names: np.ndarray
    inputs: Inputs
    audit: Audit
    content: np.ndarray | None = None
    alike: np.ndarray | None = None
    weights: np.ndarray | None = None
    group: np.ndarray | None = None
    rows: np.ndarray | None = None
    shown: Shown | None = None
    survey: Survey | None = None
    digests: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def unit(self) -> str:
        """What one example is, in the plural."""
        return self.audit.unit

    @property
    def apart(self) -> str:
        """What lies on one side of a split: an example, or a group of them; in the plural."""
        return self.unit if self.group is None else "groups"

    @property
    def matrix(self) -> Any:
        """These rows alone, (m, n): a copy, unless they are all that was read."""
        return self.whole if self.rows is None else self.whole[self.rows]

    @property
    def n(self) -> int:
        """Numbers that an example is made of."""
        return int(self.whole.shape[1])

    @property
    def places(self) -> np.ndarray:
        """Where the examples lie in `whole`, (m,)."""
        return np.arange(len(self), dtype=np.int32) if self.rows is None else self.rows

    @property
    def class_sums(self) -> np.ndarray:
        """The sum of the weights of each class, (K,); without weights how many there are."""
        K = len(self.classes)
        if self.weights is None:
            return counts_of(self.labels, K)
        return np.bincount(self.labels, self.weights, minlength=K)

    @property
    def targets(self) -> np.ndarray:
        """The labels at their places in `whole`, (M,), as a fit takes them; 0 in between."""
        found = self.spread(self.labels)
        return found if stays_on_disk(self.whole) else found.astype(np.int32, copy=False)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values (m,) of the examples at their places in `whole`, zeros in between: (M,)."""
        if self.rows is None:
            return values
        found = np.zeros(self.whole.shape[0], values.dtype)
        found[self.rows] = values
        return found

    @property
    def spread_weights(self) -> np.ndarray | None:
        """What each row of `whole` counts for, (M,), 0 where it is none of these; None: all one."""
        if self.rows is None:
            return self.weights
        each = np.ones(len(self), bool) if self.weights is None else self.weights
        return self.spread(each)

    def forward(self, layer: Layer) -> np.ndarray:
        """z (m, k) of these examples."""
        return layer.forward(self.whole, self.rows)

    def take(self, rows: np.ndarray) -> Examples:
        """Return the examples of these rows; the audit stays that of the whole source."""
        return replace(
            self,
            digests=None if self.digests is None else self.digests[rows],
            rows=self.places[rows],
            labels=self.labels[rows],
            names=self.names[rows],
            content=None if self.content is None else self.content[rows],
            alike=None if self.alike is None else self.alike[rows],
            weights=None if self.weights is None else self.weights[rows],
            group=None if self.group is None else self.group[rows],
        )

    @cached_property
    def told(self) -> Inputs:
        """The inputs that whatever judges a model of these is read by.

        Of a table they look at the columns that say something here alone, as the saved model will.
        """
        return self.inputs.told(self)

    def compact(self) -> Examples:
        """The same examples with a copy of their rows: where many passes shall read few of them."""
        shown = joined_shown([(self.shown, self.places)])
        return replace(self, whole=self.matrix, rows=None, shown=shown)

    def without_rows(self) -> Examples:
        """What is known of each of them but its row, to be sent to where that lies."""
        return replace(
            self,
            whole=np.empty((0, self.n)),
            names=np.empty(0, np.int32),
            audit=Audit(source="", read=0, unit=self.unit, by_class={}),
            rows=None,
            digests=None,
            content=None,
            alike=None,
            group=None,
            shown=None,
            survey=None,
        )

    def encoded(self, inputs: Inputs, whole: Any = None) -> Examples:
        """Return the examples as these inputs make rows of all that was read, or has made them."""
        made = inputs.encode(self) if whole is None else whole
        found = self.survey if made is self.whole else None
        return replace(self, whole=made, inputs=inputs, survey=found)

    @property
    def scaling(self) -> float | str | None:
        """What the layer does to X first."""
        return self.inputs.scaling

    @property
    def preprocessing(self) -> Preprocessing | None:
        """What made the pictures; None for anything else."""
        return self.inputs.preprocessing

    @property
    def row_weights(self) -> np.ndarray:
        """How many rows each counts for, (m,)."""
        return np.ones(len(self)) if self.weights is None else self.weights

    def contents(self) -> np.ndarray:
        """Number the rows by content."""
        return content_groups(self.matrix) if self.content is None else self.content

    @property
    def repeats_by_chance(self) -> bool:
        """Whether rows repeat so often that they seem to agree by chance; see `COMMON`."""
        return self.told.by_chance and common(self.contents())

    def groups(self) -> np.ndarray:
        """Number the rows by what must lie on one side of a split: the same, and nearly the same.

        Rows of a table that repeat often are not held together, see `COMMON`; where the table has
        a column of groups, these alone are.
        """
        if self.group is not None:
            return self.group
        same = self.contents()
        if self.repeats_by_chance:
            return np.arange(len(self), dtype=np.int32)
        return same if self.alike is None else joined_groups(same, self.alike)


def at_hand(examples: Examples) -> Examples:
    """The same with a copy of their rows, which workers make where `in_one_place` asks for it."""
    return examples if are_remote(examples.whole) else examples.compact()


def in_one_place(parts: Sequence[Examples], ask: Callable[..., T]) -> T:
    """ask(*parts), here; where workers have rows of some, there: on one, that has copies of all.

    What it is told are the parts `without_rows`, with such copies. Its answer alone comes here.
    """
    if not any(are_remote(part.whole) for part in parts):
        return ask(*parts)
    known = [part.without_rows() for part in parts]

    def there(*wholes: Any) -> T:
        return ask(*[replace(one, whole=X) for one, X in zip(known, wholes, strict=True)])

    return on_one_worker([(part.whole, part.places) for part in parts], there)


def common(contents: np.ndarray) -> bool:
    """Whether rows repeat so often that they seem to agree by chance."""
    return len(contents) - how_many_different(contents) > COMMON * len(contents)


def numbered(parts: list[Examples]) -> list[Examples]:
    """Return the parts with their contents numbered through, so that no part is read again.

    Rows of a table are told apart by the columns that tell something of the first part.
    """
    digests = [part.digests for part in parts if part.digests is not None]
    if len(digests) == len(parts):
        numbers = numbers_of(digests)
    else:
        numbers = content_groups(*parts[0].inputs.told_apart(parts))
    ends = np.cumsum([len(part) for part in parts])[:-1]
    pieces = np.split(numbers, ends)
    return [
        replace(part, content=piece, digests=None)
        for part, piece in zip(parts, pieces, strict=True)
    ]


def joined(parts: list[Examples]) -> Examples:
    """Return all examples of several parts, in order; those of one source are not copied."""
    one = all(part.whole is parts[0].whole for part in parts)
    whole, rows = _together(parts)
    return replace(
        parts[0],
        whole=whole,
        rows=rows,
        shown=parts[0].shown
        if one
        else joined_shown([(part.shown, part.places) for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        names=np.concatenate([part.names for part in parts]),
        content=None,
        alike=None,
        survey=parts[0].survey if one else None,
        weights=_weights_of(parts),
        group=_groups_of(parts),
    )


def _together(parts: list[Examples]) -> tuple[Any, np.ndarray | None]:
    """Rows that all parts' examples are among, and which of them they are; None: all in order."""
    wholes = list({id(part.whole): part.whole for part in parts}.values())
    if len(wholes) > 1 and not any(map(stays_on_disk, wholes)):
        return stacked([part.matrix for part in parts]), None
    starts = np.cumsum([0, *(whole.shape[0] for whole in wholes)])
    first = {id(whole): start for whole, start in zip(wholes, starts, strict=False)}
    # As Python's number, beside which places stay in their small type.
    rows = np.concatenate([part.places + int(first[id(part.whole)]) for part in parts])
    return (wholes[0] if len(wholes) == 1 else in_turn(wholes)), rows


def _weights_of(parts: list[Examples]) -> np.ndarray | None:
    if all(part.weights is None for part in parts):
        return None
    return np.concatenate([part.row_weights for part in parts])


def _groups_of(parts: list[Examples]) -> np.ndarray | None:
    """Groups of all parts where all have them; the same text is the same group."""
    groups = [part.group for part in parts if part.group is not None]
    return np.concatenate(groups) if len(groups) == len(parts) else None


def in_two_classes(examples: Examples) -> np.ndarray:
    """Mark the examples whose content has also another label: bool (m,)."""
    groups, labels = examples.contents(), examples.labels
    label = np.empty(groups.max(initial=-1) + 1, labels.dtype)
    label[groups] = labels  # of one of its rows, whichever
    other = label[groups] != labels
    both = np.zeros(len(label), bool)
    both[groups[other]] = True
    return both[groups] if other.any() else other
