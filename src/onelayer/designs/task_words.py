"""What a long task says while it is at work, to whoever waits for its answer.

On a cluster the words wait with the worker until they are asked for; the latest of each kind stand.
A task that nobody waits for any more, after Ctrl-C or when a client has died, ends at its next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, final
from uuid import uuid4

Hear = Callable[..., None]
"""A kind of word and its values to whoever wants to know."""

_lock = Lock()
_listeners: dict[str, Hear] = {}
_waiting: dict[str, dict[str, tuple[Any, ...]]] = {}
_over: set[str] = set()


class TaskUnwantedError(Exception):
    """Nobody waits for a task's answer any more."""


@final
@dataclass(frozen=True)
class Saying:
    """Sent with a task, which calls it with a kind of word and small values."""

    topic: str

    def __call__(self, kind: str, *values: Any) -> None:
        """Heard at once in the process that listens; on a worker once it is asked for."""
        listener = _listeners.get(self.topic)
        if listener is not None:
            listener(kind, *values)
        else:
            wanted = _is_wanted()
            with _lock:
                if self.topic in _over or not wanted:
                    _waiting.pop(self.topic, None)
                    raise TaskUnwantedError
                _waiting.setdefault(self.topic, {})[kind] = values


def new_saying() -> Saying:
    """Of a topic of its own."""
    return Saying(uuid4().hex)


@contextmanager
def heard_here(hear: Hear) -> Iterator[Saying]:
    """Yield what a task of this process calls, and `hear` is told at once."""
    saying = new_saying()
    _listeners[saying.topic] = hear
    try:
        yield saying
    finally:
        del _listeners[saying.topic]


def words_waiting(topic: str) -> dict[str, tuple[Any, ...]]:
    """On a worker: the latest of each kind that nobody was given yet; they are kept no longer."""
    with _lock:
        return _waiting.pop(topic, {})


def last_words(topic: str) -> dict[str, tuple[Any, ...]]:
    """On a worker: the same, and a task that has more to say ends."""
    with _lock:
        _over.add(topic)
        return _waiting.pop(topic, {})


def _is_wanted() -> bool:
    """Whether a client still knows the task of this thread."""
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is not None and task.state != "cancelled"
