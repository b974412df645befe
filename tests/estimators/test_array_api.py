"""Arrays of other libraries: read as NumPy reads them; refused where an answer in kind is due."""

import json
import os
import subprocess
import sys

import pytest
import scipy

SCRIPT = """
import json, warnings
import array_api_strict as xp, numpy as np, sklearn
from onelayer import LogisticRegression, LogisticRegressionCV

X = np.random.default_rng(0).normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)
given, labels, weights = xp.asarray(X), xp.asarray(y), xp.asarray(np.ones(60))
fitted = LogisticRegression().fit(X, y)
calls = {
    "fit": lambda: LogisticRegression().fit(given, labels),
    "y": lambda: LogisticRegression().fit(X, labels),
    "weights": lambda: LogisticRegression().fit(X, y, weights),
    "cv": lambda: LogisticRegressionCV(Cs=3, cv=3).fit(given, labels),
    "predict": lambda: fitted.predict(given),
    "predict_proba": lambda: fitted.predict_proba(given),
    "decision_function": lambda: fitted.decision_function(given),
    "score": lambda: fitted.score(given, labels),
}

def ends(call):
    try:
        return call() is None
    except ValueError as error:
        return str(error)

warnings.simplefilter("ignore")
plain = LogisticRegression().fit(given, labels, weights)
with sklearn.config_context(array_api_dispatch=True):
    said = {name: ends(call) for name, call in calls.items()}
    own = LogisticRegression().fit(X, y).score(X, y), LogisticRegression().fit(X.tolist(), y).coef_
print(json.dumps({
    "said": said,
    "plain": (plain.coef_ == fitted.coef_).all().item(),
    "proba": (plain.predict_proba(given) == fitted.predict_proba(X)).all().item(),
    "own": own[0] == fitted.score(X, y) and (own[1] == fitted.coef_).all().item(),
}))
"""


@pytest.mark.skipif(
    tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 14),
    reason="scikit-learn dispatches to other libraries with SciPy 1.14 and newer alone",
)
def test_arrays_of_another_library_are_read_or_refused_in_words():
    known = {**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=known, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["plain"]
    assert found["proba"]
    assert found["own"]
    names = {"y": "y", "weights": "sample_weight"}
    for call, said in found["said"].items():
        name = names.get(call, "X")
        assert said.startswith(f"{name} is of type array_api_strict._array_object.Array, and ")
        assert f"give numpy.asarray({name}), or set array_api_dispatch=False" in said
