"""What one read of X is asked for, what it gives, and how reads are counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.logistic import Head

Sums = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Loss (problems,), G = X'^T dz (n, k) and db = sum dz (k,)."""

SMALL_BYTES = 2_000_000  # measured (benchmarks/thresholds.py): below, NumPy in float64 is as fast
DENSE = 200_000  # guard: numbers, 1.6 MB; fewer are held dense, for a call of SciPy costs more
SAMPLE_AT_HAND = "sample at hand"
"""Offered where a sample stays in memory and X does not: metrics are made of it without a read."""
ROWS = 4096  # guard: rows whose activations or dense copies are made at a time


class SharingEndedError(Exception):
    """The problems that share reads, or threads, are given up."""


@dataclass
class Ledger:
    """Bytes of X read so far; what is read for a part of a problem is read for the whole too.

    Once it is closed no further read is entered: a solver in a thread of its own ends there.
    """

    bytes_read: int = 0
    whole: Ledger | None = None
    closed: bool = False

    def add(self, nbytes: int) -> None:
        """Enter a read; a `SharingEndedError` where the ledger is closed."""
        if self.closed:
            raise SharingEndedError
        self.bytes_read += nbytes
        if self.whole is not None:
            self.whole.add(nbytes)


@dataclass(frozen=True)
class Traits:
    """What the choice of a solver needs to know of X: its shape, its size, what can be asked.

    offers: "rows", "hessian" and, in memory, "columns" come from any blocks; "sample" (rows by
    their numbers), "gram" and "rows in turn" are what a design may add, and "sample at hand" says
    that a sample of the rows lies in memory where X does not.
    """

    m: int
    n: int
    nbytes: int
    density: float
    offers: frozenset[str]

    @property
    def at_hand(self) -> bool:
        """Whether a sample lies in memory, and X does not."""
        return SAMPLE_AT_HAND in self.offers


@dataclass(frozen=True)
class Pass:
    """What one read is asked for: the loss and its gradient, or a Hessian product.

    dz is v (a - y) where A is None, and v (d2L/dz2) (X' W + b), with loss zero, at the activations
    A (m, k) where they are given; a product looks at no targets. Several problems are columns side
    by side: W (n, problems * head.width), weights (m, problems). The offset (m, k) is added to z,
    where there is one; no change of z has it.
    """

    W: np.ndarray
    b: np.ndarray
    head: Head
    targets: np.ndarray
    weights: np.ndarray
    A: np.ndarray | None = None
    offset: np.ndarray | None = None


def add_offset(Z: np.ndarray, offset: np.ndarray | None, rows: slice = slice(None)) -> np.ndarray:
    """z from X' W + b of some rows: the offset (m, k) added where there is one, in float64."""
    return Z if offset is None else Z + offset[rows]


@dataclass
class DualPoint:
    """Activations A (m, k), one a row, and the parameters that they make: W (n, k) and b (k,).

    Z (m, k) is where the head has these activations, x W + b only at the optimum.
    """

    A: np.ndarray
    Z: np.ndarray
    W: np.ndarray
    b: np.ndarray


@dataclass(frozen=True)
class Ascent:
    """What an ascent of the dual is asked for: the rows in their order, and how z answers to a.

    Where a row's residual moves by -da, W moves by rates[0] v da x, b by rates[1] v da and so the
    row's own z by q da, q = `answers` (m,) = v (rates[0] ||x||^2 + rates[1]). A row for which
    v da dz is less than `least` stays as it is.
    """

    order: np.ndarray
    weights: np.ndarray
    answers: np.ndarray
    rates: tuple[float, float]
    least: float = 0.0


def are_labels(targets: np.ndarray) -> bool:
    """Whether targets are whole numbers, as kernels need them: a float may be a soft target."""
    return targets.dtype.kind != "f"
