"""The trials of C and l1_ratio by cross-validation, and which of them is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from onelayer.errors import DataError
from onelayer.estimators.cross_validation import Fits, PenaltyPath, Solved
from onelayer.estimators.grid import typed
from onelayer.estimators.judges import Judge
from onelayer.solution import Solution

STEP = 3  # values of C that are added at a time where the best is at an edge
EXTENSIONS = 2  # at most, at either edge
FLAT = 0.01  # of its standard error: what the best score gains at an edge that is not followed
LEAST = 1e-3  # nats, or of a rate: the same. Separable classes gain for ever, from next to nothing
CLEAR = 1e-3  # guard: of what a layer without weights loses, a difference that patience counts


NO_WEIGHTS = (
    "The layer has no weight: it gives every example the same probabilities, those of the classes' "
    "shares. {reason}"
)
CONSTANT = "No column of X varies."
TOO_STRONG = "The penalty is too strong: give larger values of C."
NOTHING_LEARNT = (
    "No penalty that leaves weights did better on examples not trained on, so these features tell "
    "the classes apart no better than chance. Check that the features and the target are the ones "
    "that you mean, give more examples, or set a larger C, which keeps weights."
)


def without_weights(coef: np.ndarray, l1_ratio: float, *, others: bool) -> str | None:
    """What to say of a layer without weights, and what to do; None where it has any.

    others says whether a penalty was tried that leaves weights.
    """
    if np.any(coef):
        return None
    reason = CONSTANT if l1_ratio == 0 else NOTHING_LEARNT if others else TOO_STRONG
    return NO_WEIGHTS.format(reason=reason)


@dataclass(frozen=True)
class Patience:
    """When a path ends early: after `values` of C clearly worse than the best so far.

    constant is the score of a layer without weights. Before a trial is clearly better than that,
    nothing is learnt yet and nothing counts as worse: the path may be flat there, as under L1
    penalties that leave no weight, or fall a little, as under L2 while noise of large scale comes
    first.
    """

    values: int
    constant: float

    def exhausted(self, scores: Sequence[float]) -> bool:
        """Whether the path ends here; scores are those of the values so far, in their order."""
        best, clear = max(scores), CLEAR * abs(self.constant)
        later = scores[scores.index(best) + 1 :]
        worse = sum(score < best - clear for score in later)
        return worse >= self.values and best > self.constant + clear


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One C at one l1_ratio.

    scores (folds,); whole is the layer on all rows, or the first fold's on a path without it; folds
    (folds, k, n + 1) their coefficients, the intercept last, or None; loo is mean and standard
    error of the leave-one-out log loss, or None.
    """

    C: float
    l1_ratio: float
    scores: np.ndarray
    whole: Solved
    solutions: tuple[Solution, ...]
    folds: np.ndarray | None = None
    loo: tuple[float, float] | None = None

    @property
    def mean(self) -> float:
        """The mean score of the folds."""
        return float(self.scores.mean())

    @property
    def error(self) -> float:
        """Its standard error, the folds taken as independent; 0 for a single one."""
        folds = len(self.scores)
        return float(self.scores.std(ddof=1) / np.sqrt(folds)) if folds > 1 else 0.0

    @property
    def nonzero(self) -> int:
        """Weights of `whole` that are not zero."""
        return int(np.count_nonzero(self.whole.layer.W))


