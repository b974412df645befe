"""X on a cluster of Dask, on this machine, while processes are killed (kill -9) at random times.

    python benchmarks/killed_on_cluster.py workers    # one in the middle of a pass; another comes
    python benchmarks/killed_on_cluster.py clients    # in the middle of a fit; others fit after it

`--rows` and `--features` make each smaller.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from on_cluster import cluster, collection, tell


def workers(options: argparse.Namespace) -> None:
    """A worker is killed at random in the middle of a pass; another one comes."""
    from onelayer import LogisticRegression
    from onelayer.designs.rows_on_cluster import RowsOnCluster

    m, n = options.rows or 400_000, options.features or 100
    visit, passes, random_ = RowsOnCluster.visit, [0], random.Random(options.seed)  # noqa: S311
    how = {"solver": "lbfgs", "tol": 1e-10}

    def counted(X: Any, ask: Any, join: Any) -> Any:
        passes[0] += 1
        return visit(X, ask, join)

    RowsOnCluster.visit = counted
    with cluster(4) as client:

        def fitted() -> tuple[bytes, int, float]:
            passes[0], began = 0, time.perf_counter()
            model = LogisticRegression(**how).fit(*collection(m, n, 16))
            seconds = time.perf_counter() - began
            return model.coef_.tobytes() + model.intercept_.tobytes(), passes[0], seconds

        fitted()
        expected, quiet, lasts = fitted()
        for number in range(options.count):
            # One that was killed as the last fit ended may still be on the list.
            pids = client.run(os.getpid, on_error="ignore")
            after = random_.uniform(0.1, 0.9) * lasts

            def kill(pid: int = random_.choice(sorted(pids.values()))) -> None:
                os.kill(pid, signal.SIGKILL)

            timer = threading.Timer(after, kill)
            timer.start()
            bytes_, count, seconds = fitted()
            timer.join()
            tell(
                {
                    "kill": number,
                    "after": after,
                    "same_bytes": bytes_ == expected,
                    "more_passes": count - quiet,
                    "seconds": seconds,
                    "undisturbed": lasts,
                }
            )
            four_again(client)


def four_again(client: Any) -> None:
    """Wait for the process that takes the place of a killed one; some nannies start none."""
    try:
        client.wait_for_workers(4, timeout=30)
    except TimeoutError:
        client.restart()


def clients(options: argparse.Namespace) -> None:
    """A client is killed at random in a fit; what is kept of it, what the next one finds."""
    m, n = options.rows or 400_000, options.features or 100
    random_ = random.Random(options.seed)  # noqa: S311
    with cluster(2) as client:
        fitted = [sys.executable, __file__, "fitted", "--rows", str(m), "--features", str(n)]
        fitted += ["--address", client.scheduler.address]
        for _ in range(2):  # the first waits for kernels
            expected = subprocess.run(fitted, stdout=subprocess.PIPE, text=True, check=True).stdout
        lasts = json.loads(expected)["seconds"]
        for number in range(options.count):
            with subprocess.Popen(fitted, stdout=subprocess.DEVNULL) as killed:
                while not tasks_of(client) and killed.poll() is None:
                    time.sleep(0.05)
                time.sleep(random_.uniform(0.05, 0.6) * lasts)
                held, ended = tasks_of(client), killed.poll() is not None
                killed.kill()
            began = time.perf_counter()
            while (kept := tasks_of(client)) and time.perf_counter() - began < 60:
                time.sleep(0.05)
            clean = time.perf_counter() - began
            after = subprocess.run(fitted, stdout=subprocess.PIPE, text=True, check=True).stdout
            tell(
                {
                    "kill": number,
                    "had_ended": ended,
                    "tasks_then": held,
                    "tasks_kept": kept,
                    "seconds_until_none": clean,
                    "worker_keys": sum(map(len, client.has_what().values())),
                    "worker_mb": sorted(
                        bytes_ // 10**6 for bytes_ in client.run(resident).values()
                    ),
                    "same_bytes": json.loads(after)["bytes"] == json.loads(expected)["bytes"],
                }
            )


def fitted(options: argparse.Namespace) -> None:
    """One fit by a client of its own."""
    import distributed

    from onelayer import LogisticRegression

    with distributed.Client(options.address):
        there = collection(options.rows, options.features, 16)
        began = time.perf_counter()
        model = LogisticRegression(solver="lbfgs", tol=1e-10).fit(*there)
        seconds = time.perf_counter() - began
    tell({"seconds": seconds, "bytes": (model.coef_.tobytes() + model.intercept_.tobytes()).hex()})


def tasks_of(client: Any) -> int:
    """Tasks that the scheduler knows of."""
    return int(client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))


def resident() -> int:
    """Resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """One of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    by_name = {one.__name__: one for one in (workers, clients, fitted)}
    parser.add_argument("what", choices=list(by_name))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--features", type=int)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--address", help="of a scheduler, for `fitted`")
    options = parser.parse_args()
    by_name[options.what](options)


if __name__ == "__main__":
    main()
