"""Dask: where its tasks run, and what collections consist of.

Nothing else imports it but `clusters.py`, which opens a cluster.

A cluster is Dask's own: no network, no process and no collective of ours. Each pass is a handful of
ordinary tasks. What was lost with a worker is built again by others from the collection's graph,
and the tasks that needed it run again; nobody waits for anybody else.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager
from pickle import loads
from time import monotonic
from typing import Any, Self, final
from uuid import uuid4
from weakref import WeakSet

import numpy as np

from onelayer.designs.fixed_tree import Branch, FixedTree, Join
from onelayer.designs.same_versions import NEEDED, require_same, versions_here, versions_there
from onelayer.errors import UsageError, WorkersLostError
from onelayer.parallel import in_this_thread
from onelayer.words import count_of

POLL = 5.0  # guard: seconds between two looks at whether there are workers
PATIENCE = 30.0  # guard: seconds without any; one that restarts is back within a few
TASKS = 2  # guard: a thread and pass; of more than one, that threads of uneven speed are all busy
MESSAGE = 64  # guard: tasks that are sent together, some with labels of their rows
AT_ONCE = 1 << 26  # guard: bytes of answers that come here together; more are joined on workers
SCATTERED = (
    "Part of the data was lost with a worker and cannot be built again: it was scattered, or is a "
    "future whose graph is gone. Give collections that are computed from where the data lie "
    "(files, from_array), or replicate what was scattered"
)

Visit = Callable[[int, Any], Any]
"""A group's number and the group to what is asked of it."""


def workers_of(client: Any = None) -> Workers:
    """Those of a client, or of the one that Dask has as its default; else this process."""
    distributed = sys.modules.get("distributed")  # else there is no client
    if client is None and distributed is not None:
        try:
            client = distributed.Client.current()
        except ValueError:
            return ThisProcess()
    if client is not None and client.asynchronous:
        raise UsageError("The client is asynchronous, and a fit waits: give a Client() that is not")
    return ThisProcess() if client is None else ClusterWorkers(client)


def is_collection(given: Any) -> bool:
    """Whether this is a collection of Dask: an array, a frame or a column of one."""
    dask = sys.modules.get("dask")  # else there are none
    return dask is not None and bool(dask.is_dask_collection(given))


def is_delayed(given: Any) -> bool:
    """Whether this is a delayed value, of which nothing is known before it is computed."""
    from dask.delayed import Delayed

    return isinstance(given, Delayed)


def parts_of(collection: Any) -> list[Any]:
    """The partitions of a collection in order, rows whole, as delayed values."""
    if hasattr(collection, "rechunk"):
        collection = collection.rechunk(dict.fromkeys(range(1, collection.ndim), -1))
        return list(collection.to_delayed(optimize_graph=False).ravel())
    return list(collection.to_delayed())


def columns_of(collection: Any) -> Any:
    """What tells the names and types of columns: an empty frame, or an empty array."""
    return getattr(collection, "_meta", collection)


def mapped(
    collection: Any, function: Callable[[Any], np.ndarray], width: int | None, dtype: np.dtype
) -> Any:
    """A Dask array, still to be computed: what `function` makes of each partition.

    It has a row for each row, and `width` columns; None: it is a vector.
    """
    import dask.array as da
    from dask import delayed

    parts, made = parts_of(collection), delayed(function, pure=False)
    known = hasattr(collection, "rechunk")
    lengths = collection.chunks[0] if known else [np.nan] * len(parts)
    beyond = () if width is None else (width,)
    arrays = [
        da.from_delayed(made(part), shape=(length, *beyond), dtype=dtype)
        for part, length in zip(parts, lengths, strict=True)
    ]
    return da.concatenate(arrays, axis=0, allow_unknown_chunksizes=True)


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
    def get(self, handles: Sequence[Any]) -> list[Any]:
        """What these stand for, here."""

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

    def get(self, handles: Sequence[Any]) -> list[Any]:
        """Themselves."""
        return list(handles)

    def visit(self, groups: Sequence[Any], ask: Visit, join: Join) -> Any:
        """One after the other; what is asked lies in memory as on a cluster: rounded alike."""
        from cloudpickle import dumps

        tree, ask = FixedTree(len(groups), join), _unpickled(dumps(ask))
        tree.add_all((0, number, ask(number, group)) for number, group in enumerate(groups))
        return tree.whole


