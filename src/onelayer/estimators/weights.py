"""What each row counts for: its sample weight times its class weight, as one unit and shares."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from onelayer.errors import DataError
from onelayer.estimators.class_labels import class_totals, require_two_classes
from onelayer.estimators.missing import require_finite_vector
from onelayer.words import listed


@dataclass(frozen=True)
class Weights:
    """Weights as unit * relative, the largest relative one 1: no sum or product of them overflows.

    A `unit` is exact, for weights of 1e300 times class weights of 1e300. Where rows count the same
    or nothing, as under a hold-out, `relative` is boolean: an eighth of the memory.
    """

    relative: np.ndarray
    unit: Fraction

    @classmethod
    def of(cls, weights: np.ndarray, unit: Fraction = Fraction(1)) -> Weights:
        """Weights (m,) in units of `unit`."""
        top = float(weights.max())
        equal = ((weights == top) | (weights == 0)).all()
        if not equal:
            return cls(weights / top, unit * Fraction(top))
        alike = np.broadcast_to(np.True_, weights.shape) if weights.min() == top else weights == top
        return cls(alike, unit * Fraction(top))

    @classmethod
    def elsewhere(cls, total: Fraction) -> Weights:
        """Of rows whose weights lie with them, on a cluster: the total alone, as one weight."""
        return cls(np.array([True]), total)

    @property
    def shares(self) -> np.ndarray:
        """Weights that sum to 1."""
        return self.relative / self.relative.sum()

    @property
    def compact(self) -> np.ndarray:
        """Weights that sum to 1, or Booleans, as designs bind them."""
        return self.relative if self.relative.dtype == bool else self.shares

    @property
    def total(self) -> Fraction:
        """Their sum."""
        return self.unit * Fraction(float(self.relative.sum()))


def weigh(
    sample_weight: np.ndarray | Weights | None,
    class_weight: Any,
    classes: np.ndarray,
    targets: np.ndarray,
) -> Weights:
    """Sample weight (m,) times class weight, finite and not negative, on two classes at least.

    `Weights` are what they are: they have been looked at.
    """
    if isinstance(sample_weight, Weights):
        return sample_weight
    weights = Weights.of(counts_of_rows(sample_weight, len(targets)))
    require_two_classes(classes, class_totals(targets, weights.relative > 0, len(classes)))
    if class_weight is None:
        return weights
    of_class = class_factors(
        class_weight, classes, class_totals(targets, weights.relative, len(classes))
    )
    factors = of_class[targets]
    if not (weights.relative * factors).any():
        raise DataError("class_weight leaves every row a weight of zero")
    weights = Weights.of(weights.relative * factors, weights.unit)
    require_two_classes(classes, class_totals(targets, weights.relative > 0, len(classes)))
    return weights


def counts_of_rows(sample_weight: np.ndarray | None, m: int) -> np.ndarray:
    """Sample weights (m,) in float64; None is 1 for each row.

    Raises
    ------
    DataError
        Where one is negative or not finite, or all are zero.
    """
    if sample_weight is None:
        return np.broadcast_to(1.0, m)
    weights = sample_weight.astype(np.float64, copy=False)
    require_finite_vector(weights, "sample_weight")
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        raise DataError(
            f"Negative values in data passed to `sample_weight`: the first is {weights[row]} at "
            f"row {row}"
        )
    if not weights.any():
        raise DataError(
            "Sample weights must contain at least one non-zero number: their total is zero."
        )
    return weights


def class_factors(
    class_weight: dict[Any, float] | str, classes: np.ndarray, totals: np.ndarray
) -> np.ndarray:
    """Factors (K,); "balanced" is total / (classes * class total), weightless classes left out."""
    if isinstance(class_weight, str):
        carried = totals > 0
        share = carried.sum() * np.where(carried, totals, 1)
        return np.where(carried, totals.sum() / share, 0)
    from sklearn.utils.class_weight import compute_class_weight

    try:
        factors = np.asarray(compute_class_weight(class_weight, classes=classes, y=classes), float)
    except (TypeError, ValueError):
        raise DataError(
            f"class_weight={class_weight} does not fit y, which holds "
            f"{listed([*map(repr, classes.tolist())], 10)}: give a number for classes of y, each "
            "written as there; one that is left out counts once"
        ) from None
    if not np.isfinite(factors).all() or (factors < 0).any():
        raise DataError(f"class_weight must be finite and not negative: got {class_weight}")
    return factors
