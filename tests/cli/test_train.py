"""onelayer train: what it prints and writes, and what it refuses."""

import numpy as np
import pytest
from PIL import Image

import onelayer as package
from onelayer import lesson

GREEN = (40, 200, 40)


def test_it_prints_what_a_person_needs_and_writes_the_model(onelayer, colours, tmp_path):
    output = tmp_path / "m.safetensors"
    done = onelayer("train", colours, "-o", output)
    assert done.code == 0
    assert done.err == ""
    assert done.out.splitlines()[0] == f"{colours}: 40 pictures read (blue: 20, red: 20)"
    assert "size 8 x 8, mode RGB, fit stretch: the pictures' own size" in done.out
    rows = [line.split() for line in done.out.splitlines() if line.startswith("t")]
    assert rows[0][:4] == ["train", "32", "100.0", "%"]
    assert rows[1][:8] == ["test", "8", "100.0", "%", "68", "to", "100", "%"]
    assert "Judged by 8 pictures held out, stratified by class, seed 0." in done.out
    assert "Always blue would score 50.0 %." in done.out
    assert "Every class is recognised in all of its examples." in done.out
    assert done.out.endswith(f"Written: {output}\n")
    assert "A weak result" not in done.out
    assert package.load(output).classes.tolist() == ["blue", "red"]


def test_json_is_one_object_alone_with_every_part(onelayer, colours, tmp_path):
    output = tmp_path / "m.safetensors"
    done = onelayer("train", colours, "-o", output, "--json")
    found = done.json
    assert done.code == 0
    assert done.err == ""
    assert found["model"] == str(output)
    assert found["report"] == str(tmp_path / "m.html")
    assert found["classes"] == ["blue", "red"]
    assert (found["examples"], found["features"]) == (40, 8 * 8 * 3)
    assert (found["train"]["n"], found["train"]["accuracy"]) == (32, 1.0)
    assert (found["test"]["n"], found["test"]["accuracy"]) == (8, 1.0)
    assert 0 < found["train"]["log_loss"] < 0.1
    assert found["baseline"] == {"class": "blue", "accuracy": 0.5}
    assert found["solution"]["status"] == "converged"
    assert found["audit"]["by_class"] == {"blue": 20, "red": 20}
    assert found["choice"]["C"] in [C for C, _ in found["choice"]["tried"]]


def test_only_the_classes_that_judge_are_said_to_be_recognised(onelayer, tmp_path, write_pictures):
    tints = {"blue": (0, 0, 200), "green": (0, 200, 0), "red": (200, 0, 0)}
    write_pictures(tmp_path / "train", tints, 6)
    write_pictures(tmp_path / "test", {"red": tints["red"]}, 3)
    done = onelayer("train", tmp_path, "--C", 1, "--no-report", "-o", tmp_path / "m.safetensors")
    assert "Every class that has examples here is recognised in all of its examples." in done.out


def test_gradient_descent_is_the_lessons_algorithm(onelayer, hard, tmp_path):
    """The same pictures as columns / 255 give the lesson the same accuracies, and weights."""
    output = tmp_path / "m.safetensors"
    descent = ["--solver", "gradient-descent", "--learning-rate", 0.005, "--max-iter", 2000]
    done = onelayer("train", hard, *descent, "--C", "inf", "-o", output, "--json")
    sets = [package.read_pictures(hard / part) for part in ("train", "test")]
    X_train, X_test = (lesson.images_to_columns(part.images) / 255 for part in sets)
    Y_train, Y_test = (part.labels.reshape(1, -1) for part in sets)
    expected = lesson.model(X_train, Y_train, X_test, Y_test, 2000, 0.005)
    assert done.json["train"]["accuracy"] == expected.train_accuracy
    assert done.json["test"]["accuracy"] == expected.test_accuracy
    assert 0.6 < expected.test_accuracy < 0.95  # so that agreeing means something
    assert done.json["solution"]["iterations"] == 2000
    model = package.load(output)
    np.testing.assert_allclose(model.coef.T * 255, expected.w, rtol=1e-9, atol=1e-12)
    assert model.intercept[0] == pytest.approx(expected.b, rel=1e-9)


