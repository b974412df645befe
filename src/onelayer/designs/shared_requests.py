"""One read of rows on a cluster for several problems at once, each in a thread of its own.

A problem that asks waits until every other one that is present asks too. Whoever comes last makes
the read: each group answers all of them while it is in the cache. What a problem is told is what it
would be told alone, to the last bit, for its answers are joined by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, get_ident
from typing import Any

from onelayer.designs.fixed_tree import Join
from onelayer.designs.passes import SharingEndedError
from onelayer.designs.rows_on_cluster import RowGroup, RowsOnCluster

Asked = tuple[Callable[[int, RowGroup], Any], Join]
"""What a group is asked, and how two answers become one."""


@dataclass(eq=False)
class SharedRequests:
    """Where `present` problems, each a thread, wait for one another."""

    X: RowsOnCluster
    present: int
    _asked: dict[int, Asked] = field(default_factory=dict)
    _answers: dict[int, tuple[Any, int]] = field(default_factory=dict)
    _ended: BaseException | None = None
    _condition: Condition = field(default_factory=Condition)

    def ask(self, asked: Asked) -> tuple[Any, int]:
        """The answer of all groups, and how many problems the read has served."""
        me = get_ident()
        with self._condition:
            self._asked[me] = asked
            self._read_if_complete()
            self._condition.wait_for(lambda: self._ended is not None or me in self._answers)
            if self._ended is not None:
                raise SharingEndedError from self._ended
            return self._answers.pop(me)

    def leave(self) -> None:
        """One problem is done: the others wait for it no longer."""
        with self._condition:
            self.present -= 1
            self._read_if_complete()

    def close(self, why: BaseException) -> None:
        """Nobody gets an answer any more: after an error or Ctrl-C all shall end at once."""
        with self._condition:
            self._ended = self._ended or why
            self._condition.notify_all()

    def _read_if_complete(self) -> None:
        if not self._asked or len(self._asked) < self.present or self._ended is not None:
            return
        waiting, self._asked = self._asked, {}
        asks, joins = zip(*waiting.values(), strict=True)

        def ask(number: int, group: RowGroup) -> list[Any]:
            return [one(number, group) for one in asks]

        def join(some: list[Any], others: list[Any]) -> list[Any]:
            return [one(*both) for one, *both in zip(joins, some, others, strict=True)]

        answers = [(answer, len(waiting)) for answer in self.X.visit(ask, join)]
        self._answers |= dict(zip(waiting, answers, strict=True))
        self._condition.notify_all()
