"""Bad input, kind by kind: one test a kind here, and above each where its others are."""

import math
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.exceptions import ConvergenceWarning

import onelayer
from onelayer import LogisticRegression, lesson
from onelayer.errors import DataError, ModelFileError, ShapeError
from onelayer.model_file import sealed

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(40, 3)), np.arange(40) % 2
SEPARATED = (np.sign(X[:, 0]) > 0).astype(int)


# lesson/test_shapes.py
def test_a_rank_1_array_where_a_column_is_due():
    w = np.zeros(3)
    with pytest.raises(ShapeError, match=r"(?s)\(3,\).*\(3, 1\).*reshape") as caught:
        lesson.propagate(w, 0.0, X.T, Y.reshape(1, -1))
    assert isinstance(caught.value, ValueError)


# estimators/test_input.py, test_array_sources.py
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_or_infinity_in_x_y_or_weights(value):
    wrong = X.copy()
    wrong[7, 2] = value
    with pytest.raises(ValueError, match=r"Input X contains .* row 7, column 2, counted from 0"):
        LogisticRegression().fit(wrong, Y)
    with pytest.raises(ValueError, match=f"arrays has {value} in row 7, column 2 of X"):
        onelayer.train((wrong, Y))
    for name, where in (("y", (X, np.where(np.arange(40) == 7, value, Y))), ("weights", None)):
        arguments = where or (X, Y, np.where(np.arange(40) == 7, value, 1.0))
        with pytest.raises(ValueError, match="row 7") as caught:
            LogisticRegression().fit(*arguments)
        assert name[:1] in str(caught.value)
    with pytest.raises(DataError, match=f"has the label {value} in row 7"):
        onelayer.train((X, np.where(np.arange(40) == 7, value, Y)))


# estimators/test_input.py
@pytest.mark.parametrize(
    ("y", "weights", "message"),
    [
        (np.zeros(40), None, "only one class"),
        (Y, np.zeros(40), "total is zero"),
        (Y, -np.ones(40), "Negative values .* the first is -1.0 at row 0"),
        (Y, (Y == 0).astype(float), "at least 2 classes with a weight above zero"),
    ],
)
def test_one_class_or_weights_that_are_none(y, weights, message):
    with pytest.raises(ValueError, match=message):
        LogisticRegression().fit(X, y, weights)


# estimators/test_outcomes.py, estimators/test_input.py
@pytest.mark.parametrize(
    ("change", "scaling"),
    [
        (lambda A: np.column_stack([A, np.full(40, 1e300)]), 1e-300),
        (lambda A: np.column_stack([A, np.full(40, 7.0)]), None),
        (lambda A: np.column_stack([A, A, A]), "standard"),
        (lambda A: A * 0, "standard"),
    ],
    ids=["1e300", "constant", "duplicated", "zeros"],
)
@pytest.mark.parametrize("C", [1e-300, 1.0, math.inf])
def test_columns_and_penalties_at_the_edge_of_what_floats_hold(change, scaling, C):
    fitted = LogisticRegression(C=C, scaling=scaling).fit(change(X), Y)
    assert np.isfinite(fitted.coef_).all()
    assert np.isfinite(fitted.intercept_).all()
    assert np.isfinite(fitted.predict_log_proba(change(X))).all()


def test_values_whose_squares_overflow_say_what_to_divide_by():
    with pytest.raises(DataError, match=r"X holds values as large as .*: divide X by 1e\+300"):
        LogisticRegression().fit(np.where(X > 0, 1e300, X), Y)


