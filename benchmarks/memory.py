"""python benchmarks/memory.py: peak memory above the input, on 300 MB of pixels.

Each fit runs in a process of its own, whose high-water mark begins anew just before `fit`
(Linux). The aim: at most 0.5 of the input for binary fits; softmax may add one metric of all
classes, 256 MB at most.
"""

from __future__ import annotations

import argparse
import multiprocessing as mp
import warnings
from typing import Any

import numpy as np

from worker import peak, reset_peak

METRIC = 256e6  # bytes that softmax may add


def main() -> None:
    """Print peak over input for binary and softmax, ours and with --peers scikit-learn's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument(
        "--peers", action="store_true", help="scikit-learn too: needs 10 times that"
    )
    arguments = parser.parse_args()
    m = arguments.megabytes * 1_000_000 // 784
    context = mp.get_context("spawn")
    for library in ("onelayer", "sklearn") if arguments.peers else ("onelayer",):
        for classes in (2, 10):
            pipe, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_measure, args=(theirs, library, m, classes))
            child.start()
            theirs.close()  # so that a child that dies is noticed, not waited for
            print(_line(library, classes, m * 784, *pipe.recv()))
            child.join()


def _measure(pipe: Any, library: str, m: int, classes: int) -> None:
    X, y = pixels(m, classes)
    model = _model(library, m)
    before = reset_peak()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    pipe.send((peak() - before, str(getattr(model, "solution_", ""))))


def pixels(m: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures of `classes` smooth patterns, made block by block: (m, 784) uint8."""
    rng = np.random.default_rng(3)
    patterns = rng.integers(60, 190, (classes, 784))
    y = rng.integers(0, classes, m)
    X = np.empty((m, 784), np.uint8)
    for start in range(0, m, 4096):
        rows = slice(start, min(start + 4096, m))
        noise = rng.normal(0, 250, (len(y[rows]), 784))
        X[rows] = np.clip(patterns[y[rows]] + noise, 0, 255)
    return X, y


def _model(library: str, m: int) -> Any:
    if library == "onelayer":
        from onelayer import LogisticRegression

        return LogisticRegression(C=1e4 / m, scaling=1 / 255)
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1e4 / m / 255**2, max_iter=20)


def _line(library: str, classes: int, nbytes: int, above: float, solution: str) -> str:
    allowed = 0.5 * nbytes + (METRIC if classes > 2 else 0)
    verdict = "within the aim" if above <= allowed else f"above the aim of {allowed / 1e6:.0f} MB"
    return (
        f"{library}, {classes} classes: {above / 1e6:.0f} MB above {nbytes / 1e6:.0f} MB of input "
        f"= {above / nbytes:.2f} of it, {verdict}. {solution}"
    )


if __name__ == "__main__":
    main()
