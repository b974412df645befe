"""A metric for softmax under weak penalties: one weighted Gram matrix a class.

The Hessian of softmax couples classes, H_cd = X^T diag(a_c (1{c=d} - a_d)) X, and along directions
whose classes sum to zero its diagonal blocks are most of it:

    M_c = X^T diag(v a_c (1 - a_c)) X + l2

Under weak penalties each class bends along other features than the next, and no matrix that all
share comes near it: on 20000 x 512 embeddings in 100 classes at C = 10 a Newton step to a hundredth
took over 150 products over the shared Gram matrix, and 13 over these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from onelayer.designs.drawn_rows import Drawn, draw
from onelayer.designs.passes import SMALL_BYTES, Traits
from onelayer.objective import Objective
from onelayer.solvers.algebra import Algebra
from onelayer.solvers.smooth.factoring import TINY, factored, true_diagonal
from onelayer.solvers.smooth.newton_decrement import Enough, strictly

LOOKED_AT = 1 << 15  # guard: rows that are drawn where there are more than twice as many
LEADING = 2  # measured: rows a feature that stand for themselves in a class
MOST = 0.999  # measured: of a class's curvature, beyond which rows are left to the shared matrix
SHARED = 8  # theory: rows a feature of the shared matrix, as in `metrics.py`
ROWS = 4096  # guard: whose Gram matrices are added at a time; fewer leave BLAS little to do
ASSEMBLED = 128_000_000  # guard: bytes of matrices that are summed in one read of the rows
FORCING = 0.1  # measured: of the gradient may remain far away; a step's metric is dear
PRICE = 1.6  # measured: passes, times n^2 / m, that it takes to be made
SOLVED = 2  # measured: passes, times n / m, of a solution: 3 ms where a pass takes 60
WORTH = 30  # guard: n^2 <= this * m; a metric then costs some 40 passes at most
HELD = 256_000_000  # guard: bytes of all inverses


@dataclass(frozen=True)
class ClassGrams:
    """M_c for every class c, from the rows that carry most of its curvature.

    What other rows add is one matrix R for all classes, in each one's measure:

        M_c = sum_{i leading} h_ic x x^T + r_c R + l2,    h_ic = v a_c (1 - a_c),

    r_c the curvature that c has left, and R a Gram matrix in the mean of what is left, which sums
    to 1. R halves the products that its diagonal in its place would take. price: about the passes
    that making the metric costs.
    """

    inverses: np.ndarray
    algebra: Algebra
    price: float
    forcing: ClassVar[float] = FORCING

    @classmethod
    def at(cls, objective: Objective, curvature: Any) -> ClassGrams:
        """Two reads at most, (n + 1)^2 products a leading row, and k factors."""
        algebra, n = Algebra(objective.loss.kernels_here), len(objective.start())
        drawn = objective.loss.drawn(LOOKED_AT, curvature)
        H = _curvatures(drawn)
        leading = _leading(H, LEADING * n)
        left = np.where(leading, 0, H)
        shared, shares = _shared(drawn, left, n, algebra), left.sum(axis=0, dtype=np.float64)
        diagonals = None if drawn.whole else _diagonals(objective, curvature)
        inverses = np.empty((H.shape[1], n * (n + 1) // 2), np.float32)

        def invert(first: int, grams: np.ndarray, i: int, _: int) -> None:
            c = first + i
            M = grams[i]
            M += np.float32(shares[c]) * shared
            diagonal = None if diagonals is None else diagonals[c]
            inverse, _ridge = factored(algebra.packed_inverse, M.copy, diagonal, objective)
            inverses[c] = inverse

        for first, grams in _grams(drawn, np.where(leading, H, 0), n, algebra):
            algebra.each(partial(invert, first, grams), len(grams))
        return cls(inverses, algebra, PRICE * n * n / objective.loss.traits.m)

    def worn(self, age: int, spent: float) -> bool:
        """Whether directions have cost as much as a new one does."""
        return age > 0 and spent >= self.price

    def part(self, objective: Objective) -> float:
        """About what a solution costs beside a read: k n^2 numbers beside 2 m n k products."""
        return SOLVED * len(objective.start()) / objective.loss.traits.m

    def is_for_single(self, gradient: np.ndarray) -> bool:
        """Whether directions may be solved for in float32: the inverses are."""
        del gradient
        return True

    def enough(self, objective: Objective, allowed: float) -> Enough:
        """Where conjugate gradients over M miss at most `allowed` of the decrease."""
        del objective
        return strictly(allowed)

    def hidden(self, objective: Objective, residual: float) -> float:
        """What a residual of this squared norm may still hide of the gap: it is counted already."""
        del objective, residual
        return 0.0

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient, of which the classes sum to zero, as those of a gradient do."""
        solution = self.algebra.solve_each(self.inverses, gradient)
        return solution - solution.mean(axis=1, keepdims=True)


