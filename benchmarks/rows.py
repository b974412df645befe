"""The rows: which objective on which data, at which strength of the penalty.

Every problem is: mean loss + lambda/2 ||W||^2 (row E: lambda ||W||_1) of x' = scaled X, the
intercept free. A binary problem also has a variant without an intercept, named `...-0`: there the
peers that penalise the intercept, or have none, solve the same objective as everyone else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

import data
import judge
from views import View


@dataclass(frozen=True)
class Case:
    """One optimisation of a problem: its training rows (None: all of them) and lambda."""

    rows: np.ndarray | None
    strength: float


@dataclass(frozen=True)
class Problem:
    """What all contenders solve, in one line of the list below.

    `strengths` are lambdas; times lambda_max where l1; none means 1/m. With `folds`, each is
    solved on the training rows of each fold, as a cross-validation does, with the same C in all:
    lambda * m / (rows of the fold).
    """

    name: str
    data: str
    strengths: tuple[float, ...] = ()
    scaling: float | str | None = None
    l1: bool = False
    intercept: bool = True
    folds: int = 0
    binary: bool = True
    small: bool = False

    @property
    def row(self) -> str:
        """A to H."""
        return self.name.removeprefix("small-")[0]

    def load(self) -> Task:
        """Read the data and settle what depends on it."""
        X, y = data.load(self.data, small=self.small)
        view = View.of(X, self.scaling)
        lambdas = np.array(self.strengths or (1 / len(y),))
        if self.l1:
            lambdas *= judge.largest_lambda(view, y, intercept=self.intercept)
        return Task(self, view, y, tuple(lambdas.tolist()), tuple(_training_rows(y, self.folds)))


@dataclass(frozen=True)
class Task:
    """A problem with its data in memory."""

    problem: Problem
    view: View
    y: np.ndarray
    lambdas: tuple[float, ...]
    folds: tuple[np.ndarray, ...]

    @property
    def classes(self) -> int:
        """K."""
        return int(self.y.max()) + 1

    @property
    def nbytes(self) -> int:
        """Bytes of X as it came."""
        X = self.view.X
        return X.nbytes if isinstance(X, np.ndarray) else X.data.nbytes + X.indices.nbytes

    def cases(self) -> list[Case]:
        """Every optimisation, fold by fold, from the strongest penalty to the weakest."""
        m = len(self.y)
        if not self.folds:
            return [Case(None, strength) for strength in self.lambdas]
        return [
            Case(rows, strength * m / len(rows)) for rows in self.folds for strength in self.lambdas
        ]

    def objectives(self, parameters: list[judge.Parameters]) -> np.ndarray:
        """J of every case, on x', the training rows of a fold judged together."""
        l1, step = self.problem.l1, len(self.lambdas)
        strengths = [case.strength for case in self.cases()]
        if not self.folds:
            return judge.objectives(self.view, self.y, parameters, strengths, l1=l1)
        parts = []
        for fold, rows in enumerate(self.folds):
            own = slice(fold * step, (fold + 1) * step)
            view, y = self.view.rows(rows), self.y[rows]
            parts.append(judge.objectives(view, y, parameters[own], strengths[own], l1=l1))
        return np.concatenate(parts)


def problems(row: str, *, small: bool = False, variants: bool = True) -> list[Problem]:
    """The problems of one row ("A" to "H"), or of all rows ("all")."""
    found = [p for p in _every(variants=variants) if row in ("all", p.row)]
    return [_in_small(p) for p in found] if small else found


def find(name: str) -> Problem:
    """The problem of that name, `small-` or not."""
    small = name.startswith("small-")
    return next(p for p in problems("all", small=small) if p.name == name)


def _every(*, variants: bool) -> Iterator[Problem]:
    for problem in PROBLEMS:
        yield problem
        if variants and problem.binary and not problem.folds:
            yield replace(problem, name=f"{problem.name}-0", intercept=False)


def _in_small(problem: Problem) -> Problem:
    """The stand-in: shorter paths, fewer folds."""
    strengths = problem.strengths[:: max(1, len(problem.strengths) // 2)]
    folds = min(problem.folds, 2)
    return replace(
        problem, name=f"small-{problem.name}", strengths=strengths, folds=folds, small=True
    )


def _training_rows(y: np.ndarray, folds: int) -> Iterator[np.ndarray]:
    """The training rows of stratified folds, in order and unshuffled."""
    if folds:
        from sklearn.model_selection import StratifiedKFold

        for rows, _ in StratifiedKFold(folds).split(np.zeros(len(y)), y):
            yield rows


PIXELS = 1 / 255
PATH = tuple(np.logspace(-2, -4, 10).tolist())
LONG_PATH = tuple(np.logspace(-1, -5, 20).tolist())

PROBLEMS = (
    Problem("A", "shirts", (1e-4,), PIXELS),
    Problem("B", "fashion", (1e-4,), PIXELS, binary=False),
    Problem("C", "embeddings", (5e-3,), "standard", binary=False),
    Problem("D-family-1e-4", "computing", (1e-4,)),
    Problem("D-family-1e-5", "computing", (1e-5,)),
    Problem("D-groups-1e-4", "newsgroups", (1e-4,), binary=False),
    Problem("D-groups-1e-5", "newsgroups", (1e-5,), binary=False),
    Problem("E-0.1", "computing", (0.1,), l1=True),
    Problem("E-0.01", "computing", (0.01,), l1=True),
    Problem("F-leukemia", "leukemia", PATH),
    Problem("F-flowers", "flowers", PATH, PIXELS),
    Problem("G-digits", "digits", binary=False),
    Problem("G-cancer", "breast-cancer"),
    Problem("G-cancer-standard", "breast-cancer", scaling="standard"),
    Problem("H-shirts", "shirts", LONG_PATH, PIXELS, folds=5),
    Problem("H-some-shirts", "some-shirts", LONG_PATH, PIXELS, folds=5),
    Problem("H-leukemia", "leukemia", LONG_PATH, folds=5),
    Problem("H-flowers", "flowers", LONG_PATH, PIXELS, folds=5),
)
