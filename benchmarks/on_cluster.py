"""X on a cluster of Dask, on this machine: the same bytes, what a pass costs.

    python benchmarks/on_cluster.py same   # bytes over workers, partitions; against memory
    python benchmarks/on_cluster.py overhead    # a pass beside its kernels and trivial tasks
    python benchmarks/on_cluster.py speed  # against memory, the same two threads
    python benchmarks/on_cluster.py passes      # against X on disk; what the client holds
    python benchmarks/on_cluster.py memory      # the command's own process, by rows, to the report

Every cluster is made of processes that listen on loopback alone. `--rows` and `--features` make
each smaller. Beside dask-ml: `beside_dask_ml.py`; processes that die: `killed_on_cluster.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@contextmanager
def cluster(workers: int, threads: int = 1) -> Iterator[Any]:
    """A client of so many processes."""
    import distributed

    made = distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
        silence_logs=50,
    )
    with made, distributed.Client(made) as client:
        yield client


def collection(m: int, n: int, parts: int, dtype: str = "float32") -> tuple[Any, Any]:
    """X (m, n) and labels of a logistic model, made by tasks: the same in every process."""
    import dask.array as da

    edges = np.diff([m * i // parts for i in range(parts + 1)]).tolist()
    X = da.random.default_rng(0).standard_normal((m, n), chunks=(tuple(edges), n)).astype(dtype)
    noise = da.random.default_rng(1).logistic(size=m, chunks=(tuple(edges),))
    w = np.random.default_rng(2).normal(size=n) / np.sqrt(n)
    return X, (X @ w.astype(dtype) + noise > 0).astype(np.int8)


def problem(kind: str, m: int, n: int) -> tuple[Any, np.ndarray, np.ndarray | None, dict[str, Any]]:
    """X, y, weights and parameters of a kind of fit, in memory."""
    from scipy import sparse

    rng = np.random.default_rng(0)
    k = 3 if kind == "softmax" else 2
    X = rng.normal(size=(m, n)) * rng.uniform(0.5, 2, n) + 1
    y = (X @ rng.normal(size=(n, k)) / np.sqrt(n) + rng.gumbel(size=(m, k))).argmax(axis=1)
    weights = rng.random(m) * (rng.random(m) > 0.2) if kind == "weights" else None
    how = {"l1": {"l1_ratio": 1.0, "C": 0.01}, "standardised": {"scaling": "standard"}}
    return sparse.csr_array(X * (X > 2)) if kind == "sparse" else X, y, weights, how.get(kind, {})


def spread(array: Any, parts: int) -> Any:
    """An array, or CSR rows, in so many partitions whose tasks can be run again."""
    import dask
    import dask.array as da

    m = array.shape[0]
    edges = [m * i // parts for i in range(parts + 1)]
    made = [dask.delayed(array[a:b]) for a, b in pairwise(edges)]
    shapes = [(b - a, *array.shape[1:]) for a, b in pairwise(edges)]
    arrays = [da.from_delayed(*one, meta=array[:0]) for one in zip(made, shapes, strict=True)]
    return da.concatenate(arrays)


KINDS = ("binary", "softmax", "l1", "weights", "standardised", "sparse")


def same(options: argparse.Namespace) -> None:
    """Bytes over workers and partitions, and how far from the fit in memory."""
    from onelayer import LogisticRegression

    m, n = options.rows or 20_000, options.features or 20
    found: dict[str, set[bytes]] = {kind: set() for kind in KINDS}
    for workers in (1, 2, 4, 8):
        with cluster(workers):
            for kind in KINDS:
                X, y, w, how = problem(kind, m, n)
                for parts in (1, 7, 60):
                    there = [None if one is None else spread(one, parts) for one in (X, y, w)]
                    model = LogisticRegression(**how).fit(*there)
                    found[kind].add(model.coef_.tobytes() + model.intercept_.tobytes())
    for kind in KINDS:
        X, y, w, how = problem(kind, m, n)
        there = [None if one is None else spread(one, 7) for one in (X, y, w)]
        told: dict[str, Any] = {"kind": kind, "different_bytes": len(found[kind])}
        for tol in (1e-7, 1e-14):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # L1 has no bound as low as 1e-14
                a = LogisticRegression(tol=tol, **how).fit(X, y, w)
                b = LogisticRegression(tol=tol, **how).fit(*there)
            top = np.abs(a.coef_).max()
            told[f"at {tol:g}"] = {
                "gaps": [a.solution_.gap, b.solution_.gap],
                "objectives_apart": abs(b.solution_.objective / a.solution_.objective - 1),
                "coefficients_apart": float(np.abs(a.coef_ - b.coef_).max() / top),
            }
        tell(told)


def overhead(options: argparse.Namespace) -> None:
    """Seconds of a pass, of its kernels, of trivial tasks; messages, tasks and bytes of a pass."""
    from onelayer.designs import rows_on_cluster
    from onelayer.designs.on_cluster import OnCluster
    from onelayer.estimators import LogisticRegression
    from onelayer.estimators.dask_examples import examples_there
    from onelayer.logistic import Binary

    n, groups = options.features or 784, 32
    m = options.rows or groups * 5000
    rows_on_cluster.GROUP_BYTES = m * n * 4 // groups
    X, y = collection(m, n, groups)
    with cluster(4) as client, examples_there(LogisticRegression(), X, y, None, None) as (known, _):
        loss = OnCluster(known.X).bind(Binary(), None, None)
        W, b, sent = np.zeros((n, 1)), np.zeros(1), watch(client)
        part = loss.parts.part
        kernels = sum(known.X.visit(lambda _, group: [seconds_of(part, group, W, b)], list.__add__))
        walls = seconds(lambda: loss.value_and_gradient(W, b), options.repeats)
        told = {
            "tasks": {
                count: seconds(lambda count=count: trivial(client, count), options.repeats)
                for count in (8, 32)
            },
            "pass": walls,
            "kernels_of_two_cores": kernels / 2,
            "beyond_kernels": walls - kernels / 2,
        }
        sent.clear()
        before = time.process_time()
        for _ in range(options.repeats):
            loss.value_and_gradient(W, b)
        told["client_cpu_a_pass"] = (time.process_time() - before) / options.repeats
        told["graphs_a_pass"] = len(sent) / options.repeats
        told["bytes_sent_a_pass"] = sum(sent) / options.repeats
        tell(told)


def seconds_of(part: Any, group: Any, W: np.ndarray, b: np.ndarray) -> float:
    """CPU seconds of a group's answer, once all is compiled."""
    part.loss(group).value_and_gradient(W, b)
    began = time.thread_time()
    part.loss(group).value_and_gradient(W, b)
    return time.thread_time() - began


