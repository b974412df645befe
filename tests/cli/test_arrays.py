"""Arrays on the command line: train, evaluate, predict and inspect them."""

import csv
import gzip
import io
import struct

import numpy as np
import pytest
from sklearn.datasets import load_iris

FLOWERS, KINDS = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module")
def pictures():
    """Sixty dark and sixty light grey pictures of 6 x 5."""
    random = np.random.default_rng(0)
    X = random.integers(0, 120, (120, 6, 5), dtype=np.uint8)
    X[60:] += 100
    return X, np.repeat(["dark", "light"], 60)


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def test_idx_files_from_the_command_line(pictures, tmp_path, onelayer):
    X, y = pictures
    order = np.random.default_rng(1).permutation(120)
    for part, rows in (("train", order[:90]), ("t10k", order[90:])):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(X[rows]))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(y[rows] == "light"))
    output = tmp_path / "m.safetensors"
    trained = onelayer("train", tmp_path, "--C", 1, "-o", output, "--json").json
    assert (trained["train"]["n"], trained["test"]["n"]) == (90, 30)
    assert trained["test"]["accuracy"] == 1.0
    judged = onelayer("evaluate", output, tmp_path, "--json")
    assert judged.json == trained["test"]
    assert judged.err == f"note: the test part of {tmp_path} judges\n"  # it was not trained on
    shown = onelayer("predict", output, tmp_path, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert [int(row["row"]) for row in rows] == list(range(30))
    assert [row["class"] for row in rows] == (y[order[90:]] == "light").astype(int).astype(
        str
    ).tolist()
    assert onelayer("inspect", output, "--weights", tmp_path / "w.png").code == 0
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    alone = onelayer("train", tmp_path, "--C", 1, "-o", output, "--json").json
    assert (alone["train"]["n"], alone["test"]["n"]) == (72, 18)
    note = "no labels for test, so no part in training or judging"
    assert note in alone["audit"]["notes"]
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    failed = onelayer("train", tmp_path, "--C", 1, "-o", output)
    assert failed.code == 1
    assert "has no labels (no train-labels-... beside it): name them with --y" in failed.err


def test_x_and_y_are_named_on_the_command_line(tmp_path, onelayer):
    np.savez(tmp_path / "a.npz", emb=FLOWERS, kind=NAMES[KINDS], x=np.zeros(3))
    output = tmp_path / "m.safetensors"
    wrong = onelayer("train", tmp_path / "a.npz", "-o", output)
    assert wrong.code == 1
    assert "a.npz has no labels (it holds emb, kind, x; looked for a_y.npy beside it)" in wrong.err
    done = onelayer("train", tmp_path / "a.npz", "--x", "emb", "--y", "kind", "-o", output)
    assert done.code == 0
    # The names are remembered.
    assert onelayer("evaluate", output, tmp_path / "a.npz", "--json").json["n"] == 150
    found = onelayer("predict", output, tmp_path / "a.npz", "--json").json["predictions"]
    assert len(found) == 150
    assert found[0]["row"] == 0
    assert found[0]["class"] == "setosa"
    table = onelayer("predict", output, tmp_path / "a.npz").out.splitlines()
    assert table[0].split() == ["file", "row", "class", "probability"]
    assert onelayer("predict", output, tmp_path / "a.npz", "--x", "absent").code == 1


def test_hdf5_from_the_command_line(tmp_path, onelayer):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train_set_x"], file["train_set_y"] = FLOWERS, KINDS
        file["list_classes"] = NAMES.astype("S")
    output = tmp_path / "m.safetensors"
    found = onelayer("train", tmp_path / "a.h5", "--C", 1, "-o", output, "--json").json
    assert found["classes"] == NAMES.tolist()
    assert found["test"]["n"] == 30
