"""What stands in for the Hessian under L-BFGS: from a diagonal to the whole system on a sample.

A metric M is close to the Hessian and cheap to solve with. The nearer it is, the fewer passes are
needed: on 60000 x 784 pixels in 10 classes a gap of 1e-6 took 378 passes over a shared Gram
matrix, and 54 to 82 over a sampled Hessian.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from onelayer.designs.drawn_rows import draw
from onelayer.objective import Objective
from onelayer.solvers.algebra import Algebra
from onelayer.solvers.smooth.factoring import TINY, factored, true_diagonal, weighted_gram
from onelayer.solvers.smooth.newton_decrement import (
    loosely,
    newton_decrement,
)
from onelayer.solvers.strips import Strips

ROWS_PER_FEATURE = 8  # theory: of the sample; eigenvalues of M are then within 0.4 and 1.9 of H's
ROWS_PER_UNKNOWN = 2  # measured: of the sample for S; as many rows again saved one pass in twenty
CANDIDATES = 4  # guard: rows looked at for each of these
# Measured, 20 penalties x 10 folds of 20000 x 784 pixels: three penalties over one Gram matrix took
# 7.8 s of CPU instead of 9.4, all over one 15.
NEARBY = 3.0
GRAM_WORTH = 20  # measured: n^2 <= this * m k; a shared Gram matrix costs less than some 20 passes
BENT_WORTH = 8  # measured: n^2 <= this * m * passes; the same of one at theta, for one column of z
SYSTEM_FREE = 1e9  # measured: products that cost nothing beside what a pass over small data does
SUMMED = 512  # guard: rows whose products are added to S at a time
SYSTEM_BYTES = 512_000_000  # guard: of the whole S in float32; half of it is kept
# Measured, on pixels in 10 classes: a base of a third of the directions led to tol in as many reads
# as one of all that 128 MB hold, whose rows took eight times as long.
BYTES_AT_HAND = 32_000_000  # of S where X is too large for memory; its copies lie beside it
FEWEST = 4  # guard: directions that are worth their trouble
AT_HAND = 20.0  # guard: passes that a metric may cost where all else is a read from disk
# Measured, on 500000 x 150 pixels in 10 classes on disk: 13 reads instead of 39 with the two above.
ROWS_AT_HAND = 20  # of a sample at hand, whose rows cost no read
UNSEEN_AT_HAND = 1e-4  # of the shared matrix, where so many rows leave little unseen
UNSEEN = 0.02  # guard: of the shared matrix, added to S
# Measured, on 400000 pictures of 49 pixels in 10 classes: 0.001 took 24 products of the sample a
# solution where this takes 10, and saved no read.
SOLVED = 0.05  # of a gradient may remain, in the base's norm, where a sample's Hessian is solved


@dataclass(frozen=True)
class Diagonal:
    """The Hessian's diagonal at theta: 2 passes."""

    diagonal: np.ndarray
    ridge: float = 0.0

    @classmethod
    def at(cls, objective: Objective, theta: np.ndarray) -> Diagonal:
        """The sum of h x^2 + l2, h = v a (1 - a), for every parameter."""
        total, _, squares = objective.loss.moments(objective.curvature(theta))
        diagonal = objective.join(squares + objective.penalty.l2, total)
        return cls(np.where(diagonal > 0, diagonal, 1))

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient."""
        return gradient / self.diagonal


@dataclass(frozen=True)
class SharedGram:
    """X^T diag(u) X + l2 on a sample, the same for every class.

    At theta = 0 it is the Hessian: there a = 1/K, and d2L/dz2 = (I - 11^T / K) / K is 1/K on
    gradients, which sum to zero over the classes; a (1 - a) = 1/4 for binary. Elsewhere u is the
    mean curvature; of a binary problem it is the Hessian there too. `whole`: more rows would tell
    no more. `kept` is what it was made of, where that was asked for.
    """

    inverse: np.ndarray
    algebra: Algebra
    whole: bool
    ridge: float
    kept: KeptGram | None = None

    @classmethod
    def of(cls, objective: Objective, *, whole: bool = False) -> SharedGram:
        """At zero: draw ROWS_PER_FEATURE rows a feature, all of small data or if `whole`."""
        loss, width = objective.loss, objective.head.width
        c = 1 / 4 if width == 1 else 1 / width
        all_rows = whole or not loss.compiled
        count = loss.traits.m if all_rows else ROWS_PER_FEATURE * len(objective.start())
        drawn = loss.drawn(count)
        diagonal = None if drawn.whole else true_diagonal(objective, loss.moments(), c)
        assemble = partial(weighted_gram, drawn, c, len(objective.start()))
        return cls.factored(objective, assemble, diagonal, whole=drawn.whole)

    @classmethod
    def at(cls, objective: Objective, curvature: Any, *, keep: bool = False) -> SharedGram:
        """At the theta of `curvature`: rows are drawn where it is, of a sample at hand all."""
        traits, count = objective.loss.traits, ROWS_PER_FEATURE * len(objective.start())
        drawn = objective.loss.drawn(traits.m if traits.at_hand else count, curvature)
        diagonal = true_diagonal(objective, objective.loss.moments(curvature, shared=True))
        assemble = partial(weighted_gram, drawn, 1.0, len(objective.start()))
        if keep:
            return KeptGram(assemble(), diagonal, objective.penalty.strength).under(objective)
        return cls.factored(objective, assemble, diagonal, whole=True)

    @classmethod
    def factored(
        cls,
        objective: Objective,
        assemble: Callable[[], np.ndarray],
        diagonal: np.ndarray | None,
        *,
        whole: bool,
    ) -> SharedGram:
        """The Gram matrix of drawn rows; the diagonal of all rows, where these are not."""
        algebra = Algebra(objective.loss.kernels_here)
        inverse, ridge = factored(algebra.inverse_factor, assemble, diagonal, objective)
        return cls(inverse, algebra, whole, ridge)

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient, class by class."""
        return self.algebra.solve_columns(self.inverse, gradient)


