"""Rules of the house that a linter cannot hold."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import onelayer
from onelayer.errors import MissingExtraError
from onelayer.words import options_spoken, spelt, to_drop

HOUSE = Path(onelayer.__file__).parent
SOURCES = sorted(HOUSE.rglob("*.py"))
OPTION = re.compile(r"(?<![\w-])--[a-zA-Z]|\s--$")
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
LATE = [
    "matplotlib",
    "jinja2",
    "torch",
    "dask",
    "numba",
    "fastapi",
    "sklearn",
    "scipy",
    "pandas",
    "h5py",
]


def name(path):
    return str(path.relative_to(HOUSE))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_storage_is_asked_after_in_designs_alone(path):
    if path.parent.name == "designs":
        pytest.skip("knows how X is held")
    # Readers and validation ask what the caller gave; nothing asks what a design holds.
    entrance = {"readers", "estimators"} & set(path.relative_to(HOUSE).parts)
    words = r"np\.memmap|CsrDesign|DenseDesign" if entrance else r"issparse|np\.memmap|CsrDesign"
    assert not re.findall(words, path.read_text())


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_and_functions_stay_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    if "kernels" not in path.parts:
        functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, FUNCTION)]
        assert {f.name: lines for f in functions if (lines := length(f)) > 40} == {}


def length(function):
    """Lines of the body: a docstring is read by itself, and a public signature has many options."""
    documented = ast.get_docstring(function, clean=False) is not None
    body = function.body[documented:]
    return function.end_lineno - body[0].lineno + 1 if body else 0


def test_length_counts_the_body_alone():
    text = (
        'def f(\n    a,\n):\n    """Return a.\n\n    Twice.\n    """\n    b = a\n\n    return b\n'
    )
    assert length(ast.parse(text).body[0]) == 3


def test_what_a_newcomer_reads_first_is_read_in_one_sitting():
    first = ("logistic.py", "layer.py", "objective.py", "solvers/smooth/gradient_descent.py")
    assert sum(len((HOUSE / name).read_text().splitlines()) for name in first) < 500


OTHERS_MAY_SHARE = {
    "cli": "a command is called as what it does",
    "displays": "a figure is called as what it shows",
    "playground/chapters": "a chapter is called as what it is about",
    "sources": "a kind of source is called as the kind of inputs that it becomes",
}
"""Rooms whose files may share their name with one file elsewhere, and why."""


def test_a_file_name_has_one_meaning():
    names = Counter(
        path.name
        for path in SOURCES
        if str(path.parent.relative_to(HOUSE)) not in OTHERS_MAY_SHARE
        and path.name != "__init__.py"
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_a_class_name_has_one_meaning():
    names = Counter(
        node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_file_says_what_it_is(path):
    if path.read_text() == '"""."""\n':
        pytest.skip("a room that is not furnished yet")
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text is not None
    assert len(text.split()) >= 5
    assert text.split("\n")[0].endswith(".")


def test_import_is_light():
    script = f"import sys, onelayer; print([m for m in {LATE} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(HOUSE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_public_names():
    assert sorted(onelayer._HOME) == sorted(onelayer.__all__)
    assert set(onelayer.__all__) <= set(dir(onelayer))
    with pytest.raises(AttributeError, match="module 'onelayer' has no attribute 'fitt'"):
        _ = onelayer.fitt


def test_messages_speak_as_the_caller_writes():
    assert (spelt("n_features"), spelt("header=False", "--no-header")) == (
        "n_features",
        "header=False",
    )
    assert to_drop(["a", "b c"]) == "drop=['a', 'b c']"
    with options_spoken():
        assert spelt("n_features") == "--n-features"
        assert spelt("header=False", "--no-header") == "--no-header"
        assert to_drop(["a", "b c"]) == "--drop a --drop 'b c'"
    assert spelt("n_features") == "n_features"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_messages_name_options_on_the_command_line_alone(path):
    """Elsewhere an option stands in the second argument of `spelt`, and nowhere else."""
    if {"cli", "playground"} & set(path.parts) or path.name == "words.py":
        pytest.skip("speaks to a command line")
    tree = ast.parse(path.read_text())
    spelt_by = {
        id(part)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "spelt"
        for part in ast.walk(call)
    }
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in spelt_by]
    said = [n.value for n in texts if isinstance(n.value, str) and OPTION.search(n.value)]
    documented = [
        n.value.value for n in ast.walk(tree) if isinstance(n, ast.Expr) and n.value in texts
    ]
    assert [text for text in said if text not in documented] == []


def test_a_missing_extra_names_the_command():
    error = MissingExtraError("HDF5 files need h5py", "hdf5")
    assert str(error) == "HDF5 files need h5py: pip install 'onelayer[hdf5]'"
