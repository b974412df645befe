"""A child process that holds one contender: a peer that hangs or dies costs a row, not the run."""

from __future__ import annotations

import multiprocessing as mp
import os
import resource
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import contenders
import rows
from fitting import Bench, Fit

MEMORY = 14 << 30  # bytes of address space a contender may take: it dies, the machine lives
LOADING = 120.0  # seconds to import a library and read the data


class LostError(RuntimeError):
    """The contender failed, died or ran out of time; the text is the mark it gets."""


class Worker:
    """One contender on one problem; started when first asked, and again after a loss."""

    def __init__(self, contender: str, problem: str) -> None:
        self.names = (contender, problem)
        self.process: Any = None
        self.pipe: Any = None

    def fit(self, tol: float | None, limit: float) -> Fit:
        """One timed fit; raises LostError after `limit` seconds."""
        return self._ask(("fit", tol), limit)

    def fit_cold(self, tol: float | None, limit: float) -> tuple[Fit, float]:
        """The same in a fresh process, with the peak of memory above the input in bytes."""
        return self._ask(("cold", tol), limit)

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
        self.process = self.pipe = None

    def _ask(self, request: tuple[str, float | None], limit: float) -> Any:
        try:
            if self.process is None:
                self._start()
            self.pipe.send(request)
            return self._answer(limit)
        except (EOFError, ConnectionError) as error:
            self.process.join()
            code = self.process.exitcode
            self.close()
            raise LostError(f"the process died, exit code {code}") from error

    def _start(self) -> None:
        context = mp.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, *self.names), daemon=True)
        self.process.start()
        theirs.close()
        self._answer(LOADING)

    def _answer(self, limit: float) -> Any:
        if not wait([self.pipe, self.process.sentinel], limit):
            self.close()
            raise LostError(f"more than {limit:g} s")
        kind, answer = self.pipe.recv()
        if kind == "failed":
            self.close()
            raise LostError(answer)
        return answer


def _serve(pipe: Connection, contender: str, problem: str) -> None:
    """Load once, then fit as often as asked."""
    _quiet()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        bench = Bench(contenders.find(contender), rows.find(problem).load())
        pipe.send(("ready", None))
        while True:
            kind, tol = pipe.recv()
            pipe.send(("done", bench.fit(tol) if kind == "fit" else _cold(bench, tol)))
    except EOFError:
        return
    except Exception as error:  # whatever a peer raises is its mark
        pipe.send(("failed", f"{type(error).__name__}: {error}"[:200]))


def _cold(bench: Bench, tol: float | None) -> tuple[Fit, float]:
    """A fit, and the most memory held during it beyond what was held before."""
    before = reset_peak()
    fit = bench.fit(tol)
    return fit, peak() - before


def reset_peak() -> float:
    """Let the high-water mark begin anew (Linux); resident bytes now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def peak() -> float:
    """The high-water mark of resident bytes since `reset_peak`."""
    return _memory("VmHWM")


def _memory(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(field))
    return 1024.0 * int(line.split()[1])


def _quiet() -> None:
    """Peers print banners and warnings past Python's streams."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
