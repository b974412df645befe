"""The other activations of the lecture, beside sigma: what a hidden layer would use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.lesson.shapes import as_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def tanh(z: ArrayLike) -> Any:
    """a = (e^z - e^-z) / (e^z + e^-z) = 2 sigma(2z) - 1: sigma, stretched to (-1, 1)."""
    return np.tanh(as_numbers("z", z))


def relu(z: ArrayLike) -> Any:
    """a = max(0, z)."""
    return np.maximum(0.0, as_numbers("z", z))


def leaky_relu(z: ArrayLike, slope: float = 0.01) -> Any:
    """a = max(slope z, z), with 0 <= slope <= 1: negative z still pass a little gradient."""
    if not 0 <= slope <= 1:
        raise ValueError(f"slope is {slope}: expected 0 to 1, else max(slope z, z) folds over")
    z = as_numbers("z", z)
    return np.maximum(slope * z, z)
