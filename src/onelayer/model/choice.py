"""How C is chosen: a path of penalties, the log loss of examples that were not trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, final

import numpy as np

from onelayer.card import Choice
from onelayer.designs import are_remote, heard, make_design, stays_on_disk
from onelayer.estimators.cross_validation import Accuracy, Fits, PenaltyPath
from onelayer.estimators.folds import FOLDS, TOL, Folded, OutOfFold
from onelayer.estimators.grid import grid_of
from onelayer.estimators.judges import Judge, LogLossJudge
from onelayer.estimators.layer_fit import FittedLayer
from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.estimators.problem import Data
from onelayer.estimators.rows_of_folds import Split
from onelayer.estimators.search import Candidate, Patience, Search
from onelayer.estimators.weights import weigh
from onelayer.inputs.examples import Examples, at_hand, in_one_place
from onelayer.layer import Layer
from onelayer.measures import head_of, log_loss

VALUES = 10
PATIENCE = 2  # values clearly worse than the best, see `Search.run`
WORK = 80_000_000
"""Numbers times classes that one fit of the choice reads in a pass, about: 10000 pictures of 784
pixels in ten classes, whose ten penalties and five folds took 23 s of one core (the fit on all
60000 took 5)."""
NUMBERS = 11
"""In float64, that a row takes beside X for each class and each problem solved side by side.
*Measured*: of 260000 x 100 in float32 the choice of C took 1.3 times X on top."""
BESIDE = 0.2  # of X: how much the choice may take beside it, where X is `LARGE`; a copy included
LARGE = 1 << 26  # bytes of X. *Guard*
AT_HAND = 1 << 28  # bytes: the same at most, where X stays on disk. *Guard*
FEWEST = 2000  # examples to choose on, and `FEWEST_OF_CLASS` a class, whatever the work
FEWEST_OF_CLASS = 50


@dataclass(frozen=True)
class Choosing:
    """How to choose.

    Attributes
    ----------
    train
        What the model will be trained on.
    judge
        A validation set; None for five folds of `train`.
    class_weight, l1_ratio
        As in `LogisticRegression`.
    seed
        Of the folds.
    keep
        Called with every layer that is the best so far; where folds choose, and nobody asks for
        each trial, with that of the first fold: the layer on all is solved for once C is known.
    tell
        Called as tell(done, total).
    each
        Called with every trial: its C, its scores, how the layer on all was solved for, which no
        choice needs.
    """

    train: Examples
    judge: Examples | None
    class_weight: Any
    l1_ratio: float
    seed: int
    keep: Callable[[FittedLayer], None]
    tell: Callable[[int, int], None]
    each: Callable[[Candidate], None] | None = None


@dataclass(frozen=True)
class ChosenC:
    """What was chosen, and what the folds leave behind.

    Attributes
    ----------
    choice
        C, and what else was tried.
    folds
        What the folds' layers at that C say of the examples that they were not trained on; None
        where no folds chose it.
    near
        A layer near the one on all, where the fit of that had better begin; None: at zero.
    """

    choice: Choice
    folds: OutOfFold | None = None
    near: Layer | None = None


def choose(how: Choosing) -> ChosenC:
    """Fit along the path and take the C with the least log loss on examples not trained on.

    The path ends early once something has been learnt and two values are clearly worse than the
    best so far, as what they cost grows while the penalty weakens; where its weakest penalty is the
    best, it goes on. Of large sparse data it begins in the middle, and goes on to stronger
    penalties where the strongest tried is the best.
    """
    if how.judge is not None:
        return ChosenC(_by_a_set(how, how.judge))
    train = how.train
    folded = Folded.of(train.labels, train.groups(), how.seed, train.weights, _most(train))
    if folded is None:
        words = f"the default: too few {train.apart} to choose on"
        return ChosenC(Choice(C=1.0, words=words))
    return _by_folds(how, folded)


def _most(train: Examples) -> int:
    """How many examples C is chosen on: as time and memory allow."""
    traits, k = make_design(train.whole).traits, head_of(train.classes).width
    of_one = max(1.0, traits.density * traits.n * k)
    most = int(WORK / of_one)
    beside, room = 8 * NUMBERS * (FOLDS + 1) * k, BESIDE * traits.nbytes
    if stays_on_disk(train.whole):
        room = min(room, AT_HAND)
    if traits.nbytes > LARGE and beside * len(train) > room:
        most = min(most, int(room / (beside + traits.nbytes / traits.m)))
    return max(FEWEST, FEWEST_OF_CLASS * len(train.classes), most)


@dataclass
class _Best:
    """The best trial so far, whose layer is kept for Ctrl-C, and whose folds judge later."""

    how: Choosing
    trial: Candidate | None = field(init=False, default=None)
    fits: Fits | None = field(init=False, default=None)
    done: int = field(init=False, default=0)

    def follow(self, trial: Candidate, fits: Fits) -> None:
        """Keep what is better, and tell how far the path is."""
        if self.trial is None or trial.mean > self.trial.mean:
            self.trial, self.fits = trial, fits
            self.how.keep(self.fitted)
        if self.how.each is not None:
            self.how.each(trial)
        self.done += 1
        self.how.tell(min(self.done, VALUES), VALUES)

    @property
    def fitted(self) -> FittedLayer:
        """Of the best trial."""
        if self.fits is None:
            raise RuntimeError("nothing was tried yet")
        train, best = self.how.train, self.fits.whole
        asked = LayerParameters(C=self.fits.C, scaling=train.scaling, l1_ratio=self.how.l1_ratio)
        return FittedLayer(asked, train.classes, best.layer, best.solution)


@dataclass(frozen=True)
class _Walked:
    """What a path has found: small beside the rows that it was walked on.

    Attributes
    ----------
    C, tried, errors
        The best C; all of them with their log losses, ascending, and these' standard errors.
    best
        A layer at that C.
    layers, judged
        Of the folds at that C, and z of the rows that each of them judges.
    in_turn
        Whether rows were taken in turn.
    """

    C: float
    tried: tuple[tuple[float, float], ...]
    errors: tuple[float, ...]
    best: FittedLayer
    layers: list[Layer]
    judged: tuple[np.ndarray, ...]
    in_turn: bool

    def choice(self, where: str) -> Choice:
        """In words."""
        words = f"the best of {len(self.tried)} tried, by log loss {where}"
        edge = _at_an_end(self.C, [C for C, _ in self.tried])
        return Choice(C=self.C, tried=self.tried, words=words + edge)


def _by_folds(how: Choosing, folded: Folded) -> ChosenC:
    train = how.train
    copied = folded.capped or stays_on_disk(train.whole)
    chosen_on = at_hand(train.take(folded.rows)) if copied else train
    splits = folded.splits(np.arange(len(folded.rows), dtype=np.int32) if copied else train.places)
    walked = _walked(how, [chosen_on], partial(_on_folds, splits))
    choice = walked.choice(f"in {len(splits)}-fold cross-validation of {_who(train, chosen_on)}")
    folds = folded.judged(
        walked.judged,
        walked.layers,
        lambda layer, rows: layer.forward(train.whole, train.places[rows]),
    )
    near = _mean(walked.layers) if walked.in_turn else None
    return ChosenC(replace(choice, std_errors=walked.errors), folds, near)


def _on_folds(splits: list[Split], how: Choosing, chosen_on: Examples) -> _Walked:
    data = data_of(chosen_on, how.class_weight)
    judge = LogLossJudge(data, splits, chosen_on.spread_weights)
    return _search(how, data, judge, splits, chosen_on)


def _walked(how: Choosing, parts: list[Examples], walk: Callable[..., _Walked]) -> _Walked:
    """A path along these rows; where workers have them one walks it, and is followed from here."""
    how.tell(0, VALUES)
    whole = next((part.whole for part in parts if are_remote(part.whole)), None)
    if whole is None:
        walked = walk(how, *parts)
    else:
        with heard(whole, partial(_hear, how)) as say:
            keep, tell = partial(say, "keep"), partial(say, "tell")
            sent = replace(how, train=parts[0].without_rows(), judge=None, keep=keep, tell=tell)
            walked = in_one_place(parts, partial(walk, sent))
    how.keep(walked.best)
    how.tell(VALUES, VALUES)
    return walked


def _hear(how: Choosing, kind: str, *values: Any) -> None:
    """What is said of a path by whoever walks it."""
    if kind == "keep":
        how.keep(*values)
    else:
        how.tell(*values)


def _takes_turns(data: Data) -> bool:
    """Whether rows are taken in turn: sparse and many, each fit by itself, from a warm start best.

    Of 2829 texts in 20 classes at C = 2e5 a fit took 409 passes from zero. Strong penalties leave
    such rows next to nothing, one fit after another.
    """
    return "rows in turn" in make_design(data.X).traits.offers and data.scaling is None


def _mean(layers: list[Layer]) -> Layer:
    """The layer whose z is the mean of theirs."""
    return Layer(
        np.mean([one.W for one in layers], axis=0), np.mean([one.b for one in layers], axis=0)
    )


def _by_a_set(how: Choosing, judge: Examples) -> Choice:
    parts = [_some(how.train, how.seed), judge]
    if are_remote(judge.whole):  # it comes to the worker too, which reads it for every C
        parts[1] = _some(judge, how.seed)
    walked = _walked(how, parts, _on_a_set)
    train, judged = parts
    which = f"{len(judge):,}" if len(judged) == len(judge) else f"{len(judged):,} of {len(judge):,}"
    some = "" if len(train) == len(how.train) else f", by layers of {_who(how.train, train)}"
    return walked.choice(f"on {which} other {judge.unit}{some}")


def _on_a_set(how: Choosing, train: Examples, judge: Examples) -> _Walked:
    return _search(how, data_of(train, how.class_weight), _SetJudge(judge), [], judge)


def _some(examples: Examples, seed: int) -> Examples:
    """What a path is walked on: of rows that stay on disk or on workers some, to be copied."""
    most = most_elsewhere(examples)
    if most is None:
        return examples
    given = examples.labels, examples.groups(), seed, examples.weights
    folded = Folded.of(*given, most)
    return at_hand(examples if folded is None else examples.take(folded.rows))


def most_elsewhere(train: Examples) -> int | None:
    """How many of them folds are taken of where they stay elsewhere; None: all, in memory."""
    return _most(train) if stays_on_disk(train.whole) else None


def _search(
    how: Choosing, data: Data, judge: Judge, splits: list[Split], judged: Examples
) -> _Walked:
    # At the same C a fold's layer is held more tightly than the whole's, and less sure: of flowers
    # its temperature was 0.77 where 0.91 was best, at the same lambda 0.83.
    ratio, in_turn = how.l1_ratio, _takes_turns(data)
    accuracy = Accuracy(tol=TOL, whole=how.each is not None, level=how.each is None)
    path = PenaltyPath(data, splits, ratio, accuracy, same_lambda=True)
    best = _Best(how)
    search = Search(
        paths={ratio: path}, judge=judge, keep_folds=False, intercept=True, tell=best.follow
    )
    shares = path.objective.base_rate()[-1]
    values = grid_of(data, [ratio], VALUES, path.moments)
    if ratio == 0 and in_turn:
        values = values[VALUES // 2 :]
    search.run(values, Patience(PATIENCE, _constant(shares, judged)))
    search.extend()
    return _found(search, best, ratio, in_turn=in_turn)


def _found(search: Search, best: _Best, ratio: float, *, in_turn: bool) -> _Walked:
    trials = [search.trials[C, ratio] for C in search.tried]
    folds = () if best.fits is None else best.fits.folds()
    return _Walked(
        C=search.best().C,
        tried=tuple((one.C, -one.mean) for one in trials),
        errors=tuple(one.error for one in trials),
        best=best.fitted,
        layers=[fold.layer for fold in folds],
        judged=() if best.fits is None else best.fits.judged,
        in_turn=in_turn,
    )


def _constant(z: np.ndarray, judged: Examples) -> float:
    """The score of a layer without weights, which says z (k,) of every example."""
    Z = np.tile(z, (len(judged), 1))
    return -log_loss(Z, judged.labels, head_of(judged.classes), judged.weights)


def data_of(examples: Examples, class_weight: Any = None) -> Data:
    """What a fit on these examples takes: all that was read, the others of weight 0."""
    targets, classes = examples.targets, examples.classes
    return Data(
        X=examples.whole,
        targets=targets,
        weights=weigh(examples.spread_weights, class_weight, classes, targets),
        k=len(classes),
        scaling=examples.scaling,
        survey=examples.survey,
    )


@final
@dataclass(frozen=True)
class _SetJudge(Judge):
    """-log loss on a validation set."""

    judge: Examples

    def scores(self, fits: Sequence[Fits]) -> np.ndarray:
        """One score a fit, of the layer on everything that is trained on."""
        return np.array([[self._score(one.whole.layer)] for one in fits])

    def _score(self, layer: Layer) -> float:
        Z = self.judge.forward(layer)
        loss = log_loss(Z, self.judge.labels, head_of(self.judge.classes), self.judge.weights)
        return -loss if math.isfinite(loss) else -math.inf


def _who(train: Examples, chosen_on: Examples) -> str:
    if len(chosen_on) == len(train):
        return f"{len(train):,} {train.unit}"
    return f"a stratified {len(chosen_on):,} of {len(train):,} {train.unit}"


def _at_an_end(best: float, tried: list[float]) -> str:
    if best == tried[0]:
        return "; the strongest penalty tried"
    return "; the weakest penalty tried" if best == tried[-1] else ""
