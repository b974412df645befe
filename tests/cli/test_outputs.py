"""Where commands write: never over what they read, and never into what cannot hold a file."""

import os
import shlex
import subprocess
import sys

import numpy as np
import pytest

import onelayer as package

ROWS = [f"{k % 7},{k % 5},{'yes' if (k * 37) % 11 > 4 else 'no'}" for k in range(60)]
TABLE = "\n".join(["a,b,y", *ROWS, ""])
COSTS = "true,no,yes\nno,0,1\nyes,2,0\n"
TARGET = ("--target", "y", "--C", "1")


@pytest.fixture
def place(tmp_path, monkeypatch, model_of_a_table):
    """A folder with one of everything that a command may read, which is also where it runs."""
    for name in ("t.csv", "other.csv", "scored.partial.csv", "new.mistakes.csv"):
        (tmp_path / name).write_text(TABLE)
    (tmp_path / "costs.csv").write_text(COSTS)
    (tmp_path / "link.csv").symlink_to("t.csv")
    os.link(tmp_path / "t.csv", tmp_path / "hard.csv")
    (tmp_path / "m").write_bytes(model_of_a_table)
    (tmp_path / "m.csv").write_bytes(model_of_a_table)
    (tmp_path / "m.png").write_bytes(model_of_a_table)
    np.save(tmp_path / "X.npy", np.arange(40.0).reshape(20, 2))
    np.save(tmp_path / "y.npy", np.arange(20) % 2)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def model_of_a_table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "t.csv").write_text(TABLE)
    package.train(folder / "t.csv", target="y", C=1.0).save(folder / "m")
    return (folder / "m").read_bytes()


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


READ_AND_WRITTEN = {
    "train t.csv -o t.csv": "t.csv",
    "train t.csv -o ../{here}/t.csv": "../{here}/t.csv",
    "train t.csv -o link.csv": "link.csv",
    "train link.csv -o t.csv": "t.csv",
    "train t.csv -o hard.csv": "hard.csv",
    "train t.csv -o new --report t.csv": "t.csv",
    "train t.csv -o new --test other.csv --report other.csv": "other.csv",
    "train t.csv -o other.csv --val other.csv --no-report": "other.csv",
    "train t.csv -o costs.csv --costs costs.csv": "costs.csv",
    "train new.mistakes.csv -o new": "new.mistakes.csv",
    "train t.csv -o other.csv --relabel other.csv": "other.csv",
    "train scored.partial.csv -o scored.csv": "scored.partial.csv",
    "train X.npy -o y.npy": "y.npy",
    "train X.npy -o X.npy --y y.npy": "X.npy",
    "evaluate m t.csv --report m": "m",
    "evaluate m t.csv --report t.csv": "t.csv",
    "evaluate m new.mistakes.csv --report new.html": "new.mistakes.csv",
    "evaluate m t.csv --mistakes t.csv": "t.csv",
    "predict m t.csv -o t.csv": "t.csv",
    "predict m t.csv -o link.csv": "link.csv",
    "predict m.csv t.csv -o m.csv": "m.csv",
    "predict m . -o other.csv": "other.csv",
}


@pytest.mark.parametrize(("line", "output"), READ_AND_WRITTEN.items())
def test_what_is_read_is_not_written_even_where_overwriting_is_asked_for(
    onelayer, place, line, output
):
    here = place.name
    command, *rest = line.format(here=here).split()
    target = TARGET if command == "train" and rest[0].endswith("csv") else ()
    before = contents(place)
    done = onelayer(command, *rest, *target, "--overwrite")
    assert done.code == 2
    expected = f"{output.format(here=here)} cannot be both read and written: give another name"
    assert done.err == f"error: {expected}\n"
    assert contents(place) == before


def test_weights_are_not_drawn_over_the_model(onelayer, place):
    before = contents(place)
    done = onelayer("inspect", "m.png", "--weights", "m.png")
    assert (done.code, contents(place)) == (2, before)
    assert done.err == "error: m.png cannot be both read and written: give another name\n"
    done = onelayer("inspect", "m", "--weights", "new.txt")
    assert done.err == "error: new.txt has no suffix that says what to draw: give .png\n"


def test_a_picture_is_not_overwritten_and_a_model_among_them_is(onelayer, tmp_path, write_pictures):
    source = write_pictures(tmp_path / "s", {"blue": (0, 0, 200), "red": (200, 0, 0)}, 6)
    model = source / "m.safetensors"
    for _ in range(2):
        assert onelayer("train", source, "--C", 1, "-o", model).code == 0
    assert (source / "m.html").exists()
    before = (source / "red/00.png").read_bytes()
    done = onelayer("train", source, "--C", 1, "-o", source / "red/00.png", "--overwrite")
    assert done.code == 2
    assert "red/00.png cannot be both read and written" in done.err
    assert (source / "red/00.png").read_bytes() == before


def test_the_page_and_its_table_of_mistakes_are_two_files(onelayer, place):
    for command in ("evaluate m t.csv", "train t.csv --target y -o new"):
        one = ("--report", "new.csv", "--mistakes", "./new.csv", "--overwrite")
        done = onelayer(*command.split(), *one)
        expected = "new.csv cannot be both the report and the table of mistakes: give two names"
        assert (done.code, done.err) == (2, f"error: {expected}\n")
    assert not (place / "new").exists()


@pytest.mark.skipif(os.name == "nt", reason="devices with names")
@pytest.mark.parametrize(
    "line",
    [
        "train t.csv --no-report -o",
        "train t.csv -o new --report",
        "evaluate m t.csv --report",
        "predict m t.csv -o",
        "inspect m --weights",
        "lesson --notebook",
        "lesson --export",
    ],
)
def test_devices_and_pipes_are_refused_at_once(onelayer, place, line):
    os.mkfifo(place / "pipe")
    command, *rest = line.split()
    target = TARGET if command == "train" else ()
    for output, kind in (("/dev/full", "device"), ("/dev/null", "device"), ("pipe", "pipe")):
        done = onelayer(command, *rest, output, *target)
        assert done.code == 2
        assert done.err.startswith(f"error: {output} is a {kind}, and a file is written beside")
        assert not (place / "new").exists()


def shell(environment, line):
    python = f"{shlex.quote(sys.executable)} -m onelayer"
    command = ["sh", "-c", line.replace("onelayer", python, 1)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


TRAIN = "onelayer train t.csv --target y --C 1 --no-report -o new"


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize(
    ("redirected", "code", "err"),
    [
        (">&-", 1, "error: Bad file descriptor: standard output\n"),
        ("2>&-", 0, ""),
        ("<&- >&- 2>&-", 1, ""),
        ("2>/dev/full >/dev/full", 1, ""),
    ],
)
def test_a_model_is_not_lost_with_the_streams(environment, place, redirected, code, err):
    found, out, said = shell(environment, f"{TRAIN} {redirected}")
    assert (found, said) == (code, err)
    assert ("Written: new" in out) == (redirected == "2>&-")
    assert package.load(place / "new").predict("t.csv").shape == (60,)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
def test_an_output_is_not_where_the_command_prints(environment, place):
    assert shell(environment, f"{TRAIN} > new")[::2] == (
        2,
        "error: new is where the command prints: give another name\n",
    )
    code, out, err = shell(environment, f"{TRAIN[:-3]}/dev/stdout")
    assert (code, out) == (2, "")
    assert err.startswith("error: /dev/stdout is a pipe")
    assert place.is_dir()
    code, _, err = shell(environment, "onelayer --help >/dev/full")
    assert (code, err) == (1, "error: No space left on device: standard output\n")
