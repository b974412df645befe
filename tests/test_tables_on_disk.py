"""Tables that are larger than memory: what is kept of them, when it is made anew, what is said."""

import os
import re
import resource
import tracemalloc
from shutil import make_archive
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import onelayer
from onelayer import kept_folders
from onelayer.cli.app import app
from onelayer.designs import kept_reads, rows_on_disk
from onelayer.errors import DataError, DataWarning
from onelayer.kept_folders import KeptFolders
from onelayer.model.comparing import compare
from onelayer.readers.tables import several
from onelayer.readers.tables.table_files import TableFile

M = 600


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_folders, "user_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(kept_folders, "_IN_USE", {})
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 20_000)


def frame(seed=0):
    rng = np.random.default_rng(seed)
    age, town = rng.normal(45, 12, M).round(1), rng.choice(["Oslo", "Rome", "Lima"], M)
    bought = np.where(age / 12 + 2 * (town == "Rome") + rng.logistic(size=M) > 4.5, "yes", "no")
    return pd.DataFrame({"age": age, "town": town, "bought": bought})


def how(model):
    """What was said of the place of the cells: `made now` or `as they were found before`."""
    (note,) = [one for one in model.card.audit.notes if "its cells lie as numbers in" in one]
    return note.split(", ")[-2]


def train(source, **options):
    return onelayer.train(source, target="bought", C=1.0, memory="1KB", **options)


def written(folder, parts=3):
    """The table as several files."""
    folder.mkdir()
    for at, rows in enumerate(np.array_split(np.arange(M), parts)):
        frame().iloc[rows].to_parquet(folder / f"{at}.parquet")
    return folder


def test_another_training_of_the_same_files_begins_with_their_codes(tmp_path):
    folder = written(tmp_path / "sales")
    first, again, other = train(folder), train(folder), train(folder, test_size=0.4, seed=3)
    assert [how(one) for one in (first, again, other)] == [
        "made now",
        "as they were found before",
        "as they were found before",
    ]
    assert again.coef.tobytes() == first.coef.tobytes()
    assert len(KeptFolders("tables")) == 1


def test_a_table_in_an_archive_is_unpacked_once_and_known_again(tmp_path):
    folder, archive = written(tmp_path / "sales"), tmp_path / "sales.zip"
    make_archive(str(archive.with_suffix("")), "zip", folder)
    first, again = train(archive), train(archive)
    assert [how(one) for one in (first, again)] == ["made now", "as they were found before"]
    assert again.coef.tobytes() == first.coef.tobytes() == train(folder).coef.tobytes()
    assert len(KeptFolders("archives")) == 1
    frame(1).to_parquet(folder / "1.parquet")
    make_archive(str(archive.with_suffix("")), "zip", folder)
    assert how(train(archive)) == "made now"
    assert len(KeptFolders("archives")) == 2
    archive.write_bytes(archive.read_bytes()[:500])
    with pytest.raises(DataError, match=r"sales\.zip is damaged, or no \.zip file"):
        train(archive)


def test_a_small_archive_is_unpacked_for_as_long_as_it_is_used(tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)
    with ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.write(tmp_path / "t.csv", "t.csv")
    onelayer.train(tmp_path / "t.zip", target="bought", C=1.0)
    assert len(KeptFolders("archives")) == 0


@pytest.mark.parametrize("change", ["touched", "added", "removed", "changed"])
def test_a_file_that_was_changed_added_or_removed_is_noticed(change, tmp_path):
    folder = written(tmp_path / "sales")
    train(folder)
    one = folder / "1.parquet"
    if change == "touched":
        os.utime(one, (1, 1))
    elif change == "added":
        frame(1).to_parquet(folder / "9.parquet")
    elif change == "removed":
        one.unlink()
    else:
        frame(2)[:200].to_parquet(one)
    now = train(folder)
    assert how(now) == "made now"
    here = onelayer.train(folder, target="bought", C=1.0)
    np.testing.assert_allclose(now.coef, here.coef, atol=1e-6)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "sales"])
def test_a_table_that_is_replaced_after_its_target_was_read_is_named(name, tmp_path, monkeypatch):
    """By one with as many rows, whose cells would stand beside the labels of the other."""

    def write(seed, path):
        (pd.DataFrame.to_csv if name == "t.csv" else pd.DataFrame.to_parquet)(frame(seed), path)

    given, changed, read = tmp_path / name, tmp_path / name, TableFile.read
    if name == "sales":
        given, changed = written(given), given / "1.parquet"
    else:
        write(0, given)

    def and_replace(table, columns):
        found = read(table, columns)
        write(1, tmp_path / "another")
        (tmp_path / "another").replace(changed)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(TableFile, "read", and_replace)
        with pytest.raises(DataError, match=rf"{changed.name} was changed while it was read: "):
            train(given)
    assert how(train(given)) == "made now"


