"""LIBSVM's text that stays on disk gives the model that it gives in memory."""

import gzip
import json
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import dump_svmlight_file
from typer.testing import CliRunner

import onelayer
from onelayer import LogisticRegression, kept_folders
from onelayer.cli.app import app
from onelayer.designs import csr_on_disk, kept_reads
from onelayer.errors import DataError
from onelayer.readers.arrays import libsvm_text


@pytest.fixture(scope="module", autouse=True)
def small_groups():
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as name:
        patched.setattr(kept_folders, "user_cache", lambda: Path(name))
        patched.setattr(csr_on_disk, "GROUP_BYTES", 40_000)
        patched.setattr(libsvm_text, "PIECE", 5_000)
        yield


def drawn(k, m=2000, n=30, seed=0):
    """Counts of words, of which a class has its own; some rows twice, in other classes too."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, m)
    often = rng.gamma(0.2, 1, size=(k, n))
    X = rng.poisson(often[y]).astype(float)
    X[m // 2 : m // 2 + 20] = X[:20]
    return sparse.csr_matrix(X), np.array([-1, 3, 20, 7])[:k][y]


@pytest.fixture(scope="module", params=[2, 4])
def text(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "rows.svm"
    dump_svmlight_file(*drawn(request.param), str(path), zero_based=False)
    return path


@pytest.mark.parametrize(
    "options",
    [{"C": 1.0}, {}, {"C": 0.1, "class_weight": "balanced", "refit": True}, {"test_size": 0.0}],
    ids=str,
)
def test_a_model_is_that_of_memory(text, options, tmp_path):
    here = onelayer.train(text, **options)
    there = onelayer.train(text, memory=100, **options)
    again = onelayer.train(text, memory="20KB", **options)
    assert (there.card.choice.C, there.card.choice.words) == (
        here.card.choice.C,
        here.card.choice.words,
    )
    assert there.card.judge == here.card.judge
    size = np.abs(here.coef).max()
    np.testing.assert_allclose(there.coef, here.coef, atol=3e-4 * size)
    assert again.coef.tobytes() == there.coef.tobytes()
    assert there.card.train.log_loss == pytest.approx(here.card.train.log_loss, rel=1e-5)
    lies = [note for note in there.card.audit.notes if note.startswith("X lies in")]
    assert len(lies) == 1
    assert re.fullmatch(
        r"X lies in .*/sparse/\w+/float32, [\d.]+ KB, and is read from there", *lies
    )
    assert [note for note in there.card.audit.notes if note not in lies] == [*here.card.audit.notes]
    there.save(tmp_path / "m.safetensors")
    read = onelayer.load(tmp_path / "m.safetensors")
    assert read.evaluate(text) == there.evaluate(text)
    if "refit" not in options:
        assert_judged_as_loaded(there, read, text)


def assert_judged_as_loaded(there, read, text):
    """What training said of its examples is what the loaded model says of them all."""
    parts = [one for one in (there.card.train, there.card.test) if one is not None]
    said = np.average([one.log_loss for one in parts], weights=[one.n for one in parts])
    assert said == pytest.approx(read.evaluate(text).log_loss, rel=1e-12)


def test_answers_do_not_depend_on_where_the_rows_lie(text, monkeypatch):
    model = onelayer.train(text, C=1.0)
    here = model.evaluate(text), model.predict(text), model.predict_proba(text)
    monkeypatch.setattr("onelayer.readers.arrays.libsvm.IN_MEMORY", 1e12)
    assert model.evaluate(text) == here[0]
    np.testing.assert_array_equal(model.predict(text), here[1])
    np.testing.assert_array_equal(model.predict_proba(text), here[2])
    X, y = onelayer.read_libsvm(text)
    np.testing.assert_array_equal(model.predict(X), here[1])
    assert hasattr(X, "groups")
    again = onelayer.train((X, y), C=1.0)
    assert again.evaluate((X, y)).log_loss == pytest.approx(here[0].log_loss, rel=1e-5)
    assert LogisticRegression(C=0.1).fit(X, y).score(X, y) > 0.6


def test_sets_that_choose_and_judge_stay_on_disk_too(tmp_path):
    (X, y), sets = drawn(3), [slice(0, 1200), slice(1200, 1600), slice(1600, None)]
    train, val, test = (tmp_path / f"{name}.svm" for name in ("a", "b", "c"))
    for path, rows in zip((train, val, test), sets, strict=True):
        dump_svmlight_file(X[rows], y[rows], str(path), zero_based=False)
    for options in ({"n_features": 30}, {"n_features": 30, "refit": True}):
        here = onelayer.train(train, val=val, test=test, **options)
        there = onelayer.train(train, val=val, test=test, memory=100, **options)
        mixed = onelayer.train(
            train, val=val, test=test, memory=1.5 * train.stat().st_size - 1, **options
        )
        assert there.card.choice.C == here.card.choice.C
        assert there.card.test.log_loss == pytest.approx(here.card.test.log_loss, rel=1e-5)
        assert mixed.card.test.log_loss == pytest.approx(here.card.test.log_loss, rel=1e-5)


@given(st.integers(2, 3), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 10**6))
@settings(max_examples=6, deadline=None)
def test_how_it_is_written_changes_nothing(k, packed, zero_based, commented, seed):
    X, y = drawn(k, 300, 8, seed)
    order = np.random.default_rng(seed).permutation(8)
    with tempfile.TemporaryDirectory() as name:
        plain, other = Path(name) / "a.svm", Path(name) / "b.svm"
        dump_svmlight_file(X, y, str(plain), zero_based=False)
        dump_svmlight_file(X[:, order], y, str(other), zero_based=zero_based)
        written = other.read_bytes()
        if commented:
            written = b"# words\n\n" + written.replace(b"\n", b" # 9:9\r\n")
        other.write_bytes(gzip.compress(written) if packed else written)
        options = {"memory": 50, "C": 1.0, "calibrate": "none", "test_size": 0.0}
        # An empty first column reads as one that is not there: base 1.
        base = 0 if zero_based and X[:, order[0]].nnz else 1
        wide = 8 - (zero_based and base)
        one = onelayer.train(plain, n_features=8, **options)
        two = onelayer.train(other, n_features=wide, **options)
    kept = order[8 - wide :]
    size = np.abs(one.coef).max()
    np.testing.assert_allclose(two.coef, one.coef[:, kept], atol=1e-3 * size)


@pytest.fixture(scope="module")
def asked(text):
    return ["train", str(text), "--memory", "1KB", "--no-report", "--C", "1"]


def test_the_command_line_says_where_the_rows_lie(asked, tmp_path):
    done = CliRunner().invoke(app, [*asked, "-o", str(tmp_path / "m.safetensors")])
    assert done.exit_code == 0, done.output
    said = done.output.replace("\n", "")
    assert re.search(r"X lies in .*sparse.*and is read from there", said)


def test_a_command_that_was_stopped_goes_on_and_says_so(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_reads, "LONG", 0.0)
    put, count = kept_reads.KeptReads.put, []

    def stopped(self, name, answer):
        put(self, name, answer)
        count.append(name)
        if len(count) == 3:
            raise KeyboardInterrupt

    output = ["-o", str(tmp_path / "m.safetensors")]
    with monkeypatch.context() as patched:
        patched.setattr(kept_reads.KeptReads, "put", stopped)
        assert CliRunner().invoke(app, [*asked, *output]).exit_code == 130
    assert len(list((tmp_path / "m.reads").glob("*.npz"))) == 3
    done = CliRunner().invoke(app, [*asked, *output])
    assert done.exit_code == 0, done.output
    assert done.output.count("going on where an earlier training of the same was stopped") == 1
    assert not (tmp_path / "m.reads").exists()
    whole = CliRunner().invoke(app, [*asked, "-o", str(tmp_path / "n.safetensors"), "--json"])
    assert json.loads(whole.stdout)["examples"] == 2000
    found, expected = (onelayer.load(tmp_path / f"{name}.safetensors") for name in "mn")
    assert found.coef.tobytes() == expected.coef.tobytes()


def test_nan_and_a_single_class_are_refused_as_in_memory(tmp_path):
    X, y = drawn(2, 200, 8)
    path = tmp_path / "a.svm"
    dump_svmlight_file(X, y, str(path), zero_based=False)
    lines = path.read_text().splitlines()
    lines[150] = "3 2:nan"
    path.write_text("\n".join(lines))
    for memory in (None, 50):
        with pytest.raises(DataError, match="has nan in row 150, column 1 of X, counted from 0"):
            onelayer.train(path, C=1.0, memory=memory)
    path.write_text("1 2:3\n" * 50)
    for memory in (None, 50):
        with pytest.raises(DataError, match="has one class alone, 1"):
            onelayer.train(path, C=1.0, memory=memory)
