"""A fit of X on disk: reads, seconds, bytes a second, what stays in memory, and the gap.

    python benchmarks/on_disk.py --gb 3 --memory 1GB --limit 2GB --folder /tmp
    python benchmarks/on_disk.py --gb 3 --classes 10 --dtype float32 --check

The file of random pixels is made once a size and kept in the folder until `--remove`. `--limit`
runs the fit in a memory control group of its own (version 1 or 2, as root). `--check` fits the same
file in memory too and says how far the two are apart. Each figure stands beside what the disk gives
to a plain read of the same file, its pages dropped from the cache first.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

GROUPS = Path("/sys/fs/cgroup")
BLOCK = 20_000
FEATURES = 784
SIGNAL = 1.5


def make(path: Path, m: int, dtype: str, classes: int) -> None:
    """X (m, 784) of pixels 0 to 255 whose brightness varies together, and labels of a softmax."""
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(12, FEATURES))
    W = rng.normal(size=(FEATURES, classes)) * SIGNAL / np.sqrt(FEATURES)
    X = np.lib.format.open_memmap(path, "w+", dtype, (m, FEATURES))
    y = np.empty(m, np.uint8)
    for start in range(0, m, BLOCK):
        rows = min(BLOCK, m - start)
        z = rng.standard_normal((rows, FEATURES), np.float32)
        z += (rng.standard_normal((rows, 12), np.float32) @ shape).astype(np.float32)
        X[start : start + rows] = np.clip(z * 30 + 128, 0, 255)
        scores = z @ W + rng.gumbel(size=(rows, classes))
        y[start : start + rows] = scores.argmax(axis=1)
    X.flush()
    np.save(path.with_suffix(".y.npy"), y)


@contextmanager
def high_water(seconds: float = 0.02) -> Iterator[list[int]]:
    """The most private memory (`RssAnon`) while it lasts, in bytes: a list of one."""
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(seconds):
            status = Path("/proc/self/status").read_text()
            most[0] = max(most[0], 1024 * int(status.split("RssAnon:")[1].split()[0]))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def drop(path: Path) -> None:
    """Have the system forget the file's pages."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def bandwidth(path: Path, most: int = 1 << 31) -> float:
    """Bytes a second of a plain read in order, nothing of the file in the cache."""
    drop(path)
    buffer, done, began = bytearray(1 << 25), 0, time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while done < most and (got := file.readinto(buffer)):
            done += got
    return done / (time.perf_counter() - began)


def fit(path: Path, options: argparse.Namespace) -> dict[str, object]:
    """Fit, in this process, and tell what it cost."""
    from onelayer import LogisticRegression
    from onelayer.designs import rows_on_disk

    seen: list[rows_on_disk.RowsOnDisk] = []
    of_file = rows_on_disk.rows_on_disk

    def watched(X: object, budget: int) -> object:
        found = of_file(X, budget)
        if isinstance(found, rows_on_disk.RowsOnDisk):
            seen.append(found)
        return found

    rows_on_disk.rows_on_disk = watched
    y = np.load(path.with_suffix(".y.npy"))
    X = np.load(path, mmap_mode="r")
    model = LogisticRegression(
        scaling=options.scaling, memory=options.memory, tol=options.tol, verbose=1
    )
    drop(path)
    began, cpu = time.perf_counter(), time.process_time()
    with high_water() as most:
        model.fit(X, y)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    solved, rows = model.solution_, seen[0]
    told = {
        "bytes": X.nbytes,
        "solver": solved.solver,
        "status": str(solved.status),
        "reads": round(solved.passes + solved.surveyed, 2),
        "from_disk_gb": rows.fetched / 1e9,
        "resident_gb": rows.resident / 1e9,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "gb_per_second": rows.fetched / seconds / 1e9,
        "private_gb": most[0] / 1e9,
        "gap": solved.gap,
        "gap_kind": solved.gap_kind,
        "objective": solved.objective,
    }
    if options.check:
        here = LogisticRegression(scaling=options.scaling, memory="1TB", tol=options.tol).fit(X, y)
        told["in_memory_passes"] = here.solution_.passes
        told["objective_apart"] = solved.objective / here.solution_.objective - 1
        told["coefficients_apart"] = float(
            np.abs(model.coef_ - here.coef_).max() / np.abs(here.coef_).max()
        )
    return told


@contextmanager
def memory_group(limit: int | None) -> Iterator[Path | None]:
    """Files into which a process's number is written to limit its memory; none without a limit."""
    if limit is None:
        yield None
        return
    second = (GROUPS / "cgroup.controllers").exists()
    group = (GROUPS if second else GROUPS / "memory") / f"onelayer-{os.getpid()}"
    group.mkdir()
    try:
        name = "memory.max" if second else "memory.limit_in_bytes"
        (group / name).write_text(str(limit))
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def main() -> None:
    """Make the file where it is not, fit in a process of its own, and print what was found."""
    from onelayer.memory_limits import memory_budget

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--dtype", default="uint8")
    parser.add_argument("--memory")
    parser.add_argument("--limit")
    parser.add_argument("--tol", type=float, default=1e-7)
    parser.add_argument("--standard", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path("/tmp"))  # noqa: S108 - large files
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--remove", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.scaling = "standard" if options.standard else 1 / 255
    m = int(options.gb * 1e9) // (FEATURES * np.dtype(options.dtype).itemsize)
    path = options.folder / f"onelayer-{m}-{options.dtype}-{options.classes}.npy"
    if options.inside:
        sys.stdout.write("\n" + json.dumps(fit(path, options)))
        return
    if not path.exists():
        make(path, m, options.dtype, options.classes)
    limit = None if options.limit is None else memory_budget(options.limit)
    before = bandwidth(path)
    with memory_group(limit) as members:

        def join() -> None:
            if members is not None:
                members.write_text(str(os.getpid()))

        done = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--inside"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            preexec_fn=join,  # one thread is alive
        )
    sys.stdout.write(done.stdout)
    sys.stdout.write(f"\nplain reads: {before / 1e9:.2f} then {bandwidth(path) / 1e9:.2f} GB/s\n")
    if options.remove:
        path.unlink()
        path.with_suffix(".y.npy").unlink()


if __name__ == "__main__":
    main()
