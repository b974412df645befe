"""A choice of C on a worker: what is seen of it meanwhile, what Ctrl-C leaves."""

import time

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.designs import cluster_workers, task_words
from onelayer.designs.cluster_workers import ClusterWorkers
from onelayer.model import TrainingInterrupted


@pytest.fixture
def frame():
    """Of two partitions, whose choice of C takes some looks."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(6000, 12)), columns=[f"x{j}" for j in range(12)])
    z = X["x0"] - X["x1"] + rng.logistic(size=len(X))
    X["bought"] = np.where(z > 0, "yes", "no")
    parts = [dask.delayed(X.iloc[:3000]), dask.delayed(X.iloc[3000:])]
    return dd.from_delayed(parts, meta=X.iloc[:0], verify_meta=False)


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(cluster_workers, "HEARD", 0.01)


@pytest.mark.usefixtures("client", "watched")
def test_progress_moves_while_a_worker_chooses(frame):
    seen = []

    def progress(stage, done, total):
        if stage == "choosing C":
            seen.append((done, total))

    onelayer.train(frame, target="bought", calibrate="none", progress=progress)
    assert seen[0] == (0, 10)
    assert seen[-1] == (10, 10)
    assert any(0 < done < 10 for done, _ in seen)


@pytest.mark.usefixtures("watched")
def test_ctrl_c_keeps_the_best_c_so_far(client, frame):
    def progress(stage, done, _):
        if stage == "choosing C" and 0 < done < 10:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted) as interrupted:
        onelayer.train(frame, target="bought", calibrate="none", progress=progress)
    found = interrupted.value.model
    assert found.coef.shape == (1, 12)
    assert found.coef[0, 0] > 0 > found.coef[0, 1]
    assert tasks_end(client)


def tasks_end(client):
    """Soon no worker computes, and none keeps a word."""
    for _ in range(200):
        if not any(client.run(lambda dask_worker: len(dask_worker.state.executing)).values()):
            return not any(words_kept(client))
        time.sleep(0.05)
    return False


def words_kept(client):
    """Of how many topics, on each worker."""
    return client.run(lambda: len(task_words._waiting)).values()


def test_words_are_heard_and_not_kept(client):
    heard = []

    def task(say):
        say("one", 1)
        say("other", "a", "b")
        return 5

    with ClusterWorkers(client) as workers:
        with workers.listening(lambda *word: heard.append(word)) as say:
            assert workers.get(workers.put(task, [(say,)])) == [5]
        assert sorted(heard) == [("one", 1), ("other", "a", "b")]
    assert not any(words_kept(client))


def test_a_task_that_nobody_waits_for_ends_at_its_next_word(client):
    def task(say):
        for number in range(1200):
            say("number", number)
            time.sleep(0.05)

    workers = ClusterWorkers(client)
    with workers.listening(lambda *_: None) as say:
        handles = workers.put(task, [(say,)])
        while not any(words_kept(client)):
            time.sleep(0.02)
        workers.close()
        assert tasks_end(client)
    del handles


def test_after_ctrl_c_a_task_ends_though_its_future_is_kept(client):
    def task(say):
        for number in range(1200):
            say("number", number)
            time.sleep(0.05)

    heard, workers = [], ClusterWorkers(client)

    def watched():
        with workers.listening(lambda *word: heard.append(word)) as say:
            handles = workers.put(task, [(say,)])
            while not any(words_kept(client)):
                time.sleep(0.02)
            raise KeyboardInterrupt(handles)

    with pytest.raises(KeyboardInterrupt):
        watched()
    assert heard[-1][0] == "number"
    assert tasks_end(client)
    workers.close()
