"""One row, one answer: alone, in any batch, in any order, in another process, the same bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BATCHES = (1, 2, 3, 7, 63, 64, 65)


@pytest.fixture(scope="module")
def expected(trained):
    """The probabilities of all test rows at once."""
    return trained.model.predict_proba(trained.inputs)


def test_a_row_is_answered_alike_in_every_company(trained, expected, tmp_path):
    shuffled = np.random.default_rng(0).permutation(len(expected))
    batches = [np.arange(at, at + size) for size in BATCHES for at in (0, 11, 80)]
    for number, rows in enumerate([*batches, shuffled]):
        inputs = trained.kind.inputs(trained.test.take(rows), tmp_path / str(number))
        np.testing.assert_array_equal(trained.model.predict_proba(inputs), expected[rows])


@pytest.mark.parametrize("trained", ["float64", "uint8", "csr"], indirect=True)
def test_no_row_has_no_answer(trained):
    none, K = trained.inputs[:0], len(trained.model.classes)
    assert trained.model.predict_proba(none).shape == (0, K)
    assert trained.model.predict(none).shape == (0,)


def run(script, *arguments, **variables):
    """What a script prints that runs on the source tree in another process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **variables}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


ANSWERS = """
import json, sys, onelayer
model, *files = sys.argv[1:]
print(json.dumps(onelayer.load(model).predict_proba(files).tolist()))
"""


@pytest.mark.parametrize("trained", ["csv", "pictures", "npz"], indirect=True)
def test_another_process_with_more_threads_answers_alike(trained, expected):
    files = trained.inputs if isinstance(trained.inputs, list) else [trained.test_source]
    threads = {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
    found = run(ANSWERS, trained.file, *files, **threads)
    np.testing.assert_array_equal(found, expected)


SHAPES = """
import json, tempfile, numpy as np, onelayer
random, differing = np.random.default_rng(0), []
for dtype in ("float64", "float32", "uint8"):
    for K in (2, 3, 10):
        for n in (1, 7, 100, 784):
            X = random.integers(0, 255, (130, n)) + (dtype != "uint8") * random.random((130, n))
            X, y = X.astype(dtype), np.arange(130) % K
            clf = onelayer.LogisticRegression(solver="gradient-descent", max_iter=1).fit(X, y)
            with tempfile.TemporaryDirectory() as folder:
                onelayer.save(clf, folder + "/m.safetensors")
                model = onelayer.load(folder + "/m.safetensors")
            whole = model.predict_proba(X)
            for size, end in ((1, 12), (3, 36), (65, 130)):
                parts = [model.predict_proba(X[at : at + size]) for at in range(0, end, size)]
                if not (np.concatenate(parts) == whole[:end]).all():
                    differing.append([dtype, K, n, size])
print(json.dumps(differing))
"""


@pytest.mark.parametrize("kernels", ["Haswell", "SkylakeX", "Sandybridge"])
def test_every_kind_of_blas_kernel_answers_a_row_alike(kernels):
    processor = Path("/proc/cpuinfo")
    if kernels == "SkylakeX" and not (processor.exists() and "avx512f" in processor.read_text()):
        pytest.skip("the processor has no AVX-512, whose kernels these are")
    assert run(SHAPES, OPENBLAS_CORETYPE=kernels, OMP_NUM_THREADS="1") == []
