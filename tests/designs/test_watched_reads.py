"""What is told of long reads is so, and changes nothing."""

import math
import re

import numpy as np
import pytest

import onelayer
from onelayer import LogisticRegression
from onelayer.designs import rows_on_disk
from onelayer.designs.watched_reads import ReadsWatch, reads_watched


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 20_000)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3_000, 8)).astype(np.float32)
    y = (X @ rng.normal(size=8) + rng.logistic(size=3_000) > 0).astype(np.int64)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    return tmp_path


def test_every_read_is_told_of_from_its_first_rows_to_its_last_and_changes_no_bit(on_disk):
    X, y = np.load(on_disk / "X.npy", mmap_mode="r"), np.load(on_disk / "y.npy")
    told = []
    with reads_watched(lambda watch: told.append((watch.read, watch.rows, watch.fetched))):
        watched = LogisticRegression(memory=1).fit(X, y)
    alone = LogisticRegression(memory=1).fit(X, y)
    assert watched.coef_.tobytes() == alone.coef_.tobytes()
    assert watched.solution_.passes == alone.solution_.passes
    reads = sorted({read for read, *_ in told})
    assert reads == list(range(1, len(reads) + 1))
    assert len(reads) >= watched.solution_.passes
    for one in reads:
        rows = [rows for read, rows, _ in told if read == one]
        assert rows == sorted(rows)
        assert rows[-1] == 3_000
    assert told[-1][2] == X.nbytes


def test_what_stays_in_memory_is_not_counted_as_read(on_disk):
    X, y = np.load(on_disk / "X.npy", mmap_mode="r"), np.load(on_disk / "y.npy")
    fetched = {}
    with reads_watched(lambda watch: fetched.update({watch.read: watch.fetched})):
        LogisticRegression(memory="50KB").fit(X, y)
    assert fetched[1] == X.nbytes
    assert 0 < fetched[2] < X.nbytes


def test_what_is_left_is_estimated_from_how_the_gap_shrank():
    watch = ReadsWatch(lambda _: None)
    watch.step(1e-1, 1e-6, first=True)
    assert watch.reads_left is None
    watch.read = 2
    watch.step(1e-2, 1e-6, first=False)
    assert watch.reads_left == 8
    watch.begin(100)
    assert watch.reads_left == 7
    watch.step(1e-7, 1e-6, first=False)
    assert watch.reads_left == 0
    for gap in (1.0, math.nan, math.inf, 0.0):
        watch.step(0.5, 1e-6, first=True)
        watch.step(gap, 1e-6, first=False)
        assert watch.reads_left is None
        assert "read 3" in watch.in_words


def test_training_shows_reads_under_the_stage_that_makes_them(on_disk):
    told = []
    onelayer.train(on_disk / "X.npy", memory=1, C=1.0, progress=lambda *what: told.append(what))
    stages = [stage for stage, *_ in told]
    shown = re.compile(r"training: read \d+, \d+\.\d\d GB/s, gap \de-\d+(, about \d+ reads? left)?")
    assert any(shown.fullmatch(stage) for stage in stages)
    assert all(done <= total == 3_000 for stage, done, total in told if ": read" in stage)
    here = []
    onelayer.train(on_disk / "X.npy", C=1.0, progress=lambda *what: here.append(what))
    assert not any(": read" in stage for stage, *_ in here)