def test_gradient_descent_without_c_chooses_one_the_same_way(onelayer, hard, tmp_path):
    done = onelayer(
        *("train", hard, "--solver", "gradient-descent", "--max-iter", 50, "--json"),
        *("-o", tmp_path / "m.safetensors"),
    )
    assert done.code == 0
    assert "by log loss in 5-fold cross-validation of 80 pictures" in done.json["choice"]["words"]


def test_c_is_chosen_at_optima_though_descent_overshoots(process, hard, tmp_path):
    """A step of 100 blows the weights up: one warning for the model, none for the ten tried."""
    descent = ["--solver", "gradient-descent", "--learning-rate", 100, "--max-iter", 400]
    done = process("train", hard, *descent, "-o", tmp_path / "m.safetensors", "--json")
    assert done.code == 0
    assert done.err.count("\n") == done.err.count("warning: gradient-descent failed") <= 1
    losses = [loss for _, loss in done.json["choice"]["tried"]]
    assert max(losses) < 1.0
    assert done.json["choice"]["C"] == done.json["choice"]["tried"][int(np.argmin(losses))][0]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--solver", "gradient-descent", "--max-iter", 30], "All 30 steps of gradient-descent"),
        (["--solver", "newton", "--C", 1], "Solved by newton in "),
    ],
)
def test_how_it_was_solved_is_said_in_words(onelayer, hard, tmp_path, options, line):
    assert line in onelayer("train", hard, *options, "-o", tmp_path / "m.safetensors").out


def test_a_weak_result_is_called_one(onelayer, tmp_path, write_pictures):
    same = {"one": GREEN, "other": GREEN}
    source = write_pictures(tmp_path / "same", same, 30)
    done = onelayer("train", source, "-o", tmp_path / "m.safetensors")
    assert "A weak result: raw pixels see colour and position, not shape." in done.out


def test_without_held_out_examples_nobody_has_judged(onelayer, colours, tmp_path):
    output = tmp_path / "m.safetensors"
    done = onelayer("train", colours, "--test-size", 0, "-o", output)
    assert "Nothing was held out: nobody has judged this model." in done.out
    assert "recognised" not in done.out  # by whom?
    assert onelayer("train", colours, "--test-size", 0, "-o", output, "--json").json["test"] is None


def test_refit_says_so(onelayer, colours, tmp_path):
    output = tmp_path / "m.safetensors"
    done = onelayer("train", colours, "--refit", "-o", output)
    assert "Trained again on everything after the judging" in done.out
    assert package.load(output).card.refit


def test_separable_without_a_penalty_is_one_warning_line(onelayer, process, colours, tmp_path):
    del onelayer  # pytest makes warnings errors; a process of its own shows what people see
    output = tmp_path / "m.safetensors"
    done = process("train", colours, "--C", "inf", "-o", output)
    assert done.code == 0
    assert done.err.startswith("warning: A hyperplane separates the classes")
    assert done.err.endswith(": leave --C out, or give a finite one, as --C 1\n")
    assert done.err.count("\n") == 1
    assert "C = inf (no penalty), as asked" in done.out


def test_a_fit_that_is_short_of_its_optimum_is_told_in_the_words_of_options(
    process, colours, tmp_path
):
    few = ("--C", 1, "--max-iter", 1, "--calibrate", "none", "--no-report", "--overwrite")
    few += ("-o", tmp_path / "m.safetensors")
    short = "took 1 step, and is not at the optimum: raise --max-iter"
    assert process("train", colours, *few).err.endswith(f"{short}\n")
    asked = process("train", colours, *few, "--solver", "lbfgs").err
    assert f"warning: lbfgs {short}, or leave --solver out\n" in asked


