"""What a fit on a cluster costs beyond its kernels: tasks, bytes and seconds a pass.

    python benchmarks/on_cluster.py --workers 2 --rows 2_000_000 --columns 50

Starts so many processes on this machine, each of one thread, makes X (float32) there and fits it.
The kernels' part is CPU time of the same fit in memory, a pass. The last line is the peak memory of
this process, which is the client.
"""

import argparse
import resource
import time
from typing import Any

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

from onelayer import LogisticRegression
from onelayer.designs import dask_workers


def made(rows: int, columns: int, seed: int, chunk: int) -> tuple[Any, Any]:
    """X and labels of a known layer, chunk by chunk on the workers."""
    X = da.random.default_rng(seed).normal(size=(rows, columns), chunks=(chunk, columns))
    X = X.astype(np.float32)
    w = np.random.default_rng(seed).normal(size=columns) / np.sqrt(columns)
    noise = da.random.default_rng(seed + 1).logistic(size=rows, chunks=chunk)
    return X, (X @ w.astype(np.float32) + noise > 0).astype(np.int8)


def counted(workers: Any) -> tuple[list[int], list[float]]:
    """Count what is asked of workers, and what it takes: calls and seconds of each visit."""
    calls: list[int] = []
    seconds: list[float] = []
    visit = workers.visit

    def timed(self: Any, groups: Any, ask: Any, join: Any) -> Any:
        before, start = self.calls, time.perf_counter()
        found = visit(self, groups, ask, join)
        calls.append(self.calls - before)
        seconds.append(time.perf_counter() - start)
        return found

    workers.visit = timed
    return calls, seconds


def main() -> None:
    """Fit, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--chunk", type=int, default=250_000)
    asked = parser.parse_args()
    calls, seconds = counted(dask_workers.ClusterWorkers)
    local = {"n_workers": asked.workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**local) as cluster, Client(cluster):
        X, y = made(asked.rows, asked.columns, 0, asked.chunk)
        start = time.perf_counter()
        found = LogisticRegression().fit(X, y)
        whole = time.perf_counter() - start
    solution = found.solution_
    print(f"{asked.rows:,} x {asked.columns} float32 on {asked.workers} workers of one thread")
    print(f"{whole:.2f} s, {solution.passes:.1f} passes, {solution.solver}, gap {solution.gap:.1e}")
    print(f"visits {len(calls)}, tasks a visit {np.mean(calls):.1f}")
    print(f"seconds a visit: median {np.median(seconds):.3f}, least {np.min(seconds):.3f}")
    print(f"client: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    main()