def test_columns_left_out_and_words_for_nothing_are_another_table(tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)
    options = [{}, {"drop": ("age",)}, {"missing": ("Rome",)}, {"missing": ("Lima",)}, {}]
    said = [how(train(tmp_path / "t.csv", **one)) for one in options]
    assert said == ["made now"] * 4 + ["as they were found before"]


def test_what_is_odd_is_told_each_time(tmp_path):
    table = frame()
    table["age"] = table["age"].astype(object)
    table.loc[7, "age"] = "fourty"
    table.loc[9, "bought"] = None
    table.to_csv(tmp_path / "t.csv", index=False)
    for _ in range(2):
        with pytest.warns(
            DataWarning, match=r"column 'age': 1 cell is no number.*'fourty' \(row 7"
        ):
            model = train(tmp_path / "t.csv")
        assert "1 rows have no bought, and were left out" in model.card.audit.notes
    with pytest.raises(DataError, match=r"\(strict\)"):
        train(tmp_path / "t.csv", strict=True)


def test_what_a_training_left_that_was_stopped_while_it_read_is_made_again(tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)

    def stopped(what, done, total):
        if (what, done) == ("reading columns", total):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "t.csv", progress=stopped)
    (left,) = [folder for *_, folder in KeptFolders("tables").folders()]
    assert not (left / "whole").exists()
    assert how(train(tmp_path / "t.csv")) == "made now"
    (kept,) = [folder for *_, folder in KeptFolders("tables").folders()]
    assert sorted(file.name for file in kept.iterdir()) == [
        "codes",
        "columns.json",
        "lock",
        "whole",
    ]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_disk_that_is_full_meanwhile_is_named_and_nothing_is_left_on_it(suffix, tmp_path):
    table = tmp_path / f"t.{suffix}"
    getattr(frame(), {"csv": "to_csv", "parquet": "to_parquet"}[suffix])(table, index=False)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * M, limits[1]))
    try:
        with pytest.raises(DataError, match=r"cannot be written: .*File too large; set XDG"):
            train(table)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (left,) = [folder for *_, folder in KeptFolders("tables").folders()]
    assert [file.name for file in left.iterdir()] == ["lock"]
    assert how(train(table)) == "made now"


def test_nothing_more_is_kept_than_a_number_a_cell(tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)
    train(tmp_path / "t.csv")
    (kept,) = [folder for *_, folder in KeptFolders("tables").folders()]
    assert (kept / "codes").stat().st_size == 8 * M * 2


def test_what_needs_memory_is_said(tmp_path):
    table = frame()
    rng = np.random.default_rng(0)
    table["place"] = rng.choice([f"place {at}" for at in range(60)], M)
    table.to_csv(tmp_path / "wide.csv", index=False)
    with pytest.raises(DataError, match=r"wide\.csv: of the table's 59 features .* of: .*place"):
        train(tmp_path / "wide.csv")
    table["place"] = [" ".join(rng.choice(["a", "b", "sun", "sea"], 7)) for _ in range(M)]
    table.to_csv(tmp_path / "text.csv", index=False)
    with pytest.raises(DataError, match=r"text\.csv: of the table's .* are held in memory, sparse"):
        train(tmp_path / "text.csv")


def test_sparse_features_are_made_of_some_rows_at_a_time(tmp_path, monkeypatch):
    """They are those of memory, to the last bit, and so is the model."""
    table, rng = frame(), np.random.default_rng(0)
    table["place"] = rng.choice([f"place {at}" for at in range(60)], M)
    table["said"] = [" ".join(rng.choice(["a", "b", "sun", "sea"], 7)) for _ in range(M)]
    table.loc[5, ["place", "said"]] = None
    for columns in (["place"], ["said"], ["place", "said"]):
        table[["age", *columns, "bought"]].to_csv(tmp_path / "t.csv", index=False)
        here = onelayer.train(tmp_path / "t.csv", target="bought", C=1.0)
        with monkeypatch.context() as patched:
            patched.setattr(several, "TIMES", 10**9)  # it is larger than any memory
            there = onelayer.train(tmp_path / "t.csv", target="bought", C=1.0, memory="2MB")
        assert how(there) == "made now"
        assert there.inputs.to_dict() == here.inputs.to_dict()
        assert there.coef.tobytes() == here.coef.tobytes()
        assert there.card.test == here.card.test


def test_the_command_line_says_where_the_cells_lie(tmp_path):
    frame().to_parquet(tmp_path / "t.parquet")
    model, report = str(tmp_path / "m.safetensors"), str(tmp_path / "r.html")
    asked = ["train", str(tmp_path / "t.parquet"), "--target", "bought", "--memory", "1KB"]
    done = CliRunner().invoke(app, [*asked, "-o", model, "--report", report])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "the table would take more memory than may be used" in said
    assert "9.6 KB, made now, and X is made of them as it is read" in said
    done = CliRunner().invoke(app, ["evaluate", model, str(tmp_path / "t.parquet")])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("judging", ["1KB", "test in memory"])