def test_what_was_left_out_is_listed_and_strict_refuses_it(onelayer, tmp_path, write_pictures):
    source = write_pictures(tmp_path / "colours", {"blue": (0, 0, 200), "red": (200, 0, 0)})
    (source / "red" / "broken.png").write_bytes(b"no picture")
    output = tmp_path / "m.safetensors"
    done = onelayer("train", source, "-o", output)
    assert "1 left out, not a picture of a known kind" in done.out
    refused = onelayer("train", source, "-o", output, "--strict")
    assert refused.code == 1
    assert "red/broken.png" in refused.err
    assert "(strict)" in refused.err


@pytest.mark.parametrize(
    ("size", "features"), [("6", 6 * 6 * 3), ("4x7", 4 * 7 * 3), ("4X7", 4 * 7 * 3)]
)
def test_size_is_one_side_or_height_by_width(onelayer, colours, tmp_path, size, features):
    done = onelayer("train", colours, "--size", size, "-o", tmp_path / "m.safetensors", "--json")
    assert done.json["features"] == features


def test_mode_and_fit_reach_the_reader(onelayer, colours, tmp_path):
    output = tmp_path / "m.safetensors"
    done = onelayer("train", colours, "--mode", "L", "--fit", "crop", "-o", output, "--json")
    assert done.json["features"] == 64
    assert package.load(output).preprocessing.fit == "crop"


def test_an_output_of_the_same_source_is_overwritten_and_no_other(
    onelayer, colours, hard, tmp_path
):
    output = tmp_path / "m.safetensors"
    assert onelayer("train", colours, "-o", output).code == 0
    assert onelayer("train", colours, "-o", output, "--seed", 1).code == 0
    before = output.read_bytes()
    refused = onelayer("train", hard, "-o", output)
    assert refused.code == 2
    assert refused.err == (
        f"error: {output} exists and did not come from {hard}: "
        "give another name with -o, or --overwrite\n"
    )
    assert output.read_bytes() == before
    assert onelayer("train", hard, "-o", output, "--overwrite").code == 0
    assert package.load(output).classes.tolist() == ["cold", "warm"]


def test_a_file_of_another_kind_is_not_overwritten(onelayer, colours, tmp_path):
    output = tmp_path / "letter.txt"
    output.write_text("Dear reader")
    assert onelayer("train", colours, "-o", output).code == 2
    assert output.read_text() == "Dear reader"


WRONG_USE = {
    ("--C", "-1"): "--C is -1.0: give a number above 0, or inf",
    ("--C", "nan"): "--C is nan: give a number above 0, or inf",
    ("--learning-rate", "0"): "--learning-rate is 0.0: give a number above 0",
    ("--max-iter", "0"): "--max-iter is 0: give a whole number, at least 1",
    ("--test-size", "1"): "--test-size is 1.0: give a fraction, at least 0 and below 1",
    ("--seed", "-3"): "--seed is -3: give a whole number from 0 to 4294967295",
    ("--solver", "magic"): "there is no solver 'magic': give one of auto, gradient-descent, newton",
    ("--size", "0"): "'0' is no size: give 64, or height x width as in 48x64",
    ("--size", "4x4x4"): "'4x4x4' is no size",
    ("--fit", "squeeze"): "'squeeze' is not one of",
    ("--class-weight", "fair"): "'fair' is not",
    ("-o", "nowhere/m.safetensors"): "nowhere is no folder: make it first, or write elsewhere",
    ("-o", "/"): "/ is a folder: name the file, for example /m.safetensors",
    ("--colour", "red"): "No such option",
}


@pytest.mark.parametrize(("options", "message"), WRONG_USE.items())
def test_wrong_use_exits_with_2_and_says_what_is_due(onelayer, colours, options, message):
    done = onelayer("train", colours, *options)
    assert done.code == 2
    assert done.out == ""
    assert message in " ".join(done.err.replace("│", " ").split())


