"""A curvature as exactly as a direction needs it: next to none of it is left out.

Softmax is sure of most examples under weak penalties, and of nearly all classes of every example:
on 20000 x 512 embeddings in 100 classes at C = 1000 one activation in twenty has 0.99 of the
curvature a (1 - a), one in nine 0.9999.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer import parallel

LOOKED_AT = 2048  # guard: rows that tell below which curvature activations are left out
CHEAP = 0.1  # guard: of the activations, as many are always left
SPARSE = 0.3  # measured: of the activations; beyond, a product of all of them is as fast


@dataclass(frozen=True)
class RoughCurvature:
    """The activations A (m, k), and those of them that products need, row after row.

    Those of row i are activations[starts[i] : starts[i + 1]], of `classes`, the largest first. They
    sum to 1, so that softmax's common shift still changes nothing. Without `starts` all are needed.
    """

    A: np.ndarray
    starts: np.ndarray | None = None
    classes: np.ndarray | None = None
    activations: np.ndarray | None = None

    @property
    def part(self) -> float:
        """Of the products of a read of all."""
        return 1.0 if self.activations is None else len(self.activations) / self.A.size


def thinned(A: np.ndarray, weights: np.ndarray, share: float, dtype: np.dtype) -> RoughCurvature:
    """A without the smallest v a (1 - a), `share` of whose sum is left; all where that are many."""
    from onelayer.kernels.thinned_pass import count_kept, fill_kept

    ranges = parallel.partition(len(A), A.nbytes, 0)
    A = A.astype(dtype, copy=False)
    least = _least(A, weights, share)
    starts = np.zeros(len(A) + 1, np.int64)
    parallel.run(lambda a, z: count_kept(A[a:z], weights[a:z], least, starts[a : z + 1]), ranges)
    np.cumsum(starts, out=starts)
    if starts[-1] > SPARSE * A.size:
        return RoughCurvature(A)
    kept = classes, activations = np.empty(starts[-1], np.int32), np.empty(starts[-1], A.dtype)
    parallel.run(
        lambda a, z: fill_kept(A[a:z], weights[a:z], least, starts[a : z + 1], *kept), ranges
    )
    return RoughCurvature(A, starts, classes, activations)


def _least(A: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The curvature v a (1 - a) of an activation from which on `share` of all is found."""
    counted = np.flatnonzero(weights)
    some = counted[:: max(1, len(counted) // LOOKED_AT)]
    H = np.sort((weights[some, None] * A[some] * (1 - A[some])).ravel())
    left = np.cumsum(H)
    place = int(np.searchsorted(left, (1 - share) * left[-1]))
    return float(H[min(place, len(H) - 1 - int(CHEAP * len(H)))])
