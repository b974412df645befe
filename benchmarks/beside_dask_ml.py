"""Binary L2 on a Dask cluster: dask-ml's solvers beside ours, on one collection.

    python benchmarks/beside_dask_ml.py --python venv/bin/python --rows 2_000_000

dask-ml lies in an environment of its own. It makes the same collection there (its name is compared)
and tells coefficients, which are judged here, in float64, by J = sum L + ||w||^2 / 2: C = 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np

from on_cluster import ONE_THREAD, cluster, collection, tell

PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import on_cluster
from distributed import wait
from dask_ml.linear_model import LogisticRegression
m, n, solver, steps = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
if __name__ == "__main__":
    with on_cluster.cluster(2) as client:
        X, y = on_cluster.collection(m, n, 32, "float64")
        names = X.name, y.name
        X, y = client.persist([X, y])
        wait([X, y])
        began = time.perf_counter()
        model = LogisticRegression(solver=solver, C=1.0, tol=1e-12, max_iter=steps).fit(X, y)
        seconds = time.perf_counter() - began
        print(json.dumps([names, seconds, model.coef_.ravel().tolist(), float(model.intercept_)]))
"""


def peers(options: argparse.Namespace) -> None:
    """dask-glm's solvers beside ours: seconds, and the relative gap that each reaches."""
    from distributed import wait

    from onelayer import LogisticRegression

    m, n = options.rows, options.features
    X, y = collection(m, n, 32, "float64")
    names = [X.name, y.name]
    here = X.compute(), y.compute()
    best = LogisticRegression(tol=1e-14).fit(*here)
    least = penalised(*here, best.coef_.ravel(), float(best.intercept_[0]))
    with cluster(2) as client:
        there = client.persist([X, y])
        wait(there)
        for tol in (1e-6, 1e-7):
            LogisticRegression(tol=tol).fit(*there)
            began = time.perf_counter()
            model = LogisticRegression(tol=tol).fit(*there)
            took = time.perf_counter() - began
            J = penalised(*here, model.coef_.ravel(), float(model.intercept_[0]))
            tell({"who": "onelayer", "tol": tol, "seconds": took, "gap": J / least - 1})
    for solver, steps in (("lbfgs", 10), ("lbfgs", 100), ("newton", 10), ("admm", options.steps)):
        asked = [str(Path(__file__).parent), str(m), str(n), solver, str(steps)]
        ran = subprocess.run(
            [options.python, "-c", PEER, *asked],
            env=os.environ | ONE_THREAD,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        theirs, took, coef, intercept = json.loads(ran.stdout.splitlines()[-1])
        gap = penalised(*here, np.array(coef), intercept) / least - 1
        told = {"who": f"dask-glm {solver}", "steps": steps, "seconds": took, "gap": gap}
        tell(told | {"same_collection": theirs == names})


def penalised(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> float:
    """sum L + ||w||^2 / 2, a free intercept: C = 1."""
    z = X @ w + b
    return float(np.logaddexp(0, np.where(y > 0, -z, z)).sum() + w @ w / 2)


def main() -> None:
    """Ours, then theirs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", required=True, help="of an environment with dask-ml")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--steps", type=int, default=20, help="of admm, the slowest")
    peers(parser.parse_args())


if __name__ == "__main__":
    main()
