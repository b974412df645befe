"""Linear algebra between the passes: by BLAS on small data, by kernels beside kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from onelayer import parallel

TASKS = 4  # guard: of these small products
HALVED = 64  # measured: rows of a triangle that is inverted in halves
LOST = 10  # theory: units of n eps, with some to spare
LEAST_BEND = 1e-13  # guard: of an intercept's curvature, which is that of a class of such a share


@dataclass(frozen=True)
class Algebra:
    """`compiled` where passes are, in this process: the two must not disturb each other's threads.

    Products and factors are NumPy's. SciPy has a BLAS of its own, whose threads and NumPy's are in
    each other's way: see `_invert_triangle`.
    """

    compiled: bool

    def factor(self, M: np.ndarray) -> np.ndarray:
        """L with L L^T = M, for `solve`; M is symmetric and definite."""
        return np.linalg.cholesky(M)

    def solve(self, factor: np.ndarray, right: np.ndarray) -> np.ndarray:
        """M^-1 right, for one right-hand side (n,), in the factor's precision."""
        solution = np.array(right, factor.dtype)
        if self.compiled:
            from onelayer.kernels.small_products import solve_backward, solve_forward

            solve_forward(factor, 0, solution)
            solve_backward(factor, 0, solution)
        else:
            solution = cholesky_solve(factor, solution)
        return solution.astype(np.float64)

    def inverse_factor(self, M: np.ndarray) -> np.ndarray:
        """What `solve_columns` needs of M: L^-1, with zeros up to whole tiles of the kernels.

        M is used up: factored and inverted in place.
        """
        M[...] = np.linalg.cholesky(M)
        _invert_triangle(M)
        if not self.compiled:
            return M
        from onelayer.kernels.tiles import whole_rows

        whole = whole_rows(len(M))
        padded = np.zeros((whole, whole), M.dtype)
        padded[: len(M), : len(M)] = M
        return padded

    def solve_columns(self, inverse: np.ndarray, right: np.ndarray) -> np.ndarray:
        """M^-1 right = L^-T L^-1 right, for right (n, k), in the factor's precision.

        In tiles it takes a fifteenth of two substitutions' time: 0.9 ms for 513 x 513 by 513 x 100.
        """
        if not self.compiled:
            return inverse.T @ (inverse @ right)
        from onelayer.kernels.small_products import tile_product
        from onelayer.kernels.tiles import whole_columns

        n, k = right.shape
        shape = (len(inverse), whole_columns(k, inverse.itemsize))
        given, half, solution = np.zeros((3, *shape), inverse.dtype)
        given[:n, :k] = right
        tile_product(inverse, given, half)
        tile_product(inverse.T, half, solution)
        return solution[:n, :k].astype(np.float64)

    def grams(self, k: int, n: int) -> np.ndarray:
        """Zeros for `add_grams`: (k, N, N) in float32, N in the kernels' whole strips."""
        if not self.compiled:
            return np.zeros((k, n, n), np.float32)
        from onelayer.kernels.gram_factors import whole_strips

        return np.zeros((k, whole_strips(n), whole_strips(n)), np.float32)

    def add_grams(self, X: np.ndarray, H: np.ndarray, grams: np.ndarray) -> None:
        """grams_c += sum_i h_ic x x^T over rows X (m, n), of the lower triangle at least; H (m, k).

        A class a task, of the rows that have weight there.
        """
        by_class = np.ascontiguousarray(H.T)
        if not self.compiled:
            for c, h in enumerate(by_class):
                S = X[h > 0] * np.sqrt(h[h > 0])[:, None]
                grams[c] += S.T @ S
            return
        from onelayer.kernels.gram_factors import add_weighted_gram

        def task(c: int, _: int) -> None:
            rows = np.flatnonzero(by_class[c])
            add_weighted_gram(X, rows, np.sqrt(by_class[c, rows]), grams[c])

        self.each(task, len(grams))

    def packed_inverse(self, M: np.ndarray) -> np.ndarray:
        """L^-1 of M = L L^T by its rows, without what is zero, in float32; M is used up.

        Of `solve_each`. A half of the inverse's numbers, and so of its memory and of the time that
        they take to be read. Of M the lower triangle counts. By kernels it may be a task of a pool,
        and takes a quarter of NumPy's time: 1.4 ms for 513 x 513.
        """
        lower = np.tri(len(M), dtype=bool)
        if not self.compiled:
            M[...] = np.linalg.cholesky(M)
            _invert_triangle(M)
            return M[lower].astype(np.float32, copy=False)
        from onelayer.kernels.gram_factors import invert_factor, whole_strips

        whole = np.eye(whole_strips(len(M)), dtype=M.dtype)
        whole[: len(M), : len(M)] = M
        if not invert_factor(whole):
            raise np.linalg.LinAlgError("the matrix is not definite")
        return whole[: len(M), : len(M)][lower].astype(np.float32, copy=False)

    def each(self, task: Callable[[int, int], None], count: int) -> None:
        """task(i, i + 1) for every i: on all threads where it calls kernels, not BLAS."""
        if self.compiled:
            parallel.run(task, [(i, i + 1) for i in range(count)])
            return
        for i in range(count):
            task(i, i + 1)

    def solve_each(self, inverses: np.ndarray, right: np.ndarray) -> np.ndarray:
        """M_c^-1 right_c for each column c of right (n, k), inverses (k, n (n + 1) / 2) packed."""
        given = np.ascontiguousarray(right.T, inverses.dtype)
        solution = np.zeros_like(given)
        if not self.compiled:
            L, lower = np.zeros((len(right), len(right)), inverses.dtype), np.tri(len(right)) > 0
            for c, packed in enumerate(inverses):
                L[lower] = packed
                solution[c] = L.T @ (L @ given[c])
            return solution.T.astype(np.float64)
        from onelayer.kernels.small_products import triangles_squared

        def task(first: int, last: int) -> None:
            triangles_squared(inverses, given, first, last, solution)

        parallel.run(task, parallel.partition(len(inverses), inverses.nbytes, 0, TASKS))
        return solution.T.astype(np.float64)

    def product(self, A: np.ndarray, B: np.ndarray) -> np.ndarray:
        """A B for a few columns."""
        if not self.compiled:
            return A @ B
        from onelayer.kernels.small_products import plain_product

        C = np.zeros((len(A), B.shape[1]))
        plain_product(A, B, C)
        return C

    def rows_times(self, S: np.ndarray, g: np.ndarray) -> np.ndarray:
        """S g for a few long rows S (p, N): (p,)."""
        if not self.compiled:
            return (S @ g).astype(np.float64)
        from onelayer.kernels.small_products import rows_times

        def task(start: int, stop: int) -> np.ndarray:
            products = np.zeros(len(S))
            rows_times(S, g, start, stop, products)
            return products

        return np.asarray(sum(parallel.run(task, _chunks(S))))

    def combine(self, c: np.ndarray, S: np.ndarray) -> np.ndarray:
        """c^T S: (N,)."""
        if not self.compiled:
            return c @ S
        from onelayer.kernels.small_products import combine_rows

        out = np.zeros(S.shape[1], S.dtype)
        parallel.run(lambda a, z: combine_rows(c, S, a, z, out), _chunks(S))
        return out


