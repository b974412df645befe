"""A pass over groups on a cluster: which task visits which, and what a task does on its worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from onelayer.designs.dask_workers import unpickled
from onelayer.designs.fixed_tree import Branch, FixedTree, Join
from onelayer.designs.same_versions import require_same, versions_here
from onelayer.parallel import in_this_thread

TASKS = 2  # guard: a thread and pass; of more than one, that threads of uneven speed are all busy


class Share(NamedTuple):
    """Groups for one task, by their numbers, and the worker that should have them."""

    numbers: list[int]
    worker: str


class TaskSums(NamedTuple):
    """What a task answers: sums of groups, and whether all were visited where they should lie."""

    branches: list[Branch]
    in_place: bool


def shares(holders: Sequence[Sequence[str]], threads: Mapping[str, int]) -> Iterator[Share]:
    """Neighbours for each task, of those groups that lie on one worker: `TASKS` a thread at most.

    Of several that have a group it is the one with least to do, and of a group that nobody has any
    more the one with least of all.

    Parameters
    ----------
    holders
        Of each group.
    threads
        Of each worker that there is.
    """
    at: dict[str, list[int]] = {worker: [] for worker in threads or {"": 1}}
    for number, some in enumerate(holders):
        able = [worker for worker in some if worker in at] or list(at)
        at[min(able, key=lambda worker: len(at[worker]) / threads.get(worker, 1))].append(number)
    for worker, numbers in at.items():
        tasks = min(len(numbers), TASKS * threads.get(worker, 1))
        for part in np.array_split(numbers, max(1, tasks)):
            if len(part):
                yield Share(part.tolist(), worker)


def visited(
    versions: dict[str, str],
    sent: bytes,
    share: Share,
    groups: list[Any],
    parts: int,
    join: Join,
) -> TaskSums:
    """On a worker: what these groups answer, joined as far as they are neighbours."""
    from distributed import get_worker

    require_same(versions, versions_here(), "a worker that joined later")
    tree, ask = FixedTree(parts, join), unpickled(sent)
    with in_this_thread():  # one of as many as the worker was given
        answers = map(ask, share.numbers, groups)
        tree.add_all(zip(repeat(0), share.numbers, answers))
    return TaskSums(tree.branches, get_worker().address == share.worker)


def joined(some: list[TaskSums], parts: int, join: Join) -> TaskSums:
    """On a worker: answers of several tasks, joined as far as they are neighbours."""
    tree = FixedTree(parts, join)
    for told in some:
        tree.add_all(told.branches)
    return TaskSums(tree.branches, all(told.in_place for told in some))
