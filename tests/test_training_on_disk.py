"""Training on a .npy file that is larger than the memory budget: the same answers as in memory."""

import json
import os
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.designs import kept_reads, rows_on_disk
from onelayer.errors import DataError, UsageError


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 20_000)


@pytest.fixture(scope="module", params=[2, 3])
def files(request, tmp_path_factory):
    """4,000 rows of 10 numbers with a mean and a size of their own, and their labels."""
    folder, rng, k = tmp_path_factory.mktemp("files"), np.random.default_rng(0), request.param
    Z = rng.normal(size=(4_000, 10))
    scores = Z @ rng.normal(size=(10, k)) + rng.gumbel(size=(4_000, k))
    np.save(folder / "X.npy", (Z * np.arange(1, 11) + 5).astype(np.float32))
    np.save(folder / "y.npy", np.array(["ash", "elm", "oak"])[scores.argmax(axis=1)])
    return folder


@pytest.mark.parametrize(
    "options",
    [{"C": 1.0}, {}, {"C": 0.1, "class_weight": "balanced", "refit": True}, {"test_size": 0.0}],
    ids=str,
)
def test_a_model_is_that_of_memory(files, options, tmp_path):
    here = onelayer.train(files / "X.npy", **options)
    there = onelayer.train(files / "X.npy", memory="50KB", **options)
    again = onelayer.train(files / "X.npy", memory="100KB", **options)
    assert (there.card.choice.C, there.card.choice.words) == (
        here.card.choice.C,
        here.card.choice.words,
    )
    assert there.card.judge == here.card.judge
    size = np.abs(here.coef).max()
    np.testing.assert_allclose(there.coef, here.coef, atol=1e-4 * size)
    assert again.coef.tobytes() == there.coef.tobytes()
    assert there.card.train.log_loss == pytest.approx(here.card.train.log_loss, rel=1e-6)
    assert any(note == "X stays in its file, 160 KB, and is read from there"
               for note in there.card.audit.notes)  # fmt: skip
    there.save(tmp_path / "m.safetensors")
    read = onelayer.load(tmp_path / "m.safetensors")
    assert read.evaluate(files / "X.npy").log_loss == there.evaluate(files / "X.npy").log_loss
    np.testing.assert_array_equal(read.predict(files / "X.npy"), there.predict(files / "X.npy"))


def test_sets_that_choose_and_judge_stay_on_disk_too(files):
    X, y = np.load(files / "X.npy", mmap_mode="r"), np.load(files / "y.npy")
    sets = [slice(0, 2400), slice(2400, 3200), slice(3200, None)]
    train, val, test = ((X[rows], y[rows]) for rows in sets)
    here = onelayer.train(train, val=val, test=test)
    there = onelayer.train(train, val=val, test=test, memory=1000)
    assert there.card.choice.C == here.card.choice.C
    assert there.card.test.log_loss == pytest.approx(here.card.test.log_loss, rel=1e-6)


def test_the_command_line_takes_a_size(files, tmp_path):
    asked = ["train", str(files / "X.npy"), "-o", str(tmp_path / "m.safetensors"), "--json"]
    done = CliRunner().invoke(app, [*asked, "--memory", "50KB", "--no-report", "--C", "1"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["examples"] == 4_000
    done = CliRunner().invoke(app, [*asked, "--memory", "much", "--no-report"])
    assert done.exit_code == 2
    assert "--memory is 'much': give a size, as '4GB'" in done.output


def test_a_command_that_was_stopped_goes_on_and_says_so(files, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_reads, "LONG", 0.0)
    asked = ["train", str(files / "X.npy"), "--memory", "50KB", "--no-report", "--C", "1"]
    put, count = kept_reads.KeptReads.put, []

    def stopped(self, name, answer):
        put(self, name, answer)
        count.append(name)
        if len(count) == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(kept_reads.KeptReads, "put", stopped)
        output = ["-o", str(tmp_path / "m.safetensors")]
        assert CliRunner().invoke(app, [*asked, *output]).exit_code == 130
    assert len(list((tmp_path / "m.reads").glob("*.npz"))) == 4
    done = CliRunner().invoke(app, [*asked, *output])
    assert done.exit_code == 0, done.output
    assert done.output.count("going on where an earlier training of the same was stopped") == 1
    assert not (tmp_path / "m.reads").exists()
    whole = CliRunner().invoke(app, [*asked, "-o", str(tmp_path / "n.safetensors")])
    assert "going on" not in whole.output
    found, expected = (onelayer.load(tmp_path / f"{name}.safetensors") for name in "mn")
    assert found.coef.tobytes() == expected.coef.tobytes()


def test_what_it_cannot_do_is_said(files, tmp_path):
    with pytest.raises(UsageError, match="'dual-ascent' needs rows in turn, which OnDisk does not"):
        onelayer.train(files / "X.npy", memory=1000, C=1.0, solver="dual-ascent")
    X = np.load(files / "X.npy")
    X[2777, 3] = np.inf
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", np.load(files / "y.npy"))
    with pytest.raises(DataError, match=r"X\.npy has inf in row 2777, column 3 of X"):
        onelayer.train(tmp_path / "X.npy", memory=1000, C=1.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("C", r"--C was 1\.0, and is 0\.5"),
        ("touch", r"X\.npy was changed since"),
        ("seed", r"--seed was 0, and is 4"),
        ("memory", None),
    ],
)
def test_why_a_stopped_training_is_not_gone_on_with_is_said(
    change, said, files, tmp_path, monkeypatch
):
    monkeypatch.setattr(kept_reads, "LONG", 0.0)
    for name in ("X.npy", "y.npy"):
        (tmp_path / name).write_bytes((files / name).read_bytes())
    asked = {"C": "1", "seed": "0", "memory": "50KB"}
    put, count = kept_reads.KeptReads.put, []

    def stopped(self, name, answer):
        put(self, name, answer)
        count.append(name)
        if len(count) == 4:
            raise KeyboardInterrupt

    def run():
        options = [word for name, value in asked.items() for word in (f"--{name}", value)]
        output = ["-o", str(tmp_path / "m.safetensors"), "--no-report"]
        return CliRunner().invoke(app, ["train", str(tmp_path / "X.npy"), *options, *output])

    with monkeypatch.context() as patched:
        patched.setattr(kept_reads.KeptReads, "put", stopped)
        assert run().exit_code == 130
    if change == "touch":
        os.utime(tmp_path / "X.npy", (1, 1))
    else:
        asked[change] = {"C": "0.5", "seed": "4", "memory": "80KB"}[change]
    done = run()
    assert done.exit_code == 0, done.output
    found = re.search(
        r"reads of an earlier training that differs \((.*)\): what depends", done.output
    )
    assert (found is None) == (said is None)
    if said is not None:
        assert re.search(f"^[^;]*{said}$", found[1])
    assert not (tmp_path / "m.reads").exists()
