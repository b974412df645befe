"""What a layer says of examples that it was not trained on: every fifth, in five rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onelayer.designs import Survey, are_remote, on_one_worker, stays_on_disk
from onelayer.estimators.cross_validation import Accuracy, PenaltyPath
from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.estimators.problem import Data
from onelayer.estimators.rows_of_folds import Split
from onelayer.estimators.weights import weigh
from onelayer.layer import Layer
from onelayer.memory_limits import give_back
from onelayer.readers import stratified_split
from onelayer.readers.grouped import ascending, places_of
from onelayer.solvers import Run, led_up, named_solver

FOLDS = 5
TOL = 1e-4
"""The relative gap that a fold is solved to: of Fashion-MNIST's probabilities, one in a thousand is
then off by more than 0.01, at half the steps."""
JUDGED = 1 << 20
"""Guard: the most examples of a fold that are judged where some folds are enough, evenly among its
own. The mean of a log loss whose standard deviation is 0.4 is then known to 0.0004."""


@dataclass(frozen=True, kw_only=True)
class Folding:
    """What an out-of-fold pass needs.

    Attributes
    ----------
    X
        (M, n), a row an example, these among others; never copied, but for `most` of them.
    places
        (m,), which rows of X these examples are.
    labels
        (m,), positions in the classes.
    groups
        (m,), rows with the same number stay on one side.
    asked, classes
        The parameters of the fit, and what its classes are called, (K,).
    seed
        Of the folds.
    weights
        (m,), what each example counts for its layer; None: the same.
    most
        About how many examples one fold trains on at most; None: all there are.
    enough
        Examples judged after which no further fold is trained; None: all are judged.
    survey
        What a read of X has found; None: nobody has looked.
    """

    X: Any
    places: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    asked: LayerParameters
    classes: np.ndarray
    seed: int
    weights: np.ndarray | None = None
    most: int | None = None
    enough: int | None = None
    survey: Survey | None = None


@dataclass(frozen=True)
class OutOfFold:
    """Forward passes of layers that had not seen the example.

    Attributes
    ----------
    rows
        (j,), the examples that were judged.
    Z
        (j, 1) or (j, K), their forward pass.
    trained_on
        Examples that a fold was trained on, at most.
    capped
        Whether that was fewer than there were.
    partial
        Whether there were folds that were not judged, as enough were.
    """

    rows: np.ndarray
    Z: np.ndarray
    trained_on: int
    capped: bool
    partial: bool = False


@dataclass(frozen=True)
class Folded:
    """The fold of every example, which of them are trained on, and the folds that judge.

    Attributes
    ----------
    fold
        (m,), 0 to 4, -1 for an example that is in none: it is always trained on.
    rows
        (j,), all or a stratified part: those that layers are trained on. Of a fold that judges,
        all are judged all the same.
    numbers
        The folds that judge.
    most
        About how many examples of each of them are judged at most; None: all.
    """

    fold: np.ndarray
    rows: np.ndarray
    numbers: Sequence[int]
    most: int | None = None

    @classmethod
    def of(
        cls,
        labels: np.ndarray,
        groups: np.ndarray,
        seed: int,
        weights: np.ndarray | None = None,
        most: int | None = None,
    ) -> Folded | None:
        """At most so many examples in `rows`; None where no class has two groups to judge."""
        fold, rows = (
            assign_folds(labels, groups, seed, weights),
            np.arange(len(labels), dtype=np.int32),
        )
        if most is not None and len(rows) > most:
            rows = rows[stratified_split(labels, groups, most / len(rows), seed)]
        inside = fold[rows]
        numbers = np.unique(inside[inside >= 0]).tolist()
        return cls(fold, rows, numbers) if numbers else None

    @property
    def capped(self) -> bool:
        """Whether only a part is trained on."""
        return len(self.rows) < len(self.fold)

    def until(self, enough: int | None) -> Folded:
        """The first folds that together judge enough, and of each no more than `JUDGED`."""
        if enough is None:
            return self
        sizes = np.array([np.count_nonzero(self.fold == number) for number in self.numbers])
        before = np.cumsum(sizes) - sizes
        numbers = np.array(self.numbers)[before < enough].tolist()
        return replace(self, numbers=numbers, most=max(enough, JUDGED))

    def splits(self, places: np.ndarray) -> list[Split]:
        """The folds that judge, among `rows`, whose places in X are given."""
        fold = self.fold[self.rows]
        return [Split(places[fold != number], places[fold == number]) for number in self.numbers]

    def judged(
        self,
        Zs: Sequence[np.ndarray],
        layers: Sequence[Layer],
        forward: Callable[[Layer, np.ndarray], np.ndarray],
    ) -> OutOfFold:
        """Every example of the folds, judged by the layer of its fold.

        Zs are z of those among `rows`, fold by fold; `forward` gives a layer's z of others.
        """
        trained, rows = self.fold[self.rows], self._judging()
        Z, beyond = np.zeros((len(rows), Zs[0].shape[1])), np.ones(len(self.fold), bool)
        beyond[self.rows] = False
        for number, z, layer in zip(self.numbers, Zs, layers, strict=True):
            own = self.rows[trained == number]
            here, places = found_among(own, rows)
            Z[places] = z[here]
            at = np.flatnonzero((self.fold[rows] == number) & beyond[rows]).astype(np.int32)
            if len(at):
                Z[at] = forward(layer, rows[at])
        return OutOfFold(
            rows,
            Z,
            max(int((trained != number).sum()) for number in self.numbers),
            capped=self.capped,
            partial=len(rows) < int(np.count_nonzero(self.fold >= 0)),
        )

    def _judging(self) -> np.ndarray:
        """The examples that are judged, ascending: of very many nothing larger is made."""
        marked = np.zeros(len(self.fold), bool)
        for number in self.numbers:
            own = self.fold == number
            size = np.count_nonzero(own)
            if self.most is not None and size > self.most:
                rows = np.flatnonzero(own)
                marked[rows[:: -(-size // self.most)]] = True
            else:
                marked |= own
        return np.arange(len(marked), dtype=np.int32)[marked]


def found_among(some: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of some rows (j,) are among others, bool (j,), and the places of these there.

    Both ascend, each row once.
    """
    places = np.searchsorted(rows, some)
    here = places < len(rows)
    here[here] = rows[places[here]] == some[here]
    return here, places[here]


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def out_of_fold(folding: Folding, tell: Callable[[int, int], None] = _silent) -> OutOfFold | None:
    """Judge every example by a layer trained without it; None where no class has two groups.

    The layers have the penalty lambda of the fit on all examples: theirs is the same
    problem, on fewer of them. They are solved side by side, as `PenaltyPath` does.

    An example of a class with a single group has no fold: it is always trained on. Where a fold
    leaves more than `most` examples to train on, a stratified choice of them is trained on, and all
    of the fold is judged all the same. `tell(done, total)` is called before and after.
    """
    most = None if folding.most is None else folding.most * FOLDS // (FOLDS - 1)
    folded = Folded.of(folding.labels, folding.groups, folding.seed, folding.weights, most)
    if folded is None:
        return None
    folded = folded.until(folding.enough)
    tell(0, len(folded.numbers))
    X, places = folding.X, folding.places[folded.rows]
    copied = folded.capped or stays_on_disk(X)
    at = np.arange(len(places), dtype=np.int32) if copied else places
    solving = _Solving.of(folding, folded, at, len(at) if copied else X.shape[0])
    if are_remote(X):
        Zs, layers = on_one_worker([(X, places)], solving.solved)
    else:
        Zs, layers = solving.solved(X[places] if copied else X)
    found = folded.judged(Zs, layers, lambda layer, rows: layer.forward(X, folding.places[rows]))
    if stays_on_disk(X):
        give_back()
    tell(len(folded.numbers), len(folded.numbers))
    return found


