"""Tables as people have them, on the command line: odd cells, words for nothing, pipes."""

import os
import threading

import numpy as np
import pandas as pd
import pytest

USUAL = ("--target", "bought", "--C", 1, "--no-report")


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(4)
    age = random.normal(40, 12, 300).round(1)
    z = (age - 40) / 10 + random.logistic(size=300)
    return pd.DataFrame(
        {
            "age": age,
            "town": random.choice(["Lima", "Oslo", "none"], 300),
            "bought": np.where(z > 0, "yes", "no"),
        }
    )


def _written(frame, path):
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def table(frame, tmp_path_factory):
    return _written(frame, tmp_path_factory.mktemp("tables") / "shop.csv")


@pytest.fixture(scope="module")
def model(table, onelayer, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "m.safetensors"
    assert onelayer("train", table, *USUAL, "-o", path).code == 0
    return path


def test_odd_cells_are_warned_of_wherever_a_table_is_read(frame, tmp_path, onelayer):
    """A few odd ones among numbers are missing: in training, judging, prediction and summaries."""
    age = frame.age.astype(object)
    age[[3, 7]] = ["12%", "#DIV/0!"]
    odd, gone = frame.assign(age=age), frame.assign(age=frame.age.drop([3, 7]))
    path, plain = _written(odd, tmp_path / "odd.csv"), _written(gone, tmp_path / "gone.csv")
    said = (
        f"warning: {path}: column 'age': 2 cells are no numbers, and count as missing: "
        "'12%' (row 3), '#DIV/0!' (row 7); rows counted from 0\n"
    )
    done = onelayer("train", path, *USUAL, "-o", tmp_path / "odd.safetensors", "--json")
    other = onelayer("train", plain, *USUAL, "-o", tmp_path / "gone.safetensors", "--json")
    assert done.err == said
    assert done.json["test"] == other.json["test"]
    notes = done.json["audit"]["notes"]
    assert said[len(f"warning: {path}: ") : -1] in notes
    assert not any(note.startswith(("nothing is missing", "missing in")) for note in notes)
    model = tmp_path / "odd.safetensors"
    assert said in onelayer("evaluate", model, path).err
    predicted = [onelayer("predict", model, table, "--json") for table in (path, plain)]
    assert said in predicted[0].err
    assert _answers(predicted[0]) == _answers(predicted[1])
    assert onelayer("summary", path, "--formula", "bought ~ age").err == said
    strict = onelayer("train", path, *USUAL, "-o", model, "--overwrite", "--strict")
    assert (strict.code, strict.err) == (1, f"error{said[len('warning') : -1]} (strict)\n")


def _answers(done):
    return [(one["class"], one["probability"]) for one in done.json["predictions"]]


def test_a_class_called_none_does_not_vanish(frame, tmp_path, onelayer):
    three = frame.assign(bought=frame.bought.where(frame.index % 3 > 0, "none"))
    path = _written(three, tmp_path / "t.csv")
    usual = (*USUAL, "-o", tmp_path / "m.safetensors", "--json")
    done = onelayer("train", path, *usual)
    assert (list(done.json["audit"]["by_class"]), done.err) == (["no", "none", "yes"], "")
    asked = onelayer("train", path, *usual, "--missing", "none")
    assert list(asked.json["audit"]["by_class"]) == ["no", "yes"]
    assert "warning" in asked.err
    assert "100 rows have no bought ('none' 100), and were left out" in asked.err


def test_a_pipe_is_a_table_where_it_has_a_target(table, tmp_path, onelayer):
    pipe, model = tmp_path / "pipe", tmp_path / "m.safetensors"
    os.mkfifo(pipe)
    expected = onelayer("train", table, *USUAL, "-o", tmp_path / "f.safetensors", "--json").json
    for command in (("train", pipe, *USUAL, "-o", model), ("evaluate", model, pipe)):
        writer = threading.Thread(target=pipe.write_bytes, args=(table.read_bytes(),))
        writer.start()
        done = onelayer(*command, "--json")
        writer.join()
        assert done.code == 0
        expected = expected if command[0] == "train" else None
        if expected is not None:
            assert done.json["test"] == expected["test"]


def test_a_table_of_other_columns_says_so(model, tmp_path, onelayer):
    other = tmp_path / "other.csv"
    other.write_text("q;r\n1;2\n")
    done = onelayer("predict", model, other)
    assert done.err.startswith(f"error: {other} has no column 'age', ")
    assert done.err.endswith("It has q, r\n")
