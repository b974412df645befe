"""The loss of rows whose targets, weights and activations lie in memory, in one place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, final

import numpy as np

from onelayer.designs.blockwise import Blockwise
from onelayer.designs.drawn_rows import Drawn, draw, mean_curvature
from onelayer.designs.foreseen import Foreseen, balancing
from onelayer.designs.loss import (
    Arrival,
    Foresight,
    Gradient,
    Loss,
    Moments,
    Parameters,
    Turn,
    falls_on,
)
from onelayer.designs.on_line import MANY, OnLine, OnLineByKernels, chunks
from onelayer.designs.passes import Ledger, Pass, Sums, Traits, add_offset
from onelayer.designs.rough_curvature import RoughCurvature, thinned
from onelayer.designs.scaling import Scaling
from onelayer.logistic import Head
from onelayer.vectors import column_sums


def _activations(curvature: np.ndarray | RoughCurvature) -> np.ndarray:
    return curvature.A if isinstance(curvature, RoughCurvature) else curvature


TINY = 1e-300  # guard: divides by no zero


class Reads(Protocol):
    """The reads that problems side by side can share; a design's own are these too."""

    @property
    def ledger(self) -> Ledger:
        """Whose reads they are."""
        ...

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = X' W + b: (m, k)."""
        ...

    def sums(self, asked: Pass) -> Sums:
        """What one read gives."""
        ...

    def exactly(self) -> Reads:
        """The same with products in float64."""
        ...


