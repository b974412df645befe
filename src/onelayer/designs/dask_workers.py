"""Who computes for a fit on collections of Dask: the workers of a cluster, or this process.

A cluster is Dask's own: no network, no process and no collective of ours. Each pass is a handful of
ordinary tasks. What was lost with a worker is built again by others from the collection's graph,
and the tasks that needed it run again; nobody waits for anybody else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pickle import loads
from typing import Any, Self, final

from onelayer.designs.fixed_tree import FixedTree, Join
from onelayer.designs.task_words import Hear, Saying, heard_here

Visit = Callable[[int, Any], Any]
"""A group's number and the group to what is asked of it."""


class Workers(ABC):
    """Where tasks run. What they give stays there, spoken of by a handle, until this is closed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    @abstractmethod
    def in_words(self) -> str:
        """Who they are."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything: workers keep nothing of it."""

    @abstractmethod
    def compute(self, parts: Sequence[Any], function: Callable[[Any], Any]) -> list[Any]:
        """Handles of what `function` makes of each part of a collection."""

    @abstractmethod
    def put(self, function: Callable[..., Any], asked: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Handles of function(*arguments) for each; lists of handles are what they stand for."""

    @abstractmethod
    def sent(self, function: Any) -> Any:
        """A function as bytes, or a handle of them, for tasks that call `unpickled` on it.

        It is pickled once for all of them, whole: arrays that Dask sends by itself may come to lie
        at odd places, where their products are rounded otherwise.
        """

    @abstractmethod
    def get(self, handles: Sequence[Any]) -> list[Any]:
        """What these stand for, here."""

    @abstractmethod
    def listening(self, hear: Hear) -> AbstractContextManager[Saying]:
        """What a task may call while it is at work, and `hear` is told here."""

    @abstractmethod
    def visit(self, groups: Sequence[Any], ask: Visit, join: Join) -> Any:
        """What all groups answer, joined in a `FixedTree`."""


@final
class ThisProcess(Workers):
    """No cluster: Dask's local scheduler computes the collections, which stay in memory here."""

    in_words = "this process, as there is no client of a cluster"

    def close(self) -> None:
        """Memory is let go of by itself."""

    def compute(self, parts: Sequence[Any], function: Callable[[Any], Any]) -> list[Any]:
        """By whichever scheduler Dask is set to."""
        import dask

        made = dask.delayed(function, pure=False)
        return list(dask.compute(*[made(part) for part in parts]))

    def put(self, function: Callable[..., Any], asked: Iterable[tuple[Any, ...]]) -> list[Any]:
        """At once."""
        return [function(*arguments) for arguments in asked]

    def sent(self, function: Any) -> Any:
        """Pickled as on a cluster, so that its arrays lie as there."""
        from cloudpickle import dumps

        return dumps(function)

    def get(self, handles: Sequence[Any]) -> list[Any]:
        """Themselves."""
        return list(handles)

    def listening(self, hear: Hear) -> AbstractContextManager[Saying]:
        """At once."""
        return heard_here(hear)

    def visit(self, groups: Sequence[Any], ask: Visit, join: Join) -> Any:
        """One after the other."""
        tree, ask = FixedTree(len(groups), join), unpickled(self.sent(ask))
        tree.add_all((0, number, ask(number, group)) for number, group in enumerate(groups))
        return tree.whole


def unpickled(sent: bytes) -> Any:
    """What was `sent`, where a task needs it."""
    return loads(sent)  # noqa: S301 - the client's own, which Dask would unpickle itself
