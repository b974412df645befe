"""What is added to the mean loss: value, gradient and prox of the penalty on W, never on b."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.vectors import dot


@dataclass(frozen=True)
class Penalty:
    """lambda * (l1_ratio ||W||_1 + (1 - l1_ratio)/2 ||W||^2); strength 0 is no penalty."""

    strength: float = 0.0
    l1_ratio: float = 0.0

    @property
    def l1(self) -> float:
        """The factor of ||W||_1."""
        return self.strength * self.l1_ratio

    @property
    def l2(self) -> float:
        """The factor of ||W||^2 / 2."""
        return self.strength * (1 - self.l1_ratio)

    def value(self, W: np.ndarray) -> float:
        """l1 ||W||_1 + l2/2 ||W||^2."""
        smooth = 0.5 * self.l2 * dot(W, W) if self.l2 else 0.0
        return smooth + (self.l1 * float(np.abs(W).sum()) if self.l1 else 0.0)

    def gradient(self, W: np.ndarray) -> np.ndarray:
        """l2 W: the gradient of the smooth part."""
        return self.l2 * W

    def prox(self, W: np.ndarray, step: float) -> np.ndarray:
        """argmin_V ||V - W||^2 / 2 + step (l1 ||V||_1 + l2/2 ||V||^2): shrink, then scale."""
        shrunk = np.sign(W) * np.maximum(np.abs(W) - step * self.l1, 0)
        return shrunk / (1 + step * self.l2)

    def subgradient(self, W: np.ndarray, G: np.ndarray) -> np.ndarray:
        """The subgradient of least norm: G + l1 sign(W); where W is 0, what of G is beyond l1.

        G is the gradient of the smooth part. It vanishes at an optimum.
        """
        if self.l1 == 0:
            return G
        beyond = np.sign(G) * np.maximum(np.abs(G) - self.l1, 0)
        return np.where(W == 0, beyond, G + self.l1 * np.sign(W))


def left_of(W: np.ndarray) -> np.ndarray:
    """Mark the weights that an L1 penalty has left: bool, of W's shape.

    One below a billionth of the largest is rounding, as where two columns say the same.
    """
    size = np.abs(W)
    return size > 1e-9 * size.max(initial=0.0)
