"""On a cluster of processes: the same bytes whoever computes, and whoever dies meanwhile."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import dask
import dask.array as da
import distributed
import numpy as np
import pytest

from onelayer import LogisticRegression
from onelayer.designs import cluster_workers
from onelayer.designs.cluster_workers import ClusterWorkers, versions_here
from onelayer.errors import UsageError, WorkersLostError


def computed(array, parts):
    """A Dask array whose parts are made by tasks: whoever has lost one can make it again."""
    edges = [len(array) * i // parts for i in range(parts + 1)]

    def make(i):
        return array[edges[i] : edges[i + 1]]

    shapes = [(edges[i + 1] - edges[i], *array.shape[1:]) for i in range(parts)]
    made = [
        da.from_delayed(dask.delayed(make)(i), shape, meta=array[:0])
        for i, shape in enumerate(shapes)
    ]
    return da.concatenate(made)


def of(model):
    return model.coef_.tobytes(), model.intercept_.tobytes(), model.solution_.objective


def fitted(data, parts=(9, 4, 7), **how):
    there = [computed(one, count) for one, count in zip(data, parts, strict=True)]
    return LogisticRegression(class_weight="balanced", **how).fit(*there)


def nothing_is_kept(client):
    """Soon after a fit the workers have nothing of it."""
    for _ in range(100):
        if not client.futures and not any(client.has_what().values()):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def without_cluster(problem):
    return {k: of(fitted(problem(k))) for k in (2, 3)}


@pytest.mark.parametrize("k", [2, 3])
def test_four_workers_do_what_one_process_does(client, problem, without_cluster, k):
    assert of(fitted(problem(k))) == without_cluster[k]
    assert of(fitted(problem(k), parts=(1, 60, 2))) == without_cluster[k]
    assert nothing_is_kept(client)


@pytest.mark.usefixtures("client")
def test_a_client_is_the_default_one_or_the_estimators(cluster, problem, without_cluster):
    X, y, w = (computed(one, 5) for one in problem(2))
    file = str(cluster.file)
    with distributed.Client(scheduler_file=file, set_as_default=False) as made:
        model = LogisticRegression(class_weight="balanced")
        model.client = made
        assert of(model.fit(X, y, w)) == without_cluster[2]
        assert nothing_is_kept(made)
        assert model.score(X, y) == model.score(X.compute(), y.compute())
        assert model.to_local().client is None
        assert model.client is made


def test_answers_come_from_the_workers(client, problem):
    X, y, _ = problem(3)
    model = LogisticRegression().fit(computed(X, 3), computed(y, 3))
    answer = model.predict_proba(client.persist(computed(X, 5)))
    np.testing.assert_array_equal(answer.compute(), model.predict_proba(X))


@pytest.mark.usefixtures("client")
def test_two_fits_at_once_do_not_meet(problem, without_cluster):
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda k: of(fitted(problem(k))), (2, 3)))
    assert found == [without_cluster[2], without_cluster[3]]


@pytest.fixture
def asked_where(monkeypatch):
    """Lists of the shares of each pass whose places were asked for, and the holders of groups."""
    before, found = ClusterWorkers._shares, []

    def shares(workers, groups):
        known = workers.placed
        told = before(workers, groups)
        if workers.placed is not known:
            found.append((told, workers.client.who_has(list(groups)), groups))
        return told

    monkeypatch.setattr(ClusterWorkers, "_shares", shares)
    return found


@pytest.mark.usefixtures("client")
def test_groups_are_visited_where_they_lie_which_is_asked_once(
    problem, without_cluster, asked_where
):
    assert of(fitted(problem(2))) == without_cluster[2]
    ((shares, holders, groups),) = asked_where
    assert sorted(number for share in shares for number in share.numbers) == [*range(len(groups))]
    for share in shares:
        assert all(share.worker in holders[groups[number].key] for number in share.numbers)


@pytest.mark.usefixtures("client")
def test_large_answers_are_joined_on_the_workers(problem, without_cluster, monkeypatch):
    monkeypatch.setattr(cluster_workers, "AT_ONCE", 100)
    before, counts = ClusterWorkers._few, []

    def few(*asked):
        tasks = before(*asked)
        counts.append(len(tasks))
        return tasks

    monkeypatch.setattr(ClusterWorkers, "_few", few)
    assert of(fitted(problem(2))) == without_cluster[2]
    assert set(counts) == {1}


@pytest.mark.usefixtures("cluster")
def test_a_closed_client_is_named(cluster, problem):
    X, y, _ = problem(2)
    model = LogisticRegression()
    with distributed.Client(scheduler_file=str(cluster.file), set_as_default=False) as made:
        model.client = made
    with pytest.raises(WorkersLostError, match="connection to Dask's scheduler is closed"):
        model.fit(computed(X, 2), computed(y, 2))


@pytest.fixture
def passes(monkeypatch):
    """Lists what is to happen at which pass, once its tasks are on their way; counts passes."""
    before = ClusterWorkers.get

    class Passes:
        happens, count = {}, 0

    def get(workers, handles):
        if handles and "visited" in handles[0].key:
            Passes.count += 1
            Passes.happens.pop(Passes.count, lambda: None)()
        return before(workers, handles)

    monkeypatch.setattr(ClusterWorkers, "get", get)
    return Passes


def kill(client, worker=None):
    pids = client.run(os.getpid)
    os.kill(pids[worker or min(pids)], signal.SIGKILL)


@pytest.mark.parametrize("at", [{4}, {2}])
def test_a_worker_that_is_killed_is_made_up_for(
    client, problem, without_cluster, at, passes, asked_where
):
    fitted(problem(2))
    quiet, passes.count = passes.count, 0
    asked_where.clear()
    passes.happens |= dict.fromkeys(at, lambda: kill(client))
    assert of(fitted(problem(2))) == without_cluster[2]
    assert passes.happens == {}
    assert passes.count == quiet
    assert len(asked_where) > 1  # as its groups lie elsewhere from then on


def test_scattered_data_that_are_lost_are_named(cluster, client, problem, passes):
    cluster.scale(1, client)  # which alone has the groups too
    X, y, _ = problem(2)
    rows = client.scatter(X, hash=False)
    passes.happens[4] = lambda: kill(client)
    there = da.from_delayed(dask.delayed(rows), X.shape, meta=X[:0])
    with pytest.raises(WorkersLostError, match="scattered"):
        LogisticRegression().fit(there, computed(y, 2))


@pytest.mark.usefixtures("client")
def test_other_versions_are_named(problem, monkeypatch):
    X, y, _ = problem(2)
    monkeypatch.setitem(versions_here(), "numpy", "1.0.0")
    with pytest.raises(UsageError, match=rf"numpy is 1.0.0 here and {np.__version__} on tcp://"):
        LogisticRegression().fit(computed(X, 2), computed(y, 2))


@pytest.mark.usefixtures("client")
def test_without_workers_the_best_so_far_is_kept(cluster, problem, passes, monkeypatch):
    monkeypatch.setattr(cluster_workers, "PATIENCE", 1.0)
    monkeypatch.setattr(cluster_workers, "POLL", 0.5)
    X, y, _ = problem(2)

    passes.happens[5] = lambda: cluster.scale(0)
    model = LogisticRegression()
    with pytest.raises(WorkersLostError, match="has had no worker for"):
        model.fit(computed(X, 2), computed(y, 2))
    assert model.solution_.status == "interrupted"
    assert np.isfinite(model.coef_).all()
    assert model.solution_.gap < 1


@pytest.mark.parametrize("count", [2, 1])
def test_fewer_workers_do_the_same(cluster, client, problem, without_cluster, count):
    cluster.scale(count, client)
    assert of(fitted(problem(3))) == without_cluster[3]


ENDLESS = """
import sys
import dask.array as da
import distributed
from onelayer import LogisticRegression

