"""The OpenAPI description holds: schemathesis finds no request that it is wrong about."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import onelayer

EXAMPLES = 8
COMMAND = [
    sys.executable,
    "-m",
    "schemathesis.cli",
    "--no-color",
    "run",
    "--generation-deterministic",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model of 4 x 4 pictures: rows of 192 numbers would take a minute to make up."""
    X = np.random.default_rng(0).integers(0, 255, (40, 4, 4, 3)).astype(np.uint8)
    y = np.where(X[..., 0].mean(axis=(1, 2)) > 127, "red", "blue")
    path = tmp_path_factory.mktemp("tiny") / "m.safetensors"
    onelayer.train((X, y)).save(path)
    return path


@pytest.fixture
def models(tiny, cancer_model, table_model):
    """The file of a model of each kind."""
    return {"pictures": tiny, "rows": cancer_model[1], "table": table_model[1]}


@pytest.mark.parametrize(
    ("kind", "token"), [("pictures", None), ("rows", "secret"), ("table", None)]
)
def test_schemathesis_finds_nothing(kind, token, serving, models, tmp_path):
    variables = {} if token is None else {"ONELAYER_TOKEN": token}
    known = [] if token is None else ["--header", f"Authorization: Bearer {token}"]
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    with serving(models[kind], **variables) as served:
        done = subprocess.run(
            [*COMMAND, f"--max-examples={EXAMPLES}", *known, served.address + "openapi.json"],
            env={**os.environ, **hooks},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"Tested: {5 if kind == 'table' else 4}" in done.stdout
    assert int(re.search(r"(\d+) generated, ", done.stdout)[1]) > 60
