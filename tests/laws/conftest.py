"""What the laws share: each kind of source, trained once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from law_kinds import KINDS, Kind, Sample
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app


@dataclass(frozen=True)
class Trained:
    """A model, what it was trained on, and the test set that judged it."""

    name: str
    kind: Kind
    model: onelayer.Model
    source: Any
    test: Sample
    test_source: Any
    inputs: Any
    file: Path


@pytest.fixture(scope="session", params=KINDS)
def trained(request, tmp_path_factory):
    """Each kind in turn: trained on one sample, judged by another, saved."""
    kind, folder = KINDS[request.param], tmp_path_factory.mktemp(request.param)
    test = kind.make(1)
    source, test_source = (
        kind.source(kind.make(0), folder / "train"),
        kind.write(test, folder / "t"),
    )
    model = onelayer.train(source, test=test_source, **kind.settings)
    model.save(folder / "m.safetensors")
    inputs = kind.inputs(test, folder / "inputs")
    return Trained(
        request.param, kind, model, source, test, test_source, inputs, folder / "m.safetensors"
    )


@pytest.fixture(scope="session")
def command():
    """command(...) runs the command line in this process, and returns its JSON."""

    def run(*arguments):
        result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return run
