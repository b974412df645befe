"""The route for data too large for the cache: kernels over ranges of rows, on all threads.

Sums follow the fixed partition of `parallel.py`, so the same bytes come out at any thread count.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from onelayer import parallel
from onelayer.designs.passes import Ascent, DualPoint, Pass, Sums
from onelayer.designs.rough_curvature import RoughCurvature
from onelayer.designs.scaling import Scaling, in_two
from onelayer.designs.survey import size_of

# Measured (benchmarks/thresholds.py): up to so many columns the kernel is taken. At k = 100 BLAS on
# converted blocks took 1.16 times as long, at 200 as long; each task has a gradient of its own.
COLUMNS = 128
BYTE_COLUMNS = (
    4  # measured, 60000 x 784: of 2 columns z took 3.4 ms where floats took 10, of 10 31 and 38
)
INTERRUPTED = 1 << 26  # measured: products, 0.2 s of them; then a serial kernel can be interrupted
GRADIENTS = 2  # guard: one for each of the tasks that a sparse pass of several columns is made of
BLAS_BLOCK = 1 << 23  # guard: bytes of converted rows that one product takes


class FusedDense:
    """Passes over a dense X (m, n): z = (X - centre) (scale W) + b in float32, or float64."""

    def __init__(self, X: np.ndarray, scaling: Scaling | None, dtype: np.dtype) -> None:
        # Whoever may write to X: kernels read, and are compiled for arrays that are read alone.
        self.X = X.view(np.uint16 if X.dtype == np.float16 else X.dtype)
        self.X.flags.writeable = False
        self.dtype = dtype
        self.folded, self.centre = _fold_or_centre(X, scaling, dtype)

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z (m, k)."""
        forward_pass, parameters = self._forward_kernel(*self.folded.fold(W, b))
        Z = np.empty((len(self.X), W.shape[1]), self.dtype)

        def task(start: int, stop: int) -> None:
            forward_pass(self.X, *parameters, start, stop, Z)

        self._run(W.shape[1], task)
        return Z

    def _forward_kernel(self, W: np.ndarray, b: np.ndarray) -> tuple[Any, tuple[Any, ...]]:
        """The kernel of a forward read, and what it takes of the parameters."""
        from onelayer.kernels import byte_pass
        from onelayer.kernels.dense_pass import forward_pass
        from onelayer.kernels.products import padded

        if len(b) <= BYTE_COLUMNS and byte_pass.takes(self.X):
            digits, units = zip(*map(byte_pass.byte_weights, W.T), strict=True)
            return byte_pass.byte_forward_pass, (np.stack(digits), np.array(units), b)
        return forward_pass, (self.centre, *padded(*self._rounded(W, b)))

    def backward_columns(self, U: np.ndarray) -> np.ndarray:
        """X'^T U (n, k) from (m, k), for k within `COLUMNS` and more than a few."""
        from onelayer.kernels.dense_pass import backward_pass
        from onelayer.kernels.tiles import whole_columns, whole_rows

        (_, n), k = self.X.shape, U.shape[1]
        dZ = np.ascontiguousarray(U, self.dtype)
        shape = whole_rows(n), whole_columns(k, self.dtype.itemsize)

        def task(start: int, stop: int) -> Sums:
            G = np.zeros(shape)
            backward_pass(self.X, self.centre, dZ, start, stop, G)
            return np.zeros(1), G, np.zeros(k)

        G = _add(self._run(k, task))[1][:n, :k]
        return self.folded.fold_gradient(G, U.sum(axis=0))

    def backward(self, u: np.ndarray) -> np.ndarray:
        """X'^T u (n, 1) from (m,)."""
        from onelayer.kernels import byte_pass

        if not byte_pass.takes(self.X):
            return self.moments(u[:, None])[0]
        dz = np.ascontiguousarray(u, np.float64)

        def task(start: int, stop: int) -> np.ndarray:
            G = np.zeros(self.X.shape[1])
            byte_pass.byte_backward_pass(self.X, dz, start, stop, G)
            return G

        G = sum(self._run(1, task))
        return self.folded.fold_gradient(G[:, None], dz.sum(keepdims=True))

    def sums(self, asked: Pass) -> Sums:
        """Loss, G and db."""
        k = asked.W.shape[1]
        part = self._blas if k > COLUMNS else self._binary if k == 1 else self._columns
        loss, G, db = part(*self.folded.fold(asked.W, asked.b), _for_kernels(asked, self.dtype))
        return loss, self.folded.fold_gradient(G, db), db

    def thinned(
        self, V: np.ndarray, c: np.ndarray, curvature: RoughCurvature, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The Hessian times (V, c), over the activations that are left in `curvature`."""
        from onelayer.kernels.thinned_pass import thinned_pass

        V, c = self.folded.fold(V, c)
        V, c = self._rounded(np.ascontiguousarray(V.T), c)
        kept = (curvature.starts, curvature.classes, curvature.activations)

        def task(start: int, stop: int) -> Sums:
            G, db = np.zeros(V.shape), np.zeros(len(c))
            thinned_pass(self.X, self.centre, V, c, *kept, weights, start, stop, G, db)
            return np.zeros(1), G, db

        _, G, db = _add(self._run(len(c), task))
        return self.folded.fold_gradient(G.T, db), db

    def moments(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum h x' and sum h x'^2, (n, k) each; h (m, k)."""
        from onelayer.kernels.dense_pass import moments_pass

        k, shares = h.shape[1], np.ascontiguousarray(h, self.dtype)

        def task(start: int, stop: int) -> np.ndarray:
            moments = np.zeros((2 * k, self.X.shape[1]))
            moments_pass(self.X, self.centre, shares, start, stop, moments)
            return moments

        first, second = np.split(sum(self._run(2 * k, task)), 2)
        total = h.sum(axis=0)
        squares = self.folded.fold_squares(second.T, first.T, total)
        return self.folded.fold_gradient(first.T, total), squares

    def _binary(self, W: Any, b: Any, asked: Pass) -> Sums:
        binary_pass, parameters = self._binary_kernel(np.ascontiguousarray(W[:, 0]), b[0])
        v = np.ascontiguousarray(asked.weights[:, 0])
        part = partial(binary_pass, self.X, *parameters, asked.targets, v, asked.A)
        return _add(self._run(1, partial(_binary_task, part, len(W))))

    def _binary_kernel(self, w: np.ndarray, b: Any) -> tuple[Any, tuple[Any, ...]]:
        """The kernel for one column, and what it takes of the parameters."""
        from onelayer.kernels import byte_pass, dense_pass

        if byte_pass.takes(self.X):
            return byte_pass.byte_pass, (*byte_pass.byte_weights(w), b)
        return dense_pass.binary_pass, (self.centre, *self._rounded(w, b))

    def _columns(self, W: Any, b: Any, asked: Pass) -> Sums:
        from onelayer.kernels.dense_pass import columns_pass
        from onelayer.kernels.products import padded

        parameters = padded(*self._rounded(W, b))
        part = partial(columns_pass, self.X, self.centre, *parameters, *_head_operands(asked))
        task = partial(_columns_task, part, W.shape, asked.weights.shape[1], np.dtype(np.float64))
        return _add(self._run(W.shape[1], task))

    def _blas(self, W: Any, b: Any, asked: Pass) -> Sums:
        """Convert, product, head, product: BLAS from this thread, between turns of the pool."""
        from onelayer.kernels.dense_pass import convert_rows, head_rows

        W, b = self._rounded(W, b)
        (m, n), k = self.X.shape, W.shape[1]
        step = max(256, BLAS_BLOCK // (n * self.dtype.itemsize))
        B, Z = np.empty((step, n), self.dtype), np.empty((step, k), self.dtype)
        p = asked.weights.shape[1]
        G, db, loss = np.zeros((n, k)), np.zeros(k), np.zeros(p)
        for first in range(0, m, step):
            rows = min(step, m - first)
            ranges = [(first + a, first + z) for a, z in parallel.partition(rows, rows * n, 1)]
            block, z = B[:rows], Z[:rows]
            convert = partial(_convert_task, convert_rows, self.X, self.centre, first, block)
            parallel.run(convert, ranges)
            np.matmul(block, W, out=z)
            z += b
            task = partial(_head_task, partial(head_rows, z, *_head_operands(asked)), k, p, first)
            for part, _, d in parallel.run(task, ranges):
                loss += part
                db += d
            G += block.T @ z
        return loss, G, db

    def _run(self, k: int, task: Any) -> list[Any]:
        m, n = self.X.shape
        return parallel.run(task, parallel.partition(m, self.X.nbytes, 8 * n * k))

    def _rounded(self, *parameters: Any) -> tuple[Any, ...]:
        """Parameters in the products' type."""
        return tuple(parameter.astype(self.dtype) for parameter in parameters)


class FusedCsr:
    """Passes over a CSR X, the scaling folded into W and b, in float64."""

    def __init__(self, X: Any, scaling: Scaling | None) -> None:
        self.X = X
        self.folded = scaling
        # Unsigned, so that compiled code need not ask whether an index counts from the end.
        unsigned = np.dtype(f"u{X.indices.itemsize}")
        # And wide, so that they are not widened one by one: a pass took 3.4 ms instead of 3.7.
        self.rows = (X.data, X.indices.view(unsigned), X.indptr.astype(np.int64, copy=False))

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """X by columns."""
        by_columns = self.X.tocsc()
        indices = by_columns.indices.view(f"u{by_columns.indices.itemsize}")
        return by_columns.data, indices, by_columns.indptr.astype(np.int64, copy=False)

    def _gathers(self, k: int) -> bool:
        """Whether X^T dz is summed column by column, each from rows of dz, not row by row into G.

        dz (m, k) stays in the cache where G (n, k) does not, and tasks need no G each: of 1.7
        million entries, 11314 x 56436, X^T dz of 20 columns took 10 ms instead of 25 (float64, one
        thread). X by columns is a copy, of no more bytes than those G would take.
        """
        return size_of(self.X) <= GRADIENTS * 8 * self.X.shape[1] * k

    def _gather(self, U: np.ndarray, power: int = 1) -> np.ndarray:
        """sum u x, or of another power of x (n, k), of X as it is, in U's type; U (m, k)."""
        from onelayer.kernels.csr_pass import csc_gather

        data, *places = self.columns
        entries = data if power == 1 else data.astype(np.float64) ** power
        G = np.empty((self.X.shape[1], U.shape[1]), U.dtype)
        ranges = parallel.partition(len(G), 16 * G.shape[1] * self.X.nnz, 0)
        parallel.run(lambda a, z: csc_gather(entries, *places, U, a, z, G), ranges)
        return G

    def sums(self, asked: Pass) -> Sums:
        """Loss, G and db, as `FusedDense.sums`."""
        W, b = self._fold(asked.W, asked.b)
        part = self._binary if W.shape[1] == 1 else self._columns
        loss, G, db = part(W, b, _for_kernels(asked, np.dtype(np.float64)))
        return loss, G if self.folded is None else self.folded.fold_gradient(G, db), db

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z (m, k)."""
        from onelayer.kernels.csr_pass import csr_forward_pass

        W, b = self._fold(W, b)
        W, Z = np.ascontiguousarray(W, np.float64), np.empty((self.X.shape[0], W.shape[1]))
        self._run(W.shape[1], lambda a, z: csr_forward_pass(*self.rows, W, b, a, z, Z))
        return Z

    def moments(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum h x' and sum h x'^2, (n, k) each; h (m, k)."""
        sums, squares = self._powers(h, 2)
        if self.folded is None:
            return sums, squares
        total = h.sum(axis=0)
        squares = self.folded.fold_squares(squares, sums, total)
        return self.folded.fold_gradient(sums, total), squares

    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k)."""
        G = self._powers(alpha, 1)[0]
        return G if self.folded is None else self.folded.fold_gradient(G, alpha.sum(axis=0))

    def _powers(self, h: np.ndarray, powers: int) -> np.ndarray:
        """sum h x and, of two powers, sum h x^2: (powers, n, k), of X as it is; h (m, k)."""
        from onelayer.kernels.csr_pass import csr_moments_pass

        k, h = h.shape[1], np.ascontiguousarray(h, np.float64)
        if self._gathers(k):
            return np.stack([self._gather(h, power) for power in range(1, powers + 1)])

        def task(start: int, stop: int) -> np.ndarray:
            moments = np.zeros((powers, self.X.shape[1], k))
            csr_moments_pass(*self.rows, h, start, stop, moments)
            return moments

        return np.asarray(sum(self._run(powers * k, task)))

    def row_squares(self) -> np.ndarray:
        """||x||^2 of every row (m,), of X as it is."""
        from onelayer.kernels.csr_ascent import csr_row_squares

        squares = np.empty(self.X.shape[0])
        data, _, indptr = self.rows
        self._run(1, lambda a, z: csr_row_squares(data, indptr, a, z, squares))
        return squares

    def ascend(self, asked: Ascent, point: DualPoint) -> float:
        """As `Blockwise.ascend`; X as it is."""
        from onelayer.kernels.csr_ascent import csr_ascend_binary, csr_ascend_softmax

        one = len(point.b) == 1
        kernel = csr_ascend_binary if one else csr_ascend_softmax
        asked_for = (asked.weights, asked.answers, np.array(asked.rates), asked.least)
        of = (point.W.reshape(-1) if one else point.W, point.b, point.A, point.Z)
        parts = np.array_split(asked.order, 1 + self.X.nnz * len(point.b) // INTERRUPTED)
        return sum(kernel(*self.rows, order, *asked_for, *of) for order in parts)

    def _binary(self, W: Any, b: Any, asked: Pass) -> Sums:
        from onelayer.kernels.csr_pass import csr_binary_pass

        w, v = np.ascontiguousarray(W[:, 0]), np.ascontiguousarray(asked.weights[:, 0])
        part = partial(csr_binary_pass, *self.rows, w, b[0], asked.targets, v, asked.A)
        return _add(self._run(1, partial(_binary_task, part, len(w))))

    def _columns(self, W: Any, b: Any, asked: Pass) -> Sums:
        from onelayer.kernels.csr_pass import csr_columns_pass

        W = np.ascontiguousarray(W)
        gathers, (n, k) = self._gathers(W.shape[1]), W.shape
        U = np.empty((self.X.shape[0] if gathers else 0, k), W.dtype)
        operands = W, b.astype(W.dtype), *_head_operands(asked), U
        part = partial(csr_columns_pass, *self.rows, *operands)
        shape = (0 if gathers else n, k)
        task = partial(_columns_task, part, shape, asked.weights.shape[1], W.dtype)
        loss, G, db = _add(self._run(k, task))
        return loss, self._gather(U) if gathers else G, db

    def _fold(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (W, b) if self.folded is None else self.folded.fold(W, b)

    def _run(self, k: int, task: Any) -> list[Any]:
        m, n = self.X.shape
        work = 16 * k * self.X.nnz  # reads of W and G beside those of X
        # Every task has a G of its own. Of 56436 x 20 it is 9 MB, and more than two cost more to
        # clear and to add than they save (18 ms a pass with two, 69 with four); of 56436 x 1 a pass
        # takes 2.5 ms with two, 2.65 with four, 3.3 with eight.
        ranges = parallel.partition(m, work, 8 * n * k, 4 if k == 1 else 2)
        return parallel.run(task, ranges)


def _for_kernels(asked: Pass, dtype: np.dtype) -> Pass:
    """Targets and activations in the types that kernels are compiled for, once for either pass.

    Where there are no activations they are of no row.
    """
    A = np.empty((0, 0), dtype) if asked.A is None else asked.A
    return replace(asked, targets=asked.targets.astype(np.int32, copy=False), A=A)


def _head_operands(asked: Pass) -> tuple[int | None, np.ndarray, np.ndarray, np.ndarray | None]:
    """What kernels for several columns know of the head; binary ones have no width."""
    return (
        None if asked.head.width == 1 else asked.head.width,
        asked.targets,
        asked.weights,
        asked.A,
    )


def _binary_task(kernel: Any, n: int, a: int, z: int) -> Sums:
    G = np.zeros(n)
    loss, db = kernel(a, z, G)
    return np.array([loss]), G[:, None], np.array([db])


def _columns_task(
    kernel: Any, shape: tuple[int, int], problems: int, dtype: np.dtype, a: int, z: int
) -> Sums:
    G, db, loss = np.zeros(shape, dtype), np.zeros(shape[1], dtype), np.zeros(problems)
    kernel(a, z, G, db, loss)
    return loss, G, db


def _convert_task(kernel: Any, X: Any, centre: Any, first: int, B: Any, a: int, z: int) -> None:
    kernel(X, centre, a, z, first, B)


def _head_task(kernel: Any, k: int, problems: int, first: int, a: int, z: int) -> Sums:
    db, loss = np.zeros(k), np.zeros(problems)
    kernel(a, z, first, db, loss)
    return loss, np.zeros(0), db


def _fold_or_centre(
    X: np.ndarray, scaling: Scaling | None, dtype: np.dtype
) -> tuple[Scaling, np.ndarray | None]:
    """What is folded into W and b, and what rows are centred by in the cache.

    Bytes are small numbers: their centre folds too. Floats of any mean do not: with a mean of 1e9
    the products would lose everything.
    """
    n = X.shape[1]
    if scaling is None:
        return Scaling.identity(n), None
    if X.dtype == np.uint8 or not scaling.centre.any():
        return scaling, None
    near, left = in_two(scaling.centre, dtype)
    return Scaling(left.astype(np.float64), scaling.scale), near


def _add(parts: list[Sums]) -> Sums:
    """The sums of all tasks, in their order."""
    losses, Gs, dbs = zip(*parts, strict=True)
    ranges = parallel.partition(len(Gs[0]), Gs[0].nbytes, 0)

    def task(start: int, stop: int) -> None:
        for G in Gs[1:]:
            Gs[0][start:stop] += G[start:stop]

    parallel.run(task, ranges)
    return sum(losses), Gs[0], sum(dbs)
