"""Rules of the house that a linter cannot hold."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import onelayer
from onelayer.errors import MissingExtraError

HOUSE = Path(onelayer.__file__).parent
SOURCES = sorted(HOUSE.rglob("*.py"))
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
def test_files_stay_short(path):
    assert len(path.read_text().splitlines()) < 400


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


def test_a_missing_extra_names_the_command():
    error = MissingExtraError("HDF5 files need h5py", "hdf5")
    assert str(error) == "HDF5 files need h5py: pip install 'onelayer[hdf5]'"
