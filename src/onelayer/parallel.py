"""The one thread pool: a fixed partition of the rows, results in order.

The partition follows from the data alone, never from the number of threads, so that sums are the
same bytes on any machine. Tasks must release the GIL and must not call BLAS.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TypeVar

T = TypeVar("T")

TASKS = 32  # guard: at most; enough for 8 to 16 threads of uneven speed
LIMITS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "LOKY_MAX_CPU_COUNT")  # joblib sets these

_pool: ThreadPoolExecutor | None = None
_lock = Lock()
_alone = ContextVar("alone", default=False)


def partition(
    m: int, data_bytes: int, result_bytes: int, limit: int = TASKS
) -> list[tuple[int, int]]:
    """Ranges of rows: as many tasks as keep the work on results small beside that on data."""
    worth = data_bytes // (4 * max(result_bytes, 1 << 14))
    tasks = max(1, min(limit, worth, m // 16))
    edges = [m * task // tasks for task in range(tasks + 1)]
    return list(pairwise(edges))


def run(function: Callable[[int, int], T], ranges: list[tuple[int, int]]) -> list[T]:
    """Call function(start, stop) for each range, on all threads; the results in order."""
    if len(ranges) == 1 or thread_count() == 1 or _alone.get():
        return [function(start, stop) for start, stop in ranges]
    futures = [_executor().submit(function, start, stop) for start, stop in ranges]
    try:
        return [future.result() for future in futures]
    except BaseException:
        _cancel(futures)
        raise


@contextmanager
def in_this_thread() -> Iterator[None]:
    """Call everything here, one range after the other: this thread is one of many at work."""
    before = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(before)


@cache
def thread_count() -> int:
    """Threads: what affinity, the control group and the variables that joblib sets all allow."""
    limits = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()]
    limits += [int(os.environ[name]) for name in LIMITS if os.environ.get(name, "").isdigit()]
    limits.append(_cgroup_cores())
    return max(1, min(limit for limit in limits if limit))


def _cgroup_cores() -> int | None:
    """The control group's CPU quota in whole cores (cgroup v2), where there is one."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else max(1, int(quota) // int(period))


def _executor() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(thread_count(), thread_name_prefix="onelayer")
        return _pool


def _cancel(futures: list[Future[T]]) -> None:
    for future in futures:
        future.cancel()


def _forget() -> None:
    """A forked child has none of its parent's threads."""
    global _pool, _lock
    _pool, _lock = None, Lock()
    thread_count.cache_clear()


if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(after_in_child=_forget)
