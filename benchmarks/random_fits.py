"""Whether a stated gap is ever a lie: python benchmarks/random_fits.py [--fits 2000] [--first 0].

Random fits of every kind of storage, 2 to 50 classes, weights, C from 1e-4 to 1e6, outlying rows up
to 1e4, conditions up to 1e8, shares of L1, all solvers and tolerances: the gap that each states
beside the true one, J of its parameters against the optimum in long double (`long_double.py`).
A lie is a true gap of more than twice the stated one and 1e-13 of J; or "converged" beyond tol.
n K is at most 200, so that long double is bearable. Exit code 1 where there is a lie.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from fitting import parameters_of
from long_double import Long, Reference
from onelayer import LogisticRegression

STORAGES = ("float64", "float32", "float16", "uint8", "csr", "fortran")
SMOOTH = ("auto", "auto", "auto", "newton", "lbfgs", "truncated-newton")
TOLERANCES = (1e-2, 1e-4, 1e-7, 1e-7, 1e-10)
SLACK = 1e-13  # of J: what rounding may take from a stated gap
HANGS = 20.0  # seconds of the processor: others at work on the machine are no hang


@dataclass(frozen=True)
class Drawn:
    """One fit to be made."""

    X: Any
    labels: np.ndarray
    weights: np.ndarray | None
    options: dict[str, Any]
    words: str


@dataclass(frozen=True)
class Outcome:
    """What a fit stated, and what is true."""

    drawn: Drawn
    solver: str
    status: str
    stated: float
    true: float
    doubt: float
    seconds: float

    @property
    def lies(self) -> str:
        """What is wrong, in a word or two; nothing where all is well."""
        tol = self.drawn.options["tol"]
        if self.seconds > HANGS:
            return "hangs"
        if self.true > 2 * self.stated + SLACK + self.doubt:
            return "gap too low"
        late = self.status == "converged" and self.true > tol + SLACK + self.doubt
        return "converged beyond tol" if late else ""


def draw(seed: int) -> Drawn:
    """The fit of this number."""
    g = np.random.default_rng(seed)
    K = int(g.choice([2, 2, 2, 3, 5, 10, 20, 50]))
    n = int(g.integers(1, max(2, 200 // K) + 1))
    m = int(g.integers(max(K, 8), 300))
    storage = str(g.choice(STORAGES))
    X, made = _features(g, m, n, storage)
    labels = _labels(g, X, K)
    weights = _weights(g, labels)
    ratio = float(g.choice([0, 0, 0, 0.3, 0.9, 1]))
    options = {
        "C": float(10 ** g.uniform(-4, 6)),
        "l1_ratio": ratio,
        "tol": float(g.choice(TOLERANCES)),
        "fit_intercept": bool(g.random() < 0.8),
        "scaling": None if storage == "csr" and g.random() < 0.5 else g.choice([None, "standard"]),
        "solver": _solver(g, ratio, m < n),
    }
    words = f"{storage} {m} x {n}, {K} classes, {made}{', weights' * (weights is not None)}"
    return Drawn(_stored(X, storage), labels, weights, options, words)


def judge(drawn: Drawn) -> Outcome:
    """Fit, and hold what is stated against the truth."""
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits that say that they did not converge
        model = LogisticRegression(**drawn.options).fit(drawn.X, drawn.labels, drawn.weights)
        seconds = time.process_time() - began
        tight = {**drawn.options, "tol": 1e-13, "solver": "auto"}
        nearest = LogisticRegression(**tight).fit(drawn.X, drawn.labels, drawn.weights)
    reference = _reference(drawn, model)
    found = _theta(drawn, model)
    starts = [_theta(drawn, nearest), found]
    start = min(starts, key=reference.value)
    theta, best = reference.solve(start)
    return Outcome(
        drawn=drawn,
        solver=model.solution_.solver,
        status=model.solution_.status.value,
        stated=model.solution_.gap,
        true=float((reference.value(found) - best) / best),
        doubt=float(reference.doubt(theta) / best),
        seconds=seconds,
    )


def main() -> int:
    """A line for every lie and every fit that did not converge, and a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    outcomes, lies = [], 0
    for seed in range(asked.first, asked.first + asked.fits):
        outcome = judge(draw(seed))
        outcomes.append(outcome)
        if outcome.lies:
            lies += 1
        if outcome.lies or outcome.status != "converged":
            print(f"{seed}: {outcome.lies or 'right'}: {_described(outcome)}", flush=True)
    _summary(outcomes)
    return 1 if lies else 0


