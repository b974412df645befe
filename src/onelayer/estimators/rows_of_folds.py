"""What each fold of a cross-validation is trained on: its weights, its moments, its problem."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from onelayer.designs import (
    ColumnMoments,
    Scaling,
    lies_on_cluster,
    make_moments,
    moments_of_folds,
)
from onelayer.estimators.problem import Data
from onelayer.objective import Objective
from onelayer.solvers import Folds, FoldsThere, Walking


@dataclass(frozen=True)
class Split:
    """One fold: the rows that it is trained on and those that it judges, as indices."""

    train: np.ndarray
    test: np.ndarray


class RowsOfFolds(ABC):
    """The training rows of all folds."""

    @abstractmethod
    def __len__(self) -> int:
        """Folds."""

    @abstractmethod
    def moments(self) -> list[ColumnMoments]:
        """Of all rows, and of those that each fold is trained on."""

    @abstractmethod
    def objective(self, whole: Objective, number: int) -> Objective:
        """The whole's, on what a fold is trained on."""

    @abstractmethod
    def walked(self, walking: Walking, scalings: Sequence[Scaling]) -> Walking:
        """A path with the folds side by side; with `scalings` of their own, beyond the whole's."""


def rows_of_folds(data: Data, splits: Sequence[Split], *, same_lambda: bool) -> RowsOfFolds:
    """Rows by their numbers; of rows on a cluster those whose fold lies with them."""
    if lies_on_cluster(data.X):
        return RowsInGroups(data)
    return RowsByNumber(data, splits, same_lambda)


@final
@dataclass(frozen=True)
class RowsByNumber(RowsOfFolds):
    """Rows by their numbers; with same_lambda the weights of a fold sum to those of the whole."""

    data: Data
    splits: Sequence[Split]
    same_lambda: bool

    def __len__(self) -> int:
        return len(self.splits)

    def moments(self) -> list[ColumnMoments]:
        """One read of dense X."""
        weights = map(self._weights, self.splits)
        columns = [self.data.weights.shares, *(v / v.sum() for v in weights)]
        return make_moments(self.data.X, columns)

    def objective(self, whole: Objective, number: int) -> Objective:
        """Under the weights of a fold."""
        return whole.weighted(self._weights(self.splits[number]))

    def walked(self, walking: Walking, scalings: Sequence[Scaling]) -> Walking:
        """With the weights (m, folds)."""
        if not self.splits:
            return walking
        folds = Folds(
            weights=np.column_stack([self._weights(split) for split in self.splits]),
            judged=tuple(split.test for split in self.splits),
            scalings=tuple(scalings),
        )
        return replace(walking, folds=folds)

    def _weights(self, split: Split) -> np.ndarray:
        """The fold's weights (m,): the whole's, zero where a row is not trained on."""
        shares = self.data.weights.shares
        weights = np.bincount(split.train, minlength=len(shares)) * shares
        return weights / weights.sum() if self.same_lambda else weights


@final
@dataclass(frozen=True)
class RowsInGroups(RowsOfFolds):
    """Rows on a cluster, where each row's fold lies with it."""

    data: Data

    def __len__(self) -> int:
        return len(self.data.X.by_fold)

    def moments(self) -> list[ColumnMoments]:
        """Two reads."""
        return moments_of_folds(self.data.X)

    def objective(self, whole: Objective, number: int) -> Objective:
        """Whose fold is not this one."""
        return replace(whole, loss=whole.loss.of_fold(number))

    def walked(self, walking: Walking, scalings: Sequence[Scaling]) -> Walking:
        """With the folds' shares of the weight."""
        if not len(self):
            return walking
        shares = self.data.X.shares_of_folds.tolist()
        return replace(walking, there=FoldsThere(tuple(shares), tuple(scalings)))
