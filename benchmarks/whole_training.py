"""python benchmarks/whole_training.py: `onelayer train` whole beside one fit of scikit-learn's.

    ours            the command in a process of its own: imports, reading, the choice of C,
                    calibration, judging, report and file
    scikit-learn's  one lbfgs fit on the rows that the model was trained on, as they are encoded
                    and scaled, at the C chosen; at its loosest tolerance that brings J within 1e-6
                    of the least that either has reached. Reading and encoding are off its clock

In turn, median of the rounds; seconds by the wall and of all cores. The aim is at most one fit's
time. Then where the seconds of a training go, by what it says is under way.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression as ScikitLearn

import data
import onelayer
from onelayer.logistic import Binary, Softmax

GAP = 1e-6
TOLS = np.logspace(-4, -9, 11)
LIMIT = 300.0  # seconds of one fit of scikit-learn's; beyond, no tighter one is tried


class Fitted(NamedTuple):
    """Rows as they are encoded, labels, C, and J of the layer that was trained."""

    X: Any
    y: np.ndarray
    C: float
    J: float


def sources() -> dict[str, tuple[str, ...]]:
    """What `onelayer train` is given."""
    folder = data.shared()
    texts, adult = folder / "20news-tfidf", folder / "adult"
    return {
        "digits": ("digits",),
        "adult": (f"{adult}/train.csv", "--target", "income", "--test", f"{adult}/test.csv"),
        "fashion-mnist": (f"{folder}/fashion-mnist",),
        "20news": (f"{texts}/X_train.npz", "--test", f"{texts}/X_test.npz"),
    }


def main() -> None:
    """Print seconds, their ratio, and where they go."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(sources()))
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    for name in asked.names:
        report(name, sources()[name], asked.rounds)


def report(name: str, given: tuple[str, ...], rounds: int) -> None:
    """One data set: a training to look into, then the two in turn."""
    phases, fitted = looked_into(given)
    fit, reached = peer(fitted)
    with tempfile.TemporaryDirectory() as folder:
        ours = timed_command(given, Path(folder))
        taken = [(ours(), timed(fit)) for _ in range(rounds)]
    our, their = (
        tuple(median(one[side][clock] for one in taken) for clock in (0, 1)) for side in (0, 1)
    )
    print(f"{name}: C = {fitted.C:.3g}, {fitted.X.shape[0]} x {fitted.X.shape[1]}")
    print(f"  onelayer train, whole       {our[0]:7.2f} s, of all cores {our[1]:7.2f}")
    print(
        f"  scikit-learn, one lbfgs fit {their[0]:7.2f} s, of all cores {their[1]:7.2f}; {reached}"
    )
    print(f"  ours over scikit-learn's: {our[0] / their[0]:.2f} (aim: at most 1)")
    for what, seconds in sorted(phases.items(), key=lambda phase: -phase[1]):
        print(f"    {seconds:7.2f} s {what}")


def looked_into(given: tuple[str, ...]) -> tuple[dict[str, float], Fitted]:
    """Seconds by what was under way, in this process; and what was fitted."""
    phases: dict[str, float] = defaultdict(float)
    under_way, since = "the first words", time.perf_counter()

    def progress(what: str, done: int, total: int) -> None:
        nonlocal under_way, since
        del done, total
        now = time.perf_counter()
        phases[under_way] += now - since
        under_way, since = what.split(":", maxsplit=1)[0], now

    source, options = given[0], dict(zip(given[1::2], given[2::2], strict=True))
    words = {key.removeprefix("--"): value for key, value in options.items()}
    model = onelayer.train(source, progress=progress, **words)
    progress("report", 0, 1)
    with tempfile.TemporaryDirectory() as folder:
        model.report(Path(folder) / "report.html")
    progress("", 0, 1)
    train = model.evidence.parts.train
    X = train.whole if len(train) == len(train.whole) else train.whole[train.places]
    return phases, Fitted(
        scaled(X, model), train.labels, model.card.choice.C, model.card.solution.objective
    )


def scaled(X: Any, model: Any) -> Any:
    """The rows in the variables that the penalty is in; in float64, for float32 stalls before."""
    scaling, X = model.layer.scaling, X.astype(np.float64)
    return X if scaling is None else (X - scaling.centre) * scaling.scale


def peer(fitted: Fitted) -> tuple[Callable[[], Any], str]:
    """The fit at the loosest tolerance that is exact enough, and how exact it is."""
    best, tried = fitted.J, []
    for tol in TOLS:
        fit = ScikitLearn(C=fitted.C, tol=tol, max_iter=100_000)
        began = time.perf_counter()
        fit.fit(fitted.X, fitted.y)
        tried.append((fit, objective(fit, fitted)))
        best = min(best, tried[-1][1])
        if tried[-1][1] - best <= GAP * best or time.perf_counter() - began > LIMIT:
            break
    exact = [one for one in tried if one[1] - best <= GAP * best] or tried[-1:]
    fit, J = exact[0]
    return lambda: fit.fit(
        fitted.X, fitted.y
    ), f"a gap of {(J - best) / best:.0e} at tol {fit.tol:.0e}"


def objective(fit: Any, fitted: Fitted) -> float:
    """Mean loss and penalty, in float64."""
    W, b = fit.coef_.T.astype(np.float64), fit.intercept_.astype(np.float64)
    head = Binary() if W.shape[1] == 1 else Softmax(W.shape[1])
    Z, m = np.asarray(fitted.X @ W) + b, len(fitted.y)
    loss = head.loss(Z, fitted.y.astype(np.int64)).mean()
    return float(loss + (W**2).sum() / (2 * fitted.C * m))


def timed_command(given: tuple[str, ...], folder: Path) -> Callable[[], tuple[float, float]]:
    """`onelayer train` in a process of its own."""
    command = [sys.executable, "-m", "onelayer", "train", *given, "--overwrite"]
    written = ["-o", str(folder / "m.safetensors"), "--report", str(folder / "report.html")]

    def run() -> None:
        subprocess.run([*command, *written], check=True, capture_output=True)

    return lambda: timed(run)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the wall, and of all cores, this process's and those of its children."""
    wall, cores = time.perf_counter(), sum(os.times()[:4])
    work()
    return time.perf_counter() - wall, sum(os.times()[:4]) - cores


if __name__ == "__main__":
    main()
