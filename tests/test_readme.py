"""The README's examples, run as they stand."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from onelayer.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"## ([^\n]+)\n(?:(?!\n## ).)*?```(bash|python)\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def photos(tmp_path, write_pictures):
    """What the examples take for granted: photos/, more_photos/, new.jpg, and tables."""
    _write_customers(tmp_path)
    tints = {"cat": (150, 120, 90), "dog": (90, 120, 150)}
    write_pictures(tmp_path / "photos", tints)
    write_pictures(tmp_path / "more_photos", tints, 5, seed=1)
    (tmp_path / "new.jpg").write_bytes((tmp_path / "more_photos/dog/00.png").read_bytes())
    return tmp_path


def _write_customers(folder):
    """Customers of whom those who pay much leave, more or less."""
    random = np.random.default_rng(0)
    fee, town = random.normal(50, 10, 200).round(2), random.choice(["Oslo", "Rome", "?"], 200)
    churned = np.where(fee + random.normal(0, 5, 200) > 50, "yes", "no")
    frame = pd.DataFrame({"id": np.arange(200), "fee": fee, "town": town, "churned": churned})
    frame.to_csv(folder / "customers.csv", index=False)
    frame.drop(columns="churned").head(20).to_parquet(folder / "new_customers.parquet")


def _run(command, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_nine_examples():
    assert [(title, language) for title, language, _ in BLOCKS] == [
        ("On the command line", "bash"),
        ("With a table", "bash"),
        ("Probabilities and answers", "bash"),
        ("The next run", "bash"),
        ("In Python", "python"),
        ("As an estimator", "python"),
        ("With a data frame", "python"),
        ("As inference", "python"),
        ("As a lesson", "python"),
    ]


def _typed(block, run):
    printed = ""
    for line in BLOCKS[block][2].strip().splitlines():
        name, *arguments = shlex.split(line, comments=True)
        assert name == "onelayer"
        printed += run(arguments)
    return printed


@pytest.fixture
def here(photos, monkeypatch):
    """here(arguments) runs a command in this process: most of one of its own is imports."""
    monkeypatch.chdir(photos)

    def run(arguments):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    return run


def test_the_command_line_in_processes_of_its_own(photos):
    printed = _typed(0, lambda words: _run([sys.executable, "-m", "onelayer", *words], photos))
    assert "Judged by 8 pictures held out" in printed
    assert re.search(r"new\.jpg +dog +1\.000", printed)
    assert "accuracy            100.0 %" in printed
    assert (photos / "weights.png").stat().st_size > 1000


def test_a_table(photos, here):
    printed = _typed(1, here)
    assert "1 number, standardised: fee" in printed
    assert "Written: scored.csv, 20 rows" in printed
    scored = pd.read_csv(photos / "scored.csv")
    assert scored.columns.tolist() == ["id", "class", "probability", "P(no)", "P(yes)", "unlike"]


def test_probabilities_and_answers(here):
    printed = _typed(2, here)
    assert "Answers: cat where its probability is above" in printed
    assert (
        "Answers: what costs least on average: dog where its probability is above 0.833" in printed
    )
    assert "class weights taken out" in printed


def test_the_next_run(photos, here):
    here(["train", "photos/", "--C", "1"])
    printed = _typed(3, here)
    assert "Neither answers better, as far as can be told" in printed or "Both are right" in printed
    header = "file,label,predicted,probability_of_label,relabel"
    assert (photos / "mistakes.csv").read_text().startswith(header)
    assert (photos / "other.html").exists()


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (4, ["['dog']", "1.0", "trained on   photos/"]),
        (5, ["0.98", "converged"]),
        (6, ["'yes'", "'no'"]),
        (7, ["passed = y (6) against n (4)", "95 %, profile likelihood", "(2) against (1)"]),
        (8, ["0.693147180559945", "0.66"]),
    ],
    ids=["python", "estimator", "frame", "inference", "lesson"],
)
def test_python(photos, block, expected, monkeypatch, capsys):
    monkeypatch.chdir(photos)
    exec(compile(BLOCKS[block][2], "README.md", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own
    printed = capsys.readouterr().out
    for text in expected:
        assert text in printed


def test_the_files_that_it_names_are_there():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
