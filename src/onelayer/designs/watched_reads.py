"""What is told of long reads while they are under way: which read it is, how fast, what is left.

Whoever shows it opens a watch; reads of rows on disk and the loop of solvers report to it. Nothing
depends on what is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter

SURE = 2  # guard: steps from which on what is left is estimated


@dataclass
class ReadsWatch:
    """Reads of rows on disk, one after the other.

    Attributes
    ----------
    tell
        Called with this watch after each group of rows.
    read
        Which read of all rows is under way, counted from 1.
    rows, of_rows
        How many rows of it are done, of how many.
    fetched
        Bytes that this read has taken from the file; what stays in memory is not read again.
    steps
        Of the solver: how many reads had begun after each, and the gap, relative.
    tol
        The gap at which it stops.
    """

    tell: Callable[[ReadsWatch], None]
    read: int = 0
    rows: int = 0
    of_rows: int = 0
    fetched: int = 0
    steps: list[tuple[int, float]] = field(default_factory=list)
    tol: float = 0.0
    _began: float = 0.0

    def begin(self, of_rows: int) -> None:
        """A read begins."""
        self.read, self.rows, self.of_rows, self.fetched = self.read + 1, 0, of_rows, 0
        self._began = perf_counter()

    def saw(self, rows: int, fetched: int) -> None:
        """So many of its rows are done, of which so many bytes came from the file."""
        self.rows, self.fetched = rows, fetched
        self.tell(self)

    def step(self, gap: float, tol: float, *, first: bool) -> None:
        """The solver has made a step, to this gap; `first` where it begins."""
        if first:
            self.steps = []
        self.steps.append((self.read, gap))
        self.tol = tol

    @property
    def reads_left(self) -> int | None:
        """How many reads are left, about, if the gap shrinks as it did; None: nobody can say."""
        if len(self.steps) < SURE or not self.tol > 0:
            return None
        first, before = self.steps[0]
        now, last = min((gap, read) for read, gap in self.steps)
        shrunk = math.log(before / now) if 0 < now < before < math.inf else 0.0
        if shrunk <= 0:
            return None
        each = (last - first) / shrunk
        return max(0, math.ceil(each * math.log(max(now / self.tol, 1.0))) - (self.read - last))

    @property
    def in_words(self) -> str:
        """As a terminal shows it."""
        seconds = perf_counter() - self._began
        said = [f"read {self.read}"]
        if self.fetched and seconds > 0:
            said.append(f"{self.fetched / seconds / 1e9:.2f} GB/s")
        if self.steps and math.isfinite(self.steps[-1][1]):
            said.append(f"gap {self.steps[-1][1]:.0e}")
        left = self.reads_left
        if left:
            said.append(f"about {left} {'read' if left == 1 else 'reads'} left")
        return ", ".join(said)


_WATCH: ContextVar[ReadsWatch | None] = ContextVar("_WATCH", default=None)


@contextmanager
def reads_watched(tell: Callable[[ReadsWatch], None]) -> Iterator[ReadsWatch]:
    """Within it, reads of rows on disk are told of."""
    watch = ReadsWatch(tell)
    before = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(before)


def watched() -> ReadsWatch | None:
    """The watch that is open, if any."""
    return _WATCH.get()