def trivial(client: Any, count: int) -> None:
    """So many tasks that do nothing."""
    client.gather(client.map(lambda one: one, range(count), pure=False))


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """The median."""
    found = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return statistics.median(found[1:])


def watch(client: Any) -> list[int]:
    """Bytes of each graph that this client sends from now on."""
    from distributed.protocol import dumps

    sent: list[int] = []
    before = client._send_to_scheduler  # noqa: SLF001 - there is no public way to count

    def counted(message: Any) -> None:
        if message.get("op") == "update-graph":
            sent.append(sum(memoryview(frame).nbytes for frame in dumps(message)))
        before(message)

    client._send_to_scheduler = counted  # noqa: SLF001
    return sent


def speed(options: argparse.Namespace) -> None:
    """Two workers of one thread against memory and two threads, from collection to coefficients."""
    m, n = options.rows or 8_000_000, options.features or 100
    here = child("here", m, n, {"OMP_NUM_THREADS": "2"})
    there = child("there", m, n, ONE_THREAD)
    tell({"memory": here, "cluster": there, "ratio": there["seconds"] / here["seconds"]})


def child(what: str, m: int, n: int, environment: dict[str, str]) -> Any:
    """What a process of its own prints."""
    asked = [sys.executable, __file__, what, "--rows", str(m), "--features", str(n)]
    ran = subprocess.run(
        asked, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(ran.stdout)


def here(options: argparse.Namespace) -> None:
    """In memory; X is made off the clock."""
    from onelayer import LogisticRegression

    X, y = (one.compute() for one in collection(options.rows, options.features, 32))
    LogisticRegression().fit(X[: len(X) // 10], y[: len(X) // 10])
    began = time.perf_counter()
    model = LogisticRegression().fit(X, y)
    tell({"seconds": time.perf_counter() - began, "passes": model.solution_.passes})


def there(options: argparse.Namespace) -> None:
    """On workers; X is persisted off the clock."""
    from distributed import wait

    from onelayer import LogisticRegression

    with cluster(2) as client:
        X, y = client.persist(list(collection(options.rows, options.features, 32)))
        wait([X, y])
        small = options.rows // 10
        LogisticRegression().fit(X[:small], y[:small])
        began = time.perf_counter()
        model = LogisticRegression().fit(X, y)
        tell({"seconds": time.perf_counter() - began, "passes": model.solution_.passes})


def passes(options: argparse.Namespace) -> None:
    """Full passes there and on disk; the largest graph that is sent; what the client holds."""
    from onelayer import LogisticRegression

    m, n = options.rows or 2_000_000, options.features or 50
    told = {}
    with cluster(4) as client:
        sent, before = watch(client), high_water()
        model = LogisticRegression().fit(*collection(m, n, 32))
        told = {
            "cluster": model.solution_.passes + model.solution_.surveyed,
            "largest_graph": max(sent),
            "bytes_of_labels": m,
            "client_mb": high_water() / 1e6,
            "client_mb_before": before / 1e6,
        }
    X, y = (one.compute() for one in collection(m, n, 32))
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "X.npy", X)
        X = np.load(Path(folder) / "X.npy", mmap_mode="r")
        on_disk = LogisticRegression(memory=X.nbytes // 4).fit(X, y)
    told["disk"] = on_disk.solution_.passes + on_disk.solution_.surveyed
    told["coefficients_apart"] = float(np.abs(on_disk.coef_ - model.coef_).max())
    tell(told)


COMMAND = """
import sys
from pathlib import Path
from onelayer.cli.app import app
try:
    app(sys.argv[1:])
except SystemExit as ended:
    print("code", ended.code, file=sys.stderr)
print(Path("/proc/self/status").read_text(), file=sys.stderr)
"""


def memory(options: argparse.Namespace) -> None:
    """The most that `onelayer train --cluster 2` holds in its own process, report and all."""
    n = options.features or 13
    for m in [options.rows] if options.rows else (100_000, 400_000, 1_600_000):
        with tempfile.TemporaryDirectory() as name:
            table, model = Path(name) / "table", Path(name) / "model.safetensors"
            write_table(table, m, n)
            asked = ["train", table, "--target", "bought", "--cluster", "2", "-o", model]
            ran = subprocess.run(
                [sys.executable, "-c", COMMAND, *map(str, asked)],
                env=os.environ | ONE_THREAD,
                capture_output=True,
                text=True,
                check=True,
            )
            if not model.with_suffix(".html").exists():
                raise RuntimeError(ran.stderr)
        (most,) = [line.split()[1] for line in ran.stderr.splitlines() if line[:6] == "VmHWM:"]
        tell({"rows": m, "features": n, "client_mb": int(most) * 1024 / 1e6})


def write_table(folder: Path, m: int, n: int, parts: int = 8) -> None:
    """Parquet files of numbers, of which the last three are categories and a count."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    for part in range(parts):
        rng, size = np.random.default_rng(part), m * (part + 1) // parts - m * part // parts
        X, kinds = rng.normal(size=(size, n - 3)), rng.integers(0, 8, (size, 2))
        visits = rng.integers(0, 60, size)
        z = X @ np.linspace(-1, 1, n - 3) + 0.3 * (kinds[:, 0] - 3.5) + visits / 60
        columns = {f"x{j}": X[:, j].round(3) for j in range(n - 3)}
        letters = np.array(list("abcdefgh"))[kinds]
        columns |= {"kind": letters[:, 0], "town": letters[:, 1], "visits": visits}
        columns["bought"] = np.where(z + rng.logistic(size=size) > 0, "yes", "no")
        pq.write_table(pa.table(columns), folder / f"{part:02}.parquet")


def high_water() -> int:
    """The most resident memory of this process so far, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def tell(found: dict[str, Any]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main() -> None:
    """One of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shown = (same, overhead, speed, passes, memory, here, there)
    by_name = {one.__name__: one for one in shown}
    parser.add_argument("what", choices=list(by_name))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--features", type=int)
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    by_name[options.what](options)


if __name__ == "__main__":
    main()
