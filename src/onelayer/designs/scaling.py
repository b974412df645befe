"""The change of variables x' = (x - centre) * scale, and the moments it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.errors import DataError


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

    def beyond(self, other: Scaling | None) -> Scaling:
        """What is left to do after `other`: self(x) = beyond(other(x))."""
        if other is None:
            return self
        return Scaling((self.centre - other.centre) * other.scale, self.scale / other.scale)

    def of_columns(self, columns: Any) -> Scaling:
        """That of some columns, by a slice or their numbers."""
        return Scaling(self.centre[columns], self.scale[columns])

    def after(self, first: Scaling) -> Scaling:
        """Both in one: self(first(x))."""
        return Scaling(first.centre + self.centre / first.scale, first.scale * self.scale)

    def fold_gradient(self, G: np.ndarray, db: np.ndarray) -> np.ndarray:
        """X'^T dz from G = X^T dz and db = sum dz: the transpose of `fold`."""
        return self.scale[:, None] * (G - np.outer(self.centre, db))

    def fold_squares(self, squares: np.ndarray, sums: np.ndarray, total: np.ndarray) -> np.ndarray:
        """sum h x'^2 (n, k) from sum h x^2, sum h x and sum h."""
        centre, scale = self.centre[:, None], self.scale[:, None]
        return scale**2 * np.maximum(squares - 2 * centre * sums + centre**2 * total, 0)

    def fold_hessian(self, H: np.ndarray) -> np.ndarray:
        """Second derivatives for x' from those for x: (n + 1, k, n + 1, k), the intercept last."""
        centre, scale = self.centre[:, None, None, None], np.append(self.scale, 1)
        H = H.copy()
        H[:-1] -= centre * H[-1]
        H[:, :, :-1] -= centre.reshape(-1, 1) * H[:, :, -1:]
        return scale[:, None, None, None] * H * scale[:, None]

    def fold_form(self, M: np.ndarray) -> np.ndarray:
        """M (n + 1, n + 1) with r^T M r the same for [x 1] as it was for [x' 1]."""
        T = np.diag(np.append(self.scale, 1))
        T[-1, :-1] = -self.centre * self.scale
        return T @ M @ T.T


@dataclass(frozen=True)
class ColumnMoments:
    """The mean and the variance (n,) of each column, weighted."""

    mean: np.ndarray
    variance: np.ndarray

    @property
    def varies(self) -> np.ndarray:
        """Whether a column has a deviation: of a few units in the mean's last place it has none."""
        return np.sqrt(self.variance) > 10 * np.finfo(np.float64).eps * np.abs(self.mean)

    @property
    def scaling(self) -> Scaling:
        """The standardisation: see `standard_scaling`."""
        return standard_scaling(self.mean, self.variance)


def standard_scaling(mean: np.ndarray, variance: np.ndarray) -> Scaling:
    """Zero mean and unit variance; a constant column keeps scale 1.

    A deviation of a few units in the last place of the mean is that of a constant column.

    Raises
    ------
    DataError
        When the square of a column's values overflows.
    """
    if not np.isfinite(variance).all():
        column = int(np.argmin(np.isfinite(variance)))
        raise DataError(
            f"Column {column} of X is too large to be standardised: squares of its values "
            "overflow; divide it by its largest value first"
        )
    deviation = np.sqrt(variance)
    scale = np.ones_like(mean)
    varies = deviation > 10 * np.finfo(np.float64).eps * np.abs(mean)
    scale[varies] = 1 / deviation[varies]
    return Scaling(mean, scale)


def in_two(centre: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """A centre in `dtype`, from which x of that type differs exactly, and what that leaves."""
    near = centre.astype(dtype)
    return near, (centre - near).astype(dtype)
