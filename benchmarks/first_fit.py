"""python benchmarks/first_fit.py: digits fitted in a fresh process, import included.

Whole processes in turn: the interpreter alone, NumPy, each library's import, and its first fit.
The aim is no later than scikit-learn + 0.3 s, and `import onelayer` within 0.1 s of
`import sklearn`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
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


def main() -> None:
    """Print medians and the two differences that have an aim."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    found = records(parser.parse_args().repeats)
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
