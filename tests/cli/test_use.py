"""onelayer predict, evaluate, inspect, --version and --help."""

import csv
import io
import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import onelayer as package
from onelayer.cli.app import app
from onelayer.solvers import SOLVERS


@pytest.fixture(scope="module")
def album(tmp_path_factory, write_pictures):
    """Two new red pictures in a folder, one blue beside it, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("album")
    write_pictures(folder / "a", {"x": (210, 30, 30)}, 2, seed=9)
    write_pictures(folder / "b", {"y": (30, 30, 210)}, 1, seed=9)
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_predict_names_file_class_and_probability(onelayer, model_file, album):
    red, blue = album / "a", album / "b" / "y" / "00.png"
    done = onelayer("predict", model_file, blue, red)
    assert done.code == 0
    assert done.err == ""
    heading, *rows = [line.split() for line in done.out.splitlines()]
    assert heading == ["file", "class", "probability"]
    assert [row[:2] for row in rows] == [
        [str(blue), "blue"],
        [str(red / "x" / "00.png"), "red"],
        [str(red / "x" / "01.png"), "red"],
    ]
    assert all(0.9 < float(row[2]) <= 1 for row in rows)


def test_predict_as_json_and_csv(onelayer, model_file, album):
    model = package.load(model_file)
    files = [album / "b" / "y" / "00.png", album / "a" / "x" / "00.png"]
    expected = model.predict_proba(files).max(axis=1).tolist()
    as_json = onelayer("predict", model_file, *files, "--format", "json").json
    assert as_json == {
        "predictions": [
            {"file": str(files[0]), "class": "blue", "probability": expected[0]},
            {"file": str(files[1]), "class": "red", "probability": expected[1]},
        ],
        "failed": [],
    }
    assert onelayer("predict", model_file, *files, "--json").json == as_json
    rows = list(
        csv.DictReader(io.StringIO(onelayer("predict", model_file, *files, "--format", "csv").out))
    )
    assert [row["class"] for row in rows] == ["blue", "red"]
    assert [float(row["probability"]) for row in rows] == expected


def test_what_cannot_be_read_is_named_and_the_others_are_predicted(onelayer, model_file, album):
    broken, missing = album / "broken.png", album / "missing.png"
    done = onelayer("predict", model_file, broken, missing, album / "a", "--json")
    assert done.code == 1
    assert done.err.splitlines() == [
        f"{missing}: cannot be opened: No such file or directory",
        f"{broken}: not a picture of a known kind",
    ]
    assert [found["class"] for found in done.json["predictions"]] == ["red", "red"]
    assert [failed["file"] for failed in done.json["failed"]] == [str(missing), str(broken)]


def test_nothing_readable_is_an_empty_result(onelayer, model_file, album):
    done = onelayer("predict", model_file, album / "broken.png", "--json")
    assert done.code == 1
    assert done.json["predictions"] == []


def test_prediction_imports_nothing_that_only_training_needs(
    process, model_file, album, environment
):
    """scikit-learn alone takes longer than the rest of a prediction together."""
    script = (
        "import sys; from onelayer.cli.app import app; "
        f"app(['predict', {str(model_file)!r}, {str(album / 'a')!r}], standalone_mode=False); "
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    del process
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {"numpy", "PIL", "safetensors"} <= loaded
    heavy = {"sklearn", "matplotlib", "pandas", "pyarrow", "numba", "torch", "joblib", "asyncio"}
    assert not loaded & heavy


def test_a_table_model_predicts_no_pictures_and_says_what_does(onelayer, tmp_path, album):
    output = tmp_path / "m.safetensors"
    assert onelayer("train", "breast_cancer", "--C", 1, "-o", output).code == 0
    done = onelayer("predict", output, album / "a")
    assert done.code == 1
    assert done.err == (
        "error: the model was not trained on pictures but on a table of 30 features: it cannot "
        "take files. Give an array (.npy, .npz, .h5, .svm), a row an example\n"
    )
    drawn = onelayer("inspect", output, "--weights", tmp_path / "w.png")
    assert drawn.code == 2
    assert "no weights to draw" in drawn.err


def test_evaluate_measures_a_folder(onelayer, model_file, tmp_path, write_pictures):
    """Ten of each class, one red picture filed under blue: known answers."""
    source = write_pictures(
        tmp_path / "new", {"blue": (30, 30, 210), "red": (210, 30, 30)}, 9, seed=4
    )
    shutil.copy(source / "red" / "00.png", source / "blue" / "stray.png")
    found = onelayer("evaluate", model_file, source, "--json").json
    assert found["n"] == 19
    assert found["accuracy"] == 18 / 19
    assert found["recall"] == {"blue": 0.9, "red": 1.0}
    assert found["balanced_accuracy"] == pytest.approx(0.95)
    # Of 10 x 9 pairs the stray loses to 8 reds and ties with the one it is a copy of.
    assert found["auc"] == pytest.approx(found["auc"])
    assert 81 / 90 <= found["auc"] <= 89.5 / 90
    assert found["log_loss"] > 0.1
    assert "top_5" not in found
    shown = onelayer("evaluate", model_file, source)
    assert shown.code == 0
    assert "accuracy            94.7 %  (95 %: 75 to 99 %)" in shown.out
    assert "blue    90.0 %" in shown.out


def test_evaluate_says_when_it_flatters(onelayer, model_file, colours):
    done = onelayer("evaluate", model_file, colours, "--json")
    assert done.json["accuracy"] == 1.0
    assert done.err == f"note: the model was trained on most of {colours}, which flatters it here\n"


def test_evaluate_refuses_classes_that_the_model_does_not_know(
    onelayer, model_file, tmp_path, write_pictures
):
    source = write_pictures(tmp_path / "new", {"green": (0, 200, 0), "red": (200, 0, 0)}, 2)
    done = onelayer("evaluate", model_file, source)
    assert done.code == 1
    assert "classes that the model does not know: green. Known: blue, red" in done.err


def test_evaluate_of_ten_classes_has_top_5(onelayer, tmp_path):
    output = tmp_path / "m.safetensors"
    onelayer("train", "digits", "--C", 1, "-o", output)
    found = onelayer("evaluate", output, "digits", "--json").json
    assert found["accuracy"] < found["top_5"] <= 1
    assert found["interval"] is None  # 1797 examples


def test_inspect_shows_the_card(onelayer, model_file, colours):
    shown = onelayer("inspect", model_file)
    assert shown.code == 0
    for line in (
        "classes       2: blue, red",
        "features      192: pictures of 8 x 8, mode RGB, stretch",
        "scaling       times 1/255",
        f"trained on    {colours}",
        "base rate     always blue would score 50.0 %",
    ):
        assert line in shown.out.splitlines()
    found = onelayer("inspect", model_file, "--json").json
    assert found["test"]["accuracy"] == 1.0
    assert found["settings"]["test_size"] == 0.2
    assert set(found["versions"]) == {"numpy", "onelayer", "python"}


def test_inspect_draws_the_weights(onelayer, model_file, tmp_path):
    """Red speaks for red: the picture of two classes is red, and nowhere blue."""
    drawing = tmp_path / "weights.png"
    assert onelayer("inspect", model_file, "--weights", drawing).code == 0
    with Image.open(drawing) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    coloured = np.ptp(pixels, axis=2) > 30
    assert coloured.sum() > 1000
    assert (pixels[coloured][:, 0] > pixels[coloured][:, 2]).mean() > 0.99


def test_a_damaged_model_file_is_an_error_of_one_line(onelayer, model_file, tmp_path, album):
    damaged = tmp_path / "m.safetensors"
    damaged.write_bytes(model_file.read_bytes()[:-100])
    for command in (("inspect", damaged), ("predict", damaged, album / "a")):
        done = onelayer(*command)
        assert done.code == 1
        assert done.err.startswith(f"error: {damaged} is truncated or damaged")
        assert done.err.count("\n") == 1
    missing = onelayer("inspect", tmp_path / "none.safetensors")
    assert missing.code == 1
    assert missing.err == f"error: No such file or directory: {tmp_path / 'none.safetensors'}\n"


def test_version_and_help(onelayer):
    assert onelayer("--version").out == f"onelayer {package.__version__}\n"
    shown = onelayer("--help")
    assert shown.code == 0
    for command in ("train", "evaluate", "predict", "inspect"):
        assert command in shown.out
        one = onelayer(command, "--help")
        assert one.code == 0
        assert f"Example: onelayer {command}" in one.out
    for command in app.registered_commands:  # a line a paragraph, for a terminal of any width
        assert "\n" not in command.help.replace("\n\n", "")
    smooth = set(SOLVERS) - {"coordinate-descent"}  # for L1 alone, which no option asks for yet
    assert all(solver in onelayer("train", "--help").out for solver in smooth)


def test_no_arguments_show_the_help_and_an_unknown_command_is_wrong_use(onelayer):
    assert "Usage" in onelayer().out + onelayer().err
    assert onelayer("fly").code == 2


def test_python_m_runs_it_and_a_closed_pipe_is_no_traceback(process, model_file, album):
    assert process("--version").out == f"onelayer {package.__version__}\n"
    read, write = os.pipe()
    os.close(read)
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "onelayer", "predict", str(model_file), str(album / "a")],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    os.close(write)
    assert "Traceback" not in done.stderr


def test_the_name_of_an_embedded_set_is_no_file(onelayer, model_file):
    done = onelayer("predict", model_file, "digits")
    assert done.code == 1
    assert "digits: the set of that name is for train and evaluate: give files" in done.err


def test_a_command_leaves_python_nothing_to_take_apart(environment):
    """At its end Python looks for cycles among all that it does not find frozen."""
    import subprocess

    script = (
        "import atexit, gc, sys; from onelayer.cli import main; "
        "atexit.register(lambda: print(len(gc.get_objects()), gc.get_freeze_count())); "
        "sys.argv = ['onelayer', '--version']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    left, frozen = map(int, done.stdout.splitlines()[-1].split())
    assert left < 1000 < frozen
