"""What one column of a table becomes, and the figures that its numbers are standardised by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from onelayer.errors import DataError
from onelayer.inputs.columns import Column
from onelayer.inputs.date_parts import Part
from onelayer.inputs.encoding import Piece

TOGETHER = 1 << 20
"""Rows that are summed up together. *Guard* for memory: of a column of numbers nothing else that is
made of all rows is of its size."""

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
    values: np.ndarray, weights: np.ndarray | None, shares: Sequence[float]
) -> list[float]:
    """Return the values below which these shares of the weight lie, between two the mean of both.

    Without weights each counts 1: of a share of 0.5 that is the median.
    """
    if weights is None:
        return _quantiles(values, shares)
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


def _quantiles(values: np.ndarray, shares: Sequence[float]) -> list[float]:
    """The same of weights of 1, whose sums need not be made: that of the i-th is i + 1."""
    m = len(values)
    at, slack = np.array(shares) * float(m), m * np.finfo(float).eps * m
    ends = np.minimum([np.ceil(at - slack) - 1, np.floor(at + slack)], m - 1).astype(np.int64)
    ends = np.maximum(ends, 0)
    ordered = np.partition(values, np.unique(ends))
    found: list[float] = (ordered[ends] / 2).sum(axis=0).tolist()
    return found


def spread_of(values: np.ndarray, weights: np.ndarray | None, name: str) -> tuple[float, float]:
    """Return the mean and one over the standard deviation; without weights each row counts 1."""
    total = float(len(values)) if weights is None else weights.sum()
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(sum(s @ some for some, s in pieces_of(values, weights)) / total)
        squares = sum(s @ (some - mean) ** 2 for some, s in pieces_of(values, weights))
        deviation = float(np.sqrt(squares / total))
    if not 0 < deviation < np.inf:
        raise DataError(
            f"column {name!r} cannot be standardised: squares of its values over- or underflow; "
            "divide it by its largest value first"
        )
    return mean, 1 / deviation


def of_rows(weights: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    """The weights of some rows; None where all count the same."""
    return None if weights is None else weights[rows]


def level_sizes(codes: np.ndarray, K: int, counts: np.ndarray | None = None) -> np.ndarray:
    """Count the rows of each of K levels, and those without one, by what rows count for: (K + 1,).

    Added up in the order of the rows.
    """
    sizes = np.zeros(K + 1)
    for some, s in pieces_of(codes, counts):
        places = np.where(np.isnan(some), K, some).astype(np.intp)
        if counts is None:
            sizes += np.bincount(places, minlength=K + 1)
        else:
            np.add.at(sizes, places, s)
    return sizes


def pieces_of(
    values: np.ndarray, weights: np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Some rows at a time, and what each of them counts for.

    One after the other in memory: BLAS sums up others in another order.
    """
    for start in range(0, len(values), TOGETHER):
        some = np.ascontiguousarray(values[start : start + TOGETHER])
        yield some, np.ones(len(some)) if weights is None else weights[start : start + TOGETHER]
