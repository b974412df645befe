"""A cluster of Dask on this machine: real processes, listening on loopback alone."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from onelayer.designs import rows_on_cluster

distributed = pytest.importorskip("distributed")


class Cluster:
    """A scheduler and workers of one thread, as `dask scheduler` and `dask worker` start them."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "scheduler.json"
        self.processes, self.workers = [], []
        self.scheduler = self._start("dask_scheduler", "--port", "0")

    def _start(self, command, *options):
        program = [sys.executable, "-m", f"distributed.cli.{command}", "--no-dashboard"]
        place = ["--host", "127.0.0.1", "--scheduler-file", str(self.file), *options]
        with (self.folder / f"{command}.log").open("ab") as log:
            made = subprocess.Popen([*program, *place], cwd=self.folder, stdout=log, stderr=log)
        self.processes.append(made)
        return made

    def scale(self, count, client=None):
        """So many workers; those that are too many end, those that have died are replaced."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for _ in range(count - len(self.workers)):
            here = ["--local-directory", str(self.folder), "--nthreads", "1", "--no-nanny"]
            self.workers.append(self._start("dask_worker", *here))
        for worker in self.workers[count:]:
            worker.send_signal(signal.SIGTERM)
        self.workers = self.workers[:count]
        for _ in range(600 if client is not None else 0):
            if len(client.nthreads()) == count:
                return
            time.sleep(0.1)

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="package")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


@pytest.fixture
def client(cluster):
    with distributed.Client(scheduler_file=str(cluster.file)) as made:
        cluster.scale(4, made)
        yield made


@pytest.fixture(scope="package", autouse=True)
def small_groups():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rows_on_cluster, "GROUP_BYTES", 9000)
        yield


@pytest.fixture(scope="package")
def problem():
    return make_problem


def make_problem(k=2, m=2500, n=6, seed=0):
    """X, labels of k classes in text, weights of which some are 0."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n)) * 3 + 1
    z = (X - 1) / 3 @ rng.normal(size=(n, k)) + rng.gumbel(size=(m, k))
    y = np.array(list("abcdefghij"))[z.argmax(axis=1)]
    return X, y, rng.random(m) * (rng.random(m) > 0.2)
