"""Two ways to run the command line: in this process, and as people do."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onelayer.cli.app import app

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """Its stdout, which must be one JSON object; NaN and Infinity are not JSON."""
        return json.loads(self.out, parse_constant=_refuse)


def _refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture(scope="session")
def environment():
    """The source tree goes before what may be installed; one thread: the pictures are tiny."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def onelayer():
    """onelayer(...) runs the command line in this process."""

    def run(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def process(environment):
    """process(...) runs `python -m onelayer` as people do."""

    def run(*arguments, **options):
        command = [sys.executable, "-m", "onelayer", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, **options
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def model_file(colours, onelayer, tmp_path_factory):
    """A model of `colours`."""
    path = tmp_path_factory.mktemp("models") / "m.safetensors"
    assert onelayer("train", colours, "-o", path).code == 0
    return path