def test_a_source_that_is_not_there_or_of_no_known_kind_says_what_is(onelayer, tmp_path):
    missing = onelayer("train", tmp_path / "nothing")
    assert missing.code == 1
    assert missing.err == (
        f"error: there is no {tmp_path / 'nothing'}: give a folder with a sub-folder of pictures "
        "or of .txt files for each class (in a .zip too), "
        "arrays (.npz, .npy, .h5, .safetensors, .pt, .svm, IDX), "
        "a table (.csv, .parquet, .xlsx; several, or a folder of them), "
        "or the name of an embedded set (breast_cancer, digits)\n"
    )
    letter = tmp_path / "letter.doc"
    letter.write_text("Dear reader\n")
    unsupported = onelayer("train", letter)
    assert unsupported.code == 1
    assert f"{letter} is a file, and of no kind that can be read: give a folder" in unsupported.err


def test_a_source_that_is_not_there_is_said_before_what_it_would_replace(
    onelayer, colours, tmp_path
):
    output = tmp_path / "m.safetensors"
    assert onelayer("train", colours, "-o", output, "--C", 1).code == 0
    other = onelayer("train", tmp_path / "nothing", "-o", tmp_path / "x.safetensors")
    assert other.code == 1
    assert other.err.startswith(f"error: there is no {tmp_path / 'nothing'}: give a folder")
    same = onelayer("train", tmp_path / "nothing", "-o", output)
    assert same.err == other.err


def test_a_folder_of_the_name_of_an_embedded_set_goes_before_it(
    onelayer, tmp_path, monkeypatch, write_pictures
):
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "digits", {"blue": (0, 0, 200), "red": (200, 0, 0)})
    assert onelayer("train", "digits", "--json").json["classes"] == ["blue", "red"]


def test_an_empty_folder_and_a_single_class_are_clear_errors(onelayer, tmp_path, write_pictures):
    (tmp_path / "empty").mkdir()
    assert "no class folders" in onelayer("train", tmp_path / "empty").err
    one = write_pictures(tmp_path / "one", {"red": (200, 0, 0)})
    done = onelayer("train", one)
    assert done.code == 1
    assert "one class alone, red: a classifier needs two or more" in done.err


def test_debug_shows_where_an_error_came_from(process, tmp_path):
    done = process("inspect", tmp_path / "nothing", "--debug")
    assert done.code == 1
    assert "Traceback" in done.err
    assert "Traceback" not in process("inspect", tmp_path / "nothing").err


@pytest.mark.parametrize(("name", "features"), [("digits", 64), ("breast_cancer", 30)])
def test_embedded_sets(onelayer, tmp_path, name, features):
    done = onelayer("train", name, "--C", 1, "-o", tmp_path / "m.safetensors", "--json")
    assert done.json["features"] == features
    assert done.json["test"]["accuracy"] > 0.93


def test_pictures_from_a_phone_are_trained_on_upright(onelayer, tmp_path):
    """Red above blue against blue above red, half of each stored upside down with EXIF's 3."""
    random = np.random.default_rng(0)
    for name, upper, lower in (
        ("sun", (200, 0, 0), (0, 0, 200)),
        ("sea", (0, 0, 200), (200, 0, 0)),
    ):
        (tmp_path / "p" / name).mkdir(parents=True)
        for number in range(20):
            half = np.repeat([[upper], [lower]], 4, axis=0)
            pixels = (half + random.integers(0, 40, (8, 8, 3))).astype(np.uint8)
            turned = number % 2 == 1
            exif = Image.Exif()
            exif[0x0112] = 3 if turned else 1
            picture = Image.fromarray(pixels[::-1, ::-1].copy() if turned else pixels)
            picture.save(tmp_path / "p" / name / f"{number}.png", exif=exif)
    found = onelayer("train", tmp_path / "p", "-o", tmp_path / "m.safetensors", "--json").json
    assert (found["train"]["accuracy"], found["test"]["accuracy"]) == (1.0, 1.0)
