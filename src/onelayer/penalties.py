"""What is added to the mean loss: value and gradient of the penalty on W, never on b."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.vectors import dot, stretches


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

    def added(self, G: np.ndarray, W: np.ndarray) -> np.ndarray:
        """G + l2 W: that of the loss, and the penalty's."""
        if not self.l2:
            return G
        found = np.empty(G.shape, np.result_type(G, W))
        for part in stretches(G):
            np.multiply(W[part], self.l2, out=found[part], casting="same_kind")
            found[part] += G[part]
        return found

    def along(
        self, W: np.ndarray, V: np.ndarray, steps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Value and slope of the smooth part (steps,) at W + t V."""
        slope, bend = self.l2 * dot(W, V), 0.5 * self.l2 * dot(V, V)
        value = 0.5 * self.l2 * dot(W, W)
        return value + steps * (slope + steps * bend), slope + 2 * steps * bend

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