@dataclass(frozen=True)
class KeptGram:
    """The Gram matrix of rows drawn at one theta, without a penalty, to be had under several.

    Next to it a penalty costs a factor: along a path theta moves less than the penalty does.
    """

    gram: np.ndarray
    diagonal: np.ndarray
    strength: float

    def under(self, objective: Objective) -> SharedGram:
        """The metric under the objective's penalty."""
        made = SharedGram.factored(objective, self.gram.copy, self.diagonal, whole=True)
        return replace(made, kept=self)

    def serves(self, strength: float) -> bool:
        """Whether a penalty is near the one whose optimum it was made at."""
        return self.strength / NEARBY <= strength <= self.strength * NEARBY


@dataclass(frozen=True)
class WholeHessian:
    """The Hessian at theta, of all rows: for few parameters and several problems."""

    factor: np.ndarray
    algebra: Algebra
    ridge: float

    @classmethod
    def at(cls, objective: Objective, theta: np.ndarray) -> WholeHessian:
        """One pass, and its factor."""
        H = objective.loss.hessian(*objective.split(theta))
        rows = len(theta)
        M = H[:rows, :, :rows, :].transpose(1, 0, 3, 2).reshape(theta.size, theta.size)
        algebra = Algebra(objective.loss.kernels_here)
        factor, ridge = factored(algebra.factor, M.copy, None, objective)
        return cls(factor, algebra, ridge)

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient; the system is ordered class by class."""
        solution = self.algebra.solve(self.factor, gradient.T.ravel())
        return solution.reshape(gradient.T.shape).T


@dataclass(frozen=True)
class LeadingHessian:
    """The Hessian at theta along the directions in which X says most, a shared Gram matrix beyond.

    Of `directions` V (n, r), orthonormal under the shared matrix M0, and with S (r K, r K) the
    Hessian of all classes in their coordinates,

        M^-1 = M0^-1 + V (S^-1 - 1) V^T

    Beyond some directions the penalty is most of the Hessian, and M0 has it. On 20000 x 512
    embeddings in 100 classes 31 directions took 16 passes from a gap of 5e-3 to 1e-6, where the
    shared matrix took 76; on 60000 x 784 pixels in 10 classes 240 did as well as all 785.
    """

    base: SharedGram
    directions: np.ndarray
    factor: Strips

    @classmethod
    def at(cls, objective: Objective, curvature: Any, rank: int) -> LeadingHessian:
        """Draw rows where the curvature is, assemble S in float32, and factor: 2 passes."""
        base = SharedGram.at(objective, curvature)
        V = _leading(base, objective, rank)
        drawn = _drawn(objective, curvature, V)
        del curvature  # (m, k) in float64, perhaps as large as S
        S = _system(objective, V, *drawn)
        S.factor()
        return cls(base, V, S)

    @property
    def ridge(self) -> float:
        """The base's."""
        return self.base.ridge

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient."""
        algebra, V = self.base.algebra, self.directions
        inner = algebra.product(V.T, gradient)
        solution = self.factor.solve(inner.T.ravel(), compiled=algebra.compiled)
        solution = solution.reshape(inner.T.shape).T
        return self.base.solve(gradient) + algebra.product(V, solution - inner)


def _leading(base: SharedGram, objective: Objective, rank: int) -> np.ndarray:
    """V (n, r): V^T M0 V = 1, and of all such the one with the least V^T D V, D the penalty's."""
    n = len(objective.start())
    inverse = base.inverse[:n, :n].astype(np.float64)  # L^-1 of M0 = L L^T
    penalised = inverse[:, : objective.loss.traits.n]
    # NumPy's own, like the products around it: threads of two libraries are in each other's way.
    _, vectors = np.linalg.eigh(penalised @ penalised.T)
    return inverse.T @ vectors[:, :rank]


