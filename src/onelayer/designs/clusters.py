"""Workers for as long as a command runs: those of a scheduler, or processes of this machine."""

from __future__ import annotations

import logging
from asyncio import run, wait_for
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from onelayer.designs import worker_process
from onelayer.designs.cluster_workers import ClusterWorkers
from onelayer.errors import MissingExtraError, UsageError, WorkersLostError
from onelayer.words import count_of, spelt

REACHED = 10.0  # guard: seconds until a scheduler that is there has answered, and has a worker


@contextmanager
def cluster_of(asked: str) -> Iterator[ClusterWorkers]:
    """The workers of the scheduler at an address; of a whole number as many processes, started.

    Raises
    ------
    MissingExtraError
        Without Dask.
    UsageError
        For no address and no number above 0.
    ConnectionError
        Where nothing answers there.
    WorkersLostError
        Where the scheduler has no workers.
    """
    distributed = _distributed()
    with ExitStack() as stack:
        address: Any = asked
        number = _is_number(asked)
        if number:
            address = stack.enter_context(_processes(distributed, int(asked)))
        try:
            if not number:
                run(_greeted(distributed, asked))
            client = distributed.Client(address, timeout=REACHED, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise ConnectionError(
                f"no Dask scheduler answers at {asked}: start one with `dask scheduler`, workers "
                f"with `dask worker {asked}`, or give {spelt('cluster')} 4 for four processes here"
            ) from error
        except ValueError as error:
            raise UsageError(_neither(asked)) from error
        except TypeError as error:  # Dask's, of tls:// without certificates
            raise UsageError(
                f"{asked} asks for certificates, and Dask's configuration names none: set "
                "distributed.comm.tls.ca-file, client.cert and client.key there"
            ) from error
        stack.enter_context(client)
        _require_a_worker(client, asked)
        yield stack.enter_context(ClusterWorkers(client))


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError("a cluster needs Dask", "dask") from error
    return distributed


async def _greeted(distributed: Any, address: str) -> None:
    """A scheduler answers there: Dask waits for ever for one that takes a call and says nothing."""
    how = distributed.Security().get_connection_args("client")
    comm = await wait_for(distributed.comm.connect(address, timeout=REACHED, **how), REACHED)
    await comm.close()


def _is_number(asked: str) -> bool:
    if asked.isdecimal() and int(asked) > 0:
        return True
    if ":" not in asked:
        raise UsageError(_neither(asked))
    return False


def _neither(asked: str) -> str:
    return (
        f"{asked!r} is no cluster: give the address of a Dask scheduler, as tcp://127.0.0.1:8786, "
        "or how many processes of this machine are to work, as 4"
    )


def _processes(distributed: Any, count: int) -> Any:
    """Of one thread each; nobody else is listened to, and no log is written: errors come here."""
    return distributed.LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        preload=[worker_process.__name__],
    )


def _require_a_worker(client: Any, asked: str) -> None:
    try:
        client.wait_for_workers(1, timeout=REACHED)
    except TimeoutError as error:
        raise WorkersLostError(
            f"the scheduler at {asked} has no workers: start some, with `dask worker {asked}`"
        ) from error


def in_words(workers: ClusterWorkers, asked: str) -> str:
    """What was chosen, in a line."""
    threads = sum(workers.client.nthreads().values())
    where = "processes of this machine" if asked.isdecimal() else f"workers at {asked}"
    return f"on {len(workers.client.nthreads())} {where}, {count_of(threads, 'threads')} in all"
