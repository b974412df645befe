"""python benchmarks/limits.py: what the hardware allows for each row's fit, beside what it took.

    read        bytes of X times the passes of our default's fit, at the speed at which two threads
                add up memory
    multiplied  4 (entries of X) k products a pass, at the speed of a float32 product of matrices
    took        the median of `results/`; what is beyond the larger of the two is metrics, linear
                algebra, proofs, checks, and rows of little work: calls of Python

Both are of the reads alone: metrics are products too, of fewer rows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
from scipy import sparse

import results
from rows import find

RESULTS = Path(__file__).parent / "results"
SIDE = 3000


def main() -> None:
    """A line a problem, as Markdown."""
    speed, peak = bandwidth(), products()
    say(f"{speed / 1e9:.1f} GB/s on two threads, {peak / 1e9:.0f} GF/s in float32\n")
    say("| problem | passes | read, ms | multiplied, ms | took, ms |")
    say("| --- | ---: | ---: | ---: | ---: |")
    for path in sorted(RESULTS.glob("[A-G].csv")):
        fits = [
            one for one in results.read(path) if (one.contender, one.kind) == ("onelayer", "fit")
        ]
        for name in dict.fromkeys(one.problem for one in fits):
            own = [one for one in fits if one.problem == name]
            task = find(name).load()
            X, k = task.view.X, task.classes if task.classes > 2 else 1
            passes, entries = own[0].passes, X.nnz if sparse.issparse(X) else X.size
            read = passes * task.nbytes / speed
            multiplied = passes * 4 * entries * k / peak
            took = median(one.seconds for one in own)
            figures = (f"{1000 * seconds:.2f}" for seconds in (read, multiplied, took))
            say(f"| {name} | {passes:.0f} | {' | '.join(figures)} |")


def bandwidth() -> float:
    """Bytes a second that two threads add up, each in an array of its own."""
    halves = [np.ones(1 << 26, np.uint64) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        taken = least(lambda: list(pool.map(np.sum, halves)))
    return sum(half.nbytes for half in halves) / taken


def products() -> float:
    """Multiplications and additions a second of a product of matrices in float32."""
    A = np.ones((SIDE, SIDE), np.float32)
    return 2 * SIDE**3 / least(lambda: A @ A)


def least(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the quickest."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def say(line: str) -> None:
    """A line on standard output."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
