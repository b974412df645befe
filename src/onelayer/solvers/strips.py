"""A symmetric matrix of classes and directions by its lower triangle, in strips of rows.

Half the memory of the whole, and it is summed, factored and solved with in place: LAPACK's
Cholesky took four times the matrix, two fifths of what a softmax fit of 300 MB needed in all.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from onelayer.solvers.algebra import inverted

ROWS = 256  # guard: of a strip at least; in fewer rows products are not at their best


class Strips:
    """The lower triangle of a matrix (k r, k r) in float32, class by class; zero at first.

    strips[i] holds rows start..stop in columns 0..stop, start and stop being whole classes.
    """

    def __init__(self, k: int, r: int) -> None:
        self.k, self.r = k, r
        each = max(1, -(-ROWS // r)) * r
        self.bounds = [(start, min(start + each, k * r)) for start in range(0, k * r, each)]
        self.strips = [np.zeros((stop - start, stop), np.float32) for start, stop in self.bounds]

    def subtract_products(self, A: np.ndarray) -> None:
        """Subtract A^T A, for A (rows, k r)."""
        for i, (start, stop) in enumerate(self.bounds):
            self.strips[i] -= A[:, start:stop].T @ A[:, :stop]

    def add_to_class(self, c: int, block: np.ndarray) -> None:
        """Add a symmetric block (r, r) to the rows and columns of class c."""
        strip, first = self._rows_of(c)
        strip[first : first + self.r, c * self.r : (c + 1) * self.r] += block

    def lift_shift(self) -> None:
        """Add 1 / k between all classes of each direction: see `algebra.lift_shift`."""
        directions = np.arange(self.r)[:, None]
        for c in range(self.k):
            strip, first = self._rows_of(c)
            strip[first + directions, self.r * np.arange(c + 1) + directions] += 1 / self.k

    def factor(self) -> None:
        """L with L L^T = this, in its place.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where it is not positive definite.
        """
        for j, (start, stop) in enumerate(self.bounds):
            inverse = np.empty((0, 0), np.float32)
            for i in range(j, len(self.strips)):
                block = self.strips[i][:, start:stop]
                block -= self.strips[i][:, :start] @ self.strips[j][:, :start].T
                if i == j:
                    block[...] = np.linalg.cholesky(block)
                    inverse = inverted(block)
                else:
                    block[...] = block @ inverse.T

    def solve(self, right: np.ndarray, *, compiled: bool) -> np.ndarray:
        """(L L^T)^-1 right (k r,), of the factor; by kernels beside kernels."""
        if compiled:
            from onelayer.kernels.small_products import solve_backward, solve_forward
        else:
            solve_forward, solve_backward = _solve_forward, _solve_backward
        solution = np.array(right, np.float32)
        parts = list(zip(self.strips, self.bounds, strict=True))
        for strip, (start, _) in parts:
            solve_forward(strip, start, solution)
        for strip, (start, _) in reversed(parts):
            solve_backward(strip, start, solution)
        return solution.astype(np.float64)

    def _rows_of(self, c: int) -> tuple[np.ndarray, int]:
        """The strip of class c, and where in it its rows begin."""
        each = self.bounds[0][1]
        number, first = divmod(c * self.r, each)
        return self.strips[number], first


def _solve_forward(strip: np.ndarray, start: int, r: np.ndarray) -> None:
    """The kernel's twin."""
    here = slice(start, start + len(strip))
    known = r[here] - strip[:, :start] @ r[:start]
    r[here] = linalg.solve_triangular(strip[:, start:], known, lower=True, check_finite=False)


def _solve_backward(strip: np.ndarray, start: int, r: np.ndarray) -> None:
    """The kernel's twin."""
    here = slice(start, start + len(strip))
    L = strip[:, start:]
    r[here] = linalg.solve_triangular(L, r[here], lower=True, trans="T", check_finite=False)
    r[:start] -= strip[:, :start].T @ r[here]