with distributed.Client(scheduler_file=sys.argv[1]):
    X = da.random.default_rng(0).normal(size=(4000, 6), chunks=(500, 6))
    y = (X[:, 0] > 0).astype(int)
    LogisticRegression(solver="gradient-descent", max_iter=10**9, tol=0).fit(X, y)
"""


def passes_seen(client, program, count):
    """Wait until so many tasks of a program's passes were met; False where it ends before."""
    seen = set()
    while program.poll() is None:
        keys = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks))
        seen |= {key for key in keys if "visited" in str(key)}
        if len(seen) >= count:
            return True
        time.sleep(0.01)
    return False


def test_a_client_that_is_killed_leaves_nothing_behind(cluster, client, problem, without_cluster):
    """Another goes on as if it had never been."""
    program = subprocess.Popen([sys.executable, "-c", ENDLESS, str(cluster.file)])
    try:
        assert passes_seen(client, program, 20)
    finally:
        program.kill()
        program.wait()
    assert nothing_is_kept(client)
    assert client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0
    assert of(fitted(problem(2))) == without_cluster[2]
    assert nothing_is_kept(client)


WITHOUT_KERNELS = """
import sys
import dask.array as da
import distributed
from onelayer import LogisticRegression
from onelayer.designs.passes import SMALL_BYTES

with distributed.Client(scheduler_file=sys.argv[1]):
    X = da.random.default_rng(0).normal(size=(20_000, 60), chunks=(5000, 60))
    y = (X[:, 0] > 0).astype(int)
    model = LogisticRegression(C=0.1).fit(X, y)
assert 100 * 61 * 60 * 8 > SMALL_BYTES  # the sample, which kernels would read in one process
assert model.solution_.gap <= 1e-7
print("numba" in sys.modules)
"""


@pytest.mark.usefixtures("client")
def test_the_client_loads_no_kernels(cluster):
    """They and their compiler take 116 MB."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERNELS, str(cluster.file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "False\n"
