"""python benchmarks/pass_speed.py: one pass over bytes against NumPy's two float32 products.

    ours     loss, X^T dz and sum dz of 200000 x 784 uint8, in one read, by the design's `sums`
    NumPy's  z = X w and X^T dz, on the same pixels as float32, without any loss between them

In turn, median of the rounds. GB/s are bytes of X over seconds: a pass reads X once, NumPy twice.
"""

from __future__ import annotations

import argparse
import multiprocessing as mp
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from statistics import median

import numpy as np

from onelayer.designs import make_design, make_scaling
from onelayer.designs.passes import Pass
from onelayer.logistic import Binary

REST = 0.1  # seconds
CALLS = 5


def main() -> None:
    """Print seconds, GB/s and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    m = arguments.rows
    makers = [partial(_ours, m), partial(_products, m)]
    seconds = _in_turn(makers, arguments.rounds)
    names, sizes = ("uint8, one pass", "float32, two products"), (784 * m, 2 * 4 * 784 * m)
    for name, taken, read in zip(names, seconds, sizes, strict=True):
        print(f"{name:22} {1000 * taken:8.2f} ms {read / taken / 1e9:7.1f} GB/s")
    print(f"NumPy's over ours: {seconds[1] / seconds[0]:.2f}")


def _problem(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.integers(0, 256, (m, 784), np.uint8)
    return X, rng.integers(0, 2, m), rng.standard_normal((784, 1)) / 28


def _ours(m: int) -> Callable[[], object]:
    X, targets, W = _problem(m)
    weights = np.full((m, 1), 1 / m)
    design = make_design(X, make_scaling(X, 1 / 255, weights[:, 0]))
    return lambda: design.sums(Pass(W, np.zeros(1), Binary(), targets, weights))


def _products(m: int) -> Callable[[], object]:
    X, _, W = _problem(m)
    floats, w = X.astype(np.float32), (W[:, 0] / 255).astype(np.float32)
    return lambda: floats.T @ (floats @ w)


def _in_turn(makers: list[Callable[[], Callable[[], object]]], rounds: int) -> list[float]:
    """Median seconds of each, after one call that is not counted.

    Each has a process of its own, and rests between its turns: for some time after a product BLAS's
    idle threads keep a core busy, which would be the other's.
    """
    context = mp.get_context("spawn")
    pipes = []
    for maker in makers:
        ours, theirs = context.Pipe()
        context.Process(target=_serve, args=(theirs, maker), daemon=True).start()
        pipes.append(ours)
    taken: list[list[float]] = [[] for _ in makers]
    for turn in range(rounds + 1):
        for pipe, seconds in zip(pipes, taken, strict=True):
            pipe.send(True)
            answer = pipe.recv()
            if turn:
                seconds.append(answer)
            time.sleep(REST)
    for pipe in pipes:
        pipe.send(False)
    return [median(seconds) for seconds in taken]


def _serve(pipe: Connection, maker: Callable[[], Callable[[], object]]) -> None:
    """Make the data once; whenever asked, time the middle one of CALLS in a row."""
    function = maker()
    while pipe.recv():
        seconds = []
        for _ in range(CALLS):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
        pipe.send(median(seconds))


if __name__ == "__main__":
    main()
