"""python benchmarks/pass_speed.py: one pass over bytes against NumPy's two float32 products.

    ours     loss, X^T dz and sum dz of 200000 x 784 uint8, in one read, by the design's loss_pass
    NumPy's  z = X w and X^T dz, on the same pixels as float32, without any loss between them

In turn, median of the rounds. GB/s are bytes of X over seconds: a pass reads X once, NumPy twice.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from onelayer.designs import make_design, make_scaling
from onelayer.logistic import Binary


def main() -> None:
    """Print seconds, GB/s and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    X, targets, W = _problem(arguments.rows)
    floats = X.astype(np.float32)
    contenders = {
        "uint8, one pass": _ours(X, targets, W),
        "float32, two products": _products(floats, W),
    }
    seconds = _in_turn(list(contenders.values()), arguments.rounds)
    sizes = (X.nbytes, 2 * floats.nbytes)
    for name, taken, read in zip(contenders, seconds, sizes, strict=True):
        print(f"{name:22} {1000 * taken:8.2f} ms {read / taken / 1e9:7.1f} GB/s")
    print(f"NumPy's over ours: {seconds[1] / seconds[0]:.2f}")


def _problem(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.integers(0, 256, (m, 784), np.uint8)
    return X, rng.integers(0, 2, m), rng.standard_normal((784, 1)) / 28


def _ours(X: np.ndarray, targets: np.ndarray, W: np.ndarray) -> Callable[[], object]:
    weights = np.full((len(X), 1), 1 / len(X))
    design = make_design(X, make_scaling(X, 1 / 255, weights[:, 0]))
    return lambda: design.loss_pass(W, np.zeros(1), Binary(), targets, weights)


def _products(X: np.ndarray, W: np.ndarray) -> Callable[[], object]:
    w = (W[:, 0] / 255).astype(np.float32)
    return lambda: X.T @ (X @ w)


def _in_turn(functions: list[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each, after one call that is not counted."""
    taken: list[list[float]] = [[] for _ in functions]
    for turn in range(rounds + 1):
        for function, seconds in zip(functions, taken, strict=True):
            start = time.perf_counter()
            function()
            if turn:
                seconds.append(time.perf_counter() - start)
    return [median(seconds) for seconds in taken]


if __name__ == "__main__":
    main()
