"""The scripts, as far as they go without installing anything."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from onelayer import read_pictures

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def test_the_demos_pictures_are_the_digits(tmp_path):
    spec = importlib.util.spec_from_file_location("write_digits", SCRIPTS / "write_digits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for _ in range(2):  # safe to run twice
        assert module.write_digits(tmp_path) == 1797
    found = read_pictures(tmp_path, mode="L")
    assert found.classes == tuple("0123456789")
    assert np.bincount(found.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    with Image.open(tmp_path / "0" / "0000.png") as zero:
        first = np.asarray(zero)
    assert first[0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]  # 0 0 5 13 9 1 0 0, times 255 / 16


@pytest.mark.parametrize("name", ["demo", "test", "environment.sh", "../.ci/run"])
def test_scripts_are_sound_shell(name):
    subprocess.run(["bash", "-n", str(SCRIPTS / name)], check=True)
    if name != "environment.sh":
        assert os.access(SCRIPTS / name, os.X_OK)


@pytest.fixture
def bare(tmp_path):
    """A repository of the demo's scripts alone, and a PATH with nothing but a shell's tools."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "scripts").mkdir()
    for tool in ("bash", "dirname", "cat", "cksum", "rm"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    for name in ("demo", "environment.sh"):
        shutil.copy(SCRIPTS / name, tmp_path / "scripts" / name)
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def _demo(folder):
    command = [str(folder / "bin" / "bash"), str(folder / "scripts" / "demo")]
    path = {"PATH": str(folder / "bin")}
    return subprocess.run(command, env=path, capture_output=True, text=True, check=False)


def test_without_python_the_script_says_which_is_needed(bare):
    done = _demo(bare)
    assert done.returncode == 1
    assert done.stderr == "error: Python 3.11 or newer is needed, and no python3 on the PATH is\n"


def test_without_the_venv_module_the_script_says_how_to_get_it(bare):
    python = bare / "bin" / "python3"
    python.write_text('#!/bin/bash\n[[ "$2" != *ensurepip* ]]\n')  # runs all but ensurepip
    python.chmod(0o755)
    done = _demo(bare)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {python} has no venv module: install it (Debian, Ubuntu: apt install "
        "python3-venv)\n"
    )