@final
@dataclass(frozen=True, eq=False)
class LossInMemory(Loss):
    """sum_i v_i L(a_i, y_i) of the rows of a design; targets (m,) and weights v (m,) are at hand.

    The offset (m, k), where there is one, is a part of z whose coefficient is 1; a pass with it is
    the NumPy loop's, for kernels know none. `shared`, where given, makes the reads that problems
    side by side share; `rough`, where products are in float64, is the design in float32; `part_of`
    is how many rows there are in all, where these are a part of more, or one problem of several.
    What `traits.offers` names beside "rows" and "hessian" is asked of the design itself: rows in
    turn, columns, a Gram matrix.
    """

    design: Blockwise
    head: Head
    targets: np.ndarray
    weights: np.ndarray
    offset: np.ndarray | None = None
    shared: Reads | None = None
    rough: Blockwise | None = None
    part_of: int = 0

    @property
    def in_memory(self) -> LossInMemory:
        """Itself."""
        return self

    @property
    def traits(self) -> Traits:
        """Of the design; rows in turn know no offset."""
        traits = self.design.traits
        if self.offset is None:
            return traits
        return replace(traits, offers=traits.offers - {"rows in turn"})

    @property
    def held_by(self) -> str:
        """The design's class."""
        return type(self.design).__name__ + " with an offset" * (self.offset is not None)

    @property
    def remark(self) -> str:
        """That kernels know no offset, where there are kernels."""
        by_numpy = self.offset is not None and self.design.compiled
        return "; the offset is added block by block, by NumPy instead of kernels" * by_numpy

    @property
    def dtype(self) -> np.dtype:
        """Of the design's products."""
        return self.design.dtype

    @property
    def compiled(self) -> bool:
        """Whether the design's passes are kernels."""
        return self.design.compiled

    @property
    def bytes_read(self) -> int:
        """By this problem, its share where reads are shared."""
        return self._reads.ledger.bytes_read

    def value_and_gradient(self, W: np.ndarray, b: np.ndarray) -> Gradient:
        """The loss, X'^T (v dz) and sum v dz."""
        loss, G, db = self._reads.sums(self._asked(W, b))
        return float(loss[0]), G, db

    def along(
        self, W: np.ndarray, b: np.ndarray, V: np.ndarray, c: np.ndarray, steps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """From z and its change by a whole step, which are columns of one read."""
        line = self._line((W, b), (V, c))
        values, slopes = np.transpose([line.loss(t) for t in steps])
        return values, slopes

    def turn(
        self,
        start: Parameters,
        step: Parameters,
        steps: np.ndarray,
        beside: tuple[np.ndarray, np.ndarray],
    ) -> Turn:
        """By halving: z is at hand, and each length costs the head alone."""
        line, met = self._line(start, step), {}

        def rises(i: int) -> bool:
            value, slope = line.loss(steps[i])
            met[i] = steps[i], value + beside[0][i], slope + beside[1][i]
            return not falls_on(*met[i][1:])

        place = bisect_left(range(len(steps)), True, key=rises)
        return Turn(*np.transpose([met[i] for i in (place - 1, place) if i in met]))

    def _line(self, start: Parameters, step: Parameters) -> OnLine:
        """All rows along a step: z, and its change by the whole of it, are columns of one read."""
        both = np.hstack([start[0], step[0]]), np.concatenate([start[1], step[1]])
        Z, k = self._reads.forward(*both), len(start[1])
        if self.offset is not None:
            Z = np.hstack([add_offset(Z[:, :k], self.offset), Z[:, k:]])
        many = max(len(Z), self.part_of) * k >= MANY
        kernels = many and (self.rough or self.design).compiled
        targets = self.targets.astype(np.int32, copy=False)
        return (OnLineByKernels if kernels else OnLine)(self.head, Z, targets, self.weights)

    def expansion(self, W: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, Any]:
        """The loss, its gradient and its Hessian."""
        loss, G, db, H = self.design.expansion(self._asked(W, b))
        return float(loss[0]), G, db, H

    def hessian(
        self, W: np.ndarray, b: np.ndarray, features: np.ndarray | None = None
    ) -> np.ndarray:
        """(n + 1, k, n + 1, k), the intercept last; of all features, or some."""
        return self.design.hessian(self._asked(W, b), features)

    def curvature(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The head's curvature activations (m, k)."""
        Z = self.forward(W, b)
        for rows in chunks(len(Z)):
            Z[rows] = self.head.curvature_activation(Z[rows])
        return Z

    def product(
        self, curvature: np.ndarray | RoughCurvature, V: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The Hessian times (V, c)."""
        A, reads = _activations(curvature), self._reads
        if isinstance(curvature, RoughCurvature):
            reads = self.rough or self.design
            if curvature.starts is not None:
                return reads.by_kernels().thinned(V, c, curvature, self.weights)
        asked = Pass(V, c, self.head, self.targets, self.weights[:, None], A)
        return reads.sums(asked)[1:]

    def roughly(self, curvature: np.ndarray, share: float) -> tuple[Any, float]:
        """Of softmax, without the activations of least curvature, by kernels.

        Of sparse rows all are kept, in float32.
        """
        design = self.rough or self.design
        if not design.compiled or self.shared is not None or self.head.width == 1:
            return curvature, 1.0
        if "sample" in design.traits.offers:
            found = thinned(curvature, self.weights, share, design.dtype)
            return found, found.part
        if "rows in turn" in self.traits.offers:
            return RoughCurvature(curvature.astype(np.float32)), 1.0
        return curvature, 1.0

    def direction_dtype(self, curvature: np.ndarray | RoughCurvature) -> np.dtype:
        """float32 beside activations of sparse rows in float32."""
        sparse = isinstance(curvature, RoughCurvature) and "rows in turn" in self.traits.offers
        return np.dtype(np.float32 if sparse else np.float64)

    def intercept_curvature(self, curvature: np.ndarray | RoughCurvature) -> np.ndarray:
        """sum v a (1 - a), or sum v (diag(a) - a a^T)."""
        A, v = _activations(curvature), self.weights
        if A.shape[1] == 1:
            return column_sums(v, A * (1 - A))[:, None]
        weighted = v[:, None] * A
        return np.diag(weighted.sum(axis=0)) - weighted.T @ A

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
        """By one forward read and one backward; (m, 4 k) numbers are held between them."""
        del arrived  # its means come with the forward read
        there = self.foreseen(start, step, length)
        balance = balancing(there.means, self.shares()) if balanced else None
        return Foresight(*there.told(balance, gradient)[1:])

    def arrival(
        self, start: Parameters, step: Parameters, length: float, features: np.ndarray | None
    ) -> Arrival:
        """By a read for the loss and its gradient, two for what was foreseen, one for H."""
        there = (start[0] + length * step[0], start[1] + length * step[1])
        value, G, db = self.value_and_gradient(*there)
        foreseen = self.foreseen(start, step, length)
        means, apart, P = foreseen.told(None)
        H = np.zeros(0) if features is None else self.hessian(*there, features)
        return Arrival(value, G, db, means, apart, P, foreseen.sizes(), H)

    def foreseen(self, start: Parameters, step: Parameters, length: float) -> Foreseen:
        """The activations that Newton's model foresees, row by row."""
        return Foreseen.of(self.design, self._line(start, step), length)

    def moments(self, curvature: np.ndarray | None = None, *, shared: bool = False) -> Moments:
        """Of v a (1 - a), of its mean over the classes, or of v."""
        if curvature is None:
            h = self.weights[:, None]
        elif shared:
            h = (self.weights * mean_curvature(curvature))[:, None]
        else:
            h = self.weights[:, None] * curvature * (1 - curvature)
        return Moments(h.sum(axis=0), *self.design.moments(h))

    def drawn(self, count: int, curvature: np.ndarray | None = None) -> Drawn:
        """By v, or by v times the mean curvature; they are read when they are looked at."""
        A, v = curvature, self.weights
        h = v if A is None else v * mean_curvature(A)
        mass = 1.0 if A is None else max(float(h.sum()), TINY)
        rows, shares = draw(h / mass, count)
        shares = shares * mass
        return Drawn(
            h=shares,
            v=v[rows] * (shares / h[rows]),
            activations=np.empty((len(rows), 0)) if A is None else A[rows].astype(np.float32),
            total=v.sum(keepdims=True) if A is None else v @ (A * (1 - A)),
            whole=len(rows) == np.count_nonzero(v),
            read=lambda part: self.design.sample(rows[part]),
        )

    def some_rows(self, count: int) -> np.ndarray:
        """About `count` rows [x' 1] in float32, evenly spaced."""
        return self.design.sample(self._spaced(count))

    def magnitudes(self, count: int) -> np.ndarray:
        """The design's, in rows evenly spaced."""
        return self.design.magnitudes(self._spaced(count))

    def centres(self) -> np.ndarray:
        """The design's centre times its scale; zero where it has no scaling."""
        scaling = self.design.scaling
        return np.zeros(self.traits.n) if scaling is None else scaling.centre * scaling.scale

    def reach(self, V: np.ndarray, c: np.ndarray) -> float:
        """max |z|, less the mean over the classes, over rows with weight."""
        Z = self._reads.forward(V, c)
        Z -= Z.mean(axis=1, keepdims=True) if Z.shape[1] > 1 else 0
        return float(np.abs(Z[self.weights > 0]).max())

    def shares(self) -> np.ndarray:
        """sum v y of each class, of both where the head is binary."""
        y, v, k = self.targets, self.weights, self.head.width
        if k > 1:
            return np.bincount(y, v, minlength=k)
        return np.array([(v * (1 - y)).sum(), (v * y).sum()])

    @property
    def counted(self) -> float:
        """The number of rows with weight, where they count the same."""
        return 1 / float(self.weights @ self.weights)

    @property
    def least_weight(self) -> float:
        """The smallest weight that is not 0."""
        return float(self.weights[self.weights > 0].min())

    def exactly(self) -> LossInMemory:
        """The same with products in float64; itself where they are."""
        exact = self.design.exactly()
        if exact is self.design:
            return self
        shared = self.shared and self.shared.exactly()
        return replace(self, design=exact, shared=shared, rough=self.design)

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z of every row: (m, k)."""
        return add_offset(self._reads.forward(W, b), self.offset)

    def z_at(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The same; no pass where all weights are zero."""
        if W.any():
            return self.forward(W, b)
        return add_offset(np.tile(b, (self.traits.m, 1)), self.offset)

    def of_offset(self, R: np.ndarray) -> float:
        """sum v r^T o of residuals R (m, k): what of the dual is the offset's."""
        if self.offset is None:
            return 0.0
        return float((self.weights * (R * self.offset).sum(axis=1)).sum())

    def rescaled(self, scaling: Scaling) -> LossInMemory:
        """The same examples under a scaling more."""
        return replace(self, design=self.design.rescaled(scaling))

    def forward_parts(self, W: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """All rows at once."""
        yield slice(0, self.traits.m), self.design.forward(W, b)

    def weighted(self, weights: np.ndarray) -> LossInMemory:
        """The same examples under other weights (m,): a fold, say."""
        return replace(self, weights=weights)

    @property
    def _reads(self) -> Reads:
        return self.shared or self.design

    def _asked(self, W: np.ndarray, b: np.ndarray) -> Pass:
        v = self.weights[:, None]
        return Pass(W, b, self.head, self.targets, v, offset=self.offset)

    def _spaced(self, count: int) -> np.ndarray:
        """About so many rows with weight, evenly spaced: those without have no part in anything."""
        counted = np.flatnonzero(self.weights)
        return counted[np.unique(np.linspace(0, len(counted) - 1, count).astype(np.intp))]
