"""What a terminal gets: no control character from data, from names of files or from a model."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import onelayer as package
from onelayer.words import visible, visible_in_json

ODD = {
    "\x1b]0;owned\x07": r"\x1b]0;owned\x07",
    "\x9b31mred": r"\x9b31mred",
    "a\u202eb": r"a\u202eb",
    "back\x08\x7f": r"back\x08\x7f",
    "\ud83d": r"\ud83d",
    "line\u2028end\r": r"line\u2028end\x0d",
    "Katze \N{CAT FACE}\t\n": "Katze \N{CAT FACE}\t\n",
}
YES, NO, AGE = "yes\x1b[2J\u202e", "no\x9b1m", "age\x1b]0;owned\x07"


def test_control_characters_are_shown_as_escapes():
    for text, expected in ODD.items():
        assert visible(text) == expected
        assert visible(expected) == expected
    every = "".join(map(chr, range(0x110000)))
    left = {c for c in visible(every) if not c.isprintable()}
    assert all(len(c.encode("utf-8", "surrogatepass")) > 1 or c in "\t\n" for c in left)


def test_json_means_the_same():
    for text in ODD:
        shown = visible_in_json(json.dumps(text, ensure_ascii=False))
        assert json.loads(shown) == text
        assert visible(shown) == shown


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    rows = [f"{20 + k},{'abc'[k % 3]},{NO if k % 5 < 2 else YES}" for k in range(60)]
    (folder / "t\x1b[31m.csv").write_text("\n".join([f"{AGE},town,y", *rows]))
    package.train(folder / "t\x1b[31m.csv", target="y", C=1.0).save(folder / "m\x1b[5m")
    return folder


IN, MODEL = "t\x1b[31m.csv", "m\x1b[5m"
COMMANDS = [
    ("train", IN, "--target", "y", "--C", "1", "-o", "new\x1b[1m"),
    ("evaluate", MODEL, IN),
    ("predict", MODEL, IN),
    ("predict", MODEL, IN, "--json"),
    ("inspect", MODEL),
    ("inspect", MODEL, "--json"),
    ("summary", IN, "--formula", f"y ~ `{AGE}`"),
    ("summary", IN, "--formula", "y ~ `\x1b[31m`"),
    ("predict", MODEL, "none\x1b[31m.csv"),
    ("inspect", IN),
]


def sends(text):
    """The control characters of a text, line feeds aside."""
    return sorted(set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)))


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: visible(arguments[0]))
def test_no_command_sends_what_came_from_data(onelayer, folder, monkeypatch, arguments):
    monkeypatch.chdir(folder)
    done = onelayer(*arguments)
    assert sends(done.out) == []
    assert sends(done.err) == []
    assert "owned" not in done.out or r"\x07" in done.out or r"\u0007" in done.out


PTY = """
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.executable, [sys.executable, "-m", "onelayer", *sys.argv[1:]])
said = b""
try:
    while part := os.read(terminal, 65536):
        said += part
except OSError:
    pass
os.waitpid(child, 0)
sys.stdout.buffer.write(said)
"""


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals")
@pytest.mark.parametrize(
    "arguments",
    [("inspect", MODEL), ("predict", MODEL, IN, "--format", "csv")],
    ids=["inspect", "csv"],
)
def test_a_terminal_gets_styles_alone(environment, folder, arguments):
    known = {**environment, "TERM": "xterm-256color", "COLUMNS": "300"}
    command = [sys.executable, "-c", PTY, *arguments]
    done = subprocess.run(command, capture_output=True, cwd=folder, env=known, check=True)
    said = done.stdout.decode()
    assert sends(re.sub(r"\x1b\[[0-9;?]*[mAKhl]|\r", "", said)) == []  # rich's styles and bars
    assert r"yes\x1b[2J\u202e" in said
    assert r"t\x1b[31m.csv" in said
    assert "t\x1b" not in said


def test_data_for_a_program_stay_as_they_are(onelayer, folder, monkeypatch):
    monkeypatch.chdir(folder)
    done = onelayer("predict", MODEL, IN, "--format", "csv")
    assert done.out.splitlines()[1].split(",")[2] in {YES, NO}
    found = onelayer("predict", MODEL, IN, "--json").json
    assert {one["class"] for one in found["predictions"]} <= {YES, NO}


def test_letters_that_a_terminal_lacks_are_escapes(environment, tmp_path):
    """A class of another script, to a stream that has no letters for it."""
    rows = [f"{k},{'да' if k % 5 < 2 else 'нет'}" for k in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    package.train(tmp_path / "t.csv", target="y", C=1.0).save(tmp_path / "m")
    known = {**environment, "PYTHONIOENCODING": "latin-1"}
    for more in ((), ("--json",)):
        command = [sys.executable, "-m", "onelayer", "predict", "m", "t.csv", *more]
        done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=known, check=False)
        assert done.returncode == 0
        assert rb"\u043d\u0435\u0442" in done.stdout


def test_what_python_prints_is_as_visible(folder, monkeypatch):
    monkeypatch.chdir(folder)
    model = package.load(MODEL)
    frame = pd.DataFrame({AGE: np.arange(9), "y": np.arange(9) % 3 > 0})
    result = package.logit(f"y ~ `{AGE}`", frame)
    for shown in (model.card, result.summary()):
        assert sends(str(shown)) == []
    assert r"yes\x1b[2J\u202e" in str(model.card)
    assert r"age\x1b]0;owned\x07" in str(result.summary())
