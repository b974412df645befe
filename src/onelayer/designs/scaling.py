"""The change of variables x' = (x - centre) * scale, and the moments it is made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """x' = (x - centre) * scale, never made for X as a whole; both are (n,) in float64."""

    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def identity(cls, n: int) -> Scaling:
        """x' = x."""
        return cls(np.zeros(n), np.ones(n))

    def fold(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Parameters for x that give the z which (W, b) give for x'."""
        W = self.scale[:, None] * W
        return W, b - self.centre @ W

    def unfold(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of `fold`: parameters for x' from those for x."""
        return W / self.scale[:, None], b + self.centre @ W

    def fold_gradient(self, G: np.ndarray, db: np.ndarray) -> np.ndarray:
        """X'^T dz from G = X^T dz and db = sum dz: the transpose of `fold`."""
        return self.scale[:, None] * (G - np.outer(self.centre, db))

    def fold_hessian(self, H: np.ndarray) -> np.ndarray:
        """Second derivatives for x' from those for x: (n + 1, k, n + 1, k), the intercept last."""
        centre, scale = self.centre[:, None, None, None], np.append(self.scale, 1)
        H = H.copy()
        H[:-1] -= centre * H[-1]
        H[:, :, :-1] -= centre.reshape(-1, 1) * H[:, :, -1:]
        return scale[:, None, None, None] * H * scale[:, None]


def standard_scaling(mean: np.ndarray, variance: np.ndarray, dtype: np.dtype) -> Scaling:
    """Zero mean and unit variance; a constant column keeps scale 1.

    The centre is rounded to `dtype`, the one that blocks are centred in, so that x - centre is
    exact there; what rounding shifts, the intercept takes up. A variance within rounding of zero
    beside the mean is that of a constant column.
    """
    noise = 10 * np.finfo(np.float64).eps * mean**2
    scale = np.ones_like(mean)
    varies = variance > noise
    scale[varies] = 1 / np.sqrt(variance[varies])
    return Scaling(mean.astype(dtype).astype(np.float64), scale)
