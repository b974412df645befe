"""python benchmarks/folds.py: 20 penalties x 10 folds in units of one scikit-learn fit.

    ours            LogisticRegressionCV on 20000 x 784 pixels, shirts against the rest, as bytes;
                    its scores and the fit on all rows included
    scikit-learn's  one lbfgs fit at one penalty, on the same pixels as float32, tol as it comes

In turn, median of the rounds. The aim is at most 2.5 fits' time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
from sklearn.linear_model import LogisticRegression as ScikitLearn

import data
from onelayer import LogisticRegressionCV

LAMBDA = 1e-4  # of the one fit: row A's
LAMBDAS = np.logspace(-1, -5, 20)
FOLDS = 10


def main() -> None:
    """Print seconds and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    X, y = data.load("some-shirts", small=False)
    m, floats = len(y), X.astype(np.float32) / np.float32(255)
    ours = LogisticRegressionCV(Cs=1 / (LAMBDAS * m), cv=FOLDS, scaling=1 / 255)
    theirs = ScikitLearn(C=1 / (LAMBDA * m), max_iter=10_000)
    ours.fit(X, y)  # compiles
    fits = {
        f"ours, {len(LAMBDAS)} penalties x {FOLDS} folds": partial(ours.fit, X, y),
        "scikit-learn, one lbfgs fit": partial(theirs.fit, floats, y),
    }
    taken = [[_seconds(fit) for fit in fits.values()] for _ in range(rounds)]
    our_time, their_time = (median(seconds) for seconds in zip(*taken, strict=True))
    for name, seconds in zip(fits, (our_time, their_time), strict=True):
        print(f"{name:32} {seconds:7.2f} s")
    print(f"ours over scikit-learn's: {our_time / their_time:.2f} fits (aim: at most 2.5)")


def _seconds(fit: Callable[[], object]) -> float:
    start = time.perf_counter()
    fit()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
