"""Model files that say what no training says: each is refused in words, before it predicts."""

import copy

import numpy as np
import pytest

import onelayer
from onelayer import LogisticRegression
from onelayer.errors import ModelFileError
from onelayer.model.record import record_of
from onelayer.model_file import ModelRecord, write


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """What a model of a table and one of standardised arrays keep."""
    folder = tmp_path_factory.mktemp("sound")
    rows = [f"{20 + k},{'abc'[k % 3]},{'no' if k % 5 < 2 else 'yes'}" for k in range(60)]
    (folder / "t.csv").write_text("\n".join(["age,town,y", *rows]))
    table = onelayer.train(folder / "t.csv", target="y", C=1.0)
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.array(["no", "yes"])[np.arange(30) % 2]
    onelayer.save(LogisticRegression(scaling="standard").fit(X, y), folder / "m")
    return {"table": record_of(table), "arrays": record_of(onelayer.load(folder / "m"))}


def with_field(record, *path):
    """The record with the value that ends `path` where the path leads, in metadata or arrays."""
    metadata, arrays = copy.deepcopy(record.metadata), dict(record.arrays)
    *way, last, value = path
    inner = arrays if isinstance(value, np.ndarray) else metadata
    for step in way:
        inner = inner[step]
    inner[last] = value
    return ModelRecord(arrays, metadata)


def labels(*values):
    return {"dtype": "<U3", "values": list(values)}


ROWS = {
    "table": [
        ("inputs", "columns", 0, "kind", "nubmer", "column 'age' is of kind 'nubmer'"),
        ("inputs", "columns", 1, "kind", "number", "does not fit column 'town', a number"),
        ("inputs", "columns", 1, "levels", ["a", "a", "b"], "levels of column 'town' are not as m"),
        (
            "inputs",
            "columns",
            1,
            "levels",
            ["a", "b", 3],
            "levels of column 'town' are not as many",
        ),
        ("inputs", "columns", 1, "name", "age", "two columns of the table have one name"),
        ("inputs", "columns", 0, "name", 5, "column 5 is of kind 'number'"),
        ("inputs", "columns", 0, "median", "x", "column 'age' is 'x', which is no number"),
        ("inputs", "pieces", 0, "make", "valeu", "a feature is made by 'valeu' of column 0"),
        ("inputs", "pieces", 0, "column", -1, "a feature is made by 'value' of column -1"),
        ("inputs", "pieces", 0, "column", 1, "a feature does not fit column 'town', a category"),
        ("inputs", "pieces", 0, "fill", "x", "what stands for a missing 'age' is 'x', which is no"),
        ("inputs", "pieces", 1, "places", [0, 1, 3, -1, -1], "does not fit column 'town'"),
        ("inputs", "pieces", 1, "places", [0, 1, 0.5, -1, -1], "does not fit column 'town'"),
        ("inputs", "scale", 0, -1.0, "has no centre, or a scale of zero or below"),
        ("inputs", "scale", 0, 0.0, "has no centre, or a scale of zero or below"),
    ],
    "arrays": [
        ("scale", np.array([1.0, -1.0]), "feature 1 has a scale of -1.0"),
        ("scale", np.array([0.0, 1.0]), "feature 0 has a scale of 0.0"),
        ("coef", np.ones((1, 2), np.int8), "weights of dtype int8"),
        ("intercept", np.ones(1, bool), "weights of dtype float64"),
        ("odd", np.ones(2), "has an array 'odd', which this version does not know"),
        ("costs", -np.ones((2, 2)), "no mistake costs more than a right answer"),
        ("costs", np.ones((3, 2)), r"costs have the shape \(3, 2\): for the 2 classes"),
        ("class_weights", np.array([0.0, 1.0]), "2 classes cannot have these class weights"),
        ("classes", labels("no"), "a model of 1 class tells nothing apart"),
        ("classes", labels(), "a model of 0 class tells nothing apart"),
        ("classes", labels("no", "no"), "the class 'no' is there twice"),
        ("odd", 1, "has a field 'odd', which this version does not know"),
        ("readout", "kind", "odd", "has of its readout a field 'kind', which this version"),
        ("readout", "temperature", -1, "a temperature of -1"),
        ("readout", "temperature", True, "a temperature of True"),
        ("readout", "temperature", "1", "a temperature of '1'"),
        ("readout", "threshold", {"class": 2, "value": 0.5}, "a threshold of 0.5 on class 2"),
        ("readout", "threshold", {"class": 0, "value": 10**300}, "a threshold of 10{300} on class"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "row"),
    [(kind, row) for kind, rows in ROWS.items() for row in rows],
    ids=lambda value: value if isinstance(value, str) else value[-1],
)
def test_what_no_training_says_is_refused_in_words(records, tmp_path, kind, row):
    *path, message = row
    write(with_field(records[kind], *path), tmp_path / "m.safetensors")
    with pytest.raises(ModelFileError, match=message) as refused:
        onelayer.load(tmp_path / "m.safetensors")
    assert str(refused.value).startswith(f"{tmp_path / 'm.safetensors'} ")


@pytest.mark.parametrize("kind", ROWS)
def test_the_models_themselves_are_loaded(records, tmp_path, kind):
    write(records[kind], tmp_path / "m.safetensors")
    again = record_of(onelayer.load(tmp_path / "m.safetensors"))
    assert again.metadata == records[kind].metadata
    assert again.arrays.keys() == records[kind].arrays.keys()
    for name, array in again.arrays.items():
        np.testing.assert_array_equal(array, records[kind].arrays[name], strict=True)