def _features(g: np.random.Generator, m: int, n: int, storage: str) -> tuple[np.ndarray, str]:
    """Numbers as the storage holds them, and what is odd about them."""
    X = g.normal(size=(m, n))
    if storage == "uint8":
        return np.clip(np.rint(X * 40 + g.choice([20, 128])), 0, 255), "pixels"
    made = str(g.choice(["plain", "outlier", "scales", "spectrum", "offset", "copies"]))
    if made == "outlier":
        X[: int(g.integers(1, 4))] *= 10 ** g.uniform(1, 4)
    if made == "scales":
        X *= 10 ** g.uniform(-4, 4, size=n)
    if made == "spectrum":
        rotation, _ = np.linalg.qr(g.normal(size=(n, n)))
        X = X * np.logspace(-4, 4, n) @ rotation
    if made == "offset":
        X += 10 ** g.uniform(1, 4)
    if made == "copies":
        X[:, n // 2 :] = X[:, : n - n // 2]
    if storage == "csr":
        X = np.where(g.random(X.shape) < 0.2, X, 0)
    return X, made


def _stored(X: np.ndarray, storage: str) -> Any:
    if storage == "csr":
        return sparse.csr_matrix(X)
    if storage == "fortran":
        return np.asfortranarray(X)
    return X.clip(-6e4, 6e4).astype(np.float16) if storage == "float16" else X.astype(storage)


def _labels(g: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """All K classes, even or uneven, at random or as a layer would have them."""
    m = len(X)
    shares = np.ones(K) if g.random() < 0.5 else 10 ** g.uniform(-2, 0, size=K)
    labels = g.choice(K, m, p=shares / shares.sum())
    if g.random() < 0.6:
        unit = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-12)
        noise = g.gumbel(size=(m, K)) * g.choice([0.01, 1, 3])
        labels = (unit @ g.normal(size=(X.shape[1], K)) + np.log(shares) + noise).argmax(axis=1)
    labels[g.permutation(m)[:K]] = np.arange(K)
    return labels


def _weights(g: np.random.Generator, labels: np.ndarray) -> np.ndarray | None:
    """None, whole numbers (some zero), or of many sizes; every class keeps one row."""
    kind = g.integers(4)
    if kind < 2:
        return None
    m = len(labels)
    weights = g.integers(0, 4, m).astype(float) if kind == 2 else 10 ** g.uniform(-3, 3, m)
    _, first = np.unique(labels, return_index=True)
    weights[first] = np.maximum(weights[first], 1)
    return weights


def _solver(g: np.random.Generator, ratio: float, wide: bool) -> str:
    if ratio > 0:
        return "auto"
    return str(g.choice([*SMOOTH, *["gram"] * wide]))


def _reference(drawn: Drawn, model: Any) -> Reference:
    """The problem that was fitted: X' = (X - centre) * scale, lambda = 1 / (C sum of weights)."""
    X = drawn.X.toarray() if sparse.issparse(drawn.X) else drawn.X
    X = X.astype(Long)
    if model.scaling_ is not None:
        X = (X - model.scaling_.centre.astype(Long)) * model.scaling_.scale.astype(Long)
    weights = np.ones(len(X)) if drawn.weights is None else drawn.weights
    strength = 1 / (Long(drawn.options["C"]) * weights.astype(Long).sum())
    ratio = Long(drawn.options["l1_ratio"])
    penalty = (strength * (1 - ratio), strength * ratio)
    intercept = drawn.options["fit_intercept"]
    return Reference.of(X, drawn.labels, weights, penalty, intercept=intercept)


def _theta(drawn: Drawn, model: Any) -> np.ndarray:
    """(n + 1, k) on X', of the parameters in float64 that predictions are made from."""
    coef, intercept = parameters_of(model)
    W, b = coef.T.astype(Long), np.atleast_1d(intercept).astype(Long)
    if model.scaling_ is not None:
        b = b + model.scaling_.centre.astype(Long) @ W
        W = W / model.scaling_.scale.astype(Long)[:, None]
    b = b if drawn.options["fit_intercept"] else np.zeros_like(b)
    return np.vstack([W, b[None]])


def _described(outcome: Outcome) -> str:
    options = " ".join(f"{name}={value}" for name, value in outcome.drawn.options.items())
    return (
        f"{outcome.drawn.words}; {options}; {outcome.solver} {outcome.status}, stated "
        f"{outcome.stated:.1e}, true {outcome.true:.1e}, {outcome.seconds:.2f} s"
    )


def _summary(outcomes: list[Outcome]) -> None:
    print(f"{len(outcomes)} fits: {dict(Counter(one.lies or 'right' for one in outcomes))}")
    print(f"status {dict(Counter(one.status for one in outcomes))}")
    print(f"solver {dict(Counter(one.solver for one in outcomes))}")
    doubtful = sum(one.doubt > SLACK for one in outcomes)
    slowest = max(outcomes, key=lambda one: one.seconds)
    print(f"references known to less than {SLACK:g} of J: {doubtful}")
    print(f"slowest: {_described(slowest)}")


if __name__ == "__main__":
    sys.exit(main())
