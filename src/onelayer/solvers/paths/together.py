"""Problems that share reads, each solved in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from onelayer.designs.passes import SharingEndedError

T = TypeVar("T")


class Sharing(Protocol):
    """Where problems wait for one another: a `Meeting`, or `SharedVisits`."""

    def leave(self) -> None:
        """One problem is done."""

    def close(self, why: BaseException) -> None:
        """All shall end."""


def solved_together(solve: Callable[[int], T], count: int, sharing: Sharing) -> list[T]:
    """solve(number) for each number below `count`; an error of one, or Ctrl-C, ends all.

    What failed in a read is raised as it was, whichever problem had begun that read.
    """

    def one(number: int) -> T:
        try:
            found = solve(number)
        except BaseException as error:
            sharing.close(error)
            raise
        sharing.leave()
        return found

    with ThreadPoolExecutor(count, thread_name_prefix="onelayer-fold") as threads:
        waiting = [threads.submit(one, number) for number in range(count)]
        try:
            return [each.result() for each in waiting]
        except BaseException as error:
            sharing.close(error)
            if isinstance(error, SharingEndedError) and error.__cause__ is not None:
                raise error.__cause__ from None
            raise