# estimators/test_outcomes.py, cli/test_train.py
def test_separable_data_without_a_penalty():
    with pytest.warns(ConvergenceWarning, match="separates the classes") as caught:
        fitted = LogisticRegression(C=math.inf).fit(X, SEPARATED)
    assert len(caught) == 1
    assert fitted.solution_.status == "separable"
    how = {"solver": "gradient-descent", "max_iter": 25, "C": math.inf}
    assert LogisticRegression(**how).fit(X, SEPARATED).n_iter_[0] == 25


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Four hundred photographs of all sizes, and everything that lies about in such a folder."""
    folder = tmp_path_factory.mktemp("album") / "photos"
    for name, tint in (("cat", (40, 10, -20)), ("dog", (-20, 10, 40))):
        (folder / name).mkdir(parents=True)
        for number in range(200):
            width, height = RANDOM.integers(40, 400, 2).tolist()
            coarse = RANDOM.integers(0, 256, (5, 5, 3)) + np.array(tint)
            picture = Image.fromarray(coarse.clip(0, 255).astype(np.uint8))
            picture = picture.resize((width, height), Image.Resampling.BICUBIC)
            picture.save(folder / name / f"{number:03}.jpg")
    whole = (folder / "cat/000.jpg").read_bytes()
    (folder / "cat/truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "dog/notes.png").write_text("buy milk")
    (folder / "dog/empty.jpg").write_bytes(b"")
    Image.fromarray(RANDOM.integers(0, 256, (50, 60), dtype=np.uint8)).save(folder / "cat/a.gif")
    (folder / "cat/Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "dog/moved.jpg").symlink_to("nowhere.jpg")
    (folder / ".cache").mkdir()
    (folder / ".cache/x.jpg").write_bytes(whole)
    return folder


def command(*arguments):
    environment = {**os.environ, "PYTHONPATH": str(Path(onelayer.__file__).parents[1])}
    line = [sys.executable, "-m", "onelayer", *map(str, arguments)]
    return subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _spent_by_children():
    """CPU seconds of the processes that have ended: how busy the machine is plays no part."""
    spent = os.times()
    return spent.children_user + spent.children_system


# readers/test_pictures.py, readers/test_decoding.py, test_judging.py, test_bursts.py
def test_a_folder_as_people_have_it_is_one_command(album, tmp_path):
    began = _spent_by_children()
    with command("train", album, "--C", 1, "-o", tmp_path / "m.safetensors") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert _spent_by_children() - began < 60
    assert "401 pictures read (cat: 201, dog: 200)" in out
    assert "2 hidden or a system's own, not read: .cache, cat/Thumbs.db" in out
    (left_out,) = [line for line in out.splitlines() if "damaged: " in line]
    assert left_out.endswith(": cat/truncated.jpg")
    assert "1 left out, an empty file: dog/empty.jpg" in out
    assert "1 left out, not a picture of a known kind: dog/notes.png" in out
    assert "1 left out, cannot be opened: No such file or directory: dog/moved.jpg" in out
    with pytest.raises(DataError, match=r"4 files of .* cannot be read \(strict\)"):
        onelayer.train(album, strict=True)


# test_judging.py, test_bursts.py
def test_the_same_picture_in_train_and_test_or_in_two_classes(tmp_path, write_pictures):
    tints = {"blue": (0, 0, 200), "red": (200, 0, 0)}
    write_pictures(tmp_path / "train", tints, 8)
    write_pictures(tmp_path / "test", tints, 4, seed=1)
    same = (tmp_path / "test/red/00.png").read_bytes()
    (tmp_path / "train/red/same.png").write_bytes(same)
    (tmp_path / "train/blue/odd.png").write_bytes((tmp_path / "train/red/01.png").read_bytes())
    audit = onelayer.train(tmp_path, C=1.0).card.audit
    assert ("train/red/same.png", "also in test, so not trained on") in audit.left_out
    assert audit.in_two_classes == (("blue/odd.png", "red/01.png"),)


# readers/test_pictures.py
def test_a_class_left_empty(tmp_path, write_pictures):
    write_pictures(tmp_path, {"blue": (0, 0, 200), "red": (200, 0, 0)}, 4)
    (tmp_path / "eel").mkdir()
    (tmp_path / "eel/1.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"no readable picture in eel .*\n  eel/1.jpg: an empty"):
        onelayer.train(tmp_path)


# test_model_file.py, test_model.py
def test_model_files_that_are_damaged_foreign_or_newer(tmp_path):
    path = tmp_path / "m.safetensors"
    onelayer.train((X, Y), C=1.0).save(path)
    whole = path.read_bytes()
    intercept = onelayer.load(path).intercept[0]
    finite, not_finite = np.float64(intercept).tobytes(), np.float64(np.nan).tobytes()
    trap = pickle.dumps(Path.mkdir)
    for data, message in (
        (whole[:-9], "is truncated or damaged"),
        (b"", "is empty"),
        (trap, "is no safetensors file at all"),
        (whole.replace(b'"format":"onelayer"', b'"format":"somebody"'), "onelayer did not write"),
        (sealed(whole.replace(b'_version":"2"', b'_version":"7"')), "newer onelayer"),
        (whole.replace(b'_version":"2"', b'_version":"7"'), "is truncated or damaged"),
        (whole.replace(finite, np.float64(-intercept).tobytes()), "is truncated or damaged"),
        (sealed(whole.replace(finite, not_finite)), "has nan in array 'intercept'"),
    ):
        path.write_bytes(data)
        with pytest.raises(ModelFileError, match=message):
            onelayer.load(path)


# test_model_file.py
def test_a_full_disk_while_training_leaves_the_old_model(tmp_path, colours):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a small disk")
    path = disk / "m.safetensors"
    try:
        onelayer.train(colours, C=1.0).save(path)
        before = path.read_bytes()
        (disk / "filling").write_bytes(bytes(8192))
        with command("train", colours, "--size", 64, "--C", 1, "-o", path) as process:
            _, err = process.communicate()
        assert process.returncode == 1
        assert err == "error: No space left on device\n"
        assert path.read_bytes() == before
        assert sorted(entry.name for entry in disk.iterdir()) == ["filling", "m.safetensors"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# test_model_file.py
@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_a_training_that_is_killed_leaves_a_whole_model(tmp_path, colours):
    path = tmp_path / "m.safetensors"
    first = onelayer.train(colours, C=1.0)
    first.save(path)
    for wait in (0.2, 0.9, 1.1):
        with command("train", colours, "--C", 2, "-o", path) as process:
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        found = onelayer.load(path)
        assert found.card.choice.C in {1.0, 2.0}
        assert found.predict(colours).tolist() == first.predict(colours).tolist()


# readers/test_tables.py, cli/test_tables.py
def test_a_table_with_missing_values_unseen_categories_and_a_constant_target(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("age,town,y\n" + "30,Oslo,0\n?,Rome,1\n50,NA,1\n20,Rome,0\n" * 10)
    model = onelayer.train(path, target="y", C=1.0)
    notes = "\n".join(model.card.audit.notes)
    assert "missing in t.csv: age 10 ('?' 10), town 10 ('NA' 10)" in notes
    assert "a level that was not seen in training is all zeros" in notes
    assert model.predict([{"age": None, "town": "Lima"}]).tolist() in ([0], [1])
    path.write_text("age,town,y\n" + "30,Oslo,1\n40,Rome,1\n" * 10)
    with pytest.raises(DataError, match="the target 'y' is 1 in every row: a classifier needs two"):
        onelayer.train(path, target="y")


def test_a_constant_target_and_missing_numbers():
    with pytest.raises(DataError, match="arrays has one class alone, 1: give two or more"):
        onelayer.train((X, np.ones(40)))
    with pytest.raises(DataError, match="leave the row out, or fill the value in"):
        onelayer.train((np.where(X > 2, np.nan, X), Y))


# cli/test_interrupt.py holds that Ctrl-C keeps the best parameters and ends within a second.
