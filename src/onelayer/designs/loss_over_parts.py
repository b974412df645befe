"""The loss of examples that lie in parts: on disk, or elsewhere. The sum of the parts' losses.

Each part is visited in turn, where it lies, and answers with sums; those are added by the part's
number. Nothing of size m comes out of a part: curvature is made again from (W, b) in each read,
rather than kept. A sample of the rows stays in memory; its curvature stands in for that of all rows
where a metric is made, which costs no read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, TypeVar, final

import numpy as np

from onelayer.designs.dense import DenseDesign
from onelayer.designs.drawn_rows import Drawn
from onelayer.designs.foreseen import balancing
from onelayer.designs.in_memory import design_in_memory
from onelayer.designs.kept_reads import Answer, read_once
from onelayer.designs.loss import Arrival, Foresight, Gradient, Loss, Moments, Parameters
from onelayer.designs.loss_in_memory import LossInMemory
from onelayer.designs.on_line import Balance
from onelayer.designs.passes import SAMPLE_AT_HAND, SMALL_BYTES, Ledger, Traits
from onelayer.designs.row_labels import LabelTotals
from onelayer.designs.scaling import Scaling
from onelayer.designs.survey import SampledRows
from onelayer.errors import UsageError
from onelayer.logistic import Head

T = TypeVar("T")

NARROW = 4096
"""Features of sparse rows that are held dense, a thousand rows at a time, in metrics. *Guard*."""
WORTH_LOADING = 1 << 25
"""Bytes of a sample whose passes in NumPy take about the second that loading kernels does, with
116 MB, where nothing else here needs them. *Measured*."""
SEEN = 0.5  # guard: of a feature's mean square; below it the sample says nothing of the feature


class VisitedParts(ABC):
    """Examples in a fixed sequence of parts.

    A part is a loss in memory while it is visited, whose weights sum to its share of all.
    """

    traits: Traits
    ledger: Ledger
    dtype: np.dtype
    compiled: bool
    held_by: str
    elsewhere: ClassVar[bool] = False
    """Whether other processes visit the parts: then no kernel need be loaded in this one."""

    @property
    @abstractmethod
    def totals(self) -> LabelTotals:
        """Of labels and weights."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """A digest of all that the parts' answers depend on."""

    @abstractmethod
    def each(self, ask: Callable[[LossInMemory], T]) -> Iterator[T]:
        """What each part answers, in the order of the parts; one read of all."""

    @abstractmethod
    def sum(self, ask: Callable[[LossInMemory], tuple[Any, ...]]) -> tuple[np.ndarray, ...]:
        """The sum of what the parts answer, position by position, in float64; one read of all.

        In an order that follows from the parts' number alone, wherever they lie.
        """

    def weighted(self, weights: np.ndarray) -> Self:
        """The same rows under other weights (m,), in the order of the parts."""
        del weights
        raise UsageError(f"Weights of rows that lie in {self.held_by} lie there too")

    def of_fold(self, number: int) -> Self:
        """The rows that a fold is trained on, where each row's fold lies with it."""
        raise UsageError(f"{self.held_by} knows of no fold {number}: give weights of its rows")

    @abstractmethod
    def rescaled(self, scaling: Scaling) -> Self:
        """The same rows under a scaling more."""

    @abstractmethod
    def exactly(self) -> Self:
        """The same with products in float64; itself where they are."""


@dataclass(eq=False)
class CurvatureThere:
    """Where curvature is asked for; the intercept's part, once a read has met it."""

    W: np.ndarray
    b: np.ndarray
    intercept: np.ndarray | None = field(default=None)


