"""How a fold's layer is judged on the rows that it has not seen: log loss, from z."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from onelayer.estimators.cross_validation import Fits
from onelayer.estimators.problem import Data, head_of
from onelayer.estimators.rows_of_folds import Split


class Judge(ABC):
    """Scores the folds at each C; more is better."""

    together: ClassVar[bool] = False
    """Whether a path is scored when all of it is fitted, fold by fold, or C by C on the way."""

    @abstractmethod
    def scores(self, fits: Sequence[Fits]) -> np.ndarray:
        """One score a fit and fold: (fits, folds)."""

    def needed(self, fits: Fits) -> Fits:
        """What has to be kept of the fits until they are scored."""
        return fits


@final
@dataclass(frozen=True)
class LogLossJudge(Judge):
    """-mean L of the rows that a fold judges, from their z: exact where a rounds to 0 or 1."""

    data: Data
    splits: list[Split]
    weights: np.ndarray | None

    def scores(self, fits: Sequence[Fits]) -> np.ndarray:
        """No further pass: z came with the fits."""
        return np.array([list(self._scores(one)) for one in fits])

    def _scores(self, fits: Fits) -> Iterator[float]:
        for Z, split in zip(fits.judged, self.splits, strict=True):
            yield -mean_loss(Z, self.data, split.test, self.weights)[0]


def mean_loss(
    Z: np.ndarray, data: Data, rows: np.ndarray | slice, weights: np.ndarray | None
) -> tuple[float, float]:
    """The weighted mean of L over rows whose z is Z, and its standard error."""
    losses = head_of(data.k).loss(Z, data.targets[rows])[:, 0]
    shares = np.ones(len(losses)) if weights is None else weights[rows]
    shares = shares / shares.sum()
    mean = float(shares @ losses)
    return mean, float(np.sqrt((shares**2) @ (losses - mean) ** 2))
