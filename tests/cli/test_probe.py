"""`onelayer probe` as people type it."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits

X, Y = load_digits(return_X_y=True)


@pytest.fixture
def features(tmp_path):
    for name, width in (("a", 64), ("b", 24)):
        part = X[:, :width]
        np.savez(
            tmp_path / f"{name}.npz",
            x_train=part[:300],
            y_train=Y[:300],
            x_val=part[300:400],
            y_val=Y[300:400],
            x_test=part[400:600],
            y_test=Y[400:600],
        )
    return tmp_path / "a.npz", tmp_path / "b.npz"


def test_files_side_by_side_with_a_figure(onelayer, features, tmp_path):
    done = onelayer(
        "probe", *features, "--protocol", "clip", "--fits", "--figure", tmp_path / "c.svg"
    )
    assert done.code == 0, done.err
    assert "(1) - (2)  top-1 +" in done.out
    assert done.out.count("*") == 3  # the title's, and one a file
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert (tmp_path / "c.svg").read_text().startswith("<?xml")
    again = onelayer("probe", features[0], "--protocol", "clip", "--figure", tmp_path / "c.svg")
    assert (again.code, "--overwrite" in again.err) == (2, True)
    over = onelayer("probe", features[0], "--figure", features[0].with_suffix(".gif"))
    assert "no suffix that says what to draw" in over.err


def test_json_is_one_object_and_csv_every_fit(onelayer, features):
    done = onelayer("probe", features[0], "--protocol", "clip", "--json")
    told = json.loads(done.out)
    assert len(told["probed"][0]["curve"]) == 15
    done = onelayer("probe", features[0], "--format", "csv")
    assert done.out.splitlines()[0].startswith(",features,C,strength,score,status,gap")


def test_a_protocol_is_described_and_needs_no_features(onelayer):
    done = onelayer("probe", "--protocol", "dinov2", "--describe")
    assert done.code == 0
    for word in ("log_regression.py", "float64", "random tenth", "finetune_on_val"):
        assert word in done.out
    assert json.loads(onelayer("probe", "--describe", "--json").out)["name"] == "onelayer"
    done = onelayer("probe")
    assert (done.code, "give a file of FEATURES" in done.err) == (2, True)


def test_few_shots(onelayer, features):
    how = ("--protocol", "few-shot", "--shots", "1", "--shots", "2", "--seeds", "2")
    done = onelayer("probe", features[0], *how, "--format", "md")
    assert done.code == 0, done.err
    row = next(line for line in done.out.splitlines() if line.startswith("| ") and "a.npz" in line)
    assert row.count("+-") == 2
    wrong = onelayer("probe", features[0], *how[:-1], "0")
    assert "--seeds is 0: give at least 1" in wrong.err
