"""A design says where X lies; bound to labels and weights it gives a loss."""

from __future__ import annotations

import numpy as np

from onelayer.designs.blockwise import Blockwise
from onelayer.designs.loss import Loss
from onelayer.designs.loss_in_memory import LossInMemory
from onelayer.designs.scaling import Scaling
from onelayer.designs.survey import Survey
from onelayer.logistic import Head


class Design(Blockwise):
    """X, and the losses of its rows. A subclass says how X is read; see `Blockwise`."""

    def bind(
        self,
        head: Head,
        targets: np.ndarray,
        weights: np.ndarray,
        scaling: Scaling | None = None,
        found: Survey | None = None,
        offset: np.ndarray | None = None,
    ) -> Loss:
        """The weighted mean loss of these rows as a function of (W, b).

        targets (m,) are 0/1 or 0..K-1; weights (m,) sum to 1, or are Booleans, of rows that count
        the same or nothing. With a scaling the variables are those of (X' - centre) * scale.
        `found` is what a survey under these weights has found, for a loss that needs it. The offset
        (m, k) is added to z: z = X' W + b + offset.
        """
        del found
        if weights.dtype == bool:
            weights = weights / weights.sum()
        design = self if scaling is None else self.rescaled(scaling)
        return LossInMemory(design, head, targets, weights, offset)