@final
class ClusterWorkers(Workers):
    """The workers of a client's cluster."""

    def __init__(self, client: Any) -> None:
        self.client, self.name = client, f"onelayer-{uuid4().hex[:12]}"
        self.calls, self.seen = 0, monotonic()
        self.held: WeakSet[Any] = WeakSet()
        self._require_connection()
        self._require_versions()
        self._one_blas_thread()

    @property
    def in_words(self) -> str:
        """How many there are now."""
        return count_of(len(self.client.nthreads()), "workers")

    def ask(self, function: Callable[..., Any], asked: Iterable[tuple[Any, ...]]) -> list[Any]:
        """function(*arguments) for each, here, once all are done; it is sent once."""
        from cloudpickle import dumps

        (there,) = self.put(_same, [(dumps(function),)])
        return self.get(self.put(_called, [(there, *arguments) for arguments in asked]))

    def close(self) -> None:
        """At once, for an exception may hold futures for long."""
        for future in list(self.held):
            future.release()

    def compute(self, parts: Sequence[Any], function: Callable[[Any], Any]) -> list[Any]:
        """Futures, in the graph of their collection: what is lost is computed again."""
        from dask import delayed

        made = delayed(function, pure=False)
        futures = list(self.client.compute([made(part) for part in parts], optimize_graph=True))
        self.held.update(futures)
        return futures

    def put(self, function: Callable[..., Any], asked: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Futures, of a message or a few to the scheduler."""
        import dask

        arguments = list(zip(*asked, strict=True))
        if not arguments:
            return []
        name, first = function.__name__.strip("_"), self.calls
        self.calls += len(arguments[0])
        keys = [f"{self.name}-{name}-{number}" for number in range(first, self.calls)]
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            futures: list[Any] = self.client.map(
                function, *arguments, key=keys, pure=False, batch_size=MESSAGE
            )
        self.held.update(futures)
        return futures

    def get(self, handles: Sequence[Any]) -> list[Any]:
        """Once they are there; looks now and then whether anybody is still at work.

        Raises
        ------
        WorkersLostError
            When no worker is left, the scheduler is gone, or what was lost cannot be built again.
        """
        from asyncio import run_coroutine_threadsafe

        async def gathered() -> Any:
            return await self.client.gather(list(handles), asynchronous=True)

        self._settle(handles)
        with self._losses_named():
            coming = run_coroutine_threadsafe(gathered(), self.client.loop.asyncio_loop)
            try:
                while not wait([coming], timeout=POLL).done:
                    self._require_workers()
                return list(coming.result())
            finally:
                coming.cancel()

    def visit(self, groups: Sequence[Any], ask: Visit, join: Join) -> Any:
        """At most two tasks a thread, where the groups are; what is asked is sent once.

        It is sent as a task of its own, so that it too can be built again, and as bytes: arrays
        that Dask sends may come to lie at odd places, where their products are rounded otherwise.
        """
        from cloudpickle import dumps

        (asked,) = self.put(_same, [(dumps(ask),)])
        self._settle(groups)  # else nobody knows where they will be, and they would be sent about
        parts, versions = len(groups), versions_here()
        visits = [
            (versions, asked, numbers, [groups[i] for i in numbers], parts, join)
            for numbers in self._by_place(groups)
        ]
        tasks, tree = self.put(_visited, visits), FixedTree(parts, join)
        for branches in self.get(self._few(tasks, parts, join)):
            tree.add_all(branches)
        return tree.whole

    def _few(self, tasks: list[Any], parts: int, join: Join) -> list[Any]:
        """Answers that are small enough to come here: large ones in twos on workers, and so on."""
        self._settle(tasks)
        sizes = self.client.nbytes([task.key for task in tasks])
        if len(tasks) == 1 or sum(sizes.values()) <= AT_ONCE:
            return tasks
        pairs = [(tasks[i : i + 2], parts, join) for i in range(0, len(tasks), 2)]
        return self._few(self.put(_joined, pairs), parts, join)

    def _settle(self, handles: Sequence[Any]) -> None:
        """Wait until all have been made, or have failed."""
        from distributed import wait as wait_for

        with self._losses_named(), self.client.as_current():
            done = None
            while done is None:
                try:
                    done = wait_for(list(handles), timeout=POLL)
                except TimeoutError:
                    self._require_workers()

    @contextmanager
    def _losses_named(self) -> Iterator[None]:
        """Say in words why something cannot be had any more."""
        from distributed import KilledWorker

        try:
            yield
        except CancelledError as error:
            self._require_workers()
            raise WorkersLostError(SCATTERED) from error
        except KilledWorker as error:
            raise WorkersLostError(f"One task killed worker after worker: {error}") from error

    def _by_place(self, groups: Sequence[Any]) -> Iterator[list[int]]:
        """Numbers of groups for each task: neighbours, of those that lie on one worker.

        Of several that have a group it is the one with least to do, and of a group that nobody has
        any more the one with least of all.
        """
        holders, threads = self.client.who_has(list(groups)), self.client.nthreads() or {"": 1}
        at: dict[str, list[int]] = {worker: [] for worker in threads}
        for number, group in enumerate(groups):
            able = [worker for worker in holders.get(group.key, ()) if worker in at] or list(at)
            at[min(able, key=lambda worker: len(at[worker]) / threads[worker])].append(number)
        for worker, numbers in at.items():
            tasks = min(len(numbers), TASKS * threads[worker])
            for some in np.array_split(numbers, max(1, tasks)):
                if len(some):
                    yield some.tolist()

    def _require_workers(self) -> None:
        """Somebody is there, or was half a minute ago."""
        self._require_connection()
        if self.client.nthreads():
            self.seen = monotonic()
        elif monotonic() - self.seen > PATIENCE:
            raise WorkersLostError(
                f"The cluster has had no worker for {PATIENCE:.0f} s: start some, and fit again"
            )

    def _require_connection(self) -> None:
        if self.client.status != "running":
            raise WorkersLostError(
                f"The connection to Dask's scheduler is {self.client.status}: start the cluster "
                "again, and fit with a client of it"
            )

    def _require_versions(self) -> None:
        """Every worker has what this process has; one that joins later is asked by its tasks."""
        for worker, found in self.client.run(versions_there(NEEDED)).items():
            require_same(versions_here(), found, worker)

    def _one_blas_thread(self) -> None:
        """Set once for each worker's process, later ones too: tasks are as many as its threads."""
        from distributed import WorkerPlugin

        class OneBlasThread(WorkerPlugin):
            """Its tasks are fitting threads, each with one thread of BLAS."""

            name = "onelayer-one-blas-thread"
            idempotent = True

            def setup(self, worker: Any) -> None:
                if not worker.address.startswith("inproc"):
                    from threadpoolctl import threadpool_limits

                    threadpool_limits(1, "blas")

        self.client.register_plugin(OneBlasThread())


def _same(ask: bytes) -> bytes:
    return ask


def _called(function: bytes, *arguments: Any) -> Any:
    return _unpickled(function)(*arguments)


def _unpickled(ask: bytes) -> Visit:
    """What a fit has asked for."""
    visit: Visit = loads(ask)  # noqa: S301 - the client's own, which Dask would unpickle itself
    return visit


def _visited(
    versions: dict[str, str],
    pickled: bytes,
    numbers: list[int],
    groups: list[Any],
    parts: int,
    join: Join,
) -> list[Branch]:
    """On a worker: what these groups answer, joined as far as they are neighbours."""
    require_same(versions, versions_here(), "a worker that joined later")
    tree, ask = FixedTree(parts, join), _unpickled(pickled)
    with in_this_thread():  # one of as many as the worker was given
        tree.add_all((0, *one) for one in zip(numbers, map(ask, numbers, groups), strict=True))
    return tree.branches


def _joined(answers: list[list[Branch]], parts: int, join: Join) -> list[Branch]:
    """On a worker: answers of several tasks, joined as far as they are neighbours."""
    tree = FixedTree(parts, join)
    for branches in answers:
        tree.add_all(branches)
    return tree.branches
