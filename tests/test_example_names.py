"""What rows are called in a report and in its table of mistakes, and found by again."""

import csv
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.model.example_names import PartNames
from onelayer.model.relabelling import _among

M = 100_000


def frame(seed, m):
    rng = np.random.default_rng(seed)
    age = rng.normal(45, 12, m).round(1)
    return pd.DataFrame({"age": age, "bought": np.where(age + rng.normal(0, 9, m) > 45, "y", "n")})


def test_lines_of_two_tables_are_called_by_their_set_and_relabelled_by_it(tmp_path):
    tables = {"train": frame(0, 300), "test": frame(1, 200)}
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    asked = {"target": "bought", "C": 1.0, "test": tmp_path / "test.csv"}
    model = onelayer.train(tmp_path / "train.csv", **asked)
    model.report(tmp_path / "r.html")
    rows = [*csv.DictReader((tmp_path / "r.mistakes.csv").read_text().splitlines())]
    said = {row["file"]: row["predicted"] for row in rows}
    assert {name.split("/")[0] for name in said} == set(tables)
    for row in rows:
        name, line = row["file"].split("/")
        assert tables[name]["bought"][int(line) - 2] == row["label"] != row["predicted"]
    notes = onelayer.train(tmp_path / "train.csv", **asked, relabel=said).card.audit.notes
    moved = [int(note.split()[0]) for note in notes if "relabelled as" in note]
    assert sum(moved) == len(said)


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.str_])
def test_numbers_are_wanted_as_they_are_written(kind):
    names = np.arange(300).astype(kind)
    wanted = ["7", "007", "299", "x", "-1", "99999999999", "7"]
    assert np.flatnonzero(_among(names, wanted)).tolist() == [7, 299]


def test_names_of_very_many_rows_are_no_texts_until_they_are_asked_for():
    names = np.arange(M, dtype=np.int32)
    tracemalloc.start()
    try:
        wanted = _among(names, ["7", "70000"])
        called = PartNames(names, np.zeros(M, np.int8), ("train",))[wanted]
        here = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [called[0], called[1]] == ["train/7", "train/70000"]
    assert here / M < 16
