"""What a terminal gets: no control character from data, from names of files or from a model."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onelayer as package
from onelayer.errors import DataError
from onelayer.words import in_one_line, in_shell, visible, visible_in_json

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


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_in_one_line_is_one(text):
    shown = in_one_line(text)
    assert len(shown.splitlines()) <= 1
    assert "\t" not in shown
    assert in_one_line(shown) == shown
    assert str(DataError(text, "next")).split("\n") == [shown, "next"]


@pytest.mark.skipif(os.name == "nt", reason="bash")
@pytest.mark.parametrize("word", ["a\nb", "it's\ta\\b", "$x\x1b[0m", "plain", "two words", ""])
def test_a_shell_takes_a_word_back(word):
    said = subprocess.run(
        ["bash", "-c", f"printf %s {in_shell(word)}"], capture_output=True, check=True
    ).stdout
    assert said.decode() == word
    assert in_shell(word).isprintable()


BROKEN = "li\nne.csv"
IN_LINES = [
    (("train", BROKEN, "--target", "out\ncome", "--C", "1", "-o", "m\n2"), r"li\nne.csv: 60 rows"),
    (("train", BROKEN, "--target", "no\ntarget"), r"a\nb, lev\tel, out\ncome"),
    (("inspect", "m\n1"), r"lev\tel = u\nv"),
    (("evaluate", "m\n1", BROKEN), r"yes\nsir   "),
    (("predict", "m\n1", BROKEN), r"li\nne.csv    "),
    (("compare", "m\n1", "m\n1", BROKEN), r"trained on most of li\nne.csv"),
    (("summary", BROKEN, "--target", "out\ncome", "--drop", "lev\tel"), r"a\nb "),
    (("predict", "m\n1", "none\n.csv"), r"none\n.csv"),
    (("evaluate", "m\n1", "folder\nfile"), r"folder\nfile"),
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A table of which a name of each kind holds a line feed or a tab, and a model of it."""
    folder = tmp_path_factory.mktemp("broken")
    frame = pd.DataFrame(
        {
            "a\nb": np.arange(60) % 17,
            "lev\tel": ["u\nv", "w", "x"] * 20,
            "out\ncome": ["yes\nsir" if k % 17 < 8 else "no" for k in range(60)],
        }
    )
    frame.to_csv(folder / BROKEN, index=False)
    model = package.train(folder / BROKEN, target="out\ncome", C=1.0)
    assert list(model.classes) == ["no", "yes\nsir"]
    model.save(folder / "m\n1")
    return folder


@pytest.mark.parametrize(("arguments", "shown"), IN_LINES, ids=lambda of: visible(str(of[0])))
def test_no_name_breaks_a_line(onelayer, broken, monkeypatch, arguments, shown):
    monkeypatch.chdir(broken)
    done = onelayer(*arguments)
    said = done.out + done.err
    for name in ("a\nb", "lev\tel", "out\ncome", "yes\nsir", "u\nv", "li\nne", "m\n1", "folder\nf"):
        assert name not in said
    assert shown in said


def test_outputs_keep_the_true_names(onelayer, broken, monkeypatch):
    monkeypatch.chdir(broken)
    found = onelayer("predict", "m\n1", BROKEN, "--json").json
    assert {one["class"] for one in found["predictions"]} == {"no", "yes\nsir"}
    text = onelayer("predict", "m\n1", BROKEN, "--format", "csv").out
    assert '"yes\nsir"' in text
