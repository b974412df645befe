"""What a training on the command line may import: a heavy part once something needs it."""

import json
import subprocess
import sys

import numpy as np
import pytest

HEAVY = [
    *("sklearn", "joblib", "scipy.stats", "scipy.optimize", "pandas", "numba", "dask"),
    *("pyarrow", "matplotlib", "jinja2", "onnx", "onnxruntime", "torch", "h5py", "formulaic"),
]
ALL = """
import json, sys
from onelayer.cli.app import app

heavy, commands, loaded = *json.load(sys.stdin), {}
for name, arguments in commands.items():
    app(arguments, standalone_mode=False)
    loaded[name] = [module for module in heavy if module in sys.modules]
print(json.dumps(loaded))
"""


@pytest.fixture
def commands(colours, tmp_path):
    """A training of each kind of source, one after another, the one with a report last."""
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 4))
    y = (X[:, 0] > 0).astype(int)
    table, arrays = tmp_path / "t.csv", tmp_path / "a.npz"
    rows = [
        f"{a:.3f},{'uvw'[i % 3]},{label}"
        for i, (a, label) in enumerate(zip(X[:, 0], y, strict=True))
    ]
    table.write_text("\n".join(["a,level,bought", *rows]))
    np.savez(arrays, X=X, y=y)
    sources = {
        "digits": ["digits", "--C", "1"],
        "arrays": [str(arrays)],
        "pictures": [str(colours)],
        "balanced": [str(arrays), "--class-weight", "balanced", "--solver", "lbfgs"],
        "refitted": [str(arrays), "--refit", "--l1-ratio", "0.5"],
        "table": [str(table), "--target", "bought"],
        "weights": [str(table), "--target", "bought", "--weights", "a"],
        "report": [str(table), "--target", "bought"],
    }
    return {
        name: ["train", *given, "-o", str(tmp_path / f"{i}.safetensors"), *_report(name)]
        for i, (name, given) in enumerate(sources.items())
    }


def _report(name):
    return [] if name == "report" else ["--no-report"]


def test_a_training_imports_nothing_that_it_does_not_need(commands, environment):
    """scikit-learn alone takes longer than to read, choose, fit, calibrate and judge digits."""
    done = subprocess.run(
        [sys.executable, "-c", ALL],
        input=json.dumps([HEAVY, commands]),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert not done.returncode, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert {name: modules for name, modules in loaded.items() if modules} == {
        "table": ["pyarrow"],
        "weights": ["pyarrow"],
        "report": ["pyarrow", "jinja2"],
    }