def _system(
    objective: Objective, V: np.ndarray, Z: np.ndarray, A: np.ndarray, v: np.ndarray, h: np.ndarray
) -> Strips:
    """S: sum v (diag(a) - a a^T) (x) z z^T of drawn rows, z = V^T [x 1], and the penalty.

    A little of the shared matrix, in each class's measure, bounds the steps along what the drawn
    rows say nothing of; the common shift of all classes, which has no curvature, is lifted out.
    """
    r, k = V.shape[1], objective.head.width
    S = Strips(k, r)
    for start in range(0, len(Z), SUMMED):
        part = slice(start, start + SUMMED)
        z, a = Z[part], A[part] * np.sqrt(v[part])[:, None]
        S.subtract_products((a[:, :, None] * z[:, None, :]).reshape(len(z), -1))
    unseen = UNSEEN_AT_HAND if objective.loss.traits.at_hand else UNSEEN
    penalised = V[: objective.loss.traits.n]
    penalty = objective.penalty.l2 * penalised.T @ penalised
    for c in range(k):
        S.add_to_class(c, (Z * (v * A[:, c])[:, None]).T @ Z)
        S.add_to_class(c, penalty + unseen * (h[c] / h.mean()) * np.eye(r))
    S.lift_shift()
    return S


def _drawn(
    objective: Objective, curvature: Any, V: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows in V's coordinates (s, r), their activations and weights in float32; sum h (k,) of all.

    Drawn in proportion to u |z|^2, u being the curvature, what a row adds to the trace of S: a row
    that alone has some feature is not missed.
    """
    size = _rows_per_unknown(objective) * V.shape[1] * objective.head.width
    count = CANDIDATES * size
    if objective.loss.traits.at_hand:
        count = min(count, BYTES_AT_HAND // (4 * V.shape[1]))
    drawn, V4 = objective.loss.drawn(count, curvature), V.astype(np.float32)
    Z = np.empty((len(drawn.h), V.shape[1]), np.float32)
    for rows, block in drawn.blocks(len(V)):
        np.matmul(block, V4, out=Z[rows])
    reach = drawn.h * np.einsum("ij,ij->i", Z, Z)
    total = max(float(reach.sum()), TINY)
    kept, shares = draw(reach / total, size)
    v = drawn.v[kept] * (shares * total / reach[kept])
    return Z[kept], drawn.activations[kept], v.astype(np.float32), drawn.total


@dataclass(frozen=True)
class SampleHessian:
    """The Hessian of a sample that is at hand, of several classes and all features, at theta.

    Nothing is left out of it, and it may follow theta at the cost of a read of the sample: it is
    solved by conjugate gradients over a base of its neighbourhood, a read of the sample a product.
    On 400000 x 49 pixels of clothes in 10 classes 10 reads of all rows led to 1e-7, where the base
    alone took 41.
    """

    sample: Objective
    theta: np.ndarray
    curvature: Any
    base: Metric

    @classmethod
    def of(cls, objective: Objective, theta: np.ndarray) -> SampleHessian:
        """That of the objective's sample, over a base that costs no read of all."""
        sample = objective.of_sample()
        base = better_metric(objective, theta, AT_HAND) or Diagonal.at(objective, theta)
        return cls(sample, theta, sample.curvature(theta), base)

    def at(self, theta: np.ndarray) -> SampleHessian:
        """The same sample's at another theta; this one where it is there."""
        if theta is self.theta:
            return self
        return SampleHessian(self.sample, theta, self.sample.curvature(theta), self.base)

    @property
    def ridge(self) -> float:
        """The base's, which is the most that a solution may owe to one."""
        return self.base.ridge

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient, but for `SOLVED` of it."""
        enough = loosely(SOLVED)
        return -newton_decrement(
            self.sample, self.curvature, 0.0, gradient, self.base.solve, enough
        ).direction


Metric: TypeAlias = Diagonal | SharedGram | WholeHessian | LeadingHessian | SampleHessian
"""M, by its inverse. Its `ridge` is the most that it adds where J has no curvature but the
penalty's; 0 where that is not known."""


def first_metric(objective: Objective, theta: np.ndarray) -> Metric:
    """The metric to begin with; of a sample at hand already that of theta's neighbourhood."""
    traits, k = objective.loss.traits, objective.head.width
    if traits.at_hand:
        if k > 1 and "sample" in traits.offers:
            return SampleHessian.of(objective, theta)
        return better_metric(objective, theta, AT_HAND) or Diagonal.at(objective, theta)
    if "sample" in traits.offers and traits.n**2 <= GRAM_WORTH * traits.m * k:
        return SharedGram.of(objective)
    return Diagonal.at(objective, theta)


def better_metric(
    objective: Objective, theta: np.ndarray, worth: float, *, keep: bool = False
) -> Metric | None:
    """The metric for the neighbourhood of theta; None where none is worth about `worth` passes.

    `keep`: a Gram matrix is kept, for penalties nearby.
    """
    traits, k = objective.loss.traits, objective.head.width
    if "sample" not in traits.offers:
        return Diagonal.at(objective, theta)
    if traits.n**2 > worth * BENT_WORTH * traits.m:
        return None
    if k == 1:
        return SharedGram.at(objective, objective.curvature(theta), keep=keep)
    rank = _rank(objective, worth)
    if rank == len(theta) and not objective.loss.compiled and not traits.at_hand:
        return WholeHessian.at(objective, theta)
    if rank < FEWEST:
        return None
    return LeadingHessian.at(objective, objective.curvature(theta), rank)


def _rank(objective: Objective, worth: float) -> int:
    """How many directions are worth their price: S costs 2 (r K)^3 products, a pass 4 m n K."""
    n, k = objective.start().shape
    products = worth * 4 * objective.loss.traits.m * n * k + SYSTEM_FREE
    most = BYTES_AT_HAND if objective.loss.traits.at_hand else SYSTEM_BYTES
    parameters = min(math.cbrt(products / _rows_per_unknown(objective)), math.sqrt(most / 4))
    return min(n, int(parameters) // k)


def _rows_per_unknown(objective: Objective) -> int:
    return ROWS_AT_HAND if objective.loss.traits.at_hand else ROWS_PER_UNKNOWN