def bends_by_class(objective: Objective) -> bool:
    """Whether this metric is for the objective: softmax under an L2 penalty, not too large."""
    rows, k = objective.start().shape
    return objective.penalty.l2 > 0 and is_affordable(objective.loss.traits, rows, k)


def is_affordable(traits: Traits, rows: int, k: int) -> bool:
    """Whether rows of X are at hand, and the k factors neither too large nor too dear.

    Products with small data cost less than a factor, and a metric of plain diagonals keeps equal
    columns equal, to the last bit, where next to no penalty does.
    """
    if k == 1 or "sample" not in traits.offers or traits.nbytes < SMALL_BYTES:
        return False
    return 2 * k * rows * (rows + 1) <= HELD and rows**2 <= WORTH * traits.m


def _curvatures(drawn: Drawn) -> np.ndarray:
    """h (s, k) = v a (1 - a) in float32."""
    a = drawn.activations
    return a * (1 - a) * drawn.v[:, None].astype(np.float32)


def _leading(H: np.ndarray, count: int) -> np.ndarray:
    """Mark (s, k) the `count` rows of most curvature in each class, fewer where they have MOST.

    Where rows are alike, as all are at W = 0, the shared matrix has them.
    """
    leading = np.zeros(H.shape, bool)
    for c, h in enumerate(H.T):
        falling = np.sort(h)[::-1]
        sums = np.cumsum(falling, dtype=np.float64)
        enough = min(count, int(np.searchsorted(sums, MOST * sums[-1])) + 1, len(h) - 1)
        leading[:, c] = h > falling[enough]
    return leading


def _shared(drawn: Drawn, left: np.ndarray, n: int, algebra: Algebra) -> np.ndarray:
    """R (n, n): the Gram matrix of rows drawn in proportion to what is left of them."""
    u = left.mean(axis=1, dtype=np.float64)
    rows, weights = draw(u / max(float(u.sum()), TINY), SHARED * n)
    weight = np.zeros((len(u), 1), np.float32)
    weight[rows, 0] = weights
    return next(_grams(drawn, weight, n, algebra))[1][0]


def _grams(
    drawn: Drawn, H: np.ndarray, n: int, algebra: Algebra
) -> Iterator[tuple[int, np.ndarray]]:
    """sum_i h_ic x x^T (n, n) of some classes c from a first one on, at least its lower triangle.

    As many classes in one read of the rows as there is room for.
    """
    k, together = H.shape[1], max(1, ASSEMBLED // (4 * n * n))
    for first in range(0, k, together):
        some = H[:, first : first + together]
        grams = algebra.grams(some.shape[1], n)
        for part, block in drawn.blocks(n, ROWS):
            algebra.add_grams(block, some[part], grams)
        yield first, grams[:, :n, :n]


def _diagonals(objective: Objective, curvature: Any) -> np.ndarray:
    """Those of the whole: (k, n)."""
    n, k = objective.start().shape
    return true_diagonal(objective, objective.loss.moments(curvature)).reshape(n, k).T
