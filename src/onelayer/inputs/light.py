"""How light and how plain the pictures of training were: others are unlike any of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from onelayer.inputs.unlike_cells import Unlike

BEYOND = 0.5
"""How far outside the range a picture's light is odd, as a share of the range."""

LOOKED_AT = 1 << 24
"""Bytes of pictures that are looked at, at most: of more every so many-th is. *Guard* for time:
the deviations of 16 MB take a tenth of a second."""


@dataclass(frozen=True)
class Light:
    """Of the pictures of training, from 0 to 255.

    Attributes
    ----------
    darkest, lightest
        The least and the greatest mean of a picture's pixels.
    plainest
        The least standard deviation of a picture's pixels: of one colour alone it is near 0.
    """

    darkest: float
    lightest: float
    plainest: float

    @classmethod
    def of(cls, X: np.ndarray) -> Light:
        """Of pictures as rows (m, n) of bytes, m > 0."""
        means, deviations = _means_and_deviations(X)
        return cls(float(means.min()), float(means.max()), float(deviations.min()))

    def require_sound(self) -> None:
        """Raise ValueError for what no picture has."""
        known = (self.darkest, self.lightest, self.plainest)
        if not all(0 <= one <= 255 for one in known) or self.darkest > self.lightest:
            raise ValueError(f"the light of pictures is said to be {asdict(self)}")

    def unlike(self, X: Any) -> Unlike:
        """Find the rows of X (m, n), pictures of 0 to 255, that are unlike any trained on."""
        means, deviations = _means_and_deviations(np.asarray(X))
        room = BEYOND * (self.lightest - self.darkest)
        found: Unlike = {}
        for row, (mean, deviation) in enumerate(zip(means, deviations, strict=True)):
            if deviation < self.plainest / 2:
                found[row] = {"contrast": "it is of one colour, or nearly"}
            elif not self.darkest - room <= mean <= self.lightest + room:
                was = f"{self.darkest:.0f} to {self.lightest:.0f} in training"
                found[row] = {"light": f"its mean is {mean:.0f} of 255, and was {was}"}
        return found


def _means_and_deviations(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row; row by row in float64, so that none depends on the others."""
    means, deviations = np.empty(len(X)), np.empty(len(X))
    for row, x in enumerate(X):
        means[row], deviations[row] = np.mean(x, dtype=np.float64), np.std(x, dtype=np.float64)
    return means, deviations
