"""X on a Dask cluster: a design whose blocks lie with its workers, and its loss over parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeVar, final
from uuid import uuid4

import numpy as np

from onelayer.designs.cluster_survey import sample_on_cluster
from onelayer.designs.design import Design
from onelayer.designs.fixed_tree import Join
from onelayer.designs.in_memory import design_in_memory
from onelayer.designs.loss_in_memory import LossInMemory
from onelayer.designs.loss_over_parts import (
    LossOverParts,
    VisitedParts,
    add,
    computing_in,
    summand,
    traits_of_parts,
)
from onelayer.designs.meeting import Meeting
from onelayer.designs.passes import Ledger, Traits
from onelayer.designs.remote_rows import RemoteRows
from onelayer.designs.row_labels import LabelTotals
from onelayer.designs.rows_on_cluster import RowGroup, RowsOnCluster, aligned
from onelayer.designs.scaling import Scaling
from onelayer.designs.survey import Survey
from onelayer.logistic import Head

T = TypeVar("T")


@final
class OnCluster(Design):
    """X (m, n) in groups on a cluster; every pass is a task or two for each of its threads.

    Labels and weights lie with the rows, or are sent to them, once, when they are bound.
    """

    def __init__(
        self, X: RowsOnCluster | RemoteRows, scaling: Scaling | None = None, *, double: bool = False
    ) -> None:
        super().__init__(
            X.shape, X.dtype, X.nbytes, scaling, density=X.density, double=double or not X.dense
        )
        self.X = X

    def read(self) -> Iterator[tuple[slice, Any]]:
        """Group by group, each brought here."""
        if isinstance(self.X, RemoteRows):
            yield from ((rows, X) for _, rows, X in self.X.visit())
            return
        for start, handle in zip(self.X.starts, self.X.groups, strict=True):
            (group,) = self.X.workers.get([handle])
            yield slice(start, start + group.X.shape[0]), group.X

    def bind(
        self,
        head: Head,
        targets: Any,
        weights: Any,
        scaling: Scaling | None = None,
        found: Survey | None = None,
        offset: np.ndarray | None = None,
    ) -> LossOverParts:
        """The loss over the groups; targets and weights that lie with them are not taken."""
        del offset
        X = self.X
        if isinstance(X, RemoteRows):
            X = X.labelled(targets, weights, max(2, head.width))
        design = self if scaling is None else self.rescaled(scaling)
        sample = None if found is None else found.sample
        if sample is None:
            sample = sample_on_cluster(X)
            self.ledger.add(X.nbytes)
        return LossOverParts.of(ClusterParts.of(design, X, head), head, sample, design.scaling)


Asked = tuple[Callable[[int, RowGroup], Any], Join]
"""What a group is asked, and how two answers become one."""


def share_requests(losses: list[Any]) -> tuple[list[Any], Meeting[Asked]]:
    """The losses of the same rows, read together; each for a thread of its own."""
    meeting = Meeting(len(losses), partial(_one_visit, losses[0].parts.X))
    shared = [
        replace(loss, parts=loss.parts.within(Seat(meeting, number)))
        for number, loss in enumerate(losses)
    ]
    return shared, meeting


def _one_visit(X: RowsOnCluster, asked: dict[int, Asked]) -> dict[int, tuple[Any, int]]:
    """Each group answers all problems while it is in the cache.

    What a problem is told is what it would be told alone, to the last bit: its answers are joined
    by themselves. With it comes how many the read has served.
    """
    asks, joins = zip(*asked.values(), strict=True)

    def ask(number: int, group: RowGroup) -> list[Any]:
        return [one(number, group) for one in asks]

    def join(some: list[Any], others: list[Any]) -> list[Any]:
        return [one(*both) for one, *both in zip(joins, some, others, strict=True)]

    answers = X.visit(ask, join)
    return {number: (one, len(asked)) for number, one in zip(asked, answers, strict=True)}


class Seat(NamedTuple):
    """One problem's place among those that share reads."""

    meeting: Meeting[Asked]
    number: int

    def ask(self, asked: Asked) -> tuple[Any, int]:
        """The answer of all groups, and how many problems the read has served."""
        answer: tuple[Any, int] = self.meeting.ask(self.number, asked)
        return answer


