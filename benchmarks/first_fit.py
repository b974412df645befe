"""python benchmarks/first_fit.py: digits fitted in a fresh process, import included.

Whole processes in turn: the interpreter alone, NumPy, each library's import, and its first fit.
The aim is no later than scikit-learn + 0.3 s, and `import onelayer` within 0.1 s of
`import sklearn`.

`--machine` is the first fit of a fresh machine instead: large data of each kind in two processes,
one after the other, the first with an empty cache of compiled kernels. The aim is 3 s at most
between them. Each kernel that was compiled is listed with its seconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from results import Record

DIGITS = "from sklearn.datasets import load_digits; X, y = load_digits(return_X_y=True); "
SCRIPTS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import sklearn": "import sklearn",
    "import onelayer": "import onelayer",
    "sklearn estimator": "from sklearn.linear_model import LogisticRegression",
    "onelayer estimator": "from onelayer import LogisticRegression",
    "sklearn digits": DIGITS + "from sklearn.linear_model import LogisticRegression as L; "
    "L(C=1.0, max_iter=10000).fit(X, y)",
    "onelayer digits": DIGITS + "from onelayer import LogisticRegression as L; L(C=1.0).fit(X, y)",
}
"""C = 1 is lambda = 1/m, row G's."""

LARGE = {
    "bytes, 2 classes": "X, k = random.integers(0, 256, (20000, 200), dtype=np.uint8), 2",
    "bytes, 10 classes": "X, k = random.integers(0, 256, (20000, 200), dtype=np.uint8), 10",
    "float32, 2 classes": "X, k = random.normal(size=(20000, 100)).astype(np.float32), 2",
    "float64, 10 classes": "X, k = random.normal(size=(20000, 50)), 10",
    "sparse, 2 classes": "X, k = sparse.random(9000, 5000, 0.01, 'csr', np.float32, rng=random), 2",
    "sparse, 5 classes": "X, k = sparse.random(9000, 5000, 0.01, 'csr', np.float32, rng=random), 5",
}
FIT = """
import time
import numpy as np
from scipy import sparse
from numba.core import event
random = np.random.default_rng(0)
{made}
y, began, compiled = random.integers(0, k, X.shape[0]), [], []

class Listener(event.Listener):
    def on_start(self, event):
        began.append(time.process_time())

    def on_end(self, event):
        seconds, of = time.process_time() - began.pop(), event.data["dispatcher"].py_func.__name__
        if not began:
            compiled.append(f"{{of}} {{seconds:.2f}} s")

event.register("numba:compile", Listener())
from onelayer import LogisticRegression
start = time.process_time()
LogisticRegression(C=1.0).fit(X, y)
print(time.process_time() - start, ", ".join(compiled), sep="; ")
"""


def records(repeats: int) -> list[Record]:
    """Seconds of every process, the scripts in turn; one that fails leaves a mark."""
    return [_record(name, script) for _ in range(repeats) for name, script in SCRIPTS.items()]


def _record(name: str, script: str) -> Record:
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=False, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    if process.returncode:
        why = (process.stderr.strip().splitlines() or ["failed"])[-1]
        return Record("G-process", name, "", "mark", status=why)
    return Record("G-process", name, "", "process", seconds=seconds)


def of_a_machine() -> None:
    """Print what the first fit of each kind costs beyond the second, in seconds of all cores."""
    for name, made in LARGE.items():
        with tempfile.TemporaryDirectory() as cache:
            runs = [_fitted(FIT.format(made=made), cache) for _ in range(2)]
        (first, kernels), (second, _) = runs
        print(
            f"{name:20} {first:6.2f} s, then {second:6.2f}: {first - second:+.2f} (aim: at most 3)"
        )
        print(f"    {kernels}")


def _fitted(script: str, cache: str) -> tuple[float, str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=os.environ | {"XDG_CACHE_HOME": cache},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, kernels = done.stdout.strip().split(";", 1)
    return float(seconds), kernels.strip()


def main() -> None:
    """Print medians and the two differences that have an aim."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--machine", action="store_true")
    asked = parser.parse_args()
    if asked.machine:
        of_a_machine()
        return
    found = records(asked.repeats)
    for record in found:
        if record.status:
            print(f"{record.contender}: {record.status}")
    middle = {name: median(r.seconds for r in found if r.contender == name) for name in SCRIPTS}
    for name, seconds in middle.items():
        print(f"{name:20} {seconds:.3f} s")
    late = middle["import onelayer"] - middle["import sklearn"]
    print(f"import onelayer - import sklearn: {late:+.3f} s (aim: at most 0.1)")
    late = middle["onelayer digits"] - middle["sklearn digits"]
    print(f"digits, onelayer - scikit-learn: {late:+.3f} s (aim: at most 0.3)")


if __name__ == "__main__":
    main()
