"""The audit: what was read, what was left out and why, and what was chosen on the way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.readers.grouped import counts_of
from onelayer.words import count_in_words, counted, in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_GROUPED = ("left_out", "near_duplicates", "in_two_classes")
_CLASSES_SHOWN = 20
_NAMES_SHOWN = 3  # a reason names this many files for people; `left_out` has them all


@dataclass(frozen=True)
class Audit:
    """What a reader did with one source: pictures, a table or arrays alike.

    Attributes
    ----------
    source
        What was read, as its caller named it.
    read
        How many examples were read.
    unit
        What one example is, in the plural: `pictures` or `rows`.
    by_class
        Examples of each class, in the order of the classes; empty where classes have no part.
    left_out
        One (name, reason) for each example that was not read, in the order of the source.
    notes
        Sentences on what was chosen and why.
    near_duplicates
        Names of pictures that are nearly or wholly the same, one tuple a group.
    in_two_classes
        Names of examples that are the same and have different labels, one tuple a group.
    weights
        What the examples of each class count for by their weights; empty where each counts for one.
    """

    source: str
    read: int
    unit: str = "rows"
    by_class: dict[str, int] = field(default_factory=dict)
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    near_duplicates: tuple[tuple[str, ...], ...] = ()
    in_two_classes: tuple[tuple[str, ...], ...] = ()
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def mass(self) -> dict[str, float]:
        """What the examples of each class count for."""
        return self.weights or dict(self.by_class)

    def of_labels(
        self, classes: Iterable[Any], labels: np.ndarray, weights: np.ndarray | None
    ) -> Audit:
        """Return it with its examples counted by class: labels (m,) are positions in `classes`."""
        names = [str(label) for label in classes]
        counts = counts_of(labels, len(names)).astype(int).tolist()
        by_class = dict(zip(names, counts, strict=True))
        found = replace(self, read=len(labels), by_class=by_class, weights={})
        if weights is None:
            return found
        sums = np.bincount(labels, weights, minlength=len(names)).tolist()
        mass = {name: counted(one) for name, one in zip(names, sums, strict=True)}
        return replace(found, weights=mass)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` gives the same audit back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Audit:
        """Return the audit that `to_dict`, or JSON made from it, describes."""
        grouped = {name: tuple(map(tuple, fields.get(name, ()))) for name in _GROUPED}
        return cls(**{**fields, **grouped, "notes": tuple(fields["notes"])})

    def __str__(self) -> str:
        lines = [self._headline(), *self.notes, *self._left_out_lines()]
        return "\n".join(map(in_one_line, lines))

    def _headline(self) -> str:
        examples = f"{self.read} {self.unit.removesuffix('s') if self.read == 1 else self.unit}"
        read = f"{self.source}: {examples} read{_in_brackets(self.by_class)}"
        if not self.weights:
            return read
        total = count_in_words(sum(self.weights.values()))
        return f"{read}, which count as {total}{_in_brackets(self.weights)}"

    def _left_out_lines(self) -> Iterator[str]:
        """One line a reason, so that 2871 files with one fault do not fill the screen."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.left_out:
            by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            more = ", ..." if len(names) > _NAMES_SHOWN else ""
            yield f"{len(names)} left out, {reason}: {', '.join(names[:_NAMES_SHOWN])}{more}"


def _in_brackets(counts: Mapping[str, float]) -> str:
    sizes = [_size(count) for count in counts.values()]
    if len(sizes) > _CLASSES_SHOWN:
        least, most = _size(min(counts.values())), _size(max(counts.values()))
        return f" ({len(sizes)} classes of {least if least == most else f'{least} to {most}'})"
    each = ", ".join(f"{name}: {size}" for name, size in zip(counts, sizes, strict=True))
    return f" ({each})" if each else ""


def _size(count: float) -> str:
    return str(count) if isinstance(count, int) else count_in_words(count)
