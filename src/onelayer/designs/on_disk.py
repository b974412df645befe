"""X in a file: a design whose blocks are read from disk, and its loss over parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any, TypeVar, final

import numpy as np

from onelayer.designs.dense import BLOCK_BYTES
from onelayer.designs.design import Design
from onelayer.designs.disk_rows import DiskRows
from onelayer.designs.disk_survey import survey_on_disk
from onelayer.designs.in_memory import design_in_memory
from onelayer.designs.kept_reads import digest_of
from onelayer.designs.loss_in_memory import LossInMemory
from onelayer.designs.loss_over_parts import (
    LossOverParts,
    VisitedParts,
    add,
    computing_in,
    summand,
    traits_of_parts,
)
from onelayer.designs.passes import Ledger, Traits
from onelayer.designs.row_labels import LabelTotals, RowLabels
from onelayer.designs.scaling import Scaling
from onelayer.designs.shared_visits import SharedVisits
from onelayer.designs.survey import Survey
from onelayer.errors import UsageError
from onelayer.logistic import Head
from onelayer.words import spelt

T = TypeVar("T")


@final
class OnDisk(Design):
    """X (m, n) as rows of a file; every pass is one read of it, but for what stays in memory."""

    def __init__(
        self, X: DiskRows, scaling: Scaling | None = None, *, double: bool = False
    ) -> None:
        super().__init__(
            X.shape, X.dtype, X.nbytes, scaling, density=X.density, double=double or not X.dense
        )
        self.X = X

    def read(self) -> Iterator[tuple[slice, Any]]:
        """As many rows as stay in the cache, of each group in turn; of sparse rows a whole group.

        SciPy's products already stream through them.
        """
        if not self.X.dense:
            yield from ((group, X) for _, group, X in self.X.visit())
            return
        step = max(1, BLOCK_BYTES // max(1, self.traits.n * self.dtype.itemsize))
        for _, group, X in self.X.visit():
            for start in range(0, len(X), step):
                block = X[start : start + step]
                yield slice(group.start + start, group.start + start + len(block)), block

    def bind(
        self,
        head: Head,
        targets: np.ndarray,
        weights: np.ndarray,
        scaling: Scaling | None = None,
        found: Survey | None = None,
        offset: np.ndarray | None = None,
    ) -> LossOverParts:
        """The loss over the groups of rows; a read, where `found` has no sample. Of no offset."""
        if offset is not None:
            raise UsageError(
                f"An offset is for X in memory, and these rows stay on disk: give more "
                f"{spelt('memory')} where X fits, or fewer rows"
            )
        design = self if scaling is None else self.rescaled(scaling)
        labels = RowLabels.compact(targets, weights, max(2, head.width))
        sample = None if found is None else found.sample
        if sample is None:
            sample = survey_on_disk(self.X, labels, moments=False).sample
            self.ledger.add(self.X.nbytes)
        parts = DiskParts.of(design, head, labels)
        return LossOverParts.of(parts, head, sample, design.scaling)


def share_visits(losses: list[Any]) -> tuple[list[Any], SharedVisits]:
    """The losses of the same rows, read together; each for a thread of its own."""
    reads = SharedVisits(losses[0].parts.X, len(losses))
    return [replace(loss, parts=loss.parts.within(reads)) for loss in losses], reads


@final
@dataclass(frozen=True, eq=False)
class DiskParts(VisitedParts):
    """The groups of rows of a file, one after the other."""

    X: DiskRows
    head: Head
    labels: RowLabels
    scaling: Scaling | None
    traits: Traits
    ledger: Ledger
    dtype: np.dtype
    compiled: bool
    double: bool = False
    held_by: str = field(default=OnDisk.__name__)
    shared: SharedVisits | None = None

    @classmethod
    def of(cls, design: OnDisk, head: Head, labels: RowLabels) -> DiskParts:
        """Those of a design; what they compute in is what an array of a group's size would.

        Sparse rows compute in float64.
        """
        X, group = design.X, design.X.groups[0]
        dtype, compiled = computing_in(group.stop - group.start, X)
        double = design.dtype == np.float64 and dtype != np.float64
        parts = cls(
            X=X,
            head=head,
            labels=labels,
            scaling=design.scaling,
            traits=traits_of_parts(design.traits, dense=X.dense),
            ledger=design.ledger,
            dtype=dtype,
            compiled=compiled,
        )
        return parts.exactly() if double else parts

    @property
    def totals(self) -> LabelTotals:
        """Of the labels."""
        return self.labels.totals

    @cached_property
    def identity(self) -> str:
        """Of the file, the labels, their weights, the scaling and the products' type."""
        s, y = self.scaling, self.labels
        scaled = () if s is None else (s.centre, s.scale)
        return digest_of(
            (self.X.identity, self.head.width, self.double, *scaled, y.targets, y.weights)
        )

    def each(self, ask: Callable[[LossInMemory], T]) -> Iterator[T]:
        """What each group answers; one read."""
        for _, rows, X in (self.shared or self.X).visit():
            others = 1 if self.shared is None else self.shared.sharing
            self.ledger.add(self.traits.nbytes * X.shape[0] // (self.traits.m * others))
            targets, weights = self.labels.of(rows)
            design: Any = design_in_memory(X, self.scaling)
            part = LossInMemory(design, self.head, targets, weights, part_of=self.traits.m)
            yield ask(part.exactly() if self.double else part)

    def sum(self, ask: Callable[[LossInMemory], tuple[Any, ...]]) -> tuple[np.ndarray, ...]:
        """One group's after the other's; one read."""
        answers = self.each(ask)
        return reduce(add, answers, summand(next(answers)))

    def exactly(self) -> DiskParts:
        """The same with products in float64; itself where they are."""
        if self.dtype == np.float64:
            return self
        return replace(self, dtype=np.dtype(np.float64), compiled=False, double=True)

    def weighted(self, weights: np.ndarray) -> DiskParts:
        """The same rows under other weights (m,)."""
        labels = RowLabels.compact(self.labels.targets, weights, self.labels.classes)
        return replace(self, labels=labels)

    def rescaled(self, scaling: Scaling) -> DiskParts:
        """The same rows under a scaling more."""
        own = self.scaling
        return replace(self, scaling=scaling if own is None else scaling.after(own))

    def within(self, shared: SharedVisits) -> DiskParts:
        """The same rows, read together with others' problems; its share in a ledger of its own."""
        return replace(self, shared=shared, ledger=Ledger(whole=self.ledger))