def test_sets_in_files_of_their_own_are_joined_where_they_lie(judging, tmp_path, monkeypatch):
    train_set, test_set = tmp_path / "train.csv", tmp_path / "test.csv"
    frame().to_csv(train_set, index=False)
    frame(1)[:150].to_csv(test_set, index=False)
    if judging != "1KB":
        monkeypatch.setattr(
            "onelayer.readers.tables.several.is_larger",
            lambda file, _: "train" in file.path.name,
        )
    options = {"target": "bought", "C": 1.0, "test": test_set, "refit": True}
    here = onelayer.train(train_set, **options)
    there = onelayer.train(train_set, memory="1KB", **options)
    np.testing.assert_allclose(there.coef, here.coef, atol=1e-5)
    assert there.card.test.log_loss == pytest.approx(here.card.test.log_loss, rel=1e-6)
    headings = []
    for model in (here, there):
        model.report(tmp_path / "r.html")
        headings.append(re.findall("<h[123].*?</h", (tmp_path / "r.html").read_text()))
    assert headings[0] == headings[1] != []


def test_a_model_judges_a_table_that_stays_on_disk_as_one_in_memory(tmp_path, monkeypatch):
    frame().to_csv(tmp_path / "train.csv", index=False)
    frame(1).to_parquet(tmp_path / "test.parquet")
    model = onelayer.train(tmp_path / "train.csv", target="bought", C=1.0)
    other = onelayer.train(tmp_path / "train.csv", target="bought", C=0.001)
    test = tmp_path / "test.parquet"
    expected = model.evaluate(test), compare(model, other, test)
    monkeypatch.setattr(several, "TIMES", 10**9)  # it is larger than any memory
    assert (model.evaluate(test), compare(model, other, test)) == expected
    assert len(KeptFolders("tables")) == 1
    model.report(tmp_path / "r.html", test)
    assert "600" in (tmp_path / "r.html").read_text()


def test_a_table_larger_than_memory_is_answered_batch_by_batch(tmp_path, monkeypatch):
    """Its odd cells are told as those of a table in memory are."""
    table = frame(1).astype({"age": object})
    table.loc[[7, 400], "age"] = "forty"
    folder = tmp_path / "new"
    folder.mkdir()
    for at, rows in enumerate(np.array_split(np.arange(M), 3)):
        table.iloc[rows].to_csv(folder / f"{at}.csv", index=False)
    frame().to_csv(tmp_path / "train.csv", index=False)
    model = onelayer.train(tmp_path / "train.csv", target="bought", C=1.0)
    told = r"new: column 'age': 2 cells are no numbers.*'forty' \(rows 7, 400\)"
    for given in (folder, [str(folder)]):
        with pytest.warns(DataWarning, match=told):
            here = model.predict(given), model.predict_proba(given)
        with monkeypatch.context() as patched:
            patched.setattr(several, "TIMES", 10**9)  # it is larger than any memory
            with pytest.warns(DataWarning, match=told):
                there = model.predict(given), model.predict_proba(given)
        np.testing.assert_array_equal(here[0], there[0])
        np.testing.assert_array_equal(here[1], there[1])


def test_features_are_made_of_some_rows_at_a_time():
    table = frame()
    model = onelayer.train(table, target="bought", C=1.0)
    many = pd.concat([table] * 300, ignore_index=True)
    tracemalloc.start()
    said = model.predict_proba(many)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    X = model.rows(many)
    assert X.nbytes == len(many) * 8 * 4
    assert most < said.nbytes * 2 + X.nbytes
    np.testing.assert_array_equal(said, model.probabilities(X))


def test_a_training_that_was_stopped_goes_on_with_its_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_reads, "LONG", 0.0)
    frame().to_csv(tmp_path / "t.csv", index=False)
    asked = ["train", str(tmp_path / "t.csv"), "--target", "bought", "--memory", "1KB"]
    asked += ["--C", "1", "--no-report", "-o", str(tmp_path / "m.safetensors")]
    put, count = kept_reads.KeptReads.put, []

    def stopped(self, name, answer):
        put(self, name, answer)
        count.append(name)
        if len(count) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(kept_reads.KeptReads, "put", stopped)
        assert CliRunner().invoke(app, asked).exit_code == 130
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "going on where an earlier training of the same was stopped" in done.output
    assert "as they were found before" in " ".join(done.output.split())
    found = onelayer.load(tmp_path / "m.safetensors")
    assert found.coef.tobytes() == train(tmp_path / "t.csv").coef.tobytes()
