"""A Parquet file's column of lists is X; a file of train has its test file beside it."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from torch_pickles import Called, Named, write_zip

import onelayer
from onelayer.errors import DataError
from onelayer.model.parts import read_parts
from onelayer.settings import Settings
from onelayer.sources import no_progress, open_source

RANDOM = np.random.default_rng(0)
Y = np.repeat(["cat", "dog"], 40)
X = (RANDOM.normal(size=(80, 4)) + 2 * (Y == "dog")[:, None]).astype(np.float32)


def parts_of(source, **options):
    asked = Settings(**options)
    return read_parts(open_source(source, asked), asked, no_progress)


def written(path, X=X, y=Y, kind=None, **columns):
    lists = pa.array(list(X), kind) if kind is None or isinstance(X, list) else cast(X, kind)
    parquet.write_table(pa.table({"embedding": lists, "label": y, **columns}), path)
    return path


def cast(X, kind):
    return pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), X.shape[1]).cast(kind)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float32(), 4)])
def test_a_column_of_lists_is_x_as_an_array_is(tmp_path, kind):
    written(tmp_path / "a.parquet", kind=kind, picture=[f"{row}.jpg" for row in range(80)])
    np.savez(tmp_path / "a.npz", X=X, y=Y)
    model = onelayer.train(tmp_path / "a.parquet", x="embedding", C=1.0)
    twin = onelayer.train(tmp_path / "a.npz", C=1.0)
    np.testing.assert_array_equal(model.coef, twin.coef)
    assert model.card.test == twin.card.test
    model.save(tmp_path / "m.safetensors")
    again = onelayer.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(tmp_path / "a.parquet"), twin.predict(X))
    assert again.evaluate(tmp_path / "a.parquet") == twin.evaluate(tmp_path / "a.npz")


def test_float16_stays_and_labels_may_be_named_or_dictionaries(tmp_path):
    file = written(tmp_path / "a.parquet", X.astype(np.float16), pa.array(Y).dictionary_encode())
    read = open_source(file, Settings(x="embedding")).read("train")
    np.testing.assert_array_equal(read.matrix, X.astype(np.float16), strict=True)
    assert read.classes.tolist() == ["cat", "dog"]
    written(file, kind=None, y=np.zeros(80), kind_of=Y)
    named = open_source(file, Settings(x="embedding", y="kind_of")).read("train")
    np.testing.assert_array_equal(named.classes[named.labels], Y)


BAD = {
    r"has 4 numbers in row 0 and 3 in row 5: give lists of one length": [
        row[:3] if place == 5 else row for place, row in enumerate(X.tolist())
    ],
    r"has no value in row 7: leave that row out": [
        None if place == 7 else row for place, row in enumerate(X.tolist())
    ],
    r"has no value in row 2, entry 1: fill it in": [
        [row[0], None, *row[2:]] if place == 2 else row for place, row in enumerate(X.tolist())
    ],
    r"holds lists of string: give lists of numbers": [["a", "b"]] * 80,
}


@pytest.mark.parametrize("said", BAD)
def test_what_is_wrong_with_a_list_is_said_with_its_row(tmp_path, said):
    file = written(tmp_path / "a.parquet", BAD[said])
    with pytest.raises(DataError, match=f"column 'embedding' {said}"):
        onelayer.train(file, x="embedding", C=1.0)


def test_a_file_that_is_damaged_empty_or_has_no_such_column(tmp_path):
    file = tmp_path / "a.parquet"
    whole = written(file).read_bytes()
    with pytest.raises(DataError, match="holds embedding, label: no features among them"):
        onelayer.train(file, x="features", C=1.0)
    for kept in (whole[:-40], whole[: len(whole) // 2], b""):
        file.write_bytes(kept)
        with pytest.raises(DataError, match=r"a\.parquet is damaged, or no Parquet file"):
            onelayer.train(file, x="embedding", C=1.0)
    parquet.write_table(pa.table({"embedding": pa.array([], pa.list_(pa.float32()))}), file)
    with pytest.raises(DataError, match="has no rows"):
        onelayer.train(file, x="embedding", y="embedding", C=1.0)


def test_a_table_with_lists_says_how_they_become_x(tmp_path):
    file = written(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="name it with x='embedding' and the labels with y='label'"):
        onelayer.train(file, target="label")


@pytest.mark.parametrize("kind", [".npy", ".pt"])
def test_files_of_val_and_test_beside_the_one_of_train_are_its_parts(tmp_path, kind):
    def save(name, values):
        if kind == ".npy":
            np.save(tmp_path / name, values)
        else:
            write_zip(tmp_path / f"{name}.pt", np.ascontiguousarray(values))

    codes = (Y == "dog").astype(np.int64)
    for part, rows in (("train", slice(0, 80, 2)), ("test", slice(1, 80, 4))):
        save(f"features_{part}", X[rows])
        save(f"targets_{part}", codes[rows])
    save("features_val", X[3::4])
    train, test = tmp_path / f"features_train{kind}", tmp_path / f"features_test{kind}"
    parts = parts_of(train)  # without labels the one of val is no part
    assert (len(parts.train), parts.val, len(parts.test)) == (40, None, 20)
    np.testing.assert_array_equal(parts.test.matrix, X[1::4])
    save("targets_val", codes[3::4])
    parts = parts_of(train)
    assert (len(parts.train), len(parts.val), len(parts.test)) == (40, 20, 20)
    assert open_source(test).parts() == ("train",)  # a test file stands for itself
    (tmp_path / f"targets_train{kind}").rename(tmp_path / f"labels{kind}")
    with pytest.raises(DataError, match="has no labels"):
        parts_of(train)


@pytest.mark.parametrize("part", ["features_test", "targets_test"])
def test_a_part_beside_that_would_run_code_is_refused_and_runs_none(tmp_path, part):
    codes = np.arange(80) % 2
    for name, values in (("train", X), ("test", X[:20])):
        write_zip(tmp_path / f"features_{name}.pt", values)
        write_zip(tmp_path / f"targets_{name}.pt", codes[: len(values)].astype(np.int64))
    ran = tmp_path / "ran"
    write_zip(tmp_path / f"{part}.pt", Called(Named("os", "mkdir"), str(ran)))
    with pytest.raises(DataError, match=rf"{part}\.pt.*os\.mkdir"):
        onelayer.probe(tmp_path / "features_train.pt", protocol="clip")
    assert not ran.exists()
    (tmp_path / f"{part}.pt").write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(DataError, match=rf"{part}\.pt"):
        onelayer.probe(tmp_path / "features_train.pt", protocol="clip")
