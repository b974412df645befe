"""A fit of X on disk: reads, seconds, bytes a second, what stays in memory, and the gap.

    python benchmarks/on_disk.py --gb 3 --memory 1GB --limit 2GB --folder /tmp
    python benchmarks/on_disk.py --gb 3 --classes 10 --dtype float32 --check

The file of random pixels is made once a size and kept in the folder until `--remove`. `--limit`
runs the fit in a memory control group of its own (version 1 or 2, as root). `--check` fits the same
file in memory too and says how far the two are apart. Each figure stands beside what the disk gives
to direct reads of the same file, which the cache has no part in.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

GROUPS = Path("/sys/fs/cgroup")
BLOCK = 20_000
FEATURES = 784
SIGNAL = 1.5


def make(path: Path, m: int, dtype: str, classes: int) -> None:
    """X (m, 784) of pixels 0 to 255 whose brightness varies together, and labels of a softmax.

    Every byte is written, one after the other; random numbers are made by all cores meanwhile.
    """
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(12, FEATURES)).astype(np.float32)
    W = (rng.normal(size=(FEATURES, classes)) * SIGNAL / np.sqrt(FEATURES)).astype(np.float32)
    y = np.empty(m, np.uint8)

    def block(start: int) -> tuple[int, np.ndarray, np.ndarray]:
        drawn = np.random.default_rng((0, start))
        rows = min(BLOCK, m - start)
        z = bytes_as_noise(drawn, rows)
        z += drawn.standard_normal((rows, 12), np.float32) @ shape
        scores = z @ W + drawn.gumbel(size=(rows, classes))
        return start, np.clip(z * 30 + 128, 0, 255).astype(dtype), scores.argmax(axis=1)

    part, starts, ahead = path.with_suffix(".part"), range(0, m, BLOCK), os.cpu_count() or 1
    with part.open("wb") as file, ThreadPoolExecutor(ahead) as pool:
        header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (m, FEATURES)}
        np.lib.format.write_array_header_1_0(file, header)
        for first in range(0, len(starts), ahead):
            for start, X, labels in pool.map(block, starts[first : first + ahead]):
                file.write(X.data)
                y[start : start + len(X)] = labels
        file.flush()
        os.fsync(file.fileno())
    np.save(path.with_suffix(".y.npy"), y)
    part.replace(path)


def bytes_as_noise(rng: np.random.Generator, rows: int) -> np.ndarray:
    """(rows, 784) of mean 0 and deviation 1: sums of two random bytes, for these come fast."""
    pairs = np.frombuffer(rng.bytes(2 * rows * FEATURES), np.uint8).reshape(2, rows, FEATURES)
    noise = pairs[0] + pairs[1].astype(np.float32)
    noise -= 255
    noise /= np.float32(np.sqrt(2 * (256**2 - 1) / 12))
    return noise


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
    """Bytes a second of direct reads in order, past the system's cache where the disk has them."""
    drop(path)
    buffer, done = mmap.mmap(-1, 1 << 25), 0
    try:
        file = os.open(path, os.O_RDONLY | os.O_DIRECT)
    except OSError:  # a file system without direct reads
        file = os.open(path, os.O_RDONLY)
    began = time.perf_counter()
    try:
        while done < most and (got := os.readv(file, [buffer])):
            done += got
    finally:
        os.close(file)
    return done / (time.perf_counter() - began)


def fit(path: Path, options: argparse.Namespace) -> dict[str, Any]:
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
    solved, rows = model.solution_, seen[0] if seen else None
    told = {
        "bytes": X.nbytes,
        "solver": solved.solver,
        "status": str(solved.status),
        "reads": round(solved.passes + solved.surveyed, 2),
        "from_disk_gb": (X.nbytes if rows is None else rows.fetched) / 1e9,
        "resident_gb": (X.nbytes if rows is None else rows.resident) / 1e9,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "gb_per_second": (0 if rows is None else rows.fetched) / seconds / 1e9,
        "private_gb": most[0] / 1e9,
        "gap": solved.gap,
        "gap_kind": solved.gap_kind,
        "objective": solved.objective,
    }
    if options.parameters is not None:
        np.save(options.parameters, np.append(model.coef_, model.intercept_))
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


def in_a_process(asked: dict[str, Any], limit: int | None) -> dict[str, Any]:
    """A fit in a process of its own, under a limit of memory: what `fit` tells; asked by name."""
    with memory_group(limit) as members:

        def join() -> None:
            if members is not None:
                members.write_text(str(os.getpid()))

        command = [sys.executable, __file__, "--inside", json.dumps(asked)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=join
        )  # one thread is alive
    return dict(json.loads(done.stdout.splitlines()[-1]))


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
    parser.add_argument("--inside", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.scaling = "standard" if options.standard else 1 / 255
    options.parameters = None
    if options.inside is not None:
        vars(options).update(options.inside)
        sys.stdout.write("\n" + json.dumps(fit(Path(options.path), options)))
        return
    m = int(options.gb * 1e9) // (FEATURES * np.dtype(options.dtype).itemsize)
    path = options.folder / f"onelayer-{m}-{options.dtype}-{options.classes}.npy"
    if not path.exists():
        make(path, m, options.dtype, options.classes)
    limit = None if options.limit is None else memory_budget(options.limit)
    before = bandwidth(path)
    asked = {name: getattr(options, name) for name in ("memory", "tol", "scaling", "check")}
    told = in_a_process({"path": str(path), **asked}, limit)
    for name, value in told.items():
        sys.stdout.write(f"{name}: {value}\n")
    sys.stdout.write(f"direct reads: {before / 1e9:.2f} then {bandwidth(path) / 1e9:.2f} GB/s\n")
    if options.remove:
        path.unlink()
        path.with_suffix(".y.npy").unlink()


if __name__ == "__main__":
    main()
