"""python benchmarks/thresholds.py: the measurements behind the thresholds in the code.

    COLUMNS (designs/fused.py)    up to how many columns the kernel beats BLAS on converted blocks
    NEWTON_SIZE (solvers/choose.py)    up to how many parameters Newton's method beats L-BFGS
    GRAM_ROWS, m < n (solvers/choose.py)    the Gram matrix of the examples against L-BFGS
    rows in turn (solvers/choose.py)    ascent of the dual against truncated Newton, by lambda
    SMALL_BYTES (designs/passes.py)    from what size a compiled pass beats NumPy's

Each pair is measured in turn, the median of the repeats is printed, and the ratio. What it printed
stands in remarks.md.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs import blockwise, fused, make_design, make_scaling
from onelayer.designs.passes import Pass
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers import Run, named_solver

REPEATS = 7


def pair(one: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """Median seconds of each, interleaved, after one call of each that does not count."""
    one(), other()
    times = [(seconds(one), seconds(other)) for _ in range(REPEATS)]
    return median(t for t, _ in times), median(t for _, t in times)


def seconds(function: Callable[[], Any]) -> float:
    """Of one call."""
    began = perf_counter()
    function()
    return perf_counter() - began


def problem(m: int, n: int, classes: int, dtype: type = np.float64) -> Objective:
    """A made problem of overlapping classes, lambda = 1/m."""
    random = np.random.default_rng(0)
    X = random.normal(size=(m, n))
    z = X[:, :50] @ random.normal(size=(min(n, 50), classes)) + 5 * random.normal(size=(m, classes))
    X = (40 * X + 128).clip(0, 255).astype(np.uint8) if dtype is np.uint8 else X.astype(dtype)
    weights = np.full(m, 1 / m)
    return Objective(
        loss=make_design(X, make_scaling(X, 1 / 40 if dtype is np.uint8 else None, weights)).bind(
            Binary() if classes == 2 else Softmax(classes), z.argmax(axis=1), weights
        ),
        penalty=Penalty(1 / m),
    )


def columns() -> None:
    """The kernel for k columns against converted blocks and BLAS: one softmax pass."""
    print("\npass over 20000 x 512 uint8, ms      kernel    BLAS   ratio")
    for k in (4, 10, 20, 40, 64, 100, 200):
        objective = problem(20000, 512, k, np.uint8)
        theta = objective.start()

        def one(limit: int, objective: Objective = objective, theta: Any = theta) -> None:
            fused.COLUMNS = limit
            objective.value_and_gradient(theta)

        kept = fused.COLUMNS
        kernel, blas = pair(lambda one=one: one(10**6), lambda one=one: one(1))
        fused.COLUMNS = kept
        print(f"  k = {k:<4}{'':28}{1e3 * kernel:6.1f}  {1e3 * blas:6.1f}  {blas / kernel:6.2f}")


def solves(what: str, objective: Objective, one: str, other: str) -> None:
    """Print the milliseconds of whole solves to a gap of 1e-7 by two solvers, and the ratio."""

    def solve(name: str) -> None:
        Run(objective, *named_solver(name, objective, 0.1)).solve()

    first, second = pair(lambda: solve(one), lambda: solve(other))
    print(f"  {what:<34}{1e3 * first:6.1f}  {1e3 * second:6.1f}  {second / first:6.2f}")


def newton() -> None:
    """Newton's method against L-BFGS over a metric: whole solves to a gap of 1e-7."""
    print("\nsolve, m = 4000, ms                  Newton  L-BFGS   ratio")
    for n, classes in ((10, 2), (50, 2), (120, 2), (250, 2), (500, 2), (25, 5), (50, 5), (64, 10)):
        objective = problem(4000, n, classes)

        solves(f"n = {n}, k = {objective.head.width}", objective, "newton", "lbfgs")


def gram() -> None:
    """Solves among the examples against L-BFGS among the features: to a gap of 1e-7."""
    print("\nsolve, binary, ms                      Gram  L-BFGS   ratio")
    for m, n in ((100, 200), (100, 10000), (1000, 1200), (1000, 10000), (4000, 5000)):
        objective = problem(m, n, 2, np.float32)

        solves(f"m = {m}, n = {n}", objective, "gram", "lbfgs")


def sparse_rows() -> None:
    """Ascent of the dual against truncated Newton on made texts: to a gap of 1e-7."""
    print("\nsolve, 10000 x 30000 texts, ms         ascent  Newton   ratio")
    random = np.random.default_rng(0)
    m, n, length = 10_000, 30_000, 150
    words = np.minimum(random.zipf(1.3, (m, length)), n) - 1
    X = sparse.csr_array(
        (np.ones(words.size, np.float32), words.ravel(), np.arange(0, words.size + 1, length)),
        shape=(m, n),
    )
    X.sum_duplicates()
    X = sparse.csr_array(X / np.sqrt(X.multiply(X).sum(axis=1))[:, None], dtype=np.float32)
    z = X @ random.normal(size=n)
    weights = np.full(m, 1 / m)
    for strength in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
        objective = Objective(
            loss=make_design(X).bind(
                Binary(),
                (z + 0.3 * z.std() * random.normal(size=m) > np.median(z)).astype(np.intp),
                weights,
            ),
            penalty=Penalty(strength),
        )
        solves(f"lambda = {strength:g}", objective, "dual-ascent", "truncated-newton")


def small() -> None:
    """NumPy's block loop against the kernels: one binary pass over float64."""
    print("\npass over m x 50 float64, ms          NumPy  kernel   ratio")
    for m in (500, 2000, 5000, 20000, 100000):
        plain = problem(m, 50, 2)
        X = plain.design.X
        size = X.nbytes / 1e6
        weights = plain.weights[:, None]
        theta = plain.split(plain.start())
        kernels = fused.FusedDense(X, None, X.dtype)

        work = Pass(*theta, plain.head, plain.targets, weights)
        first, second = pair(
            lambda design=plain.design, work=work: blockwise.block_sums(design, work),
            lambda kernels=kernels, work=work: kernels.sums(work),
        )
        what = f"m = {m}, {size:.1f} MB"
        print(f"  {what:<34}{1e3 * first:6.2f}  {1e3 * second:6.2f}  {first / second:6.2f}")


if __name__ == "__main__":
    columns()
    newton()
    gram()
    sparse_rows()
    small()