@final
@dataclass(frozen=True, eq=False)
class PartThere:
    """How a group becomes a loss, on the worker that has it."""

    head: Head
    scaling: Scaling | None
    factors: np.ndarray
    fold: int | None
    double: bool
    m: int

    def loss(self, group: RowGroup) -> LossInMemory:
        """Of its rows, whose weights sum to their share of all."""
        design: Any = design_in_memory(group.X, self.scaling)
        targets = group.targets.astype(np.int32)
        weights = np.ascontiguousarray(group.shares(self.factors, self.fold))
        part = LossInMemory(design, self.head, targets, weights, part_of=self.m)
        return part.exactly() if self.double else part


@final
@dataclass(frozen=True, eq=False)
class ClusterParts(VisitedParts):
    """The groups of rows, each visited where it lies."""

    X: RowsOnCluster
    part: PartThere
    traits: Traits
    ledger: Ledger
    dtype: np.dtype
    compiled: bool
    held_by: str = field(default=OnCluster.__name__)
    shared: Seat | None = None
    elsewhere: ClassVar[bool] = True

    @classmethod
    def of(cls, design: OnCluster, X: RowsOnCluster, head: Head) -> ClusterParts:
        """Those of a design, X with its labels; they compute in what X of a group's size would."""
        dtype, compiled = computing_in(len(X) // len(X.groups), X)
        parts = cls(
            X=X,
            part=PartThere(head, design.scaling, X.factors, X.fold, double=False, m=len(X)),
            traits=traits_of_parts(design.traits, dense=X.dense),
            ledger=design.ledger,
            dtype=dtype,
            compiled=compiled,
        )
        return parts.exactly() if design.dtype == np.float64 else parts

    @property
    def identity(self) -> str:
        """One that never was before: no read of a cluster is kept in a folder."""
        return uuid4().hex

    @property
    def totals(self) -> LabelTotals:
        """Of the labels."""
        return self.X.totals

    def each(self, ask: Callable[[LossInMemory], T]) -> Iterator[T]:
        """What each group answers; one read."""
        return iter(self._visit(lambda part: [ask(part)], list.__add__))

    def sum(self, ask: Callable[[LossInMemory], tuple[Any, ...]]) -> tuple[np.ndarray, ...]:
        """In a fixed tree; one read."""
        return tuple(map(aligned, self._visit(lambda part: summand(ask(part)), add)))

    def _visit(self, ask: Callable[[LossInMemory], Any], join: Callable[[Any, Any], Any]) -> Any:
        there = self.part  # not self: handles stay here

        def asked(_: int, group: RowGroup) -> Any:
            return ask(there.loss(group))

        if self.shared is None:
            self.ledger.add(self.traits.nbytes)
            return self.X.visit(asked, join)
        answer, others = self.shared.ask((asked, join))
        self.ledger.add(self.traits.nbytes // others)
        return answer

    def of_fold(self, number: int) -> ClusterParts:
        """The rows that a fold is trained on."""
        X = self.X.without(number)
        return replace(self, X=X, part=replace(self.part, factors=X.factors, fold=X.fold))

    def within(self, shared: Seat) -> ClusterParts:
        """The same rows, read together with others' problems; its share in a ledger of its own."""
        return replace(self, shared=shared, ledger=Ledger(whole=self.ledger))

    def rescaled(self, scaling: Scaling) -> ClusterParts:
        """The same rows under a scaling more."""
        own = self.part.scaling
        part = replace(self.part, scaling=scaling if own is None else scaling.after(own))
        return replace(self, part=part)

    def exactly(self) -> ClusterParts:
        """The same with products in float64; itself where they are."""
        if self.dtype == np.float64:
            return self
        part = replace(self.part, double=True)
        return replace(self, part=part, dtype=np.dtype(np.float64), compiled=False)