@dataclass(frozen=True)
class _Solving:
    """The folds' layers to be solved for, beside X (m, n): small, and sent to where that lies.

    Attributes
    ----------
    targets, counts
        (m,); counts is what each row counts for, 0 where nobody is trained on it.
    C
        Among the rows trained on.
    splits
        The folds.
    asked, classes, survey
        As in `Folding`; the survey is none that has a sample in it.
    """

    targets: np.ndarray
    counts: np.ndarray
    C: float
    splits: list[Split]
    asked: LayerParameters
    classes: np.ndarray
    survey: Survey | None

    @classmethod
    def of(cls, folding: Folding, folded: Folded, at: np.ndarray, m: int) -> _Solving:
        """Of the rows trained on, which lie at these places of m."""
        rows, survey = folded.rows, folding.survey
        own = np.ones(len(rows), bool) if folding.weights is None else folding.weights[rows]
        targets, counts = np.zeros(m, np.int32), np.zeros(m, own.dtype)
        targets[at], counts[at] = folding.labels[rows], own
        C, splits = _same_lambda(folding, folded), folded.splits(at)
        survey = None if are_remote(folding.X) else survey
        return cls(targets, counts, C, splits, folding.asked, folding.classes, survey)

    def solved(self, X: Any) -> tuple[Sequence[np.ndarray], Sequence[Layer]]:
        """z of the rows that each fold judges, and its layer.

        A single one alone; each by steps of gradient descent where the fit took them, for it may
        have stopped short of the optimum.
        """
        asked = self.asked
        descends = asked.solver == "gradient-descent"
        accuracy = Accuracy(tol=TOL, max_iter=max(1, asked.max_iter))
        ratio = asked.l1_ratio or 0.0
        path = PenaltyPath(self._data(X), self.splits, ratio, accuracy, same_lambda=True)
        if len(self.splits) > 1 and not descends:
            fits = path.at(self.C)
            return fits.judged, [fold.layer for fold in fits.folds()]
        layers = []
        for problem in path.problems(self.C)[1:]:
            name = asked.solver if descends else "auto"
            chosen = named_solver(name, problem.objective, asked.learning_rate)
            begin = None if descends else led_up
            theta, _ = Run(problem.objective, *chosen, TOL, asked.max_iter, begin=begin).solve()
            layers.append(problem.layer(theta))
        judged = zip(layers, self.splits, strict=True)
        return [layer.forward(X, split.test) for layer, split in judged], layers

    def _data(self, X: Any) -> Data:
        asked = self.asked
        return Data(
            X=X,
            targets=self.targets,
            weights=weigh(self.counts, asked.class_weight, self.classes, self.targets),
            k=len(self.classes),
            scaling=asked.scaling,
            fit_intercept=asked.fit_intercept,
            survey=self.survey,
        )