def noise(size: int, dtype: np.dtype | type = np.float64) -> float:
    """What an eigenvalue of a sum over examples may owe to rounding, beside the largest."""
    return LOST * size * float(np.finfo(dtype).eps)


def spectral_inverse(H: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Multiplication by about H^-1, where eigenvalues lost to rounding count as 1.

    The policy for a Hessian that is nearly singular: Cholesky, on a diagonal brought to 1, while it
    leaves digits; beyond, this, and conjugate gradients go on from it, for products have digits
    that sums over examples have lost. A model or a metric, which need not be exact, gets a ridge.
    """
    values, vectors = np.linalg.eigh(H)
    inverses = 1 / np.where(values <= noise(len(H)) * values[-1], 1, values)
    return lambda gradient: vectors @ (inverses * (vectors.T @ gradient))


def lift_shift(H: np.ndarray, by: np.ndarray | float = 1.0) -> None:
    """Add by / k between all classes of each parameter of H (p, k, p, k), in place.

    Softmax does not change when all classes move together: that direction has no curvature, and no
    gradient has a part in it. Any lift makes H definite there and leaves the solution as it is.
    """
    p, k = H.shape[:2]
    each = np.broadcast_to(by, p)[:, None, None]
    H[range(p), :, range(p), :] += each / k


def lifted(H: np.ndarray) -> np.ndarray:
    """The curvature H (k, k) of softmax's intercepts, made invertible.

    That all intercepts move together changes nothing, and is lifted out. A class without weight
    has no curvature left as its share goes to nothing, and neither has any where every example is
    decided: with `LEAST_BEND` the other classes can be solved for.
    """
    H = H + LEAST_BEND * np.eye(len(H))
    lift_shift(H[None, :, None])
    return H


def cholesky_solve(L: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(L L^T)^-1 right, for one right-hand side (n,) of L's type.

    LAPACK's, for NumPy has none and LU takes 15 times as long on 200 unknowns. It is SciPy's, whose
    BLAS starts no thread for one right side.
    """
    potrs = lapack.dpotrs if L.dtype == np.float64 else lapack.spotrs
    return np.asarray(potrs(L.T, right, lower=0)[0])


def inverted(L: np.ndarray) -> np.ndarray:
    """L^-1, lower triangular, of L's own (n, n)."""
    inverse = L.copy()
    _invert_triangle(inverse)
    return inverse


def _invert_triangle(L: np.ndarray) -> None:
    """L^-1 in place of L, by halves: [A 0; B D]^-1 = [A^-1 0; -D^-1 B A^-1 D^-1].

    3 ms for 785 x 785, by NumPy's products alone. LAPACK's is SciPy's, with a BLAS of its own, and
    takes 3 ms too, but 40 to 100 while the threads of NumPy's still wait for work.
    """
    if len(L) <= HALVED:
        L[...] = np.linalg.inv(L)
        return
    half = len(L) // 2
    A, B, D = L[:half, :half], L[half:, :half], L[half:, half:]
    _invert_triangle(A)
    _invert_triangle(D)
    B[...] = -(D @ (B @ A))


def _chunks(S: np.ndarray) -> list[tuple[int, int]]:
    return parallel.partition(S.shape[1], S.nbytes, 0, TASKS)
