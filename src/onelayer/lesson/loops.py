"""The same step with for-loops, and what vectorising it gains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from onelayer.lesson import shapes
from onelayer.lesson.algorithm import Gradients, propagate
from onelayer.lesson.sample_data import random_examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike


def propagate_with_loops(
    w: ArrayLike, b: float, X: ArrayLike, Y: ArrayLike
) -> tuple[Gradients, float]:
    """`propagate` in pure Python: one loop over the m examples, two over the n_x features."""
    X = shapes.examples(X)
    Y = shapes.targets(Y, X)
    w, b = shapes.parameters(w, b, X)
    return _step(w[:, 0].tolist(), b, X.T.tolist(), Y[0].tolist())


def _step(
    w: list[float], b: float, examples: list[list[float]], targets: list[float]
) -> tuple[Gradients, float]:
    J, db, dw = 0.0, 0.0, [0.0] * len(w)
    for x, y in zip(examples, targets, strict=True):
        z = b
        for j in range(len(w)):
            z += w[j] * x[j]
        e = math.exp(-abs(z))
        a = 1 / (1 + e) if z >= 0 else e / (1 + e)
        J += max(z, 0.0) - y * z + math.log1p(e)
        dz = a - y
        for j in range(len(w)):
            dw[j] += x[j] * dz
        db += dz
    m = len(examples)
    return {"dw": np.array(dw).reshape(-1, 1) / m, "db": db / m}, J / m


@dataclass(frozen=True)
class Vectorisation:
    """Seconds of one step, loops against vectors, on the same data."""

    n_x: int
    m: int
    loop_seconds: float
    vector_seconds: float
    largest_difference: float

    @property
    def agree(self) -> bool:
        """Whether gradients and cost of both differ by at most 1e-9."""
        return self.largest_difference <= 1e-9

    @property
    def ratio(self) -> float:
        """How many times faster the vectorised step is."""
        return self.loop_seconds / self.vector_seconds

    def __str__(self) -> str:
        same = "agree" if self.agree else "DISAGREE"
        return (
            f"One step over {self.m} examples of {self.n_x} features: "
            f"for-loops {1e3 * self.loop_seconds:.3g} ms, "
            f"vectorised {1e3 * self.vector_seconds:.3g} ms: {self.ratio:.3g} times faster. "
            f"Both {same} (largest difference {self.largest_difference:.1g})."
        )


def time_vectorisation(n_x: int = 500, m: int = 400, repeats: int = 3) -> Vectorisation:
    """Measure `propagate_with_loops` against `propagate` on the same seeded data.

    Both check and convert their inputs inside the clock; each is the best of `repeats` runs.
    """
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}: expected 1 or more")
    X, Y, w, b = random_examples(n_x, m)
    slow, (grads, J) = _best(repeats, lambda: propagate_with_loops(w, b, X, Y))
    fast, (vector_grads, vector_J) = _best(repeats, lambda: propagate(w, b, X, Y))
    differences = [grads["dw"] - vector_grads["dw"], grads["db"] - vector_grads["db"], J - vector_J]
    largest = max(float(np.abs(d).max()) for d in differences)
    return Vectorisation(n_x, m, slow, fast, largest)


def _best(
    repeats: int, step: Callable[[], tuple[Gradients, float]]
) -> tuple[float, tuple[Gradients, float]]:
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        answer = step()
        seconds.append(perf_counter() - start)
    return min(seconds), answer
