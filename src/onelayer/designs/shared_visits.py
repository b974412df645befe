"""One read of rows for several problems at once, each in a thread of its own.

A problem that begins a read waits until every other one that is present begins one too. Each is
then shown every group of rows while it is in memory, one after the other, and the next group comes
when all are done with it. So whatever a solver asks for, in whatever precision, is asked in the
same read, and it believes that it is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Condition, Lock
from typing import TYPE_CHECKING

import numpy as np

from onelayer.designs.passes import SharingEndedError

if TYPE_CHECKING:
    from onelayer.designs.rows_on_disk import RowsOnDisk

Group = tuple[int, slice, np.ndarray]
"""Its number, its rows, and X there."""


@dataclass(eq=False)
class SharedVisits:
    """Where `present` problems wait for one another.

    sharing: how many take part in the read that is on; reads: how many there have been.
    """

    X: RowsOnDisk
    present: int
    sharing: int = 0
    reads: int = 0
    _waiting: int = 0
    _busy: int = 0
    _shown: int = 0
    _group: Group | None = None
    _groups: Iterator[Group] = field(default_factory=lambda: iter(()))
    _ended: BaseException | None = None
    _condition: Condition = field(default_factory=Condition)
    _alone: Lock = field(default_factory=Lock)

    def visit(self) -> Iterator[Group]:
        """Each group in order, as `RowsOnDisk.visit` has it, once all that are present ask."""
        with self._condition:
            before = self.reads
            self._waiting += 1
            self._begin_if_complete()
            self._wait_until(lambda: self.reads > before)
        while self._group is not None:
            with self._alone:  # one computes at a time: the pool of threads is one
                yield self._group
            self._go_on()

    def leave(self) -> None:
        """One problem is done: the others wait for it no longer."""
        with self._condition:
            self.present -= 1
            self._begin_if_complete()

    def close(self, why: BaseException) -> None:
        """Nobody is shown anything any more: after an error or Ctrl-C all shall end at once."""
        with self._condition:
            self._ended = self._ended or why
            self._condition.notify_all()

    def _begin_if_complete(self) -> None:
        if self._waiting and self._waiting == self.present:
            self.sharing, self._waiting = self._waiting, 0
            self.reads += 1
            self._groups = self.X.visit()
            self._show_next()

    def _go_on(self) -> None:
        with self._condition:
            shown = self._shown
            self._busy -= 1
            if self._busy == 0:
                self._show_next()
            self._wait_until(lambda: self._shown > shown)

    def _show_next(self) -> None:
        try:
            self._group = next(self._groups, None)
        except BaseException as error:  # noqa: BLE001 - every problem that waits shall hear of it
            self._ended = error
        self._busy = self.sharing
        self._shown += 1
        self._condition.notify_all()

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        self._condition.wait_for(lambda: self._ended is not None or ready())
        if self._ended is not None:
            raise SharingEndedError from self._ended
