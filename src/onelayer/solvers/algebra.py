"""Linear algebra between the passes: by BLAS on small data, by kernels beside kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from onelayer import parallel

TASKS = 4  # of these small products
IN_PLACE = 100_000_000  # bytes of a matrix that is not copied to be factored


@dataclass(frozen=True)
class Algebra:
    """`compiled` where the design's passes are: the two must not disturb each other's threads.

    Small systems are NumPy's alone. SciPy has a BLAS of its own, and fits that alternated between
    the two took 4 ms on breast cancer, and now and then 100; that their threads fight is a guess.
    """

    compiled: bool

    def factor(self, M: np.ndarray) -> np.ndarray:
        """What `solve` needs of M, symmetric and definite: L with L L^T = M, or on small data L^-1.

        M is used up where it is large: LAPACK reads its lower triangle as the upper one of M^T.
        """
        if M.nbytes > IN_PLACE:
            return linalg.cholesky(M.T, lower=False, overwrite_a=True, check_finite=False).T
        L = np.linalg.cholesky(M)
        return L if self.compiled else np.linalg.inv(L)

    def solve(self, factor: np.ndarray, right: np.ndarray) -> np.ndarray:
        """M^-1 right, for right (n,) or (n, k), in the factor's precision."""
        solution = np.array(right, factor.dtype, order="C")
        if not self.compiled:
            return (factor.T @ (factor @ solution)).astype(np.float64)
        from onelayer.kernels.algebra import cholesky_solve, cholesky_solve_one

        if right.ndim == 1 or right.shape[1] == 1:
            cholesky_solve_one(factor, solution.reshape(-1))
        else:
            ranges = parallel.partition(right.shape[1], right.nbytes, 0, TASKS)
            parallel.run(lambda a, z: cholesky_solve(factor, solution, a, z), ranges)
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
