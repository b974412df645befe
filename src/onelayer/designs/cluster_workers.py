"""The workers of a Dask cluster: how tasks get there, and what happens when workers die.

What collections consist of is in `dask_collections.py`, what a pass does in `cluster_visits.py`,
how a cluster is opened in `clusters.py`: nothing else imports Dask.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, final
from uuid import uuid4
from weakref import WeakSet

from onelayer.designs.cluster_visits import Share, joined, shares, visited
from onelayer.designs.dask_workers import ThisProcess, Visit, Workers, unpickled
from onelayer.designs.fixed_tree import FixedTree, Join
from onelayer.designs.same_versions import NEEDED, require_same, versions_here, versions_there
from onelayer.designs.task_words import Hear, Saying, last_words, new_saying, words_waiting
from onelayer.errors import UsageError, WorkersLostError
from onelayer.words import count_of

POLL = 5.0  # guard: seconds between two looks at whether there are workers
HEARD = 1.0  # guard: the same where a task has something to say meanwhile
PATIENCE = 30.0  # guard: seconds without any; one that restarts is back within a few
MESSAGE = 64  # guard: tasks that are sent together, some with labels of their rows
AT_ONCE = 1 << 26  # guard: bytes of answers that come here together; more are joined on workers
IN_TASKS = 1 << 14  # guard: bytes of a function that goes with each task; a larger one has its own
PIECE = 1 << 22  # guard: bytes of a function that go in one task; Dask warns of more than 10 MB
SCATTERED = (
    "Part of the data was lost with a worker and cannot be built again: it was scattered, or is a "
    "future whose graph is gone. Give collections that are computed from where the data lie "
    "(files, from_array), or replicate what was scattered"
)
QUIET = {
    "distributed.admin.large-graph-warning-threshold": "1 TiB",
    "distributed.diagnostics.computations.nframes": 0,  # lines of source that a dashboard shows
}


def workers_of(client: Any = None) -> Workers:
    """Those of a client, or of the one that Dask has as its default; else this process."""
    distributed = sys.modules.get("distributed")  # else there is no client
    if client is None and distributed is not None:
        try:
            client = distributed.Client.current()
        except ValueError:
            return ThisProcess()
    if client is not None and not (distributed and isinstance(client, distributed.Client)):
        raise UsageError(
            f"client is a {type(client).__name__}: give a distributed.Client, as "
            "Client('tcp://127.0.0.1:8786')"
        )
    if client is not None and client.asynchronous:
        raise UsageError("The client is asynchronous, and a fit waits: give a Client() that is not")
    return ThisProcess() if client is None else ClusterWorkers(client)


@final
class ClusterWorkers(Workers):
    """The workers of a client's cluster."""

    def __init__(self, client: Any) -> None:
        self.client, self.name = client, f"onelayer-{uuid4().hex[:12]}"
        self.calls, self.seen = 0, monotonic()
        self.placed: tuple[list[str], list[Share]] | None = None
        self.held: WeakSet[Any] = WeakSet()
        self.listener: tuple[str, Hear] | None = None
        self._require_connection()
        self._require_versions()
        self._one_blas_thread()

    @property
    def in_words(self) -> str:
        """How many there are now."""
        return count_of(len(self.client.nthreads()), "workers")

    def ask(self, function: Callable[..., Any], asked: Iterable[tuple[Any, ...]]) -> list[Any]:
        """function(*arguments) for each, here, once all are done; it is sent once."""
        sent = self.sent(function)
        return self.get(self.put(_called, [(sent, *arguments) for arguments in asked]))

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
        with dask.config.set(QUIET):
            futures: list[Any] = self.client.map(
                function, *arguments, key=keys, pure=False, batch_size=MESSAGE
            )
        self.held.update(futures)
        return futures

    def sent(self, function: Any) -> Any:
        """A large one as a task of its own, so that it goes once, and can be built again."""
        from cloudpickle import dumps

        whole = dumps(function)
        if len(whole) <= IN_TASKS:
            return whole
        cuts = [(whole[start : start + PIECE],) for start in range(0, len(whole), PIECE)]
        (there,) = self.put(_in_one, [(self.put(_same, cuts),)])
        return there

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
                while not wait([coming], timeout=self._pause).done:
                    self._look()
                return list(coming.result())
            finally:
                coming.cancel()

    @contextmanager
    def listening(self, hear: Hear) -> Iterator[Saying]:
        """Every second of waiting, and at the end, be that Ctrl-C."""
        saying = new_saying()
        self.listener = saying.topic, hear
        try:
            yield saying
            self._hear(words_waiting)
        except BaseException:
            self._hear(last_words)
            raise
        finally:
            self.listener = None

    def visit(self, groups: Sequence[Any], ask: Visit, join: Join) -> Any:
        """At most two tasks a thread, where the groups are; what is asked is pickled once."""
        sent, parts, versions = self.sent(ask), len(groups), versions_here()
        visits = [
            (versions, sent, share, [groups[i] for i in share.numbers], parts, join)
            for share in self._shares(groups)
        ]
        tasks, tree = self.put(visited, visits), FixedTree(parts, join)
        for told in self.get(self._few(tasks, parts, join)):
            tree.add_all(told.branches)
            if not told.in_place:
                self.placed = None
        return tree.whole

    def _shares(self, groups: Sequence[Any]) -> list[Share]:
        """Which task visits what: asked for once, and again where a group was found elsewhere."""
        keys = [group.key for group in groups]  # not the groups, which would be kept by it
        if self.placed is None or self.placed[0] != keys:
            self._settle(groups)  # else nobody knows where they will be: they would be sent about
            found, threads = self.client.who_has(list(groups)), self.client.nthreads()
            self.placed = keys, list(shares([found.get(key, ()) for key in keys], threads))
        return self.placed[1]

    def _few(self, tasks: list[Any], parts: int, join: Join) -> list[Any]:
        """Answers that are small enough to come here: large ones in twos on workers, and so on."""
        self._settle(tasks)
        sizes = self.client.nbytes([task.key for task in tasks])
        if len(tasks) == 1 or sum(sizes.values()) <= AT_ONCE:
            return tasks
        pairs = [(tasks[i : i + 2], parts, join) for i in range(0, len(tasks), 2)]
        return self._few(self.put(joined, pairs), parts, join)

    def _settle(self, handles: Sequence[Any]) -> None:
        """Wait until all have been made, or have failed."""
        from distributed import wait as wait_for

        if all(one.status == "finished" for one in handles):
            return
        with self._losses_named(), self.client.as_current():
            done = None
            while done is None:
                try:
                    done = wait_for(list(handles), timeout=self._pause)
                except TimeoutError:
                    self._look()

    @property
    def _pause(self) -> float:
        """Seconds between two looks."""
        return POLL if self.listener is None else HEARD

    def _look(self) -> None:
        """What there is to be seen while tasks are at work."""
        self._require_workers()
        self._hear(words_waiting)

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

    def _hear(self, words: Callable[[str], Any]) -> None:
        """Ask workers what their tasks have said; of one that is gone there is nothing to hear."""
        if self.listener is None or self.client.status != "running":
            return
        (topic, hear), found = self.listener, {}
        with suppress(OSError):
            found = self.client.run(words, topic, on_error="ignore")
        for said in found.values():
            for kind, values in said.items():
                hear(kind, *values)

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


def _same(given: bytes) -> bytes:
    return given


def _in_one(pieces: list[bytes]) -> bytes:
    return b"".join(pieces)


def _called(function: bytes, *arguments: Any) -> Any:
    return unpickled(function)(*arguments)
