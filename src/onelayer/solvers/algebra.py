"""Linear algebra between the passes: by BLAS on small data, by kernels beside kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from onelayer import parallel

TASKS = 4  # of these small products


@dataclass(frozen=True)
class Algebra:
    """`compiled` where the design's passes are: the two must not disturb each other's threads."""

    compiled: bool

    def cholesky(self, M: np.ndarray) -> np.ndarray:
        """L, lower, with L L^T = M, in place: LAPACK reads M's lower triangle as its upper."""
        upper = linalg.cholesky(M.T, lower=False, overwrite_a=True, check_finite=False)
        return upper.T

    def cholesky_solve(self, L: np.ndarray, right: np.ndarray) -> np.ndarray:
        """(L L^T)^-1 right, for right (n,) or (n, k), in L's precision."""
        if not self.compiled:
            solution = linalg.cho_solve((L.T, False), right.astype(L.dtype), check_finite=False)
            return solution.astype(np.float64)
        from onelayer.kernels.algebra import cholesky_solve, cholesky_solve_one

        solution = np.array(right, L.dtype, order="C")
        if right.ndim == 1 or right.shape[1] == 1:
            cholesky_solve_one(L, solution.reshape(-1))
        else:
            ranges = parallel.partition(right.shape[1], right.nbytes, 0, TASKS)
            parallel.run(lambda a, z: cholesky_solve(L, solution, a, z), ranges)
        return solution.astype(np.float64)

    def rows_times(self, S: np.ndarray, g: np.ndarray) -> np.ndarray:
        """S g for a few long rows S (p, N): (p,)."""
        if not self.compiled:
            return (S @ g).astype(np.float64)
        from onelayer.kernels.algebra import rows_times

        def task(start: int, stop: int) -> np.ndarray:
            products = np.zeros(len(S))
            rows_times(S, g, start, stop, products)
            return products

        return np.asarray(sum(parallel.run(task, _chunks(S))))

    def combine(self, c: np.ndarray, S: np.ndarray) -> np.ndarray:
        """c^T S: (N,)."""
        if not self.compiled:
            return c @ S
        from onelayer.kernels.algebra import combine_rows

        out = np.zeros(S.shape[1], S.dtype)
        parallel.run(lambda a, z: combine_rows(c, S, a, z, out), _chunks(S))
        return out


def _chunks(S: np.ndarray) -> list[tuple[int, int]]:
    return parallel.partition(S.shape[1], S.nbytes, 0, TASKS)
