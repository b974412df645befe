"""What a threshold promises of new examples: a one-sided tolerance limit from the order statistics.

Of n scores of the class, drawn as new ones will be, let the threshold lie just below the r-th
smallest. The share of new examples that it misses is F(s_(r)) at most, and F(s_(r)) has the beta
distribution of (r, n - r + 1), whatever F is. So

    P(recall >= q) >= P(Beta(r, n - r + 1) <= 1 - q) = P(Binomial(n, 1 - q) >= r).

The threshold is the highest for which that is 0.9. Even the lowest score, r = 1, has 1 - q^n only:
with fewer than 45 examples a recall of 0.95 cannot be assured. Source: Wilks 1941.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

CONFIDENCE = 0.9  # the share of runs in which the promise is kept; a convention of tolerance limits


@dataclass(frozen=True)
class Promise:
    """What holds of new examples with a confidence of `CONFIDENCE`.

    Attributes
    ----------
    wanted
        The recall that was asked for.
    recall
        The recall that is promised: `wanted`, or less where there are too few examples.
    n
        The examples of the class, a sum of weights.
    missed
        How many of them, by weight, may lie below the threshold.
    """

    wanted: float
    recall: float
    n: float
    missed: int

    @property
    def kept(self) -> bool:
        """Whether what was asked for is what is promised."""
        return self.recall >= self.wanted

    @property
    def needed(self) -> int | None:
        """The examples that it takes to promise what was asked for; None: no number of them."""
        if self.wanted >= 1:
            return None
        return math.ceil(math.log1p(-CONFIDENCE) / math.log(self.wanted))

    def in_words(self, name: str) -> str:
        """The promise, and what it would take for that which was asked for."""
        sure = f"with {100 * CONFIDENCE:.0f} % confidence it finds at least"
        if self.kept:
            return f"{sure} {100 * self.wanted:g} % of new {name}"
        takes = "no number does" if self.needed is None else f"that takes {self.needed}"
        return (
            f"{self.n:g} of {name} are too few to assure {100 * self.wanted:g} % ({takes}): {sure} "
            f"{math.floor(1000 * self.recall) / 10:g} % of new {name}"
        )


def promise(n: float, wanted: float) -> Promise:
    """Return what n examples of a class let a threshold promise, where `wanted` is asked for."""
    ranks = np.arange(1, math.floor(n * (1 - wanted)) + 2)
    ranks = ranks[ranks <= n]
    assured = int((betainc(ranks, n - ranks + 1, 1 - wanted) >= CONFIDENCE).sum())
    if assured:
        return Promise(wanted, wanted, n, assured - 1)
    return Promise(wanted, (1 - CONFIDENCE) ** (1 / n), n, 0)