@dataclass(kw_only=True)
class Search:
    """Trials along paths of C, one path for each l1_ratio.

    keep_folds says whether the coefficients of every fold are kept; loo estimates the leave-one-out
    log loss of a fit; tell is called with every trial and the fits that it judged.
    """

    paths: dict[float, PenaltyPath]
    judge: Judge
    keep_folds: bool
    intercept: bool
    loo: Callable[[Fits], tuple[float, float]] | None = None
    tell: Callable[[Candidate, Fits], None] | None = None
    trials: dict[tuple[float, float], Candidate] = field(default_factory=dict)

    def run(self, Cs: Sequence[float], patience: Patience | None = None) -> None:
        """Try each C, from the strongest penalty to the weakest, as long as patience lasts."""
        values = sorted(set(Cs))
        step = len(values) if self.judge.together else 1
        for start in range(0, len(values), step):
            self._try(values[start : start + step])
            if patience is not None and patience.exhausted(self._scores()):
                break

    def _scores(self) -> list[float]:
        """The best mean score of each C tried, ascending."""
        return [max(_known(self.trials[C, ratio].mean) for ratio in self.paths) for C in self.tried]

    def _try(self, Cs: Sequence[float]) -> None:
        found = [
            (self.judge.needed(path.at(C)), ratio) for C in Cs for ratio, path in self.paths.items()
        ]
        scored = self.judge.scores([fits for fits, _ in found])
        for (fits, ratio), scores in zip(found, scored, strict=True):
            trial = self.trials[fits.C, ratio] = self._trial(fits, ratio, scores)
            if self.tell is not None:
                self.tell(trial, fits)

    def extend(self) -> None:
        """Try further C in the steps of the grid, as long as the best lies at an edge of it."""
        for weaker in (False, True):
            for _ in range(EXTENSIONS):
                beyond = self._beyond(weaker=weaker)
                if not beyond:
                    break
                self.run(beyond)

    @property
    def tried(self) -> list[float]:
        """The values tried, ascending."""
        return sorted({C for C, _ in self.trials})

    def best(self) -> Candidate:
        """The highest mean score; of equals the strongest penalty, then the first l1_ratio.

        Raises
        ------
        DataError
            Where no score is finite: nothing could be chosen by them.
        """
        ordered = [self.trials[C, ratio] for C in self.tried for ratio in self.paths]
        if not any(np.isfinite(trial.mean) for trial in ordered):
            fold = int(np.flatnonzero(~np.isfinite(ordered[0].scores))[0])
            raise DataError(
                f"scoring gives no C a finite score: fold {fold} has {ordered[0].scores[fold]} at "
                f"C={ordered[0].C:g}. Give folds whose test rows it can judge, as of all classes, "
                "or another scoring"
            )
        return max(ordered, key=lambda trial: _known(trial.mean))

    def taken(self, selection: str) -> Candidate:
        """The best, or the strongest penalty within one standard error of it ("1se")."""
        best = self.best()
        if selection == "min":
            return best
        alike = [self.trials[C, best.l1_ratio] for C in self.tried]
        return next(trial for trial in alike if trial.mean >= best.mean - best.error)

    def _trial(self, fits: Fits, ratio: float, scores: np.ndarray) -> Candidate:
        folds = list(fits.folds()) if self.keep_folds else []
        return Candidate(
            C=fits.C,
            l1_ratio=ratio,
            scores=scores,
            whole=fits.whole,
            solutions=tuple(fits.solutions),
            folds=np.array([self._row(fold) for fold in folds]) if folds else None,
            loo=None if self.loo is None else self.loo(fits),
        )

    def _row(self, fold: Solved) -> np.ndarray:
        if not self.intercept:
            return fold.layer.coef
        return np.column_stack([fold.layer.coef, fold.layer.b])

    def _beyond(self, *, weaker: bool) -> list[float]:
        """The next values of C where the best is at that edge and still gains; else none."""
        Cs, best = self.tried, self.best()
        if len(Cs) < 2:
            return []
        edge, neighbour = (Cs[-1], Cs[-2]) if weaker else (Cs[0], Cs[1])
        if not weaker and best.l1_ratio > 0:
            return []  # the grid begins where the first weight appears
        gain = best.mean - self.trials[neighbour, best.l1_ratio].mean
        if edge != best.C or not gain > max(FLAT * best.error, LEAST):
            return []
        ratio = edge / neighbour
        return [typed(edge * ratio**step) for step in range(1, STEP + 1)]


def _known(score: float) -> float:
    """A score to be compared: one that is no number is the worst."""
    return score if np.isfinite(score) else -np.inf


def print_trial(trial: Candidate, _fits: Fits) -> None:
    """One line a trial."""
    import sys

    sys.stdout.write(
        f"C {trial.C:.3g}, l1_ratio {trial.l1_ratio:.3g}: score {trial.mean:.6g} "
        f"+- {trial.error:.2g}\n"
    )
