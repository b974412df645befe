"""What one column of a table becomes, and the figures that its numbers are standardised by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from onelayer.errors import DataError
from onelayer.inputs.columns import Column
from onelayer.inputs.date_parts import Part
from onelayer.inputs.encoding import Piece

RANGE = (0.01, 0.5, 0.99)
"""What is kept of a number's values: a low one, the median and a high one, by share of the rows."""


@dataclass(frozen=True)
class Made:
    """What one column became: its pieces' `column` is not yet set. No piece: it is left out."""

    column: Column
    pieces: tuple[Piece, ...] = ()
    spreads: dict[Part, tuple[float, float]] = field(default_factory=dict)  # centres and scales
    why: str = ""  # it is left out
    is_text: bool = False  # as text, which may say much
    texts: tuple[str, ...] = ()  # of a column of text: what its codes stand for
    remark: str = ""  # it is kept, and worth a look
    pooled: tuple[str, ...] = ()


def weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, shares: Sequence[float]
) -> list[float]:
    """Return the values below which these shares of the weight lie, between two the mean of both.

    With weights of 1 and a share of 0.5 that is the median.
    """
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    at = np.array(shares) * below[-1]
    # Theory: a sum of m weights rounds by m eps of it; "between two" is so whatever it rounds to.
    slack = len(order) * np.finfo(float).eps * below[-1]
    low = np.searchsorted(below, at - slack, side="left")
    high = np.searchsorted(below, at + slack, side="right")
    ends = np.minimum([low, high], len(order) - 1)
    found: list[float] = (values[order[ends]] / 2).sum(axis=0).tolist()
    return found


def spread_of(values: np.ndarray, weights: np.ndarray, name: str) -> tuple[float, float]:
    """Return the mean and one over the standard deviation."""
    total = weights.sum()
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(weights @ values / total)
        deviation = float(np.sqrt(weights @ (values - mean) ** 2 / total))
    if not 0 < deviation < np.inf:
        raise DataError(
            f"column {name!r} cannot be standardised: squares of its values over- or underflow; "
            "divide it by its largest value first"
        )
    return mean, 1 / deviation
