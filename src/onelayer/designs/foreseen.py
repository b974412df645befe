"""The activations that Newton's model foresees, of the rows of a design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from onelayer.designs.blockwise import Blockwise
from onelayer.designs.on_line import Balance, OnLine
from onelayer.foresight import BALANCED, exchange


def balancing(means: np.ndarray, shares: np.ndarray) -> Balance | None:
    """What brings the means (K,) of activations to the shares of the classes; None: nothing."""
    excess = means - shares
    excess -= excess.mean()  # theory: of rounding alone, for both sum to 1
    return exchange(excess, means) if np.abs(excess).max() > BALANCED else None


@final
@dataclass(frozen=True, eq=False)
class Foreseen:
    """Activations p that were foreseen, by how much they differ from a at z + length u.

    change (m, k) is p - a, of two classes for the second alone; means (K,) are sum v p.
    """

    design: Blockwise
    line: OnLine
    length: float
    change: np.ndarray
    means: np.ndarray

    @classmethod
    def of(cls, design: Blockwise, line: OnLine, length: float) -> Foreseen:
        """From z at z + u."""
        return cls(design, line, length, *line.foresee(length))

    def told(
        self, balancing: Balance | None, gradient: np.ndarray | None = None
    ) -> tuple[np.ndarray, float, np.ndarray]:
        """The means, and a `Foresight`, once balanced if asked; `gradient` as `Loss.foresight`.

        Once: the changes are used up, and become v (p - y), or v (p - a) beside a gradient.
        """
        left = self.change
        apart = self.line.tell(self.length, left, balancing, beside=gradient is not None)
        P = self.design.backward(left)
        return self.means, apart, P if gradient is None else P + gradient

    def sizes(self) -> np.ndarray:
        """sum v dz^2 and sum (v dz)^2 of the residuals dz at z + length u: (2, k)."""
        return self.line.sizes(self.length)