@final
@dataclass(frozen=True, eq=False)
class LossOverParts(Loss):
    """sum_i v_i L(a_i, y_i) over all parts; every method is one read of all, or none.

    Attributes
    ----------
    parts
        Where the examples lie.
    sample
        Some of the rows, in memory, weighted to stand for all: a loss of its own.
    squares
        (n,), sum v x'^2 over all rows, about.
    """

    parts: VisitedParts
    head: Head
    sample: LossInMemory
    squares: np.ndarray

    @classmethod
    def of(
        cls, parts: VisitedParts, head: Head, found: SampledRows, scaling: Scaling | None
    ) -> LossOverParts:
        """That of parts under a scaling, and of the sample that a survey has drawn of them."""
        mean, variance = found.moments.mean, found.moments.variance
        if scaling is not None:
            mean, variance = (mean - scaling.centre) * scaling.scale, variance * scaling.scale**2
        design = design_in_memory(
            found.X,
            scaling,
            double=parts.dtype == np.float64,
            kernels_from=WORTH_LOADING if parts.elsewhere else SMALL_BYTES,
        )
        sample = LossInMemory(design, head, found.targets, found.weights)
        return cls(parts, head, sample, variance + mean**2)

    @property
    def traits(self) -> Traits:
        """Of all parts."""
        return self.parts.traits

    @property
    def held_by(self) -> str:
        """What the parts are."""
        return self.parts.held_by

    @property
    def dtype(self) -> np.dtype:
        """Of the parts' products."""
        return self.parts.dtype

    @property
    def compiled(self) -> bool:
        """Whether the parts' reads are kernels."""
        return self.parts.compiled

    @property
    def kernels_here(self) -> bool:
        """Those of the parts; where these are visited elsewhere, of the sample."""
        return self.sample.compiled if self.parts.elsewhere else self.compiled

    @property
    def bytes_read(self) -> int:
        """Of all parts, the bytes that stayed in memory too."""
        return self.parts.ledger.bytes_read

    def value_and_gradient(self, W: np.ndarray, b: np.ndarray) -> Gradient:
        """One read."""
        loss, G, db = self._sum(("gradient", W, b), lambda part: part.value_and_gradient(W, b))
        return float(loss), G, db

    def along(
        self, W: np.ndarray, b: np.ndarray, V: np.ndarray, c: np.ndarray, steps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """One read."""
        asked = ("along", W, b, V, c, steps)
        values, slopes = self._sum(asked, lambda part: part.along(W, b, V, c, steps))
        return values, slopes

    def expansion(self, W: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, Any]:
        """The loss, its gradient and its Hessian in one read."""
        loss, G, db, H = self._sum(("expansion", W, b), lambda part: part.expansion(W, b))
        return float(loss), G, db, H

    def hessian(
        self, W: np.ndarray, b: np.ndarray, features: np.ndarray | None = None
    ) -> np.ndarray:
        """One read."""
        asked = ("hessian", W, b, features)
        return np.asarray(self._sum(asked, lambda part: (part.hessian(W, b, features),))[0])

    def curvature(self, W: np.ndarray, b: np.ndarray) -> CurvatureThere:
        """(W, b) alone: no read."""
        return CurvatureThere(W, b)

    def product(
        self, curvature: CurvatureThere, V: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """One read, which makes the activations again."""
        W, b = curvature.W, curvature.b

        def ask(part: LossInMemory) -> tuple[np.ndarray, ...]:
            A = part.curvature(W, b)
            return *part.product(A, V, c), part.intercept_curvature(A)

        P, dc, curvature.intercept = self._sum(("product", W, b, V, c), ask)
        return P, dc

    def intercept_curvature(self, curvature: CurvatureThere) -> np.ndarray:
        """Known from the first product there; else one read."""
        if curvature.intercept is None:
            self.product(curvature, np.zeros_like(curvature.W), np.zeros_like(curvature.b))
        return np.asarray(curvature.intercept)

    def foresight(
        self,
        start: Parameters,
        step: Parameters,
        length: float,
        *,
        balanced: bool,
        arrived: Arrival | None = None,
        gradient: np.ndarray | None = None,
    ) -> Foresight:
        """One read, and another where the residuals foreseen must be balanced first."""
        # In float32 that is of parameters rounded otherwise than start and step. Over many rows no
        # other rounding is as large: it alone is shared by all.
        del gradient

        def told(balance: Balance | None) -> tuple[np.ndarray, ...]:
            asked = ("foresight", *start, *step, length, *(balance or ()))
            return self._sum(asked, lambda part: part.foreseen(start, step, length).told(balance))

        if arrived is None:
            means, apart, P = told(None)
        else:
            means, apart, P = arrived.means, np.asarray(arrived.apart), arrived.P
        balance = balancing(means, self.shares())
        if balanced and balance is not None:
            _, apart, P = told(balance)
        return Foresight(float(apart), P)

    def arrival(
        self, start: Parameters, step: Parameters, length: float, features: np.ndarray | None
    ) -> Arrival:
        """One read."""
        asked = ("arrival", *start, *step, length, features)
        found = self._sum(asked, lambda part: part.arrival(start, step, length, features))
        value, G, db, means, apart, *others = found
        return Arrival(float(value), G, db, means, float(apart), *others)

    def moments(self, curvature: Any = None, *, shared: bool = False) -> Moments:
        """Those of the sample, for a metric: no read.

        A feature that the sample has missed gets the mean curvature with its own mean square.
        """
        found = self.sample.moments(self._there(curvature), shared=shared)
        seen = self.sample.moments().squares[:, 0]
        missed = seen < SEEN * self.squares
        squares = found.squares.copy()
        squares[missed] = self.squares[missed, None] * found.total
        return found._replace(squares=squares)

    def drawn(self, count: int, curvature: Any = None) -> Drawn:
        """From the sample: no read. More rows than these are not to be had."""
        return replace(self.sample.drawn(count, self._there(curvature)), whole=False)

    def some_rows(self, count: int) -> np.ndarray:
        """Of the sample."""
        return self.sample.some_rows(count)

    def magnitudes(self, count: int) -> np.ndarray:
        """In the sample."""
        return self.sample.magnitudes(count)

    def centres(self) -> np.ndarray:
        """The sample's, which are those of all."""
        return self.sample.centres()

    def reach(self, V: np.ndarray, c: np.ndarray) -> float:
        """One read."""

        def read() -> tuple[float]:
            return (max(self.parts.each(lambda part: _reach(part, V, c))),)

        return float(self._once(("reach", V, c), read)[0])

    def shares(self) -> np.ndarray:
        """sum v y of each class (K,), of both where the head is binary."""
        return self.parts.totals.shares

    @property
    def counted(self) -> float:
        """From the labels' weights."""
        return self.parts.totals.counted

    @property
    def least_weight(self) -> float:
        """From the labels' weights."""
        return self.parts.totals.least

    def exactly(self) -> LossOverParts:
        """The same with products in float64; itself where they are."""
        exact = self.parts.exactly()
        if exact is self.parts:
            return self
        return replace(self, parts=exact, sample=self.sample.exactly())

    def weighted(self, weights: np.ndarray) -> LossOverParts:
        """The same examples under other weights (m,), whose metric and start the sample remains."""
        return replace(self, parts=self.parts.weighted(weights))

    def of_fold(self, number: int) -> LossOverParts:
        """The same examples but a fold's, whose metric and start the sample remains."""
        return replace(self, parts=self.parts.of_fold(number))

    def rescaled(self, scaling: Scaling) -> LossOverParts:
        """The same examples under a scaling more."""
        parts, sample = self.parts.rescaled(scaling), self.sample.rescaled(scaling)
        squares = self.sample.rescaled(scaling).moments().squares[:, 0]
        return replace(self, parts=parts, sample=sample, squares=squares)

    def forward_parts(self, W: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Part by part; one read."""
        start = 0
        for Z in self.parts.each(lambda part: part.design.forward(W, b)):
            yield slice(start, start + len(Z)), Z
            start += len(Z)

    def of_sample(self) -> LossInMemory:
        """The sample, weighted to stand for all."""
        return self.sample

    def _there(self, curvature: CurvatureThere | None) -> np.ndarray | None:
        """The curvature of the sample's rows at the same place."""
        return None if curvature is None else self.sample.curvature(curvature.W, curvature.b)

    def _sum(
        self, asked: tuple[Any, ...], ask: Callable[[LossInMemory], tuple[Any, ...]]
    ) -> tuple[Any, ...]:
        return self._once(asked, lambda: self.parts.sum(ask))

    def _once(self, asked: tuple[Any, ...], read: Callable[[], Answer]) -> Answer:
        """A read, which counts as one where it was made before the training was killed too."""
        ledger, before = self.parts.ledger, self.parts.ledger.bytes_read
        answer = read_once(lambda: (self.parts.identity, *asked), read)
        if ledger.bytes_read == before:
            ledger.add(self.traits.nbytes)
        return answer


def computing_in(rows: int, X: Any) -> tuple[np.dtype, bool]:
    """The type of the products of so many rows of X, and whether kernels make them."""
    if not X.dense:
        return np.dtype(np.float64), False
    like = DenseDesign(np.empty((rows, X.shape[1]), X.dtype))
    return like.dtype, like.compiled


def traits_of_parts(traits: Traits, *, dense: bool) -> Traits:
    """What parts offer together: a sample of their rows at hand, and no columns.

    A metric holds rows of the sample dense, which it is not asked for where sparse ones are wide.
    """
    sampled = {SAMPLE_AT_HAND, "sample"} if dense or traits.n <= NARROW else {SAMPLE_AT_HAND}
    return replace(traits, offers=traits.offers - {"columns"} | sampled)


def _reach(part: LossInMemory, V: np.ndarray, c: np.ndarray) -> float:
    return part.reach(V, c) if part.weights.any() else 0.0


def add(total: tuple[np.ndarray, ...], more: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    """Sums position by position."""
    return tuple(np.add(one, other) for one, other in zip(total, more, strict=True))


def summand(answer: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    """Arrays and numbers as arrays in float64, to be added up."""
    return tuple(np.asarray(one, dtype=np.float64) for one in answer)