def _same_lambda(folding: Folding, folded: Folded) -> float:
    """C among the rows trained on at which lambda = 1 / (C sum of weights) is that of all.

    At the same C a layer of fewer examples is held more tightly, and is less sure.
    """
    weights, share = folding.weights, len(folding.labels) / len(folded.rows)
    if weights is not None:
        share = weights.sum() / weights[folded.rows].sum()
    return float(folding.asked.C * share)


def assign_folds(
    labels: np.ndarray, groups: np.ndarray, seed: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """The fold of each row, 0 to 4, or -1 for none: (m,), a group in one fold, classes even.

    The groups of each class are shuffled and dealt out in turn, so a class with two groups or more
    is trained on in every round. A group with several classes counts for its first. A row without
    weight has no fold, as if it were not there.
    """
    if weights is not None and not weights.all():
        fold, rows = np.full(len(labels), -1, np.int8), np.flatnonzero(weights)
        fold[rows] = assign_folds(labels[rows], groups[rows], seed)
        return fold
    random = np.random.default_rng(seed)
    alone = ascending(groups)
    found, row_group = (groups, None) if alone else places_of(groups)
    group_class = labels if row_group is None else _first_of(labels, row_group, len(found))
    fold = np.full(len(group_class), -1, np.int8)
    turn = 0
    for label in places_of(labels)[0].tolist():
        members = np.flatnonzero(group_class == label).astype(np.int32)
        random.shuffle(members)
        if len(members) >= 2:
            for number in range(FOLDS):
                fold[members[(number - turn) % FOLDS :: FOLDS]] = number
            turn += len(members)
    return fold if row_group is None else fold[row_group]


def _first_of(labels: np.ndarray, row_group: np.ndarray, groups: int) -> np.ndarray:
    """The label of the first row of each group, (groups,)."""
    found = np.empty(groups, labels.dtype)
    found[row_group[::-1]] = labels[::-1]
    return found
