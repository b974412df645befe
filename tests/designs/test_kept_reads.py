"""A fit on disk that is killed goes on: nothing is read twice, and the end is the same."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from onelayer import LogisticRegression
from onelayer.designs import kept_reads, rows_on_disk
from onelayer.designs.kept_reads import KeptReads, digest_of, reads_kept

KILLED = """
import os, signal, sys
import numpy as np
from onelayer import LogisticRegression
from onelayer.designs import kept_reads, rows_on_disk
rows_on_disk.GROUP_BYTES, kept_reads.LONG = 5000, 0.0
put, folder, after = kept_reads.KeptReads.put, sys.argv[1], int(sys.argv[2])
count = 0
def counted(self, name, answer):
    global count
    count += 1
    if count == after:
        (self.folder / f"{name}.part").write_bytes(b"half of it")
        os.kill(os.getpid(), signal.SIGKILL)
    put(self, name, answer)
kept_reads.KeptReads.put = counted
from pathlib import Path
X, y = np.load(folder + "/X.npy", mmap_mode="r"), np.load(folder + "/y.npy")
with kept_reads.reads_kept(kept_reads.KeptReads(Path(folder) / "m.reads")):
    LogisticRegression(memory=1000, solver="lbfgs").fit(X, y)
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 5000)
    monkeypatch.setattr(kept_reads, "LONG", 0.0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 9)).astype(np.float32)
    z = X @ rng.normal(size=(9, 3)) + rng.gumbel(size=(2000, 3))
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", z.argmax(axis=1))
    return tmp_path


def fitted(files, kept=None, **options):
    X, y = np.load(files / "X.npy", mmap_mode="r"), np.load(files / "y.npy")
    model = LogisticRegression(memory=1000, **{"solver": "lbfgs", **options})
    if kept is None:
        return model.fit(X, y)
    with reads_kept(kept):
        return model.fit(X, y)


@pytest.mark.parametrize("after", [2, 6])
def test_killed_it_goes_on_to_the_same_bytes(files, after):
    expected = fitted(files)
    command = [sys.executable, "-c", KILLED, str(files), str(after)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    made = len(list((files / "m.reads").glob("*.npz")))
    assert made == after - 1
    kept = KeptReads(files / "m.reads")
    found = fitted(files, kept)
    assert kept.found == made
    assert found.coef_.tobytes() == expected.coef_.tobytes()
    assert found.intercept_.tobytes() == expected.intercept_.tobytes()
    assert found.solution_.passes == expected.solution_.passes
    assert found.solution_.gap == expected.solution_.gap
    kept.remove()
    assert not (files / "m.reads").exists()


@pytest.mark.parametrize(
    "options", [{"C": 0.5}, {"scaling": 2.0}, {"class_weight": "balanced"}], ids=str
)
def test_another_setting_finds_nothing_of_its_own_but_what_it_shares(files, options):
    fitted(files, KeptReads(files / "m.reads"))
    kept = KeptReads(files / "m.reads")
    found = fitted(files, kept, **options)
    assert kept.found == (0 if "class_weight" in options else 1)  # the survey is that of all C
    assert found.coef_.tobytes() == fitted(files, **options).coef_.tobytes()


def test_a_source_that_was_touched_is_another(files):
    fitted(files, KeptReads(files / "m.reads"))
    os.utime(files / "X.npy", ns=(10**18, 10**18))
    kept = KeptReads(files / "m.reads")
    fitted(files, kept)
    assert kept.found == 0


def test_what_is_damaged_is_read_again(files):
    expected = fitted(files, KeptReads(files / "m.reads"))
    for number, file in enumerate(sorted((files / "m.reads").glob("*.npz"))):
        file.write_bytes(file.read_bytes()[: 40 * (number % 3)])
    found = fitted(files, KeptReads(files / "m.reads"))
    assert found.coef_.tobytes() == expected.coef_.tobytes()


def test_only_its_own_files_are_removed(files):
    kept = KeptReads(files / "m.reads")
    fitted(files, kept)
    mine = files / "m.reads" / "mine.npz"
    mine.write_bytes(b"mine")
    kept.remove()
    assert list((files / "m.reads").iterdir()) == [mine]


def test_short_reads_are_not_kept(files, monkeypatch):
    monkeypatch.setattr(kept_reads, "LONG", 60.0)
    fitted(files, KeptReads(files / "m.reads"))
    assert not (files / "m.reads").exists()


def test_digests_tell_apart_what_differs():
    a = np.arange(6.0)
    different = [
        (a,), (a.reshape(2, 3),), (a.astype(np.float32),), (a, "x"), ("x", a), (a[:5],),
        (a[:3], a[3:]), (np.broadcast_to(True, 3),), (np.broadcast_to(True, 4),), (1,), (1.0,),
    ]  # fmt: skip
    assert len({digest_of(things) for things in different}) == len(different)
    assert digest_of((a[::-1][::-1],)) == digest_of((a.copy(),))
