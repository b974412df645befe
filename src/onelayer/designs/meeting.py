"""Several problems, each in a thread of its own, that wait for one another before each read.

A problem that asks waits until every other one that is present asks too. Whoever comes last has all
of them answered: one read serves them all, and each believes that it is alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, Generic, TypeVar

from onelayer.designs.passes import SharingEndedError

A = TypeVar("A")


@dataclass(eq=False)
class Meeting(Generic[A]):
    """Where `present` problems, each with a number, wait for one another.

    answered: what those that ask at one time are told, by their numbers, from what they ask.
    """

    present: int
    answered: Callable[[dict[int, A]], dict[int, Any]]
    _asked: dict[int, A] = field(default_factory=dict)
    _answers: dict[int, Any] = field(default_factory=dict)
    _ended: BaseException | None = None
    _condition: Condition = field(default_factory=Condition)

    def ask(self, number: int, asked: A) -> Any:
        """The answer to this, once every problem that is still present has asked.

        Raises
        ------
        SharingEndedError
            Once this is closed, or a read has failed: the cause says why.
        """
        with self._condition:
            self._asked[number] = asked
            self._answer_if_complete()
            self._condition.wait_for(lambda: self._ended is not None or number in self._answers)
            if self._ended is not None:
                raise SharingEndedError from self._ended
            return self._answers.pop(number)

    def leave(self) -> None:
        """One problem is done: the others wait for it no longer."""
        with self._condition:
            self.present -= 1
            self._answer_if_complete()

    def close(self, why: BaseException) -> None:
        """Nobody gets an answer any more: after an error or Ctrl-C all shall end at once."""
        with self._condition:
            self._ended = self._ended or why
            self._condition.notify_all()

    def _answer_if_complete(self) -> None:
        """Have all answered; an error is everybody's, and not that of whoever came last."""
        if not self._asked or len(self._asked) < self.present or self._ended is not None:
            return
        asked, self._asked = self._asked, {}
        try:
            self._answers |= self.answered({number: asked[number] for number in sorted(asked)})
        except BaseException as error:  # noqa: BLE001 - every problem that waits shall hear of it
            self._ended = error
        self._condition.notify_all()
