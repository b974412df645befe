"""python benchmarks/exactness.py: the gap that a fit states beside the gap that it has.

For every row's data and for hard made problems, fits at several tolerances; the true gap is the
judge's J of the weights that predictions are made from against the best J known: the file's, or a
tight run's. A ratio true/stated far above 1 is a promise broken, far below 1 is work wasted. Gaps
below 1e-13 are rounding and print as 0. "shown" is the gap of `coef_`, which is rounded to float32
where X is: at condition 1e8 that alone costs 1e-6.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import contenders
from fitting import Bench
from judge import gap
from results import Best
from rows import Problem, Task, problems
from views import View

TOLERANCES = (1e-2, 1e-4, 1e-6, None)  # None: the default
TIGHT = 1e-13
NOISE = 1e-13  # relative rounding of J over 60000 rows


def main() -> None:
    """A table: problem, tolerance, stated, true, ratio, status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=["A", "B", "C", "D", "E", "F", "G"])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--no-made", action="store_true", help="leave out the made problems")
    arguments = parser.parse_args()
    best = Best(Path(__file__).parent / "results" / "best.json")
    warnings.simplefilter("ignore")
    print(f"{'problem':22} {'tol':>8} {'stated':>9} {'true':>9} {'ratio':>9} {'shown':>9}  status")
    for row in arguments.rows:
        for problem in problems(row, small=arguments.small, variants=False):
            _report(problem.load(), best.of(problem.name))
    for task in () if arguments.no_made else made():
        _report(task, [])


def _report(task: Task, known: list[float]) -> None:
    bench = Bench(contenders.find("onelayer-tol"), task)
    try:
        tight = task.objectives(list(bench.fit(TIGHT).exact))
        fits = [(tol, bench.fit(tol)) for tol in TOLERANCES]
    except ValueError as error:
        print(f"{task.problem.name:22} not solved: {str(error)[:80]}")
        return
    J = [task.objectives(list(fit.exact)) for _, fit in fits]
    best = np.min([tight, *J, *([known] if known else [])], axis=0)
    for (tol, fit), found in zip(fits, J, strict=True):
        true, shown = (_gap(at, best) for at in (found, task.objectives(fit.parameters)))
        ratio = true / fit.stated_gap if fit.stated_gap > 0 else float("nan")
        print(
            f"{task.problem.name:22} {tol or 'default':>8} {fit.stated_gap:9.1e} {true:9.1e} "
            f"{ratio:9.2g} {shown:9.1e}  {fit.status}"
        )


def _gap(found: np.ndarray, best: np.ndarray) -> float:
    true = gap(found.tolist(), best.tolist())
    return 0.0 if true < NOISE else true


def made() -> Iterator[Task]:
    """Near-separable, and ill-conditioned by 1e8: scales of features, then a spectrum."""
    rng = np.random.default_rng(11)
    m, n = 2000, 30
    X, w = rng.standard_normal((m, n)), rng.standard_normal(n)
    clean = (X @ w > 0).astype(np.int64)
    noisy = (X @ w + 2 * rng.standard_normal(m) > 0).astype(np.int64)
    flipped = np.where(rng.random(m) < 0.002, 1 - clean, clean)
    rotation, _ = np.linalg.qr(rng.standard_normal((n, n)))
    spectrum = X * np.logspace(-4, 4, n) @ rotation
    yield _task("separable", X, clean, 1e-6)
    yield _task("near-separable", X, flipped, 1e-8)
    yield _task("scales-1e8", X * np.logspace(-4, 4, n), noisy, 1e-6)
    yield _task("spectrum-1e8", spectrum, noisy, 1e-6)
    yield _task("spectrum-1e8-float32", spectrum.astype(np.float32), noisy, 1e-6)
    yield _task("large-mean", X + 1e4, noisy, 1e-4)


def _task(name: str, X: np.ndarray, y: np.ndarray, strength: float) -> Task:
    return Task(Problem(name, "made"), View.of(X, None), y, (strength,), ())


if __name__ == "__main__":
    main()
