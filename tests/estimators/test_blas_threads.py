"""Fits of few parameters are the same bytes at any number of BLAS's own threads.

Products and factors of 100 columns and more are not: OpenBLAS cuts them by the number of threads.
"""

import os
import subprocess
import sys

FITS = """
import warnings
from hashlib import sha256
import numpy as np
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from onelayer import LogisticRegression

warnings.simplefilter("ignore")  # separable without a penalty
rng = np.random.default_rng(0)

def made(m, n, classes):
    X = rng.normal(size=(m, n))
    return X, (X[:, :1] * np.arange(classes) + rng.gumbel(size=(m, classes))).argmax(axis=1)

def put(name, *arrays):
    print(name, sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest())

wide, y = made(9000, 60, 2)
data = {
    "iris": load_iris(return_X_y=True),
    "cancer": load_breast_cancer(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "one column": made(20_000, 1, 2),
    "long": made(30_000, 5, 3),
    "three classes": made(6000, 29, 3),
    "ninety": made(2500, 89, 2),
    "by kernels": (wide, y),
    "float32": (wide.astype(np.float32), y),
    "bytes": ((20 * wide + 100).clip(0, 255).astype(np.uint8), y),
    "sparse": (sparse.random(3000, 80, 0.1, format="csr", random_state=0), np.arange(3000) % 2),
}
for name, (X, y) in data.items():
    for how in ({}, {"l1_ratio": 1.0, "C": 0.1}, {"scaling": "standard", "C": np.inf}):
        model = LogisticRegression(max_iter=20, **how).fit(X, y)
        put(f"{name} {how}", model.coef_, model.intercept_, np.array(model.solution_.gap))
X, y = data["cancer"]
model = LogisticRegression(C=np.inf, scaling="standard").fit(X[:, :5], y)
put("summary", model.summary(X[:, :5], y, robust=True).values)
"""


def test_fits_of_few_parameters_are_the_same_bytes():
    told = [_fits_with(threads) for threads in (1, 2)]
    assert len(told[0]) == 34
    assert [line for line in told[0] if line not in told[1]] == []


def _fits_with(threads):
    """A line a fit, made in a process whose BLAS has so many threads."""
    env = os.environ | {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", FITS], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()
