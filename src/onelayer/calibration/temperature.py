"""Temperature: one number that makes a layer as sure as it is right."""

from __future__ import annotations

import math

import numpy as np

from onelayer.errors import DataError
from onelayer.logistic import Head
from onelayer.measures import made_of_rows

COLDEST, HOTTEST = math.exp(-10), math.exp(10)
"""Where T is looked for: scikit-learn's range."""

Z95 = 1.959963984540054  # of the normal distribution
STEPS = 200  # halving the range of 1/T in its logarithm alone takes 60


def fit_temperature(
    Z: np.ndarray,
    targets: np.ndarray,
    head: Head,
    *,
    weights: np.ndarray | None = None,
    offsets: np.ndarray | None = None,
) -> float:
    """T = argmin sum_i s_i L(z_i / T + o, y_i), the log loss of the divided z.

    The sum is convex in t = 1 / T, with

        gradient   sum_i s_i (a_i - y_i) . z_i
        curvature  sum_i s_i z_i^T (diag(a_i) - a_i a_i^T) z_i,

    so Newton's method finds its one minimum to float64's rounding, kept within a bracket that
    shrinks at every step.

    Parameters
    ----------
    Z
        The forward pass, (m, 1) or (m, K), of examples that the layer was not trained on.
    targets
        (m,), positions of the classes; for two classes also a share between 0 and 1.
    head
        Binary or softmax.
    weights
        (m,), what each example counts; None: the same. Weight 2 is an example given twice.
    offsets
        What is added after dividing, (1,) or (K,): see `class_offsets`.

    Returns
    -------
    T, within `COLDEST` and `HOTTEST`; one of these where no temperature between them is best:
    examples that are all told apart at any T want the coldest, examples told apart no better than
    by chance the hottest.

    Raises
    ------
    DataError
        Where Z is not finite, or nothing has weight.

    Notes
    -----
    Cost: about ten evaluations of the head. Source: Guo, Pleiss, Sun and Weinberger 2017.
    scikit-learn's `CalibratedClassifierCV(method="temperature")` minimises the same sum.
    """
    if not np.isfinite(Z).all():
        raise DataError("z is not finite everywhere: there is no temperature of such a layer")
    s = np.ones(len(Z)) if weights is None else np.asarray(weights, float)
    if not s.sum() > 0:
        raise DataError("nothing has weight: give examples to find a temperature on")
    slope = _Slope(np.asarray(Z, float), targets, head, s, 0.0 if offsets is None else offsets)
    low, high = 1 / HOTTEST, 1 / COLDEST
    if slope.at(low)[0] >= 0:
        return HOTTEST
    if slope.at(high)[0] <= 0:
        return COLDEST
    return 1 / _root(slope, low, high)


def temperature_interval(
    T: float,
    Z: np.ndarray,
    targets: np.ndarray,
    head: Head,
    *,
    weights: np.ndarray | None = None,
    offsets: np.ndarray | None = None,
) -> tuple[float, float]:
    """95 % interval of a fitted T: T e^(+-1.96 se), se = 1 / (t sqrt(sum_i s_i z_i^T C_i z_i)).

    t = 1 / T, C the curvature of the head there: the square is that of the log loss in log T, whose
    inverse is the variance of a maximum-likelihood estimate. Arguments are those of
    `fit_temperature`; weights are numbers of examples.
    """
    s = np.ones(len(Z)) if weights is None else np.asarray(weights, float)
    slope = _Slope(np.asarray(Z, float), targets, head, s, 0.0 if offsets is None else offsets)
    information = slope.at(1 / T)[1] * s.sum() / T**2
    if not information > 0:
        return 0.0, math.inf
    factor = math.exp(min(Z95 / math.sqrt(information), 700))
    return T / factor, T * factor


class _Slope:
    """The derivatives of the log loss in t = 1 / T."""

    def __init__(
        self,
        Z: np.ndarray,
        targets: np.ndarray,
        head: Head,
        weights: np.ndarray,
        offsets: np.ndarray | float,
    ) -> None:
        # A common factor of z is one of T, and a common term none at all: both cost digits.
        self.Z = Z if head.name == "binary" else Z - Z.mean(axis=1, keepdims=True)
        self.targets, self.head, self.offsets = targets, head, offsets
        self.weights = weights / weights.sum()

    def at(self, t: float) -> tuple[float, float]:
        """First and second derivative at t."""
        both = made_of_rows(len(self.Z), lambda rows: self._of_rows(t, rows))
        first, second = np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1])
        return float(self.weights @ first), float(self.weights @ second)

    def _of_rows(self, t: float, rows: slice) -> np.ndarray:
        """What each of some rows adds to the two, (rows, 2)."""
        Z = self.Z[rows]
        z = t * Z + self.offsets
        A = self.head.curvature_activation(z)
        first = (self.head.residual(z, self.targets[rows]) * Z).sum(axis=1)
        second = (self.head.curvature_product(A, Z) * Z).sum(axis=1)
        return np.column_stack([first, second])


def _root(slope: _Slope, low: float, high: float) -> float:
    """Where the first derivative, which rises, is 0: Newton's step, or the bracket's middle."""
    t = 1.0
    for _ in range(STEPS):
        first, second = slope.at(t)
        low, high = (t, high) if first < 0 else (low, t)
        newton = t - first / second if second > 0 else math.nan
        following = newton if low < newton < high else math.sqrt(low * high)
        if first == 0 or abs(following - t) <= 1e-15 * t:
            return t
        t = following
    return t
